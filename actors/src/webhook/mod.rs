//! Outgoing webhooks: a tenant's endpoints, and one delivery per event and endpoint.
//!
//! A follower of the journal asks [`filter::targets`] who wants an event and has it delivered to
//! each. Deliveries of one subject to one endpoint form a chain: each waits until the one before
//! it has ended, so that they arrive in order, and what is parked holds up its own subject only.
//! The chain is linked from delivery to delivery and its lane knows only the last one, so that no
//! document grows with it. A disabled endpoint keeps no deliveries but remembers the first event
//! that it missed. A replay from there, or of any stretch of the journal, is known to the endpoint
//! with how far it has come; a follower asks [`dispatch::next_step`] what to look for next, and
//! only a bounded number of its deliveries is ever on its way.

mod apply;
mod callbacks;
pub mod decide;
mod deliver;
pub mod dispatch;
pub mod filter;
mod replays;
pub mod secret;
mod state;
#[cfg(test)]
mod tests;

pub use state::{
    DeliveryDocument, DeliveryPhase, EndpointDocument, EndpointPhase, LaneDocument, PreviousSecret,
    RegisterDocument, ReplayDocument, ReplayPhase, TallyDocument, WebhookState,
};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{WebhookCommand, WebhookEvent, WebhookRefusal, register_entity},
};
use sha2::{Digest, Sha256};

/// The domain of outgoing webhooks.
pub struct Webhook;

/// The entity that knows the last unfinished delivery of a subject to an endpoint.
pub fn lane_entity(endpoint: &EntityId, subject: &str) -> EntityId {
    let hash = Sha256::digest(subject.as_bytes());
    EntityId::named(format!("lane/{endpoint}/{}", hex::encode(&hash[..16])))
}

impl Domain for Webhook {
    const NAME: &'static str = "webhook";

    type Command = WebhookCommand;
    type Event = WebhookEvent;
    type Refusal = WebhookRefusal;
    type State = WebhookState;

