//! An endpoint asks for a stretch of the journal once more, and the node is killed in the middle.

use kontor_sandbox::{Delivery, Sandbox, SandboxConfig};
use kontor_tests::{
    SOON,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until_true,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Orders that are placed and cancelled: more events than a replay may have on its way.
const ORDERS: usize = 60;

each! {
    a_stretch_of_the_journal_comes_again_in_order_with_the_same_ids => replayed;
}

async fn replayed(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    shop.stock("atlas", 1000).await;
    let path = subscribe(&shop, &sandbox).await;
    for _ in 0..ORDERS {
        let order = shop.place("atlas", 1).await;
        let cancel = json!({ "reason": "customer" });
        shop.client.post(&format!("/v1/orders/{order}/cancel"), cancel).await.ok();
    }
    let receiver = sandbox.receiver();
    let count = || receiver.accepted_count("shop");
    until_true("every order's end at the endpoint", SOON, || async {
        let all = receiver.accepted("shop");
        all.iter().filter(|one| one.json()["type"] == "order.cancelled").count() == ORDERS
    })
    .await;
    let page = shop.client.get("/v1/events?types=order.*&limit=500").await.ok();
    let events = page["items"].as_array().unwrap().clone();
    assert_eq!(events.len(), 2 * ORDERS);
    until_true("all that was told", SOON, || async { count() == events.len() }).await;
    let before = receiver.deliveries("shop").len();

    // Slow enough to be caught in the middle.
    receiver.set("shop", |hook| hook.latency_ms = 30);
    let from = events[1]["id"].clone();
    let asked = json!({ "from_event": from });
    let begun = shop.client.post(&format!("{path}/replay"), asked.clone()).await.ok();
    assert_eq!(begun["replay"]["status"], "running");
    let other = shop.client.post(&format!("{path}/replay"), asked).await;
    assert_eq!((other.status, other.code()), (409, "replay_running"));
    until_true("some of it", SOON, || async { receiver.deliveries("shop").len() >= before + 20 })
        .await;
    node.kill();
    assert!(receiver.deliveries("shop").len() < before + events.len() - 1);
    node = site.start().await;
    let late = shop.place("atlas", 1).await;
    until_true("the end of the replay", SOON, || async {
        shop.client.get(&path).await.ok()["replay"]["status"] == "finished"
    })
    .await;
    until_true("what happened meanwhile", SOON, || async {
        let all = receiver.accepted("shop");
        all.iter().any(|one| one.json()["data"]["order"] == *late)
    })
    .await;

    let shown = shop.client.get(&path).await.ok()["replay"].clone();
    assert_eq!(shown["queued"], events.len() - 1);
    let again = receiver.deliveries("shop").split_off(before);
    assert_same(&events[1..], &again, &late);
    assert_in_order(&again);
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// The shop's own endpoint at the receiver: its path.
async fn subscribe(shop: &Shop, sandbox: &Sandbox) -> String {
    let endpoint = json!({ "url": sandbox.receiver().hook_url("shop"), "events": ["order.*"] });
    let made = shop.client.post("/v1/webhook-endpoints", endpoint).await.ok();
    sandbox.receiver().register("shop", made["signing_secret"].as_str().unwrap());
    format!("/v1/webhook-endpoints/{}", made["id"].as_str().unwrap())
}

/// Exactly these events came, under the ids that they had the first time.
fn assert_same(events: &[Value], again: &[Arc<Delivery>], late: &str) {
    let old = again.iter().filter(|one| one.json()["data"]["order"] != *late);
    let came: BTreeSet<_> = old.map(|one| one.webhook_id.clone().unwrap()).collect();
    let wanted: BTreeSet<_> =
        events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(came, wanted);
    assert!(again.iter().all(|one| one.accepted()));
}

/// Of each order, nothing came before what had happened earlier. What was under way at the kill
/// may have come twice.
fn assert_in_order(again: &[Arc<Delivery>]) {
    let mut versions: BTreeMap<String, i64> = BTreeMap::new();
    for one in again {
        let data = one.json()["data"].clone();
        let version = data["version"].as_i64().unwrap();
        let order = data["order"].as_str().unwrap().to_owned();
        let last = versions.insert(order, version).unwrap_or(0);
        assert!(last <= version, "{last} before {version}: {data}");
    }
}
