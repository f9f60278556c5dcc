//! A node without a supervision tree, and what every test asks of the database in the end.

use crate::counter::{Command, Counter, Second, State};
use async_trait::async_trait;
use kontor_actors::{
    admission::{Admission, AdmissionSettings, Lane},
    domain::Domain,
    domain_actor::{DomainLimits, Ground},
    gate::RequestKey,
    host::{Hosts, Starter},
    intake::{Caller, Intake},
    journal::{Journal, JournalSettings},
    loader::Loader,
    memory::MemoryStore,
    replay::{Replay, Replayer},
    request::{Answer, Terms},
    store::{EntityRef, Store, StoredEntity, StoredEvent},
};
use kontor_messages::{EntityId, Meta, TenantId, Timestamp};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, ActorStatus, SupervisionEvent};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Mutex, task::JoinHandle};

/// A running node.
#[derive(Clone)]
pub struct Node {
    pub intake: Intake,
    pub hosts: Arc<Hosts>,
    pub journal: Journal,
}

/// How it is built.
pub struct Build {
    pub journal: JournalSettings,
    pub limits: DomainLimits,
    pub shards: u32,
}

impl Default for Build {
    fn default() -> Self {
        Self {
            journal: JournalSettings { writers: 2, ..JournalSettings::default() },
            limits: DomainLimits::default(),
            shards: 4,
        }
    }
}

impl Build {
    pub async fn on(self, store: Arc<dyn Store>) -> Node {
        let journal = Journal::open(Arc::clone(&store), self.shards, self.journal).await.unwrap();
        let loader = Loader::start(Arc::clone(&store), 2);
        let ground = Ground {
            journal: journal.clone(),
            loader,
            store: Arc::clone(&store),
            limits: self.limits,
        };
        let mut hosts = Hosts::default();
        hosts.host::<Counter>(&ground);
        hosts.host::<Second>(&ground);
        let hosts = Arc::new(hosts);
        let admission = Admission::new(AdmissionSettings::default());
        let intake = Intake::new(Arc::clone(&hosts), ground, admission);
        let (supervisor, _) = Actor::spawn(None, Nursery, Arc::clone(&hosts)).await.unwrap();
        let starter = Starting { supervisor, hosts: Arc::clone(&hosts), lives: Mutex::default() };
        hosts.started_by(Arc::new(starter));
        Node { intake, hosts, journal }
    }
}

impl Node {
    pub async fn on(store: &MemoryStore) -> Self {
        Build::default().on(Arc::new(store.clone())).await
    }

    pub async fn ask(&self, command: Command) -> Answer<Counter> {
        self.ask_as(&one(), command, Terms::default()).await
    }

    pub async fn keyed(&self, key: &str, body: &str, command: Command) -> Answer<Counter> {
        self.ask_as(&one(), command, keyed(key, body)).await
    }

    pub async fn ask_as(
        &self,
        tenant: &TenantId,
        command: Command,
        terms: Terms,
    ) -> Answer<Counter> {
        self.intake.ask::<Counter>(&caller(tenant), command, terms).await
    }

    /// Asks on another task.
    pub fn asking(&self, command: Command) -> JoinHandle<Answer<Counter>> {
        self.asking_as(&one(), command, Terms::default())
    }

    pub fn asking_as(
        &self,
        tenant: &TenantId,
        command: Command,
        terms: Terms,
    ) -> JoinHandle<Answer<Counter>> {
        let (node, tenant) = (self.clone(), tenant.clone());
        tokio::spawn(async move { node.ask_as(&tenant, command, terms).await })
    }

    /// Everything that was asked so far has reached the journal, and waits there or is done with.
    pub async fn quiet(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    pub async fn state(&self, id: &EntityId) -> (State, i64) {
        self.state_of(&one(), id).await
    }

    pub async fn state_of(&self, tenant: &TenantId, id: &EntityId) -> (State, i64) {
        self.intake.read::<Counter>(tenant, id).await.unwrap().unwrap_or_default()
    }
}

pub fn keyed(key: &str, body: &str) -> Terms {
    Terms { key: Some(RequestKey::new(key, &[body.as_bytes()])), ..Terms::default() }
}

pub fn caller(tenant: &TenantId) -> Caller {
    Caller { tenant: tenant.clone(), meta: Meta::by("test"), lane: Lane::Realtime }
}

pub fn one() -> TenantId {
    "one".parse().unwrap()
}

pub fn two() -> TenantId {
    "two".parse().unwrap()
}

pub fn id(name: &str) -> EntityId {
    EntityId::named(name)
}

pub fn add(counter: &str, by: i64) -> Command {
    Command::Add { counter: id(counter), by }
}

/// Waits for a condition.
pub async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    for n in 0..25_000 {
        if is().await {
            return;
        }
        // A paused clock may have to run for hours; the machine's for seconds.
        tokio::time::sleep(Duration::from_millis(if n < 20_000 { 1 } else { 250 })).await;
        assert!(begun.elapsed() < Duration::from_secs(40), "waited in vain: {what}");
    }
    panic!("waited in vain: {what}");
}

