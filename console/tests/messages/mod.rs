//! Rules of messages: what was told to whom, by which try, and how it would read.

use crate::house::{ORDER, browser};

fn order(rest: &str) -> String {
    format!("/console/t/harbour-books/orders/{ORDER}{rest}")
}

#[tokio::test]
async fn the_messages_of_an_order_are_its_own_and_lead_to_all_of_them() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&order("")).await;
    assert!(page.has("/console/t/harbour-books/messages/m1"));
    let all = format!("/console/t/harbour-books/messages?order={ORDER}");
    assert!(page.has(&all), "all of them");
    let list = browser.get(&all).await;
    assert!(list.has("Messages about") && list.has("To the order"));
    let asked = format!("/v1/notifications?limit=50&order={ORDER}");
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
}

#[tokio::test]
async fn an_orders_page_tells_what_was_told_to_whom() {
    let mut owner = browser(Some("owner")).signed_in().await;
    let page = owner.get(&order("")).await;
    assert!(page.has("https://hooks.example.com/in") && page.has("order.shipped"));
    assert!(page.has("/console/t/harbour-books/webhooks/e1"));
}

#[tokio::test]
async fn a_messages_page_tells_each_try_with_its_end_and_its_reason() {
    let mut owner = browser(Some("owner")).signed_in().await;
    let page = owner.get("/console/t/harbour-books/messages/m1").await;
    assert!(page.has("Each try") && page.has("q-17"), "{}", page.text);
    assert!(page.has("the box is &lt;full&gt;") && page.has("failed"));
    let (last, first) = (page.text.find("q-17"), page.text.find("the box is"));
    assert!(last < first, "the newest comes first");
    let mut owner = owner.in_czech().await;
    assert!(owner.get("/console/t/harbour-books/messages/m1").await.has("Jednotlivé pokusy"));
}

#[tokio::test]
async fn a_text_is_shown_on_an_order_that_is_chosen_or_named_by_its_number() {
    /// The latest order.
    const LISTED: &str = "01a21d85-5009-78eb-bde0-108580312ed2";
    let mut owner = browser(Some("owner")).signed_in().await;
    let path = "/console/t/harbour-books/messages/texts/shipped/en";
    let page = owner.get(path).await;
    assert!(page.has("an example order") && page.has("or of the order with the number"));
    assert!(page.has(&format!("<option value=\"{LISTED}\"")), "{}", page.text);
    let text = [("subject", "S"), ("text", "T"), ("step", "preview")];
    for (choice, wanted) in [
        ([("order", ""), ("number", "")], None),
        ([("order", LISTED), ("number", "")], Some(LISTED)),
        ([("order", LISTED), ("number", " 2026-000007 ")], Some("2026-000007")),
    ] {
        let page = owner.post(path, path, &[&text[..], &choice].concat()).await;
        assert!(page.has("Order 2026-000007 is on its way"), "{}", page.text);
        assert!(page.has("examples stand for: carrier"));
        let asked = owner.asked().pop().unwrap();
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(asked.path, "/v1/templates/shipped/en/preview");
        assert_eq!(body.get("order").and_then(|order| order.as_str()), wanted);
    }
}
