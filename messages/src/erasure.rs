//! The vocabulary of erasures: a person's data is made unreadable on request.
//!
//! Entities: one per request. It names the person by hashes only: what was asked for by mail
//! address must not write that address down once more.

use crate::{EntityId, Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one may ask of erasures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ErasureCommand {
    /// A person's data is to be erased.
    Request {
        /// The request's id, made at the door.
        erasure: EntityId,
        /// The person, by hashes of what they are known by; 1 to 8.
        persons: Vec<String>,
        /// What people should know of it; nothing personal.
        #[serde(default)]
        reason: Option<String>,
    },
    /// All keys are destroyed.
    RecordDone {
        /// The request.
        erasure: EntityId,
        /// How many entities cannot be read any more.
        entities: u64,
    },
    /// A deadline may have passed.
    Wake {
        /// The request.
        erasure: EntityId,
    },
}

/// What has become of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ErasureEvent {
    /// `erasure.requested`: the keys are destroyed now.
    Requested {
        /// The person, by hashes of what they are known by.
        persons: Vec<String>,
        /// What people should know of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// `erasure.repeated`: nobody has said that it is done; it is done again.
    Repeated,
    /// `erasure.completed`: nobody reads the person's data any more.
    Completed {
        /// How many entities cannot be read any more.
        entities: u64,
    },
}

/// How erasures say no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErasureRefusal {
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for ErasureRefusal {
    fn code(&self) -> &'static str {
        "invalid"
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }

    fn pointer(&self) -> Option<String> {
        let Self::Invalid { pointer, .. } = self;
        Some(pointer.clone())
    }
}
