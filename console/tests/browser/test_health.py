"""How accounts and tenants are, the ways in and out, and lists taken out, in a browser on a running
demo: one task a test, and axe on every page it meets."""

import re

from playwright.sync_api import expect

from conftest import accessible
from pages import URL, shop


def test_a_line_of_the_tree_leads_to_a_providers_accounts_and_to_the_health_of_one(page):
    page.goto(f"{URL}/console/system")
    page.locator("details[data-keep=providers] a").first.click()
    page.locator(".line a").first.click()
    expect(page.locator("h1")).to_contain_text("Health of")
    for part in ["Calls", "What went wrong last", "What the provider sent", "What waits for it"]:
        expect(page.get_by_role("heading", name=part, exact=True)).to_be_visible()
    accessible(page)
    waits = page.locator("section").filter(has=page.get_by_role("heading", name="What waits for it"))
    waits.get_by_role("definition").get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text("Payments")
    expect(page.locator(".chip")).to_contain_text("account is")
    accessible(page)
    page.locator(".chip").click()
    expect(page.locator(".chip")).to_have_count(0)


def test_the_ways_in_and_out_are_told_by_route_the_slowest_first(page):
    page.goto(f"{URL}/console/system")
    page.get_by_role("link", name="HTTP", exact=True).click()
    expect(page.locator("h1")).to_have_text("Ways in and out")
    expect(page.get_by_role("table", name="Routes, the slowest first")).to_contain_text("/v1/orders")
    accessible(page)


def test_a_list_is_taken_out_as_a_file_with_more_rows_than_the_page_shows(page):
    page.goto(shop("/stock"))
    shown = page.locator("[data-rows] tbody tr").count()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Export CSV").click()
    file = taken.value
    assert file.suggested_filename == "stock.csv"
    with open(file.path(), encoding="utf-8-sig", newline="") as text:
        lines = text.read().strip().split("\r\n")
    assert lines[0].startswith("Id,Product,")
    assert len(lines) - 1 > shown


def test_a_follower_leads_to_the_events_that_it_has_yet_to_take_and_they_to_their_orders(page):
    page.goto(f"{URL}/console/system")
    page.get_by_role("link", name="policies", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("policies")
    for part in ["How it is at work", "How far it has come", "What it has put aside"]:
        expect(page.get_by_role("heading", name=part, exact=True)).to_be_visible()
    accessible(page)
    page.get_by_role("table", name="How far it has come").locator("tbody tr").first.get_by_role(
        "link"
    ).first.click()
    expect(page.locator("h1")).to_contain_text("Journal of shard")
    page.goto(page.url + "?after=0")
    expect(page.locator("[data-rows] tbody td").first).to_have_text("1")
    page.get_by_role("link", name="Later").click()
    expect(page).to_have_url(re.compile(r"after=100$"))
    accessible(page)


def test_what_was_not_done_has_a_page_for_all_tenants(page):
    page.goto(f"{URL}/console/system")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Not done").click()
    expect(page.locator("h1")).to_have_text("Not done")
    accessible(page)


def test_what_the_platform_keeps_for_itself_leads_to_its_actor(page):
    page.goto(f"{URL}/console/system/timers?domain=signing")
    page.locator("[data-rows] tbody tr").first.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/console/system/actors/platform/signing$"))
    expect(page.get_by_role("heading", name="What it could not do", exact=True)).to_be_visible()
    expect(page.get_by_text("What it writes is of no shop")).to_be_visible()
    accessible(page)


def test_the_root_of_the_tree_leads_to_the_shards_and_on_to_the_actors_that_run_in_one(page):
    page.goto(f"{URL}/console/system")
    page.get_by_role("link", name="kontor", exact=True).click()
    expect(page.locator("h1")).to_have_text("Shards")
    accessible(page)
    page.locator("table tbody tr").first.locator("td").nth(3).get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Actors")
    expect(page.locator(".chip")).to_have_count(2)
    accessible(page)
    page.locator(".chip", has_text="shard is").click()
    expect(page.locator(".chip")).to_have_count(1)


def test_a_route_unfolds_to_its_requests_and_stays_so_while_the_page_lives(page):
    page.goto(f"{URL}/console/system/ways")
    route = page.locator("table details", has_text="/v1/orders").first
    route.locator("summary").click()
    expect(route.locator("li").first).to_be_visible()
    # The page looks again by itself, and draws its part anew.
    with page.expect_response(lambda answer: answer.url == page.url and answer.ok, timeout=15_000):
        pass
    with page.expect_response(lambda answer: answer.url == page.url and answer.ok, timeout=15_000):
        pass
    expect(route.locator("li").first).to_be_visible()
    accessible(page)
