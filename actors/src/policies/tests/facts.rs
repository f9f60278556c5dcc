//! Events of stock and payment as policies see them.

use crate::{payment::PaymentDocument, testing::NOW};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::PaymentEvent,
    stock::{ReleaseReason, StockEvent},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Read from JSON: policies look at few of the members, and the others may change.
pub(super) fn released(reason: ReleaseReason, key: String, returned: bool) -> StockEvent {
    let event = json!({
        "type": "released",
        "allocations": [],
        "lines": [],
        "reason": reason,
        "key": key,
        "returned": returned,
    });
    read(event)
}

/// Read from JSON: policies look at few of the members, and the others may change.
pub(super) fn requested(order: EntityId, amount: i64, until: Timestamp) -> PaymentEvent {
    read(json!({
        "type": "requested",
        "order": order,
        "amount": money(amount),
        "provider": "manual",
        "account": "main",
        "capture": "automatic",
        "description": "an order",
        "until": until,
        "attempt": 1,
        "call": { "sequence": 1, "key": "call" },
    }))
}

pub(super) fn refunded(order: EntityId, amount: i64) -> PaymentEvent {
    read(json!({
        "type": "refunded",
        "order": order,
        "refunded": money(amount),
        "status": "partially_refunded",
    }))
}

/// The payment as it stands after the event, as far as policies look at it.
pub(super) fn document(event: &PaymentEvent) -> PaymentDocument {
    let refunded = match event {
        PaymentEvent::Refunded { refunded, .. } | PaymentEvent::RefundReversed { refunded, .. } => {
            refunded.amount_minor
        }
        _ => 0,
    };
    read(json!({
        "status": "created",
        "amount_minor": 0,
        "currency": "CZK",
        "authorized_minor": 0,
        "captured_minor": 0,
        "refunded_minor": refunded,
        "charged_back_minor": 0,
        "capture": "automatic",
        "description": "an order",
        "until": NOW,
        "attempts": [],
    }))
}

fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

fn money(amount: i64) -> Money {
    Money::new(amount, Currency::CZK)
}
