//! The real tree over a toy domain on a store in memory.

#![allow(clippy::unwrap_used)]

#[path = "../../actors/tests/engine/counter.rs"]
#[allow(dead_code)]
mod counter;
mod pausing;
#[allow(dead_code)]
mod tampered;

use async_trait::async_trait;
use counter::{Command, Counter, Second, State};
use kontor::{
    timers,
    tree::{Soil, Tree, restart::RestartPolicy},
};
use kontor_actors::{
    admission::{Admission, AdmissionSettings, Lane},
    domain::Domain,
    domain_actor::{DomainLimits, Ground},
    follower::{Follow, Hitch},
    host::Hosts,
    intake::{Caller, Intake},
    journal::{Journal, JournalSettings},
    loader::Loader,
    memory::MemoryStore,
    request::{Answer, Denied, Terms},
    store::{CommitError, Store, StoredEvent},
};
use kontor_messages::{EntityId, Meta, TenantId, Timestamp};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

struct Node {
    intake: Intake,
    hosts: Arc<Hosts>,
    tree: Tree,
    journal: Journal,
    stop: watch::Sender<bool>,
}

struct Count(AtomicUsize);

#[async_trait]
impl Follow for Count {
    fn name(&self) -> &'static str {
        "count"
    }
    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        Some(event.entity.as_str().into())
    }
    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        self.0.fetch_add(events.len(), Ordering::SeqCst);
        Ok(())
    }
}

fn quick() -> RestartPolicy {
    RestartPolicy { backoff_first: Duration::from_millis(1), ..RestartPolicy::default() }
}

async fn node(store: &MemoryStore, limits: DomainLimits, policy: RestartPolicy) -> Node {
    node_with(Arc::new(store.clone()), limits, policy, Vec::new()).await
}

async fn node_with(
    store: Arc<dyn Store>,
    limits: DomainLimits,
    policy: RestartPolicy,
    follows: Vec<Arc<dyn Follow>>,
) -> Node {
    let journal = Journal::open(Arc::clone(&store), 2, JournalSettings::default()).await.unwrap();
    let loader = Loader::start(Arc::clone(&store), 2);
    let ground = Ground { journal: journal.clone(), loader, store: Arc::clone(&store), limits };
    let mut hosts = Hosts::default();
    hosts.host::<Counter>(&ground);
    hosts.host::<Second>(&ground);
    let hosts = Arc::new(hosts);
    let admission = Admission::new(AdmissionSettings::default());
    let intake = Intake::new(Arc::clone(&hosts), ground, admission);
    let soil = Soil {
        hosts: Arc::clone(&hosts),
        journal: journal.clone(),
        store: Arc::clone(&store),
        follows,
        policy,
    };
    let tree = Tree::start(soil).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(timers::run(store, Arc::clone(&hosts), stopped));
    Node { intake, hosts, tree, journal, stop }
}

impl Node {
    async fn ask(&self, tenant: &str, command: Command) -> Answer<Counter> {
        ask(&self.intake, tenant, command).await
    }
    async fn end(self) {
        self.stop.send_replace(true);
        self.tree.drain().await;
        self.journal.flush_all().await;
    }
    async fn state(&self, tenant: &str, id: &str) -> State {
        let (tenant, id) = (tenant.parse().unwrap(), EntityId::named(id));
        self.intake.read::<Counter>(&tenant, &id).await.unwrap().unwrap_or_default().0
    }
}

async fn ask(intake: &Intake, tenant: &str, command: Command) -> Answer<Counter> {
    let tenant: TenantId = tenant.parse().unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    intake.ask::<Counter>(&caller, command, Terms::default()).await
}

fn add(counter: &str, by: i64) -> Command {
    Command::Add { counter: EntityId::named(counter), by }
}

fn remind(counter: &str, after: Duration) -> Command {
    Command::Remind { counter: EntityId::named(counter), at: Timestamp::now().plus(after) }
}

fn panic_on(counter: &str) -> Command {
    Command::PanicToDecide { counter: EntityId::named(counter) }
}

async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is().await {
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
    }
}

async fn break_down(node: &Node, tenant: &str) {
    until("it is quarantined", async || {
        matches!(node.ask(tenant, panic_on("a")).await, Err(Denied::Quarantined { .. }))
    })
    .await;
}

