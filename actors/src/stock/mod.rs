//! The stock domain: who has how many of what, and for whom it is held.
//!
//! One decision sees all the products of an order, so that all its lines are held or none. Events
//! carry the figures that follow from them; state is what the last event said, never a sum made
//! twice.

mod apply;
mod check;
mod decide;
mod holds;
mod ledger;
mod lines;
mod moves;
mod read;
mod settings;
pub mod state;
#[cfg(test)]
mod tests;

pub use read::{available, bundle_sellable, sellable};
pub use state::{
    FeedState, Level, MovementState, Part, ReservationState, ReservationStatus, ReservedLine,
    SkuState, StockState, TransferState, Warehouses,
};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{StockCommand, StockEvent, StockRefusal, sku_entity},
};

/// The marker of the stock domain.
pub struct Stock;

/// The label of products that have fallen to their threshold.
pub const LOW: &str = "low";

/// What a decision comes to, or why it stopped.
type Decided = Result<Decision<StockEvent>, Stop<StockRefusal>>;

impl Domain for Stock {
    const NAME: &'static str = "stock";
    type Command = StockCommand;
    type Event = StockEvent;
    type Refusal = StockRefusal;
    type State = StockState;

    fn decide(world: &World<'_, Self>, command: StockCommand, now: Timestamp) -> Decided {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut StockState, event: &Event<'_, Self>) {
        apply::apply(entity, state, event);
    }

    fn event_name(event: &StockEvent) -> &'static str {
        match event {
            StockEvent::WarehousePut { .. } => "stock.warehouse_put",
            StockEvent::Configured { .. } => "stock.configured",
            StockEvent::Retotalled { .. } => "stock.retotalled",
            StockEvent::Moved { .. } => "stock.moved",
            StockEvent::Observed { .. } => "stock.observed",
            StockEvent::Observations { .. } => "stock.observations",
            StockEvent::TransferStarted { .. } => "stock.transfer_started",
            StockEvent::TransferReceived { .. } => "stock.transfer_received",
            StockEvent::Wanted { .. } => "stock.wanted",
            StockEvent::Reserved { .. } => "stock.reserved",
            StockEvent::Renewed { .. } => "stock.reservation_renewed",
            StockEvent::Released { .. } => "stock.released",
            StockEvent::Committed { .. } => "stock.committed",
            StockEvent::CommitFailed { .. } => "stock.commit_failed",
        }
    }

    fn touches(event: &StockEvent) -> Vec<EntityId> {
        let mut skus: Vec<&str> = match event {
            StockEvent::Reserved { allocations, .. }
            | StockEvent::Released { allocations, .. }
            | StockEvent::Observations { allocations, .. }
            | StockEvent::Committed { allocations } => {
                allocations.iter().map(|allocation| allocation.sku.as_str()).collect()
            }
            StockEvent::Moved { change, .. } => vec![&change.sku],
            StockEvent::TransferStarted { from, .. } => vec![&from.sku],
            StockEvent::TransferReceived { to } => vec![&to.sku],
            StockEvent::Configured { parts_joined, parts_left, .. } => {
                parts_joined.iter().chain(parts_left).map(String::as_str).collect()
            }
            StockEvent::WarehousePut { .. }
            | StockEvent::Retotalled { .. }
            | StockEvent::Observed { .. }
            | StockEvent::Wanted { .. }
            | StockEvent::Renewed { .. }
            | StockEvent::CommitFailed { .. } => Vec::new(),
        };
        skus.sort_unstable();
        skus.dedup();
        skus.into_iter().map(sku_entity).collect()
    }

    fn label(state: &StockState) -> Option<&str> {
        state.as_sku().filter(|sku| sku.is_low()).map(|_| LOW)
    }

    fn due(state: &StockState) -> Option<Timestamp> {
        match state {
            StockState::Reservation(held) if held.status == ReservationStatus::Held => {
                Some(held.until)
            }
            _ => None,
        }
    }

    fn wake(entity: &EntityId, _state: &StockState) -> Option<StockCommand> {
        let id = entity.as_str().strip_prefix("reservation/")?;
        Some(StockCommand::Expire { reservation: EntityId::named(id) })
    }
}
