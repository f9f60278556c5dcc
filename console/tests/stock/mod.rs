//! Rules of the pages of one product's stock.

use crate::house::{ORDER, browser};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

const LAMP: &str = "/console/t/harbour-books/stock/lamp";

#[tokio::test]
async fn the_numbers_of_a_level_lead_to_what_they_are_made_of() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(LAMP).await;
    assert_eq!(page.status, StatusCode::OK);
    let moved = format!("href=\"{LAMP}?warehouse=main#movements\">12</a>");
    assert!(page.has(&moved) && page.has("id=\"movements\""), "those of the warehouse");
    assert!(page.has(&format!("href=\"{LAMP}/holds?status=held&amp;warehouse=main\">6</a>")));
    let travels = "/console/t/harbour-books/stock/transfers?sku=lamp&amp;to=main&amp;received=no";
    assert!(page.has(&format!("href=\"{travels}\">5</a>")));
    assert!(page.has("<b>2</b>"), "what is kept back from the channel");
    let read = browser.read();
    let asked = "/v1/stock/movements?sku=lamp&newest=true&limit=50";
    assert!(read.iter().any(|path| path == asked), "{read:?}");
    assert!(page.has(&format!("{LAMP}?cursor=51")), "older movements are a page further");
}

#[tokio::test]
async fn the_lists_that_a_levels_numbers_lead_to_are_of_its_warehouse() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&format!("{LAMP}?warehouse=main")).await;
    let all = |list: &str| format!("href=\"{list}\" title=\"Take it away\">warehouse is main");
    assert!(page.has(&all(LAMP)) && page.has(&format!("{LAMP}?warehouse=main&amp;cursor=51")));
    let page = browser.get(&format!("{LAMP}/holds?status=held&warehouse=main")).await;
    assert!(page.has(&all(&format!("{LAMP}/holds?status=held"))));
    assert!(page.has("data-label=\"Pieces\">6</td>") && page.has("warehouse=main&amp;cursor=r-1"));
    let page = browser.get(&format!("{LAMP}/holds?status=held&warehouse=quay")).await;
    assert!(page.has("data-label=\"Pieces\">0</td>"), "its pieces are all in the other one");
    let list = "/console/t/harbour-books/stock/transfers";
    let page = browser.get(&format!("{list}?sku=lamp&to=main&received=no")).await;
    assert!(
        page.has(&format!(
            "href=\"{list}?sku=lamp&amp;received=no\" title=\"Take it away\">to main"
        ))
    );
    for asked in [
        "/v1/stock/movements?sku=lamp&newest=true&limit=50&warehouse=main",
        "/v1/stock/reservations?limit=50&sku=lamp&status=held&warehouse=main",
        "/v1/stock/transfers?limit=50&sku=lamp&to=main&received=false",
    ] {
        assert!(browser.read().contains(&asked.to_owned()), "{asked}");
    }
}

#[tokio::test]
async fn a_product_says_how_what_is_sellable_follows_from_its_levels() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(LAMP).await;
    assert!(page.has("quay <span class=\"badge amber\">paused</span>"), "it gives nothing");
    assert!(page.has("Sellable is what is free in all warehouses that are not paused; one where"));
}

#[tokio::test]
async fn a_bundle_is_not_told_to_be_out_of_stock_for_it_has_none_of_its_own() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let list = browser.get("/console/t/harbour-books/stock").await;
    assert!(list.has("by its parts") && !list.has("figure red"));
    let page = browser.get("/console/t/harbour-books/stock/set").await;
    assert!(page.has("sold by its parts") && page.has("as its scarcest part allows"));
    assert!(!page.has("sellable"));
}

#[tokio::test]
async fn a_product_lists_the_orders_that_hold_it_with_how_many_pieces() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(LAMP).await;
    assert!(page.has(&format!("/console/t/harbour-books/orders/{ORDER}")));
    // Two by itself and four in a bundle.
    assert!(page.has("data-label=\"Pieces\">6</td>"), "of the product and of nothing else");
    let page = browser.get(&format!("{LAMP}/holds?status=short")).await;
    assert!(page.has("None among the newest") && page.has("cursor=r-0"));
    let page = browser.get(&format!("{LAMP}/holds")).await;
    assert!(page.has("aria-current=\"true\">Held now") && page.has("cursor=r-1"));
    let asked = "/v1/stock/reservations?limit=50&sku=lamp&status=held";
    assert!(browser.read().iter().any(|path| path == asked), "{:?}", browser.read());
}

