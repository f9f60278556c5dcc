//! Replays: a stretch of the journal once more, as it is asked for and as it is gone through.

use crate::shop::{Answer, Asker, Shop, order};
use kontor_actors::{
    admission::Lane, follower::Follow, intake::Caller, request::Terms, store::StoredEvent,
    webhook::Webhook,
};
use kontor_adapters::dispatch::{replays::WebhookReplays, webhooks::WebhookChoice};
use kontor_messages::{EntityId, Meta, TenantId, webhook::WebhookCommand};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// A shop that trades, with an endpoint for its orders: the path of that.
async fn listening() -> (Shop, Asker, String) {
    let (shop, harbour) = Shop::trading().await;
    let path = endpoint(&harbour).await;
    (shop, harbour, path)
}

async fn endpoint(asker: &Asker) -> String {
    let wish = json!({ "url": "http://127.0.0.1:9/hook", "events": ["order.*"] });
    let made = asker.post("/v1/webhook-endpoints", wish).await.ok();
    format!("/v1/webhook-endpoints/{}", made["id"].as_str().unwrap())
}

/// What is told of orders, oldest first.
async fn told(asker: &Asker) -> Vec<Value> {
    let page = asker.get("/v1/events?types=order.*&limit=500").await.ok();
    page["items"].as_array().unwrap().clone()
}

async fn replay(asker: &Asker, path: &str, body: Value) -> Answer {
    asker.post(&format!("{path}/replay"), body).await
}

/// Has a follower handle what of the journal is for it, from a place on; the last place.
async fn follow(shop: &Shop, follower: &dyn Follow, after: i64) -> i64 {
    let mut done = after;
    loop {
        let events = shop.intake.ground().journal.read(0, done, 100).await.unwrap();
        let Some(last) = events.last() else { return done };
        done = last.seq;
        for event in events {
            handle(follower, event).await;
        }
    }
}

async fn handle(follower: &dyn Follow, event: Arc<StoredEvent>) {
    if let Some(lane) = follower.lane(&event) {
        follower.handle(&lane, &[event]).await.unwrap();
    }
}

/// The endpoint's deliveries of this status.
async fn deliveries(asker: &Asker, path: &str, status: &str) -> Vec<Value> {
    let page = asker.get(&format!("{path}/deliveries?limit=200&status={status}")).await.ok();
    assert_eq!(page.get("next_cursor"), None);
    page["items"].as_array().unwrap().clone()
}

/// The endpoint takes all that is on its way to it.
async fn take(shop: &Shop, asker: &Asker, path: &str, at_most: usize) -> usize {
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    let queued = deliveries(asker, path, "queued").await;
    for delivery in queued.iter().take(at_most) {
        let delivery = EntityId::named(format!("delivery/{}", delivery["id"].as_str().unwrap()));
        let told = WebhookCommand::RecordDelivered { delivery, status: 200, duration_ms: 1 };
        shop.intake.tell::<Webhook>(&caller, told, Terms::default()).await.unwrap();
    }
    queued.len().min(at_most)
}

