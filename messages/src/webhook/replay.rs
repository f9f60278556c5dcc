//! The words of a replay: a stretch of the journal whose events an endpoint gets once more.

use super::Position;
use crate::{EntityId, EventId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity that counts which deliveries of a replay have not ended.
pub fn tally_entity(endpoint: &EntityId, replay: &EntityId) -> EntityId {
    EntityId::named(format!("replay/{endpoint}/{replay}"))
}

/// Which events an endpoint gets once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayRange {
    /// The first place in the journal.
    pub from: Position,
    /// The last one; before the first if there is nothing in between.
    pub until: Position,
    /// Only what happened at this instant or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only what happened before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// Only these of the endpoint's own events; all if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// An event that a replay delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayedEvent {
    /// The event.
    pub event: EventId,
    /// The event's public name.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// Where the event stands in the journal.
    pub position: Position,
}

impl ReplayRange {
    /// Whether everything from this place on is in it.
    pub fn covers(&self, place: Position) -> bool {
        let whole = self.since.is_none() && self.before.is_none() && self.types.is_empty();
        whole && self.from <= place
    }

    /// Whether what happened at this instant is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.before.is_none_or(|before| at < before)
    }
}
