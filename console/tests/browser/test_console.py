"""The console in a browser, on a running demo: one task a test, and axe on every page it meets.

    pip install playwright axe-playwright-python pytest     # and a Chromium, found as `chromium`
    KONTOR_CONSOLE=http://127.0.0.1:3200 pytest console/tests/browser
"""

import re

import pytest
from playwright.sync_api import expect

from conftest import accessible
from pages import PAGES, PLATFORM, SHOP, URL, open_confirmed, open_page, shop, sign_in


def first_row(page):
    return page.locator("[data-rows] tbody tr").first


@pytest.mark.parametrize("name,path", [*PAGES, *((name, URL + path) for name, path in PLATFORM)])
def test_every_page_is_accessible_light_and_dark(page, name, path):
    page.emulate_media(color_scheme="light")
    assert open_page(page, path), f"the demo has nothing for {name}"
    expect(page.locator("h1").first).to_be_visible()
    accessible(page)
    page.emulate_media(color_scheme="dark")
    accessible(page)


def test_a_stranger_signs_in_first_and_comes_back_to_where_they_wanted_to_go(running):
    stranger = running.new_context(locale="en-GB").new_page()
    stranger.goto(shop("/orders?status=shipped"))
    expect(stranger).to_have_url(re.compile("/console/sign-in"))
    accessible(stranger)
    stranger.get_by_label("E-mail").fill("nobody@example.com")
    stranger.get_by_label("Password").fill("not the password")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("That is not right")
    stranger.context.close()


def test_whoever_signs_in_sees_how_the_shop_is(running):
    page = running.new_context(locale="en-GB").new_page()
    sign_in(page)
    page.goto(shop())
    expect(page.locator("h1")).to_have_text("Today")
    expect(page.locator(".tile").first).to_be_visible()
    page.context.close()


def test_the_margin_of_today_leads_to_the_lines_that_it_is_made_of(page):
    page.goto(shop())
    tile = page.locator("a.tile", has_text="Margin")
    expect(tile).to_contain_text("%")
    tile.click()
    expect(page.locator("h1")).to_have_text("Margin")
    accessible(page)
    page.locator("[data-rows] a.open").first.click()
    expect(page.locator("h1")).to_have_text("Orders of the margin")
    first_row(page).locator("a.open").click()
    lines = page.get_by_role("table", name="Margin by line")
    expect(lines.locator("tbody tr").first).to_be_visible()
    accessible(page)


def test_an_order_is_found_by_its_number(page):
    page.goto(shop("/orders"))
    number = page.locator("[data-rows] a.open").first.inner_text()
    page.keyboard.press("/")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"Order {number}")


def test_a_list_is_narrowed_by_chips_and_widened_by_a_click(page):
    page.goto(shop("/orders?status=shipped"))
    channel = page.locator('[data-rows] td[data-label="Channel"]').first.inner_text()
    page.get_by_label("Channel", exact=True).fill(channel)
    page.get_by_role("button", name="Find").click()
    chips = page.locator(".chips")
    expect(chips).to_contain_text("status is shipped")
    expect(chips).to_contain_text(f"channel is {channel}")
    assert "=&" not in page.url and not page.url.endswith("=")
    accessible(page)
    chips.get_by_role("link", name=re.compile("^status is")).click()
    expect(chips).not_to_contain_text("status is")
    expect(chips).to_contain_text(f"channel is {channel}")
    page.go_back()
    expect(chips).to_contain_text("status is shipped")


def test_a_view_is_saved_as_a_tab_and_removed(page):
    page.goto(shop("/orders?status=shipped&placed_from=2020-01-01"))
    page.get_by_label("Name of the view").fill("Sent so far")
    page.get_by_role("button", name="Save this view").click()
    tab = page.get_by_role("link", name="Sent so far", exact=True)
    expect(tab).to_have_attribute("aria-current", "true")
    accessible(page)
    page.goto(shop("/orders"))
    tab.click()
    expect(page.locator(".chips")).to_contain_text("status is shipped")
    page.get_by_role("button", name="Remove this view").click()
    expect(page.locator("h1")).to_have_text("Orders")
    expect(tab).to_have_count(0)


def test_a_channel_leads_to_its_orders(page):
    page.goto(shop())
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Channels").click()
    expect(page.locator("h1")).to_have_text("Channels")
    accessible(page)
    channel = page.locator("[data-rows] a.open").first
    name = channel.inner_text()
    channel.click()
    expect(page.locator("h1")).to_have_text("Orders")
    expect(page.locator(".chips")).to_contain_text(f"channel is {name}")
    page.goto(shop("/channels?day=2020-01-01"))
    expect(page.locator("h1")).to_have_text("Channels")
    accessible(page)


