//! The domain of the keys that sign access tokens: which one signs, which comes next, which are
//! still believed.
//!
//! It makes no key and signs nothing. A key is published before it signs, so that a verifier who
//! asks now and then has it in time; an old one stays until its last token has expired.

mod decide;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{PUBLISHED_BEFORE, RETIRED_AFTER};
pub use state::{KeyInRing, RingDocument};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    signing::{SigningCommand, SigningEvent, SigningRefusal},
};

/// The domain of signing keys.
pub struct Signing;

impl Domain for Signing {
    const NAME: &'static str = "signing";

    type Command = SigningCommand;
    type Event = SigningEvent;
    type Refusal = SigningRefusal;
    type State = RingDocument;

    fn decide(
        world: &World<'_, Self>,
        command: SigningCommand,
        now: Timestamp,
    ) -> Result<Decision<SigningEvent>, Stop<SigningRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(_: &EntityId, ring: &mut RingDocument, event: &Event<'_, Self>) {
        state::apply(ring, event.event, event.at);
    }

    fn event_name(event: &SigningEvent) -> &'static str {
        match event {
            SigningEvent::Published { .. } => "signing.published",
            SigningEvent::RotationAsked => "signing.rotation_asked",
            SigningEvent::Rotated => "signing.rotated",
            SigningEvent::Retired { .. } => "signing.retired",
        }
    }

    fn due(ring: &RingDocument) -> Option<Timestamp> {
        ring.old.iter().map(decide::retires_at).chain(decide::rotates_at(ring)).min()
    }

    fn wake(_: &EntityId, _: &RingDocument) -> Option<SigningCommand> {
        Some(SigningCommand::Wake)
    }
}
