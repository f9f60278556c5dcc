//! Views that a user keeps of a tenant's orders.

use crate::{
    closing::person,
    shop::{Asker, Shop},
};
use kontor_actors::store::Store;
use serde_json::{Value, json};

const TILLS: &str = "/v1/auth/me/views/Tills%20%26%20web";

/// Somebody who is a member of `harbour-books`, and asks for it.
async fn member(shop: &Shop, nobody: &Asker, name: &str) -> Asker {
    let email = format!("{name}@example.com");
    let asker = person(shop, nobody, &email).await;
    let id = asker.get("/v1/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    let body = json!({ "role": "viewer", "email": email });
    shop.operator_for("harbour-books").put(&format!("/v1/members/{id}"), body).await.ok();
    asker.header("x-kontor-tenant", "harbour-books")
}

async fn kept(asker: &Asker) -> Value {
    asker.get("/v1/auth/me/views").await.ok()["items"].clone()
}

#[tokio::test]
async fn a_view_is_kept_under_its_name_and_removed() {
    let (shop, _) = Shop::trading().await;
    let (nobody, _identity) = shop.signing();
    let jana = member(&shop, &nobody, "jana").await;
    assert_eq!(kept(&jana).await, json!([]));
    let view = json!({ "name": "Tills & web", "query": "status=confirmed&channel=web" });
    let query = json!({ "query": "status=confirmed&channel=web" });
    for _ in 0..2 {
        assert_eq!(jana.put(TILLS, query.clone()).await.ok(), view);
    }
    let other = json!({ "query": "placed_from=2026-11-01&q=2026-" });
    jana.put("/v1/auth/me/views/November", other).await.ok();
    let sold = json!({ "query": "currency=CZK&cancelled=false&paid=true&sku=atlas" });
    jana.put("/v1/auth/me/views/Sold", sold).await.ok();
    jana.delete("/v1/auth/me/views/Sold").await;
    assert_eq!(kept(&jana).await[0], view);
    assert_eq!(kept(&jana).await[1]["name"], "November");
    let petr = member(&shop, &nobody, "petr").await;
    assert_eq!(kept(&petr).await, json!([]), "each has their own");
    for _ in 0..2 {
        assert_eq!(jana.delete(TILLS).await.status, 204);
    }
    assert_eq!(kept(&jana).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_view_is_a_list_of_orders_and_holds_no_customer_s_address() {
    let (shop, _) = Shop::trading().await;
    let (nobody, _identity) = shop.signing();
    let jana = member(&shop, &nobody, "jana").await;
    for query in [
        "",
        "cursor=1",
        "limit=5",
        "number=2026-000001",
        "sort=asc",
        "status=lost",
        "channel=",
        "currency=crowns",
        "sku=",
        "paid=maybe",
        "q=jana%40example.com",
    ] {
        let answer = jana.put(TILLS, json!({ "query": query })).await;
        answer.at(422, "invalid", "/query");
    }
    jana.put(TILLS, json!({})).await.problem(422, "invalid");
    let long = format!("/v1/auth/me/views/{}", "x".repeat(41));
    jana.put(&long, json!({ "query": "channel=web" })).await.at(422, "invalid", "/name");
    for n in 0..20 {
        let path = format!("/v1/auth/me/views/{n}");
        jana.put(&path, json!({ "query": "channel=web" })).await.ok();
    }
    jana.put(TILLS, json!({ "query": "channel=web" })).await.problem(409, "wrong_state");
}

#[tokio::test]
async fn views_are_of_tenants_that_are_one_s_own() {
    let (shop, harbour) = Shop::trading().await;
    let (nobody, _identity) = shop.signing();
    let jana = member(&shop, &nobody, "jana").await;
    shop.tenant("market").await;
    let elsewhere = person(&shop, &nobody, "petr@example.com").await;
    elsewhere.get("/v1/auth/me/views").await.at(400, "invalid_parameter", "X-Kontor-Tenant");
    for tenant in ["harbour-books", "market", "nowhere"] {
        let asker = elsewhere.clone().header("x-kontor-tenant", tenant);
        asker.get("/v1/auth/me/views").await.problem(404, "not_found");
        asker.put(TILLS, json!({ "query": "channel=web" })).await.problem(404, "not_found");
        asker.delete(TILLS).await.problem(404, "not_found");
    }
    // A key is nobody who could keep a view.
    assert_eq!(harbour.get("/v1/auth/me/views").await.status, 401);
    jana.get("/v1/auth/me/views").await.ok();
}

#[tokio::test]
async fn what_a_view_says_is_written_sealed() {
    let (shop, _) = Shop::trading().await;
    let (nobody, _identity) = shop.signing();
    let jana = member(&shop, &nobody, "jana").await;
    jana.put("/v1/auth/me/views/Sealskin", json!({ "query": "channel=sealskin-web" })).await.ok();
    let events = shop.store.read(0, 0, u32::MAX).await.unwrap();
    assert!(events.iter().any(|event| &*event.name == "user.view_saved"));
    assert!(!events.iter().any(|event| event.payload.to_lowercase().contains("sealskin")));
    let states = shop.store.scan(None, u32::MAX).await.unwrap();
    assert!(!states.iter().any(|row| row.state.to_lowercase().contains("sealskin")));
    assert_eq!(kept(&jana).await[0]["query"], "channel=sealskin-web");
}
