//! The stretch of the journal that a follower has in work: lanes with their queues, and the
//! position behind which everything is done with. Pure.

use crate::store::{Seq, StoredEvent};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};
use tokio::time::Instant;

/// What is read and not done with.
pub struct Window {
    lanes: HashMap<Arc<str>, Lane>,
    ready: VecDeque<Arc<str>>,
    open: BTreeSet<Seq>,
    working: usize,
    read_to: Seq,
    told: Seq,
}

#[derive(Default)]
struct Lane {
    queue: VecDeque<(Instant, Arc<StoredEvent>)>,
    /// In work, or waiting for its next try.
    busy: bool,
    /// What waited in it is being put aside; nothing of it begins meanwhile.
    clearing: bool,
    failures: u32,
}

impl Window {
    /// An empty window behind a cursor.
    pub fn new(cursor: Seq) -> Self {
        Self {
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            open: BTreeSet::new(),
            working: 0,
            read_to: cursor,
            told: cursor,
        }
    }

    /// How many events are not done with.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// How far the journal was read.
    pub fn read_to(&self) -> Seq {
        self.read_to
    }

    /// Up to where everything is done with.
    pub fn done_to(&self) -> Seq {
        self.open.first().map_or(self.read_to, |seq| seq - 1)
    }

    /// The cursor, if it has moved since this was asked last.
    pub fn cursor(&mut self) -> Option<Seq> {
        let cursor = self.done_to();
        let moved = self.told < cursor;
        self.told = cursor;
        moved.then_some(cursor)
    }

    /// An event with nothing to do about it was read.
    pub fn pass(&mut self, event: &StoredEvent) {
        self.read_to = event.seq;
    }

    /// An event was read that belongs to a lane.
    pub fn add(&mut self, name: Arc<str>, event: Arc<StoredEvent>) {
        self.read_to = event.seq;
        self.open.insert(event.seq);
        let lane = self.lanes.entry(Arc::clone(&name)).or_default();
        lane.queue.push_back((Instant::now(), event));
        if lane.is_idle() && lane.queue.len() == 1 {
            self.ready.push_back(name);
        }
    }

    /// Takes up to `batch_max` events of the next lane that is ready, if fewer than `lanes_max`
    /// are at work. The lane is busy until [`Self::finish`] or [`Self::hold`].
    pub fn next(
        &mut self,
        lanes_max: usize,
        batch_max: usize,
    ) -> Option<(Arc<str>, Vec<Arc<StoredEvent>>)> {
        if lanes_max <= self.working {
            return None;
        }
        while let Some(name) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&name) else { continue };
            if !lane.is_idle() || lane.queue.is_empty() {
                continue;
            }
            lane.busy = true;
            self.working += 1;
            let take = batch_max.max(1).min(lane.queue.len());
            let events = lane.queue.drain(..take).map(|(_, event)| event).collect();
            return Some((name, events));
        }
        None
    }

    /// Takes all that waits in a lane, what is in work left out; it begins nothing until
    /// [`Self::cleared`].
    pub fn clear(&mut self, name: &str) -> Vec<Arc<StoredEvent>> {
        let Some(lane) = self.lanes.get_mut(name) else { return Vec::new() };
        lane.clearing = true;
        lane.queue.drain(..).map(|(_, event)| event).collect()
    }

    /// What was taken by [`Self::clear`] is kept elsewhere; the lane goes on.
    pub fn cleared(&mut self, name: &Arc<str>, kept: &[Arc<StoredEvent>]) {
        self.settle(kept);
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.clearing = false;
        }
        self.go_on(name);
    }

    /// The lanes in which something waits, with the length of their queues and since when the first
    /// has waited.
    pub fn waiting(&self) -> impl Iterator<Item = (&Arc<str>, usize, Instant)> {
        let steady = self.lanes.iter().filter(|(_, lane)| !lane.clearing);
        steady.filter_map(|(name, lane)| {
            let (since, _) = lane.queue.front()?;
            Some((name, lane.queue.len(), *since))
        })
    }

    /// Whether something of this lane is in work.
    pub fn works(&self, name: &str) -> bool {
        self.lanes.get(name).is_some_and(|lane| lane.busy)
    }

    /// These events are done with; the lane goes on.
    pub fn finish(&mut self, name: &Arc<str>, done: &[Arc<StoredEvent>]) {
        self.working -= 1;
        self.settle(done);
        let Some(lane) = self.lanes.get_mut(name) else { return };
        (lane.busy, lane.failures) = (false, 0);
        self.go_on(name);
    }

    /// An idle lane is ready for its next event, or forgotten if there is none.
    fn go_on(&mut self, name: &Arc<str>) {
        let Some(lane) = self.lanes.get(name).filter(|lane| lane.is_idle()) else { return };
        if lane.queue.is_empty() {
            self.lanes.remove(name);
        } else {
            self.ready.push_back(Arc::clone(name));
        }
    }

    /// These events of a lane that stays busy are done with.
    pub fn settle(&mut self, done: &[Arc<StoredEvent>]) {
        for event in done {
            self.open.remove(&event.seq);
        }
    }

    /// The first `done` are done with, the rest goes back and waits for [`Self::try_again`].
    /// Says how often in a row the lane has failed.
    pub fn hold(&mut self, name: &str, done: usize, events: Vec<Arc<StoredEvent>>) -> u32 {
        self.working -= 1;
        let Some(lane) = self.lanes.get_mut(name) else { return 0 };
        for (place, event) in events.into_iter().enumerate().rev() {
            if place < done {
                self.open.remove(&event.seq);
            } else {
                lane.queue.push_front((Instant::now(), event));
            }
        }
        lane.failures = if done == 0 { lane.failures + 1 } else { 1 };
        lane.failures
    }

    /// A lane that was held may go on.
    pub fn try_again(&mut self, name: &Arc<str>) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.busy = false;
            self.ready.push_back(Arc::clone(name));
        }
    }
}

