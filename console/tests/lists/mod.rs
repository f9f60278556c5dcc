//! Rules of figures and the lists behind them: a link's list is what its number counts.

use crate::house::{ORDER, browser};
use http::{StatusCode, header};
use serde_json::{Value, json};

const SHOP: &str = "/console/t/harbour-books";
/// What the list of a whole day is asked by.
const DAY: &str = "placed_from=2026-11-27&amp;placed_to=2026-11-27";

fn at(path: &str) -> String {
    format!("{SHOP}{path}")
}

fn margin(currency: &str) -> Value {
    json!({ "currency": currency, "revenue_minor": 2_000, "cost_minor": 1_250,
            "margin_minor": 750, "lines_with_cost": 11, "lines_without_cost": 4,
            "revenue_without_cost_minor": 900, "lines_without_tax": 7 })
}

/// A day of orders in two currencies, of which three came within one minute.
fn day() -> Value {
    let channel = json!({ "channel": "web", "orders": 5, "paid": 2, "cancelled": 1,
        "paid_without_stock": 0, "revenue": [{ "amount_minor": 698, "currency": "EUR" }],
        "margin": [margin("CZK"), margin("EUR")] });
    let missing = json!({ "sku": "lamp & co", "currency": "CZK", "lines": 4 });
    json!({ "day": "2026-11-27", "complete": true, "orders": 5, "paid": 2, "cancelled": 1,
            "paid_without_stock": 0, "hours": vec![0; 24],
            "revenue": [{ "amount_minor": 41_880, "currency": "CZK" },
                        { "amount_minor": 698, "currency": "EUR" }],
            "minutes": [{ "at": "2026-11-27T14:57:00Z", "orders": 3 }],
            "margin": [margin("CZK"), margin("EUR")],
            "products_without_cost": vec![missing; 20], "channels": [channel] })
}

/// The same, where only the latest orders of the day are counted.
fn long_day() -> Value {
    let mut day = day();
    day["complete"] = json!(false);
    day["counted_from"] = json!("2026-11-27T09:30:00.000Z");
    day
}

#[tokio::test]
async fn figures_of_today_lead_to_the_orders_that_they_are_made_of() {
    let mut browser = browser(Some("owner")).telling("/v1/summary", day()).signed_in().await;
    let page = browser.get(SHOP).await;
    let orders = at("/orders");
    assert!(page.has(&format!("href=\"{orders}?{DAY}\"")), "all of the day");
    for currency in ["CZK", "EUR"] {
        let like = format!("{DAY}&amp;currency={currency}&amp;cancelled=false");
        assert!(page.has(&format!("href=\"{orders}?{like}\"")), "{currency}");
    }
    let paid = format!("href=\"{orders}?{DAY}&amp;paid=true\"");
    assert_eq!(page.text.matches(&paid).count(), 1, "what is of all currencies is told once");
    assert!(page.has("of these orders") && page.has("without what was cancelled"));
}

#[tokio::test]
async fn figures_of_a_channel_lead_to_its_orders_of_the_day() {
    let mut browser = browser(Some("owner")).telling("/v1/summary", day()).signed_in().await;
    let page = browser.get(&at("/channels?day=2026-11-27")).await;
    let web = format!("{}?channel=web&amp;{DAY}", at("/orders"));
    assert!(page.has(&format!("<a class=\"open\" href=\"{web}\">web")), "{}", page.text);
    assert!(page.has(&format!("href=\"{web}&amp;paid=true\"")));
    assert!(page.has(&format!("href=\"{web}&amp;currency=EUR&amp;cancelled=false\"")));
}