#[tokio::test]
async fn a_replay_is_asked_for_by_event_cursor_or_time_and_shown() {
    let (_shop, harbour, path) = listening().await;
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let event = told(&harbour).await[0].clone();
    let dry = format!("{path}/replay?dry_run=true");
    let would = harbour.post(&dry, json!({ "from_event": event["id"] })).await.ok();
    assert_eq!(would["would"][0]["type"], "webhook.replay_requested");
    assert_eq!(harbour.get(&path).await.ok().get("replay"), None);

    let keyed = harbour.clone().header("idempotency-key", "replay-1");
    let asked = json!({ "from_event": event["id"], "types": ["order.created"] });
    let shown = replay(&keyed, &path, asked.clone()).await.ok();
    let begun = shown["replay"].clone();
    assert_eq!((&begun["status"], &begun["queued"]), (&json!("running"), &json!(0)));
    assert_eq!(begun["types"], json!(["order.created"]));
    let again = replay(&keyed, &path, asked.clone()).await;
    assert_eq!(again.head("idempotency-replayed"), "true");
    assert_eq!(again.ok()["replay"], begun);
    replay(&harbour, &path, asked).await.problem(409, "replay_running");
    let ended = harbour.act(&format!("{path}/replay/cancel")).await.ok();
    assert_eq!(ended["replay"]["status"], "cancelled");

    let seq = begun["from"]["seq"].as_i64().unwrap();
    let by_cursor = replay(&harbour, &path, json!({ "from_event": format!("0-{seq}") })).await;
    assert_eq!(by_cursor.ok()["replay"]["from"], begun["from"]);
    harbour.act(&format!("{path}/replay/cancel")).await.ok();
    let by_time = replay(&harbour, &path, json!({ "from": event["time"] })).await.ok();
    assert_eq!(by_time["replay"]["since"], event["time"]);
    assert!(by_time["replay"]["from"]["seq"].as_i64().unwrap() <= seq);
    assert!(seq <= by_time["replay"]["until"]["seq"].as_i64().unwrap());
}

#[tokio::test]
async fn a_replay_that_makes_no_sense_is_refused_with_the_member_at_fault() {
    let (shop, harbour, path) = listening().await;
    let other = shop.tenant("other-books").await;
    crate::shop::stock(&other, "atlas", 10).await;
    other.post("/v1/orders", order("atlas", 1)).await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let (own, theirs) = (told(&harbour).await[0].clone(), told(&other).await[0].clone());
    let (future, past) = ("2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z");
    let nobody = "01990000-0000-7000-8000-000000000002";
    for unknown in [&theirs["id"], &json!(nobody), &json!("0-999999"), &json!("7-1"), &json!("x")] {
        let asked = json!({ "from_event": unknown });
        replay(&harbour, &path, asked).await.at(422, "unknown_event", "/from_event");
    }
    for (asked, pointer) in [
        (json!({}), ""),
        (json!({ "from_event": own["id"], "from": past }), "/from"),
        (json!({ "from": past, "from_missed": true }), "/from_missed"),
        (json!({ "from": future }), "/from"),
        (json!({ "from": "yesterday" }), "/from"),
        (json!({ "from": past, "until": future }), "/until"),
        (json!({ "from": past, "until": past }), "/until"),
        (json!({ "from_event": own["id"], "until": past }), "/until"),
        (json!({ "from_missed": false }), "/from_missed"),
        (json!({ "from_missed": true }), "/from_missed"),
        (json!({ "from": past, "types": [] }), "/types"),
        (json!({ "from": past, "types": ["order.*", "order.creatd"] }), "/types/1"),
        (json!({ "from": past, "types": ["nonsense"] }), "/types/0"),
    ] {
        replay(&harbour, &path, asked).await.at(422, "invalid", pointer);
    }
    let elsewhere = replay(&other, &path, json!({ "from": past })).await;
    elsewhere.problem(404, "not_found");
    harbour.act(&format!("{path}/replay/cancel")).await.problem(404, "not_found");
    harbour.act(&format!("{path}/disable")).await.ok();
    replay(&harbour, &path, json!({ "from": past })).await.problem(409, "endpoint_disabled");
}

