//! The vocabulary of outgoing webhooks: a tenant's endpoints, and what is delivered to them.
//!
//! Entities: `endpoints` (the tenant's register, one), `endpoint/<id>`,
//! `delivery/<endpoint>/<event id>` (one event for one endpoint; a repeat on request has its key as
//! a last part), `lane/<endpoint>/<hash>` (the last unfinished delivery of one subject to one
//! endpoint), `replay/<endpoint>/<key>` (how many deliveries of a replay are open). A delivery of a subject waits until the one before it has ended: deliveries form a
//! chain, each knows the next, and the lane knows the last. So nothing grows but the number of
//! entities, and an endpoint's trouble with one subject holds up that subject only.

mod event;
mod replay;

pub use event::WebhookEvent;
pub use replay::{ReplayRange, ReplayedEvent, tally_entity};

use crate::{EntityId, EventId, Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// The entity that lists the tenant's endpoints.
pub fn register_entity() -> EntityId {
    EntityId::named("endpoints")
}

/// The entity of an endpoint.
pub fn endpoint_entity(id: &EntityId) -> EntityId {
    EntityId::named(format!("endpoint/{id}"))
}

/// The entity of a delivery; with a key, of a repeat.
pub fn delivery_entity(endpoint: &EntityId, event: EventId, key: Option<&str>) -> EntityId {
    match key {
        Some(key) => EntityId::named(format!("delivery/{endpoint}/{event}/{key}")),
        None => EntityId::named(format!("delivery/{endpoint}/{event}")),
    }
}

/// The secret that requests to an endpoint are signed with: `whsec_` and base64 of 24 to 64
/// bytes. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
pub struct SigningSecret(pub String);

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(***)")
    }
}

/// The endpoint of payments' callbacks. It has no address of its own: each payment names one.
pub fn callbacks_id() -> EntityId {
    EntityId::named("callbacks")
}

/// What a shop wants to read in `x-api-key`. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 200)]
pub struct CallbackKey(pub String);

impl fmt::Debug for CallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKey(***)")
    }
}

/// A place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Position {
    /// The shard.
    pub shard: u32,
    /// The event's number there.
    pub seq: i64,
}

/// Why an endpoint gets nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisableReason {
    /// It answered 410.
    Gone,
    /// It failed for five days without a success.
    Failing,
    /// It was paused for a week.
    PausedTooLong,
    /// A person said so.
    Requested,
}

/// Why a delivery was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GiveUpReason {
    /// All attempts failed.
    Exhausted,
    /// The endpoint answered 410.
    Gone,
    /// The endpoint was removed.
    EndpointRemoved,
}

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct Attempt {
    /// When its outcome was known.
    pub at: Timestamp,
    /// What the endpoint answered, if it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u32,
}

