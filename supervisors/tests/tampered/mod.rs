//! A store in memory that can be shown otherwise than it is.

use async_trait::async_trait;
use kontor_actors::{memory::MemoryStore, store::*};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

type Edit<T> = Mutex<Option<Box<dyn Fn(&mut T) -> bool + Send>>>;

/// Rows pass through an edit, which may also leave them out.
#[derive(Default)]
pub struct Tampered {
    inner: MemoryStore,
    entities: Edit<StoredEntity>,
    events: Edit<StoredEvent>,
    keys: Edit<KeyRow>,
    extra_entity: Mutex<Option<StoredEntity>>,
    extra_key: Mutex<Option<KeyRow>>,
    pub history_without: Mutex<Option<EntityRef>>,
    /// How long a read takes, in milliseconds.
    pub slow_ms: AtomicU64,
}

fn edited<T>(rows: Vec<T>, edit: &Edit<T>) -> Vec<T> {
    let edit = edit.lock().unwrap();
    let kept = rows.into_iter().filter_map(|mut row| match &*edit {
        Some(edit) => edit(&mut row).then_some(row),
        None => Some(row),
    });
    kept.collect()
}

impl Tampered {
    pub fn entities(&self, edit: impl Fn(&mut StoredEntity) -> bool + Send + 'static) {
        *self.entities.lock().unwrap() = Some(Box::new(edit));
        *self.extra_entity.lock().unwrap() = None;
    }
    pub fn events(&self, edit: impl Fn(&mut StoredEvent) -> bool + Send + 'static) {
        *self.events.lock().unwrap() = Some(Box::new(edit));
    }
    pub fn keys(&self, edit: impl Fn(&mut KeyRow) -> bool + Send + 'static) {
        *self.keys.lock().unwrap() = Some(Box::new(edit));
        *self.extra_key.lock().unwrap() = None;
    }
    pub fn extra_entity(&self, row: StoredEntity) {
        *self.extra_entity.lock().unwrap() = Some(row);
    }
    pub fn extra_key(&self, row: KeyRow) {
        *self.extra_key.lock().unwrap() = Some(row);
    }

    fn seen(&self, wanted: &Lookup, found: Found) -> Found {
        match (wanted, found) {
            (Lookup::Entity(at), Found::Entity(row)) => {
                let extra = self.extra_entity.lock().unwrap().clone();
                let extra = extra.filter(|row| row.entity == at.entity && row.tenant == at.tenant);
                Found::Entity(edited(row.into_iter().chain(extra).collect(), &self.entities).pop())
            }
            (Lookup::Key { tenant, domain, name, value }, Found::Key(entity)) => {
                let row = |entity| KeyRow {
                    tenant: tenant.clone(),
                    domain: domain.clone(),
                    name: name.clone(),
                    value: value.clone(),
                    entity,
                };
                let extra = self.extra_key.lock().unwrap().clone();
                let extra = extra.filter(|key| key.value == *value && key.tenant == *tenant);
                let own = edited(entity.map(row).into_iter().collect(), &self.keys);
                Found::Key(own.into_iter().chain(extra).last().map(|key| key.entity))
            }
            (_, found) => found,
        }
    }
}

#[async_trait]
impl Store for Tampered {
    async fn commit(&self, batch: Arc<Batch>) -> Result<(), CommitError> {
        self.inner.commit(batch).await
    }
    async fn fetch(&self, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault> {
        tokio::time::sleep(Duration::from_millis(self.slow_ms.load(Ordering::SeqCst))).await;
        let found = self.inner.fetch(wanted).await?;
        Ok(wanted.iter().zip(found).map(|(wanted, found)| self.seen(wanted, found)).collect())
    }
    async fn heads(&self, shards: u32) -> Result<Vec<Seq>, StoreFault> {
        let mut heads = Vec::new();
        for shard in 0..shards {
            let events = self.read(shard, 0, u32::MAX).await?;
            heads.push(events.last().map_or(0, |event| event.seq));
        }
        Ok(heads)
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
        Ok(edited(self.inner.read(shard, after, limit).await?, &self.events))
    }
    async fn read_tenant(
        &self,
        tenant: &TenantId,
        shard: u32,
        after: Seq,
        rows: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        let events = self.inner.read_tenant(tenant, shard, after, rows).await?;
        Ok(edited(events, &self.events))
    }
    async fn history(
        &self,
        entity: &EntityRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        let mut events = edited(self.inner.history(entity, after, limit).await?, &self.events);
        if self.history_without.lock().unwrap().as_ref() == Some(entity) {
            events.retain(|event| event.version != 3);
        }
        Ok(events)
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
        let mut rows = self.inner.scan(after, limit).await?;
        let extra = self.extra_entity.lock().unwrap().clone();
        rows.extend(extra.filter(|_| after.is_none()));
        if rows.len() > 1 && after.is_none() {
            rows.sort_by(|a, b| (&a.tenant, &a.entity).cmp(&(&b.tenant, &b.entity)));
        }
        Ok(edited(rows, &self.entities))
    }
    async fn scan_keys(
        &self,
        after: Option<&KeyRow>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, StoreFault> {
        let rows = edited(self.inner.scan_keys(after, limit).await?, &self.keys);
        let extra = self.extra_key.lock().unwrap().clone().filter(|_| after.is_none());
        let mut rows: Vec<_> = rows.into_iter().chain(extra).collect();
        rows.sort();
        Ok(rows)
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
