"""What all tests in a browser have: one browser, somebody who is signed in, and a page that tells of
its faults."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages import browser, state

AXE = Axe()


@pytest.fixture(scope="session")
def running():
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def signed_in(running):
    return state(running)


@pytest.fixture
def page(running, signed_in):
    context = running.new_context(storage_state=signed_in, locale="en-GB")
    page = context.new_page()
    told = []
    # That an answer is a 4xx is told as an error too; whether it should be is the test's to say.
    page.on("console", lambda line: told.append(line.text)
            if line.type == "error" and "Failed to load resource" not in line.text else None)
    page.on("pageerror", lambda fault: told.append(str(fault)))
    yield page
    # Anything that the content policy stops is told there too.
    assert not told, told
    context.close()


def accessible(page):
    found = AXE.run(page)
    assert found.violations_count == 0, found.generate_report()
