//! What a sender of webhooks asks and tells, as pure functions.
//!
//! The sender follows the journal. At an event that [`wants_posting`] it reads the delivery and
//! its endpoint, does what [`next`] says, and records it. A crash in between posts again under the
//! same webhook id, which receivers drop.

use super::{DeliveryPhase, EndpointPhase, WebhookState};
use crate::ports_webhook::PostOutcome;
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{SigningSecret, WebhookCommand, WebhookEvent},
};
use std::time::Duration;

/// What a sender does about a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Post it.
    Post {
        /// Where to.
        url: String,
        /// What to sign with, newest first.
        secrets: Vec<SigningSecret>,
        /// Which attempt it is, from 1.
        attempt: u32,
    },
    /// Tell the domain this: the endpoint takes nothing now.
    Tell(WebhookCommand),
    /// Nothing: it is old news.
    Nothing,
}

/// Whether an event asks for its owner to be posted.
pub fn wants_posting(event: &WebhookEvent) -> bool {
    matches!(
        event,
        WebhookEvent::DeliveryQueued { after: None, .. }
            | WebhookEvent::DeliveryReleased
            | WebhookEvent::DeliveryDue
            | WebhookEvent::DeliveryResumed
    )
}

/// The endpoint whose parked deliveries are to be asked to go on, each with `ResumeDelivery`:
/// it takes deliveries again, or never will.
pub fn wants_resuming(event: &WebhookEvent) -> Option<&EntityId> {
    match event {
        WebhookEvent::EndpointEnabled { endpoint, .. }
        | WebhookEvent::EndpointRemoved { endpoint } => Some(endpoint),
        _ => None,
    }
}

/// What to do about a delivery, given how it and its endpoint stand.
pub fn next(
    entity: &EntityId,
    delivery: &WebhookState,
    endpoint: &WebhookState,
    now: Timestamp,
) -> Next {
    let WebhookState::Delivery(delivery) = delivery else { return Next::Nothing };
    if delivery.phase != DeliveryPhase::Queued {
        return Next::Nothing;
    }
    match endpoint {
        WebhookState::Endpoint(endpoint) if endpoint.phase == EndpointPhase::Active => Next::Post {
            url: endpoint.url.clone(),
            secrets: endpoint.secrets_at(now),
            attempt: delivery.attempt_number(),
        },
        _ => Next::Tell(WebhookCommand::RecordInactive { delivery: entity.clone() }),
    }
}

/// The record of a post's outcome. `jitter` is 0 to 1000, thrown by the caller.
pub fn outcome(
    delivery: EntityId,
    attempt: u32,
    outcome: PostOutcome,
    jitter: u16,
) -> WebhookCommand {
    let millis = |span: Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
    match outcome {
        PostOutcome::Delivered { status, duration } => {
            WebhookCommand::RecordDelivered { delivery, status, duration_ms: millis(duration) }
        }
        PostOutcome::Failed { status, error, retry_after, duration } => {
            WebhookCommand::RecordFailure {
                delivery,
                attempt,
                status,
                error,
                duration_ms: millis(duration),
                retry_after_s: retry_after
                    .map(|delay| u32::try_from(delay.as_secs()).unwrap_or(u32::MAX)),
                jitter,
            }
        }
    }
}
