//! The rows themselves: ordered maps with the keys that the tables have.

use crate::{
    storable,
    store::{
        Batch, CommitError, CursorRow, DeadLetter, EntityRef, Found, KeyQuery, KeyRow, LetterQuery,
        ListQuery, Lookup, PERSONAL_NAMES, PersonKeyRow, PersonQuery, RequestName, RequestRow, Seq,
        StoredEntity, StoredEvent, WaitQuery,
    },
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

type Place = (u32, Seq);
type Change = (EntityRef, i64);
type KeyName = (TenantId, Arc<str>, Arc<str>, String);
/// In the order of `scan_requests`.
type RequestPlace = (String, Arc<str>, TenantId);

/// All tables.
#[derive(Default)]
pub struct Rows {
    journal: BTreeMap<Place, StoredEvent>,
    owned: BTreeMap<Change, Place>,
    touched: BTreeMap<Change, Place>,
    entities: BTreeMap<EntityRef, StoredEntity>,
    keys: BTreeMap<KeyName, EntityId>,
    requests: BTreeMap<RequestPlace, RequestRow>,
    cursors: BTreeMap<(u32, Arc<str>), Seq>,
    person_keys: BTreeMap<EntityRef, PersonKeyRow>,
    pub letters: BTreeMap<String, DeadLetter>,
    pub shards: Option<u32>,
}

impl Rows {
    /// Checks everything, then writes everything.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), CommitError> {
        storable::check(batch)?;
        self.check_events(batch)?;
        self.check_names(batch)?;
        for event in &batch.events {
            self.owned.insert(change_of(event), (event.shard, event.seq));
            self.journal.insert((event.shard, event.seq), event.clone());
        }
        for touch in &batch.touches {
            let entity = reference(&touch.tenant, &touch.domain, &touch.entity);
            self.touched.insert((entity, touch.version), (touch.shard, touch.seq));
        }
        for state in &batch.states {
            self.keep_state(state);
        }
        for key in &batch.keys_gone {
            if self.keys.get(&key_name(key)) == Some(&key.entity) {
                self.keys.remove(&key_name(key));
            }
        }
        for key in &batch.keys {
            self.keys.insert(key_name(key), key.entity.clone());
        }
        for request in &batch.requests {
            self.requests.insert(request_place(request), request.clone());
        }
        for key in &batch.person_keys {
            let entity = reference(&key.tenant, &key.domain, &key.entity);
            self.person_keys.entry(entity).or_insert_with(|| key.clone());
        }
        for cursor in &batch.cursors {
            let name = (cursor.shard, Arc::clone(&cursor.follower));
            let seq = self.cursors.entry(name).or_insert(cursor.seq);
            *seq = cursor.seq.max(*seq);
        }
        Ok(())
    }

    /// The fence first: whoever lost the shard must learn that, not that a row was refused.
    fn check_events(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut places = BTreeSet::new();
        for event in &batch.events {
            let place = (event.shard, event.seq);
            if self.journal.contains_key(&place) || !places.insert(place) {
                return Err(CommitError::Fenced(event.shard));
            }
        }
        let mut changes = BTreeSet::new();
        for event in &batch.events {
            let change = change_of(event);
            if self.owned.contains_key(&change) || !changes.insert(change) {
                return rejected("the journal has this version of the entity");
            }
        }
        Ok(())
    }

    fn check_names(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut changes = BTreeSet::new();
        for touch in &batch.touches {
            let entity = reference(&touch.tenant, &touch.domain, &touch.entity);
            let change = (entity, touch.version);
            if self.touched.contains_key(&change) || !changes.insert(change) {
                return rejected("this version of the entity has been touched");
            }
        }
        let gone: BTreeSet<_> =
            batch.keys_gone.iter().map(|key| (key_name(key), &key.entity)).collect();
        let mut names = BTreeSet::new();
        for key in &batch.keys {
            let name = key_name(key);
            let owner = self.keys.get(&name);
            let taken = owner.is_some_and(|owner| !gone.contains(&(name.clone(), owner)));
            if taken || !names.insert(name) {
                return rejected("the key has an owner");
            }
        }
        let mut names = BTreeSet::new();
        for request in &batch.requests {
            let name = request_place(request);
            if self.requests.contains_key(&name) || !names.insert(name) {
                return rejected("the request has been answered");
            }
        }
        Ok(())
    }

    fn keep_state(&mut self, new: &StoredEntity) {
        let name = reference(&new.tenant, &new.domain, &new.entity);
        match self.entities.get_mut(&name) {
            Some(old) if old.version < new.version => {
                *old = StoredEntity { created_at: old.created_at, ..new.clone() };
            }
            Some(_) => {}
            None => {
                self.entities.insert(name, new.clone());
            }
        }
    }

    pub fn find(&self, lookup: &Lookup) -> Found {
        match lookup {
            Lookup::Entity(entity) => Found::Entity(self.entities.get(entity).cloned()),
            Lookup::Key { tenant, domain, name, value } => {
                let key = (tenant.clone(), domain.clone(), name.clone(), value.clone());
                Found::Key(self.keys.get(&key).cloned())
            }
            Lookup::Request { tenant, domain, key } => {
                let place = (key.clone(), domain.clone(), tenant.clone());
                Found::Request(self.requests.get(&place).cloned())
            }
            Lookup::PersonKey(entity) => Found::PersonKey(self.person_keys.get(entity).cloned()),
        }
    }

    pub fn head(&self, shard: u32) -> Seq {
        let last = self.journal.range((shard, Seq::MIN)..=(shard, Seq::MAX)).next_back();
        last.map_or(0, |((_, seq), _)| *seq)
    }

    pub fn read(&self, shard: u32, after: Seq, limit: u32) -> Vec<StoredEvent> {
        let range = (Bound::Excluded((shard, after)), Bound::Included((shard, Seq::MAX)));
        self.journal.range(range).take(limit as usize).map(|(_, event)| event.clone()).collect()
    }

    pub fn read_tenant(
        &self,
        tenant: &TenantId,
        shard: u32,
        after: Seq,
        rows: u32,
    ) -> Vec<StoredEvent> {
        let last = after.saturating_add(rows.into());
        let range = (Bound::Excluded((shard, after)), Bound::Included((shard, last)));
        let rows = self.journal.range(range).map(|(_, event)| event);
        rows.filter(|event| event.tenant == *tenant).cloned().collect()
    }

    pub fn history(&self, entity: &EntityRef, after: i64, limit: u32) -> Vec<StoredEvent> {
        let range =
            (Bound::Excluded((entity.clone(), after)), Bound::Included((entity.clone(), i64::MAX)));
        let owned = self.owned.range(range.clone());
        let changes: BTreeMap<_, _> = owned.chain(self.touched.range(range)).collect();
        let events = changes.into_iter().filter_map(|((_, version), place)| {
            Some(StoredEvent { version: *version, ..self.journal.get(place)?.clone() })
        });
        events.take(limit as usize).collect()
    }

    pub fn list(&self, query: &ListQuery) -> Vec<StoredEntity> {
        let fits = |row: &&StoredEntity| {
            row.tenant == query.tenant
                && *row.domain == *query.domain
                && row.entity.as_str().starts_with(&query.prefix)
                && query
                    .status
                    .as_deref()
                    .is_none_or(|status| row.status.as_deref() == Some(status))
                && query.label.as_deref().is_none_or(|label| row.label.as_deref() == Some(label))
                && query.from.as_deref().is_none_or(|from| from <= row.entity.as_str())
                && query.before.as_deref().is_none_or(|before| row.entity.as_str() < before)
        };
        self.entities.values().rev().filter(fits).take(query.limit as usize).cloned().collect()
    }

    pub fn labels(&self, tenant: &TenantId, domain: &str, limit: u32) -> Vec<String> {
        let of = |row: &&StoredEntity| row.tenant == *tenant && *row.domain == *domain;
        let rows = self.entities.values().filter(of);
        let labels: BTreeSet<_> = rows.filter_map(|row| row.label.as_deref()).collect();
        labels.into_iter().take(limit as usize).map(str::to_owned).collect()
    }

    pub fn list_keys(&self, query: &KeyQuery) -> Vec<KeyRow> {
        let fits = |((tenant, domain, name, value), _): &(&KeyName, &EntityId)| {
            *tenant == query.tenant
                && **domain == *query.domain
                && **name == *query.name
                && value.starts_with(&query.prefix)
                && query.before.as_ref().is_none_or(|before| value < before)
        };
        let found = self.keys.iter().rev().filter(fits).take(query.limit as usize);
        found.map(key_row).collect()
    }

    pub fn list_of_person(&self, query: &PersonQuery) -> Vec<EntityId> {
        let fits = |(entity, row): &(&EntityRef, &PersonKeyRow)| {
            entity.tenant == query.tenant
                && entity.domain == query.domain
                && row.person == query.person
                && row.key.is_some()
                && query.before.as_deref().is_none_or(|before| entity.entity.as_str() < before)
        };
        let found = self.person_keys.iter().rev().filter(fits).take(query.limit as usize);
        found.map(|(entity, _)| entity.entity.clone()).collect()
    }

    pub fn count(&self, tenant: &TenantId) -> Vec<(String, u64)> {
        let mut counted = BTreeMap::<String, u64>::new();
        for entity in self.entities.keys().filter(|entity| entity.tenant == *tenant) {
            *counted.entry(entity.domain.clone()).or_default() += 1;
        }
        counted.into_iter().collect()
    }

    pub fn list_across(
        &self,
        domain: &str,
        entity: &str,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Vec<StoredEntity> {
        let fits = |row: &&StoredEntity| {
            *row.domain == *domain
                && row.entity.as_str() == entity
                && after.is_none_or(|after| *after < row.tenant)
        };
        self.entities.values().filter(fits).take(limit as usize).cloned().collect()
    }

    /// Entities that wait for an instant and fit, earliest first.
    pub fn due(&self, limit: u32, fits: impl Fn(&StoredEntity) -> bool) -> Vec<StoredEntity> {
        let waits = |row: &&StoredEntity| row.due.is_some() && fits(row);
        let mut rows: Vec<_> = self.entities.values().filter(waits).cloned().collect();
        rows.sort_by_key(|row| row.due);
        rows.truncate(limit as usize);
        rows
    }

    pub fn waiting(&self, query: &WaitQuery) -> Vec<StoredEntity> {
        let place = |row: &StoredEntity| {
            (row.due, row.tenant.clone(), row.entity.clone(), row.domain.to_string())
        };
        let after = query.after.as_ref().map(|(due, last)| {
            (Some(*due), last.tenant.clone(), last.entity.clone(), last.domain.clone())
        });
        let fits = |row: &StoredEntity| {
            query.tenant.as_ref().is_none_or(|tenant| row.tenant == *tenant)
                && query.from.is_none_or(|from| Some(from) <= row.due)
                && query.before.is_none_or(|before| row.due < Some(before))
                && after.as_ref().is_none_or(|after| *after < place(row))
        };
        let mut rows = self.due(u32::MAX, fits);
        rows.sort_by_key(place);
        rows.truncate(query.limit as usize);
        rows
    }

    pub fn scan(&self, after: Option<&EntityRef>, limit: u32) -> Vec<StoredEntity> {
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
        let rows = self.entities.range((from, Bound::Unbounded));
        rows.take(limit as usize).map(|(_, row)| row.clone()).collect()
    }

    pub fn scan_keys(&self, after: Option<&KeyRow>, limit: u32) -> Vec<KeyRow> {
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(key_name(after)));
        self.keys.range((from, Bound::Unbounded)).take(limit as usize).map(key_row).collect()
    }

    pub fn cursors(&self) -> Vec<CursorRow> {
        let row = |((shard, follower), seq): (&(u32, Arc<str>), &Seq)| CursorRow {
            shard: *shard,
            follower: follower.clone(),
            seq: *seq,
        };
        self.cursors.iter().map(row).collect()
    }

    /// A second burial keeps the time of the first.
    pub fn bury(&mut self, letter: &DeadLetter) {
        let mut letter = storable::clean(letter);
        letter.at = self.letters.get(&letter.id).map_or(letter.at, |first| first.at);
        self.letters.insert(letter.id.clone(), letter);
    }

    pub fn dead_letters(&self, query: &LetterQuery) -> Vec<DeadLetter> {
        let fits = |letter: &&DeadLetter| {
            let retry_fits =
                |until: Timestamp| letter.retry_at.is_some_and(|retry_at| retry_at <= until);
            query.tenant.as_ref().is_none_or(|tenant| letter.tenant.as_ref() == Some(tenant))
                && query.source.as_ref().is_none_or(|source| letter.source == *source)
                && query.shard.is_none_or(|shard| letter.event.is_some_and(|(of, _)| of == shard))
                && query.id.as_ref().is_none_or(|id| letter.id == *id)
                && query.parked.is_none_or(|parked| letter.retry_at.is_some() == parked)
                && query.after.as_ref().is_none_or(|after| *after < letter.id)
                && query.retry_until.is_none_or(retry_fits)
        };
        let mut letters: Vec<_> = self.letters.values().filter(fits).cloned().collect();
        if query.retry_until.is_some() {
            letters.sort_by_key(|letter| letter.retry_at);
        }
        letters.truncate(query.limit as usize);
        letters
    }

    pub fn erase_person(
        &mut self,
        tenant: &TenantId,
        person: Option<&str>,
        until: Timestamp,
    ) -> Vec<EntityRef> {
        let fits = |(entity, row): &(&EntityRef, &mut PersonKeyRow)| {
            entity.tenant == *tenant && person.is_none_or(|person| row.person == person)
        };
        let theirs = self.person_keys.iter_mut().filter(fits);
        let erase = |(entity, row): (&EntityRef, &mut PersonKeyRow)| {
            row.key = row.key.filter(|_| until < row.at);
            entity.clone()
        };
        let erased: Vec<_> = theirs.map(erase).collect();
        let gone = |entity: &EntityRef| {
            let theirs = entity.tenant == *tenant && erased.contains(entity);
            theirs && self.person_keys.get(entity).is_some_and(|row| row.key.is_none())
        };
        self.keys.retain(|(tenant, domain, name, _), entity| {
            !(PERSONAL_NAMES.contains(&&**name) && gone(&reference(tenant, domain, entity)))
        });
        if person.is_some() { erased } else { Vec::new() }
    }

    pub fn scan_requests(&self, after: Option<&RequestName>, limit: u32) -> Vec<RequestName> {
        let place =
            |name: &RequestName| (name.key.clone(), name.domain.clone(), name.tenant.clone());
        let after = after.map_or(Bound::Unbounded, |name| Bound::Excluded(place(name)));
        let rows = self.requests.range((after, Bound::Unbounded)).take(limit as usize);
        let name = |(key, domain, tenant): &RequestPlace| RequestName {
            tenant: tenant.clone(),
            domain: domain.clone(),
            key: key.clone(),
        };
        rows.map(|(place, _)| name(place)).collect()
    }

    pub fn forget_requests(&mut self, before: Timestamp, limit: u32) -> u64 {
        let old = self.requests.iter().filter(|(_, request)| request.at < before);
        let mut old: Vec<_> = old.map(|(name, request)| (request.at, name.clone())).collect();
        old.sort();
        old.truncate(limit as usize);
        for (_, name) in &old {
            self.requests.remove(name);
        }
        old.len() as u64
    }
}

fn rejected<T>(why: &str) -> Result<T, CommitError> {
    Err(CommitError::Rejected(why.into()))
}

fn reference(tenant: &TenantId, domain: &str, entity: &EntityId) -> EntityRef {
    EntityRef { tenant: tenant.clone(), domain: domain.into(), entity: entity.clone() }
}

fn change_of(event: &StoredEvent) -> Change {
    (reference(&event.tenant, &event.domain, &event.entity), event.version)
}

fn key_row(((tenant, domain, name, value), entity): (&KeyName, &EntityId)) -> KeyRow {
    KeyRow {
        tenant: tenant.clone(),
        domain: domain.clone(),
        name: name.clone(),
        value: value.clone(),
        entity: entity.clone(),
    }
}

fn key_name(key: &KeyRow) -> KeyName {
    (key.tenant.clone(), key.domain.clone(), key.name.clone(), key.value.clone())
}

fn request_place(request: &RequestRow) -> RequestPlace {
    (request.key.clone(), request.domain.clone(), request.tenant.clone())
}
