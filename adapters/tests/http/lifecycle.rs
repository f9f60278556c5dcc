//! What a tenant has and may have, who did what in it, and all of it taken out.

use crate::shop::{Shop, order, settings};
use serde_json::{Value, json};

#[tokio::test]
async fn a_day_takes_as_many_orders_as_the_tenant_may_place() {
    let (shop, harbour) = Shop::trading().await;
    let mut limited = settings("Harbour Books");
    limited["limits"] = json!({ "orders_per_day": 2 });
    shop.operator().put("/v1/tenants/harbour-books", limited).await.ok();
    for _ in 0..2 {
        harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    }
    let full = harbour.post("/v1/orders", order("atlas", 1)).await;
    assert!(!full.head("retry-after").is_empty());
    full.problem(429, "orders_per_day_reached");
    // Nothing is held for an order that was not placed.
    assert_eq!(crate::shop::available(&harbour, "atlas").await, 8);
    let usage = harbour.get("/v1/usage").await.ok();
    assert_eq!((&usage["orders_today"], &usage["orders_per_day"]), (&json!(2), &json!(2)));
    assert_eq!(usage["entities"]["order"], 3, "two orders and the year's counter: {usage}");
}

#[tokio::test]
async fn the_audit_says_who_did_what_to_what_and_when() {
    let (shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let id = placed["id"].as_str().unwrap();
    let clerk = shop.operator_for("harbour-books");
    clerk.post(&format!("/v1/orders/{id}/cancel"), json!({ "reason": "customer" })).await.ok();

    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["type"].as_str().unwrap().to_owned()).collect()
    };
    let path = format!("/v1/audit?domain=order&entity={id}");
    let all = harbour.get(&path).await.ok();
    assert_eq!(names(&all), ["order.created", "order.cancelled"]);
    assert!(all["items"][0]["actor"].as_str().unwrap().starts_with("key:"), "{all}");
    let operators = harbour.get(&format!("{path}&actor=operator")).await.ok();
    assert_eq!(names(&operators), ["order.cancelled"]);
    let keys = harbour.get(&format!("{path}&actor=key:*")).await.ok();
    assert_eq!(names(&keys), ["order.created"]);
    let at = all["items"][1]["at"].as_str().unwrap();
    let before = harbour.get(&format!("{path}&until={at}")).await.ok();
    let since = harbour.get(&format!("{path}&from={at}")).await.ok();
    assert_eq!(names(&before).len() + names(&since).len(), 2);
    let first = harbour.get(&format!("{path}&limit=1")).await.ok();
    assert_eq!((names(&first).len(), &first["more"]), (1, &json!(true)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = harbour.get(&format!("{path}&after={cursor}")).await.ok();
    assert_eq!(names(&rest), ["order.cancelled"]);

    let other = shop.tenant("other-books").await;
    assert_eq!(names(&other.get(&path).await.ok()), Vec::<String>::new());
    for bad in ["limit=0", "after=x", "from=yesterday", "actor="] {
        harbour.get(&format!("/v1/audit?{bad}")).await.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn an_export_is_all_of_one_tenant_and_nothing_of_another_without_secrets() {
    let (shop, harbour) = Shop::trading().await;
    let other = shop.tenant("other-books").await;
    other.put("/v1/warehouses/theirs", json!({ "name": "Theirs" })).await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let account = json!({ "mode": "test", "settings": { "secret_key": "sk_test_hush" } });
    harbour.put("/v1/accounts/stripe/main", account).await.ok();
    let hook = json!({ "url": "http://127.0.0.1:9/", "events": ["order.*"] });
    let endpoint = harbour.post("/v1/webhook-endpoints", hook).await.ok();

    let export = harbour.get("/v1/export").await;
    assert_eq!(export.head("content-type"), "application/x-ndjson");
    let text = export.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |kind: &str| lines.iter().filter(|line| line.get(kind).is_some()).count();
    let end = &lines.last().unwrap()["end"];
    assert_eq!(
        (&end["entities"], &end["events"]),
        (&json!(count("entity")), &json!(count("event")))
    );
    assert!(count("entity") >= 6 && count("event") >= 6, "{text}");
    assert!(text.contains("jana@example.com") && text.contains("order.created"));
    assert!(!text.contains("theirs") && !text.contains("sk_test_hush"));
    assert!(!text.contains(endpoint["signing_secret"].as_str().unwrap()));
    let small = harbour.header("accept-encoding", "gzip").get("/v1/export").await;
    assert_eq!(small.head("content-encoding"), "gzip");
    assert!(small.bytes.len() < text.len());
}

#[tokio::test]
async fn an_answer_says_how_much_of_the_rate_is_left() {
    let (shop, harbour) = Shop::trading().await;
    let mut limited = settings("Harbour Books");
    limited["limits"] = json!({ "requests_per_second": 3 });
    shop.operator().put("/v1/tenants/harbour-books", limited).await.ok();
    let first = harbour.get("/v1/tenant").await;
    assert_eq!(
        (first.head("ratelimit-limit"), first.head("ratelimit-reset")),
        ("3".into(), "1".into())
    );
    let mut left = vec![first.head("ratelimit-remaining")];
    let busy = loop {
        let answer = harbour.get("/v1/tenant").await;
        if answer.status == 429 {
            break answer;
        }
        left.push(answer.head("ratelimit-remaining"));
    };
    assert_eq!(left.first().map(String::as_str), Some("2"));
    assert!(!busy.head("retry-after").is_empty());
    busy.problem(429, "tenant_busy");
}

#[tokio::test]
async fn a_tenant_that_is_being_deleted_reads_until_then_and_can_be_kept() {
    let (shop, harbour) = Shop::trading().await;
    let operator = shop.operator();
    let path = "/v1/tenants/harbour-books";
    let asked = operator.post(&format!("{path}/delete"), json!({ "days": 30 })).await.ok();
    assert_eq!(asked["status"], "deleting");
    assert!(asked["delete_at"].is_string());
    harbour.get("/v1/orders").await.ok();
    let refused = harbour.post("/v1/orders", order("atlas", 1)).await;
    refused.problem(403, "tenant_deleting");
    assert_eq!(operator.act(&format!("{path}/keep")).await.ok()["status"], "active");
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let wrong = operator.post(&format!("{path}/delete"), json!({ "days": 0 })).await;
    wrong.at(422, "invalid", "/days");
}

#[tokio::test]
async fn a_tenant_that_is_full_finishes_what_there_is_and_makes_nothing_new() {
    let (shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let mut limited = settings("Harbour Books");
    limited["limits"] = json!({ "entities": 3 });
    shop.operator().put("/v1/tenants/harbour-books", limited).await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.problem(429, "entities_limit_reached");
    let movement = json!({ "sku": "atlas", "warehouse": "main", "kind": "in", "quantity": 1 });
    harbour.post("/v1/stock/movements", movement).await.problem(429, "entities_limit_reached");
    let cancel = format!("/v1/orders/{}/cancel", placed["id"].as_str().unwrap());
    harbour.post(&cancel, json!({ "reason": "customer" })).await.ok();
    assert_eq!(harbour.get("/v1/usage").await.ok()["entities_max"], 3);
}
