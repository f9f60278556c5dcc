//! Transactions of which it is not known what became of them, and two who believe they own a shard.

use crate::{counter::Command, stage::*, through::Through};
use kontor_actors::{
    memory::MemoryStore,
    request::{Denied, Terms},
};
use kontor_messages::TenantId;
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn an_outcome_unknown_is_found_out() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.unavailable_after_write_once();
    let done = node.keyed("k", "", add("a", 1)).await.unwrap();
    assert_eq!((done.version, store.commits()), (1, 1));
    assert_eq!(node.ask(add("a", 1)).await.unwrap().version, 2);
    // A transaction with no event in it too.
    store.unavailable_after_write_once();
    node.keyed("n", "", Command::Set { counter: id("a"), to: 2 }).await.unwrap();
    intact(&store).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_away_for_long_is_not_waited_for_and_nothing_is_lost_or_twice() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 1)).await.unwrap();
    store.away();
    assert!(matches!(node.ask(add("a", 1)).await, Err(Denied::Fault(_))));
    for _ in 0..5 {
        assert!(matches!(node.ask(add("a", 1)).await, Err(Denied::Fault(_))));
    }
    store.heal();
    until("it is up again", async || node.ask(Command::Blink { counter: id("a") }).await.is_ok())
        .await;
    // The one in doubt may have been written when the database came back; it is known which.
    let (state, version) = node.state(&id("a")).await;
    assert_eq!(state.sum, version);
    assert_eq!(node.ask(add("a", 1)).await.unwrap().version, version + 1);
    intact(&store).await;
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_lands_late_is_recognised() {
    let memory = MemoryStore::new();
    let store = Arc::new(Through::new(&memory));
    let node = Build::default().on(store.clone()).await;
    node.ask(add("a", 1)).await.unwrap();
    store.lose_sight_of_one();
    // Its transaction is lost from sight, and lands when the same is tried again.
    assert_eq!(node.ask(add("a", 1)).await.unwrap().version, 2);
    assert!(store.landed());
    assert_eq!(node.ask(add("a", 1)).await.unwrap().state.sum, 3);
    assert!(node.journal.stopped().borrow().is_none());
    intact(&memory).await;
}

#[tokio::test]
async fn a_second_writer_is_fenced_and_steps_down() {
    let store = MemoryStore::new();
    let (old, new) = (Node::on(&store).await, Node::on(&store).await);
    old.ask(add("a", 1)).await.unwrap();
    assert!(matches!(new.ask(add("a", 1)).await, Err(Denied::Fault(_))));
    assert!(new.journal.stopped().borrow().as_ref().is_some_and(|why| why.contains("another")));
    // It does not answer from memory either, nor from what it would read now.
    assert!(matches!(new.ask(add("a", 1)).await, Err(Denied::Fault(_))));
    assert!(new.ask(Command::Blink { counter: id("a") }).await.is_err());
    assert!(!new.journal.owns(one().shard(4)));
    assert_eq!(old.ask(add("a", 1)).await.unwrap().version, 2);
    intact(&store).await;
}

#[tokio::test]
async fn a_deposed_writer_still_writes_the_shards_that_it_has() {
    let store = MemoryStore::new();
    let mut tenants = (0..).map(|n| format!("n{n}").parse().unwrap());
    let other: TenantId =
        tenants.find(|tenant: &TenantId| tenant.shard(4) != one().shard(4)).unwrap();
    let (old, new) = (Node::on(&store).await, Node::on(&store).await);
    old.ask(add("a", 1)).await.unwrap();
    assert!(new.ask(add("a", 1)).await.is_err());
    assert!(new.ask_as(&other, add("a", 1), Terms::default()).await.is_ok());
    intact(&store).await;
}
