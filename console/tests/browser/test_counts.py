"""Numbers that lead to what they are made of, in a browser on a running demo: one task a test, and axe
on every page it meets."""

import re

from playwright.sync_api import expect

from conftest import accessible
from pages import shop


def test_what_is_on_hand_in_a_warehouse_leads_to_its_movements_and_back_to_all(page):
    page.goto(shop("/stock/KD-1299"))
    levels = page.get_by_role("table", name="Levels")
    levels.locator("td[data-label='On hand'] a").first.click()
    expect(page).to_have_url(re.compile(r"warehouse=.+#movements"))
    expect(page.locator(".chip")).to_contain_text("warehouse is")
    accessible(page)
    page.locator(".chip").click()
    expect(page.locator(".chip")).to_have_count(0)


def test_what_came_to_an_account_leads_to_its_entries_and_a_chip_takes_that_away(page):
    page.goto(shop("/payments/ledger"))
    balances = page.get_by_role("table", name="At the accounts")
    balances.locator("td[data-label='Came'] a").first.click()
    expect(page).to_have_url(re.compile(r"provider=.+&account=.+&currency=.+&kind=capture"))
    expect(page.locator(".chip")).to_have_count(4)
    kinds = page.get_by_role("table", name="Entries, oldest first").locator("td[data-label='What']")
    assert set(kinds.all_inner_texts()) == {"taken"}
    accessible(page)
    page.locator(".chip").last.click()
    expect(page.locator(".chip")).to_have_count(3)