/// What one may ask of webhooks. The `Record...` variants bring facts and are never refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookCommand {
    /// A new endpoint. Its address was checked before.
    Create {
        /// Its id: `a-z`, `0-9` and `-`, 60 characters at most.
        endpoint: EntityId,
        /// Where to post.
        #[schema(max_length = 2000)]
        url: String,
        /// Which events: names such as `order.created`, `order.*`, or `*`; 1 to 50.
        #[schema(min_items = 1, max_items = 50)]
        events: Vec<String>,
        /// What it is for.
        #[serde(default)]
        #[schema(max_length = 200)]
        description: String,
        /// What requests are signed with.
        secret: SigningSecret,
    },
    /// Makes the endpoint of payments' callbacks if there has never been one. For the follower that
    /// finds a callback to be queued.
    PrepareCallbacks {
        /// What requests are signed with.
        secret: SigningSecret,
    },
    /// Says how payments' callbacks are made; the endpoint is made if it is not there.
    PutCallbacks {
        /// What requests are signed with, if it is not there yet.
        secret: SigningSecret,
        /// What they show in `x-api-key`, if anything.
        #[serde(default)]
        api_key: Option<CallbackKey>,
        /// Hosts that are called, 20 at most; any if there are none. With a key there is one at
        /// least.
        #[serde(default)]
        #[schema(max_items = 20)]
        hosts: Vec<String>,
    },
    /// Changes an endpoint. Its address was checked before.
    Change {
        /// Which.
        endpoint: EntityId,
        /// Where to post.
        url: String,
        /// Which events.
        events: Vec<String>,
        /// What it is for.
        #[serde(default)]
        description: String,
    },
    /// Signs with a new secret; for 24 hours with the present one too.
    Rotate {
        /// Which endpoint.
        endpoint: EntityId,
        /// The new secret.
        secret: SigningSecret,
    },
    /// Keeps what is to be delivered, for a week at most, without delivering it.
    Pause {
        /// Which endpoint.
        endpoint: EntityId,
    },
    /// Delivers again after a pause, or after it was disabled.
    Enable {
        /// Which endpoint.
        endpoint: EntityId,
    },
    /// Delivers nothing, and keeps nothing for it, until enabled.
    Disable {
        /// Which endpoint.
        endpoint: EntityId,
    },
    /// Forgets an endpoint.
    Remove {
        /// Which.
        endpoint: EntityId,
    },
    /// Sends the endpoint an example event.
    SendTest {
        /// Which endpoint.
        endpoint: EntityId,
        /// Names this test; the same one a second time changes nothing.
        test: EntityId,
    },
    /// An event is to be delivered to an endpoint, whoever chose it. The same event a second time
    /// changes nothing, unless the key is another one; so does one for an endpoint that is gone.
    Deliver {
        /// Which endpoint.
        endpoint: EntityId,
        /// The event.
        event: EventId,
        /// The event's public name.
        name: String,
        /// What it is about; deliveries of one subject arrive in order: `order/<id>`.
        subject: String,
        /// Where the event stands in the journal.
        position: Position,
        /// Names a repeat on request, `a-z`, `0-9` and `-`, 60 characters at most.
        #[serde(default)]
        key: Option<String>,
    },
    /// Delivers a stretch of the journal to an endpoint once more. One at a time; the same one a
    /// second time changes nothing.
    Replay {
        /// Which endpoint.
        endpoint: EntityId,
        /// Names this replay, `a-z`, `0-9` and `-`, 60 characters at most.
        replay: EntityId,
        /// The first place; if absent, that of the first event that the endpoint missed.
        #[serde(default)]
        from: Option<Position>,
        /// The last place.
        until: Position,
        /// Only what happened at this instant or later.
        #[serde(default)]
        since: Option<Timestamp>,
        /// Only what happened before this instant.
        #[serde(default)]
        before: Option<Timestamp>,
        /// Only these of the endpoint's own events, 50 at most; all if there are none.
        #[serde(default)]
        #[schema(max_items = 50)]
        types: Vec<String>,
    },
    /// Ends a replay; what it has queued is still delivered.
    CancelReplay {
        /// Which endpoint's.
        endpoint: EntityId,
    },
    /// The next events of a replay. For the follower that looks for them; news of a step that was
    /// made already, or of another replay, changes nothing.
    ContinueReplay {
        /// Which endpoint.
        endpoint: EntityId,
        /// The replay's name.
        replay: EntityId,
        /// The place up to which it was done before.
        after: i64,
        /// The place up to which it is done now.
        reached: i64,
        /// What there is to deliver in between, in order.
        events: Vec<ReplayedEvent>,
    },
    /// The endpoint answered 2xx.
    RecordDelivered {
        /// The delivery's entity.
        delivery: EntityId,
        /// What it answered.
        status: u16,
        /// How long it took.
        duration_ms: u32,
    },
    /// The endpoint did not take it.
    RecordFailure {
        /// The delivery's entity.
        delivery: EntityId,
        /// Which attempt, from 1; an outcome of another one is no news.
        attempt: u32,
        /// What it answered, if it answered.
        #[serde(default)]
        status: Option<u16>,
        /// What went wrong, in a few words.
        error: String,
        /// How long it took.
        #[serde(default)]
        duration_ms: u32,
        /// The delay that it named, in seconds.
        #[serde(default)]
        retry_after_s: Option<u32>,
        /// 0 to 1000 thousandths of the spread that is added to the delay.
        #[serde(default)]
        #[schema(maximum = 1000)]
        jitter: u16,
    },
    /// A sender found the endpoint paused, disabled or removed: the delivery waits for it.
    RecordInactive {
        /// The delivery's entity.
        delivery: EntityId,
    },
    /// A delivery that waited for its endpoint goes on. For the follower of
    /// `webhook.endpoint_enabled`, which asks it for each parked delivery.
    ResumeDelivery {
        /// The delivery's entity.
        delivery: EntityId,
    },
    /// The deadline of a delivery or an endpoint has passed.
    Wake {
        /// The entity.
        entity: EntityId,
    },
}

/// How webhooks say no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WebhookRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The id is taken by an endpoint with other settings.
    #[error("an endpoint of this id exists and differs")]
    Exists,
    /// There are as many endpoints as there may be.
    #[error("a tenant may have {0} endpoints at most")]
    TooMany(usize),
    /// A disabled endpoint cannot be paused.
    #[error("the endpoint is disabled")]
    Disabled,
    /// The endpoint of callbacks has no address of its own.
    #[error("each payment names the address of its callbacks: this endpoint has none of its own")]
    NoAddress,
    /// One replay at a time.
    #[error("a replay of this endpoint is running; wait for its end, or cancel it")]
    ReplayRunning,
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for WebhookRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Exists => "endpoint_exists",
            Self::TooMany(_) => "too_many_endpoints",
            Self::Disabled => "endpoint_disabled",
            Self::NoAddress => "no_address",
            Self::ReplayRunning => "replay_running",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::Exists
            | Self::TooMany(_)
            | Self::Disabled
            | Self::NoAddress
            | Self::ReplayRunning => RefusalKind::Conflict,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
