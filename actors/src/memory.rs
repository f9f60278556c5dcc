//! A store that lives in memory: the rules of the real ones, and failures on demand.
//!
//! For tests of what stands on the store. Nothing is durable, and nothing here is fast on purpose.

mod rows;

use crate::store::{
    Batch, CommitError, CursorRow, DeadLetter, EntityRef, Found, KeyQuery, KeyRow, LetterQuery,
    ListQuery, Lookup, PersonQuery, RequestName, Seq, Store, StoreFault, StoredEntity, StoredEvent,
    WaitQuery,
};
use async_trait::async_trait;
use kontor_messages::{EntityId, TenantId, Timestamp};
use rows::Rows;
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// A store in memory. Clones share the rows and the failures ordered.
#[derive(Clone)]
pub struct MemoryStore {
    inner: Arc<Inner>,
}

struct Inner {
    rows: Mutex<Rows>,
    faults: Mutex<Faults>,
    held: watch::Sender<bool>,
}

#[derive(Default)]
struct Faults {
    next: VecDeque<CommitError>,
    when: Option<(CommitError, Predicate)>,
    unavailable_after_write: bool,
    away: bool,
    commits: u64,
    waiting: usize,
}

type Predicate = Box<dyn Fn(&Batch) -> bool + Send>;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        let (held, _) = watch::channel(false);
        let inner = Inner { rows: Mutex::default(), faults: Mutex::default(), held };
        Self { inner: Arc::new(inner) }
    }

    /// The next `times` commits fail with `error`; nothing of them is written.
    pub fn fail_next(&self, error: CommitError, times: usize) {
        self.faults().next.extend(std::iter::repeat_n(error, times));
    }

    /// Every commit whose batch fits fails with `error`, until [`MemoryStore::heal`].
    pub fn fail_when(
        &self,
        error: CommitError,
        predicate: impl Fn(&Batch) -> bool + Send + 'static,
    ) {
        self.faults().when = Some((error, Box::new(predicate)));
    }

    /// The next commit that can be written is written, and its caller told that the outcome is
    /// unknown.
    pub fn unavailable_after_write_once(&self) {
        self.faults().unavailable_after_write = true;
    }

    /// Everything asked of the store fails, reads included, until [`MemoryStore::heal`].
    pub fn away(&self) {
        self.faults().away = true;
    }

    /// Ends all failures that were ordered and have not come about.
    pub fn heal(&self) {
        let mut faults = self.faults();
        *faults = Faults { commits: faults.commits, waiting: faults.waiting, ..Faults::default() };
    }

    /// Commits wait from now on, before they look at anything.
    pub fn hold(&self) {
        self.inner.held.send_replace(true);
    }

    /// Lets the waiting commits and all later ones go on.
    pub fn release(&self) {
        self.inner.held.send_replace(false);
    }

    /// How many commits wait to be released.
    pub fn waiting_commits(&self) -> usize {
        self.faults().waiting
    }

    /// How many batches have been written.
    pub fn commits(&self) -> u64 {
        self.faults().commits
    }

    fn write(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut faults = self.faults();
        if faults.away {
            return Err(CommitError::Unavailable("away".into()));
        }
        if let Some(error) = faults.next.pop_front() {
            return Err(error);
        }
        if let Some((error, fits)) = &faults.when
            && fits(batch)
        {
            return Err(error.clone());
        }
        lock(&self.inner.rows).commit(batch)?;
        faults.commits += 1;
        if std::mem::take(&mut faults.unavailable_after_write) {
            return Err(CommitError::Unavailable("the answer was lost".into()));
        }
        Ok(())
    }

    fn rows(&self) -> Result<MutexGuard<'_, Rows>, StoreFault> {
        if self.faults().away {
            return Err(StoreFault("away".into()));
        }
        Ok(lock(&self.inner.rows))
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.inner.faults)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("commits", &self.commits()).finish_non_exhaustive()
    }
}

/// A test that panicked elsewhere must not hide behind a poisoned lock; the rows are whole, since
/// a commit checks everything before it writes anything.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a commit as waiting for as long as it lives, a caller that gave up included.
struct Waiting<'a>(&'a MemoryStore);

impl<'a> Waiting<'a> {
    fn new(store: &'a MemoryStore) -> Self {
        store.faults().waiting += 1;
        Self(store)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.faults().waiting -= 1;
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, batch: Arc<Batch>) -> Result<(), CommitError> {
        let mut held = self.inner.held.subscribe();
        if *held.borrow() {
            let _waiting = Waiting::new(self);
            // The sender lives as long as `self`, so waiting cannot fail.
            let _released = held.wait_for(|held| !held).await;
        }
        self.write(&batch)
    }