#[tokio::test]
async fn a_replay_goes_through_the_journal_by_steps_and_only_some_is_on_its_way() {
    let (shop, harbour, path) = listening().await;
    let other = shop.tenant("other-books").await;
    for asker in [&harbour, &other] {
        crate::shop::stock(asker, "globe", 1000).await;
    }
    for _ in 0..120 {
        harbour.post("/v1/orders", order("globe", 1)).await.ok();
        other.post("/v1/orders", order("globe", 1)).await.ok();
    }
    let wanted: Vec<_> = told(&harbour).await.iter().map(|event| event["id"].clone()).collect();
    assert_eq!(wanted.len(), 120);
    let replays = WebhookReplays::new(shop.intake.clone());
    let shown = replay(&harbour, &path, json!({ "from_event": wanted[0] })).await.ok();
    let until = shown["replay"]["until"]["seq"].as_i64().unwrap();

    let mut done = follow(&shop, &replays, 0).await;
    assert_eq!(deliveries(&harbour, &path, "queued").await.len(), 100);
    // Once more from the beginning, as after a crash: nothing is queued twice.
    done = done.max(follow(&shop, &replays, 0).await);
    assert_eq!(deliveries(&harbour, &path, "queued").await.len(), 100);
    assert_eq!(take(&shop, &harbour, &path, 49).await, 49);
    done = follow(&shop, &replays, done).await;
    assert_eq!(harbour.get(&path).await.ok()["replay"]["queued"], 100);
    assert_eq!(take(&shop, &harbour, &path, 1).await, 1);
    done = follow(&shop, &replays, done).await;
    let shown = harbour.get(&path).await.ok()["replay"].clone();
    assert_eq!((&shown["queued"], &shown["status"]), (&json!(120), &json!("running")));
    assert_eq!(take(&shop, &harbour, &path, 200).await, 70);
    follow(&shop, &replays, done).await;
    let shown = harbour.get(&path).await.ok()["replay"].clone();
    assert_eq!((&shown["status"], &shown["reached"]), (&json!("finished"), &json!(until)));
    let delivered = deliveries(&harbour, &path, "delivered").await;
    let events: BTreeSet<_> = delivered.iter().map(|one| one["event"].to_string()).collect();
    assert_eq!(events, wanted.iter().map(Value::to_string).collect());
}

#[tokio::test]
async fn a_replay_by_time_begins_and_ends_there() {
    let (shop, harbour, path) = listening().await;
    let replays = WebhookReplays::new(shop.intake.clone());
    for _ in 0..3 {
        harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    }
    let events = told(&harbour).await;
    let time = |n: usize| events[n]["time"].as_str().unwrap();
    // Orders within one millisecond are all in, or all out.
    let wanted = events.iter().filter(|event| event["time"].as_str().unwrap() >= time(1)).count();
    replay(&harbour, &path, json!({ "from": time(1) })).await.ok();
    follow(&shop, &replays, 0).await;
    assert_eq!(take(&shop, &harbour, &path, 9).await, wanted);
    let wanted = events.iter().filter(|event| event["time"].as_str().unwrap() < time(2)).count();
    let asked = json!({ "from": "2001-01-01T00:00:00Z", "until": time(2) });
    replay(&harbour, &path, asked).await.ok();
    follow(&shop, &replays, 0).await;
    assert_eq!(take(&shop, &harbour, &path, 9).await, wanted);
    let shown = harbour.get(&path).await.ok()["replay"].clone();
    assert_eq!(shown["status"], "finished");
}

#[tokio::test]
async fn what_a_disabled_endpoint_missed_is_replayed_when_it_is_back() {
    let (shop, harbour, path) = listening().await;
    let (choice, replays) =
        (WebhookChoice::new(shop.intake.clone()), WebhookReplays::new(shop.intake.clone()));
    harbour.act(&format!("{path}/disable")).await.ok();
    for _ in 0..2 {
        harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    }
    follow(&shop, &choice, 0).await;
    let missed = harbour.get(&path).await.ok()["missed_from"].clone();
    assert!(missed["seq"].is_i64(), "{missed}");
    let back = harbour.act(&format!("{path}/enable")).await.ok();
    assert_eq!(back["missed_from"], missed);
    let keyed = harbour.clone().header("idempotency-key", "missed-1");
    let shown = replay(&keyed, &path, json!({ "from_missed": true })).await.ok();
    assert_eq!((&shown["replay"]["from"], shown.get("missed_from")), (&missed, None));
    let again = replay(&keyed, &path, json!({ "from_missed": true })).await.ok();
    assert_eq!(again["replay"]["id"], shown["replay"]["id"]);
    follow(&shop, &replays, 0).await;
    assert_eq!(deliveries(&harbour, &path, "queued").await.len(), 2);
}