def test_an_order_is_found_by_its_customers_whole_address(page):
    open_page(page, "/orders?status=shipped *")
    address = page.locator("dd").filter(has_text="@").first.inner_text()
    number = page.locator("h1").inner_text().removeprefix("Order ")
    page.goto(shop("/orders"))
    page.get_by_label(re.compile("whole e-mail")).fill(address.upper())
    page.get_by_role("button", name="Find").click()
    expect(page.locator("[data-rows] a.open").filter(has_text=number)).to_be_visible()


def test_an_orders_messages_lead_to_all_of_them_and_back(page):
    open_page(page, "/orders?status=shipped *")
    page.get_by_role("link", name="All messages of the order").click()
    expect(page.locator("h1")).to_have_text("Messages")
    expect(page.locator(".chips")).to_contain_text("Messages about")
    accessible(page)
    page.get_by_role("link", name="To the order").click()
    expect(page.locator("h1")).to_contain_text("Order ")


def test_what_is_low_is_a_list_of_its_own(page):
    page.goto(shop("/stock"))
    page.get_by_role("link", name="Low", exact=True).click()
    expect(page.locator("[data-rows] a.open").first).to_be_visible()
    accessible(page)


def test_a_list_is_walked_and_opened_with_the_keyboard_alone(page):
    page.goto(shop("/orders?status=cancelled"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    chosen = page.locator("tr.here")
    expect(chosen.locator("input")).to_be_checked()
    number = chosen.locator("a.open").inner_text()
    expect(page.get_by_role("button", name="Cancel…")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"Order {number}")


def test_an_order_is_seen_as_it_was_and_as_it_is_again(page):
    open_page(page, "/orders?status=shipped *")
    page.locator(".timeline").get_by_role("link", name="as it was then").last.click()
    expect(page.get_by_role("status").filter(has_text="As it was on")).to_be_visible()
    expect(page.locator("header.heading .badge")).to_have_text("waits for payment")
    expect(page.get_by_role("link", name="Ship", exact=True)).to_have_count(0)
    accessible(page)
    page.get_by_role("link", name="To how it is now").click()
    expect(page.locator("header.heading .badge")).not_to_have_text("waits for payment")


def test_one_movement_of_a_slider_leads_to_any_time_and_back(page):
    open_page(page, "/orders?status=shipped *")
    slider = page.get_by_label("Move through time")
    slider.press("Home")
    expect(page.get_by_role("status").filter(has_text="As it was on")).to_be_visible()
    expect(page.locator("header.heading .badge")).to_have_text("waits for payment")
    accessible(page)
    page.get_by_label("Move through time").press("End")
    expect(page.locator("header.heading .badge")).not_to_have_text("waits for payment")


def test_why_an_order_was_confirmed_leads_back_to_who_paid(page):
    open_confirmed(page)
    confirmed = page.locator(".timeline > li").filter(has_text="Confirmed")
    confirmed.get_by_role("link", name="why?").click()
    expect(page.locator(".chain li")).not_to_have_count(1)
    expect(page.locator(".chain")).to_contain_text("Paid")
    accessible(page)


def test_a_cancellation_says_first_what_it_will_do_and_then_does_it(page):
    open_confirmed(page)
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect(page.locator(".dry-run")).to_contain_text("Cancelled: the customer asked")
    expect(page.locator(".dry-run")).to_contain_text("go back on sale")
    accessible(page)
    page.get_by_label("Why").select_option("merchant")
    expect(page.locator(".dry-run")).to_contain_text("Cancelled: the shop decided")
    page.get_by_role("button", name=re.compile("^Cancel and refund")).click()
    expect(page.locator("header.heading .badge")).to_have_text("cancelled")


def test_many_orders_are_judged_before_any_is_changed(page):
    page.goto(shop("/orders"))
    for box in page.locator("td.pick input").all()[:3]:
        box.check()
    page.get_by_role("button", name="Mark as delivered…").click()
    expect(page.locator("h1")).to_contain_text("Mark as delivered: possible with")
    expect(page.locator(".outcomes li")).to_have_count(3)
    accessible(page)


def test_a_count_sheet_is_shown_with_what_it_changes_and_then_written_down(page):
    page.goto(shop("/stock"))
    skus = page.locator("[data-rows] a.open").all_inner_texts()[1:3]
    page.goto(f"{shop('/stock/' + skus[0])}")
    warehouse = page.locator("table.rows tbody td").first.inner_text()
    page.goto(shop("/stock/count"))
    page.get_by_label("The sheet").fill("\n".join(f"{sku};{warehouse};7" for sku in skus))
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.locator(".notice")).to_contain_text("Nothing has changed yet")
    accessible(page)
    page.get_by_role("button", name="Write 2 rows down").click()
    expect(page.locator(".notice")).to_contain_text("2 rows are written down")
    page.goto(shop(f"/stock/{skus[0]}"))
    expect(page.locator("tr").filter(has_text=warehouse).first).to_contain_text("7")


def test_a_sheet_that_cannot_be_read_changes_nothing_and_says_why(page):
    page.goto(shop("/stock/count"))
    page.get_by_label("The sheet").fill("ATLAS;main;many\nATLAS;main;many")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Show what it changes").click()
    assert answered.value.status == 422
    expect(page.locator("main")).to_contain_text("nothing was changed")


def test_money_is_given_back_once_its_effect_was_seen(page):
    page.goto(shop("/payments?status=paid"))
    # The newest may be of an order that was just called off, whose money is on its way back.
    page.goto(URL + page.locator("[data-rows] a.open").last.get_attribute("href"))
    page.get_by_role("link", name="Give money back").click()
    page.get_by_label(re.compile("How much")).fill("100")
    expect(page.locator("#outcome")).to_contain_text("A refund of")
    expect(page.get_by_role("button", name=re.compile(r"Give .*1\.00 back"))).to_be_visible()
    accessible(page)
    page.get_by_role("button", name=re.compile(r"Give .* back")).click()
    expect(page.locator("main")).to_contain_text("Refunds")


def test_a_text_is_shown_as_it_will_be_sent_while_it_is_written(page):
    page.goto(shop("/messages/texts/shipped/en"))
    page.get_by_label("Subject").fill("On its way: {{ order_number }}")
    page.get_by_label("Text", exact=True).fill("Dear reader, {{ order_number }} has left.")
    expect(page.locator("pre.letter")).to_contain_text("2026-", timeout=10_000)
    accessible(page)


def test_a_list_tells_of_new_orders_without_moving_what_is_read(page):
    page.goto(shop("/orders"))
    first = page.locator("[data-rows] a.open").first.inner_text()
    pill = page.locator(".new-rows")
    expect(pill).to_be_visible(timeout=60_000)
    expect(page.locator("[data-rows] a.open").first).to_have_text(first)
    pill.click()
    expect(page.locator("[data-rows] a.open").first).not_to_have_text(first)


def test_the_platform_sees_what_runs(page):
    page.goto(f"{URL}/console/system")
    expect(page.locator(".runs")).to_contain_text("policies")
    expect(page.locator(".runs")).to_contain_text("serves")
    shard = page.locator(".runs details[data-keep=shard-0]")
    expect(shard).to_contain_text("harbour-books")
    expect(page.locator(".spark polyline").first).to_be_attached(timeout=15_000)
    accessible(page)


def test_the_tree_leads_from_a_shard_to_a_domain(page):
    page.goto(f"{URL}/console/system")
    tenant = page.locator(f".runs details[data-keep=tenant-{SHOP}]")
    if not tenant.locator("a").first.is_visible():
        tenant.locator("summary").click()
    tenant.get_by_role("link", name="order", exact=True).click()
    expect(page.locator("h1")).to_have_text(f"{SHOP} · order")
    accessible(page)


def test_an_actor_is_paused_and_goes_on(page):
    page.goto(f"{URL}/console/system/actors/{SHOP}/catalog")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status").filter(has_text="takes up nothing")).to_be_visible()
    accessible(page)
    page.goto(f"{URL}/console/system")
    expect(page.locator(f".runs details[data-keep=tenant-{SHOP}]")).to_contain_text("paused")
    page.goto(f"{URL}/console/system/actors/{SHOP}/catalog")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_what_is_due_next_leads_to_what_waits(page):
    page.goto(shop("/overdue"))
    page.get_by_role("link", name="Due next").click()
    expect(page.locator("[data-rows] tbody tr").first).to_contain_text("in time")
    page.goto(f"{URL}/console/system")
    page.get_by_role("link", name="Timers").click()
    expect(page.locator("h1")).to_have_text("Timers")
    accessible(page)
    page.goto(f"{URL}/console/system/timers?domain=order")
    page.locator("[data-rows] a.open").first.click()
    expect(page.locator("h1")).to_contain_text("Order ")


def test_an_actor_that_is_killed_comes_back_and_serves(page):
    page.goto(f"{URL}/console/system/actors")
    stock = page.locator("tbody tr").filter(has_text="harbour-books").filter(has_text="goods")
    stock.get_by_role("button", name="Kill").click()
    expect(stock.locator("td").nth(7)).to_contain_text("1")
    # The next command has it started again; the shoppers may take their time.
    page.goto(shop("/stock/KD-1299"))
    page.get_by_label("Pieces", exact=True).fill("1")
    page.get_by_label("Why", exact=True).fill("found behind the shelf")
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator("#movements")).to_contain_text("found behind the shelf")
    page.goto(f"{URL}/console/system/actors")
    expect(stock.get_by_role("button", name="Kill")).to_be_visible(timeout=30_000)
    accessible(page)


