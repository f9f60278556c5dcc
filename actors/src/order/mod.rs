//! The order domain: from placing to delivery, return or cancellation.
//!
//! An order never decides about goods or money itself: it is told how they stand, and says what
//! follows for it. A fact that comes late or twice never moves it back.

mod apply;
mod cancel;
mod decide;
mod facts;
mod goods;
mod number;
mod place;
pub mod state;
#[cfg(test)]
pub(crate) mod tests;
mod validate;

pub use place::{as_number as day_number, external_key};
pub use validate::place as check_place;

use crate::{
    domain::{Decision, Domain, Event, Key, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    order::{OrderCommand, OrderEvent, OrderRefusal},
};
use state::OrderState;

/// The order domain.
pub struct Order;

impl Domain for Order {
    const NAME: &'static str = "order";
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Refusal = OrderRefusal;
    type State = OrderState;

    fn decide(
        world: &World<'_, Self>,
        command: OrderCommand,
        now: Timestamp,
    ) -> Result<Decision<OrderEvent>, Stop<OrderRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut OrderState, event: &Event<'_, Self>) {
        apply::apply(entity, state, event.event, event.at);
    }

    fn event_name(event: &OrderEvent) -> &'static str {
        match event {
            OrderEvent::Created { .. } => "order.created",
            OrderEvent::PaymentOpened { .. } => "order.payment_opened",
            OrderEvent::Paid { .. } => "order.paid",
            OrderEvent::PaymentStranded { .. } => "order.payment_stranded",
            OrderEvent::Refunded { .. } => "order.refunded",
            OrderEvent::RefundReversed { .. } => "order.refund_reversed",
            OrderEvent::PaymentSettled { .. } => "order.payment_settled",
            OrderEvent::Confirmed => "order.confirmed",
            OrderEvent::ConfirmationRequested => "order.confirmation_requested",
            OrderEvent::PaidWithoutStock { .. } => "order.paid_without_stock",
            OrderEvent::StockRetried => "order.stock_retried",
            OrderEvent::StockChanged { .. } => "order.stock_changed",
            OrderEvent::Processing => "order.processing",
            OrderEvent::Shipped { .. } => "order.shipped",
            OrderEvent::Delivered { .. } => "order.delivered",
            OrderEvent::LinesCancelled { .. } => "order.lines_cancelled",
            OrderEvent::Cancelled { .. } => "order.cancelled",
            OrderEvent::CancellationStepDone { .. } => "order.cancellation_step_done",
            OrderEvent::CancellationStepReopened { .. } => "order.cancellation_step_reopened",
            OrderEvent::CancellationOverdue { .. } => "order.cancellation_overdue",
            OrderEvent::Returned { .. } => "order.returned",
            OrderEvent::NoteAdded { .. } => "order.note_added",
        }
    }

    fn touches(event: &OrderEvent) -> Vec<EntityId> {
        match event {
            OrderEvent::Created { counter, .. } => vec![counter.clone()],
            _ => Vec::new(),
        }
    }

    fn keys(state: &OrderState) -> Vec<Key> {
        let OrderState::Order(order) = state else { return Vec::new() };
        let natural = order
            .external_id
            .as_deref()
            .map(|external_id| external_key(&order.channel, order.account.as_deref(), external_id));
        natural.into_iter().chain([place::number_key(&order.number)]).collect()
    }

    fn status(state: &OrderState) -> Option<&'static str> {
        state.order().map(|order| state::word(order.status))
    }

    fn label(state: &OrderState) -> Option<&str> {
        state.order().map(|order| order.channel.as_str())
    }

    fn due(state: &OrderState) -> Option<Timestamp> {
        state.order()?.due()
    }

    fn wake(entity: &EntityId, state: &OrderState) -> Option<OrderCommand> {
        state.order()?.due()?;
        Some(OrderCommand::Wake { order: entity.clone() })
    }
}
