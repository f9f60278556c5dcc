//! What a store is asked to list: each question names its tenant and its limit.

use super::EntityRef;
use kontor_messages::{TenantId, Timestamp};

/// Which dead letters.
#[derive(Clone, Debug, Default)]
pub struct LetterQuery {
    /// Only this tenant's.
    pub tenant: Option<TenantId>,
    /// Only from this source.
    pub source: Option<String>,
    /// Only those about an event of this shard.
    pub shard: Option<u32>,
    /// Only this one.
    pub id: Option<String>,
    /// Only those that are tried again by themselves; or, if `false`, those that wait for a person.
    pub parked: Option<bool>,
    /// Only those to be tried again by then, earliest first instead of by id.
    pub retry_until: Option<Timestamp>,
    /// Only after this id.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// Which entities of a domain.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: String,
    /// Only names that begin so, such as `key/`.
    pub prefix: String,
    /// Only this status.
    pub status: Option<String>,
    /// Only this label. There is an index for either, and none for both: asked together, the rows of
    /// one are passed over for the other, however many there are.
    pub label: Option<String>,
    /// Only this name and those after it.
    pub from: Option<String>,
    /// Only names before this one (names sort by time where they are UUIDv7); descending.
    pub before: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// Which keys of a domain.
#[derive(Clone, Debug)]
pub struct KeyQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: String,
    /// Which kind of name.
    pub name: String,
    /// Only values that begin so.
    pub prefix: String,
    /// Only values before this one; descending.
    pub before: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// Which of a person's entities.
#[derive(Clone, Debug)]
pub struct PersonQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: String,
    /// The person, by a hash of what they are known by.
    pub person: String,
    /// Only names before this one; descending.
    pub before: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// Which entities that wait for something.
#[derive(Clone, Debug, Default)]
pub struct WaitQuery {
    /// Whose; all tenants', if none is named.
    pub tenant: Option<TenantId>,
    /// Only those that are due then or later.
    pub from: Option<Timestamp>,
    /// Only those that are due before.
    pub before: Option<Timestamp>,
    /// Only those after this one, which was due then.
    pub after: Option<(Timestamp, EntityRef)>,
    /// How many at most.
    pub limit: u32,
}
