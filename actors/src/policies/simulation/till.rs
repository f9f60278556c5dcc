//! Payment's stand-in, with a provider behind it that takes its time.

use crate::{payment::PaymentDocument, testing::NOW};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::{PaymentCommand, PaymentEvent},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(super) struct Payment {
    pub(super) order: EntityId,
    pub(super) amount: i64,
    pub(super) open: bool,
    until: Timestamp,
    pub(super) paid: i64,
    pub(super) refunded: i64,
    /// What the provider was asked to give back and has not yet.
    asked: i64,
    settling: bool,
    settled: bool,
    refunds: BTreeSet<EntityId>,
}

#[derive(Debug, Default)]
pub(super) struct Till {
    pub(super) payments: BTreeMap<EntityId, Payment>,
}

impl Till {
    pub(super) fn request(
        &mut self,
        payment: EntityId,
        order: EntityId,
        amount: i64,
        until: Timestamp,
    ) -> PaymentEvent {
        let event = requested(order.clone(), amount, until);
        let known = Payment {
            order,
            amount,
            open: true,
            until,
            paid: 0,
            refunded: 0,
            asked: 0,
            settling: false,
            settled: false,
            refunds: BTreeSet::new(),
        };
        self.payments.insert(payment, known);
        event
    }

    /// What nobody has paid in time ends by itself, and nobody is told.
    pub(super) fn expire(&mut self, now: Timestamp) {
        for known in self.payments.values_mut().filter(|known| known.until <= now) {
            known.open = false;
        }
    }

    /// The customer pays; some do so after the payment was ended.
    pub(super) fn pay(&mut self, payment: &EntityId) -> Vec<PaymentEvent> {
        let Some(known) = self.payments.get_mut(payment) else { return Vec::new() };
        if known.paid > 0 {
            return Vec::new();
        }
        (known.paid, known.open, known.settled) = (known.amount, false, false);
        let paid = money(known.paid);
        vec![PaymentEvent::Paid { order: Some(known.order.clone()), paid }]
    }

    pub(super) fn obey(&mut self, command: PaymentCommand) -> (EntityId, Vec<PaymentEvent>) {
        match command {
            PaymentCommand::Settle { payment } => {
                let Some(known) = self.payments.get_mut(&payment) else {
                    return (payment, Vec::new());
                };
                known.settling = true;
                known.asked = known.paid;
                let events = known.settle();
                (payment, events)
            }
            PaymentCommand::Refund { payment, refund, amount, .. } => {
                if let Some(known) = self.payments.get_mut(&payment)
                    && known.refunds.insert(refund)
                {
                    known.asked = (known.asked + amount.amount_minor).min(known.paid);
                }
                (payment, Vec::new())
            }
            #[allow(unreachable_patterns, reason = "no policy asks for anything else")]
            other => panic!("no policy asks for {other:?}"),
        }
    }

    /// The provider has given back what it was asked for.
    pub(super) fn provider_answers(&mut self, payment: &EntityId) -> Vec<PaymentEvent> {
        let Some(known) = self.payments.get_mut(payment) else { return Vec::new() };
        let mut events = Vec::new();
        if known.asked > known.refunded {
            known.refunded = known.asked;
            events.push(refunded(known.order.clone(), known.refunded));
        }
        events.extend(known.settle());
        events
    }
}

impl Payment {
    fn settle(&mut self) -> Vec<PaymentEvent> {
        if !self.settling || self.settled || self.refunded < self.paid {
            return Vec::new();
        }
        (self.open, self.settled) = (false, true);
        vec![PaymentEvent::Settled { order: Some(self.order.clone()) }]
    }
}

/// Read from JSON: policies look at few of the members, and the others may change.
pub(in crate::policies) fn requested(
    order: EntityId,
    amount: i64,
    until: Timestamp,
) -> PaymentEvent {
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

pub(in crate::policies) fn refunded(order: EntityId, amount: i64) -> PaymentEvent {
    read(json!({
        "type": "refunded",
        "order": order,
        "refunded": money(amount),
        "status": "partially_refunded",
    }))
}

/// The payment as it stands after the event, as far as policies look at it.
pub(in crate::policies) fn document(event: &PaymentEvent) -> PaymentDocument {
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
