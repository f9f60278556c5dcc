//! Personal data is written sealed, with a key for each entity, and read open.
//!
//! Nothing above the store knows of it: deciders, policies and adapters see plain values. Erasing a
//! person destroys the keys of all that is theirs; events and states stay as they were written, so
//! the journal still verifies, and what was personal in them reads `[erased]` for ever.

mod document;
mod members;
mod pending;
mod seal;
mod walk;

use async_trait::async_trait;
use document::{Document, Personal, is_sealed, owner};
pub use kontor_actors::store::ERASED;
use kontor_actors::{
    chance::secret_bytes,
    store::{
        Batch, CommitError, CursorRow, DeadLetter, EntityRef, Found, KeyQuery, KeyRow, LetterQuery,
        ListQuery, Lookup, PersonKeyRow, PersonQuery, Prepared, RequestName, Seq, Store,
        StoreFault, StoredEntity, StoredEvent, WaitQuery,
    },
};
use kontor_messages::{EntityId, TenantId, Timestamp};
pub use members::Known;
use pending::Pending;
use seal::Key;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Keys in memory, at most.
const KEYS_MAX: usize = 20_000;

/// The keys of entities; none for one whose person was erased.
type Keys = HashMap<EntityRef, Option<Key>>;

/// A store that seals what is personal.
pub struct SealedStore {
    inner: Arc<dyn Store>,
    known: Mutex<Keys>,
    pending: Arc<Pending>,
}

impl SealedStore {
    /// Seals what is written to a store, and opens what is read from it.
    pub fn over(inner: Arc<dyn Store>) -> Self {
        Self { inner, known: Mutex::default(), pending: Arc::default() }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Keys> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, keys: impl IntoIterator<Item = (EntityRef, Option<Key>)>) {
        let mut known = self.known();
        if KEYS_MAX <= known.len() {
            known.clear();
        }
        known.extend(keys);
    }

    /// The keys that there are, of those asked for.
    async fn keys(&self, entities: Vec<EntityRef>) -> Result<Keys, StoreFault> {
        let mut keys = Keys::new();
        let mut wanted = Vec::new();
        {
            let known = self.known();
            for entity in entities {
                match known.get(&entity) {
                    Some(key) => drop(keys.insert(entity, *key)),
                    None => wanted.push(entity),
                }
            }
        }
        wanted.sort();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(keys);
        }
        let asked: Vec<_> = wanted.into_iter().map(Lookup::PersonKey).collect();
        let found = self.inner.fetch(&asked).await?;
        let row = |found: &Found| match found {
            Found::PersonKey(Some(row)) => Some(sealed_with(row)),
            _ => None,
        };
        let found: Vec<_> = found.iter().filter_map(row).collect();
        self.learn(found.iter().cloned());
        keys.extend(found);
        Ok(keys)
    }

    /// The batch with everything personal sealed, and with the keys that were made for it.
    async fn sealed(&self, batch: &Batch) -> Result<Batch, StoreFault> {
        let events: Vec<_> = batch.events.iter().map(Document::of).collect();
        let states: Vec<_> = batch.states.iter().map(Document::of).collect();
        // One command's events say the same of it, and are sealed alike.
        let alike = alike(&batch.events);
        let meta = |(place, event)| (alike[place] == place).then(|| Document::of_meta(event));
        let metas: Vec<_> =
            batch.events.iter().enumerate().map(|event| meta(event).flatten()).collect();
        let first = |event: &&StoredEvent| event.version == 1;
        let born: HashSet<_> = batch.events.iter().filter(first).map(owner).collect();
        let all = || events.iter().chain(&states).chain(&metas).flatten();
        let wanted = all().map(|document| &document.entity).filter(|entity| !born.contains(entity));
        let mut keys = self.keys(wanted.cloned().collect()).await?;
        let mut made: Vec<PersonKeyRow> = Vec::new();
        for document in all() {
            if !keys.contains_key(&document.entity) {
                let key = match self.pending.key(&document.entity) {
                    Some(key) => key,
                    None => secret_bytes().map_err(|fault| StoreFault(fault.to_string()))?,
                };
                keys.insert(document.entity.clone(), Some(key));
                made.push(document.key_row(key));
            }
        }
        let seal = |document: Option<Document<'_>>, plain: &Arc<str>| {
            let key = |entity: &EntityRef| keys.get(entity).and_then(Option::as_ref);
            document.map_or_else(
                || Arc::clone(plain),
                |document| document.sealed(key(&document.entity)),
            )
        };
        let mut sealed = copy(batch);
        for (row, document) in sealed.events.iter_mut().zip(events) {
            row.payload = seal(document, &row.payload);
        }
        for (place, document) in metas.into_iter().enumerate() {
            sealed.events[place].meta = match alike[place] {
                first if first == place => seal(document, &batch.events[place].meta),
                first => Arc::clone(&sealed.events[first].meta),
            };
        }
        for (row, document) in sealed.states.iter_mut().zip(states) {
            row.state = seal(document, &row.state);
        }
        sealed.person_keys.extend(made);
        Ok(sealed)
    }

    /// Opens rows of any kind.
    async fn open<R: Personal>(&self, mut rows: Vec<R>) -> Result<Vec<R>, StoreFault> {
        let mut wanted: Vec<_> =
            rows.iter().filter(|row| is_sealed(*row)).map(R::address).collect();
        wanted.extend(rows.iter().filter_map(R::provenance));
        if wanted.is_empty() {
            return Ok(rows);
        }
        let keys = self.keys(wanted).await?;
        rows.iter_mut().try_for_each(|row| document::open(row, &keys))?;
        Ok(rows)
    }
}

