//! What a decision may look at: the entities and keys of one tenant and domain.
//!
//! It looks at memory only. What is not there is noted as missing, the decision stops, the actor
//! loads all that was missed at once and decides again.

use crate::domain::{Domain, Key};
use kontor_messages::{EntityId, TenantId};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    sync::Arc,
};

/// An entity as memory holds it.
#[derive(Debug)]
pub struct Entity<S> {
    /// Its state, ahead of the journal while a commit is under way.
    pub state: Arc<S>,
    /// How many changes have led to it; 0 for an entity that is not there.
    pub version: i64,
    /// The journal entry that brought the last change; 0 if it was loaded.
    pub ticket: u64,
    /// Whether a decision looked at it since memory was last tidied.
    used: Cell<bool>,
}

impl<S> Clone for Entity<S> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            version: self.version,
            ticket: self.ticket,
            used: self.used.clone(),
        }
    }
}

impl<S: Default> Default for Entity<S> {
    fn default() -> Self {
        Self::loaded(S::default(), 0)
    }
}

impl<S> Entity<S> {
    /// An entity as the database has it.
    pub fn loaded(state: S, version: i64) -> Self {
        Self { state: Arc::new(state), version, ticket: 0, used: Cell::new(true) }
    }

    /// Whether it was used since this was asked last.
    pub fn take_used(&self) -> bool {
        self.used.replace(false)
    }
}

/// A key as memory holds it.
#[derive(Clone, Debug)]
pub struct Named {
    /// The entity that goes by it, if one does.
    pub entity: Option<EntityId>,
    /// The journal entry that brought the last change; 0 if it was loaded.
    pub ticket: u64,
    used: Cell<bool>,
}

impl Named {
    /// A key that now leads to `entity`, by the entry `ticket`.
    pub fn new(entity: Option<EntityId>, ticket: u64) -> Self {
        Self { entity, ticket, used: Cell::new(true) }
    }

    /// Whether it was used since this was asked last.
    pub fn take_used(&self) -> bool {
        self.used.replace(false)
    }
}

/// Something that a decision needs is not in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

/// The view of one decision.
pub struct World<'a, D: Domain> {
    tenant: &'a TenantId,
    entities: &'a HashMap<EntityId, Entity<D::State>>,
    keys: &'a HashMap<Key, Named>,
    missing: RefCell<Wanted>,
}

/// What has to be loaded before a decision can be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Entities by name.
    pub entities: Vec<EntityId>,
    /// Keys whose entity is asked for.
    pub keys: Vec<Key>,
}

impl<'a, D: Domain> World<'a, D> {
    /// A view over what memory holds.
    pub fn new(
        tenant: &'a TenantId,
        entities: &'a HashMap<EntityId, Entity<D::State>>,
        keys: &'a HashMap<Key, Named>,
    ) -> Self {
        Self { tenant, entities, keys, missing: RefCell::default() }
    }

    /// Whose world it is.
    pub fn tenant(&self) -> &TenantId {
        self.tenant
    }

    /// The state of an entity; the default state if there is no such entity.
    pub fn get(&self, id: &EntityId) -> Result<&'a D::State, Missing> {
        Ok(&self.entity(id)?.state)
    }

    /// How many changes the entity has seen; 0 if it is not there.
    pub fn version(&self, id: &EntityId) -> Result<i64, Missing> {
        Ok(self.entity(id)?.version)
    }

    /// Makes sure that all of `ids` are in memory, so that they are loaded together.
    pub fn need<'i>(&self, ids: impl IntoIterator<Item = &'i EntityId>) -> Result<(), Missing> {
        let mut all = Ok(());
        for id in ids {
            if self.entity(id).is_err() {
                all = Err(Missing);
            }
        }
        all
    }

    /// The entity that goes by this key, if one does.
    pub fn find(&self, key: &Key) -> Result<Option<&'a EntityId>, Missing> {
        match self.keys.get(key) {
            Some(found) => {
                found.used.set(true);
                Ok(found.entity.as_ref())
            }
            None => {
                self.missing.borrow_mut().keys.push(key.clone());
                Err(Missing)
            }
        }
    }

    /// What the decision missed.
    pub fn wanted(self) -> Wanted {
        self.missing.into_inner()
    }

    fn entity(&self, id: &EntityId) -> Result<&'a Entity<D::State>, Missing> {
        let Some(entity) = self.entities.get(id) else {
            self.missing.borrow_mut().entities.push(id.clone());
            return Err(Missing);
        };
        entity.used.set(true);
        Ok(entity)
    }
}
