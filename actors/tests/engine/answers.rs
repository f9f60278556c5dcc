//! What callers are told, and what they can ask for.

use crate::{
    counter::{Command, Refused},
    stage::*,
};
use kontor_actors::{
    memory::MemoryStore,
    request::{Denied, Terms},
};

#[tokio::test]
async fn a_command_for_another_version_is_not_carried_out() {
    let node = Node::on(&MemoryStore::new()).await;
    node.ask(add("a", 1)).await.unwrap();
    let on = |version| Terms { if_version: Some(version), ..Terms::default() };
    let late = node.ask_as(&one(), add("a", 1), on(0)).await;
    assert!(matches!(late, Err(Denied::OtherVersion { expected: 0, actual: 1 })));
    assert_eq!(node.ask_as(&one(), add("a", 1), on(1)).await.unwrap().version, 2);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 1)).await.unwrap();
    let dry = || Terms { dry_run: true, ..Terms::default() };
    let moved = Command::Move { from: id("a"), to: id("b"), by: 1 };
    let done = node.ask_as(&one(), moved, dry()).await.unwrap();
    assert_eq!((done.version, done.state.sum, done.events.len()), (2, 0, 1));
    let named = Command::Name { counter: id("b"), name: "n".into() };
    node.ask_as(&one(), named, dry()).await.unwrap();
    assert!(matches!(
        node.ask_as(&one(), add("a", -9), dry()).await,
        Err(Denied::Refused(Refused::TooLittle))
    ));
    assert_eq!(events(&store, 4).await.len(), 1);
    assert_eq!(node.ask(add("a", 1)).await.unwrap().version, 2);
    node.ask(Command::Name { counter: id("c"), name: "n".into() }).await.unwrap();
    intact(&store).await;
}

#[tokio::test]
async fn two_tenants_never_see_each_other() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask_as(&one(), add("a", 5), Terms::default()).await.unwrap();
    let name = || Command::Name { counter: id("a"), name: "same".into() };
    node.ask_as(&one(), name(), Terms::default()).await.unwrap();
    let other = node.ask_as(&two(), add("a", -1), Terms::default()).await;
    assert!(matches!(other, Err(Denied::Refused(Refused::TooLittle))));
    assert_eq!(node.ask_as(&two(), name(), Terms::default()).await.unwrap().version, 1);
    assert_eq!(node.state_of(&one(), &id("a")).await.0.sum, 5);
    assert_eq!(node.state_of(&two(), &id("a")).await.0.sum, 0);
    intact(&store).await;
}

#[tokio::test]
async fn an_entity_that_the_decision_did_not_look_at_is_told_of_as_it_stands() {
    let store = MemoryStore::new();
    Node::on(&store).await.ask(add("a", 5)).await.unwrap();
    let node = Node::on(&store).await;
    let done = node.ask(Command::Blink { counter: id("a") }).await.unwrap();
    assert_eq!((done.version, done.state.sum), (1, 5));
}

#[tokio::test]
async fn an_entity_is_never_changed_blindly() {
    let store = MemoryStore::new();
    Node::on(&store).await.ask(add("a", 5)).await.unwrap();
    let node = Node::on(&store).await;
    // Its rule does not look at the counter; its event has to come second all the same.
    let at = now();
    let done = node.ask(Command::BreakWhenRung { counter: id("a"), at }).await.unwrap();
    assert_eq!((done.version, done.state.sum), (2, 5));
    intact(&store).await;
}

#[tokio::test]
async fn a_name_passes_from_one_to_another_in_one_decision_and_back_again() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    let name = |counter: &str| Command::Name { counter: id(counter), name: "n".into() };
    let inherit = |from: &str, to: &str| Command::Inherit { from: id(from), to: id(to) };
    node.ask(name("a")).await.unwrap();
    node.ask(inherit("a", "b")).await.unwrap();
    assert!(matches!(node.ask(name("c")).await, Err(Denied::Refused(Refused::Taken))));
    node.ask(inherit("b", "a")).await.unwrap();
    assert!(matches!(node.ask(name("c")).await, Err(Denied::Refused(Refused::Taken))));
    intact(&store).await;
}

#[tokio::test]
async fn a_name_that_comes_and_goes_within_a_commit_ends_as_it_was_left() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    let name = |name: &str| Command::Name { counter: id("a"), name: name.into() };
    let unname = || Command::Unname { counter: id("a") };
    for (before, steps) in [
        (None, vec![name("n"), unname(), name("n")]),
        (Some("n"), vec![unname(), name("n"), unname()]),
        (None, vec![name("n"), name("m"), name("n"), name("m")]),
        (Some("m"), vec![name("n"), name("m")]),
    ] {
        node.ask(unname()).await.unwrap();
        if let Some(before) = before {
            node.ask(name(before)).await.unwrap();
        }
        store.hold();
        let first = node.asking(add("x", 1));
        held(&store, 1).await;
        let mut asked = Vec::new();
        for step in steps {
            asked.push(node.asking(step));
            node.quiet().await;
        }
        let commits = store.commits();
        store.release();
        first.await.unwrap().unwrap();
        for asked in asked {
            asked.await.unwrap().unwrap();
        }
        assert_eq!(store.commits(), commits + 2);
        intact(&store).await;
    }
}

#[tokio::test(start_paused = true)]
async fn readers_are_fair_and_one_bad_question_is_nobody_elses() {
    use kontor_actors::{domain::Domain, loader::Loader, store::*};
    use std::sync::Arc;
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 1)).await.unwrap();
    let loader = Loader::start(Arc::new(crate::through::Through::new(&store)), 1);
    let lookup = |name: String| {
        let (tenant, domain) = (one(), crate::counter::Counter::NAME.to_owned());
        Lookup::Entity(EntityRef { tenant, domain, entity: id(&name) })
    };
    let many: Vec<_> = (0..5_000).map(|n| lookup(format!("c{n}"))).collect();
    let asking = loader.clone();
    let large = tokio::spawn(async move { asking.fetch(many).await });
    tokio::task::yield_now().await;
    let found = loader.fetch(vec![lookup("a".into())]).await.unwrap();
    assert!(matches!(&found[0], Found::Entity(Some(row)) if row.version == 1));
    assert!(!large.is_finished(), "a small question does not wait for a large one");
    assert_eq!(large.await.unwrap().unwrap().len(), 5_000);
    let (bad, good) = tokio::join!(
        loader.fetch(vec![lookup("bad".into())]),
        loader.fetch(vec![lookup("a".into())]),
    );
    assert!(bad.is_err() && good.is_ok());
}
