//! Loads, and the commands that are parked until they come back.

use super::{DomainActor, DomainMessage, Memory, Work};
use crate::{
    domain::{Domain, Key},
    request::Denied,
    store::{EntityRef, Found, Lookup, StoreFault},
    world::{Entity, Wanted},
};
use kontor_messages::EntityId;
use ractor::{ActorProcessingErr, ActorRef};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// Names one load under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LoadId(u64);

/// What a load brought.
pub(crate) struct Loaded<D: Domain> {
    entities: Vec<(EntityId, Entity<D::State>)>,
    keys: Vec<(Key, Option<EntityId>)>,
}

type Arrival<D> = (LoadId, Result<Loaded<D>, StoreFault>);

/// What is being loaded, and who waits for it.
pub(crate) struct Parking<D: Domain> {
    last: u64,
    entities: HashMap<EntityId, LoadId>,
    keys: HashMap<Key, LoadId>,
    loads: HashMap<LoadId, Load<D>>,
    /// Results come by here; the message only says that there is one. So they find an actor that
    /// takes no messages any more.
    arrive: mpsc::UnboundedSender<Arrival<D>>,
    arrivals: mpsc::UnboundedReceiver<Arrival<D>>,
}

/// One load under way.
struct Load<D: Domain> {
    wanted: Wanted,
    parked: Vec<Work<D>>,
}

impl<D: Domain> Default for Parking<D> {
    fn default() -> Self {
        let (arrive, arrivals) = mpsc::unbounded_channel();
        let (entities, keys, loads) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { last: 0, entities, keys, loads, arrive, arrivals }
    }
}

impl<D: Domain> Parking<D> {
    pub(crate) fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }

    /// A load that has come back.
    pub(super) fn arrived(&mut self) -> Option<Arrival<D>> {
        self.arrivals.try_recv().ok()
    }

    /// The next load to come back, if one is under way and comes in time.
    pub(super) async fn arrival(&mut self, patience: Duration) -> Option<Arrival<D>> {
        if self.is_empty() {
            return None;
        }
        tokio::time::timeout(patience, self.arrivals.recv()).await.ok().flatten()
    }

    /// Parks some work. Says what has to be loaded for it that nobody is loading yet.
    fn park(&mut self, wanted: Wanted, work: Work<D>) -> Option<(LoadId, Wanted)> {
        let load = LoadId(self.last + 1);
        let (mut under_way, mut new) = (None, Wanted::default());
        for entity in wanted.entities {
            match self.entities.get(&entity) {
                Some(other) => under_way = Some(*other),
                None => {
                    self.entities.insert(entity.clone(), load);
                    new.entities.push(entity);
                }
            }
        }
        for key in wanted.keys {
            match self.keys.get(&key) {
                Some(other) => under_way = Some(*other),
                None => {
                    self.keys.insert(key.clone(), load);
                    new.keys.push(key);
                }
            }
        }
        if new.entities.is_empty() && new.keys.is_empty() {
            // Another load brings (some of) it; what is missing then is asked for then.
            if let Some(other) = under_way.and_then(|other| self.loads.get_mut(&other)) {
                other.parked.push(work);
            }
            return None;
        }
        self.last = load.0;
        self.loads.insert(load, Load { wanted: new.clone(), parked: vec![work] });
        Some((load, new))
    }

    /// A load is over: says who waited for it.
    fn unpark(&mut self, load: LoadId) -> Vec<Work<D>> {
        let Some(load) = self.loads.remove(&load) else { return Vec::new() };
        for entity in &load.wanted.entities {
            self.entities.remove(entity);
        }
        for key in &load.wanted.keys {
            self.keys.remove(key);
        }
        load.parked
    }
}

impl<D: Domain> DomainActor<D> {
    /// Parks `work` until what it wants is in memory; loads what nobody is loading yet.
    pub(super) fn park(
        &self,
        myself: &ActorRef<DomainMessage<D>>,
        memory: &mut Memory<D>,
        wanted: Wanted,
        work: Work<D>,
    ) {
        let Some((load, wanted)) = memory.parking.park(wanted, work) else { return };
        let (loader, myself) = (self.ground.loader.clone(), myself.clone());
        let (lookups, arrive) = (self.lookups(&wanted), memory.parking.arrive.clone());
        tokio::spawn(async move {
            let loaded = match loader.fetch(lookups).await {
                Ok(found) => understand(wanted, found),
                Err(fault) => Err(fault),
            };
            // An actor that has died meanwhile has told its callers so.
            let _ = arrive.send((load, loaded));
            let _ = myself.cast(DomainMessage::Loaded);
        });
    }

    /// The questions to the database, entities first.
    fn lookups(&self, wanted: &Wanted) -> Vec<Lookup> {
        let entities = wanted.entities.iter().map(|entity| {
            let (tenant, domain) = (self.tenant.clone(), D::NAME.to_owned());
            Lookup::Entity(EntityRef { tenant, domain, entity: entity.clone() })
        });
        let keys = wanted.keys.iter().map(|key| Lookup::Key {
            tenant: self.tenant.clone(),
            domain: Arc::clone(&self.domain),
            name: key.name.into(),
            value: key.value.clone(),
        });
        entities.chain(keys).collect()
    }

    /// A load came back: takes it into memory and goes on with whoever waited.
    pub(super) fn resume(
        &self,
        myself: &ActorRef<DomainMessage<D>>,
        memory: &mut Memory<D>,
        load: LoadId,
        result: Result<Loaded<D>, StoreFault>,
    ) -> Result<(), ActorProcessingErr> {
        let waiting = memory.parking.unpark(load);
        match result {
            Ok(loaded) => {
                for (id, entity) in loaded.entities {
                    memory.book.remember(id, entity);
                }
                for (key, entity) in loaded.keys {
                    memory.book.remember_key(key, entity);
                }
                waiting.into_iter().try_for_each(|work| self.work(myself, memory, work))
            }
            Err(fault) => {
                for work in waiting {
                    if let Work::Obey(request) = work {
                        let _ = request.reply.send(Err(Denied::Fault(fault.to_string())));
                    }
                }
                Ok(())
            }
        }
    }
}

/// Puts the answers to their questions. A state that cannot be read is a fault of the database's
/// content, not of the caller.
fn understand<D: Domain>(wanted: Wanted, found: Vec<Found>) -> Result<Loaded<D>, StoreFault> {
    let mut loaded = Loaded { entities: Vec::new(), keys: Vec::new() };
    let mut found = found.into_iter();
    let other = || StoreFault("the database answered another question".into());
    for entity in wanted.entities {
        let Some(Found::Entity(row)) = found.next() else { return Err(other()) };
        let read = row.map_or_else(
            || Ok(Entity::default()),
            |row| {
                // Reading is the domain's code; a panic there must not leave anybody waiting.
                let state = catch_unwind(AssertUnwindSafe(|| serde_json::from_str(&row.state)));
                let state = state.map_err(|_| "a panic".to_owned())?;
                let state = state.map_err(|broken| broken.to_string())?;
                Ok(Entity::loaded(state, row.version))
            },
        );
        let read = read.map_err(|broken: String| {
            StoreFault(format!("{} {entity} cannot be read: {broken}", D::NAME))
        })?;
        loaded.entities.push((entity, read));
    }
    for key in wanted.keys {
        let Some(Found::Key(entity)) = found.next() else { return Err(other()) };
        loaded.keys.push((key, entity));
    }
    Ok(loaded)
}
