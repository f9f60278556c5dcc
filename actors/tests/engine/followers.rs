//! Followers: everything is done, in order per lane, at least once, whatever happens meanwhile.

use crate::{counter::Counter, stage::*};
use async_trait::async_trait;
use kontor_actors::{
    domain::Domain,
    follower::{Follow, Follower, Habits, Hitch, OnHitch},
    memory::MemoryStore,
    store::{LetterQuery, Seq, Store, StoredEvent},
};
use ractor::{Actor, ActorRef};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

/// Notes what it is given; one lane an entity.
#[derive(Default)]
struct Notes {
    habits: Habits,
    noted: Mutex<Vec<(String, Seq)>>,
    stuck: Mutex<HashSet<String>>,
    tries: Mutex<HashMap<String, usize>>,
    panics: bool,
    /// Work on this lane begins and does not end until it is freed.
    stands: Option<(&'static str, tokio::sync::Semaphore)>,
}

#[async_trait]
impl Follow for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }
    fn habits(&self) -> Habits {
        self.habits.clone()
    }
    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        (event.entity.as_str() != "nobody").then(|| event.entity.as_str().into())
    }
    async fn handle(&self, lane: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        tokio::task::yield_now().await;
        *self.tries.lock().unwrap().entry(lane.to_owned()).or_default() += 1;
        if let Some((standing, freed)) = &self.stands
            && *standing == lane
        {
            drop(freed.acquire().await);
        }
        if self.stuck.lock().unwrap().contains(lane) {
            assert!(!self.panics, "stuck");
            return Err(Hitch::new("stuck"));
        }
        let noted = events.iter().map(|event| (lane.to_owned(), event.seq));
        self.noted.lock().unwrap().extend(noted);
        Ok(())
    }
}

impl Notes {
    fn with(on_hitch: OnHitch) -> Arc<Self> {
        let habits = Habits { on_hitch, batch_max: 3, ..Habits::default() };
        Arc::new(Self { habits, ..Self::default() })
    }
    fn stick(&self, lane: &str) {
        self.stuck.lock().unwrap().insert(lane.to_owned());
    }
    fn free(&self, lane: &str) {
        self.stuck.lock().unwrap().remove(lane);
    }
    /// What was done in a lane; fails if it was out of order. What is done again is left out.
    fn lane(&self, lane: &str) -> Vec<Seq> {
        let noted = self.noted.lock().unwrap();
        let mut lane: Vec<Seq> =
            noted.iter().filter(|(name, _)| name == lane).map(|(_, seq)| *seq).collect();
        lane.dedup();
        assert!(lane.is_sorted(), "{lane:?}");
        lane
    }
    fn all(&self) -> HashSet<Seq> {
        self.noted.lock().unwrap().iter().map(|(_, seq)| *seq).collect()
    }
    fn tries(&self, lane: &str) -> usize {
        self.tries.lock().unwrap().get(lane).copied().unwrap_or(0)
    }
}

async fn follow(
    node: &Node,
    store: &MemoryStore,
    notes: &Arc<Notes>,
) -> ActorRef<kontor_actors::follower::FollowerMessage> {
    let cursors = store.cursors().await.unwrap();
    let cursor = cursors.iter().find(|cursor| &*cursor.follower == "notes");
    let follow: Arc<dyn Follow> = Arc::clone(notes) as Arc<dyn Follow>;
    let follower = Follower::new(0, follow, node.journal.clone(), Arc::new(store.clone()));
    Actor::spawn(None, follower, cursor.map_or(0, |cursor| cursor.seq)).await.unwrap().0
}

async fn node(store: &MemoryStore) -> Node {
    Build { shards: 1, ..Build::default() }.on(Arc::new(store.clone())).await
}

async fn letters(store: &MemoryStore) -> Vec<String> {
    let query = LetterQuery { limit: 10_000, ..LetterQuery::default() };
    store.dead_letters(&query).await.unwrap().into_iter().map(|letter| letter.id).collect()
}

async fn cursor(store: &MemoryStore) -> Seq {
    store.cursors().await.unwrap().first().map_or(0, |cursor| cursor.seq)
}

