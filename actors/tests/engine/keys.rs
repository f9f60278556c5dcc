//! One effect per request key, and the same answer whenever it is asked again.

use crate::{
    counter::{Command, State},
    stage::*,
    through::Through,
};
use kontor_actors::{
    memory::MemoryStore,
    request::{Denied, Terms},
    store::{CommitError, Store},
};
use std::sync::Arc;

#[tokio::test]
async fn a_key_asked_twice_gets_the_first_answer() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    let first = node.keyed("k", "", add("a", 5)).await.unwrap();
    node.ask(add("a", 7)).await.unwrap();
    let again = node.keyed("k", "", add("a", 5)).await.unwrap();
    assert_eq!((again.version, &again.state), (first.version, &first.state));
    assert_eq!(node.state(&id("a")).await.0.sum, 12);
    intact(&store).await;
}

#[tokio::test]
async fn a_key_asked_twice_at_once_waits_for_the_first() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let asked: Vec<_> =
        (0..5).map(|_| node.asking_as(&one(), add("a", 5), keyed("k", ""))).collect();
    held(&store, 1).await;
    node.quiet().await;
    assert!(asked.iter().all(|asked| !asked.is_finished()));
    store.release();
    for asked in asked {
        assert_eq!(asked.await.unwrap().unwrap().version, 1);
    }
    assert_eq!(events(&store, 4).await.len(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_keeps_its_key_until_the_command_is_settled() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    store.hold();
    let gone = node.asking_as(&one(), add("a", 5), keyed("k", ""));
    held(&store, 1).await;
    let other = node.asking(add("b", 1));
    gone.abort();
    let again = node.asking_as(&one(), add("a", 5), keyed("k", ""));
    node.quiet().await;
    store.release();
    assert_eq!(again.await.unwrap().unwrap().version, 1);
    // Nobody else's decision suffers from a key that would be there twice.
    assert!(other.await.unwrap().is_ok());
    assert_eq!(node.state(&id("a")).await.0.sum, 5);
    intact(&store).await;
}

#[tokio::test]
async fn a_key_is_known_after_a_restart_of_everything() {
    let store = MemoryStore::new();
    Node::on(&store).await.keyed("k", "", add("a", 5)).await.unwrap();
    let node = Node::on(&store).await;
    assert_eq!(node.keyed("k", "", add("a", 5)).await.unwrap().version, 1);
    assert_eq!(node.state(&id("a")).await.0.sum, 5);
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let node = Node::on(&MemoryStore::new()).await;
    node.keyed("k", "one", add("a", 5)).await.unwrap();
    let other = node.keyed("k", "two", add("a", 6)).await;
    assert!(matches!(other, Err(Denied::KeyReused)));
}

#[tokio::test]
async fn a_key_whose_command_changed_nothing_changes_nothing_later_either() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.ask(add("a", 5)).await.unwrap();
    let set = || Command::Set { counter: id("a"), to: 5 };
    assert_eq!(node.keyed("k", "", set()).await.unwrap().version, 1);
    node.ask(add("a", 2)).await.unwrap();
    // Were it decided anew, the two would be taken back.
    let again = node.keyed("k", "", set()).await.unwrap();
    assert_eq!((again.version, again.state.sum), (1, 5));
    assert_eq!(node.state(&id("a")).await.0.sum, 7);
    assert!(matches!(node.keyed("k", "else", set()).await, Err(Denied::KeyReused)));
    // Of something that is not there, too.
    let nothing = || Command::Unname { counter: id("nobody") };
    node.keyed("n", "", nothing()).await.unwrap();
    node.ask(Command::Name { counter: id("nobody"), name: "now".into() }).await.unwrap();
    let again = node.keyed("n", "", nothing()).await.unwrap();
    assert_eq!((again.version, &*again.state), (0, &State::default()));
    intact(&store).await;
}

#[tokio::test]
async fn a_refused_command_leaves_its_key_free() {
    let node = Node::on(&MemoryStore::new()).await;
    assert!(matches!(node.keyed("k", "", add("a", -5)).await, Err(Denied::Refused(_))));
    node.ask(add("a", 9)).await.unwrap();
    assert_eq!(node.keyed("k", "", add("a", -5)).await.unwrap().state.sum, 4);
}

#[tokio::test]
async fn the_same_key_of_two_tenants_is_two_keys() {
    let node = Node::on(&MemoryStore::new()).await;
    for tenant in [one(), two()] {
        let done = node.ask_as(&tenant, add("a", 5), keyed("k", "")).await.unwrap();
        assert_eq!((done.version, done.events.len()), (1, 1));
    }
}

#[tokio::test]
async fn a_dry_run_leaves_its_key_free() {
    let node = Node::on(&MemoryStore::new()).await;
    let dry = Terms { dry_run: true, ..keyed("k", "dry") };
    node.ask_as(&one(), add("a", 5), dry).await.unwrap();
    assert_eq!(node.keyed("k", "wet", add("a", 5)).await.unwrap().version, 1);
}

#[tokio::test]
async fn a_key_that_surely_was_not_used_is_not_looked_up_and_one_that_was_is() {
    let store = MemoryStore::new();
    Node::on(&store).await.keyed("before", "", add("a", 5)).await.unwrap();
    let through = Arc::new(Through::new(&store));
    let node = Build::default().on(Arc::clone(&through) as Arc<dyn Store>).await;
    let looked_up = || through.requests_looked_up();
    // Not everything was learnt yet.
    node.keyed("first", "", add("a", 1)).await.unwrap();
    assert_eq!(looked_up(), 1);
    node.intake.used_keys().learn(&through.scan_requests(None, 10).await.unwrap());
    node.intake.used_keys().knows_all();
    node.keyed("second", "", add("a", 1)).await.unwrap();
    assert_eq!(looked_up(), 1);
    for (key, version) in [("before", 1), ("first", 2), ("second", 3)] {
        let again = node.keyed(key, "", add("a", 1)).await.unwrap();
        assert_eq!((again.version, again.events.len()), (version, 0), "{key}");
    }
    assert_eq!(looked_up(), 4);
    assert_eq!(node.state(&id("a")).await.0.sum, 7);
    intact(&store).await;
}

#[tokio::test]
async fn a_new_key_whose_commit_failed_is_free_again() {
    let store = MemoryStore::new();
    let node = Node::on(&store).await;
    node.intake.used_keys().knows_all();
    store.fail_next(CommitError::Rejected("no".into()), 1);
    assert!(node.keyed("k", "", add("a", 5)).await.is_err());
    assert_eq!(node.keyed("k", "", add("a", 5)).await.unwrap().version, 1);
    assert_eq!(node.keyed("k", "", add("a", 5)).await.unwrap().version, 1);
    assert_eq!(node.state(&id("a")).await.0.sum, 5);
}

#[tokio::test]
async fn a_key_that_another_node_has_used_is_answered_as_that_one_did() {
    let store = MemoryStore::new();
    let old = Node::on(&store).await;
    old.intake.used_keys().knows_all();
    old.ask(add("a", 1)).await.unwrap();
    let new = Node::on(&store).await;
    new.ask(add("a", 10)).await.unwrap();
    new.keyed("k", "", add("a", -5)).await.unwrap();
    // The old one knows of nothing, and would refuse it.
    assert!(matches!(old.keyed("other", "", add("a", -5)).await, Err(Denied::Refused(_))));
    let again = old.keyed("k", "", add("a", -5)).await.unwrap();
    assert_eq!((again.version, again.state.sum), (3, 6));
    assert!(matches!(old.keyed("k", "else", add("a", -5)).await, Err(Denied::KeyReused)));
    intact(&store).await;
}
