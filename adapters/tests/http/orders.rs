//! Orders over HTTP.

use crate::shop::{Shop, available, order, stock};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn an_order_is_placed_read_and_listed() {
    let (_shop, harbour) = Shop::trading().await;
    let answer = harbour.post("/v1/orders", order("atlas", 2)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.head("etag"), "\"1\"");
    let location = answer.head("location");
    let placed = answer.json();
    assert_eq!(placed["status"], "pending");
    assert_eq!(placed["stock"], "held");
    assert_eq!(available(&harbour, "atlas").await, 8);
    assert_eq!(harbour.get(&location).await.ok(), placed);
    let all = harbour.get("/v1/orders?status=pending").await.ok();
    assert_eq!(all["items"], json!([placed]));
    let number = placed["number"].as_str().unwrap();
    let found = harbour.get(&format!("/v1/orders?number={number}")).await.ok();
    assert_eq!(found["items"][0]["id"], placed["id"]);
    assert_eq!(harbour.get("/v1/orders?number=1999-1").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn the_same_key_and_request_is_answered_with_the_first_answer() {
    let (_shop, harbour) = Shop::trading().await;
    let keyed = harbour.clone().header("idempotency-key", "order-1");
    let first = keyed.post("/v1/orders", order("atlas", 1)).await;
    assert_eq!(first.head("idempotency-replayed"), "");
    let placed = first.json();
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    harbour.act(&format!("{path}/confirm")).await.ok();
    let again = keyed.post("/v1/orders", order("atlas", 1)).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.head("idempotency-replayed"), "true");
    assert_eq!(again.json(), placed);
    assert_eq!(available(&harbour, "atlas").await, 9);
    keyed.post("/v1/orders", order("atlas", 2)).await.problem(422, "idempotency_key_reused");
    let blank = harbour.clone().header("idempotency-key", "not visible");
    blank.post("/v1/orders", order("atlas", 1)).await.at(
        400,
        "invalid_parameter",
        "Idempotency-Key",
    );
}

#[tokio::test]
async fn many_at_once_with_one_key_are_one_order() {
    let (_shop, harbour) = Shop::trading().await;
    let keyed = harbour.clone().header("idempotency-key", "twice-clicked");
    let asks = (0..8).map(|_| keyed.post("/v1/orders", order("atlas", 1)));
    let answers = futures_util::future::join_all(asks).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| answer.ok()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(available(&harbour, "atlas").await, 9);
}

#[tokio::test]
async fn a_channel_s_second_sending_is_the_same_order_and_holds_nothing() {
    let (_shop, harbour) = Shop::trading().await;
    let mut sent = order("atlas", 3);
    sent["external_id"] = "A-1".into();
    let placed = harbour.post("/v1/orders", sent.clone()).await.ok();
    let again = harbour.post("/v1/orders", sent.clone()).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json(), placed);
    let asks = (0..6).map(|_| harbour.post("/v1/orders", sent.clone()));
    for answer in futures_util::future::join_all(asks).await {
        assert_eq!(answer.ok()["id"], placed["id"]);
    }
    assert_eq!(available(&harbour, "atlas").await, 7);
    sent["note"] = "please hurry".into();
    harbour.post("/v1/orders", sent).await.problem(409, "external_id_taken");
    let found = harbour.get("/v1/orders?external_id=A-1&channel=web").await.ok();
    assert_eq!(found["items"][0]["id"], placed["id"]);
    harbour.get("/v1/orders?external_id=A-1").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn many_sendings_at_once_are_one_order_and_one_hold() {
    let (_shop, harbour) = Shop::trading().await;
    let mut sent = order("atlas", 3);
    sent["external_id"] = "A-2".into();
    let asks = (0..9).map(|_| harbour.post("/v1/orders", sent.clone()));
    let answers = futures_util::future::join_all(asks).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| answer.ok()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(available(&harbour, "atlas").await, 7);
}

#[tokio::test]
async fn what_is_not_there_is_not_sold() {
    let (_shop, harbour) = Shop::trading().await;
    let body = harbour.post("/v1/orders", order("atlas", 11)).await;
    body.at(409, "out_of_stock", "/lines/0/quantity");
    harbour.post("/v1/orders", order("globe", 1)).await.at(422, "unknown_sku", "/lines/0/sku");
    let mut elsewhere = order("atlas", 1);
    elsewhere["lines"][0]["warehouse"] = "moon".into();
    let answer = harbour.post("/v1/orders", elsewhere).await;
    answer.at(422, "unknown_warehouse", "/lines/0/warehouse");
    assert_eq!(harbour.get("/v1/orders").await.ok()["items"], json!([]));
    assert_eq!(available(&harbour, "atlas").await, 10);
}

#[tokio::test]
async fn an_order_that_is_paid_already_holds_its_goods_or_waits_for_them() {
    let (_shop, harbour) = Shop::trading().await;
    let mut paid = order("atlas", 4);
    paid["paid"] = true.into();
    let placed = harbour.post("/v1/orders", paid.clone()).await.ok();
    // Whoever follows the order commits them, and so confirms it.
    assert_eq!((&placed["status"], &placed["stock"]), (&json!("pending"), &json!("held")));
    assert!(placed["paid_at"].is_string(), "{placed}");
    paid["lines"][0]["quantity"] = 7.into();
    paid["totals"] = json!({ "subtotal_minor": 7 * 34900, "total_minor": 7 * 34900 });
    let short = harbour.post("/v1/orders", paid).await.ok();
    assert_eq!(short["status"], "paid_without_stock");
    assert_eq!(short["stock"], "short");
    assert_eq!(available(&harbour, "atlas").await, 6);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let (shop, harbour) = Shop::trading().await;
    let commits = shop.store.commits();
    let would = harbour.post("/v1/orders?dry_run=true", order("atlas", 2)).await;
    assert_eq!(would.status, 200);
    let would = would.json();
    assert_eq!(would["would"][0]["type"], "order.created");
    assert_eq!(would["result"]["status"], "pending");
    let short = harbour.post("/v1/orders?dry_run=true", order("atlas", 11)).await;
    short.problem(409, "out_of_stock");
    assert_eq!(shop.store.commits(), commits);
    assert_eq!(available(&harbour, "atlas").await, 10);
    assert_eq!(harbour.get("/v1/orders").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_version_that_is_not_expected_stops_a_change() {
    let (_shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    let note = json!({ "text": "fragile" });
    let seen = |tag: &str| harbour.clone().header("if-match", tag);
    let noted = seen("\"1\"").post(&format!("{path}/notes"), note.clone()).await;
    assert_eq!(noted.head("etag"), "\"2\"");
    seen("\"1\"").post(&format!("{path}/notes"), note.clone()).await.problem(412, "other_version");
    seen("W/\"2\"").post(&format!("{path}/notes"), note.clone()).await.ok();
    seen("*").post(&format!("{path}/notes"), note.clone()).await.ok();
    let odd = seen("two").post(&format!("{path}/notes"), note).await;
    odd.at(400, "invalid_parameter", "If-Match");
    let known = harbour.clone().header("if-none-match", "\"4\"").get(&path).await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    harbour.clone().header("if-none-match", "\"3\"").get(&path).await.ok();
}

#[tokio::test]
async fn an_order_s_past_can_be_read_with_who_did_it() {
    let (_shop, harbour) = Shop::trading().await;
    let named = harbour.clone().header("x-request-id", "req-7");
    let placed = named.post("/v1/orders", order("atlas", 1)).await.ok();
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    let before = placed["placed_at"].as_str().unwrap().to_owned();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    harbour.post(&format!("{path}/cancel"), json!({ "reason": "customer" })).await.ok();
    let past = harbour.get(&format!("{path}/history?limit=1")).await.ok();
    assert_eq!(past["items"][0]["type"], "order.created");
    assert_eq!(past["items"][0]["cause"], "req-7");
    assert!(past["items"][0]["actor"].as_str().unwrap().starts_with("key:"), "{past}");
    let next = past["next_cursor"].as_str().unwrap();
    let rest = harbour.get(&format!("{path}/history?cursor={next}")).await.ok();
    assert_eq!(rest["items"][0]["type"], "order.cancelled");
    let as_it_was = harbour.get(&format!("{path}?at={before}")).await.ok();
    assert_eq!(as_it_was["status"], "pending");
    assert_eq!(harbour.get(&path).await.ok()["status"], "cancelled");
    let never = harbour.get(&format!("{path}?at=2020-01-01T00:00:00Z")).await;
    never.problem(404, "not_found");
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let (_shop, harbour) = Shop::trading().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(harbour.post("/v1/orders", order("atlas", 1)).await.ok()["id"].clone());
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    placed.reverse();
    let (mut seen, mut path) = (Vec::new(), "/v1/orders?limit=2".to_owned());
    loop {
        let page = harbour.get(&path).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/orders?limit=2&cursor={next}");
    }
    assert_eq!(seen, placed);
    for bad in ["limit=0", "limit=201", "limit=two", "cursor=", "sort=asc"] {
        harbour.get(&format!("/v1/orders?{bad}")).await.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn an_order_goes_its_way_from_confirming_to_coming_back() {
    let (shop, harbour) = Shop::trading().await;
    let mut paid = order("atlas", 2);
    paid["paid"] = true.into();
    let placed = harbour.post("/v1/orders", paid).await.ok();
    shop.commit_goods("harbour-books", placed["id"].as_str().unwrap()).await;
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    assert_eq!(harbour.act(&format!("{path}/process")).await.ok()["status"], "processing");
    let parcel = json!({ "carrier": "PPL", "tracking_number": "1" });
    let shipped = harbour.post(&format!("{path}/ship"), parcel).await.ok();
    assert_eq!(shipped["status"], "shipped");
    assert_eq!(harbour.act(&format!("{path}/deliver")).await.ok()["status"], "delivered");
    let cancelled = harbour.post(&format!("{path}/cancel"), json!({ "reason": "customer" })).await;
    cancelled.problem(409, "wrong_status");
    let back = json!({ "restock": true });
    assert_eq!(harbour.post(&format!("{path}/return"), back).await.ok()["status"], "returned");
    harbour
        .act("/v1/orders/019fffff-0000-7000-8000-000000000000/confirm")
        .await
        .problem(404, "not_found");
    harbour.get("/v1/orders/number%2F2026").await.problem(404, "not_found");
    let answer = harbour.ask(Method::PUT, &path, "{}".into(), Some("application/json")).await;
    answer.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn impossible_orders_are_refused_with_the_member_and_nothing_is_held() {
    let (_shop, harbour) = Shop::trading().await;
    stock(&harbour, "globe", 5).await;
    for (pointer, value) in [
        ("/lines/0/quantity", json!(-1)),
        ("/lines/0/quantity", json!(0)),
        ("/lines/0/unit_price_minor", json!(-5)),
        ("/totals/total_minor", json!(1)),
        ("/totals/tax_minor", json!(-1)),
        ("/currency", json!("crowns")),
        ("/customer/email", json!("nobody")),
        ("/channel", json!("Web!")),
        ("/lines", json!([])),
        ("/paid", json!("yes")),
    ] {
        let mut bad = order("atlas", 1);
        *bad.pointer_mut(pointer).unwrap_or(&mut json!(null)) = value.clone();
        if bad.pointer(pointer).is_none() {
            bad[pointer.trim_start_matches('/').split('/').next().unwrap()] = value.clone();
            if let Some((first, last)) = pointer[1..].split_once('/') {
                bad[first] = order("atlas", 1)[first].clone();
                bad[first][last] = value;
            }
        }
        harbour.post("/v1/orders", bad).await.at(422, "invalid", pointer);
    }
    let mut huge = order("atlas", 2);
    huge["lines"][0]["unit_price_minor"] = i64::MAX.into();
    let answer = harbour.post("/v1/orders", huge).await;
    answer.at(422, "invalid", "/lines/0/unit_price_minor");
    let mut unknown = order("atlas", 1);
    unknown["lines"][0]["colour"] = "blue".into();
    let answer = harbour.post("/v1/orders", unknown).await.problem(422, "invalid");
    assert!(answer["detail"].as_str().unwrap().contains("colour"), "{answer}");
    assert_eq!(available(&harbour, "atlas").await, 10);
    assert_eq!(harbour.get("/v1/orders").await.ok()["items"], json!([]));
}