async fn adds(node: &Node, times: usize) {
    for n in 0..times {
        node.ask(add(["a", "b", "c", "nobody"][n % 4], 1)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_event_is_done_in_order_per_lane_and_the_cursor_follows() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Park));
    adds(&node, 12).await;
    let _follower = follow(&node, &store, &notes).await;
    adds(&node, 28).await;
    until("the cursor is at the head", async || cursor(&store).await == 40).await;
    assert_eq!((notes.lane("a").len(), notes.lane("b").len(), notes.all().len()), (10, 10, 30));
    assert_eq!(notes.noted.lock().unwrap().len(), 30);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_it_goes_on_where_its_cursor_stands() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Stand));
    notes.stick("b");
    let follower = follow(&node, &store, &notes).await;
    adds(&node, 20).await;
    until("others are done", async || notes.lane("a").len() == 5).await;
    follower.kill_and_wait(None).await.unwrap();
    node.journal.flush_all().await;
    // Done behind the cursor is done again, and nothing is left out.
    assert_eq!(cursor(&store).await, 1);
    notes.free("b");
    let _follower = follow(&node, &store, &notes).await;
    until("all is done", async || cursor(&store).await == 20).await;
    assert_eq!(notes.all().len(), 15);
    assert_eq!(notes.lane("b").len(), 5);
}

#[tokio::test]
async fn one_stuck_lane_parks_only_itself_and_goes_on_in_order() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Park));
    notes.stick("b");
    let _follower = follow(&node, &store, &notes).await;
    adds(&node, 40).await;
    until("the cursor has passed", async || cursor(&store).await == 40).await;
    assert_eq!((notes.lane("a").len(), notes.lane("b").len()), (10, 0));
    assert_eq!(letters(&store).await.len(), 10);
    adds(&node, 4).await;
    notes.free("b");
    until("the lane is released", async || letters(&store).await.is_empty()).await;
    assert_eq!(notes.lane("b").len(), 11);
    // And it is an ordinary lane again.
    let tries = notes.tries("b");
    adds(&node, 4).await;
    until("it is done at once", async || cursor(&store).await == 48).await;
    assert_eq!((notes.tries("b"), letters(&store).await.len()), (tries + 1, 0));
    assert_eq!(notes.lane("b").len(), 12);
}

#[tokio::test]
async fn what_waited_in_a_parked_lane_is_done_without_further_waiting() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Park));
    notes.stick("b");
    let _follower = follow(&node, &store, &notes).await;
    for _ in 0..200 {
        node.ask(add("b", 1)).await.unwrap();
    }
    until("all are parked", async || cursor(&store).await == 200).await;
    notes.free("b");
    let begun = tokio::time::Instant::now();
    until("all are done", async || letters(&store).await.is_empty()).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(notes.lane("b").len(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_busy_lane_is_not_taken_for_a_stuck_one() {
    let store = MemoryStore::new();
    let node = node(&store).await;
    let counters = (0..3_000).map(|_| id("hot")).collect();
    node.ask(crate::counter::Command::Spread { counters }).await.unwrap();
    let habits = Habits { batch_max: 1, ..Habits::default() };
    let notes = Arc::new(Notes { habits, ..Notes::default() });
    let follower = follow(&node, &store, &notes).await;
    until("all is done", async || {
        assert_eq!(letters(&store).await.len(), 0);
        cursor(&store).await == 3_000
    })
    .await;
    assert_eq!(notes.lane("hot").len(), 3_000);
    follower.stop(None);
}

#[tokio::test]
async fn a_lane_whose_work_stands_does_not_take_all_the_room() {
    let store = MemoryStore::new();
    let node = node(&store).await;
    let habits = Habits { window_max: 8, lane_max: 2, batch_max: 1, ..Habits::default() };
    let stands = Some(("b", tokio::sync::Semaphore::new(0)));
    let notes = Arc::new(Notes { habits, stands, ..Notes::default() });
    for _ in 0..30 {
        node.ask(add("b", 1)).await.unwrap();
    }
    node.ask(add("a", 1)).await.unwrap();
    let _follower = follow(&node, &store, &notes).await;
    until("another lane is done", async || notes.lane("a").len() == 1).await;
    assert_eq!((notes.tries("b"), notes.lane("b").len()), (1, 0), "it still stands");
    notes.stands.as_ref().unwrap().1.add_permits(1);
    until("nothing is left", async || letters(&store).await.is_empty()).await;
    until("all is done", async || cursor(&store).await == 31).await;
    assert_eq!(notes.lane("b"), (1..=30).collect::<Vec<Seq>>());
}

#[tokio::test]
async fn a_dropped_letter_releases_its_lane() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Park));
    notes.stick("b");
    let _follower = follow(&node, &store, &notes).await;
    adds(&node, 2).await;
    until("it is parked", async || letters(&store).await.len() == 1).await;
    store.unbury(&letters(&store).await[0]).await.unwrap();
    notes.free("b");
    until("the lane goes on", async || {
        // Until it is noticed, more is put aside behind it; that goes through.
        adds(&node, 2).await;
        !notes.lane("b").is_empty()
    })
    .await;
    until("nothing is left aside", async || letters(&store).await.is_empty()).await;
}

