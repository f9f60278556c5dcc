//! Messages to people: each is sent once, tried again while that may help, and never lost.
//!
//! One message per fact and recipient: its id follows from the fact, and an id is queued once.
//! A sender records its attempt before it sends ([`dispatch`] says whether it may). If the program
//! ends between attempt and outcome, nobody knows whether the message went out; it is then sent
//! once more under the same Message-ID, so that the receiving side can drop the second one, and
//! never a third time.

pub mod decide;
pub mod dispatch;
mod state;
#[cfg(test)]
mod tests;

pub use state::{
    AddressDocument, NotificationDocument, NotificationState, Phase, TemplateDocument,
};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    notification::{NotificationCommand, NotificationEvent, NotificationRefusal},
};
use sha2::{Digest, Sha256};

/// The domain of messages to people.
pub struct Notification;

/// The entity that tells whether an address may be written to. Letter case makes no difference.
pub fn address_entity(recipient: &str) -> EntityId {
    let hash = Sha256::digest(recipient.trim().to_lowercase().as_bytes());
    EntityId::named(format!("address/{}", hex::encode(&hash[..16])))
}

impl Domain for Notification {
    const NAME: &'static str = "notification";

    type Command = NotificationCommand;
    type Event = NotificationEvent;
    type Refusal = NotificationRefusal;
    type State = NotificationState;

    fn decide(
        world: &World<'_, Self>,
        command: NotificationCommand,
        now: Timestamp,
    ) -> Result<Decision<NotificationEvent>, Stop<NotificationRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(_: &EntityId, state: &mut NotificationState, event: &Event<'_, Self>) {
        state::apply(state, event.event, event.at);
    }

    fn event_name(event: &NotificationEvent) -> &'static str {
        match event {
            NotificationEvent::Queued { .. } => "notification.queued",
            NotificationEvent::Skipped { .. } => "notification.skipped",
            NotificationEvent::AttemptStarted { .. } => "notification.attempt_started",
            NotificationEvent::AttemptFailed { .. } => "notification.attempt_failed",
            NotificationEvent::Due => "notification.due",
            NotificationEvent::Sent { .. } => "notification.sent",
            NotificationEvent::GivenUp { .. } => "notification.given_up",
            NotificationEvent::Retried => "notification.retried",
            NotificationEvent::Dismissed => "notification.dismissed",
            NotificationEvent::TemplatePut { .. } => "notification.template_put",
            NotificationEvent::TemplateRemoved => "notification.template_removed",
            NotificationEvent::AddressSuppressed { .. } => "notification.address_suppressed",
            NotificationEvent::AddressReleased => "notification.address_released",
        }
    }

    fn status(state: &NotificationState) -> Option<&'static str> {
        match state {
            NotificationState::Blank | NotificationState::Template(_) => None,
            NotificationState::Notification(message) => Some(message.phase.word()),
            NotificationState::Address(_) => Some("suppressed"),
        }
    }

    fn label(state: &NotificationState) -> Option<&str> {
        match state {
            NotificationState::Notification(message) => {
                message.about.as_ref().map(EntityId::as_str)
            }
            NotificationState::Blank
            | NotificationState::Template(_)
            | NotificationState::Address(_) => None,
        }
    }

    fn due(state: &NotificationState) -> Option<Timestamp> {
        match state {
            NotificationState::Notification(message) => match message.phase {
                Phase::Sending { until } | Phase::Waiting { until } => Some(until),
                // The dispatcher's cursor stands before what is queued: it cannot be forgotten.
                Phase::Queued
                | Phase::Sent { .. }
                | Phase::GivenUp { .. }
                | Phase::Skipped { .. }
                | Phase::Dismissed { .. } => None,
            },
            NotificationState::Blank
            | NotificationState::Template(_)
            | NotificationState::Address(_) => None,
        }
    }

    fn wake(entity: &EntityId, state: &NotificationState) -> Option<NotificationCommand> {
        Self::due(state).map(|_| NotificationCommand::Wake { notification: entity.clone() })
    }
}
