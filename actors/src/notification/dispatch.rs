//! What a sender of messages asks and tells, as pure functions.
//!
//! The sender follows the journal. At an event that [`wants_sending`] it records an attempt under
//! a fresh name, and sends only if the state it is answered with [`may_send`] under that name: so
//! two senders, or one that begins again after a crash, never both send. Then it records what
//! [`outcome`] makes of the port's answer.

use super::{NotificationState, Phase};
use crate::ports_notification::{Accepted, SendFault};
use kontor_messages::{
    EntityId,
    notification::{NotificationCommand, NotificationEvent},
};

/// Whether an event asks for an attempt.
pub fn wants_sending(event: &NotificationEvent) -> bool {
    matches!(
        event,
        NotificationEvent::Queued { .. } | NotificationEvent::Due | NotificationEvent::Retried
    )
}

/// Whether the attempt of this name was granted and is still under way.
pub fn may_send(state: &NotificationState, attempt: &EntityId) -> bool {
    matches!(
        state,
        NotificationState::Notification(message)
            if matches!(message.phase, Phase::Sending { .. })
                && message.last_attempt.as_ref() == Some(attempt)
    )
}

/// The record of an attempt's outcome. `jitter` is 0 to 1000, thrown by the caller.
pub fn outcome(
    notification: EntityId,
    attempt: EntityId,
    answer: Result<Accepted, SendFault>,
    jitter: u16,
) -> NotificationCommand {
    match answer {
        Ok(Accepted { provider_id }) => {
            NotificationCommand::RecordSent { notification, provider_id }
        }
        Err(SendFault { failure, retry_after }) => NotificationCommand::RecordFailure {
            notification,
            attempt,
            failure,
            retry_after_s: retry_after
                .map(|delay| u32::try_from(delay.as_secs()).unwrap_or(u32::MAX)),
            jitter,
        },
    }
}
