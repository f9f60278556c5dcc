//! Little memory, same answers.

use crate::{counter::Command, stage::*};
use kontor_actors::{domain_actor::DomainLimits, memory::MemoryStore};
use proptest::prelude::*;
use std::sync::Arc;

fn commands() -> impl Strategy<Value = Command> {
    let counter = || (0..30_u8).prop_map(|n| id(&format!("c{n}")));
    let name = || (0..12_u8).prop_map(|n| format!("n{n}"));
    prop_oneof![
        4 => (counter(), -3..6_i64).prop_map(|(counter, by)| Command::Add { counter, by }),
        2 => (counter(), counter(), 0..4_i64)
            .prop_filter("two counters", |(from, to, _)| from != to)
            .prop_map(|(from, to, by)| Command::Move { from, to, by }),
        3 => (counter(), name()).prop_map(|(counter, name)| Command::Name { counter, name }),
        1 => counter().prop_map(|counter| Command::Unname { counter }),
        1 => (counter(), counter())
            .prop_filter("two counters", |(from, to)| from != to)
            .prop_map(|(from, to)| Command::Inherit { from, to }),
        1 => (counter(), 0..4_i64).prop_map(|(counter, to)| Command::Set { counter, to }),
        1 => counter().prop_map(|counter| Command::Blink { counter }),
    ]
}

async fn answers(commands: Vec<Command>, memory_max: usize) -> Vec<String> {
    let store = MemoryStore::new();
    let limits = DomainLimits { memory_max, ..DomainLimits::default() };
    let node = Build { limits, ..Build::default() }.on(Arc::new(store.clone())).await;
    // In a row, but several at once, so that memory is tidied while others wait.
    let mut answers = Vec::new();
    for some in commands.chunks(7) {
        let asked: Vec<_> = some.iter().map(|command| node.asking(command.clone())).collect();
        for asked in asked {
            let answer = asked.await.unwrap();
            answers.push(answer.map_or_else(
                |denied| denied.to_string(),
                |done| format!("{} {} {:?}", done.subject, done.version, done.state),
            ));
        }
    }
    intact(&store).await;
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn little_memory_gives_the_same_answers(
        commands in proptest::collection::vec(commands(), 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // One after another: what is loaded first may be decided first.
            let mut little = Vec::new();
            let mut plenty = Vec::new();
            for part in [1, 10] {
                little.push(in_a_row(commands.clone(), part).await);
                plenty.push(in_a_row(commands.clone(), 100_000).await);
            }
            prop_assert_eq!(little, plenty);
            // At once: no order is promised, but every answer is right.
            let _ = answers(commands.clone(), 10).await;
            Ok(())
        })?;
    }
}

async fn in_a_row(commands: Vec<Command>, memory_max: usize) -> Vec<String> {
    let store = MemoryStore::new();
    let limits = DomainLimits { memory_max, ..DomainLimits::default() };
    let node = Build { limits, ..Build::default() }.on(Arc::new(store.clone())).await;
    let mut answers = Vec::new();
    for command in commands {
        answers.push(node.ask(command).await.map_or_else(
            |denied| denied.to_string(),
            |done| format!("{} {} {:?}", done.subject, done.version, done.state),
        ));
    }
    intact(&store).await;
    answers
}

#[tokio::test]
async fn names_that_nobody_has_do_not_fill_the_memory() {
    use kontor_actors::book::Book;
    let mut book = Book::<crate::counter::Counter>::new(one());
    for n in 0..100 {
        book.remember_key(crate::counter::key(&format!("n{n}")), None);
    }
    // Something is always on its way to the journal: that must not keep them.
    book.tidy(0);
    book.tidy(0);
    assert_eq!(book.len(), 0);
}

#[tokio::test]
async fn what_is_not_durable_is_never_dropped() {
    let store = MemoryStore::new();
    let limits = DomainLimits { memory_max: 1, ..DomainLimits::default() };
    let node = Build { limits, ..Build::default() }.on(Arc::new(store.clone())).await;
    let name = |counter: &str| Command::Name { counter: id(counter), name: "n".into() };
    node.ask(name("a")).await.unwrap();
    store.hold();
    let first = node.asking(Command::Unname { counter: id("a") });
    held(&store, 1).await;
    let second = node.asking(name("b"));
    let many: Vec<_> = (0..50).map(|n| node.asking(add(&format!("c{n}"), 1))).collect();
    node.quiet().await;
    let third = node.asking(name("c"));
    let more = node.asking(add("c7", 1));
    node.quiet().await;
    store.release();
    assert!(first.await.unwrap().is_ok() && second.await.unwrap().is_ok());
    assert!(third.await.unwrap().is_err());
    assert_eq!(more.await.unwrap().unwrap().version, 2);
    for asked in many {
        asked.await.unwrap().unwrap();
    }
    intact(&store).await;
}
