//! Rules of numbers: each leads to what it is made of, and a list to which one leads is the list of
//! what was counted.

use crate::house::{ORDER, browser, browser_of, recorded};
use http::StatusCode;
use serde_json::{Value, json};

const SHOP: &str = "/console/t/harbour-books";

fn at(path: &str) -> String {
    format!("{SHOP}{path}")
}

/// The words of the API by which something stands, that a page's tabs ask for.
fn asked_for(page: &str, list: &str) -> Vec<String> {
    let link = format!("href=\"{list}?status=");
    let parts = page.split(&link).skip(1);
    let words = parts.map(|part| part.split(['"', '&']).next().unwrap_or_default().to_owned());
    let mut words: Vec<_> = words.collect();
    words.sort();
    words.dedup();
    words
}

#[tokio::test]
async fn deliveries_are_listed_by_each_of_the_ways_they_stand() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let list = at("/webhooks/e1");
    let page = browser.get(&format!("{list}?status=given_up")).await;
    assert_eq!(page.status, StatusCode::OK);
    let all = ["blocked", "delivered", "given_up", "parked", "queued", "waiting"];
    assert_eq!(asked_for(&page.text, &list), all);
    assert!(page.has(&format!("href=\"{list}?status=given_up&amp;cursor=e1%2Fv0\"")), "older ones");
    let asked = "/v1/webhook-endpoints/e1/deliveries?limit=50&status=given_up".to_owned();
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
    let file = browser.get(&format!("{list}?status=given_up&format=csv")).await;
    assert!(file.text.contains("order.shipped"), "{}", file.text);
}

#[tokio::test]
async fn a_delivery_has_a_page_with_each_try_to_which_its_order_leads() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let place = at("/webhooks/e1/deliveries/v1");
    assert!(browser.get(&at("/webhooks/e1")).await.has(&format!("href=\"{place}#tries\">2</a>")));
    assert!(browser.get(&at(&format!("/orders/{ORDER}"))).await.has(&format!("href=\"{place}\"")));
    let page = browser.get(&place).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("id=\"tries\"") && page.has("no &lt;whole&gt; answer") && page.has("503"));
    assert!(page.has("all tries failed") && page.has("https://hooks.example.com/in"));
    assert!(page.has(&format!("action=\"{place}\"")), "it can be sent again");
}

#[tokio::test]
async fn failures_in_a_row_lead_to_the_deliveries_however_they_stand() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let deliveries = format!("href=\"{}\">7</a>", at("/webhooks/e1"));
    assert!(browser.get(&at("/webhooks")).await.has(&deliveries));
    assert!(browser.get(&at("/webhooks/e1")).await.has(&deliveries));
}

#[tokio::test]
async fn messages_are_listed_by_each_of_the_ways_they_come_to_rest() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/messages")).await;
    let all = ["dismissed", "given_up", "queued", "sent", "skipped", "waiting"];
    assert_eq!(asked_for(&page.text, &at("/messages")), all);
}

#[tokio::test]
async fn older_pages_of_a_narrowed_list_are_narrowed_too() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/payments/differences?status=settled")).await;
    let older = at("/payments/differences?status=settled&amp;cursor=d-9");
    assert!(page.has(&format!("href=\"{older}\"")), "{}", page.text);
    let list = at("/suppliers/sources/acme-full/categories");
    let page = browser.get(&format!("{list}?show=all")).await;
    assert!(page.has(&format!("href=\"{list}?show=all&amp;cursor=Deck\"")));
    assert!(browser.get(&list).await.has(&format!("href=\"{list}?cursor=Deck\"")));
}

#[tokio::test]
async fn what_an_actor_could_not_do_leads_to_its_letters_alone_and_says_when_there_are_more() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/actors/harbour-books/stock").await;
    assert!(page.has(&at("/dead-letters?source=domain%3Astock")));
    assert!(page.has("These are the first 20, the oldest; there are more."));
    assert!(page.has(&at(&format!("/orders/{ORDER}"))), "what it wrote leads to what that is of");
}

