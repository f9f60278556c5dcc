//! The vocabulary of the keys that sign access tokens.
//!
//! One entity, `ring`, in the tenant [`TenantId::platform`]: the key that signs, the next one, which
//! is published before it signs, and old ones, which stay until their last token has expired.
//!
//! [`TenantId::platform`]: crate::TenantId::platform

use crate::{EntityId, Refusal, RefusalKind};
use serde::{Deserialize, Serialize};

/// The entity of the ring.
pub fn ring_entity() -> EntityId {
    EntityId::named("ring")
}

/// A key that was made by the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    /// Its name in tokens.
    pub kid: String,
    /// The public part, base64url.
    pub public: String,
    /// The private part, sealed by the vault.
    pub sealed: String,
}

/// What one may ask of the ring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SigningCommand {
    /// A key for the place that is free: the first one signs at once, the second waits its turn.
    /// With no place free nothing happens.
    Offer {
        /// The key.
        key: NewKey,
        /// How long a key signs, in seconds.
        signs_for_s: u64,
    },
    /// The next key is to sign as soon as it has been published for long enough, or at once: then a
    /// verifier that keeps what it read has to read again.
    Rotate {
        /// Whether it is not waited for.
        #[serde(default)]
        at_once: bool,
    },
    /// A deadline of the ring has passed.
    Wake,
}

/// What has become of the ring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SigningEvent {
    /// `signing.published`: verifiers may see its tokens.
    Published {
        /// The key.
        key: NewKey,
        /// How long a key signs, in seconds.
        signs_for_s: u64,
    },
    /// `signing.rotation_asked`: sooner than planned.
    RotationAsked,
    /// `signing.rotated`: the next key signs from now on.
    Rotated,
    /// `signing.retired`: the last token of an old key has expired.
    Retired {
        /// Which key.
        kid: String,
    },
}

/// How the ring says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SigningRefusal {
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
    /// There is no key yet.
    #[error("there is no signing key yet")]
    NotFound,
}

impl Refusal for SigningRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::NotFound => "not_found",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Invalid { .. } => RefusalKind::Invalid,
            Self::NotFound => RefusalKind::NotFound,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            Self::NotFound => None,
        }
    }
}
