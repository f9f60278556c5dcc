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
        let event: E = serde_json::from_value(pin.clone()).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), pin.to_string());
    }
}

#[test]
fn every_event_is_pinned() {
    let pinned: Vec<Value> = serde_json::from_str(PINNED).unwrap();
    let names: BTreeSet<_> = pinned.iter().map(|pin| pin["type"].to_string()).collect();
    let schema = serde_json::to_value(E::schema()).unwrap();
    assert_eq!(names.len(), schema["oneOf"].as_array().unwrap().len());
}

#[test]
fn the_document_of_a_product_names_each_writer_once() {
    let said = fields([("brand", text("Acme")), ("title.cs", text("Atlas"))]);
    let stage = nothing().when(create("a", said, supplier("run-1"))).stage;
    let state = serde_json::to_value(stage.state(&product_entity("a"))).unwrap();
    let owners = serde_json::json!([{ "source": "supplier:acme", "run": "run-1",
        "fields": ["status", "title.cs", "brand"] }]);
    assert_eq!(state["owners"], owners);
    let read: CatalogState = serde_json::from_value(state).unwrap();
    assert_eq!(read, stage.state(&product_entity("a")));
}