    fn decide(
        world: &World<'_, Self>,
        command: WebhookCommand,
        now: Timestamp,
    ) -> Result<Decision<WebhookEvent>, Stop<WebhookRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut WebhookState, event: &Event<'_, Self>) {
        apply::apply(entity, state, event);
    }

    fn event_name(event: &WebhookEvent) -> &'static str {
        match event {
            WebhookEvent::EndpointCreated { .. } => "webhook.endpoint_created",
            WebhookEvent::EndpointChanged { .. } => "webhook.endpoint_changed",
            WebhookEvent::CallbacksPut { .. } => "webhook.callbacks_put",
            WebhookEvent::EndpointRotated { .. } => "webhook.endpoint_rotated",
            WebhookEvent::EndpointPaused { .. } => "webhook.endpoint_paused",
            WebhookEvent::EndpointEnabled { .. } => "webhook.endpoint_enabled",
            WebhookEvent::EndpointDisabled { .. } => "webhook.endpoint_disabled",
            WebhookEvent::EndpointMissed { .. } => "webhook.endpoint_missed",
            WebhookEvent::EndpointFailing { .. } => "webhook.endpoint_failing",
            WebhookEvent::EndpointRecovered => "webhook.endpoint_recovered",
            WebhookEvent::EndpointRemoved { .. } => "webhook.endpoint_removed",
            WebhookEvent::TestRequested { .. } => "webhook.test",
            WebhookEvent::ReplayRequested { .. } => "webhook.replay_requested",
            WebhookEvent::ReplayAdvanced { .. } => "webhook.replay_advanced",
            WebhookEvent::ReplayReleased => "webhook.replay_released",
            WebhookEvent::ReplayFinished => "webhook.replay_finished",
            WebhookEvent::ReplayCancelled => "webhook.replay_cancelled",
            WebhookEvent::DeliveryQueued { .. } => "webhook.delivery_queued",
            WebhookEvent::DeliveryReleased => "webhook.delivery_released",
            WebhookEvent::DeliveryDue => "webhook.delivery_due",
            WebhookEvent::DeliveryResumed => "webhook.delivery_resumed",
            WebhookEvent::DeliveryParked => "webhook.delivery_parked",
            WebhookEvent::DeliveryPostponed { .. } => "webhook.delivery_postponed",
            WebhookEvent::DeliveryAttemptFailed { .. } => "webhook.delivery_attempt_failed",
            WebhookEvent::DeliveryDelivered { .. } => "webhook.delivery_delivered",
            WebhookEvent::DeliveryGivenUp { .. } => "webhook.delivery_given_up",
        }
    }

    fn touches(event: &WebhookEvent) -> Vec<EntityId> {
        match event {
            WebhookEvent::EndpointCreated { .. }
            | WebhookEvent::EndpointChanged { .. }
            | WebhookEvent::EndpointRemoved { .. } => vec![register_entity()],
            WebhookEvent::DeliveryQueued { lane, after, replay, .. } => {
                std::iter::once(lane).chain(after).chain(replay).cloned().collect()
            }
            WebhookEvent::DeliveryAttemptFailed { endpoint, .. } => vec![endpoint.clone()],
            WebhookEvent::DeliveryDelivered { empties, replay, .. }
            | WebhookEvent::DeliveryGivenUp { empties, replay, .. } => {
                empties.iter().chain(replay).cloned().collect()
            }
            WebhookEvent::CallbacksPut { .. }
            | WebhookEvent::EndpointRotated { .. }
            | WebhookEvent::EndpointPaused { .. }
            | WebhookEvent::EndpointEnabled { .. }
            | WebhookEvent::EndpointDisabled { .. }
            | WebhookEvent::EndpointMissed { .. }
            | WebhookEvent::EndpointFailing { .. }
            | WebhookEvent::EndpointRecovered
            | WebhookEvent::TestRequested { .. }
            | WebhookEvent::ReplayRequested { .. }
            | WebhookEvent::ReplayAdvanced { .. }
            | WebhookEvent::ReplayReleased
            | WebhookEvent::ReplayFinished
            | WebhookEvent::ReplayCancelled
            | WebhookEvent::DeliveryReleased
            | WebhookEvent::DeliveryDue
            | WebhookEvent::DeliveryResumed
            | WebhookEvent::DeliveryParked
            | WebhookEvent::DeliveryPostponed { .. } => Vec::new(),
        }
    }

    fn status(state: &WebhookState) -> Option<&'static str> {
        match state {
            WebhookState::Blank
            | WebhookState::Register(_)
            | WebhookState::Lane(_)
            | WebhookState::Tally(_) => None,
            WebhookState::Endpoint(endpoint) => Some(endpoint.phase.word()),
            WebhookState::Delivery(delivery) => Some(delivery.phase.word()),
        }
    }

    fn due(state: &WebhookState) -> Option<Timestamp> {
        match state {
            WebhookState::Blank
            | WebhookState::Register(_)
            | WebhookState::Lane(_)
            | WebhookState::Tally(_) => None,
            WebhookState::Endpoint(endpoint) => match endpoint.phase {
                EndpointPhase::Paused { until } => Some(until),
                EndpointPhase::Active
                | EndpointPhase::Disabled { .. }
                | EndpointPhase::Removed { .. } => None,
            },
            WebhookState::Delivery(delivery) => match delivery.phase {
                DeliveryPhase::Waiting { until } => Some(until),
                // The dispatcher's cursor stands before what is queued, the chain before what is
                // blocked, the endpoint's owner before what is parked.
                DeliveryPhase::Queued
                | DeliveryPhase::Blocked
                | DeliveryPhase::Parked
                | DeliveryPhase::Delivered { .. }
                | DeliveryPhase::GivenUp { .. } => None,
            },
        }
    }

    fn wake(entity: &EntityId, state: &WebhookState) -> Option<WebhookCommand> {
        Self::due(state).map(|_| WebhookCommand::Wake { entity: entity.clone() })
    }
}