impl Lane {
    fn is_idle(&self) -> bool {
        !self.busy && !self.clearing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::{EntityId, EventId, Timestamp};

    fn event(seq: Seq) -> Arc<StoredEvent> {
        Arc::new(StoredEvent {
            shard: 0,
            seq,
            id: EventId::fresh(Timestamp::from_millis(0)),
            tenant: crate::testing::tenant(),
            domain: "order".into(),
            entity: EntityId::named("o"),
            version: seq,
            name: "order.created".into(),
            at: Timestamp::from_millis(0),
            payload: "{}".into(),
            meta: "{}".into(),
        })
    }

    fn filled() -> (Window, Arc<str>, Arc<str>) {
        let (mut window, a, b) = (Window::new(0), Arc::from("a"), Arc::from("b"));
        window.add(Arc::clone(&a), event(1));
        window.add(Arc::clone(&b), event(2));
        window.add(Arc::clone(&a), event(3));
        (window, a, b)
    }

    #[test]
    fn the_cursor_stands_before_the_first_event_that_is_not_done_with() {
        let (mut window, a, b) = filled();
        let (_, first) = window.next(9, 1).unwrap();
        let (_, second) = window.next(9, 1).unwrap();
        window.finish(&b, &second);
        assert_eq!(window.cursor(), None);
        window.finish(&a, &first);
        assert_eq!(window.cursor(), Some(2));
        assert_eq!(window.cursor(), None);
    }

    #[test]
    fn a_lane_is_worked_off_in_order_and_never_twice_at_once() {
        let (mut window, a, _) = filled();
        let (lane, first) = window.next(9, 1).unwrap();
        assert_eq!((&lane, first[0].seq), (&a, 1));
        assert_eq!(window.next(9, 1).unwrap().1[0].seq, 2);
        assert!(window.next(9, 1).is_none());
        window.finish(&a, &first);
        assert_eq!(window.next(9, 1).unwrap().1[0].seq, 3);
    }

    #[test]
    fn what_waits_behind_work_can_be_put_aside_and_nothing_overtakes_it() {
        let (mut window, a, _) = filled();
        let (_, first) = window.next(9, 1).unwrap();
        let aside = window.clear(&a);
        assert_eq!(aside.iter().map(|event| event.seq).collect::<Vec<_>>(), [3]);
        assert!(window.works(&a));
        window.add(Arc::clone(&a), event(4));
        window.finish(&a, &first);
        assert_eq!(window.next(9, 1).unwrap().1[0].seq, 2);
        assert!(window.next(9, 1).is_none(), "3 is not kept yet");
        window.cleared(&a, &aside);
        assert_eq!(window.next(9, 1).unwrap().1[0].seq, 4);
        assert_eq!((window.open_count(), window.done_to()), (2, 1));
    }

    #[test]
    fn a_lane_that_failed_keeps_its_order_and_waits_while_others_go_on() {
        let (mut window, a, b) = filled();
        let (_, first) = window.next(9, 1).unwrap();
        assert_eq!(window.hold(&a, 0, first), 1);
        let (lane, second) = window.next(9, 9).unwrap();
        assert_eq!(lane, b);
        window.finish(&b, &second);
        assert!(window.next(9, 9).is_none());
        window.try_again(&a);
        let seqs: Vec<_> = window.next(9, 9).unwrap().1.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, [1, 3]);
        assert_eq!(window.done_to(), 0);
    }
}
