//! What is in journals must be read for ever: each event's JSON, pinned. Adding one to the file is
//! free; what is there stays as it is.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::PartialSchema;

const PINNED: &str = include_str!("../pinned/events.json");

#[test]
fn pinned_events_are_read_and_written_as_ever() {
    let pinned: Vec<Value> = serde_json::from_str(PINNED).unwrap();
    for pin in &pinned {
        let event: StockEvent = serde_json::from_value(pin.clone()).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), pin.to_string());
    }
}

#[test]
fn every_event_is_pinned() {
    let pinned: Vec<Value> = serde_json::from_str(PINNED).unwrap();
    let names: BTreeSet<_> = pinned.iter().map(|pin| pin["type"].to_string()).collect();
    let schema = serde_json::to_value(StockEvent::schema()).unwrap();
    assert_eq!(names.len(), schema["oneOf"].as_array().unwrap().len());
}

#[test]
fn the_document_of_a_hot_product_is_short() {
    let stage = ten().then_do(reserve("o", &[line("A", 2)]));
    let document = serde_json::to_string(&StockState::Sku(stage.sku("A"))).unwrap();
    assert_eq!(
        document,
        r#"{"type":"sku","total_available":8,"levels":[{"warehouse":"main","on_hand":10,"reserved":2}]}"#
    );
}
