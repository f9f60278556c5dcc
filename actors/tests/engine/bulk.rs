//! Bulk work is written with what others hand in, and never for long.

use crate::{
    counter::{Command, Counter},
    stage::*,
    through::Through,
};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    memory::MemoryStore,
    request::{Answer, Terms},
    store::Store,
};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::Instant};

async fn node() -> (Node, Arc<Through>) {
    let store = Arc::new(Through::new(&MemoryStore::new()));
    let build = Build { shards: 1, ..Build::default() };
    let node = build.on(Arc::clone(&store) as Arc<dyn Store>).await;
    // The actor is up, so what follows is written at once.
    node.ask(add("first", 1)).await.unwrap();
    (node, store)
}

fn bulk(node: &Node, command: Command) -> JoinHandle<Answer<Counter>> {
    let (node, caller) = (node.clone(), Caller { lane: Lane::Bulk, ..caller(&one()) });
    tokio::spawn(
        async move { node.intake.ask::<Counter>(&caller, command, Terms::default()).await },
    )
}

#[tokio::test(start_paused = true)]
async fn beside_others_it_is_written_in_their_transaction() {
    let (node, store) = node().await;
    let before = store.prepared();
    let imported = bulk(&node, add("imported", 1));
    node.quiet().await;
    assert!(!imported.is_finished());
    node.ask(add("sold", 1)).await.unwrap();
    assert_eq!(imported.await.unwrap().unwrap().version, 1);
    assert_eq!(store.prepared() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_a_moment_only_and_for_nobody_when_nobody_is_there() {
    let (node, _) = node().await;
    let begun = Instant::now();
    bulk(&node, add("imported", 1)).await.unwrap().unwrap();
    let waited = begun.elapsed();
    assert!(Duration::ZERO < waited && waited < Duration::from_millis(50), "{waited:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    bulk(&node, add("imported", 1)).await.unwrap().unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}
