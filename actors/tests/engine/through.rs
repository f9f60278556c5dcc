//! A store in front of the one in memory, with troubles that only real ones have.

use async_trait::async_trait;
use kontor_actors::{memory::MemoryStore, store::*};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;

/// From so many events on a transaction is large.
const LARGE: usize = 8;

/// A store that loses one transaction from sight, which lands with the next one; that takes its
/// time to read; and that cannot be asked for everything.
#[derive(Debug)]
pub struct Through {
    inner: MemoryStore,
    kept: Mutex<Kept>,
    prepared: AtomicUsize,
    held: AtomicUsize,
    requests_looked_up: AtomicUsize,
    gate: Semaphore,
}

impl Through {
    pub fn new(inner: &MemoryStore) -> Self {
        let gate = Semaphore::new(Semaphore::MAX_PERMITS);
        let (prepared, held, requests_looked_up) = Default::default();
        let kept = Mutex::default();
        Self { inner: inner.clone(), kept, prepared, held, requests_looked_up, gate }
    }

    /// Holds transactions of so many events and more, until they are let through.
    pub fn hold_large(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn let_through(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// How many large transactions came to the gate.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    /// How many request keys were looked up.
    pub fn requests_looked_up(&self) -> usize {
        self.requests_looked_up.load(Ordering::SeqCst)
    }

    /// How many transactions were made ready.
    pub fn prepared(&self) -> usize {
        self.prepared.load(Ordering::SeqCst)
    }

    pub fn lose_sight_of_one(&self) {
        self.kept.lock().unwrap().armed = true;
    }

    pub fn landed(&self) -> bool {
        self.kept.lock().unwrap().landed
    }
}

#[derive(Debug, Default)]
struct Kept {
    armed: bool,
    landed: bool,
    batch: Option<Arc<Batch>>,
}

#[async_trait]
impl Store for Through {
    async fn prepare(&self, batch: Arc<Batch>) -> Result<Prepared, CommitError> {
        self.prepared.fetch_add(1, Ordering::SeqCst);
        Ok(Prepared::plain(batch))
    }

    async fn commit(&self, batch: Arc<Batch>) -> Result<(), CommitError> {
        if LARGE <= batch.events.len() {
            self.held.fetch_add(1, Ordering::SeqCst);
            drop(self.gate.acquire().await);
        }
        let kept = {
            let mut kept = self.kept.lock().unwrap();
            if std::mem::take(&mut kept.armed) {
                kept.batch = Some(batch);
                return Err(CommitError::Unavailable("the connection broke".into()));
            }
            kept.batch.take()
        };
        if let Some(kept) = kept {
            self.inner.commit(kept).await?;
            self.kept.lock().unwrap().landed = true;
        }
        self.inner.commit(batch).await
    }
    async fn fetch(&self, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault> {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let bad =
            |lookup: &Lookup| matches!(lookup, Lookup::Entity(at) if at.entity.as_str() == "bad");
        let requests = wanted.iter().filter(|lookup| matches!(lookup, Lookup::Request { .. }));
        self.requests_looked_up.fetch_add(requests.count(), Ordering::SeqCst);
        if wanted.iter().any(bad) {
            return Err(StoreFault("that cannot be asked".into()));
        }
        self.inner.fetch(wanted).await
    }
    async fn heads(&self, shards: u32) -> Result<Vec<Seq>, StoreFault> {
        self.inner.heads(shards).await
    }
    async fn shards(&self, wanted: u32) -> Result<u32, StoreFault> {
        self.inner.shards(wanted).await
    }
    async fn read(
        &self,
        shard: u32,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        self.inner.read(shard, after, limit).await
    }
    async fn read_tenant(
        &self,
        tenant: &TenantId,
        shard: u32,
        after: Seq,
        rows: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        self.inner.read_tenant(tenant, shard, after, rows).await
    }
    async fn history(
        &self,
        entity: &EntityRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        self.inner.history(entity, after, limit).await
    }
    async fn list(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        self.inner.list(query).await
    }
    async fn labels(
        &self,
        tenant: &TenantId,
        domain: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreFault> {
        self.inner.labels(tenant, domain, limit).await
    }

    async fn list_keys(&self, query: &KeyQuery) -> Result<Vec<KeyRow>, StoreFault> {
        self.inner.list_keys(query).await
    }

    async fn list_of_person(&self, query: &PersonQuery) -> Result<Vec<EntityId>, StoreFault> {
        self.inner.list_of_person(query).await
    }

    async fn count(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreFault> {
        self.inner.count(tenant).await
    }
    async fn list_across(
        &self,
        domain: &str,
        entity: &str,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        self.inner.list_across(domain, entity, after, limit).await
    }
    async fn due(&self, until: Timestamp, limit: u32) -> Result<Vec<StoredEntity>, StoreFault> {
        self.inner.due(until, limit).await
    }
    async fn waiting(&self, query: &WaitQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        self.inner.waiting(query).await
    }
    async fn scan(
        &self,
        after: Option<&EntityRef>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        self.inner.scan(after, limit).await
    }
    async fn scan_keys(
        &self,
        after: Option<&KeyRow>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, StoreFault> {
        self.inner.scan_keys(after, limit).await
    }
    async fn cursors(&self) -> Result<Vec<CursorRow>, StoreFault> {
        self.inner.cursors().await
    }
    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreFault> {
        self.inner.bury(letter).await
    }
    async fn dead_letters(&self, query: &LetterQuery) -> Result<Vec<DeadLetter>, StoreFault> {
        self.inner.dead_letters(query).await
    }
    async fn unbury(&self, id: &str) -> Result<bool, StoreFault> {
        self.inner.unbury(id).await
    }
    async fn scan_requests(
        &self,
        after: Option<&RequestName>,
        limit: u32,
    ) -> Result<Vec<RequestName>, StoreFault> {
        self.inner.scan_requests(after, limit).await
    }
    async fn forget_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreFault> {
        self.inner.forget_requests(before, limit).await
    }
    async fn erase_person(
        &self,
        tenant: &TenantId,
        person: Option<&str>,
        until: Timestamp,
    ) -> Result<Vec<EntityRef>, StoreFault> {
        self.inner.erase_person(tenant, person, until).await
    }
    async fn ping(&self) -> Result<(), StoreFault> {
        self.inner.ping().await
    }
}
