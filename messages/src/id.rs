//! Identities. Distinct types, so that a tenant is never taken for an entity.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Borrow, fmt, sync::Arc};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant's short name, the first part of every key and every address.
///
/// 1 to 40 characters of `a-z`, `0-9` and `-`, beginning with a letter or a digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9-]{0,39}$", example = "harbour-books")]
pub struct TenantId(Arc<str>);

/// What an entity is called inside its tenant and domain: a UUID, a SKU, a counter's name.
///
/// 1 to 200 characters, no control characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 200)]
pub struct EntityId(Arc<str>);

/// The identity of one event, a UUIDv7; consumers drop duplicates by it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid")]
pub struct EventId(pub Uuid);

/// Why a text is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text breaks the rule for tenants.
    #[error("expected 1 to 40 characters of a-z, 0-9 and '-', beginning with a letter or digit")]
    Tenant,
    /// The text breaks the rule for entities.
    #[error("expected 1 to 200 characters without control characters")]
    Entity,
}

impl TenantId {
    /// Reads a tenant's name.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        let whole = bytes.iter().all(|c| known(*c) || *c == b'-');
        match bytes.first() {
            Some(first) if known(*first) && whole && bytes.len() <= 40 => Ok(Self(text.into())),
            _ => Err(IdError::Tenant),
        }
    }

    /// The tenant in which the platform keeps what is nobody's shop: users and signing keys. No
    /// books can be opened under this name.
    pub fn platform() -> Self {
        Self("platform".into())
    }

    /// Whether it is the platform's own.
    pub fn is_platform(&self) -> bool {
        &*self.0 == "platform"
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shard that keeps this tenant, of `shards` in all: FNV-1a over the name, so that it is
    /// the same on every machine and in every release.
    pub fn shard(&self, shards: u32) -> u32 {
        let hash = self.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        (hash % u64::from(shards.max(1))) as u32
    }
}

impl EntityId {
    /// Reads an entity's name.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = !text.is_empty() && text.len() <= 200;
        if fits && !text.chars().any(char::is_control) {
            return Ok(Self(text.into()));
        }
        Err(IdError::Entity)
    }

    /// A new identity that sorts by the time of its making (UUIDv7).
    pub fn fresh(now: crate::Timestamp) -> Self {
        Self(uuid_v7(now).hyphenated().to_string().into())
    }

    /// Names an entity after what is known to be well formed, such as `number/2026`.
    pub fn named(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EventId {
    /// A new identity that sorts by the time of its making.
    pub fn fresh(now: crate::Timestamp) -> Self {
        Self(uuid_v7(now))
    }
}

/// A UUIDv7 (RFC 9562) from a fast generator: unique, not secret.
fn uuid_v7(now: crate::Timestamp) -> Uuid {
    let millis = now.millis().max(0) as u64;
    let mut random = [0_u8; 10];
    random[..8].copy_from_slice(&fastrand::u64(..).to_le_bytes());
    random[8..].copy_from_slice(&fastrand::u16(..).to_le_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The least name that what is made at an instant or later may have, of things that are named by
/// the time of their making. No name itself.
pub fn least_from(at: crate::Timestamp) -> String {
    let millis = at.millis().clamp(0, 0xffff_ffff_ffff);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

/// An identity that follows from another fact, so that asking twice names the same thing
/// (a UUIDv8 of two FNV-1a lanes over event and purpose). The time part of
/// `event` is kept, so that derived identities sort with what caused them.
pub fn derived(event: EventId, purpose: &str) -> EntityId {
    let lane =
        |basis: u64| {
            event.0.as_bytes().iter().copied().chain(purpose.bytes()).fold(basis, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            })
        };
    let mut bytes = *event.0.as_bytes();
    bytes[6..14].copy_from_slice(&lane(0xcbf2_9ce4_8422_2325).to_be_bytes());
    bytes[14..].copy_from_slice(&lane(0x6c62_272e_07bb_0142).to_be_bytes()[..2]);
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    EntityId(uuid.hyphenated().to_string().into())
}

macro_rules! text_identity {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}
text_identity!(TenantId);
text_identity!(EntityId);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn what_is_made_from_an_instant_on_sorts_from_its_least_name_on() {
        let at = Timestamp::from_millis(1_768_471_200_123);
        let least = least_from(at);
        assert!(least.as_str() <= EntityId::fresh(at).as_str());
        let before = EntityId::fresh(Timestamp::from_millis(at.millis() - 1));
        assert!(before.as_str() < least.as_str());
        assert!(least_from(Timestamp::from_millis(-1)) <= least);
    }

    #[test]
    fn a_tenant_name_is_short_lower_case_and_plain() {
        assert!(TenantId::parse("harbour-books").is_ok());
        for bad in ["", "-a", "A", "a_b", "a/b", "ü", &"x".repeat(41)] {
            assert_eq!(TenantId::parse(bad), Err(IdError::Tenant), "{bad}");
        }
    }

    #[test]
    fn a_tenant_stays_on_its_shard() {
        let tenant = TenantId::parse("harbour-books").unwrap();
        assert_eq!(tenant.shard(1), 0);
        assert_eq!(tenant.shard(64), tenant.clone().shard(64));
    }

    #[test]
    fn a_derived_identity_is_the_same_each_time_and_differs_by_purpose() {
        let event = EventId::fresh(Timestamp::from_millis(1_767_225_600_000));
        assert_eq!(derived(event, "mail"), derived(event, "mail"));
        assert_ne!(derived(event, "mail"), derived(event, "refund"));
    }
}