def test_a_tenant_is_paused_and_goes_on(page):
    page.goto(f"{URL}/console/system/tenants")
    polar = page.locator("tbody tr").filter(has_text="polar-tea")
    polar.get_by_role("link", name="Pause…").click()
    page.get_by_label("Why").fill("books are looked through")
    accessible(page)
    page.get_by_role("button", name="Pause").click()
    expect(polar).to_contain_text("suspended")
    polar.get_by_role("button", name="Go on").click()
    expect(polar.get_by_role("link", name="Pause…")).to_be_visible()


def test_an_order_tells_which_endpoints_were_told_of_it(page):
    open_page(page, "/orders?status=shipped *")
    told = page.locator("section.panel").filter(has=page.get_by_role("heading", name="Webhooks"))
    expect(told.locator("tbody tr").first).to_contain_text("http")


def test_an_actor_leads_to_what_it_wrote_last(page):
    page.goto(f"{URL}/console/system/actors")
    orders = page.locator("tbody tr").filter(has_text="harbour-books").filter(has=page.get_by_role("link", name="order", exact=True))
    orders.get_by_role("link", name="order", exact=True).click()
    expect(page.locator("h1")).to_have_text("harbour-books · order")
    expect(page.locator("table tbody tr").first).to_be_visible()
    expect(page.locator("dl.facts")).to_contain_text("In the mailbox")
    accessible(page)


