//! The port to the database: what the engine asks of a store, in rows.
//!
//! There are three stores (memory, SQLite, PostgreSQL) and one contract, tested once over all.
//! A store decides nothing and keeps nothing in memory; JSON is text to it.

mod prepared;
mod query;

pub use prepared::Prepared;
pub use query::{KeyQuery, LetterQuery, ListQuery, PersonQuery, WaitQuery};

use async_trait::async_trait;
use kontor_messages::{EntityId, EventId, TenantId, Timestamp};
use std::sync::Arc;

/// What stands where something personal stood that was erased.
pub const ERASED: &str = "[erased]";

/// Kinds of names in `entity_keys` that are personal: they go when the entity's data is erased, and
/// no state that was erased goes by one.
pub const PERSONAL_NAMES: [&str; 3] = ["email", "phone", "invited"];

/// An event's place in its shard: 1, 2, 3, ... without gaps.
pub type Seq = i64;

/// A database that keeps the journal and what follows from it.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Writes all of a batch in one transaction, or nothing. An `Ok` is durable. A taken sequence
    /// is told before any other fault, and no text may break the rules of [`crate::storable`].
    async fn commit(&self, batch: Arc<Batch>) -> Result<(), CommitError>;

    /// Does the part of a commit that needs no transaction, which may be while another batch is
    /// still being written. What it is of may already build on that one.
    async fn prepare(&self, batch: Arc<Batch>) -> Result<Prepared, CommitError> {
        Ok(Prepared::plain(batch))
    }

    /// The rest of a commit, as often as it takes.
    async fn commit_prepared(&self, prepared: &Prepared) -> Result<(), CommitError> {
        self.commit(Arc::clone(&prepared.rows)).await
    }

    /// Looks many things up at once; the answers stand in the order of the questions.
    async fn fetch(&self, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault>;

    /// The last sequence of each shard `0..shards`, 0 for an empty one.
    async fn heads(&self, shards: u32) -> Result<Vec<Seq>, StoreFault>;

    /// How many shards this database was laid out for; fixes it to `wanted` at the first call.
    async fn shards(&self, wanted: u32) -> Result<u32, StoreFault>;

    /// Events of a shard after `after`, in order, `limit` at most.
    async fn read(
        &self,
        shard: u32,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault>;

    /// The same, where what is personal may stay sealed: for who tells that there are events, and of
    /// none what it says.
    async fn read_unopened(
        &self,
        shard: u32,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        self.read(shard, after, limit).await
    }

    /// A tenant's own events among the `rows` rows of a shard after `after`, in order. Nobody is
    /// told of another's: that is for the database to see to, where it can, and not for callers.
    async fn read_tenant(
        &self,
        tenant: &TenantId,
        shard: u32,
        after: Seq,
        rows: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault>;

    /// Events that changed one entity (as owner, or touched by another's) after its version
    /// `after`, in order, `limit` at most. `version` in the answer is the entity's own.
    async fn history(
        &self,
        entity: &EntityRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault>;

    /// Entities of a tenant's domain, newest name first, for cursor paging.
    async fn list(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault>;

    /// The same, where what is personal may stay sealed: for who counts, and shows nobody.
    async fn list_unopened(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        self.list(query).await
    }

    /// The labels that entities of a tenant's domain have, each once, in order.
    async fn labels(
        &self,
        tenant: &TenantId,
        domain: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreFault>;

    /// Keys of one kind whose values begin so, the last value first.
    async fn list_keys(&self, query: &KeyQuery) -> Result<Vec<KeyRow>, StoreFault>;

    /// Entities that are a person's and were not erased, the newest name first.
    async fn list_of_person(&self, query: &PersonQuery) -> Result<Vec<EntityId>, StoreFault>;

    /// How many entities a tenant has, by domain.
    async fn count(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreFault>;

    /// Entities of one domain and name over all tenants, ordered by tenant: the tenants' list.
    async fn list_across(
        &self,
        domain: &str,
        entity: &str,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault>;

    /// Entities that wait for an instant up to `until`, earliest first.
    async fn due(&self, until: Timestamp, limit: u32) -> Result<Vec<StoredEntity>, StoreFault>;

    /// Entities that wait for something, earliest first, then by tenant, name and domain.
    async fn waiting(&self, query: &WaitQuery) -> Result<Vec<StoredEntity>, StoreFault>;

    /// All entities in key order after the given one, for the replay check.
    async fn scan(
        &self,
        after: Option<&EntityRef>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault>;

    /// All keys in key order after the given one, for the replay check.
    async fn scan_keys(
        &self,
        after: Option<&KeyRow>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, StoreFault>;

    /// All followers' cursors.
    async fn cursors(&self) -> Result<Vec<CursorRow>, StoreFault>;

    /// Keeps a dead letter; one of the same id is replaced, but keeps the time of its first burial.
    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreFault>;

    /// Dead letters in order of id after `query.after`.
    async fn dead_letters(&self, query: &LetterQuery) -> Result<Vec<DeadLetter>, StoreFault>;

    /// Removes a dead letter; false if there was none.
    async fn unbury(&self, id: &str) -> Result<bool, StoreFault>;

    /// Request keys after the given one, in an order of the store's own, `limit` at most.
    async fn scan_requests(
        &self,
        after: Option<&RequestName>,
        limit: u32,
    ) -> Result<Vec<RequestName>, StoreFault>;

    /// Forgets request keys older than `before`, `limit` at most; says how many.
    async fn forget_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreFault>;

    /// Destroys the keys of a person's entities that were made up to `until`: nobody reads any more
    /// what is sealed with them, or finds them by their [`PERSONAL_NAMES`]. Answers with the person's entities, also when asked again. Without
    /// a person it destroys all of the tenant's, and names none.
    async fn erase_person(
        &self,
        tenant: &TenantId,
        person: Option<&str>,
        until: Timestamp,
    ) -> Result<Vec<EntityRef>, StoreFault>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreFault>;
}

/// An entity's full address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: String,
    /// Its name there.
    pub entity: EntityId,
}

/// One transaction's worth of rows. Empty lists are left out of the statement.
#[derive(Debug, Default)]
pub struct Batch {
    /// New journal rows, ascending per shard. `(shard, seq)` is the fence.
    pub events: Vec<StoredEvent>,
    /// The last state of each entity that changed, each entity once.
    pub states: Vec<StoredEntity>,
    /// Which event gave which version to an entity that it touched without owning it.
    pub touches: Vec<TouchRow>,
    /// New keys.
    pub keys: Vec<KeyRow>,
    /// Keys that ended: taken away before `keys` are added, and only from the entity named.
    pub keys_gone: Vec<KeyRow>,
    /// Request keys with what they led to.
    pub requests: Vec<RequestRow>,
    /// Followers' positions; a cursor never moves back.
    pub cursors: Vec<CursorRow>,
    /// Keys that personal data of entities is sealed with. One that is there already stays.
    pub person_keys: Vec<PersonKeyRow>,
}

/// A row of `journal`.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// The shard.
    pub shard: u32,
    /// Its place there.
    pub seq: Seq,
    /// Its identity.
    pub id: EventId,
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// The entity that owns it.
    pub entity: EntityId,
    /// Which change of that entity it is, from 1.
    pub version: i64,
    /// Its public name, `order.created`.
    pub name: Arc<str>,
    /// When it was decided.
    pub at: Timestamp,
    /// The event as JSON.
    pub payload: Arc<str>,
    /// Who and why, as JSON ([`kontor_messages::Meta`]).
    pub meta: Arc<str>,
}

/// A row of `entities`.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntity {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// Its name there.
    pub entity: EntityId,
    /// The tenant's shard.
    pub shard: u32,
    /// How many changes led to it.
    pub version: i64,
    /// The word that lists filter by.
    pub status: Option<Arc<str>>,
    /// The other one, which hardly ever changes.
    pub label: Option<Arc<str>>,
    /// When it must be woken.
    pub due: Option<Timestamp>,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The state as JSON.
    pub state: Arc<str>,
}

/// A row of `touches`.
#[derive(Clone, Debug, PartialEq)]
pub struct TouchRow {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// The entity that was touched.
    pub entity: EntityId,
    /// Which change of that entity it is.
    pub version: i64,
    /// The shard of the event.
    pub shard: u32,
    /// The event's place there.
    pub seq: Seq,
}

/// A row of `entity_keys`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRow {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// Which kind of name.
    pub name: Arc<str>,
    /// The name.
    pub value: String,
    /// The entity that goes by it.
    pub entity: EntityId,
}

/// A request key, and whose: what it led to is in `idempotency`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestName {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// The caller's key.
    pub key: String,
}

/// A row of `idempotency`: what a request key led to.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRow {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// The caller's key.
    pub key: String,
    /// SHA-256 of the request, shortened to 16 bytes.
    pub hash: [u8; 16],
    /// The entity that the answer told of.
    pub entity: EntityId,
    /// The version that it had in the answer; the journal gives the answer again.
    pub version: i64,
    /// When it was asked.
    pub at: Timestamp,
}

/// A row of `person_keys`: what an entity's personal data is sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonKeyRow {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// The entity.
    pub entity: EntityId,
    /// The person, by a hash of what they are known by.
    pub person: String,
    /// The key; none once the person's data was erased.
    pub key: Option<[u8; 32]>,
    /// When it was made.
    pub at: Timestamp,
}

/// A row of `cursors`.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorRow {
    /// The shard that is followed.
    pub shard: u32,
    /// Who follows.
    pub follower: Arc<str>,
    /// The last event that is done with.
    pub seq: Seq,
}

/// A row of `dead_letters`: something that could not be done, kept with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// A UUIDv7 as text, or a name that makes a second burial of the same thing replace the first.
    pub id: String,
    /// Whose, if a tenant could be told.
    pub tenant: Option<TenantId>,
    /// Who could not do it: `domain:order`, `follower:policies`, `amqp`.
    pub source: String,
    /// What waits behind it, in order: an entity or an account; empty for nothing.
    pub lane: String,
    /// The event concerned, for followers.
    pub event: Option<(u32, Seq)>,
    /// Why, for people.
    pub reason: String,
    /// What was to be done, as JSON or as the bytes' text.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again by itself; `None` waits for a person.
    pub retry_at: Option<Timestamp>,
    /// When it was buried first.
    pub at: Timestamp,
}

