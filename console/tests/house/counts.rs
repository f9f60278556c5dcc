//! What the stand-in knows of lists that numbers lead to: the books, deliveries, mappings, deeds.

use super::ORDER;
use serde_json::{Value, json};

const SINCE: &str = "2026-11-20T08:00:00Z";

/// A document, if it is about these and there.
pub(super) fn read(path: &str) -> Option<Value> {
    let (route, asked) = path.split_once('?').unwrap_or((path, ""));
    match route {
        "/v1/webhook-endpoints" => Some(json!({ "items": [endpoint()] })),
        "/v1/webhook-endpoints/e1" => Some(endpoint()),
        "/v1/webhook-endpoints/e1/deliveries" => {
            Some(json!({ "items": [delivery()], "next_cursor": "e1/v0" }))
        }
        route if route.starts_with("/v1/webhook-endpoints/e1/deliveries/") => Some(delivery()),
        "/v1/ledger/balances" => Some(json!({ "entries": 3, "items": [
            { "provider": "stripe", "account": "main", "currency": "CZK", "in_minor": 100_000,
              "out_minor": 30_000, "charged_back_minor": 0, "balance_minor": 70_000 }] })),
        "/v1/ledger" => Some(json!({ "items": [
            { "id": "l-1", "number": 1, "payment": "pay-1", "attempt": 1, "kind": "refund",
              "amount_minor": 30_000, "currency": "CZK", "change_minor": -30_000,
              "provider": "stripe", "account": "main", "at": SINCE }], "next_cursor": "51" })),
        "/v1/differences" => Some(json!({ "items": [], "next_cursor": "d-9" })),
        "/v1/dead-letters" if asked.contains("source=domain%3Astock") => Some(json!({ "items": [
            { "id": "d1", "source": "domain:stock", "reason": "panic: as a bug would",
              "attempts": 1, "at": SINCE }], "next_cursor": "d0" })),
        "/v1/audit" if asked.contains("actor=user") => {
            let deed = |domain: &str, entity: &str| {
                json!({ "type": "stock.configured", "domain": domain, "entity": entity,
                        "at": SINCE, "actor": "user:u-1", "data": {} })
            };
            Some(json!({ "items": [deed("stock", "sku/lamp"), deed("order", ORDER),
                                   deed("webhook", "delivery/e1/v1"), deed("signing", "ring")] }))
        }
        _ => None,
    }
}

fn endpoint() -> Value {
    json!({ "id": "e1", "url": "https://hooks.example.com/in", "events": ["order.*"],
            "status": "active", "failures": 7, "failing_since": SINCE })
}

fn delivery() -> Value {
    json!({ "id": "e1/v1", "endpoint": "e1", "event": "v1", "name": "order.shipped",
            "subject": ORDER, "status": "given_up", "reason": "exhausted", "created_at": SINCE,
            "attempts": [
                { "at": SINCE, "error": "no <whole> answer", "duration_ms": 9_000 },
                { "at": SINCE, "status": 503, "error": "503", "duration_ms": 41 }] })
}
