//! One transaction for many, and who is told what when it fails.

use crate::{
    counter::{Command, Counter, Second},
    stage::*,
};
use kontor_actors::{
    intake::Caller,
    journal::JournalSettings,
    memory::MemoryStore,
    request::{Denied, Terms},
    store::{Batch, CommitError, Store},
};
use std::sync::Arc;

fn rejected() -> CommitError {
    CommitError::Rejected("ordered".into())
}

fn away() -> CommitError {
    CommitError::Unavailable("ordered".into())
}

fn holds(counter: &'static str) -> impl Fn(&Batch) -> bool + Send + 'static {
    move |batch| batch.events.iter().any(|event| event.entity.as_str() == counter)
}

#[tokio::test]
async fn a_command_is_answered_only_when_durable() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let asked = node.asking(add("a", 3));
    held(&store, 1).await;
    node.quiet().await;
    assert!(!asked.is_finished());
    store.release();
    let done = asked.await.unwrap().unwrap();
    assert_eq!((done.version, done.state.sum, done.events.len()), (1, 3, 1));
    assert_eq!(node.state(&id("a")).await.1, 1);
    intact(&store).await;
}

#[tokio::test]
async fn commands_decided_while_a_commit_is_under_way_share_the_next_one() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let first = node.asking(add("a", 1));
    held(&store, 1).await;
    let rest: Vec<_> = (0..200).map(|_| node.asking(add("a", 1))).collect();
    node.quiet().await;
    store.fail_when(rejected(), |batch| batch.events.len() > 1 && batch.states.len() != 1);
    store.release();
    first.await.unwrap().unwrap();
    let mut versions = Vec::new();
    for asked in rest {
        versions.push(asked.await.unwrap().unwrap().version);
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=201).collect::<Vec<_>>());
    assert_eq!(store.commits(), 2);
    intact(&store).await;
}

#[tokio::test]
async fn an_entity_that_comes_and_changes_in_one_commit_keeps_the_time_of_its_coming() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let first = node.asking(add("x", 1));
    held(&store, 1).await;
    let second = node.asking(add("a", 1));
    node.quiet().await;
    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    let third = node.asking(add("a", 1));
    node.quiet().await;
    store.release();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    third.await.unwrap().unwrap();
    let rows = store.scan(None, 9).await.unwrap();
    let row = rows.iter().find(|row| row.entity == id("a")).unwrap();
    let all = events(&store, 4).await;
    let came = all.iter().find(|event| event.entity == id("a")).unwrap();
    assert_eq!((store.commits(), row.version), (2, 2));
    assert_eq!(row.created_at, came.at);
    assert!(row.created_at < row.updated_at);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_fails_once_is_tried_again_and_nobody_notices() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.fail_next(away(), 2);
    assert_eq!(node.ask(add("a", 1)).await.unwrap().version, 1);
    intact(&store).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_fails_exactly_the_callers_in_it_and_others_go_on() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask_as(&two(), add("b", 1), Terms::default()).await.unwrap();
    store.fail_when(away(), holds("a"));
    let mine = node.asking(add("a", 1));
    assert!(matches!(mine.await.unwrap(), Err(Denied::Fault(_))));
    assert_eq!(node.ask_as(&two(), add("b", 1), Terms::default()).await.unwrap().version, 2);
    store.heal();
    assert_eq!(node.ask(add("a", 5)).await.unwrap().state.sum, 5);
    intact(&store).await;
}

#[tokio::test]
async fn an_entry_at_fault_is_found_and_only_it_fails() {
    let store = MemoryStore::new();
    // One writer, so that all share a transaction.
    let journal = JournalSettings { writers: 1, ..JournalSettings::default() };
    let node = Build { journal, ..Build::default() }.on(Arc::new(store.clone())).await;
    let tenants: Vec<kontor_messages::TenantId> =
        (0..16).map(|n| format!("t{n}").parse().unwrap()).collect();
    store.fail_when(rejected(), holds("bad"));
    store.hold();
    let first = node.asking(add("x", 1));
    held(&store, 1).await;
    let asked: Vec<_> = tenants
        .iter()
        .enumerate()
        .map(|(place, tenant)| {
            let counter = if place == 11 { "bad" } else { "good" };
            node.asking_as(tenant, add(counter, 1), Terms::default())
        })
        .collect();
    node.quiet().await;
    store.release();
    first.await.unwrap().unwrap();
    for (place, asked) in asked.into_iter().enumerate() {
        assert_eq!(asked.await.unwrap().is_ok(), place != 11, "{place}");
    }
    assert_eq!(events(&store, 4).await.len(), 16);
    intact(&store).await;
}

#[tokio::test]
async fn what_stood_on_a_failed_decision_fails_too() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("x", 1)).await.unwrap();
    store.fail_when(rejected(), holds("bad"));
    store.hold();
    let first = node.asking(add("x", 1));
    held(&store, 1).await;
    let bad = node.asking(add("bad", 1));
    node.quiet().await;
    // Later decisions of the same actor, on memory that will turn out to be wrong.
    let later = node.asking(add("y", 1));
    let looked = node.asking(Command::Blink { counter: id("y") });
    node.quiet().await;
    store.release();
    assert!(first.await.unwrap().is_ok());
    for asked in [bad, later, looked] {
        assert!(matches!(asked.await.unwrap(), Err(Denied::Fault(_))));
    }
    store.heal();
    assert_eq!(node.ask(add("y", 1)).await.unwrap().version, 1);
    intact(&store).await;
}