#[tokio::test]
async fn orders_are_narrowed_by_currency_payment_goods_and_whether_they_stand() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let like = "currency=CZK&cancelled=false&paid=true&sku=lamp";
    let page = browser.get(&at(&format!("/orders?{like}"))).await;
    let asked = format!("/v1/orders?limit=50&{like}");
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
    for words in
        ["currency is CZK", "status is not cancelled", "payment has come", "goods include lamp"]
    {
        assert!(page.has(words), "{words}");
    }
    let taken = at("/orders?currency=CZK&amp;cancelled=false&amp;sku=lamp");
    assert!(page.has(&format!("href=\"{taken}\" title=\"Take it away\"")));
    assert!(page.has("type=\"hidden\" name=\"sku\" value=\"lamp\""), "a search keeps it");
    let page = browser.in_czech().await.get(&at("/orders?cancelled=true&paid=false")).await;
    assert!(page.has("stav je zrušeno") && page.has("platba nepřišla"));
}

#[tokio::test]
async fn only_what_waits_for_a_person_is_said_to_and_a_count_that_is_cut_says_so() {
    let cut = json!({ "items": [{ "id": "d1" }, { "id": "d2" }], "next_cursor": "d2" });
    let mut browser = browser(Some("owner"))
        .telling("/v1/dead-letters?limit=50&parked=false", cut.clone())
        .telling("/v1/timers?limit=500&overdue=true", cut)
        .telling("/v1/orders?limit=50&status=paid_without_stock", json!({ "items": [] }))
        .signed_in()
        .await;
    let page = browser.get(SHOP).await;
    assert!(page.has("2+ things wait for a person."), "{}", page.text);
    assert!(page.has(&format!("href=\"{}\"", at("/dead-letters?parked=false"))));
    let overdue = &page.text[page.text.find("Overdue</span><strong>").unwrap()..];
    assert!(overdue.starts_with("Overdue</span><strong>2+</strong>"), "{overdue:.60}");
}

#[tokio::test]
async fn overdue_things_alone_are_counted_as_far_as_they_were_looked_through() {
    let nothing = json!({ "items": [] });
    let cut = json!({ "items": [{ "id": "t1" }], "next_cursor": "t1" });
    let mut browser = browser(Some("owner"))
        .telling("/v1/dead-letters", nothing.clone())
        .telling("/v1/timers?limit=500&overdue=true", cut)
        .telling("/v1/orders?limit=50&status=paid_without_stock", nothing)
        .signed_in()
        .await;
    assert!(browser.get(SHOP).await.has("1+ overdue, being seen to."));
}

#[tokio::test]
async fn a_charts_title_counts_what_its_steps_do_and_each_step_leads_to_its_orders() {
    let mut browser = browser(Some("owner")).telling("/v1/summary", day()).signed_in().await;
    let page = browser.get(SHOP).await;
    assert!(page.has("3 orders in the latest 1 minutes that had any"), "not the day's five");
    let minute = "placed_from=2026-11-27T14%3A57%3A00.000Z&amp;\
        placed_to=2026-11-27T14%3A58%3A00.000Z";
    let link = format!("<a href=\"{}?{minute}\">3</a>", at("/orders"));
    assert!(page.has(&link), "{}", page.text);
    let page = browser.get(&at(&format!("/orders?{}", minute.replace("&amp;", "&")))).await;
    assert!(page.has("placed since 27 Nov 2026, 15:57:00"), "the span in words");
    assert!(page.has("placed until 27 Nov 2026, 15:58:00"));
    let asked = format!("/v1/orders?limit=50&{}", minute.replace("&amp;", "&"));
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
}

#[tokio::test]
async fn lists_of_a_day_that_is_not_counted_whole_begin_where_its_figures_do() {
    let mut browser = browser(Some("owner")).telling("/v1/summary", long_day()).signed_in().await;
    let counted = "placed_from=2026-11-27T09%3A30%3A00.000Z&amp;placed_to=2026-11-27";
    for (path, link) in [
        ("", at(&format!("/orders?{counted}\""))),
        ("/channels?day=2026-11-27", at(&format!("/orders?channel=web&amp;{counted}"))),
        ("/margin?day=2026-11-27", at(&format!("/margin/orders?currency=CZK&amp;{counted}"))),
    ] {
        let page = browser.get(&at(path)).await;
        assert!(page.has(&link), "{path}: {link}");
        assert!(page.has("these are the latest 5."), "{path}");
        assert!(page.has("The earliest of them was placed on 27 Nov 2026, 10:30:00"), "{path}");
        assert!(!page.has(DAY), "{path}: nothing leads to what was not counted");
    }
}

