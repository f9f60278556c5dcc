//! What the stand-in knows of how accounts at providers are, and which tenants need a look.

use serde_json::{Value, json};

const SINCE: &str = "2026-11-20T08:00:00Z";

/// What a node with a broker tells besides.
const BROKER: &str = "kontor_amqp_connects_total{outcome=\"connected\"} 1\n\
    kontor_amqp_connected 1\n\
    kontor_relay_published_total{name=\"order.created\"} 668\n\
    kontor_relay_published_total{name=\"order.shipped\"} 212\n\
    kontor_relay_unroutable_total{name=\"order.shipped\"} 7\n\
    kontor_follower_lag_events{follower=\"relay\",shard=\"0\"} 3\n";

/// A node's figures as they were recorded; one that is busy has a broker too.
pub(super) fn metrics(busy: bool) -> String {
    let path = format!("{}/tests/recorded/metrics.txt", env!("CARGO_MANIFEST_DIR"));
    let recorded = std::fs::read_to_string(path).unwrap();
    if busy { recorded + BROKER } else { recorded }
}

/// A document, if it is about that and there.
pub(super) fn read(path: &str) -> Option<Value> {
    let (route, asked) = path.split_once('?').unwrap_or((path, ""));
    match route {
        "/v1/accounts/health" => Some(json!({ "items": [well(), health()] })),
        "/v1/accounts/stripe/main/health" => Some(health()),
        "/v1/platform/accounts" if asked.contains("provider=stripe") => {
            let mut seen = health();
            seen["tenant"] = json!("polar-tea");
            Some(json!({ "items": [seen], "more": true }))
        }
        "/v1/platform/accounts" => Some(json!({ "items": [], "more": false })),
        "/v1/platform/troubles" => Some(json!({ "items": [{ "tenant": "polar-tea",
            "name": "Polar Tea", "status": "active", "quarantined": ["order"], "crashed": [],
            "paused": ["catalog"], "dead_letters": 3, "parked": 2, "overdue": 41,
            "overdue_since": SINCE }], "complete": false })),
        "/v1/platform/dead-letters" if asked.contains("nobody") => Some(json!({ "items": [] })),
        "/v1/platform/dead-letters" => Some(json!({ "items": [letter()], "next_cursor": "d9" })),
        "/v1/shards/0/events" => Some(json!({ "events": 15_060, "items": [
            { "seq": 14_991, "tenant": "polar-tea", "domain": "order", "entity": "o9", "version": 1,
              "type": "order.created", "at": SINCE },
            { "seq": 14_992, "tenant": "platform", "domain": "signing", "entity": "ring",
              "version": 2, "type": "signing.turned", "at": SINCE }] })),
        _ => None,
    }
}

/// What a follower has put aside.
fn letter() -> Value {
    json!({ "id": "follower:policies:0:14991", "tenant": "polar-tea", "source": "follower:policies",
            "lane": "order/o9", "event": "0-14991", "reason": "the <gateway> is away",
            "payload": "{}", "attempts": 3, "retry_at": SINCE, "at": SINCE })
}

/// An account that rests, for its provider failed and sent what nobody signed.
fn health() -> Value {
    let failure = json!({ "at": SINCE, "operation": "open", "outcome": "timed_out",
                          "code": "no_answer", "message": "no <whole> reply came" });
    json!({ "provider": "stripe", "account": "main", "under_way": 1,
            "breaker": { "position": "open", "since": SINCE, "until": "2126-11-20T08:00:00Z" },
            "calls": [{ "outcome": "answered", "count": 41 }, { "outcome": "timed_out", "count": 7 }],
            "p50_ms": 150, "p99_ms": 20_000, "waits": 3, "waited_ms_max": 4_200,
            "last_answer_at": SINCE, "last_failure": failure, "last_calls": last_calls(),
            "not_taken": [{ "reason": "unsigned", "count": 1 }],
            "notifications_taken": 12, "notifications_not_taken": 1, "last_taken_at": SINCE,
            "last_not_taken": { "at": SINCE, "reason": "unsigned" },
            "to_open": { "count": 2, "more": false, "oldest": "pay-oldest" },
            "to_pay": { "count": 200, "more": true, "oldest": "pay-older" } })
}

/// One that is under way, one that came to nothing, one that was put off.
fn last_calls() -> Value {
    json!([
        { "at": SINCE, "operation": "open", "waited_ms": 0, "put_off": false,
          "payment": "pay-now" },
        { "at": SINCE, "operation": "capture", "outcome": "timed_out", "took_ms": 20_000,
          "waited_ms": 4_200, "put_off": false, "payment": "pay-slow" },
        { "at": SINCE, "operation": "refund", "outcome": "not_sent", "took_ms": 1,
          "put_off": true, "payment": "pay-off" }])
}

fn well() -> Value {
    json!({ "provider": "comgate", "account": "main", "under_way": 0,
            "breaker": { "position": "closed", "since": SINCE },
            "calls": [{ "outcome": "answered", "count": 9 }], "waits": 0, "waited_ms_max": 0,
            "notifications_taken": 0, "notifications_not_taken": 0 })
}
