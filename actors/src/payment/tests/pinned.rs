//! Each event's JSON is pinned: adding is free, changing fails.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

const PINNED: &str = include_str!("../pinned/events.json");
/// The events that have said since a later release whose call is asked for.
const OF_ACCOUNTS: &str = include_str!("../pinned/calls_of_accounts.json");
/// An opening that the payer's browser goes on with.
const OF_BROWSERS: &str = include_str!("../pinned/opened_for_browsers.json");
/// What was told of a refund that goes to the bank with a file.
const OF_FILES: &str = include_str!("../pinned/observed_with_a_file.json");
/// A request as an application makes it, with all that is agreed.
const BY_APPLICATIONS: &str = include_str!("../pinned/requested_by_applications.json");

#[test]
fn every_event_reads_and_writes_the_json_it_was_released_with() {
    let pinned = [PINNED, OF_ACCOUNTS, OF_BROWSERS, OF_FILES, BY_APPLICATIONS]
        .map(serde_json::from_str::<Vec<Value>>);
    for value in pinned.into_iter().flat_map(Result::unwrap) {
        let event: E = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), value);
    }
}

#[test]
fn every_kind_of_event_is_pinned() {
    let pinned: Vec<E> = serde_json::from_str(PINNED).unwrap();
    let names: BTreeSet<_> = pinned.iter().map(|event| event.name()).collect();
    assert_eq!(names.len(), pinned.len());
    assert_eq!(names.len(), 43);
    for value in serde_json::from_str::<Vec<Value>>(PINNED).unwrap() {
        let event: E = serde_json::from_value(value.clone()).unwrap();
        let kind = value["type"].as_str().unwrap();
        assert_eq!(event.name(), format!("payment.{kind}"), "name and type are one word");
    }
}
