//! What was recorded, and what the stand-in knows of most pages.

use super::{House, ORDER, health, json, problem, recorded};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

fn summary() -> Value {
    let tally = |orders: i64, without: i64, minor: i64| {
        let mut hours = vec![0; 24];
        hours[0] = orders;
        json!({ "orders": orders, "paid": 1, "cancelled": 0, "paid_without_stock": without,
                "revenue": [{"amount_minor": minor, "currency": "CZK"}], "hours": hours,
                "margin": [{"currency": "CZK", "revenue_minor": 2_000_000, "cost_minor": 1_250_000,
                            "margin_minor": 750_000, "lines_with_cost": 1_150,
                            "lines_without_cost": 50, "revenue_without_cost_minor": 90_000,
                            "lines_without_tax": 7}] })
    };
    let of = |channel: &str, mut tally: Value| {
        tally["channel"] = json!(channel);
        tally["last_order"] =
            json!({"id": ORDER, "number": "2026-000007", "placed_at": "2026-11-27T14:57:00Z"});
        tally
    };
    let mut day = tally(1_200, 1, 4_188_000);
    day["day"] = json!("2026-11-27");
    day["complete"] = json!(true);
    day["products_without_cost"] = json!([{"sku": "lamp", "currency": "CZK", "lines": 50}]);
    day["minutes"] = json!([{"at": "2026-11-27T14:57:00Z", "orders": 1_200}]);
    day["channels"] =
        json!([of("till", tally(200, 0, 698_000)), of("web", tally(1_000, 1, 3_490_000))]);
    day
}