    async fn fetch(&self, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault> {
        let rows = self.rows()?;
        Ok(wanted.iter().map(|lookup| rows.find(lookup)).collect())
    }

    async fn heads(&self, shards: u32) -> Result<Vec<Seq>, StoreFault> {
        let rows = self.rows()?;
        Ok((0..shards).map(|shard| rows.head(shard)).collect())
    }

    async fn shards(&self, wanted: u32) -> Result<u32, StoreFault> {
        Ok(*self.rows()?.shards.get_or_insert(wanted))
    }

    async fn read(
        &self,
        shard: u32,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        Ok(self.rows()?.read(shard, after, limit))
    }

    async fn read_tenant(
        &self,
        tenant: &TenantId,
        shard: u32,
        after: Seq,
        rows: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        Ok(self.rows()?.read_tenant(tenant, shard, after, rows))
    }

    async fn history(
        &self,
        entity: &EntityRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        Ok(self.rows()?.history(entity, after, limit))
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        Ok(self.rows()?.list(query))
    }

    async fn labels(
        &self,
        tenant: &TenantId,
        domain: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreFault> {
        Ok(self.rows()?.labels(tenant, domain, limit))
    }

    async fn list_keys(&self, query: &KeyQuery) -> Result<Vec<KeyRow>, StoreFault> {
        Ok(self.rows()?.list_keys(query))
    }

    async fn list_of_person(&self, query: &PersonQuery) -> Result<Vec<EntityId>, StoreFault> {
        Ok(self.rows()?.list_of_person(query))
    }

    async fn count(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreFault> {
        Ok(self.rows()?.count(tenant))
    }

    async fn list_across(
        &self,
        domain: &str,
        entity: &str,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        Ok(self.rows()?.list_across(domain, entity, after, limit))
    }

    async fn due(&self, until: Timestamp, limit: u32) -> Result<Vec<StoredEntity>, StoreFault> {
        Ok(self.rows()?.due(limit, |entity| entity.due.is_some_and(|due| due <= until)))
    }

    async fn waiting(&self, query: &WaitQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        Ok(self.rows()?.waiting(query))
    }

    async fn scan(
        &self,
        after: Option<&EntityRef>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        Ok(self.rows()?.scan(after, limit))
    }

    async fn scan_keys(
        &self,
        after: Option<&KeyRow>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, StoreFault> {
        Ok(self.rows()?.scan_keys(after, limit))
    }

    async fn cursors(&self) -> Result<Vec<CursorRow>, StoreFault> {
        Ok(self.rows()?.cursors())
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreFault> {
        self.rows()?.bury(letter);
        Ok(())
    }

    async fn dead_letters(&self, query: &LetterQuery) -> Result<Vec<DeadLetter>, StoreFault> {
        Ok(self.rows()?.dead_letters(query))
    }

    async fn unbury(&self, id: &str) -> Result<bool, StoreFault> {
        Ok(self.rows()?.letters.remove(id).is_some())
    }

    async fn scan_requests(
        &self,
        after: Option<&RequestName>,
        limit: u32,
    ) -> Result<Vec<RequestName>, StoreFault> {
        Ok(self.rows()?.scan_requests(after, limit))
    }

    async fn forget_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreFault> {
        Ok(self.rows()?.forget_requests(before, limit))
    }

    async fn erase_person(
        &self,
        tenant: &TenantId,
        person: Option<&str>,
        until: Timestamp,
    ) -> Result<Vec<EntityRef>, StoreFault> {
        Ok(self.rows()?.erase_person(tenant, person, until))
    }

    async fn ping(&self) -> Result<(), StoreFault> {
        self.rows().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(seq: Seq) -> Arc<Batch> {
        let cursors = vec![CursorRow { shard: 0, follower: "relay".into(), seq }];
        Arc::new(Batch { cursors, ..Batch::default() })
    }

    async fn stands(store: &MemoryStore) -> Option<Seq> {
        store.cursors().await.unwrap().first().map(|cursor| cursor.seq)
    }

    #[tokio::test]
    async fn failures_ordered_come_about_that_often_and_write_nothing() {
        let store = MemoryStore::new();
        store.fail_next(CommitError::Fenced(3), 2);
        for _ in 0..2 {
            assert!(matches!(store.commit(cursor(1)).await, Err(CommitError::Fenced(3))));
        }
        assert_eq!(stands(&store).await, None);
        store.commit(cursor(1)).await.unwrap();
        assert_eq!((stands(&store).await, store.commits()), (Some(1), 1));
    }

    #[tokio::test]
    async fn only_batches_that_fit_fail() {
        let store = MemoryStore::new();
        let error = CommitError::Rejected("ordered".into());
        store.fail_when(error, |batch| batch.cursors.iter().any(|cursor| cursor.seq == 2));
        store.commit(cursor(1)).await.unwrap();
        assert!(matches!(store.commit(cursor(2)).await, Err(CommitError::Rejected(_))));
        store.heal();
        store.commit(cursor(2)).await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_is_lost_once_after_the_rows_are_written() {
        let store = MemoryStore::new();
        store.unavailable_after_write_once();
        assert!(matches!(store.commit(cursor(1)).await, Err(CommitError::Unavailable(_))));
        assert_eq!(stands(&store).await, Some(1));
        store.commit(cursor(2)).await.unwrap();
    }

    #[tokio::test]
    async fn a_store_that_is_away_answers_nothing() {
        let store = MemoryStore::new();
        store.away();
        assert!(matches!(store.commit(cursor(1)).await, Err(CommitError::Unavailable(_))));
        assert!(store.ping().await.is_err());
        store.heal();
        store.ping().await.unwrap();
    }

    #[tokio::test]
    async fn commits_wait_while_they_are_held() {
        let store = MemoryStore::new();
        store.hold();
        let waiting = store.clone();
        let commit = tokio::spawn(async move { waiting.commit(cursor(1)).await });
        while store.waiting_commits() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(stands(&store).await, None);
        store.release();
        commit.await.unwrap().unwrap();
        assert_eq!((stands(&store).await, store.waiting_commits()), (Some(1), 0));
    }
}