/// For each event the place of the first of its tenant with the same provenance.
fn alike(events: &[StoredEvent]) -> Vec<usize> {
    let mut first = HashMap::with_capacity(events.len());
    let places = events.iter().enumerate();
    places
        .map(|(place, event)| *first.entry((&event.tenant, &*event.meta)).or_insert(place))
        .collect()
}

/// The entity of a row and its key.
fn sealed_with(row: &PersonKeyRow) -> (EntityRef, Option<Key>) {
    let (tenant, domain) = (row.tenant.clone(), row.domain.to_string());
    (EntityRef { tenant, domain, entity: row.entity.clone() }, row.key)
}

/// The same rows; texts are shared, not copied.
fn copy(batch: &Batch) -> Batch {
    Batch {
        events: batch.events.clone(),
        states: batch.states.clone(),
        touches: batch.touches.clone(),
        keys: batch.keys.clone(),
        keys_gone: batch.keys_gone.clone(),
        requests: batch.requests.clone(),
        cursors: batch.cursors.clone(),
        person_keys: batch.person_keys.clone(),
    }
}

#[async_trait]
impl Store for SealedStore {
    async fn commit(&self, batch: Arc<Batch>) -> Result<(), CommitError> {
        let prepared = self.prepare(batch).await?;
        self.commit_prepared(&prepared).await
    }

    async fn prepare(&self, batch: Arc<Batch>) -> Result<Prepared, CommitError> {
        let personal = |domain: &str| !members::hints(domain).is_empty();
        let event = |row: &StoredEvent| {
            personal(&row.domain) || members::may_hold(members::META, &row.meta)
        };
        let any =
            batch.events.iter().any(event) || batch.states.iter().any(|row| personal(&row.domain));
        if !any {
            return Ok(Prepared::plain(batch));
        }
        let away = |fault: StoreFault| CommitError::Unavailable(fault.0);
        let sealed = self.sealed(&batch).await.map_err(away)?;
        let kept = Pending::keep(&self.pending, sealed.person_keys.iter().map(sealed_with));
        Ok(Prepared::keeping(Arc::new(sealed), kept))
    }

    async fn commit_prepared(&self, prepared: &Prepared) -> Result<(), CommitError> {
        self.inner.commit(Arc::clone(&prepared.rows)).await?;
        // A key counts from here on: what was not written may be sealed with another one.
        self.learn(prepared.rows.person_keys.iter().map(sealed_with));
        Ok(())
    }

    async fn fetch(&self, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault> {
        let mut found = self.inner.fetch(wanted).await?;
        let (mut places, mut rows) = (Vec::new(), Vec::new());
        for (place, found) in found.iter_mut().enumerate() {
            if let Found::Entity(entity) = found
                && let Some(row) = entity.take()
            {
                places.push(place);
                rows.push(row);
            }
        }
        for (place, row) in places.into_iter().zip(self.open(rows).await?) {
            found[place] = Found::Entity(Some(row));
        }
        Ok(found)
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
        self.open(self.inner.read(shard, after, limit).await?).await
    }

    async fn read_unopened(
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
        self.open(self.inner.read_tenant(tenant, shard, after, rows).await?).await
    }

    async fn history(
        &self,
        entity: &EntityRef,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        self.open(self.inner.history(entity, after, limit).await?).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        self.open(self.inner.list(query).await?).await
    }

    async fn list_unopened(&self, query: &ListQuery) -> Result<Vec<StoredEntity>, StoreFault> {
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
        self.open(self.inner.list_across(domain, entity, after, limit).await?).await
    }

    async fn due(&self, until: Timestamp, limit: u32) -> Result<Vec<StoredEntity>, StoreFault> {
        self.open(self.inner.due(until, limit).await?).await
    }

    /// Nobody is shown what they are, only that they wait: nothing personal is opened.
    async fn waiting(&self, query: &WaitQuery) -> Result<Vec<StoredEntity>, StoreFault> {
        self.inner.waiting(query).await
    }

    async fn scan(
        &self,
        after: Option<&EntityRef>,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreFault> {
        self.open(self.inner.scan(after, limit).await?).await
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
        let entities = self.inner.erase_person(tenant, person, until).await?;
        let all = person.is_none();
        self.known().retain(|entity, _| !(all || entities.contains(entity)));
        Ok(entities)
    }

    async fn ping(&self) -> Result<(), StoreFault> {
        self.inner.ping().await
    }
}

impl fmt::Debug for SealedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedStore").finish_non_exhaustive()
    }
}