#[tokio::test]
async fn a_lane_stays_parked_over_a_restart() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Park));
    notes.stick("b");
    let follower = follow(&node, &store, &notes).await;
    adds(&node, 2).await;
    until("it is parked", async || letters(&store).await.len() == 1).await;
    follower.kill_and_wait(None).await.unwrap();
    adds(&node, 8).await;
    let _follower = follow(&node, &store, &notes).await;
    until("others are done", async || cursor(&store).await == 10).await;
    assert_eq!(letters(&store).await.len(), 3);
    notes.free("b");
    until("it is done", async || letters(&store).await.is_empty()).await;
    assert_eq!(notes.lane("b"), [2, 4, 8]);
}

#[tokio::test]
async fn a_panic_in_its_work_is_a_hitch_of_its_lane() {
    let store = MemoryStore::new();
    let node = node(&store).await;
    let notes = Arc::new(Notes { panics: true, ..Notes::default() });
    notes.stick("b");
    let _follower = follow(&node, &store, &notes).await;
    adds(&node, 8).await;
    until("the cursor has passed", async || cursor(&store).await == 8).await;
    notes.free("b");
    until("it is done", async || letters(&store).await.is_empty()).await;
    assert_eq!(notes.lane("b").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_stands_goes_on_in_order() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Stand));
    notes.stick("b");
    let _follower = follow(&node, &store, &notes).await;
    adds(&node, 40).await;
    until("others are done", async || notes.lane("c").len() == 10).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!((cursor(&store).await, letters(&store).await.len()), (1, 0));
    assert!(notes.tries("b") > 5);
    notes.free("b");
    until("all is done", async || cursor(&store).await == 40).await;
    assert_eq!(notes.lane("b").len(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_store_while_following_loses_nothing() {
    let store = MemoryStore::new();
    let node = node(&store).await;
    let notes = Notes::with(OnHitch::Park);
    adds(&node, 3_000).await;
    store.away();
    // Far behind: it has to read the database, which is away.
    let follower = {
        let follow: Arc<dyn Follow> = Arc::clone(&notes) as Arc<dyn Follow>;
        let follower = Follower::new(0, follow, node.journal.clone(), Arc::new(store.clone()));
        Actor::spawn(None, follower, 0).await.unwrap().0
    };
    // What is parked cannot be read: it does not begin, and is started again by its supervisor.
    until("it has ended", async || follower.get_status() == ractor::ActorStatus::Stopped).await;
    store.heal();
    let follower = follow(&node, &store, &notes).await;
    until("it has begun", async || !notes.all().is_empty()).await;
    store.away();
    tokio::time::sleep(Duration::from_secs(60)).await;
    store.heal();
    until("all is done", async || cursor(&store).await == 3_000).await;
    assert_eq!(notes.all().len(), 2_250);
    follower.stop(None);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_put_aside_stays_behind_the_cursor() {
    let store = MemoryStore::new();
    let (node, notes) = (node(&store).await, Notes::with(OnHitch::Park));
    adds(&node, 4).await;
    notes.stick("b");
    let follower = follow(&node, &store, &notes).await;
    store.away();
    until("it gives up", async || follower.get_status() == ractor::ActorStatus::Stopped).await;
    store.heal();
    node.journal.flush_all().await;
    assert!(cursor(&store).await < 2 && letters(&store).await.is_empty());
}

#[tokio::test]
async fn the_events_are_named_and_owned_as_the_domain_says() {
    let store = MemoryStore::new();
    let node = node(&store).await;
    adds(&node, 1).await;
    let event = &events(&store, 1).await[0];
    assert_eq!((&*event.name, &*event.domain), ("counter.added", Counter::NAME));
}
