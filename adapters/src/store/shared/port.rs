//! The port, answered by a database. Compiled once per database, as `super::Database`.

use super::{Database, commit, fetch, reads, wall};
use async_trait::async_trait;
use kontor_actors::store::{
    Batch, CommitError, CursorRow, DeadLetter, EntityRef, Found, KeyQuery, KeyRow, LetterQuery,
    ListQuery, Lookup, PersonQuery, RequestName, Seq, Store, StoreFault, StoredEntity, StoredEvent,
    WaitQuery,
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::sync::Arc;
use tokio::time::timeout;

/// Borrows a connection, asks, and gives it back if it answered.
macro_rules! ask {
    ($store:ident.$connections:ident, $question:ident($($argument:expr),*)) => {{
        let mut lease = $store.$connections.lend().await?;
        let question = reads::$question(&mut lease, $($argument),*);
        let answer = timeout($store.answer_max, question).await;
        lease.settle(answer)
    }};
}

/// The same for one tenant, behind the second wall.
macro_rules! ask_for {
    ($store:ident, $tenant:expr, $question:ident($($argument:expr),*)) => {{
        let mut lease = $store.walled().lend().await?;
        let question = async {
            wall::enter(&mut lease, $tenant).await?;
            reads::$question(&mut lease, $($argument),*).await
        };
        let answer = timeout($store.answer_max, question).await;
        lease.settle(answer)
    }};
}

#[async_trait]
impl Store for Database {
    async fn commit(&self, batch: Arc<Batch>) -> Result<(), CommitError> {
        let away = |fault: StoreFault| CommitError::Unavailable(fault.0);
        let mut lease = self.writers.lend().await.map_err(away)?;
        let written = timeout(self.answer_max, commit::commit(&mut lease, &batch)).await;
        match written {
            // A connection that said no is as sound as one that said yes.
            Ok(Ok(()) | Err(CommitError::Fenced(_) | CommitError::Rejected(_))) => lease.keep(),
            Ok(Err(CommitError::Unavailable(_))) | Err(_) => drop(lease),
        }
        written.unwrap_or_else(|_| Err(CommitError::Unavailable("no answer in time".into())))
    }

    async fn fetch(&self, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut lease = self.readers.lend().await?;
        let found = timeout(self.answer_max, fetch::fetch(&mut lease, wanted)).await;
        lease.settle(found)
    }

    async fn heads(&self, shards: u32) -> Result<Vec<Seq>, StoreFault> {
        ask!(self.readers, heads(shards))
    }

    async fn shards(&self, wanted: u32) -> Result<u32, StoreFault> {
        ask!(self.writers, shards(wanted))
    }

    async fn read(
        &self,
        shard: u32,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        ask!(self.readers, read(shard, after, limit))
    }

    async fn read_tenant(
        &self,
        tenant: &TenantId,
        shard: u32,
        after: Seq,
        rows: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        ask_for!(self, tenant, read_tenant(tenant, shard, after, rows))
    }

    async fn history(
        &self,
        entity: &EntityRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        ask_for!(self, &entity.tenant, history(entity, after, limit))
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        ask_for!(self, &query.tenant, list(query))
    }

    async fn labels(
        &self,
        tenant: &TenantId,
        domain: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreFault> {
        ask_for!(self, tenant, labels(tenant, domain, limit))
    }

    async fn list_keys(&self, query: &KeyQuery) -> Result<Vec<KeyRow>, StoreFault> {
        ask_for!(self, &query.tenant, list_keys(query))
    }

    async fn list_of_person(&self, query: &PersonQuery) -> Result<Vec<EntityId>, StoreFault> {
        ask_for!(self, &query.tenant, list_of_person(query))
    }

    async fn count(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreFault> {
        ask_for!(self, tenant, count(tenant))
    }

    async fn list_across(
        &self,
        domain: &str,
        entity: &str,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        ask!(self.readers, list_across(domain, entity, after, limit))
    }

    async fn due(&self, until: Timestamp, limit: u32) -> Result<Vec<StoredEntity>, StoreFault> {
        ask!(self.readers, due(until, limit))
    }

    async fn waiting(&self, query: &WaitQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        match &query.tenant {
            Some(tenant) => ask_for!(self, tenant, waiting(query)),
            None => ask!(self.readers, waiting(query)),
        }
    }

    async fn scan(
        &self,
        after: Option<&EntityRef>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        ask!(self.readers, scan(after, limit))
    }

    async fn scan_keys(
        &self,
        after: Option<&KeyRow>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, StoreFault> {
        ask!(self.readers, scan_keys(after, limit))
    }

    async fn cursors(&self) -> Result<Vec<CursorRow>, StoreFault> {
        ask!(self.readers, cursors())
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreFault> {
        ask!(self.writers, bury(letter))
    }

    async fn dead_letters(&self, query: &LetterQuery) -> Result<Vec<DeadLetter>, StoreFault> {
        match &query.tenant {
            Some(tenant) => ask_for!(self, tenant, dead_letters(query)),
            None => ask!(self.readers, dead_letters(query)),
        }
    }

    async fn unbury(&self, id: &str) -> Result<bool, StoreFault> {
        ask!(self.writers, unbury(id))
    }

    async fn scan_requests(
        &self,
        after: Option<&RequestName>,
        limit: u32,
    ) -> Result<Vec<RequestName>, StoreFault> {
        ask!(self.readers, scan_requests(after, limit))
    }

    async fn forget_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreFault> {
        ask!(self.writers, forget_requests(before, limit))
    }

    async fn erase_person(
        &self,
        tenant: &TenantId,
        person: Option<&str>,
        until: Timestamp,
    ) -> Result<Vec<EntityRef>, StoreFault> {
        ask!(self.writers, erase_person(tenant, person, until))
    }

    async fn ping(&self) -> Result<(), StoreFault> {
        ask!(self.readers, ping())
    }
}
