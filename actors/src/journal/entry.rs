//! What a domain actor hands to the journal for one decision.

use crate::store::{KeyRow, RequestRow};
use kontor_messages::{EntityId, EventId, TenantId, Timestamp};
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// All rows of one decision, and whom to tell.
pub struct Entry {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: Arc<str>,
    /// The tenant's shard.
    pub shard: u32,
    /// The actor that decided.
    pub owner: Arc<Incarnation>,
    /// Counts the owner's entries from 1.
    pub ticket: u64,
    /// An actor whose earlier decision this one stands on: if that fails, so does this.
    pub after: Option<Arc<Incarnation>>,
    /// It may wait a moment for others to be written with.
    pub bulk: bool,
    /// What happened; may be empty: to keep only a request's answer, or, with no rows at all, to
    /// wait for what was handed in before.
    pub events: Vec<EntryEvent>,
    /// How the changed entities stand.
    pub states: Vec<EntryState>,
    /// Keys that came.
    pub keys: Vec<KeyRow>,
    /// Keys that went.
    pub keys_gone: Vec<KeyRow>,
    /// The request's key and answer.
    pub request: Option<RequestRow>,
    /// Told when it is durable, or has failed.
    pub done: Box<dyn FnOnce(Result<(), CommitFault>) + Send + Sync>,
}

/// An event on its way into the journal.
pub struct EntryEvent {
    /// Its identity.
    pub id: EventId,
    /// The entity that owns it.
    pub entity: EntityId,
    /// Which change of the owner it is.
    pub version: i64,
    /// Its public name.
    pub name: &'static str,
    /// When it was decided.
    pub at: Timestamp,
    /// The event as JSON.
    pub payload: Arc<str>,
    /// Who and why, as JSON.
    pub meta: Arc<str>,
    /// Other entities that it changed, with their new versions.
    pub touched: Vec<(EntityId, i64)>,
}

/// An entity's state on its way into the database. Only the last one of a transaction is written.
pub struct EntryState {
    /// The entity.
    pub entity: EntityId,
    /// How many changes led to it.
    pub version: i64,
    /// The word that lists filter by.
    pub status: Option<&'static str>,
    /// The other one, which hardly ever changes.
    pub label: Option<Arc<str>>,
    /// When it must be woken.
    pub due: Option<Timestamp>,
    /// When it changed.
    pub at: Timestamp,
    /// The state, turned into JSON only if it is written.
    pub state: Arc<dyn Snapshot>,
}

/// A state that can be written later, on another thread.
pub trait Snapshot: Send + Sync {
    /// The state as JSON.
    fn json(&self) -> Result<String, serde_json::Error>;
}

impl<S: Serialize + Send + Sync> Snapshot for S {
    fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Why an entry was not written. Whoever waited may ask again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitFault {
    /// The database was away; ask again in a moment.
    #[error("not written, ask again: {0}")]
    Unavailable(String),
    /// The database refused this very entry.
    #[error("the database refused it: {0}")]
    Rejected(String),
    /// Another node writes this shard now.
    #[error("another node owns the shard")]
    Fenced,
}

impl CommitFault {
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }
}

/// One life of a domain actor, as the journal knows it: how far its memory is durable, and
/// whether it is still to be believed.
pub struct Incarnation {
    durable: AtomicU64,
    failed: AtomicBool,
    on_failure: Box<dyn Fn(&CommitFault) + Send + Sync>,
}

impl Incarnation {
    /// A new life; `on_failure` is called once, when memory has run ahead of a failed commit.
    pub fn new(on_failure: impl Fn(&CommitFault) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            durable: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            on_failure: Box::new(on_failure),
        })
    }

    /// The last ticket that is durable.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Whether an entry of this life was not written, so that nothing after it may be.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(crate) fn confirm(&self, ticket: u64) {
        self.durable.fetch_max(ticket, Ordering::AcqRel);
    }

    fn fail(&self, fault: &CommitFault) {
        if !self.failed.swap(true, Ordering::AcqRel) {
            (self.on_failure)(fault);
        }
    }
}

impl Entry {
    /// Whether something it stands on was not written.
    pub(crate) fn is_orphan(&self) -> bool {
        self.owner.failed() || self.after.as_ref().is_some_and(|after| after.failed())
    }

    /// Whether it brings anything; else it only waits for what was handed in before it.
    pub(crate) fn has_rows(&self) -> bool {
        !self.events.is_empty() || self.request.is_some()
    }

    /// How many rows it brings, at most.
    pub(crate) fn rows(&self) -> usize {
        let touched: usize = self.events.iter().map(|event| event.touched.len()).sum();
        self.events.len() + touched + self.states.len() + self.keys.len() + 1
    }

    /// How many bytes of event JSON it brings.
    pub(crate) fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.payload.len() + event.meta.len()).sum()
    }

    /// Tells everybody that it was not written.
    pub(crate) fn fail(self, fault: CommitFault) {
        self.disown(&fault);
        (self.done)(Err(fault));
    }

    /// Tells everybody that it may never be written, while that is still being found out.
    pub(crate) fn give_up(&mut self, fault: &CommitFault) {
        self.disown(fault);
        let done = std::mem::replace(&mut self.done, Box::new(|_| ()));
        done(Err(fault.clone()));
    }

    /// An entry without events changed no memory: its owner is still to be believed.
    fn disown(&self, fault: &CommitFault) {
        if !self.events.is_empty() {
            self.owner.fail(fault);
        }
    }

    /// Tells everybody that it is durable.
    pub(crate) fn succeed(self) {
        self.owner.confirm(self.ticket);
        (self.done)(Ok(()));
    }
}
