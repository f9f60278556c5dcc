//! The domain of schedules: says when it is time, and that a run never overlaps itself.
//!
//! It runs nothing. The next instant is reckoned when something is decided and kept in the event,
//! so that a replay does not depend on a calendar.

mod clock;
mod decide;
mod state;
#[cfg(test)]
mod tests;

pub use state::{OpenRun, Outcome, PastRun, ScheduleDocument, ScheduleState};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    schedule::{ScheduleCommand, ScheduleEvent, ScheduleRefusal},
};

/// The domain of schedules.
pub struct Schedule;

impl Domain for Schedule {
    const NAME: &'static str = "schedule";

    type Command = ScheduleCommand;
    type Event = ScheduleEvent;
    type Refusal = ScheduleRefusal;
    type State = ScheduleState;

    fn decide(
        world: &World<'_, Self>,
        command: ScheduleCommand,
        now: Timestamp,
    ) -> Result<Decision<ScheduleEvent>, Stop<ScheduleRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(_: &EntityId, state: &mut ScheduleState, event: &Event<'_, Self>) {
        state::apply(state, event.event, event.at);
    }

    fn event_name(event: &ScheduleEvent) -> &'static str {
        match event {
            ScheduleEvent::Put { .. } => "schedule.put",
            ScheduleEvent::Removed => "schedule.removed",
            ScheduleEvent::Fired { .. } => "schedule.fired",
            ScheduleEvent::Skipped { .. } => "schedule.skipped",
            ScheduleEvent::Finished { .. } => "schedule.finished",
            ScheduleEvent::Abandoned { .. } => "schedule.abandoned",
        }
    }

    fn status(state: &ScheduleState) -> Option<&'static str> {
        let document = state.document()?;
        Some(match (&document.plan, &document.open) {
            (_, Some(_)) => "running",
            (None, None) => "removed",
            (Some(plan), None) if plan.enabled => "waiting",
            (Some(_), None) => "disabled",
        })
    }

    fn due(state: &ScheduleState) -> Option<Timestamp> {
        let document = state.document()?;
        let open = document.open.as_ref().map(|open| open.until);
        document.next.into_iter().chain(open).min()
    }

    fn wake(entity: &EntityId, _: &ScheduleState) -> Option<ScheduleCommand> {
        Some(ScheduleCommand::Wake { schedule: entity.clone() })
    }
}
