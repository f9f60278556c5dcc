//! Carries a cancellation to its end: goods, money and channel. The customer is told by the
//! messages policy. What is missing after a while is done again.

use super::{Act, Fact, Occurrence, fulfilment::reserved_for};
use crate::order::state::OrderDocument;
use kontor_messages::{
    EntityId,
    order::{CancellationStep, OrderCommand, OrderEvent, OrderStatus, StockStanding},
    payment::{PaymentCommand, PaymentEvent},
    stock::{ReleaseReason, StockCommand, StockEvent},
};

/// The name of the release that a cancellation makes; later ones of it are `cancel/<event>`.
const RELEASE: &str = "cancel";

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    match occurrence.fact {
        Fact::Order(event, order) if order.status == OrderStatus::Cancelled => {
            of_cancelled(occurrence, event, order)
        }
        Fact::Stock(StockEvent::Released { key, .. }) if is_ours(key) => {
            // With the version: a commit from before that is told once more must not open the step.
            let (step, version) = (CancellationStep::Stock, Some(occurrence.version));
            reserved_for(occurrence.entity)
                .map(|order| OrderCommand::RecordCancellationStep { order, step, version })
                .map(Act::Order)
                .into_iter()
                .collect()
        }
        Fact::Payment(PaymentEvent::Settled { order: Some(order), .. }, _) => {
            vec![Act::Order(OrderCommand::RecordPaymentSettled {
                order: order.clone(),
                payment: occurrence.entity.clone(),
            })]
        }
        Fact::Order(..)
        | Fact::Stock(_)
        | Fact::Payment(..)
        | Fact::Notification(_)
        | Fact::Tenant(_)
        | Fact::User(_) => Vec::new(),
    }
}

fn of_cancelled(
    occurrence: &Occurrence<'_>,
    event: &OrderEvent,
    order: &OrderDocument,
) -> Vec<Act> {
    let id = occurrence.entity;
    match event {
        // Also when nothing is held by now: what was cancelled must not be taken anew.
        OrderEvent::Cancelled { .. } => {
            let mut acts = vec![release(id, RELEASE.to_owned())];
            acts.extend(money_and_channel(id, order));
            acts
        }
        OrderEvent::CancellationOverdue { .. } => {
            let again = order.misses(CancellationStep::Stock);
            let mut acts: Vec<_> = again.then(|| release_again(occurrence)).into_iter().collect();
            acts.extend(money_and_channel(id, order));
            acts
        }
        // A commit crossed the cancellation: the first release came before it.
        OrderEvent::StockChanged { standing: StockStanding::Committed, .. } => {
            vec![release_again(occurrence)]
        }
        OrderEvent::PaymentOpened { payment, .. } => vec![settle(payment)],
        _ => Vec::new(),
    }
}

fn money_and_channel(id: &EntityId, order: &OrderDocument) -> Vec<Act> {
    let mut acts: Vec<_> = order
        .payments
        .iter()
        .filter(|known| !known.settled)
        .map(|known| settle(&known.payment))
        .collect();
    if order.misses(CancellationStep::Refund) && acts.is_empty() {
        acts.push(step(id, CancellationStep::Refund));
    }
    if order.misses(CancellationStep::Channel) {
        acts.push(step(id, CancellationStep::Channel));
    }
    acts
}

fn is_ours(key: &str) -> bool {
    key.strip_prefix(RELEASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn release_again(occurrence: &Occurrence<'_>) -> Act {
    release(occurrence.entity, format!("{RELEASE}/{}", occurrence.id))
}

fn release(order: &EntityId, key: String) -> Act {
    Act::Stock(StockCommand::Release {
        reservation: order.clone(),
        lines: Vec::new(),
        key,
        reason: ReleaseReason::Cancelled,
    })
}

fn settle(payment: &EntityId) -> Act {
    Act::Payment(PaymentCommand::Settle { payment: payment.clone() })
}

fn step(order: &EntityId, step: CancellationStep) -> Act {
    let order = order.clone();
    Act::Order(OrderCommand::RecordCancellationStep { order, step, version: None })
}
