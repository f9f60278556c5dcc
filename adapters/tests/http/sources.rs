//! From where a request comes, and where a key may be used.

use crate::shop::{Answer, Asker, Shop, order};
use axum::{body::Body, extract::ConnectInfo};
use http::Method;
use kontor_actors::store::Store;
use serde_json::json;
use std::net::SocketAddr;
use tower::ServiceExt;

/// Asks over a connection from `peer`.
pub async fn from(asker: &Asker, peer: &str, method: Method, path: &str, body: &str) -> Answer {
    let kind = (!body.is_empty()).then_some("application/json");
    let mut request = asker.request(method, path, Body::from(body.to_owned()), kind);
    let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = asker.app().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
    Answer { status, headers, bytes }
}

async fn orders(asker: &Asker, peer: &str) -> Answer {
    from(asker, peer, Method::GET, "/v1/orders", "").await
}

async fn bound_key(shop: &Shop, harbour: &Asker) -> (String, Asker) {
    let wish = json!({
        "name": "till", "scopes": ["orders:read"],
        "allowed_addresses": ["203.0.113.0/24", "2001:db8::1"],
    });
    let made = harbour.post("/v1/keys", wish).await.ok();
    let till = shop.nobody().token(made["token"].as_str().unwrap());
    (format!("/v1/keys/{}", made["id"].as_str().unwrap()), till)
}

#[tokio::test]
async fn a_key_that_is_bound_to_addresses_counts_from_there_only() {
    let (shop, harbour) = Shop::trading().await;
    let (_, till) = bound_key(&shop, &harbour).await;
    for good in ["203.0.113.7", "[2001:db8::1]", "[::ffff:203.0.113.7]"] {
        orders(&till, good).await.ok();
    }
    for bad in ["198.51.100.7", "[2001:db8::2]"] {
        orders(&till, bad).await.problem(403, "address_not_allowed");
    }
    till.get("/v1/orders").await.problem(403, "address_not_allowed");
    let claimed = till.header("x-forwarded-for", "203.0.113.7");
    orders(&claimed, "198.51.100.7").await.problem(403, "address_not_allowed");
    for bad in ["203.0.113.7/24", "shop.example"] {
        let wish = json!({ "name": "x", "scopes": ["*"], "allowed_addresses": [bad] });
        harbour.post("/v1/keys", wish).await.at(422, "invalid", "/allowed_addresses/0");
    }
}

#[tokio::test]
async fn a_proxy_that_is_trusted_is_believed_from_where_a_request_comes() {
    let shop = Shop::with(|settings| {
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    let shop = shop.await;
    let harbour = shop.tenant("harbour-books").await;
    let (_, till) = bound_key(&shop, &harbour).await;
    let forwarded = till.clone().header("x-forwarded-for", "198.51.100.7, 203.0.113.7");
    orders(&forwarded, "10.0.0.1").await.ok();
    let forged = till.header("x-forwarded-for", "203.0.113.7, 198.51.100.7");
    orders(&forged, "10.0.0.1").await.problem(403, "address_not_allowed");
}

#[tokio::test]
async fn a_key_shows_when_and_from_where_it_was_last_used() {
    let (shop, harbour) = Shop::trading().await;
    let (path, till) = bound_key(&shop, &harbour).await;
    assert_eq!(harbour.get(&path).await.ok().get("last_used_at"), None);
    orders(&till, "198.51.100.7").await.problem(403, "address_not_allowed");
    orders(&till, "203.0.113.7").await.ok();
    orders(&till, "203.0.113.8").await.ok();
    let mut head = shop.intake.ground().journal.head(0);
    let shown = loop {
        let shown = harbour.get(&path).await.ok();
        if shown["last_used_at"].is_string() {
            break shown;
        }
        head.changed().await.unwrap();
    };
    assert_eq!(shown["last_used_from"], "203.0.113.7");
}

#[tokio::test]
async fn the_journal_knows_from_where_something_was_asked() {
    let (shop, harbour) = Shop::trading().await;
    let body = order("atlas", 1).to_string();
    from(&harbour, "203.0.113.7", Method::POST, "/v1/orders", &body).await.ok();
    let (written, told) = (&shop.store as &dyn Store, &*shop.intake.ground().store);
    for (store, open) in [(told, true), (written, false)] {
        let events = store.read(0, 0, 100).await.unwrap();
        let created = events.iter().find(|event| &*event.name == "order.created").unwrap();
        let seen = created.meta.contains(r#""address":"203.0.113.7""#);
        assert_eq!(seen, open, "{}", created.meta);
        assert!(created.meta.contains(r#""address":""#), "{}", created.meta);
    }
}
