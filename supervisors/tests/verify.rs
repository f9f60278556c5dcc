//! The proof, and whether it notices what was tampered with.

#![allow(clippy::unwrap_used)]

#[path = "../../actors/tests/engine/counter.rs"]
#[allow(dead_code)]
mod counter;

use counter::{Command, Counter};
use kontor::tree::{Soil, Tree, restart::RestartPolicy};
use kontor::verify::{DifferenceKind as Kind, Report, verify, verify_with};
use kontor_actors::{
    admission::{Admission, AdmissionSettings, Lane},
    domain::Domain,
    domain_actor::{DomainLimits, Ground},
    host::Hosts,
    intake::{Caller, Intake},
    journal::{Journal, JournalSettings},
    loader::Loader,
    payment::Payment,
    request::Terms,
    store::{Batch, CursorRow, EntityRef, Store, StoredEntity, StoredEvent},
};
use kontor_messages::{
    Currency, EntityId, Meta, Money, TenantId, Timestamp,
    payment::{CaptureMode, ObservationSource, ObservedStatus, PaymentCommand},
};
use std::sync::{Arc, Mutex};

mod tampered;
use tampered::Tampered;

const SHARDS: u32 = 3;
/// More than these few states take.
const MEMORY: u64 = 1 << 20;

struct Node {
    store: Arc<Tampered>,
    intake: Intake,
    hosts: Arc<Hosts>,
    journal: Journal,
    _tree: Tree,
}

async fn node() -> Node {
    let store = Arc::new(Tampered::default());
    let shared: Arc<dyn Store> = store.clone();
    let settings = JournalSettings::default();
    let journal = Journal::open(Arc::clone(&shared), SHARDS, settings).await.unwrap();
    let loader = Loader::start(Arc::clone(&shared), 2);
    let limits = DomainLimits::default();
    let ground = Ground { journal: journal.clone(), loader, store: Arc::clone(&shared), limits };
    let mut hosts = Hosts::default();
    hosts.host::<Counter>(&ground);
    hosts.host::<Payment>(&ground);
    let hosts = Arc::new(hosts);
    let admission = Admission::new(AdmissionSettings::default());
    let intake = Intake::new(Arc::clone(&hosts), ground, admission);
    let soil = Soil {
        hosts: Arc::clone(&hosts),
        journal: journal.clone(),
        store: shared,
        follows: Vec::new(),
        policy: RestartPolicy::default(),
    };
    let tree = Tree::start(soil).await.unwrap();
    Node { store, intake, hosts, journal, _tree: tree }
}