#[tokio::test]
async fn repeated_panics_end_in_quarantine_and_release_brings_it_back() {
    let store = MemoryStore::new();
    let node = node(&store, DomainLimits::default(), quick()).await;
    node.ask("one", add("a", 5)).await.unwrap();
    let mut crashes = 0;
    let reason = loop {
        match node.ask("one", panic_on("a")).await {
            Err(Denied::Crashed { .. }) => crashes += 1,
            Err(Denied::Quarantined { reason }) => break reason,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it did not crash"),
        }
    };
    assert!(crashes == 6 && reason.contains("cannot decide on a"), "{crashes} {reason}");
    assert!(matches!(node.ask("one", add("a", 1)).await, Err(Denied::Quarantined { .. })));
    // Nobody else notices.
    assert!(node.ask("two", add("a", 1)).await.is_ok());
    let (tenant, meta) = ("one".parse().unwrap(), Meta::by("test"));
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    assert!(node.intake.ask::<Second>(&caller, add("a", 1), Terms::default()).await.is_ok());
    let host = node.hosts.named(Counter::NAME).unwrap();
    assert_eq!(host.quarantined().len(), 1);
    assert!(node.hosts.release(Counter::NAME, &caller.tenant));
    assert!(!node.hosts.release(Counter::NAME, &caller.tenant));
    assert_eq!(node.ask("one", add("a", 1)).await.unwrap().state.sum, 6);
    // Its past is forgiven: one more crash is only one.
    assert!(matches!(node.ask("one", panic_on("a")).await, Err(Denied::Crashed { .. })));
    assert!(node.ask("one", add("a", 1)).await.is_ok());
}

