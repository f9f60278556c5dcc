//! While many wait, the next transaction is made ready on top of the one under way.

use crate::{counter::Command, stage::*, through::Through};
use kontor_actors::{
    memory::MemoryStore,
    request::{Answer, Terms},
    store::CommitError,
};
use kontor_messages::TenantId;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Many shops, for what one decides stands on what it decided before.
const SHOPS: usize = 20;

/// Each shop's two counters are there; then one alone, and two crowds.
const EVENTS: usize = 2 * SHOPS + 1 + 2 * SHOPS;

struct Crowd {
    memory: MemoryStore,
    store: Arc<Through>,
    node: Node,
    asked: Vec<JoinHandle<Answer<crate::counter::Counter>>>,
}

impl Crowd {
    /// A transaction of a whole crowd is under way, and the next one, of another crowd, is ready.
    async fn gathered() -> Self {
        let memory = MemoryStore::new();
        let store = Arc::new(Through::new(&memory));
        let build = Build { shards: 1, ..Build::default() };
        let node = build.on(Arc::clone(&store) as Arc<dyn kontor_actors::store::Store>).await;
        let mut crowd = Self { memory, store, node, asked: Vec::new() };
        for counter in ["early", "late"] {
            crowd.ask(counter, SHOPS);
        }
        for asked in std::mem::take(&mut crowd.asked) {
            asked.await.unwrap().unwrap();
        }
        crowd.memory.hold();
        crowd.ask("early", 1);
        held(&crowd.memory, 1).await;
        crowd.ask("early", SHOPS);
        crowd.node.quiet().await;
        crowd.store.hold_large();
        let large = crowd.store.held();
        crowd.memory.release();
        until("a crowd is under way", async || crowd.store.held() > large).await;
        let ready = crowd.store.prepared();
        crowd.ask("late", SHOPS);
        until("the next one is ready", async || crowd.store.prepared() > ready).await;
        crowd
    }

    fn ask(&mut self, counter: &'static str, shops: usize) {
        for shop in 0..shops {
            let tenant = TenantId::parse(&format!("shop-{shop}")).unwrap();
            self.asked.push(self.node.asking_as(&tenant, add(counter, 1), Terms::default()));
        }
    }

    async fn answers(self) -> (Vec<bool>, MemoryStore) {
        let mut answers = Vec::new();
        for asked in self.asked {
            answers.push(asked.await.unwrap().is_ok());
        }
        (answers, self.memory)
    }
}

#[tokio::test]
async fn what_was_made_ready_while_another_was_written_is_written_next() {
    let crowd = Crowd::gathered().await;
    crowd.store.let_through();
    let (answers, memory) = crowd.answers().await;
    assert!(answers.iter().all(|done| *done));
    assert_eq!(events(&memory, 1).await.len(), EVENTS);
    intact(&memory).await;
}

#[tokio::test]
async fn what_was_made_ready_on_top_of_a_failure_is_made_ready_anew() {
    let crowd = Crowd::gathered().await;
    let bad = |batch: &kontor_actors::store::Batch| {
        batch
            .events
            .iter()
            .any(|event| event.tenant.as_str() == "shop-3" && event.entity.as_str() == "early")
    };
    crowd.memory.fail_when(CommitError::Rejected("ordered".into()), bad);
    crowd.store.let_through();
    let node = crowd.node.clone();
    let (answers, memory) = crowd.answers().await;
    // The one at fault, and what its shop decided on top of it.
    let failed: Vec<_> = (0..answers.len()).filter(|place| !answers[*place]).collect();
    assert_eq!(failed, [1 + 3, 1 + SHOPS + 3]);
    assert_eq!(events(&memory, 1).await.len(), EVENTS - 2);
    memory.heal();
    let tenant = TenantId::parse("shop-3").unwrap();
    let again = Command::Add { counter: id("early"), by: 1 };
    assert!(node.ask_as(&tenant, again, Terms::default()).await.is_ok());
    intact(&memory).await;
}

#[tokio::test]
async fn what_was_made_ready_on_top_of_a_lost_answer_is_neither_lost_nor_doubled() {
    let crowd = Crowd::gathered().await;
    crowd.memory.unavailable_after_write_once();
    crowd.store.let_through();
    let (answers, memory) = crowd.answers().await;
    assert!(answers.iter().all(|done| *done));
    assert_eq!(events(&memory, 1).await.len(), EVENTS);
    intact(&memory).await;
}
