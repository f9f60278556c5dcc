//! Keys that are about to be written: whatever is sealed meanwhile must be sealed with them.

use super::seal::Key;
use kontor_actors::store::EntityRef;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The keys of batches that are prepared, and of how many.
#[derive(Default)]
pub(super) struct Pending {
    keys: Mutex<HashMap<EntityRef, (Key, usize)>>,
}

/// Holds a batch's keys for as long as the batch may still be written.
pub(super) struct Kept {
    pending: Arc<Pending>,
    entities: Vec<EntityRef>,
}

impl Pending {
    /// The key that an entity is about to have.
    pub fn key(&self, entity: &EntityRef) -> Option<Key> {
        self.keys().get(entity).map(|(key, _)| *key)
    }

    /// Keeps keys as long as the answer is.
    pub fn keep(pending: &Arc<Self>, made: impl Iterator<Item = (EntityRef, Option<Key>)>) -> Kept {
        let mut keys = pending.keys();
        let mut entities = Vec::new();
        for (entity, key) in made {
            let Some(key) = key else { continue };
            keys.entry(entity.clone()).or_insert((key, 0)).1 += 1;
            entities.push(entity);
        }
        drop(keys);
        Kept { pending: Arc::clone(pending), entities }
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<EntityRef, (Key, usize)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut keys = self.pending.keys();
        for entity in &self.entities {
            if let Some((_, batches)) = keys.get_mut(entity) {
                *batches -= 1;
                if *batches == 0 {
                    keys.remove(entity);
                }
            }
        }
    }
}