#[tokio::test]
async fn what_the_database_refuses_is_no_reason_for_quarantine() {
    let store = MemoryStore::new();
    let node = node(&store, DomainLimits::default(), quick()).await;
    store.fail_when(CommitError::Rejected("ordered".into()), |batch| {
        batch.events.iter().any(|event| event.entity.as_str() == "bad")
    });
    for n in 1..20 {
        assert!(matches!(node.ask("one", add("bad", 1)).await, Err(Denied::Fault(_))));
        assert_eq!(node.ask("one", add("good", 1)).await.unwrap().version, n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn domains_that_end_and_begin_all_the_time_carry_out_every_command() {
    let store = MemoryStore::new();
    let limits = DomainLimits { idle: Duration::from_millis(1), memory_max: 5 };
    let node = Arc::new(node(&store, limits, quick()).await);
    let asking = (0..16_u64).map(|n| {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            for round in 0..150_u64 {
                let tenant = ["one", "two", "three"][(n % 3) as usize];
                node.ask(tenant, add(&format!("c{}", round % 7), 1)).await.unwrap();
                if (n + round) % 5 == 0 {
                    tokio::time::sleep(Duration::from_millis(n % 4)).await;
                }
            }
        })
    });
    for asked in asking.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    let mut sum = 0;
    for tenant in ["one", "two", "three"] {
        for counter in 0..7 {
            sum += node.state(tenant, &format!("c{counter}")).await.sum;
        }
    }
    assert_eq!(sum, 16 * 150);
    until("all have ended", async || node.hosts.named(Counter::NAME).unwrap().running() == 0).await;
}

#[tokio::test]
async fn whoever_comes_while_a_domain_ends_is_served_by_its_next_life() {
    let store = Arc::new(tampered::Tampered::default());
    let node = node_with(store.clone(), DomainLimits::default(), quick(), Vec::new()).await;
    node.ask("one", add("x", 1)).await.unwrap();
    store.slow_ms.store(200, Ordering::SeqCst);
    let intake = node.intake.clone();
    let parked = tokio::spawn(async move { ask(&intake, "one", add("a", 1)).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    // It takes nothing more, and still has somebody waiting for a load.
    assert!(node.hosts.named(Counter::NAME).unwrap().drain(&"one".parse().unwrap()));
    let (next, again) = tokio::join!(node.ask("one", add("a", 1)), node.ask("one", add("x", 1)));
    assert_eq!((next.unwrap().version, again.unwrap().version), (2, 2));
    assert_eq!(parked.await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn a_deadline_is_kept_and_survives_a_restart_of_everything() {
    let store = MemoryStore::new();
    let first = node(&store, DomainLimits::default(), quick()).await;
    first.ask("one", remind("a", Duration::from_millis(50))).await.unwrap();
    until("it rings", async || first.state("one", "a").await.rung == 1).await;
    first.ask("one", remind("a", Duration::from_millis(300))).await.unwrap();
    first.end().await;
    let second = node(&store, DomainLimits::default(), quick()).await;
    until("it rings again", async || second.state("one", "a").await.rung == 2).await;
    assert_eq!(second.state("one", "a").await.remind, None);
}

#[tokio::test]
async fn the_deadlines_of_a_quarantined_tenant_do_not_starve_others() {
    let store = MemoryStore::new();
    let node = node(&store, DomainLimits::default(), quick()).await;
    for n in 0..1_500 {
        node.ask("one", remind(&format!("c{n}"), Duration::from_secs(2))).await.unwrap();
    }
    break_down(&node, "one").await;
    until("all of its deadlines have passed", async || {
        store.due(Timestamp::now(), 5_000).await.unwrap().len() == 1_500
    })
    .await;
    node.ask("two", remind("a", Duration::ZERO)).await.unwrap();
    until("the other one rings", async || node.state("two", "a").await.rung == 1).await;
    assert_eq!(node.state("one", "c0").await.rung, 0);
    assert!(node.hosts.release(Counter::NAME, &"one".parse().unwrap()));
    until("all ring", async || store.due(Timestamp::now(), 1).await.unwrap().is_empty()).await;
    assert_eq!(node.state("one", "c1499").await.rung, 1);
}

#[tokio::test]
async fn a_domain_that_takes_long_to_start_holds_up_only_its_own_deadlines() {
    let store = MemoryStore::new();
    let slow = RestartPolicy {
        backoff_first: Duration::from_secs(8),
        backoff_max: Duration::from_secs(8),
        ..RestartPolicy::default()
    };
    let node = node(&store, DomainLimits::default(), slow).await;
    node.ask("one", remind("a", Duration::from_millis(100))).await.unwrap();
    assert!(node.ask("one", panic_on("a")).await.is_err());
    tokio::time::sleep(Duration::from_millis(600)).await;
    let begun = std::time::Instant::now();
    node.ask("two", remind("a", Duration::ZERO)).await.unwrap();
    until("the other one rings", async || node.state("two", "a").await.rung == 1).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_follower_that_dies_begins_again_at_its_cursor() {
    let store = MemoryStore::new();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let follows: Vec<Arc<dyn Follow>> = vec![Arc::clone(&count) as Arc<dyn Follow>];
    store.hold();
    let node = node_with(Arc::new(store.clone()), DomainLimits::default(), quick(), follows).await;
    let intake = node.intake.clone();
    let asked = tokio::spawn(async move { ask(&intake, "one", add("a", 1)).await });
    until("it is under way", async || store.waiting_commits() == 1).await;
    store.release();
    asked.await.unwrap().unwrap();
    // It starts just now, and the database is away.
    store.away();
    tokio::time::sleep(Duration::from_millis(700)).await;
    store.heal();
    until("it has followed", async || count.0.load(Ordering::SeqCst) >= 1).await;
    for _ in 0..10 {
        node.ask("one", add("a", 1)).await.unwrap();
    }
    until("it goes on", async || count.0.load(Ordering::SeqCst) >= 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_keeps_whatever_it_said_yes_to() {
    let store = MemoryStore::new();
    let node = node(&store, DomainLimits::default(), quick()).await;
    let asked: Vec<_> = (0..300)
        .map(|n| {
            let intake = node.intake.clone();
            tokio::spawn(async move {
                ask(&intake, ["one", "two"][n % 2], add(&format!("c{}", n % 9), 1)).await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    let intake = node.intake.clone();
    intake.admission().close();
    node.end().await;
    let mut yes = 0;
    for asked in asked {
        match asked.await.unwrap() {
            Ok(_) => yes += 1,
            Err(Denied::Stopping | Denied::Fault(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let kept: usize = {
        let mut kept = 0;
        for shard in 0..2 {
            kept += store.read(shard, 0, u32::MAX).await.unwrap().len();
        }
        kept
    };
    assert!(yes <= kept);
    assert!(matches!(ask(&intake, "one", add("a", 1)).await, Err(Denied::Stopping)));
}
