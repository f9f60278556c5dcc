//! What survives a crash: the journal, and the rows that are written with it in one transaction.

use super::node::{Hosted, Life};
use kontor_actors::{
    book::Versioned,
    domain::{Domain, Key},
    journal::Snapshot,
    store::{Seq, StoredEvent},
    testing::tenant,
    world::Entity,
};
use kontor_messages::{EntityId, EventId, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// An entity's address: domain and name.
pub type Address = (&'static str, EntityId);

/// What one decision brings.
pub struct Rows {
    pub domain: &'static str,
    /// Who decided.
    pub life: Life,
    /// The last change of its memory that these rows cover.
    pub ticket: u64,
    /// Whose decision this one stands on.
    pub after: Option<Life>,
    pub events: Vec<(StoredEvent, Vec<(EntityId, i64)>)>,
    pub states: Vec<(EntityId, Stored)>,
    pub keys: Vec<(Key, EntityId)>,
    pub keys_gone: Vec<(Key, EntityId)>,
    pub request: Option<(String, (EntityId, i64))>,
}

/// How an entity stands, turned into JSON when it is read.
#[derive(Clone)]
pub struct Stored {
    pub version: i64,
    pub due: Option<Timestamp>,
    pub state: Arc<dyn Snapshot>,
}

/// A journal row, with what it changed besides its owner.
pub struct Row {
    pub event: Arc<StoredEvent>,
    pub domain: &'static str,
    pub touched: Vec<(EntityId, i64)>,
}

#[derive(Default)]
pub struct Disk {
    pub journal: Vec<Row>,
    pub states: BTreeMap<Address, Stored>,
    /// Each entity as it was before its last change: for a reader that is broken on purpose.
    before: BTreeMap<Address, Stored>,
    due: BTreeSet<(Timestamp, Address)>,
    keys: BTreeMap<(&'static str, &'static str, String), EntityId>,
    pub requests: BTreeMap<String, (EntityId, i64)>,
    pub cursors: BTreeMap<&'static str, Seq>,
}

impl Rows {
    /// No rows yet: only to wait for what the same actor has handed in before.
    pub fn none<D: Domain>(life: Life, ticket: u64) -> Self {
        Self {
            domain: D::NAME,
            life,
            ticket,
            after: None,
            events: Vec::new(),
            states: Vec::new(),
            keys: Vec::new(),
            keys_gone: Vec::new(),
            request: None,
        }
    }

    pub fn brings_something(&self) -> bool {
        !self.events.is_empty() || self.request.is_some()
    }
}

impl Disk {
    /// Writes all of it.
    pub fn write(&mut self, rows: Rows) {
        let domain = rows.domain;
        for (mut event, touched) in rows.events {
            event.seq = self.head() + 1;
            self.journal.push(Row { event: Arc::new(event), domain, touched });
        }
        for (entity, stored) in rows.states {
            let address = (domain, entity);
            let due = stored.due;
            let old = self.states.insert(address.clone(), stored);
            if let Some(old) = old {
                if let Some(due) = old.due {
                    self.due.remove(&(due, address.clone()));
                }
                self.before.insert(address.clone(), old);
            }
            if let Some(due) = due {
                self.due.insert((due, address));
            }
        }
        for (key, _) in rows.keys_gone {
            self.keys.remove(&(domain, key.name, key.value));
        }
        for (key, entity) in rows.keys {
            self.keys.insert((domain, key.name, key.value), entity);
        }
        if let Some((key, answer)) = rows.request {
            self.requests.entry(key).or_insert(answer);
        }
    }

    /// The journal's last sequence.
    pub fn head(&self) -> Seq {
        self.journal.len() as Seq
    }

    /// An entity as it is stored; through JSON, as a database gives it.
    pub fn load<D: Domain>(&self, id: &EntityId, stale: bool) -> Entity<D::State> {
        let address = (D::NAME, id.clone());
        let old = self.before.get(&address).filter(|_| stale);
        let Some(stored) = old.or_else(|| self.states.get(&address)) else {
            return Entity::default();
        };
        let json = stored.state.json().expect("a state can be written");
        let state = serde_json::from_str(&json).expect("what was written can be read");
        Entity::loaded(state, stored.version)
    }

    /// How an entity stands, for whoever only reads.
    pub fn state<D: Domain>(&self, id: &EntityId) -> D::State {
        (*self.load::<D>(id, false).state).clone()
    }

    /// The entity that goes by a key.
    pub fn find<D: Domain>(&self, key: &Key) -> Option<EntityId> {
        self.keys.get(&(D::NAME, key.name, key.value.clone())).cloned()
    }

    /// What waits for an instant up to `until`, earliest first.
    pub fn due(&self, until: Timestamp) -> Vec<Address> {
        let due = self.due.iter().take_while(|(due, _)| *due <= until);
        due.map(|(_, address)| address.clone()).collect()
    }

    /// The next instant that something waits for.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The entities of a domain.
    pub fn entities<D: Domain>(&self) -> impl Iterator<Item = &EntityId> {
        self.states.keys().filter(|(domain, _)| *domain == D::NAME).map(|(_, id)| id)
    }
}

/// A decision's event on its way to the journal, which gives it its sequence.
pub fn event_row<D: Hosted>(
    happened: &Versioned<D::Event>,
    now: Timestamp,
) -> (StoredEvent, Vec<(EntityId, i64)>) {
    let payload = serde_json::to_string(&happened.event).expect("an event can be written");
    let event = StoredEvent {
        shard: 0,
        seq: 0,
        id: EventId::fresh(now),
        tenant: tenant(),
        domain: D::NAME.into(),
        entity: happened.entity.clone(),
        version: happened.version,
        name: D::event_name(&happened.event).into(),
        at: now,
        payload: payload.into(),
        meta: "{}".into(),
    };
    (event, happened.touched.clone())
}