#[tokio::test]
async fn a_balance_leads_to_the_entries_that_each_of_its_amounts_is_the_sum_of() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/payments/ledger")).await;
    let of_it = at("/payments/ledger?provider=stripe&amp;account=main&amp;currency=CZK");
    for kinds in ["", "&amp;kind=capture", "&amp;kind=refund%2Crefund_reversal"] {
        assert!(page.has(&format!("href=\"{of_it}{kinds}\"")), "{kinds}");
    }
    assert!(!page.has("kind=chargeback"), "nothing was lost");
}

#[tokio::test]
async fn a_narrowed_ledger_stays_so_on_its_other_pages_and_in_its_file_until_it_is_taken_away() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let list = at("/payments/ledger");
    let page = browser.get(&format!("{list}?account=main&kind=refund")).await;
    assert!(page.has(&format!("href=\"{list}?account=main&amp;kind=refund&amp;cursor=51\"")));
    assert!(page.has("account=main&amp;kind=refund&amp;format=csv"), "the file");
    assert!(page.has(&format!("href=\"{list}?account=main\" title=\"Take it away\"")));
    assert!(page.has(&format!("href=\"{list}?kind=refund\" title=\"Take it away\"")));
    let asked = "/v1/ledger?limit=50&account=main&kind=refund".to_owned();
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
}

#[tokio::test]
async fn counted_calls_of_an_account_lead_to_those_calls_and_each_to_its_payment() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let list = at("/payments/accounts/stripe/main/health");
    let page = browser.get(&list).await;
    for which in ["answered", "timed_out", "under_way", "waited"] {
        assert!(page.has(&format!("href=\"{list}?calls={which}#calls\"")), "{which}");
    }
    assert!(page.has(&at("/payments/pay-slow")) && page.has(&at("/payments/pay-now")));
    let page = browser.get(&format!("{list}?calls=timed_out")).await;
    assert!(page.has(&at("/payments/pay-slow")) && !page.has(&at("/payments/pay-now")));
    assert!(page.has(&format!("href=\"{list}\" title=\"Take it away\"")));
    let page = browser.get(&format!("{list}?calls=under_way")).await;
    assert!(page.has(&at("/payments/pay-now")) && !page.has(&at("/payments/pay-slow")));
    let page = browser.get(&format!("{list}?calls=waited")).await;
    assert!(page.has(&at("/payments/pay-slow")) && page.has(&at("/payments/pay-off")));
    assert!(page.has("put off"), "what was not made because its time had not come");
}

#[tokio::test]
async fn calls_under_way_are_those_without_an_outcome_whether_they_wait_or_not() {
    let call = |payment: &str, rest: Value| {
        let mut call = json!({ "at": "2026-11-20T08:00:00Z", "operation": "open",
                               "put_off": false, "payment": payment });
        call.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        call
    };
    let calls = [
        call("pay-waits", json!({})),
        call("pay-out", json!({ "waited_ms": 0 })),
        call("pay-off", json!({ "outcome": "not_sent", "put_off": true })),
        call("pay-done", json!({ "outcome": "answered", "waited_ms": 3, "took_ms": 9 })),
    ];
    let seen = json!({ "provider": "stripe", "account": "main", "under_way": 2,
        "breaker": { "position": "closed" }, "calls": [], "last_calls": calls });
    let browser = browser(Some("owner")).telling("/v1/accounts/stripe/main/health", seen);
    let list = at("/payments/accounts/stripe/main/health?calls=under_way");
    let page = browser.signed_in().await.get(&list).await;
    let told = |payment: &str| page.has(&format!("href=\"{}", at(&format!("/payments/{payment}"))));
    assert!(told("pay-waits") && told("pay-out") && !told("pay-off") && !told("pay-done"));
    assert!(page.has(&format!("href=\"{list}#calls\">2</a>")), "as many as are counted");
}

#[tokio::test]
async fn notifications_that_were_not_taken_are_counted_by_why() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/payments/accounts/stripe/main/health")).await;
    assert!(page.has("<b>1</b> × it did not prove from whom"), "{}", page.text);
}

#[tokio::test]
async fn what_became_of_a_line_leads_to_the_parcels_with_what_is_in_each() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at(&format!("/orders/{ORDER}"))).await;
    assert!(page.has("href=\"#parcels\">1</a>") && page.has("id=\"parcels\""));
    let order = recorded("order");
    let (parcels, _) = page
        .text
        .split_once("Parcels</h2>")
        .map(|(_, rest)| rest)
        .unwrap()
        .split_once("</section>")
        .unwrap();
    for line in order["lines"].as_array().unwrap() {
        let sku = line["sku"].as_str().unwrap();
        assert!(parcels.contains(&format!("/stock/{sku}\"")), "{sku}");
    }
}