#[tokio::test]
async fn a_decision_that_stands_on_another_domains_hold_fails_with_it() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.fail_when(rejected(), holds("hold"));
    store.hold();
    let caller: Caller = caller(&one());
    let early = Terms { early: true, ..Terms::default() };
    let hold = node.intake.tell::<Second>(&caller, add("hold", 1), early).await.unwrap();
    let terms = || Terms { after: Some(hold.owner.clone()), ..Terms::default() };
    let order = node.asking_as(&one(), add("order", 1), terms());
    let same = node.asking_as(&one(), Command::Blink { counter: id("order") }, terms());
    let refused = node.asking_as(&one(), add("other", -1), terms());
    held(&store, 1).await;
    node.quiet().await;
    assert!(!order.is_finished() && !same.is_finished() && !refused.is_finished());
    store.release();
    for asked in [order, same, refused] {
        assert!(matches!(asked.await.unwrap(), Err(Denied::Fault(_))));
    }
    assert!(events(&store, 4).await.is_empty());
    store.heal();
    node.ask(add("order", 1)).await.unwrap();
    intact(&store).await;
}

#[tokio::test]
async fn an_early_answer_is_never_given_for_what_was_not_handed_in() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    let early = || Terms { early: true, ..Terms::default() };
    let asked = Command::Unwritable { counter: id("a") };
    let answer = node.intake.tell::<Second>(&caller(&one()), asked, early()).await;
    assert!(matches!(answer, Err(Denied::Crashed { .. })), "{:?}", answer.map(|_| ()));
    // A journal that takes nothing more says so before the caller is told yes.
    let journal = JournalSettings { writers: 1, waiting_max: 1, ..JournalSettings::default() };
    let node = Build { journal, ..Build::default() }.on(Arc::new(store.clone())).await;
    node.ask_as(&two(), add("a", 1), Terms::default()).await.unwrap();
    node.intake.tell::<Second>(&caller(&one()), add("a", 0), Terms::default()).await.unwrap();
    store.hold();
    let first = node.asking_as(&two(), add("a", 1), Terms::default());
    held(&store, 1).await;
    let second = node.asking_as(&two(), add("a", 1), Terms::default());
    node.quiet().await;
    let answer = node.intake.tell::<Second>(&caller(&one()), add("a", 1), early()).await;
    assert!(matches!(answer, Err(Denied::Fault(_))), "{:?}", answer.map(|_| ()));
    store.release();
    assert!(first.await.unwrap().is_ok() && second.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_no_that_stands_on_what_is_not_durable_waits_for_it() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    store.hold();
    let drained = node.asking(Command::Drain { counter: id("a") });
    held(&store, 1).await;
    // On memory as it stands there is nothing left; but that may turn out not to be so.
    let refused = node.asking(Command::Drain { counter: id("a") });
    let other = Terms { if_version: Some(1), ..Terms::default() };
    let other = node.asking_as(&one(), Command::Set { counter: id("a"), to: 0 }, other);
    node.quiet().await;
    assert!(!refused.is_finished() && !other.is_finished());
    store.fail_next(rejected(), 1);
    store.release();
    for asked in [drained, refused, other] {
        assert!(matches!(asked.await.unwrap(), Err(Denied::Fault(_))));
    }
    assert_eq!(node.ask(Command::Drain { counter: id("a") }).await.unwrap().state.sum, 0);
    intact(&store).await;
}

#[tokio::test]
async fn an_entry_larger_than_a_batch_may_be_goes_alone() {
    let store = MemoryStore::new();
    let journal = JournalSettings { batch_rows_max: 3, batch_bytes_max: 10, ..Default::default() };
    let node = Build { journal, ..Build::default() }.on(Arc::new(store.clone())).await;
    let counters = (0..20).map(|n| id(&format!("c{n}"))).collect();
    let large = node.asking(Command::Spread { counters });
    let small = node.asking(add("c1", 1));
    assert_eq!(large.await.unwrap().unwrap().events.len(), 20);
    assert!(small.await.unwrap().is_ok());
    intact(&store).await;
}

#[tokio::test]
async fn a_state_that_cannot_be_written_fails_its_own_entry_only() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let first = node.asking(add("x", 1));
    held(&store, 1).await;
    let same_shard = (0..).map(|n| format!("n{n}").parse().unwrap());
    let same_shard = same_shard
        .filter(|tenant: &kontor_messages::TenantId| tenant.shard(4) == one().shard(4))
        .take(3);
    let others: Vec<_> =
        same_shard.map(|tenant| node.asking_as(&tenant, add("a", 1), Terms::default())).collect();
    let poison = node.asking(Command::PanicToWrite { counter: id("p") });
    node.quiet().await;
    store.release();
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(poison.await.unwrap(), Err(Denied::Fault(_))));
    for other in others {
        assert!(other.await.unwrap().is_ok());
    }
    assert!(node.ask(add("p", 1)).await.is_ok());
    intact(&store).await;
}

#[tokio::test]
async fn a_flush_waits_for_what_was_handed_in_and_for_nothing_later() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let first = node.asking(add("a", 1));
    held(&store, 1).await;
    let journal = node.journal.clone();
    let flushed = tokio::spawn(async move { journal.flush_all().await });
    node.quiet().await;
    assert!(!flushed.is_finished());
    store.release();
    first.await.unwrap().unwrap();
    flushed.await.unwrap();
    let _ = node.intake.read::<Counter>(&one(), &id("a")).await.unwrap().unwrap();
}