#[tokio::test]
async fn what_is_set_on_a_products_stock_says_first_what_it_does() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = format!("{LAMP}/settings");
    let shown = browser.get(&page).await;
    assert!(shown.has("value=\"4\"") && shown.has("value=\"web\"") && shown.has("value=\"2\""));
    let fields = [
        ("low_threshold", "9"),
        ("backorder", "yes"),
        ("channel", "till"),
        ("kept", "3"),
        ("channel", ""),
        ("kept", ""),
    ];
    let told = browser.post(&page, &page, &fields).await;
    for sentence in [
        "It is told to be low at 9 and fewer.",
        "more may be sold than there is",
        "The last 3 are kept back from the channel till.",
        "Nothing is kept back from the channel web any more.",
    ] {
        assert!(told.has(sentence), "{sentence}");
    }
    assert!(browser.asked().iter().all(|one| one.path.ends_with("?dry_run=true")));
    let sure = [&[("sure", "yes")], &fields[..]].concat();
    let done = browser.post(&page, &page, &sure).await;
    assert_eq!(done.headers[header::LOCATION], format!("{LAMP}?done=yes").as_str());
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.path), (Method::PUT, "/v1/stock/lamp/settings"));
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    let all = json!({ "low_threshold": 9, "backorder": true, "safety_buffers": { "till": 3 },
                      "components": {} });
    assert_eq!(said, all);
}

#[tokio::test]
async fn settings_that_cannot_be_are_told_at_their_field_which_keeps_what_was_written() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = format!("{LAMP}/settings");
    for (fields, why) in [
        (vec![("low_threshold", "few")], "Write a whole number here."),
        (vec![("low_threshold", "2000000000")], "expected 0 to 1000000000"),
        (
            vec![("channel", "web"), ("kept", "1"), ("channel", "web"), ("kept", "2")],
            "Each row needs a channel of its own.",
        ),
        (vec![("channel", "web"), ("kept", "some")], "Write a whole number here."),
    ] {
        let told = browser.post(&page, &page, &fields).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(told.has(why) && told.has("class=\"fault\""), "{why}");
        assert!(told.has(&format!("value=\"{}\"", fields[0].1)), "{why}");
    }
}

#[tokio::test]
async fn a_bundle_keeps_its_parts_and_is_not_asked_what_they_decide() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = "/console/t/harbour-books/stock/set/settings";
    let shown = browser.get(page).await;
    assert!(shown.has("It is a bundle") && !shown.has("name=\"low_threshold\""));
    browser.post(page, page, &[("channel", "web"), ("kept", "1")]).await;
    let asked = browser.asked().pop().unwrap();
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((&said["components"], &said["backorder"]), (&json!({ "lamp": 2 }), &json!(false)));
}

#[tokio::test]
async fn who_may_not_write_stock_is_offered_no_settings() {
    let mut viewer = browser(Some("viewer")).signed_in().await;
    let page = viewer.get(LAMP).await;
    assert!(page.has("Held now") && !page.has(&format!("{LAMP}/settings")));
}

#[tokio::test]
async fn a_page_without_a_transfer_says_whether_more_follow_and_whether_they_were_narrowed() {
    let list = "/console/t/harbour-books/stock/transfers";
    for (told, path, said) in [
        (json!({ "items": [], "next_cursor": "t-9" }), "?sku=lamp", "None among the transfers"),
        (json!({ "items": [] }), "?sku=lamp", "No transfer is like that"),
        (json!({ "items": [] }), "", "Nothing travels between warehouses"),
    ] {
        let browser = browser(Some("owner")).telling("/v1/stock/transfers", told);
        let page = browser.signed_in().await.get(&format!("{list}{path}")).await;
        assert!(page.has(&format!("<strong>{said}")), "{said}: {}", page.text);
        let others = ["None among the", "No transfer is", "Nothing travels"];
        assert_eq!(others.iter().filter(|other| page.has(other)).count(), 1, "{said}");
    }
}
