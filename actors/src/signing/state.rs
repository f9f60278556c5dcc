//! What is known of the ring.

use kontor_messages::{
    Timestamp,
    signing::{NewKey, SigningEvent},
};
use serde::{Deserialize, Serialize};

/// The keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RingDocument {
    /// The one that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<KeyInRing>,
    /// The one that signs next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<KeyInRing>,
    /// Those that signed before, whose tokens may still be about.
    pub old: Vec<KeyInRing>,
    /// Whether the next one is wanted sooner than planned.
    pub rotation_asked: bool,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyInRing {
    /// The key.
    #[serde(flatten)]
    pub key: NewKey,
    /// Since when verifiers see it.
    pub published_at: Timestamp,
    /// How long it signs, in seconds.
    pub signs_for_s: u64,
    /// Since when it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_since: Option<Timestamp>,
    /// Since when it does not sign any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_at: Option<Timestamp>,
}

impl RingDocument {
    /// All keys whose tokens are believed, or will be.
    pub fn keys(&self) -> impl Iterator<Item = &KeyInRing> {
        self.active.iter().chain(&self.next).chain(&self.old)
    }

    /// Whether a key is missing that somebody should offer.
    pub fn wants_key(&self) -> bool {
        self.active.is_none() || self.next.is_none()
    }
}

pub(super) fn apply(ring: &mut RingDocument, event: &SigningEvent, at: Timestamp) {
    match event {
        SigningEvent::Published { key, signs_for_s } => {
            let first = ring.active.is_none();
            let key = KeyInRing {
                key: key.clone(),
                published_at: at,
                signs_for_s: *signs_for_s,
                active_since: first.then_some(at),
                replaced_at: None,
            };
            if first {
                ring.active = Some(key);
            } else {
                ring.next = Some(key);
            }
        }
        SigningEvent::RotationAsked => ring.rotation_asked = true,
        SigningEvent::Rotated => {
            ring.rotation_asked = false;
            let Some(mut next) = ring.next.take() else { return };
            next.active_since = Some(at);
            if let Some(mut old) = ring.active.replace(next) {
                old.replaced_at = Some(at);
                ring.old.push(old);
            }
        }
        SigningEvent::Retired { kid } => ring.old.retain(|old| old.key.kid != *kid),
    }
}