#[tokio::test]
async fn what_was_not_done_is_told_by_whether_it_waits_for_a_person() {
    let one = json!({ "id": "d1", "source": "domain:stock", "reason": "no", "attempts": 1 });
    let cut = json!({ "items": [one], "next_cursor": "d1" });
    for (role, place, route) in [
        (Some("owner"), at("/dead-letters"), "/v1/dead-letters"),
        (None, "/console/system/dead-letters".to_owned(), "/v1/platform/dead-letters"),
    ] {
        let mut browser = browser(role).telling(route, cut.clone()).signed_in().await;
        let page = browser.get(&format!("{place}?source=domain%3Astock&parked=true")).await;
        let asked = format!("{route}?limit=50&source=domain%3Astock&parked=true");
        assert!(browser.read().contains(&asked), "{:?}", browser.read());
        let of_source = format!("{place}?source=domain%3Astock");
        assert!(page.has(&format!("href=\"{of_source}\">All</a>")), "{}", page.text);
        assert!(page.has(&format!("href=\"{of_source}&amp;parked=false\">Wait for a person")));
        let current = format!("href=\"{of_source}&amp;parked=true\" aria-current=\"true\"");
        assert!(page.has(&format!("{current}>Tried again by itself")));
        assert!(page.has(&format!("{of_source}&amp;parked=true&amp;cursor=d1")), "so do its pages");
        assert!(page.has(&format!("href=\"{place}?parked=true\">Show all")), "of all sources");
    }
    let nothing = json!({ "items": [] });
    let mut browser = browser(Some("owner")).telling("/v1/dead-letters", nothing).signed_in().await;
    let page = browser.get(&at("/dead-letters?parked=true")).await;
    assert!(page.has("There is none of these") && !page.has("Everything was done"));
}

#[tokio::test]
async fn what_is_the_matter_with_a_tenant_leads_to_the_list_that_was_counted() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/tenants").await;
    let shop = "/console/t/polar-tea";
    for (path, said) in [
        ("dead-letters?parked=false", "3+ not done"),
        ("dead-letters?parked=true", "2+ put aside"),
        ("overdue?late_s=60", "41+ overdue"),
    ] {
        assert!(page.has(&format!("href=\"{shop}/{path}\">{said}</a>")), "{path}");
    }
    let whole = json!({ "items": [{ "tenant": "polar-tea", "name": "Polar Tea",
        "status": "active", "dead_letters": 3 }], "complete": true });
    let browser = browser(None).telling("/v1/platform/troubles", whole);
    assert!(browser.signed_in().await.get("/console/system/tenants").await.has(">3 not done</a>"));
}

#[tokio::test]
async fn what_is_overdue_by_more_than_so_much_is_said_to_be_and_leads_back_to_all() {
    let cut = json!({ "items": [{ "domain": "order", "entity": "o9", "overdue": true }],
        "next_cursor": "p2" });
    let browser = browser(Some("owner")).telling("/v1/timers?", cut);
    let mut browser = browser.signed_in().await;
    let page = browser.get(&at("/overdue?late_s=60")).await;
    let asked = "/v1/timers?limit=100&overdue=true&late_s=60".to_owned();
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
    assert!(page.has("What is overdue by more than 60 seconds."));
    assert!(page.has(&format!("href=\"{}\">Show all", at("/overdue"))));
    assert!(page.has(&at("/overdue?late_s=60&amp;cursor=p2")), "its pages say it too");
    assert!(!browser.get(&at("/overdue")).await.has("by more than"));
}

