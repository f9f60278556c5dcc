//! The relay's rules.

use crate::office::Office;
use kontor_actors::{
    follower::{Follow, Hitch},
    store::StoredEvent,
};
use kontor_adapters::amqp::{AmqpSettings, Relay};
use kontor_messages::{EntityId, EventId, Timestamp};
use lapin::message::BasicGetMessage;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

fn event(seq: i64, name: &str, entity: &str, payload: &Value) -> Arc<StoredEvent> {
    let at = Timestamp::from_millis(1_768_471_200_000);
    Arc::new(StoredEvent {
        shard: 0,
        seq,
        id: EventId::fresh(at),
        tenant: "harbour-books".parse().unwrap(),
        domain: name.split('.').next().unwrap().into(),
        entity: EntityId::parse(entity).unwrap(),
        version: seq,
        name: name.into(),
        at,
        payload: payload.to_string().into(),
        meta: r#"{"actor":"operator"}"#.into(),
    })
}

fn confirmed(seq: i64) -> Arc<StoredEvent> {
    event(seq, "order.confirmed", &format!("o-{seq}"), &json!({"type": "confirmed"}))
}

fn sold(seq: i64) -> Arc<StoredEvent> {
    let after = json!({"on_hand": 9, "reserved": seq, "total_available": 9 - seq, "version": seq});
    let taken = json!({"sku": "A", "warehouse": "prague", "quantity": 1, "after": after});
    let payload = json!({"type": "committed", "allocations": [taken]});
    event(seq, "stock.committed", &format!("reservation/o-{seq}"), &payload)
}

fn body(message: &BasicGetMessage) -> Value {
    serde_json::from_slice(&message.delivery.data).unwrap()
}

async fn until_told(relay: &Relay, events: &[Arc<StoredEvent>]) {
    let mut rest = events;
    for _ in 0..200 {
        match relay.handle("broker", rest).await {
            Ok(()) => return,
            Err(Hitch { done, .. }) => rest = &rest[done..],
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not told in time");
}

#[tokio::test]
async fn what_happened_is_told_in_order_as_cloud_events() {
    let office = Office::open().await;
    let queue = office.listen("order.*").await;
    let relay = Relay::new(office.broker.clone());
    let events: Vec<_> = (1..=300).map(confirmed).collect();
    relay.handle("broker", &events).await.unwrap();
    for event in &events {
        let message = office.take(&queue).await.unwrap();
        let (told, properties) = (body(&message), &message.delivery.properties);
        assert_eq!(told["subject"], event.entity.as_str());
        assert_eq!(told["type"], "io.kontor.order.confirmed");
        assert_eq!(message.delivery.routing_key.as_str(), "order.confirmed");
        let media_type = properties.content_type().as_ref().unwrap();
        assert_eq!(media_type.as_str(), "application/cloudevents+json");
        assert_eq!(properties.message_id().as_ref().unwrap().as_str(), told["id"]);
        assert_eq!(*properties.delivery_mode(), Some(2));
    }
    office.close(&[&queue]).await;
}

#[tokio::test]
async fn a_hot_product_is_told_once_a_batch() {
    let office = Office::open().await;
    let (updates, commits) =
        (office.listen("stock.updated").await, office.listen("stock.committed").await);
    let relay = Relay::new(office.broker.clone());
    let events: Vec<_> = (1..=100).map(sold).collect();
    relay.handle("broker", &events).await.unwrap();
    assert_eq!(body(&office.take(&updates).await.unwrap())["data"]["version"], 100);
    assert_eq!(office.waiting(&updates).await, 0);
    assert_eq!(office.waiting(&commits).await, 100);
    office.close(&[&updates, &commits]).await;
}

#[tokio::test]
async fn what_nobody_listens_to_holds_up_nothing() {
    let office = Office::open().await;
    let relay = Relay::new(office.broker.clone());
    relay.handle("broker", &[confirmed(1)]).await.unwrap();
    office.close(&[]).await;
}

#[tokio::test]
async fn an_outage_is_a_hitch_and_afterwards_everything_is_told() {
    let office = Office::with(AmqpSettings { publish_window: 10, ..Default::default() }).await;
    let queue = office.listen("#").await;
    let relay = Relay::new(office.broker.clone());
    relay.handle("broker", &[confirmed(1)]).await.unwrap();
    office.link.cut();
    office.connected(false).await;
    let hitch = relay.handle("broker", &[confirmed(2)]).await.unwrap_err();
    assert_eq!((hitch.done, hitch.reason.as_str()), (0, "the broker is away"));
    office.link.mend();
    until_told(&relay, &[confirmed(2), confirmed(3)]).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(body(&office.take(&queue).await.unwrap())["subject"].clone());
    }
    assert_eq!(told, ["o-1", "o-2", "o-3"]);
    office.close(&[&queue]).await;
}

#[tokio::test]
async fn a_line_cut_again_and_again_loses_nothing() {
    let office = Office::with(AmqpSettings { publish_window: 5, ..Default::default() }).await;
    let queue = office.listen("#").await;
    let relay = Relay::new(office.broker.clone());
    let events: Vec<_> = (1..=400).map(confirmed).collect();
    let cutting = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(5..60))).await;
            office.link.cut();
            tokio::time::sleep(Duration::from_millis(20)).await;
            office.link.mend();
        }
    };
    tokio::join!(until_told(&relay, &events), cutting);
    let mut missing: Vec<_> = events.iter().map(|event| event.id.to_string()).collect();
    while !missing.is_empty() {
        let told = body(&office.take(&queue).await.unwrap());
        missing.retain(|id| told["id"] != id.as_str());
    }
    office.connected(true).await;
    office.close(&[&queue]).await;
}