def test_the_palette_leads_anywhere_by_a_few_letters(page):
    page.goto(shop())
    page.keyboard.press("Control+k")
    page.keyboard.type("supp")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Suppliers")


def test_the_console_speaks_czech_and_remembers_it(page):
    page.goto(shop("/orders"))
    page.get_by_label(re.compile("Signed in as")).click()
    page.get_by_role("button", name="Česky").click()
    expect(page.locator("h1")).to_have_text("Objednávky")
    assert page.locator("html").get_attribute("lang") == "cs"


def test_pages_are_read_without_scripts(running, signed_in):
    context = running.new_context(storage_state=signed_in, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    for _, path in PAGES[:5]:
        assert open_page(page, path)
        expect(page.locator("h1").first).to_be_visible()
    page.goto(shop())
    page.locator("figure summary").first.click()
    expect(page.locator("figure table")).to_be_visible()
    context.close()


def test_a_form_of_another_site_does_nothing(running, signed_in):
    context = running.new_context(storage_state=signed_in)
    answer = context.request.post(shop("/orders/bulk"), form={"action": "cancel", "order": "x"})
    assert answer.status == 403
    context.close()


def test_no_page_is_wider_than_a_telephone(running, signed_in):
    context = running.new_context(
        storage_state=signed_in, viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    wide = []
    for name, path in [*PAGES, *((name, URL + path) for name, path in PLATFORM)]:
        if open_page(page, path) and page.evaluate(
                "document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    assert not wide, wide
    context.close()


def test_the_filters_are_folded_away_on_a_telephone_only(running, signed_in):
    wide = running.new_context(storage_state=signed_in, locale="en-GB")
    page = wide.new_page()
    page.goto(shop("/orders"))
    expect(page.get_by_role("search", name="Find an order")).to_be_visible()
    expect(page.get_by_text("Narrow the list")).to_be_hidden()
    wide.close()
    context = running.new_context(
        storage_state=signed_in, viewport={"width": 390, "height": 844}, locale="en-GB",
        java_script_enabled=False)
    page = context.new_page()
    page.goto(shop("/orders?channel=web"))
    form = page.get_by_role("search", name="Find an order")
    expect(form).to_be_hidden()
    expect(page.locator(".chip")).to_be_visible()
    page.get_by_text("Narrow the list").focus()
    page.keyboard.press("Enter")
    expect(form).to_be_visible()
    expect(form.get_by_label("Channel", exact=True)).to_have_value("web")
    context.close()


def test_the_folded_filters_are_accessible(running, signed_in):
    context = running.new_context(
        storage_state=signed_in, viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.goto(shop("/orders"))
    accessible(page)
    page.get_by_text("Narrow the list").click()
    accessible(page)
    context.close()
