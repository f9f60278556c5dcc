//! Any mixture of commands and failures: no gap, nothing twice, nothing lost that was said yes to.

use crate::{counter::Command, stage::*};
use kontor_actors::{
    domain::Domain,
    domain_actor::DomainLimits,
    journal::JournalSettings,
    memory::MemoryStore,
    request::{Denied, Terms},
    store::CommitError,
};
use kontor_messages::TenantId;
use proptest::prelude::*;
use std::{sync::Arc, time::Duration};

#[derive(Clone, Debug)]
enum Step {
    Add { tenant: u8, counter: u8, key: u8 },
    Move { tenant: u8, from: u8, to: u8 },
    Panic { tenant: u8 },
    Crash { tenant: u8 },
    Fail(u8),
    LoseAnswer,
    Reject(u8),
    Away,
    Heal,
    Wait,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..3_u8, 0..5_u8, 0..200_u8)
            .prop_map(|(tenant, counter, key)| Step::Add { tenant, counter, key }),
        4 => (0..3_u8, 0..5_u8, 0..5_u8)
            .prop_filter("two counters", |(_, from, to)| from != to)
            .prop_map(|(tenant, from, to)| Step::Move { tenant, from, to }),
        1 => (0..3_u8).prop_map(|tenant| Step::Panic { tenant }),
        1 => (0..3_u8).prop_map(|tenant| Step::Crash { tenant }),
        1 => (1..6_u8).prop_map(Step::Fail),
        1 => Just(Step::LoseAnswer),
        1 => (0..5_u8).prop_map(Step::Reject),
        1 => Just(Step::Away),
        3 => Just(Step::Heal),
        3 => Just(Step::Wait),
    ]
}

fn tenant(n: u8) -> TenantId {
    format!("t{n}").parse().unwrap()
}

fn counter(n: u8) -> kontor_messages::EntityId {
    id(&format!("c{n}"))
}

async fn play(steps: Vec<Step>, batch_rows_max: usize) {
    let store = MemoryStore::new();
    let journal = JournalSettings { writers: 2, batch_rows_max, ..JournalSettings::default() };
    let limits = DomainLimits { memory_max: 4, ..DomainLimits::default() };
    let node = Build { journal, limits, ..Build::default() }.on(Arc::new(store.clone())).await;
    let mut asked = Vec::new();
    for step in steps {
        match step {
            Step::Add { tenant: t, counter: c, key } => {
                // Few keys: some are asked again, of another counter too.
                let terms = keyed(&format!("k{key}"), &c.to_string());
                let command = Command::Add { counter: counter(c), by: 1 };
                let asking = node.asking_as(&tenant(t), command, terms);
                asked.push((t, Some((key, c)), asking));
            }
            Step::Move { tenant: t, from, to } => {
                let command = Command::Move { from: counter(from), to: counter(to), by: 1 };
                asked.push((t, None, node.asking_as(&tenant(t), command, Terms::default())));
            }
            Step::Panic { tenant: t } => {
                let command = Command::PanicToDecide { counter: counter(0) };
                asked.push((t, None, node.asking_as(&tenant(t), command, Terms::default())));
            }
            Step::Crash { tenant: t } => {
                node.hosts.named(crate::counter::Counter::NAME).unwrap().crash(&tenant(t));
            }
            Step::Fail(times) => {
                store.fail_next(CommitError::Unavailable("ordered".into()), times.into());
            }
            Step::LoseAnswer => store.unavailable_after_write_once(),
            Step::Reject(c) => store.fail_when(CommitError::Rejected("ordered".into()), move |b| {
                b.events.iter().any(|event| event.entity == counter(c))
            }),
            Step::Away => store.away(),
            Step::Heal => store.heal(),
            Step::Wait => tokio::time::sleep(Duration::from_secs(1)).await,
        }
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.heal();
    let mut yes = std::collections::HashSet::new();
    for (t, key, asking) in asked {
        match asking.await.unwrap() {
            Ok(_) => yes.extend(key.map(|(key, c)| (t, key, c))),
            Err(Denied::Refused(_) | Denied::Fault(_) | Denied::KeyReused) => {}
            Err(Denied::Crashed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    node.journal.flush_all().await;
    intact(&store).await;
    // Whatever was said yes to is there, once, and is said yes to again.
    for t in 0..3_u8 {
        for (_, key, c) in yes.iter().filter(|(tenant, ..)| *tenant == t) {
            let terms = keyed(&format!("k{key}"), &c.to_string());
            let command = Command::Add { counter: counter(*c), by: 1 };
            let again = node.ask_as(&tenant(t), command, terms).await.unwrap();
            assert!(again.events.is_empty() && again.version > 0);
        }
    }
    assert!(node.journal.stopped().borrow().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_mixture_of_failures_leaves_a_sound_journal(
        steps in proptest::collection::vec(steps(), 1..80),
        batch_rows_max in prop_oneof![Just(1_usize), Just(6), Just(1000)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(steps, batch_rows_max));
    }
}
