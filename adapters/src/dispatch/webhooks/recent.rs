//! Events that were read a moment ago: what goes to many endpoints is read and understood once.

use kontor_actors::{
    announce::{Announcement, announce},
    store::{Seq, StoredEvent},
};
use kontor_messages::webhook::Position;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// So many are remembered at most, and none that is large.
const EVENTS_MAX: usize = 128;
const BYTES_MAX: usize = 16 * 1024;
/// None is found after this: what was erased since is told to nobody.
const FOR: Duration = Duration::from_secs(1);

/// An event, and what is told of it.
pub(super) struct Told {
    pub(super) event: Arc<StoredEvent>,
    pub(super) announcements: Vec<Announcement>,
}

impl Told {
    fn is_at(&self, shard: u32, seq: Seq) -> bool {
        self.event.shard == shard && self.event.seq == seq
    }
}

/// What is remembered, oldest first.
#[derive(Default)]
pub(super) struct Recent(Mutex<VecDeque<(Instant, Arc<Told>)>>);

impl Recent {
    /// The event at a place, if it was read a moment ago.
    pub(super) fn find(&self, at: Position) -> Option<Arc<Told>> {
        let mut known = self.known();
        while known.front().is_some_and(|(read_at, _)| FOR < read_at.elapsed()) {
            known.pop_front();
        }
        let found = known.iter().rev().find(|(_, told)| told.is_at(at.shard, at.seq));
        found.map(|(_, told)| Arc::clone(told))
    }

    /// Remembers an event that was just read.
    pub(super) fn add(&self, event: Arc<StoredEvent>) -> Arc<Told> {
        let announcements = announce(&event);
        let told = Arc::new(Told { event, announcements });
        let mut known = self.known();
        let same = |other: &Told| other.is_at(told.event.shard, told.event.seq);
        if BYTES_MAX < told.event.payload.len() || known.iter().any(|(_, other)| same(other)) {
            return told;
        }
        if EVENTS_MAX <= known.len() {
            known.pop_front();
        }
        known.push_back((Instant::now(), Arc::clone(&told)));
        told
    }

    fn known(&self) -> std::sync::MutexGuard<'_, VecDeque<(Instant, Arc<Told>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::{EntityId, EventId, Timestamp};

    fn event(seq: i64) -> Arc<StoredEvent> {
        Arc::new(StoredEvent {
            shard: 3,
            seq,
            id: EventId::fresh(Timestamp::now()),
            tenant: "harbour-books".parse().unwrap(),
            domain: "order".into(),
            entity: EntityId::named("o1"),
            version: 1,
            name: "order.held".into(),
            at: Timestamp::now(),
            payload: "{}".into(),
            meta: "{}".into(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_is_remembered_for_a_moment_and_not_longer() {
        let recent = Recent::default();
        recent.add(event(7));
        let found = |shard, seq| recent.find(Position { shard, seq }).is_some();
        assert!(found(3, 7) && !found(3, 8) && !found(4, 7));
        tokio::time::advance(FOR / 2).await;
        recent.add(event(8));
        tokio::time::advance(FOR * 3 / 4).await;
        assert!(!found(3, 7) && found(3, 8));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_large_is_not_remembered() {
        let recent = Recent::default();
        let payload = "x".repeat(BYTES_MAX + 1).into();
        recent.add(Arc::new(StoredEvent { payload, ..(*event(7)).clone() }));
        assert!(recent.find(Position { shard: 3, seq: 7 }).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_make_room() {
        let recent = Recent::default();
        (0..=EVENTS_MAX as i64).for_each(|seq| drop(recent.add(event(seq))));
        let found = |seq| recent.find(Position { shard: 3, seq }).is_some();
        assert!(!found(0) && found(1) && found(EVENTS_MAX as i64));
    }
}
