//! The domain of erasures: that somebody asked for it, and that it was done.
//!
//! It destroys nothing itself. Whoever follows `erasure.requested` destroys the keys that the
//! person's data is sealed with, and records the end; until then it is done again and again.

#[cfg(test)]
mod tests;

use crate::{
    domain::{Decision, Domain, Event, Stop},
    words::is_line,
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    erasure::{ErasureCommand, ErasureEvent, ErasureRefusal},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Names of a person at most.
const PERSONS_MAX: usize = 8;
/// After so long without a word it is done again.
const ANSWER: Duration = Duration::from_secs(15 * 60);

/// The domain of erasures.
pub struct Erasure;

/// An erasure, or nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ErasureState {
    /// Nothing is known.
    #[default]
    Blank,
    /// An erasure.
    Erasure(ErasureDocument),
}

/// How an erasure stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasureDocument {
    /// Whether it is done.
    pub status: ErasureStatus,
    /// The person, by hashes of what they are known by.
    pub persons: Vec<String>,
    /// What people should know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for. What came later is not erased.
    pub requested_at: Timestamp,
    /// When it was begun last.
    pub begun_at: Timestamp,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// How many entities cannot be read any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entities: Option<u64>,
}

/// Where an erasure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStatus {
    /// The keys are being destroyed.
    Requested,
    /// Nobody reads the person's data any more.
    Completed,
}

impl ErasureState {
    /// The erasure, if there is one.
    pub fn document(&self) -> Option<&ErasureDocument> {
        match self {
            Self::Blank => None,
            Self::Erasure(document) => Some(document),
        }
    }
}

impl Domain for Erasure {
    const NAME: &'static str = "erasure";

    type Command = ErasureCommand;
    type Event = ErasureEvent;
    type Refusal = ErasureRefusal;
    type State = ErasureState;

    fn decide(
        world: &World<'_, Self>,
        command: ErasureCommand,
        now: Timestamp,
    ) -> Result<Decision<ErasureEvent>, Stop<ErasureRefusal>> {
        match command {
            ErasureCommand::Request { erasure, persons, reason } => {
                if world.get(&erasure)?.document().is_some() {
                    return Ok(Decision::nothing(erasure));
                }
                check(&persons, reason.as_deref()).map_err(Stop::Refused)?;
                Ok(Decision::of(erasure, vec![ErasureEvent::Requested { persons, reason }]))
            }
            ErasureCommand::RecordDone { erasure, entities } => {
                let open = open(world.get(&erasure)?).is_some();
                let done = open.then_some(ErasureEvent::Completed { entities });
                Ok(Decision::of(erasure, done.into_iter().collect()))
            }
            ErasureCommand::Wake { erasure } => {
                let late = open(world.get(&erasure)?).is_some_and(|open| due(open) <= now);
                let again = late.then_some(ErasureEvent::Repeated);
                Ok(Decision::of(erasure, again.into_iter().collect()))
            }
        }
    }

    fn apply(_: &EntityId, state: &mut ErasureState, event: &Event<'_, Self>) {
        match (event.event, &mut *state) {
            (ErasureEvent::Requested { persons, reason }, _) => {
                *state = ErasureState::Erasure(ErasureDocument {
                    status: ErasureStatus::Requested,
                    persons: persons.clone(),
                    reason: reason.clone(),
                    requested_at: event.at,
                    begun_at: event.at,
                    completed_at: None,
                    entities: None,
                });
            }
            (ErasureEvent::Repeated, ErasureState::Erasure(known)) => known.begun_at = event.at,
            (ErasureEvent::Completed { entities }, ErasureState::Erasure(known)) => {
                known.status = ErasureStatus::Completed;
                known.completed_at = Some(event.at);
                known.entities = Some(*entities);
            }
            (ErasureEvent::Repeated | ErasureEvent::Completed { .. }, ErasureState::Blank) => {}
        }
    }

    fn event_name(event: &ErasureEvent) -> &'static str {
        match event {
            ErasureEvent::Requested { .. } => "erasure.requested",
            ErasureEvent::Repeated => "erasure.repeated",
            ErasureEvent::Completed { .. } => "erasure.completed",
        }
    }

    fn status(state: &ErasureState) -> Option<&'static str> {
        Some(match state.document()?.status {
            ErasureStatus::Requested => "requested",
            ErasureStatus::Completed => "completed",
        })
    }

    fn due(state: &ErasureState) -> Option<Timestamp> {
        open(state).map(due)
    }

    fn wake(entity: &EntityId, _: &ErasureState) -> Option<ErasureCommand> {
        Some(ErasureCommand::Wake { erasure: entity.clone() })
    }
}

fn open(state: &ErasureState) -> Option<&ErasureDocument> {
    state.document().filter(|known| known.status == ErasureStatus::Requested)
}

fn due(open: &ErasureDocument) -> Timestamp {
    open.begun_at.plus(ANSWER)
}

fn check(persons: &[String], reason: Option<&str>) -> Result<(), ErasureRefusal> {
    let invalid = |pointer: &str, expected: String| {
        Err(ErasureRefusal::Invalid { pointer: pointer.to_owned(), expected })
    };
    let hash =
        |person: &String| person.len() == 32 && person.bytes().all(|c| c.is_ascii_hexdigit());
    if persons.is_empty() || persons.len() > PERSONS_MAX || !persons.iter().all(hash) {
        return invalid("/persons", format!("expected 1 to {PERSONS_MAX} hashes"));
    }
    if reason.is_some_and(|reason| !is_line(reason, 500)) {
        return invalid("/reason", "expected 1 to 500 characters on one line".to_owned());
    }
    Ok(())
}
