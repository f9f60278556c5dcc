//! The domain of payouts: refunds that go to the bank with a file, each with one file only.
//!
//! It writes no file: the provider does, from the orders of a batch. What a file holds is settled
//! when it is taken for the first time, so taking it again pays nothing twice.

mod decide;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{ORDERS_MAX, order_entity};
pub use state::{BatchStatus, OrderStatus, PayoutBatch, PayoutOrder, PayoutState};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    payout::{PayoutCommand, PayoutEvent, PayoutRefusal},
};

/// The domain of payouts.
pub struct Payout;

impl Domain for Payout {
    const NAME: &'static str = "payout";

    type Command = PayoutCommand;
    type Event = PayoutEvent;
    type Refusal = PayoutRefusal;
    type State = PayoutState;

    fn decide(
        world: &World<'_, Self>,
        command: PayoutCommand,
        now: Timestamp,
    ) -> Result<Decision<PayoutEvent>, Stop<PayoutRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut PayoutState, event: &Event<'_, Self>) {
        state::apply(entity, state, event);
    }

    fn event_name(event: &PayoutEvent) -> &'static str {
        event.name()
    }

    fn touches(event: &PayoutEvent) -> Vec<EntityId> {
        match event {
            PayoutEvent::BatchFormed { orders, .. }
            | PayoutEvent::HandedOver { orders, .. }
            | PayoutEvent::Released { orders, .. } => orders.clone(),
            PayoutEvent::Closed { batch, .. } => batch.iter().cloned().collect(),
            PayoutEvent::Queued { .. } | PayoutEvent::Overdue => Vec::new(),
        }
    }

    fn status(state: &PayoutState) -> Option<&'static str> {
        match state {
            PayoutState::Blank => None,
            PayoutState::Order(order) => Some(match order.status {
                OrderStatus::Waiting => "waiting",
                OrderStatus::Batched => "batched",
                OrderStatus::HandedOver => "handed_over",
                OrderStatus::Paid => "paid",
                OrderStatus::Failed => "failed",
            }),
            PayoutState::Batch(batch) => Some(match batch.status {
                BatchStatus::Formed => "formed",
                BatchStatus::HandedOver => "handed_over",
                BatchStatus::Released => "released",
                BatchStatus::Done => "done",
            }),
        }
    }

    fn due(state: &PayoutState) -> Option<Timestamp> {
        state.order().and_then(PayoutOrder::due)
    }

    fn wake(entity: &EntityId, _: &PayoutState) -> Option<PayoutCommand> {
        Some(PayoutCommand::Wake { order: entity.clone() })
    }
}
