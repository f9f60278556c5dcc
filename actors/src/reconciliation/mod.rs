//! The domain of reconciliation: which account and day is compared with the provider's own list,
//! and what becomes of each difference.
//!
//! It compares nothing itself. Whoever follows `reconciliation.requested` reads both lists, and
//! records what differs; until then it is begun again, and a difference that was found before is
//! no news.

pub mod compare;
mod decide;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{DIFFERENCES_MAX, difference_entity};
pub use state::{
    DifferenceDocument, DifferenceStatus, ReconciliationState, RunDocument, RunStatus,
};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    reconciliation::{ReconciliationCommand, ReconciliationEvent, ReconciliationRefusal},
};

/// The domain of reconciliation.
pub struct Reconciliation;

impl Domain for Reconciliation {
    const NAME: &'static str = "reconciliation";

    type Command = ReconciliationCommand;
    type Event = ReconciliationEvent;
    type Refusal = ReconciliationRefusal;
    type State = ReconciliationState;

    fn decide(
        world: &World<'_, Self>,
        command: ReconciliationCommand,
        now: Timestamp,
    ) -> Result<Decision<ReconciliationEvent>, Stop<ReconciliationRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(_: &EntityId, state: &mut ReconciliationState, event: &Event<'_, Self>) {
        state::apply(state, event.event, event.at);
    }

    fn event_name(event: &ReconciliationEvent) -> &'static str {
        event.name()
    }

    fn status(state: &ReconciliationState) -> Option<&'static str> {
        match state {
            ReconciliationState::Blank => None,
            ReconciliationState::Run(run) => Some(match run.status {
                RunStatus::Queued => "queued",
                RunStatus::Running => "running",
                RunStatus::Completed => "completed",
                RunStatus::NotOffered => "not_offered",
                RunStatus::Failed => "failed",
            }),
            ReconciliationState::Difference(known) => Some(match known.status {
                DifferenceStatus::Open => "open",
                DifferenceStatus::Assigned => "assigned",
                DifferenceStatus::Settled => "settled",
            }),
        }
    }

    fn due(state: &ReconciliationState) -> Option<Timestamp> {
        match state {
            ReconciliationState::Blank => None,
            ReconciliationState::Run(run) => run.next,
            ReconciliationState::Difference(known) => known.due(),
        }
    }

    fn wake(entity: &EntityId, _: &ReconciliationState) -> Option<ReconciliationCommand> {
        Some(ReconciliationCommand::Wake { entity: entity.clone() })
    }
}
