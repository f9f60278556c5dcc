//! For those who follow what happens: events, streams, endpoints, texts, letters, timers.

use crate::shop::{Asker, Shop, order};
use axum::body::Body;
use futures_util::StreamExt;
use http::Method;
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    notification::Notification,
    request::Terms,
    store::{DeadLetter, Store},
};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    notification::{ChannelKind, Failure, FailureKind, NotificationCommand},
};
use serde_json::json;
use std::time::Duration;
use tower::ServiceExt;

#[tokio::test]
async fn events_are_read_by_pages_and_by_type() {
    let (shop, harbour) = Shop::trading().await;
    let other = shop.tenant("other-books").await;
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let all = harbour.get("/v1/events").await.ok();
    let names: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert!(names.contains(&&json!("order.created")), "{names:?}");
    assert!(!all.to_string().contains("jana@example.com"), "{all}");
    assert_eq!(all["more"], false);
    let path = "/v1/events?types=order.*&limit=1";
    let orders = harbour.get(path).await.ok();
    assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    let next = orders["next_cursor"].as_str().unwrap();
    let rest = harbour.get(&format!("{path}&after={next}")).await.ok();
    assert_eq!((&rest["items"], &rest["more"]), (&json!([]), &json!(false)));
    let others = other.get("/v1/events?types=order.*").await.ok();
    assert_eq!(others["items"], json!([]));
    for bad in ["after=7-1", "after=x", "types=;", "limit=501"] {
        harbour.get(&format!("/v1/events?{bad}")).await.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_reader_of_a_long_journal_gets_a_cursor_even_with_few_hits() {
    let (shop, harbour) = Shop::trading().await;
    let other = shop.tenant("other-books").await;
    for _ in 0..30 {
        other.put("/v1/warehouses/main", json!({ "name": "Main" })).await.ok();
        other.put("/v1/warehouses/main", json!({ "name": "Other" })).await.ok();
    }
    let first = harbour.get("/v1/events?types=order.created").await.ok();
    assert_eq!(first["items"], json!([]));
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let next = first["next_cursor"].as_str().unwrap();
    let later = harbour.get(&format!("/v1/events?types=order.created&after={next}")).await.ok();
    assert_eq!(later["items"].as_array().unwrap().len(), 1);
}

/// Reads a stream until it has seen so many events, or has ended.
async fn stream(asker: &Asker, path: &str, wanted: usize) -> (tokio::task::JoinHandle<String>, ()) {
    let asker = asker.clone().header("accept", "text/event-stream");
    let request = asker.request(Method::GET, path, Body::empty(), None);
    let response = asker.app().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut frames = response.into_body().into_data_stream();
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(frame) = frames.next().await {
            text.push_str(std::str::from_utf8(&frame.unwrap()).unwrap());
            if text.matches("event: ").count() >= wanted {
                break;
            }
        }
        text
    });
    (reading, ())
}

