//! The broker and a consumer behind it, as strangers to the engine: what was delivered, in order.

use kontor_actors::store::StoredEvent;
use kontor_messages::{EntityId, EventId};
use std::collections::{BTreeMap, BTreeSet};

/// What a consumer has seen.
#[derive(Default)]
pub struct Broker {
    seen: BTreeSet<EventId>,
    /// The last version that came of each entity, duplicates dropped.
    last: BTreeMap<(String, EntityId), i64>,
    /// How often something came that was known.
    pub duplicates: u32,
}

impl Broker {
    /// A message arrives. The error says what a consumer cannot live with.
    pub fn take(&mut self, event: &StoredEvent) -> Result<(), String> {
        if !self.seen.insert(event.id) {
            self.duplicates += 1;
            return Ok(());
        }
        let entity = (event.domain.to_string(), event.entity.clone());
        let last = self.last.entry(entity).or_insert(0);
        if event.version <= *last {
            return Err(format!(
                "a consumer got version {} of {}/{} after version {last}",
                event.version, event.domain, event.entity
            ));
        }
        *last = event.version;
        Ok(())
    }

    /// Whether a consumer has had it.
    pub fn has(&self, event: EventId) -> bool {
        self.seen.contains(&event)
    }
}