/// A document, if it is there.
pub(super) fn read(house: &House, path: &str) -> Response {
    let order = format!("/v1/orders/{ORDER}");
    let me = || {
        let tenants = house.role.map(|role| json!({"tenant": "harbour-books", "role": role}));
        let role = if house.role.is_none() { "operator" } else { "none" };
        json!({ "name": "Jana", "email": "jana@example.com", "platform_role": role,
                "tenants": tenants.into_iter().collect::<Vec<_>>() })
    };
    let tenant = || recorded("tenants")["items"][0].clone();
    match path {
        "/v1/auth/me" => json(&me()),
        "/v1/tenant" => json(&tenant()),
        path if path.starts_with("/v1/summary") => json(&summary()),
        "/v1/auth/me/views" => json(&json!({"items": [
            {"name": "To pack at the till", "query": "status=confirmed&channel=till"}]})),
        "/v1/permissions" => json(&recorded("permissions")),
        "/v1/quarantine" => json(&json!({"items": [{"tenant": "polar-tea", "domain": "order",
            "since": "2026-11-27T14:02:00Z", "reason": "panic in order.decide"}]})),
        path if path.starts_with("/v1/actors") => json(&json!({
            "next_cursor": house.busy.then_some("polar-tea/order"), "items": [
            {"tenant": "harbour-books", "domain": "stock", "shard": 0, "status": "running", "waiting": 3,
             "done": 128, "answers_per_minute": 96, "answer_p99_us": 7167, "crashes": 1, "since": "2026-11-27T14:02:00Z",
             "crashed_at": "2026-11-27T14:01:59Z", "crashed_by": "crashed on request"},
            {"tenant": "harbour-books", "domain": "catalog", "shard": 0, "status": "paused",
             "waiting": 0, "done": 0, "answers_per_minute": 0, "crashes": 0,
             "since": "2026-11-27T14:02:00Z"},
            {"tenant": "polar-tea", "domain": "order", "shard": 0, "status": "quarantined",
             "waiting": 0, "crashed_by": "panic in order.decide", "done": 0, "answers_per_minute": 0, "crashes": 6, "since": "2026-11-27T14:02:00Z"}]})),
        path if path.starts_with("/v1/platform/timers") => json(&json!({"items": [
            {"tenant": "polar-tea", "domain": "order", "entity": "o9", "version": 1,
             "status": "pending", "due": "2126-11-27T15:00:00Z", "overdue": false},
            {"tenant": "platform", "domain": "signing", "entity": "ring", "version": 2,
             "due": "2126-11-28T15:00:00Z", "overdue": false}],
            "next_cursor": "1~platform~signing~ring"})),
        path if path.starts_with("/v1/timers?") && path.contains("overdue=false") => {
            json(&json!({"items": [{"domain": "order", "entity": ORDER, "version": 3,
                "status": "pending", "due": "2126-11-27T15:00:00Z", "overdue": false}]}))
        }
        path if path.starts_with("/v1/timers?") => json(&json!({"items": []})),
        "/v1/products/p1" => json(&json!({"id": "p1", "sku": "atlas", "status": "active",
            "titles": {"en": "Large atlas"}, "owners": [], "prices": [], "media": []})),
        "/v1/products/p1/history?limit=100" => json(&json!({"items": [
            {"type": "product.created", "at": "2026-11-27T14:00:00Z", "actor": "operator",
             "data": {"type": "created", "sku": "atlas"}},
            {"type": "price.changed", "at": "2026-11-27T14:01:00Z", "actor": "operator",
             "data": {"sku": "atlas", "changes": [
                {"field": "price.cost.CZK", "was": {"price": {"amount_minor": 20_000}},
                 "now": {"price": {"amount_minor": 21_000}}},
                {"field": "price.sale.CZK@web", "now": {"price": {"amount_minor": 29_900}}}]}}]})),
        "/v1/shards" | "/v1/shards?limit=200" => {
            json(&json!({"items": [{"shard": 0, "events": 15_060, "actors_running": 1,
            "followers": [{"follower": "policies", "done": 14_990}]}]}))
        }
        "/ready" => json(&json!({"ready": true})),
        "/metrics" => match house.figures {
            Some(figures) => figures.into_response(),
            None => health::metrics(house.busy).into_response(),
        },
        path if path.starts_with("/v1/tenants/") => json(&tenant()),
        path if path.starts_with("/v1/tenants") => json(&recorded("tenants")),
        path if path == order => json(&house.order),
        path if path == format!("{order}/margin") && house.role == Some("packer") => {
            problem(StatusCode::FORBIDDEN, "missing_scope", "your role has no scope catalog:read")
        }
        path if path == format!("{order}/margin") => json(&json!({
            "sum": {"currency": "CZK", "revenue_minor": 57_686, "cost_minor": 40_000,
                    "margin_minor": 17_686, "lines_with_cost": 1, "lines_without_cost": 1,
                    "revenue_without_cost_minor": 10_000, "lines_without_tax": 0},
            "lines": [{"sku": "atlas", "units": 2, "revenue_minor": 57_686, "cost_minor": 40_000,
                       "margin_minor": 17_686},
                      {"sku": "lamp", "units": 1, "revenue_minor": 10_000}]})),
        path if path.starts_with(&format!("{order}?at=")) => {
            let mut then = house.order.clone();
            then["status"] = json!("pending");
            json(&then)
        }
        path if path.starts_with(&format!("{order}/history")) => json(&recorded("history")),
        path if path.starts_with("/v1/orders?") && path.contains("status=returned") => {
            json(&json!({ "items": [] }))
        }
        path if path.starts_with("/v1/orders?") => json(&recorded("orders")),
        path if path.starts_with("/v1/payments?limit=") => json(&recorded("payments")),
        path if path.starts_with("/v1/payments?order=") => json(&recorded("payments")),
        path if path.starts_with("/v1/payments/") && path.contains("/history") => {
            json(&recorded("payment-history"))
        }
        path if path.starts_with("/v1/stock/reservations/") => json(&recorded("reservation")),
        path if path.starts_with("/v1/stock?") => json(&json!({"items": [{"id": "lamp",
            "total_available": 2, "levels": [{"warehouse": "main", "on_hand": 3, "reserved": 1}],
            "settings": {"low_threshold": 4}}, {"id": "set", "total_available": 0, "levels": [],
            "settings": {"components": {"lamp": 2}}}]})),
        path if path.starts_with("/v1/notifications?") && path.contains("order=") => {
            json(&json!({"items": [{"id": "m1",
            "template": "shipped", "status": "sent", "recipient": "jana@example.com",
            "queued_at": "2026-11-27T15:00:00Z", "about": ORDER}]}))
        }
        path if path.starts_with("/v1/audit") && path.contains("domain=stock") => {
            json(&recorded("history"))
        }
        path if path.starts_with("/v1/dead-letters?") => json(&json!({"items": [{"id": "d1",
            "source": "domain:stock", "reason": "panic: as a bug would", "attempts": 1,
            "at": "2026-11-27T14:01:59Z"}]})),
        "/v1/notifications/m1" => json(&json!({"id": "m1", "template": "shipped",
            "status": "sent", "channel": "email", "recipient": "jana@example.com", "attempts": 2,
            "queued_at": "2026-11-27T15:00:00Z", "about": ORDER,
            "last_failure": {"kind": "retry_backoff", "code": "450", "message": "try later"}})),
        "/v1/notifications/m1/attempts?limit=200" => json(&json!({"items": [
            {"version": 3, "at": "2026-11-27T15:00:01Z", "result": "failed",
             "failure": {"kind": "retry_backoff", "code": "450", "message": "the box is <full>"},
             "next_attempt_at": "2026-11-27T15:01:00Z"},
            {"version": 6, "at": "2026-11-27T15:01:02Z", "result": "sent",
             "provider_id": "q-17"}]})),
        path if path.starts_with("/v1/notifications") || path.starts_with("/v1/audit") => {
            json(&json!({"items": []}))
        }
        _ => problem(StatusCode::NOT_FOUND, "not_found", "there is no such thing"),
    }
}