fn id(name: &str) -> EntityId {
    EntityId::named(name)
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

impl Node {
    async fn ask(&self, who: &str, command: Command) {
        let caller = Caller { tenant: tenant(who), meta: Meta::by("test"), lane: Lane::Realtime };
        self.intake.ask::<Counter>(&caller, command, Terms::default()).await.unwrap();
    }

    /// Two tenants with some history, names, touches and cursors.
    async fn filled() -> Self {
        let node = node().await;
        for who in ["one", "two"] {
            for n in 0..20 {
                let counter = id(&format!("c{n}"));
                node.ask(who, Command::Add { counter: counter.clone(), by: 10 }).await;
                node.ask(who, Command::Name { counter, name: format!("n{n}") }).await;
            }
            for n in 0..10 {
                let (from, to) = (id(&format!("c{n}")), id(&format!("c{}", n + 5)));
                node.ask(who, Command::Move { from, to, by: 2 }).await;
            }
            node.ask(who, Command::Unname { counter: id("c3") }).await;
            node.ask(who, Command::Inherit { from: id("c4"), to: id("c3") }).await;
        }
        for shard in 0..SHARDS {
            let seq = *node.journal.head(shard).borrow();
            node.journal.advance(CursorRow { shard, follower: "f".into(), seq });
        }
        node.journal.flush_all().await;
        node
    }

    /// A payment of 349,00 CZK that has come in, with 49,00 CZK given back at the provider.
    async fn paid(&self, who: &str) {
        let caller = Caller { tenant: tenant(who), meta: Meta::by("test"), lane: Lane::Realtime };
        for command in payment() {
            self.intake.ask::<Payment>(&caller, command, Terms::default()).await.unwrap();
        }
        self.journal.flush_all().await;
    }

    async fn verify(&self) -> Report {
        verify(self.store.clone(), &self.hosts, SHARDS, MEMORY, |_| ()).await.unwrap()
    }

    /// Tampers, and says what is found.
    async fn found(&self) -> Vec<(Kind, String)> {
        let report = self.verify().await;
        assert!(!report.is_sound());
        let in_parts =
            verify_with(self.store.clone(), &self.hosts, SHARDS, 7, |_| ()).await.unwrap();
        assert!(in_parts.passes > 3);
        assert_eq!(in_parts.differences_total, report.differences_total, "{in_parts:#?}");
        report.differences.into_iter().map(|found| (found.kind, found.place)).collect()
    }
}

fn payment() -> [PaymentCommand; 2] {
    let (now, czk) = (Timestamp::now(), |amount| Money::new(amount, Currency::CZK));
    let request = PaymentCommand::Request {
        payment: id("p1"),
        order: None,
        amount: czk(34_900),
        provider: "stripe".into(),
        account: "main".into(),
        capture: CaptureMode::Automatic,
        return_url: None,
        cancel_url: None,
        description: "Order 1".into(),
        until: now.plus(std::time::Duration::from_secs(3600)),
        customer_email: None,
        plan: Default::default(),
    };
    let observation = serde_json::json!({
        "attempt": 1, "status": ObservedStatus::Paid, "captured": czk(34_900),
        "refunded": czk(4_900), "source": ObservationSource::Webhook, "observed_at": now,
    });
    let observation = serde_json::from_value(observation).unwrap();
    [request, PaymentCommand::RecordObservation { payment: id("p1"), observation }]
}

fn is(row: &StoredEntity, who: &str, name: &str) -> bool {
    row.tenant.as_str() == who && row.entity.as_str() == name
}

#[tokio::test]
async fn a_store_that_nobody_touched_is_sound() {
    let node = Node::filled().await;
    let mut told = Vec::new();
    let report = verify(node.store.clone(), &node.hosts, SHARDS, MEMORY, |progress| {
        told.push((progress.events, progress.of));
    });
    let report = report.await.unwrap();
    assert!(report.is_sound(), "{:#?}", report.differences);
    assert_eq!((report.events, report.entities, report.keys), (104, 40, 38));
    assert_eq!((report.cursors, report.passes, *told.last().unwrap()), (3, 1, (104, 104)));
    let report = verify_with(node.store.clone(), &node.hosts, SHARDS, 7, |_| ()).await.unwrap();
    assert!(report.is_sound(), "{:#?}", report.differences);
    assert_eq!((report.entities, report.keys, report.passes), (40, 38, 6));
}

#[tokio::test]
async fn an_empty_store_is_sound() {
    let report = node().await.verify().await;
    assert!(report.is_sound() && report.passes == 1);
}

#[tokio::test]
async fn a_state_that_was_changed_is_found() {
    let node = Node::filled().await;
    let change = |edit: fn(&mut StoredEntity)| {
        node.store.entities(move |row| {
            if is(row, "one", "c7") {
                edit(row);
            }
            true
        });
    };
    for edit in [
        (|row| row.state = row.state.replace("10", "11").into()) as fn(&mut StoredEntity),
        |row| row.state = format!(" {}", row.state).into(),
        |row| row.version += 1,
        |row| row.status = None,
        |row| row.label = Some("low".into()),
        |row| row.due = Some(row.created_at),
        |row| row.shard += 1,
    ] {
        change(edit);
        assert_eq!(node.found().await, [(Kind::State, "one/counter/c7".to_owned())]);
    }
}

#[tokio::test]
async fn a_row_that_is_missing_or_too_many_is_found() {
    let node = Node::filled().await;
    node.store.entities(|row| !is(row, "two", "c1"));
    assert_eq!(node.found().await, [(Kind::StateMissing, "two/counter/c1".to_owned())]);
    node.store.entities(|_| true);
    let mut extra = node.store.scan(None, 1).await.unwrap().remove(0);
    extra.entity = id("zz");
    node.store.extra_entity(extra);
    assert_eq!(node.found().await, [(Kind::StateExtra, "one/counter/zz".to_owned())]);
}

#[tokio::test]
async fn a_key_that_is_missing_or_too_many_is_found() {
    let node = Node::filled().await;
    node.store.keys(|key| !(key.tenant.as_str() == "one" && key.value == "n9"));
    assert_eq!(node.found().await, [(Kind::KeyMissing, "one/counter, name n9".to_owned())]);
    node.store.keys(|_| true);
    let mut extra = node.store.scan_keys(None, 1).await.unwrap().remove(0);
    extra.value = "zz".to_owned();
    node.store.extra_key(extra.clone());
    assert_eq!(node.found().await, [(Kind::KeyExtra, "one/counter, name zz".to_owned())]);
    // One that leads elsewhere is both.
    (extra.value, extra.entity) = ("n9".to_owned(), id("c1"));
    node.store.keys(|key| !(key.tenant.as_str() == "one" && key.value == "n9"));
    node.store.extra_key(extra);
    let place = "one/counter, name n9".to_owned();
    let found = node.found().await;
    assert_eq!(found, [(Kind::KeyExtra, place.clone()), (Kind::KeyMissing, place)]);
}

#[tokio::test]
async fn a_cursor_beyond_the_end_is_found() {
    let node = Node::filled().await;
    let seq = node.journal.head(1).borrow().to_owned() + 1;
    let cursors = vec![CursorRow { shard: 1, follower: "f".into(), seq }];
    node.store.commit(Arc::new(Batch { cursors, ..Batch::default() })).await.unwrap();
    assert_eq!(node.found().await, [(Kind::Cursor, "follower f, shard 1".to_owned())]);
}

#[tokio::test]
async fn an_event_that_is_missing_is_found() {
    let node = Node::filled().await;
    let shard = tenant("one").shard(SHARDS);
    let head = *node.journal.head(shard).borrow();
    node.store.events(move |event| !(event.shard == shard && event.seq == 5));
    let found = node.found().await;
    assert_eq!(found[0], (Kind::Gap, format!("shard {shard}, event 5")));
    // And the last one: the journal goes on as if it had never been, the states do not.
    node.store.events(move |event| !(event.shard == shard && event.seq == head));
    assert!(!node.verify().await.is_sound());
}

#[tokio::test]
async fn an_event_that_was_edited_is_found() {
    let node = Node::filled().await;
    let edit = |from: &'static str, to: &'static str| {
        node.store.events(move |event: &mut StoredEvent| {
            if event.tenant.as_str() == "one" && event.entity.as_str() == "c12" {
                event.payload = event.payload.replace(from, to).into();
            }
            true
        });
    };
    edit("10", "12");
    assert_eq!(node.found().await, [(Kind::State, "one/counter/c12".to_owned())]);
    edit("Added", "Lost");
    let found = node.found().await;
    assert!(found.len() == 1 && found[0].0 == Kind::Event, "{found:?}");
    node.store.events(|event| {
        if event.entity.as_str() == "c12" && event.version == 2 {
            event.version = 3;
        }
        true
    });
    let found = node.found().await;
    assert!(found.len() == 2 && found.iter().all(|found| found.0 == Kind::Version), "{found:?}");
}

#[tokio::test]
async fn a_change_that_is_not_in_the_history_is_found() {
    let node = Node::filled().await;
    *node.store.history_without.lock().unwrap() = Some(EntityRef {
        tenant: tenant("two"),
        domain: Counter::NAME.to_owned(),
        entity: id("c8"),
    });
    assert_eq!(node.found().await, [(Kind::History, "two/counter/c8".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_node_is_sound_at_every_moment() {
    let node = Arc::new(Node::filled().await);
    let (busy, stop) = (Arc::clone(&node), Arc::new(Mutex::new(false)));
    let stopped = Arc::clone(&stop);
    let asking = tokio::spawn(async move {
        let mut n = 0_u32;
        while !*stopped.lock().unwrap() {
            n += 1;
            let (counter, name) = (id(&format!("c{}", n % 20)), format!("m{n}"));
            busy.ask("one", Command::Name { counter, name }).await;
            let (from, to) = (id(&format!("c{}", n % 20)), id(&format!("d{}", n % 7)));
            busy.ask("two", Command::Move { from, to, by: 0 }).await;
        }
    });
    for _ in 0..30 {
        let report = node.verify().await;
        assert!(report.is_sound(), "{:#?}", report.differences);
    }
    *stop.lock().unwrap() = true;
    asking.await.unwrap();
}

#[tokio::test]
async fn money_that_the_entries_do_not_tell_of_is_found() {
    let node = Node::filled().await;
    node.paid("one").await;
    let report = node.verify().await;
    assert!(report.is_sound(), "{:#?}", report.differences);
    for (entity, stored, tampered) in [
        ("p1", "\"captured_minor\":34900", "\"captured_minor\":35900"),
        ("p1", "\"refunded_minor\":4900", "\"refunded_minor\":0"),
        ("ledger", "\"in_minor\":34900", "\"in_minor\":34901"),
        ("ledger", "\"account\":\"main\"", "\"account\":\"mine\""),
    ] {
        node.store.entities(move |row| {
            if is(row, "one", entity) {
                assert!(row.state.contains(stored), "{}", row.state);
                row.state = row.state.replace(stored, tampered).into();
            }
            true
        });
        let found = node.found().await;
        let place = format!("one/payment/{entity}");
        assert_eq!(found, [(Kind::Money, place.clone()), (Kind::State, place)]);
    }
    node.store.entities(|row| !is(row, "one", "ledger"));
    let found = node.found().await;
    assert!(found.contains(&(Kind::Money, "one/payment/ledger".to_owned())), "{found:?}");
}

#[tokio::test]
async fn an_entry_of_the_ledger_that_was_edited_is_found() {
    let node = Node::filled().await;
    node.paid("one").await;
    node.store.events(|event: &mut StoredEvent| {
        if &*event.name == "payment.booked" {
            event.payload = event.payload.replace("34900", "34800").into();
        }
        true
    });
    let found = node.found().await;
    for place in ["one/payment/p1", "one/payment/ledger"] {
        assert!(found.contains(&(Kind::Money, place.to_owned())), "{found:?}");
    }
}