#[tokio::test]
async fn a_margin_leads_to_its_orders_and_what_it_misses_to_those_that_miss_it() {
    let mut browser = browser(Some("owner")).telling("/v1/summary", day()).signed_in().await;
    let page = browser.get(&at("/margin?day=2026-11-27")).await;
    let orders = at("/margin/orders");
    let web = format!("{orders}?channel=web&amp;currency=EUR");
    assert!(page.has(&format!("<a class=\"open\" href=\"{web}&amp;{DAY}\">web")));
    assert!(page.has(&format!("href=\"{web}&amp;missing=cost&amp;{DAY}\">4</a>")));
    assert!(page.has(&format!("class=\"tile \" href=\"{orders}?currency=EUR&amp;{DAY}\"")));
    for missing in ["cost", "tax"] {
        let link = format!("{orders}?currency=CZK&amp;missing={missing}&amp;{DAY}");
        assert!(page.has(&format!("href=\"{link}\">Show these orders")), "{missing}");
    }
    let like = format!("{DAY}&amp;currency=CZK&amp;cancelled=false&amp;sku=lamp+%26+co");
    let told = "orders with it, of which 4 lines are without a cost";
    assert!(page.has(&format!("href=\"{}?{like}\">{told}", at("/orders"))), "{}", page.text);
    assert!(page.has("These are the 20 with most lines; there may be more."));
}

#[tokio::test]
async fn orders_of_a_margin_are_listed_with_theirs_by_pages_and_in_a_file() {
    let order = |known: i64| {
        json!({ "id": ORDER, "number": "2026-000007", "channel": "web",
        "placed_at": "2026-11-27T14:57:00Z", "currency": "CZK", "revenue_minor": 57_686,
        "cost_minor": 40_000, "margin_minor": 17_686, "lines_with_cost": known,
        "lines_without_cost": 1 })
    };
    let page = json!({ "items": [order(1)], "next_cursor": "m2" });
    let last = json!({ "items": [order(0)] });
    let browser = browser(Some("owner"))
        .telling("/v1/orders/margins?channel=web&missing=cost&limit=200&cursor=m2", last)
        .telling("/v1/orders/margins", page);
    let mut browser = browser.signed_in().await;
    let like = "channel=web&currency=CZK&placed_from=2026-11-27&placed_to=2026-11-27&missing=cost";
    let page = browser.get(&at(&format!("/margin/orders?{like}"))).await;
    assert_eq!(page.status, StatusCode::OK);
    let asked = format!("/v1/orders/margins?limit=50&{like}");
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
    assert!(page.has("Orders whose channel is web, currency is CZK, placed since 27 Nov 2026"));
    assert!(page.has("goods have a line without a cost."));
    assert!(page.has(&at(&format!("/orders/{ORDER}#margin"))) && page.has("176.86"));
    assert!(page.has(&at("/margin?day=2026-11-27")), "the way back");
    let here = at(&format!("/margin/orders?{}", like.replace('&', "&amp;")));
    assert!(page.has(&format!("{here}&amp;cursor=m2")), "its pages");
    assert!(browser.get(&at(&format!("/orders/{ORDER}"))).await.has("<div id=\"margin\">"));
    let file = browser.get(&at("/margin/orders?channel=web&missing=cost&format=csv")).await;
    assert_eq!(file.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let lines: Vec<_> = file.text.trim_start_matches('\u{feff}').trim().split("\r\n").collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("Id,Order,Channel,Brings,Costs,Margin"));
    assert!(lines[2].contains("2026-000007,web,–,–,–"), "no cost is known: {}", lines[2]);
    let page = browser.in_czech().await.get(&at("/margin/orders?missing=tax")).await;
    assert!(page.has("ceny neuvádějí daň") && page.has("Objednávky, z nichž je marže"));
}

