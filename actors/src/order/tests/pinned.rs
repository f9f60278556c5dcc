//! The JSON of every event, kept for ever: adding to the file is free, changing it is not.

use super::*;
use crate::domain::Domain;
use kontor_messages::order::CancellationStep;
use std::collections::{BTreeMap, BTreeSet};

/// How many kinds of event there are.
const KINDS: usize = 22;

const PINNED: &str = include_str!("../pinned/events.json");

#[test]
fn every_event_reads_and_writes_as_it_always_did() {
    let pinned: BTreeMap<String, serde_json::Value> = serde_json::from_str(PINNED).unwrap();
    let samples = samples();
    for (name, json) in &pinned {
        let event: OrderEvent = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&event).unwrap(), json, "{name}");
        let kind = name.split('/').next().unwrap_or_default();
        assert_eq!(Order::event_name(&event), kind, "{name}");
        let sample = samples.iter().find(|(known, _)| known == name);
        assert!(sample.is_none_or(|(_, sample)| *sample == event), "{name}");
    }
    for (name, event) in &samples {
        let json = serde_json::to_string(event).unwrap();
        assert!(pinned.contains_key(name), "pin this: {name:?}: {json}");
    }
    let kinds: BTreeSet<_> = samples.iter().map(|(_, event)| Order::event_name(event)).collect();
    assert_eq!(kinds.len(), KINDS);
}

fn samples() -> Vec<(String, OrderEvent)> {
    let named = |event: OrderEvent| (Order::event_name(&event).to_owned(), event);
    let mut samples: Vec<_> = plain().into_iter().chain(sending()).map(named).collect();
    samples.push((
        "order.paid/by_channel".to_owned(),
        OrderEvent::Paid { payment: None, paid: czk(400) },
    ));
    samples
}

fn plain() -> Vec<OrderEvent> {
    let (payment, until, step) = (id("p1"), NOW.plus(HOUR), CancellationStep::Refund);
    vec![
        OrderEvent::Created {
            number: "2026-000001".to_owned(),
            counter: id("number/2026"),
            place: Box::new(cart()),
            stock: StockStanding::Held,
            pay_until: until,
            fingerprint: "00112233445566778899aabbccddeeff".to_owned(),
            day: Some(20_260_115),
        },
        OrderEvent::PaymentOpened { payment: payment.clone(), until },
        OrderEvent::Paid { payment: Some(payment.clone()), paid: czk(400) },
        OrderEvent::PaymentStranded { payment: payment.clone(), paid: czk(400) },
        OrderEvent::Refunded { payment: payment.clone(), refunded: czk(400), amount: czk(100) },
        OrderEvent::RefundReversed {
            payment: payment.clone(),
            refunded: czk(300),
            amount: czk(100),
        },
        OrderEvent::PaymentSettled { payment },
        OrderEvent::Confirmed,
        OrderEvent::ConfirmationRequested,
        OrderEvent::PaidWithoutStock { decide_until: until },
        OrderEvent::StockRetried,
        OrderEvent::StockChanged { standing: StockStanding::Released, version: None },
        OrderEvent::Processing,
        OrderEvent::Cancelled { reason: CancelReason::PaymentTimeout, settle_until: until },
        OrderEvent::CancellationStepDone { step, version: None },
        OrderEvent::CancellationStepReopened { step, settle_until: until },
        OrderEvent::CancellationOverdue { missing: vec![step], settle_until: until },
    ]
}

fn sending() -> Vec<OrderEvent> {
    let key = Some("k1".to_owned());
    vec![
        OrderEvent::Shipped {
            parcel: Parcel {
                carrier: "post".to_owned(),
                tracking_number: Some("RR1".to_owned()),
                tracking_url: Some("https://post.example/RR1".to_owned()),
                lines: units(&[(0, 3), (1, 1)]),
            },
            complete: true,
            key: key.clone(),
        },
        OrderEvent::Delivered { parcels: vec![0], complete: true },
        OrderEvent::LinesCancelled {
            lines: units(&[(0, 1)]),
            reason: CancelReason::Customer,
            total_minor: 300,
            refund_minor: 100,
            key: key.clone(),
        },
        OrderEvent::Returned {
            lines: units(&[(0, 1)]),
            restock: true,
            reason: Some("broken".to_owned()),
            complete: false,
            total_minor: 300,
            refund_minor: 100,
            key: key.clone(),
        },
        OrderEvent::NoteAdded { text: "call back".to_owned(), key },
    ]
}
