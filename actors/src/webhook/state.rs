//! What is known of endpoints, deliveries and lanes.

use kontor_messages::{
    EntityId, EventId, Timestamp,
    webhook::{
        Attempt, CallbackKey, DisableReason, GiveUpReason, Position, ReplayRange, SigningSecret,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One entity of the webhook domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
// Most of them are deliveries, and those that wait are few in memory.
#[allow(clippy::large_enum_variant)]
pub enum WebhookState {
    /// Nothing is known, or nothing is left.
    #[default]
    Blank,
    /// The tenant's endpoints.
    Register(RegisterDocument),
    /// An endpoint.
    Endpoint(EndpointDocument),
    /// One event for one endpoint.
    Delivery(DeliveryDocument),
    /// A chain of deliveries.
    Lane(LaneDocument),
    /// The open deliveries of a replay.
    Tally(TallyDocument),
}

/// The tenant's endpoints, and which events each wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterDocument {
    /// Patterns by endpoint.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub endpoints: BTreeMap<EntityId, Vec<String>>,
}

/// Where a tenant's events are posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EndpointDocument {
    /// Where it stands.
    #[serde(flatten)]
    pub phase: EndpointPhase,
    /// Where to post; empty for the callbacks of payments, each of which names an address.
    pub url: String,
    /// Which events; none for the callbacks of payments.
    pub events: Vec<String>,
    /// What it is for.
    pub description: String,
    /// What requests are signed with; `***` in answers.
    pub secret: SigningSecret,
    /// The secret before, while it counts too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret: Option<PreviousSecret>,
    /// What callbacks show in `x-api-key`; `***` in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<CallbackKey>,
    /// Hosts that callbacks go to; any if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Attempts that failed since the last success.
    pub failures: u32,
    /// When the first of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// The first event that was not kept for it while it was disabled, until everything from there
    /// on is replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_from: Option<Position>,
    /// The last replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayDocument>,
    /// The name of the last test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_test: Option<EntityId>,
    /// Since when it is known.
    pub created_at: Timestamp,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PreviousSecret {
    /// The secret; `***` in answers.
    pub secret: SigningSecret,
    /// Until when it counts.
    pub until: Timestamp,
}

/// Where an endpoint stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum EndpointPhase {
    /// Takes deliveries.
    Active,
    /// Deliveries are kept for it.
    Paused {
        /// Until when; then it is disabled.
        until: Timestamp,
    },
    /// Takes nothing, and nothing is kept for it.
    Disabled {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: DisableReason,
    },
    /// Is gone for good.
    Removed {
        /// Since when.
        at: Timestamp,
    },
}

/// A stretch of the journal that an endpoint gets once more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayDocument {
    /// Where it stands.
    #[serde(flatten)]
    pub phase: ReplayPhase,
    /// Its name.
    pub id: EntityId,
    /// Which events.
    #[serde(flatten)]
    pub range: ReplayRange,
    /// The place in the journal up to which all that there is was queued.
    pub reached: i64,
    /// How many events were queued.
    pub queued: u64,
    /// Whether it makes up for what the endpoint missed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// Where a replay stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReplayPhase {
    /// Under way; if its endpoint is disabled, it waits until that is enabled.
    Running,
    /// All that it queued is delivered or given up.
    Finished {
        /// Since when.
        at: Timestamp,
    },
    /// It was ended.
    Cancelled {
        /// Since when.
        at: Timestamp,
    },
}

/// One event for one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryDocument {
    /// Where it stands.
    #[serde(flatten)]
    pub phase: DeliveryPhase,
    /// To which endpoint.
    pub endpoint: EntityId,
    /// The event.
    pub event: EventId,
    /// The event's public name.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// Where the event stands in the journal.
    pub position: Position,
    /// The chain that it is part of.
    pub lane: EntityId,
    /// The delivery before it in the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<EntityId>,
    /// The delivery behind it in the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<EntityId>,
    /// The tally of the replay that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<EntityId>,
    /// What was tried, 10 at most.
    pub attempts: Vec<Attempt>,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// Where a delivery stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DeliveryPhase {
    /// To be posted now.
    Queued,
    /// To be posted again later.
    Waiting {
        /// When.
        until: Timestamp,
    },
    /// Waits for the delivery before it.
    Blocked,
    /// Waits for its endpoint.
    Parked,
    /// The endpoint took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// The endpoint did not take it.
    GivenUp {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: GiveUpReason,
    },
}

/// The end of a chain of deliveries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneDocument {
    /// The last delivery that has not ended.
    pub last: EntityId,
}

/// What of a replay is on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TallyDocument {
    /// Deliveries that have not ended.
    pub open: u32,
}

impl WebhookState {
    /// The deliveries of a replay that have not ended, by its tally.
    pub fn open(&self) -> u32 {
        match self {
            Self::Tally(tally) => tally.open,
            Self::Blank
            | Self::Register(_)
            | Self::Endpoint(_)
            | Self::Delivery(_)
            | Self::Lane(_) => 0,
        }
    }

    /// The state as it may leave the program: without secrets.
    pub fn public_view(&self) -> Self {
        let mut view = self.clone();
        if let Self::Endpoint(endpoint) = &mut view {
            let previous = endpoint.previous_secret.as_mut().map(|previous| &mut previous.secret);
            for secret in std::iter::once(&mut endpoint.secret).chain(previous) {
                secret.0 = "***".to_owned();
            }
            if let Some(key) = &mut endpoint.api_key {
                key.0 = "***".to_owned();
            }
        }
        view
    }
}

impl EndpointDocument {
    /// One that begins now.
    pub fn new(url: String, description: String, secret: SigningSecret, now: Timestamp) -> Self {
        Self {
            phase: EndpointPhase::Active,
            url,
            events: Vec::new(),
            description,
            secret,
            previous_secret: None,
            api_key: None,
            hosts: Vec::new(),
            failures: 0,
            failing_since: None,
            missed_from: None,
            replay: None,
            last_test: None,
            created_at: now,
        }
    }

    /// The replay that is under way.
    pub fn running_replay(&self) -> Option<&ReplayDocument> {
        self.replay.as_ref().filter(|replay| replay.phase == ReplayPhase::Running)
    }

    /// What to sign with at an instant, newest first.
    pub fn secrets_at(&self, now: Timestamp) -> Vec<SigningSecret> {
        let previous = self.previous_secret.iter().filter(|previous| now < previous.until);
        std::iter::once(&self.secret)
            .chain(previous.map(|previous| &previous.secret))
            .cloned()
            .collect()
    }
}

impl EndpointPhase {
    /// The status as lists name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused { .. } => "paused",
            Self::Disabled { .. } => "disabled",
            Self::Removed { .. } => "removed",
        }
    }
}

impl ReplayDocument {
    /// Whether all that there is was queued.
    pub fn has_reached_end(&self) -> bool {
        self.range.until.seq <= self.reached
    }
}

impl DeliveryDocument {
    /// The number of the attempt that is next or under way, from 1.
    pub fn attempt_number(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl DeliveryPhase {
    /// The status as lists name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting { .. } => "waiting",
            Self::Blocked => "blocked",
            Self::Parked => "parked",
            Self::Delivered { .. } => "delivered",
            Self::GivenUp { .. } => "given_up",
        }
    }
}