#[tokio::test]
async fn a_search_keeps_the_span_that_a_figure_brought_and_days_stay_in_their_fields() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let from = "2026-11-27T14:57:00.000Z";
    let page = browser.get(&at(&format!("/orders?placed_from={from}&placed_to=2026-11-27"))).await;
    assert!(page.has(&format!("type=\"hidden\" name=\"placed_from\" value=\"{from}\"")));
    assert_eq!(page.text.matches("name=\"placed_from\"").count(), 1, "one field says it");
    assert!(page.has("type=\"date\" name=\"placed_to\" value=\"2026-11-27\""));
    assert!(page.has("placed since 27 Nov 2026, 15:57:00"), "a chip takes it away");
    let days = browser.get(&at("/orders?placed_from=2026-11-26")).await;
    assert!(days.has("type=\"date\" name=\"placed_from\" value=\"2026-11-26\""));
}

#[tokio::test]
async fn a_status_says_by_itself_whether_orders_are_cancelled() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/orders?channel=web&cancelled=false")).await;
    let tab = |rest: &str, name: &str| format!("href=\"{}?{rest}\">{name}</a>", at("/orders"));
    assert!(page.has(&tab("status=cancelled&amp;channel=web", "Cancelled")), "{}", page.text);
    assert!(page.has(&tab("status=confirmed&amp;channel=web", "To pack")));
}

#[tokio::test]
async fn products_by_how_they_stand_stay_those_that_were_asked_for() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let list = at("/catalog");
    let page = browser.get(&format!("{list}?q=atlas&status=draft&category=c-books")).await;
    let tab = |rest: &str, name: &str| format!("href=\"{list}?{rest}\"{name}</a>");
    let kept = "category=c-books";
    assert!(page.has(&tab(&format!("q=atlas&amp;{kept}"), ">All")), "{}", page.text);
    assert!(page.has(&tab(&format!("q=atlas&amp;status=active&amp;{kept}"), ">Active")));
    let current = " aria-current=\"true\">Drafts";
    assert!(page.has(&tab(&format!("q=atlas&amp;status=draft&amp;{kept}"), current)));
    let categories = browser.get(&at("/catalog/categories")).await;
    assert!(categories.has("/catalog/categories\" aria-current=\"true\">Categories"));
    assert!(categories.has(&format!("href=\"{list}?status=active\">Active")));
}

#[tokio::test]
async fn a_list_of_products_that_ends_before_its_last_says_so_and_so_does_its_file() {
    let told = json!({ "items": [], "total": 12_000 });
    let browser = browser(Some("owner")).telling("/v1/products?", told);
    let mut browser = browser.signed_in().await;
    let list = at("/catalog?category=c-books");
    let page = browser.get(&format!("{list}&cursor=10000")).await;
    let said = "The list ends at 10,050 of 12,000 products: narrow it to see the others.";
    assert!(page.has(said), "{}", page.text);
    assert!(!browser.get(&format!("{list}&cursor=11950")).await.has("The list ends at"));
    let file = browser.get(&format!("{list}&format=csv")).await;
    let last = file.text.trim_end().lines().last().unwrap().to_owned();
    assert!(last.starts_with("\"The list ends at 200 of 12,000 products"), "{last}");
}

#[tokio::test]
async fn a_channel_without_an_order_that_day_leads_to_those_of_other_days() {
    let mut quiet = day();
    quiet["channels"] = json!([{ "channel": "till", "orders": 0, "revenue": [] }]);
    let mut browser = browser(Some("owner")).telling("/v1/summary", quiet).signed_in().await;
    let page = browser.get(&at("/channels?day=2026-11-27")).await;
    let all = format!("<a class=\"open\" href=\"{}?channel=till\">till", at("/orders"));
    assert!(page.has(&all), "{}", page.text);
}

#[tokio::test]
async fn products_that_nobody_can_count_are_no_link() {
    let browser = browser(Some("owner")).failing("/v1/products?limit=1");
    let merge = at("/catalog/categories/c-books/merge?into=c-deck");
    let page = browser.signed_in().await.get(&merge).await;
    assert!(page.has("<li>Products that are in Deck then: nobody knows how many</li>"));
}
