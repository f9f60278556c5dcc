//! What has become of webhooks.

use super::{
    Attempt, CallbackKey, DisableReason, GiveUpReason, Position, ReplayRange, SigningSecret,
};
use crate::{EntityId, EventId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has become of webhooks. Not for consumers as it stands: endpoints hold secrets, see
/// [`WebhookEvent::public_view`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WebhookEvent {
    /// `webhook.endpoint_created`.
    EndpointCreated {
        /// Its id.
        endpoint: EntityId,
        /// Where to post.
        url: String,
        /// Which events.
        events: Vec<String>,
        /// What it is for.
        description: String,
        /// What requests are signed with.
        secret: SigningSecret,
    },
    /// `webhook.endpoint_changed`.
    EndpointChanged {
        /// Its id.
        endpoint: EntityId,
        /// Where to post.
        url: String,
        /// Which events.
        events: Vec<String>,
        /// What it is for.
        description: String,
    },
    /// `webhook.callbacks_put`: how payments' callbacks are made.
    CallbacksPut {
        /// What requests are signed with; absent if there is a secret already, which stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<SigningSecret>,
        /// What they show in `x-api-key`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<CallbackKey>,
        /// Hosts that are called; any if there are none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hosts: Vec<String>,
    },
    /// `webhook.endpoint_rotated`.
    EndpointRotated {
        /// The new secret.
        secret: SigningSecret,
        /// Until when the one before counts too.
        previous_until: Timestamp,
    },
    /// `webhook.endpoint_paused`.
    EndpointPaused {
        /// Until when; then it is disabled.
        until: Timestamp,
    },
    /// `webhook.endpoint_enabled`: what is parked goes on; the first event that was not kept for
    /// it is named, so that it can be repeated.
    EndpointEnabled {
        /// Its id.
        endpoint: EntityId,
        /// The first event that it missed while it was disabled; it can be replayed from there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missed_from: Option<Position>,
    },
    /// `webhook.endpoint_disabled`.
    EndpointDisabled {
        /// Its id.
        endpoint: EntityId,
        /// Why.
        reason: DisableReason,
    },
    /// `webhook.endpoint_missed`: the first event that a disabled endpoint did not get.
    EndpointMissed {
        /// Where it stands in the journal.
        position: Position,
    },
    /// `webhook.endpoint_failing`: four attempts in a row failed; the owner should look.
    EndpointFailing {
        /// Since when.
        since: Timestamp,
    },
    /// `webhook.endpoint_recovered`: it takes deliveries again.
    EndpointRecovered,
    /// `webhook.endpoint_removed`.
    EndpointRemoved {
        /// Its id.
        endpoint: EntityId,
    },
    /// `webhook.test`: an example for this endpoint alone.
    TestRequested {
        /// Its id.
        endpoint: EntityId,
        /// The test's name.
        test: EntityId,
    },
    /// `webhook.replay_requested`: a stretch of the journal is delivered once more.
    ReplayRequested {
        /// To which endpoint.
        endpoint: EntityId,
        /// The replay's name.
        replay: EntityId,
        /// Which events.
        range: ReplayRange,
    },
    /// `webhook.replay_advanced`: what there was up to a place is queued.
    ReplayAdvanced {
        /// The place.
        reached: i64,
        /// How many events these were.
        queued: u32,
    },
    /// `webhook.replay_released`: enough of what it has queued is delivered; it goes on.
    ReplayReleased,
    /// `webhook.replay_finished`: all that it queued is delivered or given up.
    ReplayFinished,
    /// `webhook.replay_cancelled`.
    ReplayCancelled,
    /// `webhook.delivery_queued`: to be posted now, unless it waits for one before it.
    DeliveryQueued {
        /// To which endpoint.
        endpoint: EntityId,
        /// The event.
        event: EventId,
        /// The event's public name.
        name: String,
        /// What it is about.
        subject: String,
        /// Where the event stands in the journal.
        position: Position,
        /// The lane, whose last delivery it is now.
        lane: EntityId,
        /// The delivery that must end first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<EntityId>,
        /// The tally of the replay that it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replay: Option<EntityId>,
    },
    /// `webhook.delivery_released`: the one before it has ended; to be posted now.
    DeliveryReleased,
    /// `webhook.delivery_due`: to be posted again now.
    DeliveryDue,
    /// `webhook.delivery_resumed`: the endpoint is back; to be posted now.
    DeliveryResumed,
    /// `webhook.delivery_parked`: it waits until the endpoint is enabled.
    DeliveryParked,
    /// `webhook.delivery_postponed`: the endpoint was away for a moment only.
    DeliveryPostponed {
        /// When it is tried again.
        until: Timestamp,
    },
    /// `webhook.delivery_attempt_failed`.
    DeliveryAttemptFailed {
        /// The endpoint's entity, which counts its failures.
        endpoint: EntityId,
        /// The attempt.
        attempt: Attempt,
        /// When it is tried again; never if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_attempt_at: Option<Timestamp>,
    },
    /// `webhook.delivery_delivered`.
    DeliveryDelivered {
        /// The attempt.
        attempt: Attempt,
        /// The lane that is empty now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        empties: Option<EntityId>,
        /// The tally of the replay that it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replay: Option<EntityId>,
    },
    /// `webhook.delivery_given_up`: it can be repeated by hand.
    DeliveryGivenUp {
        /// Why.
        reason: GiveUpReason,
        /// The lane that is empty now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        empties: Option<EntityId>,
        /// The tally of the replay that it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replay: Option<EntityId>,
    },
}

impl WebhookEvent {
    /// The event as it may leave the program: without secrets.
    pub fn public_view(&self) -> Self {
        let mut view = self.clone();
        match &mut view {
            Self::EndpointCreated { secret, .. } | Self::EndpointRotated { secret, .. } => {
                "***".clone_into(&mut secret.0);
            }
            Self::CallbacksPut { secret, api_key, .. } => {
                if let Some(secret) = secret {
                    "***".clone_into(&mut secret.0);
                }
                if let Some(key) = api_key {
                    "***".clone_into(&mut key.0);
                }
            }
            _ => {}
        }
        view
    }
}
