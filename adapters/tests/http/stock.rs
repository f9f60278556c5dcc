//! Stock over HTTP.

use crate::shop::{Shop, available, stock};
use serde_json::json;

#[tokio::test]
async fn goods_come_go_and_are_counted() {
    let (_shop, harbour) = Shop::trading().await;
    let moving = |kind: &str, quantity: i64| {
        json!({ "sku": "atlas", "warehouse": "main", "kind": kind, "quantity": quantity,
            "reason": "stocktaking" })
    };
    let moved = harbour.post("/v1/stock/movements", moving("out", 3)).await;
    assert_eq!(moved.status, 201);
    let moved_at = moved.head("location");
    assert_eq!(harbour.get(&moved_at).await.ok()["quantity"], 3);
    harbour.post("/v1/stock/movements", moving("adjustment", -1)).await.ok();
    assert_eq!(available(&harbour, "atlas").await, 6);
    harbour.post("/v1/stock/movements", moving("count", 20)).await.ok();
    assert_eq!(available(&harbour, "atlas").await, 20);
    for (kind, quantity, code) in [
        ("in", -5, "invalid"),
        ("in", 0, "invalid"),
        ("out", -1, "invalid"),
        ("adjustment", 0, "invalid"),
        ("count", -1, "invalid"),
    ] {
        let answer = harbour.post("/v1/stock/movements", moving(kind, quantity)).await;
        answer.at(422, code, "/quantity");
    }
    let answer = harbour.post("/v1/stock/movements", moving("out", 21)).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    let answer = harbour.post("/v1/stock/movements", moving("in", i64::MAX)).await;
    assert!(answer.status.is_client_error(), "{}", answer.text());
    assert_eq!(available(&harbour, "atlas").await, 20);
    let past = harbour.get("/v1/stock/movements?sku=atlas").await.ok();
    assert_eq!(past["items"].as_array().unwrap().len(), 4);
    assert_eq!(past["items"][0]["type"], "stock.moved");
    harbour.get("/v1/stock/movements").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_movement_asked_twice_under_one_key_moves_once() {
    let (_shop, harbour) = Shop::trading().await;
    let keyed = harbour.clone().header("idempotency-key", "delivery-1");
    let arrival = json!({ "sku": "atlas", "warehouse": "main", "kind": "in", "quantity": 5 });
    let first = keyed.post("/v1/stock/movements", arrival.clone()).await.ok();
    let again = keyed.post("/v1/stock/movements", arrival).await;
    assert_eq!(again.head("idempotency-replayed"), "true");
    assert_eq!(again.json(), first);
    assert_eq!(available(&harbour, "atlas").await, 15);
}

#[tokio::test]
async fn unknown_products_and_warehouses_are_named() {
    let (_shop, harbour) = Shop::trading().await;
    harbour.get("/v1/stock/globe").await.problem(404, "not_found");
    let nowhere = json!({ "sku": "atlas", "warehouse": "moon", "kind": "in", "quantity": 1 });
    harbour.post("/v1/stock/movements", nowhere).await.problem(422, "unknown_warehouse");
    harbour.get("/v1/warehouses/moon").await.problem(404, "not_found");
    let bad = harbour.put("/v1/warehouses/Moon", json!({ "name": "Moon" })).await;
    bad.at(422, "invalid", "/code");
    let bad = harbour.put("/v1/warehouses/moon", json!({ "name": "" })).await;
    bad.at(422, "invalid", "/name");
}

#[tokio::test]
async fn warehouses_are_put_and_listed() {
    let (_shop, harbour) = Shop::trading().await;
    let put = json!({ "name": "Depot", "priority": 5, "country": "CZ" });
    let depot = harbour.put("/v1/warehouses/depot", put).await.ok();
    assert_eq!((&depot["id"], &depot["active"]), (&json!("depot"), &json!(true)));
    assert_eq!(harbour.get("/v1/warehouses/depot").await.ok(), depot);
    let all = harbour.get("/v1/warehouses").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let would = harbour.put("/v1/warehouses/attic?dry_run=true", json!({ "name": "Attic" })).await;
    assert_eq!(would.ok()["would"][0]["type"], "stock.warehouse_put");
    harbour.get("/v1/warehouses/attic").await.problem(404, "not_found");
}

#[tokio::test]
async fn goods_travel_between_warehouses() {
    let (_shop, harbour) = Shop::trading().await;
    harbour.put("/v1/warehouses/shop", json!({ "name": "Shop" })).await.ok();
    let wish = json!({ "sku": "atlas", "from": "main", "to": "shop", "quantity": 4 });
    let started = harbour.post("/v1/stock/transfers", wish).await;
    let place = started.head("location");
    assert_eq!(started.ok()["received"], false);
    assert_eq!(available(&harbour, "atlas").await, 6);
    assert_eq!(harbour.act(&format!("{place}/receive")).await.ok()["received"], true);
    assert_eq!(available(&harbour, "atlas").await, 10);
    assert_eq!(harbour.get("/v1/stock/transfers").await.ok()["items"][0]["received"], true);
    harbour.act("/v1/stock/transfers/none/receive").await.problem(404, "not_found");
}

#[tokio::test]
async fn reservations_hold_all_or_nothing_and_are_given_back() {
    let (_shop, harbour) = Shop::trading().await;
    stock(&harbour, "globe", 1).await;
    let until = "2099-01-01T00:00:00Z";
    let wish = |globes: i64| {
        json!({ "channel": "web", "until": until, "lines": [
            { "sku": "atlas", "quantity": 2 }, { "sku": "globe", "quantity": globes }] })
    };
    let answer = harbour.post("/v1/stock/reservations", wish(2)).await;
    answer.at(409, "out_of_stock", "/lines/1/quantity");
    assert_eq!(available(&harbour, "atlas").await, 10);
    let held = harbour.post("/v1/stock/reservations", wish(1)).await;
    let place = held.head("location");
    assert_eq!(held.ok()["status"], "held");
    assert_eq!(available(&harbour, "atlas").await, 8);
    let renewal = json!({ "until": "2100-01-01T00:00:00Z" });
    harbour.post(&format!("{place}/renew"), renewal).await.ok();
    let part = json!({ "lines": [{ "sku": "atlas", "quantity": 1 }] });
    harbour.post(&format!("{place}/release"), part).await.ok();
    assert_eq!(available(&harbour, "atlas").await, 9);
    assert_eq!(harbour.act(&format!("{place}/commit")).await.ok()["status"], "committed");
    assert_eq!(harbour.get(&place).await.ok()["status"], "committed");
    let other = harbour.post(
        "/v1/stock/reservations",
        json!({ "channel": "web", "until": until,
        "lines": [{ "sku": "atlas", "quantity": 1 }] }),
    );
    let other = other.await.head("location");
    assert_eq!(harbour.act(&format!("{other}/release")).await.ok()["status"], "released");
    assert_eq!(available(&harbour, "atlas").await, 9);
}

#[tokio::test]
async fn a_product_s_holds_are_found_among_all_of_them_by_how_they_stand() {
    let (_shop, harbour) = Shop::trading().await;
    stock(&harbour, "lamp", 9).await;
    for (id, sku) in [("hold-1", "atlas"), ("hold-2", "lamp"), ("hold-3", "atlas")] {
        let wish = json!({ "reservation": id, "channel": "web", "until": "2099-01-01T00:00:00Z",
            "lines": [{ "sku": sku, "quantity": 1 }] });
        harbour.post("/v1/stock/reservations", wish).await.ok();
    }
    harbour.act("/v1/stock/reservations/hold-1/release").await.ok();
    let found = async |query: &str| -> Vec<String> {
        let page = harbour.get(&format!("/v1/stock/reservations?{query}")).await.ok();
        let ids = page["items"].as_array().unwrap().iter();
        ids.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("sku=atlas").await, ["hold-3", "hold-1"]);
    assert_eq!(found("sku=atlas&status=held").await, ["hold-3"]);
    assert_eq!(found("status=held").await, ["hold-3", "hold-2"]);
    assert_eq!(found("sku=atlas&status=released").await, ["hold-1"]);
    assert!(found("sku=globe").await.is_empty());
    let page = harbour.get("/v1/stock/reservations?sku=atlas&limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    let older = format!("sku=atlas&limit=1&cursor={cursor}");
    assert_eq!(found(&older).await, ["hold-1"]);
    let path = "/v1/stock/reservations?status=lost";
    harbour.get(path).await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_bundle_s_hold_is_one_of_its_parts_too() {
    let (_shop, harbour) = Shop::trading().await;
    let bundle = json!({ "components": { "atlas": 2 } });
    harbour.put("/v1/stock/set/settings", bundle).await.ok();
    let wish = json!({ "channel": "web", "until": "2099-01-01T00:00:00Z",
        "lines": [{ "sku": "set", "quantity": 1 }] });
    let held = harbour.post("/v1/stock/reservations", wish).await.ok();
    let page = harbour.get("/v1/stock/reservations?sku=atlas&status=held").await.ok();
    assert_eq!(page["items"][0]["id"], held["id"]);
}

#[tokio::test]
async fn transfers_are_found_by_product_and_by_whether_they_have_arrived() {
    let (_shop, harbour) = Shop::trading().await;
    harbour.put("/v1/warehouses/quay", json!({ "name": "Quay" })).await.ok();
    let send = json!({ "sku": "atlas", "from": "main", "to": "quay", "quantity": 2 });
    let first = harbour.post("/v1/stock/transfers", send.clone()).await.ok();
    let second = harbour.post("/v1/stock/transfers", send).await.ok();
    let first = first["id"].as_str().unwrap();
    harbour.act(&format!("/v1/stock/transfers/{first}/receive")).await.ok();
    let found = async |query: &str| {
        let page = harbour.get(&format!("/v1/stock/transfers?{query}")).await.ok();
        page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found("sku=atlas&received=false").await, [second["id"].clone()]);
    assert_eq!(found("received=true").await, [json!(first)]);
    assert!(found("sku=lamp").await.is_empty());
}

#[tokio::test]
async fn movements_are_told_from_the_newest_back_by_pages() {
    let (_shop, harbour) = Shop::trading().await;
    for quantity in 1..=4 {
        let arrival = json!({ "sku": "atlas", "warehouse": "main", "kind": "in",
            "quantity": quantity });
        harbour.post("/v1/stock/movements", arrival).await.ok();
    }
    let path = "/v1/stock/movements?sku=atlas&newest=true&limit=2";
    let quantities = |page: &serde_json::Value| -> Vec<i64> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|one| one["data"]["change"]["quantity"].as_i64().unwrap()).collect()
    };
    let first = harbour.get(path).await.ok();
    assert_eq!(quantities(&first), [4, 3]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = harbour.get(&format!("{path}&cursor={cursor}")).await.ok();
    assert_eq!(quantities(&second), [2, 1]);
    let cursor = second["next_cursor"].as_str().unwrap();
    let last = harbour.get(&format!("{path}&cursor={cursor}")).await.ok();
    assert_eq!(last["items"].as_array().unwrap().len(), 1, "the goods that it began with");
    assert!(last.get("next_cursor").is_none());
    let none = harbour.get("/v1/stock/movements?sku=globe&newest=true").await.ok();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn a_supplier_s_older_news_changes_nothing() {
    let (_shop, harbour) = Shop::trading().await;
    let supplier = json!({ "name": "Supplier", "kind": "supplier" });
    harbour.put("/v1/warehouses/acme", supplier).await.ok();
    let news = |quantity: i64, at: &str| json!({ "sku": "lamp", "warehouse": "acme", "quantity": quantity, "observed_at": at });
    let path = "/v1/stock/observations";
    harbour.post(path, news(7, "2026-01-02T00:00:00Z")).await.ok();
    harbour.post(path, news(9, "2026-01-01T00:00:00Z")).await.ok();
    assert_eq!(available(&harbour, "lamp").await, 7);
    harbour.post(path, news(-1, "2026-01-03T00:00:00Z")).await.at(422, "invalid", "/quantity");
    harbour.post(path, news(1, "yesterday")).await.at(422, "invalid", "/observed_at");
}

#[tokio::test]
async fn a_product_s_settings_are_set() {
    let (_shop, harbour) = Shop::trading().await;
    let set = json!({ "low_threshold": 3, "safety_buffers": { "web": 8 } });
    harbour.put("/v1/stock/atlas/settings", set).await.ok();
    let answer = harbour.post("/v1/orders", crate::shop::order("atlas", 3)).await;
    answer.problem(409, "out_of_stock");
    let bad = harbour.put("/v1/stock/atlas/settings", json!({ "low_threshold": -1 })).await;
    bad.at(422, "invalid", "/low_threshold");
    let listed = harbour.get("/v1/stock").await.ok();
    assert_eq!(listed["items"][0]["settings"]["low_threshold"], 3);
}

#[tokio::test]
async fn a_product_may_be_called_anything() {
    let (_shop, harbour) = Shop::trading().await;
    stock(&harbour, "a/b c%ü", 2).await;
    assert_eq!(available(&harbour, "a%2Fb%20c%25%C3%BC").await, 2);
}
