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
fn no_public_view_of_an_event_shows_a_secret() {
    let pinned: Vec<E> = serde_json::from_str(PINNED).unwrap();
    for event in &pinned {
        let shown = serde_json::to_string(&event.public_view()).unwrap();
        assert!(!shown.contains("key=1") && !shown.contains("\"password\":\"p\""), "{shown}");
    }
}
