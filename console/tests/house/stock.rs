//! What the stand-in knows of one product's stock.

use super::{Asked, ORDER, json as answered, problem};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const SINCE: &str = "2026-11-20T08:00:00Z";

/// A document, if it is about that and there.
pub(super) fn read(path: &str) -> Option<Value> {
    let (route, asked) = path.split_once('?').unwrap_or((path, ""));
    match route {
        "/v1/stock" if asked.contains("limit=200") => Some(match asked.contains("cursor=p2") {
            false => json!({ "items": [{ "id": "=cmd", "total_available": 1_234, "levels": [],
                                         "settings": {} }], "next_cursor": "p2" }),
            true => json!({ "items": [lamp()] }),
        }),
        "/v1/stock/lamp" => {
            let mut lamp = lamp();
            let closed = json!({ "warehouse": "quay", "on_hand": 3, "reserved": 0 });
            lamp["levels"].as_array_mut()?.push(closed);
            Some(lamp)
        }
        "/v1/stock/set" => Some(json!({ "id": "set", "version": 1, "total_available": 1,
            "levels": [], "settings": { "low_threshold": 0, "backorder": false,
            "safety_buffers": {}, "components": { "lamp": 2 } } })),
        "/v1/stock/reservations" if asked.contains("status=short") => {
            Some(json!({ "items": [], "next_cursor": "r-0" }))
        }
        "/v1/stock/reservations" if asked.contains("sku=lamp") => {
            let parts = json!([{ "warehouse": "main", "quantity": 2 }]);
            let bundled = json!([{ "sku": "lamp", "warehouse": "main", "quantity": 4 },
                                 { "sku": "atlas", "warehouse": "main", "quantity": 1 }]);
            Some(json!({ "items": [{ "id": ORDER, "status": "held", "channel": "web",
                "until": "2126-11-27T15:00:00Z", "lines": [
                    { "sku": "lamp", "quantity": 2, "parts": parts },
                    { "sku": "set", "quantity": 1, "parts": bundled },
                    { "sku": "atlas", "quantity": 9 }] }], "next_cursor": "r-1" }))
        }
        "/v1/stock/reservations" => Some(json!({ "items": [] })),
        "/v1/stock/transfers" => Some(json!({ "items": [{ "id": "t-1", "sku": "lamp",
            "quantity": 5, "from": "main", "to": "quay", "received": false }] })),
        "/v1/stock/movements" => Some(json!({ "items": [
            { "type": "stock.moved", "entity": "movement/m-1", "at": SINCE, "actor": "operator",
              "data": { "kind": "in", "change": { "sku": "lamp", "warehouse": "main",
                                                  "quantity": 7 } } }],
            "next_cursor": "51" })),
        _ => None,
    }
}

fn lamp() -> Value {
    json!({ "id": "lamp", "version": 60, "total_available": 6,
            "levels": [{ "warehouse": "main", "on_hand": 12, "reserved": 6, "in_transit": 5 }],
            "settings": { "low_threshold": 4, "backorder": false,
                          "safety_buffers": { "web": 2 }, "components": {} } })
}

/// The answer to a change of it; none, if it is about something else.
pub(super) fn done(asked: &Asked) -> Option<Response> {
    let (route, how) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    if asked.method != Method::PUT || !route.starts_with("/v1/stock/") {
        return None;
    }
    let said: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    if said["low_threshold"].as_i64() > Some(1_000_000_000) {
        let detail = "expected 0 to 1000000000";
        let told = json!({ "status": 422, "code": "invalid",
            "detail": format!("/low_threshold: {detail}"),
            "errors": [{ "pointer": "/low_threshold", "detail": detail }] });
        return Some((StatusCode::UNPROCESSABLE_ENTITY, told.to_string()).into_response());
    }
    if route != "/v1/stock/lamp/settings" && route != "/v1/stock/set/settings" {
        return Some(problem(StatusCode::NOT_FOUND, "not_found", "there is no such product"));
    }
    let mut after = lamp();
    after["settings"] = said;
    let would = json!([{ "type": "stock.configured", "entity": "sku/lamp", "data": {} }]);
    Some(answered(&match how.contains("dry_run=true") {
        true => json!({ "would": would, "result": after }),
        false => after,
    }))
}
