"""Figures and the lists behind them, in a browser on a running demo: one task a test, and axe on every
page it meets."""

import re

from playwright.sync_api import expect

from conftest import accessible
from pages import shop


def test_a_figure_of_today_leads_to_the_orders_that_it_is_made_of(page):
    page.goto(shop())
    page.locator("a.tile").filter(has_text="Ordered for").first.click()
    expect(page.locator("h1")).to_have_text("Orders")
    expect(page.locator(".chip").filter(has_text="currency is")).to_have_count(1)
    expect(page.locator(".chip").filter(has_text="status is not cancelled")).to_have_count(1)
    accessible(page)
    page.locator(".chip").filter(has_text="status is not cancelled").click()
    expect(page.locator(".chip").filter(has_text="status is not cancelled")).to_have_count(0)


def test_a_step_of_the_chart_leads_to_its_orders(page):
    page.goto(shop())
    page.locator("figure summary").first.click()
    step = page.locator("figure tbody td a").last
    orders = int(step.inner_text().replace(",", ""))
    page.goto(step.evaluate("link => link.href"))
    expect(page.locator(".chip").filter(has_text="placed since")).to_have_count(1)
    expect(page.locator(".chip").filter(has_text="placed until")).to_have_count(1)
    # The last minute may still be going on, and a page has fifty.
    assert page.locator("[data-rows] tbody tr").count() >= min(orders, 50)
    accessible(page)
    # Who looks on among them keeps the step.
    search = page.get_by_role("search", name="Find an order")
    search.get_by_role("textbox", name="Channel", exact=True).fill("web")
    search.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator(".chip").filter(has_text="channel is web")).to_have_count(1)
    expect(page.locator(".chip").filter(has_text="placed since")).to_have_count(1)
    expect(page.locator(".chip").filter(has_text="placed until")).to_have_count(1)


def test_a_margin_leads_to_its_orders_and_each_of_them_to_its_lines(page):
    page.goto(shop("/margin"))
    page.get_by_role("table", name="Margin by channel").get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text("Orders of the margin")
    expect(page.get_by_text("Orders whose channel is")).to_be_visible()
    accessible(page)
    page.get_by_role("table", name="Orders of the margin").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/orders/[^/]+#margin$"))
    expect(page.get_by_role("heading", name="Margin", exact=True)).to_be_visible()