/// A store told to wait has something to write.
pub async fn held(store: &MemoryStore, commits: usize) {
    until("the commits are under way", async || store.waiting_commits() >= commits).await;
}

/// All events, shard by shard; fails if a sequence has a gap.
pub async fn events(store: &dyn Store, shards: u32) -> Vec<StoredEvent> {
    let mut all = Vec::new();
    for shard in 0..shards {
        let events = store.read(shard, 0, u32::MAX).await.unwrap();
        for (place, event) in events.iter().enumerate() {
            assert_eq!(event.seq, place as i64 + 1, "a gap in shard {shard}");
        }
        all.extend(events);
    }
    all
}

/// Says that the database is what its journal says it is.
pub async fn intact(store: &dyn Store) {
    let all = events(store, 4).await;
    let ids: HashSet<_> = all.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), all.len(), "an event is there twice");
    let mut keys = HashSet::new();
    let stored = store.scan(None, u32::MAX).await.unwrap();
    let mut found = 0;
    found += replayed::<Counter>(&all, &stored, &mut keys);
    found += replayed::<Second>(&all, &stored, &mut keys);
    assert_eq!(found, stored.len(), "states that no event tells of");
    let stored_keys = store.scan_keys(None, u32::MAX).await.unwrap();
    let stored_keys: HashSet<_> =
        stored_keys.into_iter().map(|key| (key.tenant, key.entity, key.value)).collect();
    assert_eq!(stored_keys, keys);
}

fn replayed<D: Domain>(
    all: &[StoredEvent],
    stored: &[StoredEntity],
    keys: &mut HashSet<(TenantId, EntityId, String)>,
) -> usize {
    let mut replayer = Replayer::<D>::default();
    for event in all.iter().filter(|event| *event.domain == *D::NAME) {
        replayer.apply(event, &|_| true).unwrap();
    }
    let mut found = 0;
    for row in stored.iter().filter(|row| *row.domain == *D::NAME) {
        let truth = replayer.take(&row.tenant, &row.entity).unwrap();
        assert_eq!((truth.version, &*truth.state), (row.version, &*row.state));
        assert_eq!((truth.status, truth.due), (row.status.as_deref(), row.due));
        let named = truth.keys.into_iter();
        keys.extend(named.map(|key| (row.tenant.clone(), row.entity.clone(), key.value)));
        found += 1;
    }
    assert_eq!(replayer.rest(), []);
    found
}

pub async fn version_in(store: &dyn Store, entity: &EntityId) -> i64 {
    let address = EntityRef { tenant: one(), domain: Counter::NAME.into(), entity: entity.clone() };
    store.history(&address, 0, u32::MAX).await.unwrap().last().map_or(0, |event| event.version)
}

pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Starts domains, one life after another, and lets them die.
struct Starting {
    supervisor: ActorRef<()>,
    hosts: Arc<Hosts>,
    lives: Mutex<HashMap<(TenantId, &'static str), ActorCell>>,
}

#[async_trait]
impl Starter for Starting {
    async fn start(&self, tenant: &TenantId, domain: &'static str) -> Result<(), String> {
        let mut lives = self.lives.lock().await;
        if let Some(last) = lives.get(&(tenant.clone(), domain)) {
            if last.get_status() < ActorStatus::Draining {
                return Ok(());
            }
            let _ = last.wait(None).await;
        }
        let host = self.hosts.named(domain).unwrap();
        let actor = host.start(tenant, self.supervisor.get_cell()).await?;
        lives.insert((tenant.clone(), domain), actor);
        Ok(())
    }

    fn pardon(&self, _: &TenantId, _: &'static str) {}
}

struct Nursery;

impl Actor for Nursery {
    type Msg = ();
    type State = ();
    type Arguments = Arc<Hosts>;

    async fn pre_start(
        &self,
        _: ActorRef<()>,
        _: Arc<Hosts>,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        _: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}
