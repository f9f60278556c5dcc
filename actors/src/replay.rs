//! Deriving states from the journal: for the replay check, for an entity as it was, and for
//! giving an answer a second time.

use crate::{
    domain::{Domain, Event, Key},
    store::{EntityRef, Store, StoreFault, StoredEvent},
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::{collections::HashMap, sync::Arc};

/// Events read at a time.
const PAGE: u32 = 500;

/// Derives the states of one domain from events, whatever its types.
pub trait Replay: Send {
    /// Carries an event into the states of its owner and of those it touches, as far as `keep`
    /// wants them; names those that it touches besides its owner. Says what is wrong with it, if
    /// something is.
    fn apply(
        &mut self,
        event: &StoredEvent,
        keep: &dyn Fn(&EntityId) -> bool,
    ) -> Result<Vec<EntityId>, String>;
    /// Takes out what was derived of an entity.
    fn take(&mut self, tenant: &TenantId, entity: &EntityId) -> Option<Replayed>;
    /// Takes out all that is left.
    fn rest(&mut self) -> Vec<(TenantId, EntityId)>;
}

/// What the journal says of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// How many changes it has seen.
    pub version: i64,
    /// Its state as JSON.
    pub state: String,
    /// The word that lists filter by.
    pub status: Option<&'static str>,
    /// The other one, which hardly ever changes.
    pub label: Option<String>,
    /// When it must be woken.
    pub due: Option<Timestamp>,
    /// Its other names.
    pub keys: Vec<Key>,
}

/// States of a domain under replay.
pub struct Replayer<D: Domain> {
    states: HashMap<(TenantId, EntityId), (D::State, i64)>,
}

impl<D: Domain> Default for Replayer<D> {
    fn default() -> Self {
        Self { states: HashMap::new() }
    }
}

impl<D: Domain> Replay for Replayer<D> {
    fn apply(
        &mut self,
        stored: &StoredEvent,
        keep: &dyn Fn(&EntityId) -> bool,
    ) -> Result<Vec<EntityId>, String> {
        let event: D::Event = serde_json::from_str(&stored.payload)
            .map_err(|broken| format!("its payload cannot be read: {broken}"))?;
        let mut touched = D::touches(&event);
        touched.retain(|id| keep(id));
        let owned = Some(&stored.entity).filter(|id| keep(id));
        let mut wrong = None;
        for entity in owned.into_iter().chain(&touched) {
            let known = self.states.entry((stored.tenant.clone(), entity.clone())).or_default();
            known.1 += 1;
            if *entity == stored.entity && known.1 != stored.version {
                wrong = Some(format!("version {} follows {}", stored.version, known.1 - 1));
                continue;
            }
            D::apply(entity, &mut known.0, &event_of(stored, &event, known.1));
        }
        wrong.map_or(Ok(touched), Err)
    }

    fn take(&mut self, tenant: &TenantId, entity: &EntityId) -> Option<Replayed> {
        let (state, version) = self.states.remove(&(tenant.clone(), entity.clone()))?;
        Some(Replayed {
            version,
            state: serde_json::to_string(&state).unwrap_or_default(),
            status: D::status(&state),
            label: D::label(&state).map(str::to_owned),
            due: D::due(&state),
            keys: D::keys(&state),
        })
    }

    fn rest(&mut self) -> Vec<(TenantId, EntityId)> {
        self.states.drain().map(|(name, _)| name).collect()
    }
}

fn event_of<'a, D: Domain>(
    stored: &'a StoredEvent,
    event: &'a D::Event,
    version: i64,
) -> Event<'a, D> {
    Event { entity: &stored.entity, event, at: stored.at, version }
}

/// Up to where an entity's history is followed.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// Including this version.
    Version(i64),
    /// Including what happened at this instant.
    Instant(Timestamp),
}

/// An entity as it was. `None` if it was not there yet, or has too long a history to be followed
/// (more than `versions_max`).
pub async fn state_at<D: Domain>(
    store: &dyn Store,
    tenant: &TenantId,
    entity: &EntityId,
    until: Until,
    versions_max: i64,
) -> Result<Option<(Arc<D::State>, i64)>, StoreFault> {
    let address =
        EntityRef { tenant: tenant.clone(), domain: D::NAME.into(), entity: entity.clone() };
    let (mut state, mut version) = (D::State::default(), 0);
    loop {
        let page = store.history(&address, version, PAGE).await?;
        let full = page.len() == PAGE as usize;
        for stored in page {
            let over = match until {
                Until::Version(last) => stored.version > last,
                Until::Instant(last) => stored.at > last,
            };
            if over {
                return Ok((version > 0).then(|| (Arc::new(state), version)));
            }
            let event: D::Event = serde_json::from_str(&stored.payload)
                .map_err(|broken| StoreFault(format!("event {}: {broken}", stored.id)))?;
            version = stored.version;
            // The owner of a touching event is another entity: the row names it.
            D::apply(entity, &mut state, &event_of(&stored, &event, version));
        }
        if !full {
            return Ok((version > 0).then(|| (Arc::new(state), version)));
        }
        if versions_max <= version {
            return Ok(None);
        }
    }
}
