//! Rules of what an undone import put back and left, and of what whoever may not change is offered.

use crate::house::browser;
use serde_json::json;

fn at(path: &str) -> String {
    format!("/console/t/harbour-books/suppliers{path}")
}

#[tokio::test]
async fn an_empty_page_of_what_was_put_back_or_left_says_whether_more_follow() {
    for (name, nothing) in [("restored", "Nothing was put back"), ("kept", "Nothing was left")] {
        let route = format!("/v1/imports/i-9/{name}");
        let told = json!({ "items": [], "next_cursor": "40.0" });
        let browser = browser(Some("owner")).telling(&route, told);
        let page = browser.signed_in().await.get(&at(&format!("/imports/i-9/{name}"))).await;
        assert!(page.has("None among the changes that were looked through"), "{}", page.text);
        assert!(!page.has(nothing) && page.has("cursor=40.0"), "{name}");
    }
}

#[tokio::test]
async fn an_import_that_nobody_has_undone_is_not_told_as_being_undone() {
    for (name, nothing) in [("restored", "Nothing was put back"), ("kept", "Nothing was left")] {
        let route = format!("/v1/imports/i-8/{name}");
        let browser = browser(Some("owner")).telling(&route, json!({ "items": [] }));
        let page = browser.signed_in().await.get(&at(&format!("/imports/i-8/{name}"))).await;
        assert!(page.has(nothing), "{}", page.text);
        assert!(!page.has("so far") && !page.has("being undone"), "{name}");
    }
}

#[tokio::test]
async fn a_file_of_what_was_left_says_how_much_is_in_no_line_of_it() {
    let next = json!({ "items": [], "not_listed": 12 });
    let first = json!({ "items": [{ "code": "A-1", "field": "offer", "reason": "odd" }],
                        "not_listed": 30, "next_cursor": "40.0" });
    let browser = browser(Some("owner"))
        .telling("/v1/imports/i-9/kept?limit=200&cursor=40.0", next)
        .telling("/v1/imports/i-9/kept", first);
    let mut browser = browser.signed_in().await;
    let file = browser.get(&at("/imports/i-9/kept?format=csv")).await;
    let lines: Vec<_> = file.text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[2].starts_with("\"42 more were left, and are not kept one by one"),
        "{}",
        lines[2]
    );
    let file = browser.get(&at("/imports/i-9/restored?format=csv")).await;
    assert!(!file.text.contains("more were left"));
}

#[tokio::test]
async fn who_may_not_change_a_source_is_not_led_to_look_at_its_file() {
    let look = at("/sources/acme-full/look");
    for (role, led) in [("owner", true), ("viewer", false)] {
        let mut browser = browser(Some(role)).signed_in().await;
        let page = browser.get(&at("/sources/acme-full/categories")).await;
        assert!(page.has("Rows are those of the last import"), "{role}");
        assert_eq!(page.has(&look), led, "{role}");
    }
}
