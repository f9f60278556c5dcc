//! What memory holds of one tenant's domain, and how a decision changes it.
//!
//! Pure: the domain actor, the dry run, the tests and the replay check all go through here, so
//! they cannot disagree.

use crate::{
    domain::{Decision, Domain, Event, Key, Stop},
    world::{Entity, Named, Wanted, World},
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Entities and keys of one tenant and domain, as far as they are in memory.
pub struct Book<D: Domain> {
    tenant: TenantId,
    entities: HashMap<EntityId, Entity<D::State>>,
    keys: HashMap<Key, Named>,
}

/// Why no decision was made.
#[derive(Debug, PartialEq)]
pub enum Halt<R> {
    /// These have to be loaded first.
    Wanted(Wanted),
    /// The domain says no.
    Refused(R),
}

/// What a decision has done to memory, for the journal to keep.
#[derive(Debug)]
pub struct Absorbed<D: Domain> {
    /// The events in order.
    pub events: Vec<Versioned<D::Event>>,
    /// Every entity that changed, once, as it stands now.
    pub changed: Vec<(EntityId, Entity<D::State>)>,
    /// Keys that came, with their entity.
    pub keys: Vec<(Key, EntityId)>,
    /// Keys that went.
    pub keys_gone: Vec<(Key, EntityId)>,
}

impl<D: Domain> Default for Absorbed<D> {
    fn default() -> Self {
        let (events, changed) = (Vec::new(), Vec::new());
        Self { events, changed, keys: Vec::new(), keys_gone: Vec::new() }
    }
}

/// An event with the versions that it gave.
#[derive(Debug)]
pub struct Versioned<E> {
    /// The owner.
    pub entity: EntityId,
    /// Which change of the owner it is.
    pub version: i64,
    /// What happened.
    pub event: E,
    /// Entities touched besides the owner, each with its own new version.
    pub touched: Vec<(EntityId, i64)>,
}

/// The keys of entities before a decision, each entity once, in the order of their changes.
#[derive(Default)]
struct Before {
    keys: Vec<(EntityId, Vec<Key>)>,
    /// Which these are, once they are many.
    many: HashSet<EntityId>,
}

/// So many are looked through one after another.
const FEW: usize = 8;

impl Before {
    /// Whether nothing was kept of an entity yet; it has to be, then.
    fn is_first(&mut self, id: &EntityId) -> bool {
        if self.keys.len() < FEW {
            return !self.keys.iter().any(|(known, _)| known == id);
        }
        if self.many.is_empty() {
            self.many.extend(self.keys.iter().map(|(known, _)| known.clone()));
        }
        self.many.insert(id.clone())
    }
}

impl<D: Domain> Book<D> {
    /// An empty book.
    pub fn new(tenant: TenantId) -> Self {
        Self { tenant, entities: HashMap::new(), keys: HashMap::new() }
    }

    /// Whose book it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Decides on what memory holds. Changes nothing. What the decision is about, and whatever it
    /// changes, has to be in memory too, looked at or not: an entity is never changed blindly.
    pub fn decide(
        &self,
        command: D::Command,
        now: Timestamp,
    ) -> Result<Decision<D::Event>, Halt<D::Refusal>> {
        let world = World::new(&self.tenant, &self.entities, &self.keys);
        match D::decide(&world, command, now) {
            Ok(decision) => match self.unknown(&decision) {
                wanted if wanted.entities.is_empty() => Ok(decision),
                wanted => Err(Halt::Wanted(wanted)),
            },
            Err(Stop::Refused(refusal)) => Err(Halt::Refused(refusal)),
            Err(Stop::Missing) => Err(Halt::Wanted(world.wanted())),
        }
    }

    /// Carries a decision into memory. `ticket` names the journal entry that will keep it.
    pub fn absorb(
        &mut self,
        decision: Decision<D::Event>,
        now: Timestamp,
        ticket: u64,
    ) -> Absorbed<D> {
        let mut before = Before::default();
        let mut events = Vec::with_capacity(decision.events.len());
        for (owner, event) in decision.events.into_iter().filter(|(_, event)| !D::aside(event)) {
            let version = self.change(&owner, &owner, &event, now, &mut before);
            let touched = D::touches(&event)
                .into_iter()
                .map(|entity| {
                    let version = self.change(&entity, &owner, &event, now, &mut before);
                    (entity, version)
                })
                .collect();
            events.push(Versioned { entity: owner, version, event, touched });
        }
        for (id, _) in &before.keys {
            if let Some(entity) = self.entities.get_mut(id) {
                entity.ticket = ticket;
            }
        }
        self.settle_keys(events, before.keys, ticket)
    }

    /// An entity, if it is in memory.
    pub fn get(&self, id: &EntityId) -> Option<&Entity<D::State>> {
        self.entities.get(id)
    }

    /// Puts an entity that was loaded into memory; what memory has already is newer and stays.
    pub fn remember(&mut self, id: EntityId, entity: Entity<D::State>) {
        self.entities.entry(id).or_insert(entity);
    }

    /// Puts a key that was loaded into memory; what memory has already is newer and stays.
    pub fn remember_key(&mut self, key: Key, entity: Option<EntityId>) {
        self.keys.entry(key).or_insert_with(|| Named::new(entity, 0));
    }

    /// Drops what is durable and was not used since the last tidying. `durable` is the last
    /// ticket that the journal has kept.
    pub fn tidy(&mut self, durable: u64) {
        self.entities.retain(|_, entity| durable < entity.ticket || entity.take_used());
        self.keys.retain(|_, named| durable < named.ticket || named.take_used());
    }

    /// How a decision would leave its subject, with memory left alone.
    pub fn preview(&self, decision: Decision<D::Event>, now: Timestamp) -> Absorbed<D> {
        let mut scratch = Self::new(self.tenant.clone());
        for (owner, event) in &decision.events {
            for id in D::touches(event).iter().chain([owner]) {
                scratch.remember(id.clone(), self.entities.get(id).cloned().unwrap_or_default());
            }
        }
        scratch.absorb(decision, now, 0)
    }

    /// How many entities and keys are in memory.
    pub fn len(&self) -> usize {
        self.entities.len() + self.keys.len()
    }

    /// Whether nothing is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entities in memory.
    pub fn entities(&self) -> impl Iterator<Item = (&EntityId, &Entity<D::State>)> {
        self.entities.iter()
    }

    /// What the decision is about and memory does not hold.
    fn unknown(&self, decision: &Decision<D::Event>) -> Wanted {
        let mut wanted = Wanted::default();
        let mut look = |id: &EntityId| {
            if !self.entities.contains_key(id) {
                wanted.entities.push(id.clone());
            }
        };
        look(&decision.subject);
        for (owner, event) in &decision.events {
            if *owner != decision.subject {
                look(owner);
            }
            D::touches(event).iter().for_each(&mut look);
        }
        wanted
    }

    fn change(
        &mut self,
        id: &EntityId,
        owner: &EntityId,
        event: &D::Event,
        at: Timestamp,
        before: &mut Before,
    ) -> i64 {
        if !self.entities.contains_key(id) {
            self.entities.insert(id.clone(), Entity::default());
        }
        let Some(entity) = self.entities.get_mut(id) else { return 0 };
        if before.is_first(id) {
            before.keys.push((id.clone(), D::keys(&entity.state)));
        }
        entity.version += 1;
        let version = entity.version;
        // The journal's writer may still hold the previous state; then this copies it.
        let state = Arc::make_mut(&mut entity.state);
        D::apply(id, state, &Event { entity: owner, event, at, version });
        version
    }

    fn settle_keys(
        &mut self,
        events: Vec<Versioned<D::Event>>,
        before: Vec<(EntityId, Vec<Key>)>,
        ticket: u64,
    ) -> Absorbed<D> {
        let (mut keys, mut keys_gone) = (Vec::new(), Vec::new());
        let mut changed = Vec::with_capacity(before.len());
        for (id, old) in before {
            let Some(entity) = self.entities.get(&id) else { continue };
            let new = D::keys(&entity.state);
            let gone = old.iter().filter(|key| !new.contains(key));
            keys_gone.extend(gone.map(|key| (key.clone(), id.clone())));
            let came = new.into_iter().filter(|key| !old.contains(key));
            keys.extend(came.map(|key| (key, id.clone())));
            changed.push((id, entity.clone()));
        }
        // What went first: a key may pass from one entity to another in one decision.
        for (key, _) in &keys_gone {
            self.keys.insert(key.clone(), Named::new(None, ticket));
        }
        for (key, id) in &keys {
            self.keys.insert(key.clone(), Named::new(Some(id.clone()), ticket));
        }
        Absorbed { events, changed, keys, keys_gone }
    }
}