#[tokio::test]
async fn a_deed_leads_to_what_it_was_done_to_where_that_has_a_page() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/audit")).await;
    for place in ["/stock/lamp", &format!("/orders/{ORDER}"), "/webhooks/e1/deliveries/v1"] {
        assert!(page.has(&format!("class=\"open\" href=\"{}\"", at(place))), "{place}");
    }
    assert_eq!(page.text.matches("class=\"open\"").count(), 3, "a ring of keys has none");
}

#[tokio::test]
async fn a_deed_leads_to_no_page_that_its_reader_may_not_see_or_that_is_gone_with_it() {
    let deed = |what: &str, domain: &str, entity: &str| {
        json!({ "type": what, "domain": domain, "entity": entity, "at": "2026-11-20T08:00:00Z",
                "actor": "user:u-1", "data": {} })
    };
    let deeds = json!({ "items": [
        deed("tenant.key_issued", "tenant", "key/k-1"),
        deed("tenant.role_defined", "tenant", "role/counter"),
        deed("tenant.role_removed", "tenant", "role/former"),
        deed("tenant.member_removed", "tenant", "member/u-2"),
        deed("supplier.source_removed", "supplier", "source/old") ] });
    for (role, places) in [
        ("owner", &["/keys/k-1", "/people/roles/counter"][..]),
        ("operator", &["/people/roles/counter"]),
    ] {
        let browser = browser(Some(role)).telling("/v1/audit", deeds.clone());
        let page = browser.signed_in().await.get(&at("/audit")).await;
        for place in places {
            assert!(page.has(&format!("class=\"open\" href=\"{}\"", at(place))), "{role} {place}");
        }
        assert_eq!(page.text.matches("class=\"open\"").count(), places.len(), "{role}");
    }
}

#[tokio::test]
async fn who_invites_is_led_to_what_the_role_allows() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/people/invitations");
    for (role, leads) in [("support", "/people/roles"), ("counter", "/people/roles/counter")] {
        let fields = [("email", "eva@example.com"), ("role", role), ("language", "cs")];
        let shown = browser.post(&page, &page, &fields).await;
        assert!(shown.has(&format!("<p><a href=\"{}\">What ", at(leads))), "{role}");
    }
}

#[tokio::test]
async fn who_invites_and_may_not_see_roles_is_led_to_none() {
    let may = json!({ "name": "greeter", "permissions": ["members:read", "members:write"] });
    let browser = browser(Some("greeter")).telling("/v1/roles/greeter", may);
    let mut browser = browser.signed_in().await;
    let page = at("/people/invitations");
    let fields = [("email", "eva@example.com"), ("role", "support"), ("language", "cs")];
    let shown = browser.post(&page, &page, &fields).await;
    assert!(shown.has("A letter goes to eva@example.com.") && !shown.has("What support allows"));
}

#[tokio::test]
async fn a_parcel_leads_to_its_carrier_by_a_name_and_on_the_web_alone() {
    let parcel = |number: Option<&str>, url: &str| {
        json!({ "carrier": "PPL", "tracking_number": number, "tracking_url": url, "lines": [],
                "shipped_at": "2026-11-27T15:00:00Z" })
    };
    let mut order = recorded("order");
    order["parcels"] = json!([
        parcel(Some("P-1"), "https://track.example.com/1"),
        parcel(None, "https://track.example.com/2"),
        parcel(Some("P-3"), "javascript:alert(3)"),
        parcel(None, "http://track.example.com/4")
    ]);
    let mut browser = browser_of(Some("owner"), order).signed_in().await;
    let page = browser.get(&at(&format!("/orders/{ORDER}"))).await;
    let link =
        |place: i32| format!("href=\"https://track.example.com/{place}\" rel=\"noreferrer\"");
    assert!(page.has(&format!("{}><code>P-1</code></a>", link(1))), "{}", page.text);
    assert!(page.has(&format!("{}>Track it</a>", link(2))), "no link without a name");
    assert!(page.has("<code>P-3</code>") && !page.has("href=\"javascript"));
    assert!(!page.has("href=\"http://"));
}