#[tokio::test]
async fn a_stream_tells_what_happens_and_goes_on_where_it_broke_off() {
    let (shop, harbour) = Shop::trading().await;
    let (reading, ()) = stream(&harbour, "/v1/events?types=order.created", 1).await;
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let text = reading.await.unwrap();
    assert!(text.contains("event: order.created"), "{text}");
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let resumed = harbour.clone().header("last-event-id", &id);
    let (reading, ()) = stream(&resumed, "/v1/events?types=order.created", 1).await;
    let again = reading.await.unwrap();
    assert!(again.contains("event: order.created") && !again.contains(&format!("id: {id}\n")));
    let (reading, ()) = stream(&harbour, "/v1/events", 99).await;
    shop.api.close();
    let ended = tokio::time::timeout(Duration::from_secs(5), reading).await;
    ended.expect("the stream ends with the node").unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_its_key_and_there_are_not_too_many() {
    let shop = Shop::with(|settings| settings.streams_max = 1).await;
    let harbour = shop.tenant("harbour-books").await;
    let made = json!({ "name": "stream", "scopes": ["events:read"] });
    let made = harbour.post("/v1/keys", made).await.ok();
    let reader = shop.nobody().token(made["token"].as_str().unwrap());
    let (reading, ()) = stream(&reader, "/v1/events", 99).await;
    let more = harbour.clone().header("accept", "text/event-stream").get("/v1/events").await;
    more.problem(503, "too_many_streams");
    harbour.delete(&format!("/v1/keys/{}", made["id"].as_str().unwrap())).await.ok();
    let ended = tokio::time::timeout(Duration::from_secs(5), reading).await;
    ended.expect("the stream ends with its key").unwrap();
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_read_no_more() {
    let (shop, harbour) = Shop::trading().await;
    let vera = shop.member("vera", "harbour-books", "viewer").await;
    let (reading, ()) = stream(&vera, "/v1/events", 99).await;
    harbour.put("/v1/roles/packer", json!({ "permissions": ["stock:read"] })).await.ok();
    harbour.put("/v1/members/vera", json!({ "role": "packer" })).await.ok();
    let ended = tokio::time::timeout(Duration::from_secs(5), reading).await;
    ended.expect("the stream ends with the permission").unwrap();
}

#[tokio::test]
async fn an_endpoint_s_secret_is_shown_once() {
    let (_shop, harbour) = Shop::trading().await;
    let wish = json!({ "url": "http://127.0.0.1:9/hook", "events": ["order.*"] });
    let keyed = harbour.clone().header("idempotency-key", "hook-1");
    let made = keyed.post("/v1/webhook-endpoints", wish.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert!(made["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(made["secret"], "***");
    let again = keyed.post("/v1/webhook-endpoints", wish).await.ok();
    assert_eq!((&again["id"], again.get("signing_secret")), (&made["id"], None));
    let path = format!("/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    assert_eq!(harbour.get(&path).await.ok()["secret"], "***");
    let rotated = harbour.act(&format!("{path}/rotate")).await.ok();
    assert_ne!(rotated["signing_secret"], made["signing_secret"]);
    assert_eq!(harbour.act(&format!("{path}/pause")).await.ok()["status"], "paused");
    assert_eq!(harbour.act(&format!("{path}/enable")).await.ok()["status"], "active");
    harbour.act(&format!("{path}/test")).await.ok();
    assert_eq!(harbour.get(&format!("{path}/deliveries")).await.ok()["items"], json!([]));
    let missing = harbour.act(&format!("{path}/deliveries/none/replay")).await;
    missing.problem(404, "not_found");
    assert_eq!(harbour.delete(&path).await.status, 204);
}

#[tokio::test]
async fn an_endpoint_leads_nowhere_inside() {
    let shop = Shop::with(|settings| settings.webhooks_to_private = false).await;
    let harbour = shop.tenant("harbour-books").await;
    for url in ["http://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "ftp://x", "x"] {
        let wish = json!({ "url": url, "events": ["*"] });
        harbour.post("/v1/webhook-endpoints", wish).await.at(422, "invalid", "/url");
    }
}

#[tokio::test]
async fn a_text_is_tried_before_it_is_taken() {
    let (_shop, harbour) = Shop::trading().await;
    let path = "/v1/templates/order_confirmation/en";
    let text = json!({ "subject": "Order {{ order_number }}", "text": "Thank you." });
    let shown = harbour.post(&format!("{path}/preview"), text.clone()).await.ok();
    assert_eq!(shown["subject"], "Order 2026-000123");
    harbour.get(path).await.problem(404, "not_found");
    let put = harbour.put(path, text).await.ok();
    assert_eq!(put["id"], "order_confirmation/en");
    let broken = json!({ "subject": "{{ nothing.at.all }}", "text": "x" });
    harbour.put(path, broken).await.at(422, "invalid", "/subject");
    assert_eq!(harbour.get("/v1/templates").await.ok()["items"][0]["text"], "Thank you.");
    assert_eq!(harbour.delete(path).await.status, 204);
    harbour.get(path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_text_is_shown_as_the_message_about_an_order_would_say_it() {
    let (shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 2)).await.ok();
    let (id, number) = (placed["id"].as_str().unwrap(), placed["number"].as_str().unwrap());
    let path = "/v1/templates/order_confirmation/en/preview";
    let subject = "{{ order_number }}: {{ lines[0].quantity }} x {{ lines[0].title }}";
    let text = |order: &str| json!({ "subject": subject, "text": "{{ total }}", "order": order });
    for name in [id, number] {
        let shown = harbour.post(path, text(name)).await.ok();
        assert_eq!(shown["subject"], format!("{number}: 2 x Atlas"));
        assert!(shown["text"].as_str().unwrap().contains("698.00"), "{shown}");
        assert!(shown.get("samples").is_none(), "{shown}");
    }
    let parcel = json!({ "subject": "{{ order_number }} by {{ carrier }}", "text": "x",
                         "order": number });
    let shown = harbour.post("/v1/templates/shipped/en/preview", parcel).await.ok();
    assert_eq!(shown["subject"], format!("{number} by PPL"));
    assert_eq!(shown["samples"], json!(["carrier", "tracking_number", "tracking_url"]));
    harbour.post(path, text("1999-000001")).await.at(404, "not_found", "/order");
    harbour.post(path, text(&number[..6])).await.at(404, "not_found", "/order");
    harbour.post(path, text("")).await.at(422, "invalid", "/order");
    let market = shop.tenant("market").await;
    market.post(path, text(id)).await.at(404, "not_found", "/order");
    let writer = shop.key("harbour-books", &["notifications:write"]).await;
    writer.post(path, text(id)).await.problem(403, "missing_scope");
}

#[tokio::test]
async fn each_try_to_send_a_message_is_told_with_its_end() {
    let (shop, harbour) = Shop::trading().await;
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Interactive };
    let tell = async |command| {
        shop.intake.tell::<Notification>(&caller, command, Terms::default()).await.unwrap();
    };
    let notification = EntityId::named("1a");
    tell(NotificationCommand::Queue {
        notification: notification.clone(),
        template: "shipped".into(),
        channel: ChannelKind::default(),
        recipient: "jana@example.com".into(),
        language: None,
        data: json!({ "order_number": "1" }),
        about: None,
    })
    .await;
    let path = "/v1/notifications/1a/attempts";
    assert_eq!(harbour.get(path).await.ok()["items"], json!([]));
    let attempt = EntityId::named("t1");
    let (of, by) = (notification.clone(), attempt.clone());
    tell(NotificationCommand::RecordAttempt { notification: of, attempt: by }).await;
    tell(NotificationCommand::RecordFailure {
        notification: notification.clone(),
        attempt,
        failure: Failure {
            kind: FailureKind::RetryBackoff,
            code: "450".into(),
            message: "try later".into(),
        },
        retry_after_s: None,
        jitter: 0,
    })
    .await;
    let provider_id = Some("q-17".to_owned());
    tell(NotificationCommand::RecordSent { notification, provider_id }).await;
    let told = harbour.get(path).await.ok();
    let (first, last) = (&told["items"][0], &told["items"][1]);
    assert_eq!((&first["result"], &first["failure"]["code"]), (&json!("failed"), &json!("450")));
    assert!(first["next_attempt_at"].is_string(), "{first}");
    assert_eq!((&last["result"], &last["provider_id"]), (&json!("sent"), &json!("q-17")));
    harbour.get("/v1/notifications/none/attempts").await.problem(404, "not_found");
    let market = shop.tenant("market").await;
    market.get(path).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_waits_is_listed_with_its_deadline() {
    let (_shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let waiting = harbour.get("/v1/timers").await.ok();
    let items = waiting["items"].as_array().unwrap();
    let own = items.iter().find(|item| item["entity"] == placed["id"]).unwrap();
    assert_eq!((&own["domain"], &own["overdue"]), (&json!("order"), &json!(false)));
    assert_eq!(own["due"], placed["pay_until"]);
}

#[tokio::test]
async fn what_is_due_next_is_told_apart_from_what_is_overdue_and_by_domain_page_by_page() {
    let (shop, harbour) = Shop::trading().await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(harbour.post("/v1/orders", order("atlas", 1)).await.ok()["id"].clone());
    }
    assert_eq!(harbour.get("/v1/timers?overdue=true").await.ok()["items"], json!([]));
    let mut seen = Vec::new();
    let mut path = "/v1/timers?overdue=false&domain=order&limit=2".to_owned();
    loop {
        let page = harbour.get(&path).await.ok();
        let items = page["items"].as_array().unwrap();
        assert!(items.iter().all(|item| item["domain"] == "order" && item["overdue"] == false));
        seen.extend(items.iter().map(|item| item["entity"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/timers?overdue=false&domain=order&limit=2&cursor={next}");
    }
    assert_eq!(seen, placed, "each once, the earliest first");
    let market = shop.tenant("market").await;
    market.get(&path).await.at(400, "invalid_parameter", "cursor");
    harbour.get("/v1/timers?cursor=x").await.at(400, "invalid_parameter", "cursor");
    harbour.get("/v1/timers?limit=501").await.at(400, "invalid_parameter", "limit");
}

#[tokio::test]
async fn what_waits_of_all_tenants_is_for_the_operator_alone() {
    let (shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    shop.tenant("market").await;
    let told = shop.operator().get("/v1/platform/timers?domain=order").await.ok();
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{told}");
    let own = (&items[0]["tenant"], &items[0]["entity"]);
    assert_eq!(own, (&json!("harbour-books"), &placed["id"]));
    harbour.get("/v1/platform/timers").await.problem(403, "operator_only");
}

fn letter(id: &str, source: &str, tenant: &str, payload: String) -> DeadLetter {
    DeadLetter {
        id: id.into(),
        tenant: Some(tenant.parse().unwrap()),
        source: source.into(),
        lane: String::new(),
        event: source.starts_with("follower").then_some((0, 1)),
        reason: "it did not work".into(),
        payload,
        attempts: 3,
        retry_at: None,
        at: Timestamp::now(),
    }
}

#[tokio::test]
async fn what_could_not_be_done_is_read_tried_again_or_dropped() {
    let (shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let confirm = json!({ "type": "confirm", "order": placed["id"] }).to_string();
    for letter in [
        letter("one", "domain:order", "harbour-books", confirm),
        letter("two", "follower:policies", "harbour-books", "{}".into()),
        letter("three", "amqp", "harbour-books", "{".into()),
        letter("four", "domain:order", "other-books", "{}".into()),
    ] {
        shop.store.bury(&letter).await.unwrap();
    }
    let all = harbour.get("/v1/dead-letters").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    harbour.get("/v1/dead-letters/four").await.problem(404, "not_found");
    let would = harbour.act("/v1/dead-letters/one/retry?dry_run=true").await.ok();
    assert_eq!(would["result"]["id"], "one");
    assert_eq!(harbour.delete("/v1/dead-letters/one?dry_run=true").await.status, 200);
    assert_eq!(harbour.act("/v1/dead-letters/one/retry").await.status, 204);
    harbour.get("/v1/dead-letters/one").await.problem(404, "not_found");
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    assert!(harbour.get(&path).await.ok()["confirmation_requested_at"].is_string());
    assert_eq!(harbour.act("/v1/dead-letters/two/retry").await.status, 204);
    assert!(harbour.get("/v1/dead-letters/two").await.ok()["retry_at"].is_string());
    harbour.act("/v1/dead-letters/three/retry").await.problem(409, "not_retriable");
    assert_eq!(harbour.delete("/v1/dead-letters/three").await.status, 204);
    let rest = harbour.get("/v1/dead-letters?source=amqp").await.ok();
    assert_eq!(rest["items"], json!([]));
}

#[tokio::test]
async fn messages_are_listed_and_unknown_ones_are_not_there() {
    let (_shop, harbour) = Shop::trading().await;
    assert_eq!(harbour.get("/v1/notifications").await.ok()["items"], json!([]));
    harbour.get("/v1/notifications/none").await.problem(404, "not_found");
    harbour.act("/v1/notifications/none/retry").await.problem(404, "not_found");
}
