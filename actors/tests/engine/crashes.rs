//! Bugs in a domain: who notices, and what is left of it.

use crate::{
    counter::{Command, Counter, Second},
    stage::*,
};
use kontor_actors::{
    domain::Domain,
    domain_actor::DomainLimits,
    memory::MemoryStore,
    request::{Answer, Denied, Terms},
    store::{LetterQuery, Store},
};
use std::{sync::Arc, time::Duration};

async fn letter_of<D: Domain>(store: &MemoryStore, answer: Answer<D>) -> String {
    let Err(Denied::Crashed { letter }) = answer else { panic!("it did not crash") };
    let query = LetterQuery { id: Some(letter), limit: 1, ..LetterQuery::default() };
    let letters = store.dead_letters(&query).await.unwrap();
    assert_eq!(letters[0].source, format!("domain:{}", D::NAME));
    letters[0].payload.clone()
}

#[tokio::test]
async fn a_panic_keeps_the_command_and_the_domain_comes_back_with_its_state() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    for command in [
        Command::PanicToDecide { counter: id("a") },
        Command::PanicToApply { counter: id("a") },
        Command::Unwritable { counter: id("a") },
    ] {
        let payload = serde_json::to_string(&command).unwrap();
        assert_eq!(letter_of(&store, node.ask(command).await).await, payload);
        assert!(node.ask(add("a", 1)).await.unwrap().state.sum > 5);
    }
    intact(&store).await;
}

#[tokio::test]
async fn a_panic_is_nobody_elses() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    store.hold();
    let before = node.asking(add("a", 1));
    held(&store, 1).await;
    let queued = node.asking(add("a", 1));
    let other_tenant = node.asking_as(&two(), add("a", 1), Terms::default());
    let me = caller(&one());
    let other_domain = node.intake.tell::<Second>(&me, add("a", 1), Terms::default());
    let crash = node.asking(Command::PanicToDecide { counter: id("a") });
    let (other_domain, ()) = tokio::join!(other_domain, async {
        node.quiet().await;
        store.release();
    });
    letter_of::<Counter>(&store, crash.await.unwrap()).await;
    // What was decided before it is written, and its callers are told so.
    assert!(before.await.unwrap().is_ok() && queued.await.unwrap().is_ok());
    assert!(other_tenant.await.unwrap().is_ok() && other_domain.is_ok());
    assert_eq!(node.ask(add("a", 1)).await.unwrap().state.sum, 8);
    intact(&store).await;
}

#[tokio::test]
async fn a_restart_never_reads_before_earlier_entries_are_settled() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    store.hold();
    let first = node.asking(add("a", 1));
    held(&store, 1).await;
    let second = node.asking(add("a", 1));
    node.quiet().await;
    let crash = node.asking(Command::PanicToDecide { counter: id("a") });
    let _ = crash.await.unwrap();
    let after = node.asking(add("a", 1));
    node.quiet().await;
    assert!(!after.is_finished());
    store.release();
    assert_eq!(after.await.unwrap().unwrap().version, 4);
    assert!(first.await.unwrap().is_ok() && second.await.unwrap().is_ok());
    intact(&store).await;
}

#[tokio::test(start_paused = true)]
async fn a_life_whose_ground_is_unknown_does_not_begin() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    store.away();
    let doubtful = node.asking(add("a", 1));
    assert!(doubtful.await.unwrap().is_err());
    // Its successor must not answer from what it reads before that one is settled.
    assert!(node.ask(Command::Blink { counter: id("a") }).await.is_err());
    store.heal();
    until("it answers", async || node.ask(Command::Blink { counter: id("a") }).await.is_ok()).await;
    let told = node.ask(Command::Blink { counter: id("a") }).await.unwrap().version;
    assert_eq!(told, version_in(&store, &id("a")).await);
    intact(&store).await;
}

#[tokio::test]
async fn a_letter_that_cannot_be_kept_is_not_named() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    store.away();
    let crash = node.ask(Command::PanicToDecide { counter: id("a") }).await;
    assert!(matches!(crash, Err(Denied::Fault(_))));
}

#[tokio::test]
async fn a_timer_that_breaks_its_domain_leaves_one_letter() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(Command::BreakWhenRung { counter: id("a"), at: now() }).await.unwrap();
    for _ in 0..3 {
        node.hosts.wake(Counter::NAME, &one(), id("a")).await.unwrap();
        until("it is up again", async || node.ask(add("b", 1)).await.is_ok()).await;
    }
    let query = LetterQuery { limit: 9, ..LetterQuery::default() };
    until("its letter is there", async || !store.dead_letters(&query).await.unwrap().is_empty())
        .await;
    assert_eq!(store.dead_letters(&query).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_domain_ends_and_the_next_command_finds_its_state() {
    let store = MemoryStore::new();
    let limits = DomainLimits { idle: Duration::from_secs(60), ..DomainLimits::default() };
    let node = Build { limits, ..Build::default() }.on(Arc::new(store.clone())).await;
    node.ask(add("a", 5)).await.unwrap();
    assert_eq!(node.hosts.named(Counter::NAME).unwrap().running(), 1);
    tokio::time::sleep(Duration::from_secs(200)).await;
    // Whoever finds the address of one that has ended gets a new one.
    assert_eq!(node.ask(add("a", 1)).await.unwrap().state.sum, 6);
    tokio::time::sleep(Duration::from_secs(200)).await;
    node.hosts.wake(Counter::NAME, &one(), id("a")).await.unwrap();
    intact(&store).await;
}

#[tokio::test]
async fn a_command_that_waits_for_a_load_is_carried_out_though_its_domain_ends() {
    for turns in 0..12 {
        let store = MemoryStore::new();
        Node::on(&store).await.ask(add("a", 5)).await.unwrap();
        let slow = Arc::new(crate::through::Through::new(&store));
        let node = Build::default().on(slow).await;
        node.ask(add("x", 1)).await.unwrap();
        let host = node.hosts.named(Counter::NAME).unwrap();
        let asked = node.asking(add("a", 1));
        // After some turns it is on its way, in the mailbox, parked, or back from its load.
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        host.drain(&one());
        assert_eq!(asked.await.unwrap().unwrap().state.sum, 6, "after {turns} turns");
        intact(&store).await;
    }
}
