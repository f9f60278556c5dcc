//! What the world is told, pinned: adding is free, changing fails.

use super::*;
use crate::{
    catalog::Catalog,
    domain::Domain,
    notification::Notification,
    order::Order,
    payment::Payment,
    stock::Stock,
    supplier::Supplier,
    tenant::Tenant,
    testing::{NOW, tenant},
    user::User,
};
use kontor_messages::{EntityId, EventId};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

const PINNED: &str = include_str!("public.jsonl");

fn event(seq: i64, name: &str, entity: &str, payload: &Value) -> StoredEvent {
    let domain = match name.split_once('.').unwrap().0 {
        "import" => Supplier::NAME,
        "product" | "price" | "category" => Catalog::NAME,
        domain => domain,
    };
    StoredEvent {
        shard: 3,
        seq,
        id: EventId(Uuid::from_u128(0x019b_c0de_0000_7000_8000_0000_0000_0000 + seq as u128)),
        tenant: tenant(),
        domain: domain.into(),
        entity: EntityId::parse(entity).unwrap(),
        version: seq,
        name: name.into(),
        at: NOW,
        payload: payload.to_string().into(),
        meta: r#"{"actor":"operator"}"#.into(),
    }
}

fn pinned() -> Vec<(StoredEvent, Value)> {
    let lines = PINNED.lines().enumerate().map(|(number, line)| {
        let line: Value = serde_json::from_str(line).unwrap();
        let (name, entity) = (line["event"].as_str().unwrap(), line["entity"].as_str().unwrap());
        (event(number as i64 + 1, name, entity, &line["payload"]), line["told"].clone())
    });
    lines.collect()
}

fn shown(announcement: &Announcement) -> Value {
    json!({
        "id": announcement.id,
        "name": announcement.name,
        "subject": announcement.subject,
        "sequence": announcement.sequence(),
        "version": announcement.version,
        "data": announcement.data,
    })
}

fn moved(seq: i64, sku: &str, warehouse: &str, low: bool) -> StoredEvent {
    let after =
        json!({"on_hand": 1, "reserved": 0, "total_available": 1, "version": seq, "low": low});
    let change = json!({"sku": sku, "warehouse": warehouse, "quantity": 1, "after": after});
    event(seq, "stock.moved", &format!("movement/{seq}"), &json!({"kind": "in", "change": change}))
}

fn told(events: &[StoredEvent]) -> Vec<(&'static str, i64)> {
    let all = events.iter().flat_map(announce).collect();
    coalesce(all).iter().map(|announcement| (announcement.name, announcement.version)).collect()
}

#[test]
fn what_is_told_of_each_event_stays_as_it_is() {
    for (event, told) in pinned() {
        let now: Vec<_> = announce(&event).iter().map(shown).collect();
        assert_eq!(Value::from(now), told, "{} {}", event.name, event.payload);
    }
}

/// An event of the journal read and written again, if its name is what it is called.
fn journaled<D: Domain>(name: &str, payload: &Value) -> Value {
    let event = serde_json::from_value::<D::Event>(payload.clone());
    let event = event.unwrap_or_else(|fault| panic!("{name}: {fault}"));
    assert_eq!(D::event_name(&event), name);
    serde_json::to_value(&event).unwrap()
}

#[test]
fn what_is_pinned_is_what_the_journal_holds() {
    for (event, _) in pinned() {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        let journaled = match &*event.domain {
            "order" => journaled::<Order>(&event.name, &payload),
            "payment" => journaled::<Payment>(&event.name, &payload),
            "notification" => journaled::<Notification>(&event.name, &payload),
            "user" => journaled::<User>(&event.name, &payload),
            "tenant" => journaled::<Tenant>(&event.name, &payload),
            "supplier" => journaled::<Supplier>(&event.name, &payload),
            "catalog" => journaled::<Catalog>(&event.name, &payload),
            _ => journaled::<Stock>(&event.name, &payload),
        };
        assert_eq!(journaled, payload, "{}", event.name);
    }
}

#[test]
fn every_public_name_is_pinned() {
    let seen: Vec<_> = pinned().iter().flat_map(|(event, _)| announce(event)).collect();
    for name in names() {
        assert!(seen.iter().any(|announcement| announcement.name == name), "{name} is not pinned");
    }
}

#[test]
fn nothing_personal_and_nothing_secret_is_told() {
    for (event, _) in pinned() {
        for announcement in announce(&event) {
            let text = announcement.data.to_string();
            for private in ["Jana", "jana@", "+420", "Dlouhá", "Ring", "hash", "password"] {
                assert!(!text.contains(private), "{private} in {}: {text}", announcement.name);
            }
        }
    }
}

#[test]
fn an_event_that_is_not_public_says_nothing_and_a_public_one_something() {
    for (event, _) in pinned() {
        assert_eq!(!announce(&event).is_empty(), is_public(&event.name), "{}", event.name);
    }
}

#[test]
fn an_event_told_twice_has_the_same_identities_and_no_two_things_share_one() {
    let mut ids: Vec<_> = Vec::new();
    for (event, _) in pinned() {
        let first = announce(&event);
        assert_eq!(first, announce(&event));
        if let Some(first) = first.first() {
            assert_eq!(first.id, event.id.to_string());
        }
        ids.extend(first.into_iter().map(|announcement| announcement.id));
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn a_row_that_changes_often_in_one_batch_is_told_once_as_it_stands_last() {
    let sold: Vec<_> = (1..=500).map(|seq| moved(seq, "A", "prague", false)).collect();
    assert_eq!(told(&sold), [("stock.updated", 500)]);
}

#[test]
fn rows_of_other_warehouses_and_products_are_told_beside_each_other() {
    let events = [
        moved(1, "A", "prague", false),
        moved(2, "A", "brno", false),
        moved(3, "B", "brno", false),
        moved(4, "A", "prague", false),
    ];
    assert_eq!(told(&events), [("stock.updated", 2), ("stock.updated", 3), ("stock.updated", 4)]);
}

#[test]
fn that_a_product_ran_low_is_told_even_if_the_row_changed_again() {
    let events = [moved(1, "A", "prague", true), moved(2, "A", "prague", false)];
    assert_eq!(told(&events), [("stock.low", 1), ("stock.updated", 2)]);
}

#[test]
fn the_same_row_of_another_tenant_is_another_row() {
    let (one, mut two) = (moved(1, "A", "prague", false), moved(2, "A", "prague", false));
    two.tenant = "other-shop".parse().unwrap();
    assert_eq!(told(&[one, two]).len(), 2);
}

#[test]
fn an_event_that_cannot_be_read_is_told_without_content() {
    let mut broken = event(1, "order.shipped", "o-1", &Value::Null);
    broken.payload = Arc::from("{");
    let told = announce(&broken);
    assert_eq!(told[0].name, "order.shipped");
    assert_eq!(told[0].data, json!({"order": "o-1", "version": 1}));
}

#[test]
fn the_trace_of_the_request_goes_with_what_is_told() {
    let mut traced = moved(1, "A", "prague", false);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    traced.meta = format!(r#"{{"actor":"operator","trace":"{trace}"}}"#).into();
    assert_eq!(announce(&traced)[0].trace.as_deref(), Some(trace));
}
