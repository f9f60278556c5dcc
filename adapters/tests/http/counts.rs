//! Lists that numbers lead to: each can be narrowed to what its number counts, and to nothing that
//! cannot be.

use crate::shop::{Asker, Shop, stock};
use serde_json::{Value, json};

async fn list(harbour: &Asker, path: &str) -> Vec<Value> {
    harbour.get(path).await.ok()["items"].as_array().unwrap().clone()
}

/// A shop with ten atlases in one warehouse and five in another.
async fn with_quay() -> (Shop, Asker) {
    let (shop, harbour) = Shop::trading().await;
    harbour.put("/v1/warehouses/quay", json!({ "name": "Quay" })).await.ok();
    let arrival = json!({ "sku": "atlas", "warehouse": "quay", "kind": "in", "quantity": 5 });
    harbour.post("/v1/stock/movements", arrival).await.ok();
    (shop, harbour)
}

fn warehouse_of(event: &Value) -> &str {
    event["data"]["change"]["warehouse"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_list_of_a_status_that_nothing_can_have_is_refused_with_those_that_there_are() {
    let (_shop, harbour) = Shop::trading().await;
    let wish = json!({ "url": "http://127.0.0.1:9/hook", "events": ["order.*"] });
    let made = harbour.post("/v1/webhook-endpoints", wish).await.ok();
    let deliveries = format!("/v1/webhook-endpoints/{}/deliveries", made["id"].as_str().unwrap());
    for (path, one) in [
        (&*deliveries, "given_up"),
        ("/v1/webhook-endpoints", "disabled"),
        ("/v1/notifications", "given_up"),
        ("/v1/orders", "paid_without_stock"),
        ("/v1/payments", "second_payment"),
        ("/v1/differences", "assigned"),
        ("/v1/reconciliations", "not_offered"),
        ("/v1/payouts", "handed_over"),
        ("/v1/imports", "completed_with_errors"),
        ("/v1/products", "archived"),
        ("/v1/invitations", "expired"),
        ("/v1/keys", "revoked"),
    ] {
        let answer = harbour.get(&format!("{path}?status=lost")).await;
        let problem = answer.at(400, "invalid_parameter", "status");
        let expected = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(expected.contains(one), "{path}: {expected}");
        assert!(list(&harbour, &format!("{path}?status={one}")).await.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_product_s_movements_are_found_by_their_warehouse_from_either_end() {
    let (_shop, harbour) = with_quay().await;
    let send = json!({ "sku": "atlas", "from": "main", "to": "quay", "quantity": 2 });
    harbour.post("/v1/stock/transfers", send).await.ok();
    let path = "/v1/stock/movements?sku=atlas&warehouse=quay";
    let (oldest, newest) =
        (list(&harbour, path).await, list(&harbour, &format!("{path}&newest=true")).await);
    assert_eq!((oldest.len(), warehouse_of(&oldest[0])), (2, "quay"));
    assert_eq!(oldest[1]["type"], "stock.transfer_started", "what goes there is of it too");
    assert_eq!(newest, [oldest[1].clone(), oldest[0].clone()]);
    let main = list(&harbour, "/v1/stock/movements?sku=atlas&warehouse=main&newest=true").await;
    assert!(!main.is_empty() && main.iter().all(|event| warehouse_of(event) != "quay"));
    assert!(list(&harbour, "/v1/stock/movements?sku=atlas&warehouse=moon").await.is_empty());
    let bad = harbour.get("/v1/stock/movements?sku=atlas&warehouse=").await;
    bad.at(400, "invalid_parameter", "warehouse");
}

#[tokio::test]
async fn movements_of_a_warehouse_are_read_on_by_pages_without_one_told_twice() {
    let (_shop, harbour) = with_quay().await;
    for place in ["main", "quay", "main", "quay", "quay"] {
        let one = json!({ "sku": "atlas", "warehouse": place, "kind": "in", "quantity": 1 });
        harbour.post("/v1/stock/movements", one).await.ok();
    }
    let path = "/v1/stock/movements?sku=atlas&warehouse=quay";
    let all = list(&harbour, &format!("{path}&newest=true")).await;
    assert_eq!(all.len(), 4);
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = harbour.get(&format!("{path}&newest=true&limit=1{next}")).await.ok();
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(found, all);
}

#[tokio::test]
async fn holds_are_found_by_the_warehouse_that_keeps_their_goods() {
    let (_shop, harbour) = with_quay().await;
    stock(&harbour, "lamp", 9).await;
    for (id, sku, warehouse) in
        [("hold-1", "atlas", "main"), ("hold-2", "atlas", "quay"), ("hold-3", "lamp", "main")]
    {
        let line = json!({ "sku": sku, "quantity": 1, "warehouse": warehouse });
        let wish = json!({ "reservation": id, "channel": "web", "lines": [line],
            "until": "2099-01-01T00:00:00Z" });
        harbour.post("/v1/stock/reservations", wish).await.ok();
    }
    let found = async |query: &str| -> Vec<Value> {
        let page = list(&harbour, &format!("/v1/stock/reservations?{query}")).await;
        page.iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(found("warehouse=main").await, ["hold-3", "hold-1"]);
    assert_eq!(found("warehouse=main&sku=atlas").await, ["hold-1"]);
    assert_eq!(found("warehouse=quay&status=held").await, ["hold-2"]);
    assert!(found("warehouse=quay&sku=lamp").await.is_empty());
    let bad = harbour.get("/v1/stock/reservations?warehouse=").await;
    bad.at(400, "invalid_parameter", "warehouse");
}

#[tokio::test]
async fn transfers_are_found_by_where_they_come_from_and_where_they_go() {
    let (_shop, harbour) = with_quay().await;
    for (from, to) in [("main", "quay"), ("quay", "main")] {
        let send = json!({ "sku": "atlas", "from": from, "to": to, "quantity": 1 });
        harbour.post("/v1/stock/transfers", send).await.ok();
    }
    let there = list(&harbour, "/v1/stock/transfers?sku=atlas&to=quay&received=false").await;
    assert_eq!((there.len(), &there[0]["from"]), (1, &json!("main")));
    let back = list(&harbour, "/v1/stock/transfers?from=quay").await;
    assert_eq!((back.len(), &back[0]["to"]), (1, &json!("main")));
    assert!(list(&harbour, "/v1/stock/transfers?from=quay&to=quay").await.is_empty());
    harbour.get("/v1/stock/transfers?to=").await.at(400, "invalid_parameter", "to");
    harbour.get("/v1/stock/transfers?from=").await.at(400, "invalid_parameter", "from");
}
