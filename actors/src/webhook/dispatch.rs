//! What a sender of webhooks asks and tells, as pure functions.
//!
//! The sender follows the journal. At an event that [`wants_posting`] it reads the delivery and
//! its endpoint, does what [`next`] says, and records it. A crash in between posts again under the
//! same webhook id, which receivers drop.

use super::{
    DeliveryPhase, EndpointDocument, EndpointPhase, WebhookState, filter,
    replays::{OPEN_MAX, RELEASED_AT},
};
use crate::ports_webhook::PostOutcome;
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{
        CallbackKey, ReplayRange, SigningSecret, WebhookCommand, WebhookEvent, callbacks_id,
    },
};
use std::time::Duration;

/// What a sender does about a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Post it. A callback's address and content are its payment's.
    Post {
        /// Where to.
        url: String,
        /// What to sign with, newest first.
        secrets: Vec<SigningSecret>,
        /// Which attempt it is, from 1.
        attempt: u32,
        /// How callbacks are made, if it is one.
        callback: Option<CallbackTerms>,
    },
    /// Tell the domain this: the endpoint takes nothing now.
    Tell(WebhookCommand),
    /// Nothing: it is old news.
    Nothing,
}

/// How callbacks are made.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackTerms {
    /// What they show in `x-api-key`.
    pub api_key: Option<CallbackKey>,
    /// Hosts that are called; any if there are none.
    pub hosts: Vec<String>,
}

impl CallbackTerms {
    /// Whether a host may be called.
    pub fn allow(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

/// What a replay looks for next.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<'a> {
    /// The replay's name.
    pub replay: &'a EntityId,
    /// The place up to which it is done.
    pub after: i64,
    /// Which events.
    pub range: &'a ReplayRange,
    /// How many may be queued now; the last place may bring a few more.
    pub room: usize,
    events: &'a [String],
}

impl Step<'_> {
    /// Whether what is told under this name and happened then is to be delivered.
    pub fn wants(&self, name: &str, at: Timestamp) -> bool {
        let types = &self.range.types;
        self.range.holds(at)
            && filter::is_deliverable(name)
            && filter::wants(self.events, name)
            && (types.is_empty() || filter::wants(types, name))
    }
}

/// What an endpoint's replay looks for next; nothing while there is no room for more, or the
/// endpoint takes nothing. `open` is how many of its deliveries have not ended.
pub fn next_step(endpoint: &EndpointDocument, open: u32) -> Option<Step<'_>> {
    match endpoint.phase {
        EndpointPhase::Active | EndpointPhase::Paused { .. } => {}
        EndpointPhase::Disabled { .. } | EndpointPhase::Removed { .. } => return None,
    }
    let replay = endpoint.running_replay()?;
    if replay.has_reached_end() || RELEASED_AT < open {
        return None;
    }
    let room = usize::try_from(OPEN_MAX - open).unwrap_or_default();
    let (range, events) = (&replay.range, &endpoint.events);
    Some(Step { replay: &replay.id, after: replay.reached, range, room, events })
}

/// Whether an event may let a replay of its owner go on.
pub fn wants_replaying(name: &str) -> bool {
    matches!(
        name,
        "webhook.replay_requested"
            | "webhook.replay_advanced"
            | "webhook.replay_released"
            | "webhook.endpoint_enabled"
    )
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

impl EndpointDocument {
    /// How callbacks are made, if it is their endpoint.
    pub fn callback_terms(&self, id: &EntityId) -> Option<CallbackTerms> {
        let (api_key, hosts) = (self.api_key.clone(), self.hosts.clone());
        (*id == callbacks_id()).then_some(CallbackTerms { api_key, hosts })
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
            callback: endpoint.callback_terms(&delivery.endpoint),
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