/// A question to [`Store::fetch`].
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// An entity's state.
    Entity(EntityRef),
    /// The entity behind a key.
    Key {
        /// Whose.
        tenant: TenantId,
        /// Which domain's.
        domain: Arc<str>,
        /// Which kind of name.
        name: Arc<str>,
        /// The name.
        value: String,
    },
    /// What a request key led to.
    Request {
        /// Whose.
        tenant: TenantId,
        /// Which domain's.
        domain: Arc<str>,
        /// The caller's key.
        key: String,
    },
    /// What an entity's personal data is sealed with.
    PersonKey(EntityRef),
}

/// An answer of [`Store::fetch`].
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// To [`Lookup::Entity`].
    Entity(Option<StoredEntity>),
    /// To [`Lookup::Key`].
    Key(Option<EntityId>),
    /// To [`Lookup::Request`].
    Request(Option<RequestRow>),
    /// To [`Lookup::PersonKey`].
    PersonKey(Option<PersonKeyRow>),
}

/// The database could not answer; ask again later.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the database does not answer: {0}")]
pub struct StoreFault(pub String);

/// Why a batch was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// Another writer has given out this sequence: it owns the shard now.
    #[error("shard {0} is written by another node")]
    Fenced(u32),
    /// A row breaks a rule of the database; the rest of the batch may be sound.
    #[error("a row was refused: {0}")]
    Rejected(String),
    /// The database is away or busy; whether it wrote is unknown.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
}
