//! The last events of a shard in memory, so that a follower near the head reads no database.

use crate::store::{Seq, StoredEvent};
use kontor_messages::TenantId;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// A bounded window over a shard's newest events.
pub struct Tail {
    events_max: usize,
    bytes_max: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    events: VecDeque<Arc<StoredEvent>>,
    /// Of their JSON.
    bytes: usize,
    head: Seq,
}

impl Tail {
    /// An empty window of so many events and bytes of JSON at most, which begins after `head`.
    pub fn new(events_max: usize, bytes_max: usize, head: Seq) -> Self {
        let kept = Kept { events: VecDeque::new(), bytes: 0, head };
        Self { events_max, bytes_max, kept: Mutex::new(kept) }
    }

    /// Adds durable events, in order.
    pub fn push(&self, events: impl IntoIterator<Item = Arc<StoredEvent>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            if kept.head + 1 != event.seq {
                // Something landed that did not come by here; the window begins anew.
                kept.events.clear();
                kept.bytes = 0;
            }
            kept.head = event.seq;
            kept.bytes += bytes(&event);
            kept.events.push_back(event);
            while kept.events.len() > self.events_max || kept.bytes > self.bytes_max {
                let Some(oldest) = kept.events.pop_front() else { break };
                kept.bytes -= bytes(&oldest);
            }
        }
    }

    /// The events after `after`, or `None` if the window does not reach back so far.
    pub fn after(&self, after: Seq, limit: usize) -> Option<Vec<Arc<StoredEvent>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.head <= after {
            return Some(Vec::new());
        }
        let first = kept.events.front()?.seq;
        let skip = usize::try_from(after + 1 - first).ok()?;
        Some(kept.events.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Whether it is sure that no event after `after` and up to `last` is a tenant's.
    pub fn has_none(&self, tenant: &TenantId, after: Seq, last: Seq) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = kept.events.front().map(|event| event.seq) else {
            return kept.head <= after;
        };
        let skip = usize::try_from(after + 1 - first);
        let Ok(skip) = skip else { return false };
        let mut span = kept.events.iter().skip(skip).take_while(|event| event.seq <= last);
        span.all(|event| event.tenant != *tenant)
    }
}

fn bytes(event: &StoredEvent) -> usize {
    event.payload.len() + event.meta.len()
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

    fn seqs(events: Option<Vec<Arc<StoredEvent>>>) -> Option<Vec<Seq>> {
        events.map(|events| events.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn a_reader_near_the_head_is_served_and_one_far_behind_is_sent_to_the_database() {
        let tail = Tail::new(3, 1_000, 10);
        tail.push((11..=15).map(event));
        assert_eq!(seqs(tail.after(15, 9)), Some(vec![]));
        assert_eq!(seqs(tail.after(13, 9)), Some(vec![14, 15]));
        assert_eq!(seqs(tail.after(12, 2)), Some(vec![13, 14]));
        assert_eq!(seqs(tail.after(11, 9)), None);
    }

    #[test]
    fn it_is_no_larger_in_bytes_than_it_may_be_and_knows_where_it_begins() {
        // Each event here has four bytes.
        let tail = Tail::new(100, 10, 10);
        tail.push((11..=15).map(event));
        assert_eq!(seqs(tail.after(13, 9)), Some(vec![14, 15]));
        assert_eq!(seqs(tail.after(12, 9)), None);
        let large = StoredEvent { payload: "x".repeat(11).into(), ..(*event(16)).clone() };
        tail.push([Arc::new(large)]);
        assert_eq!(seqs(tail.after(16, 9)), Some(vec![]));
        assert_eq!(seqs(tail.after(15, 9)), None, "it is not kept");
        tail.push([event(17)]);
        assert_eq!(seqs(tail.after(16, 9)), Some(vec![17]));
    }

    #[test]
    fn it_says_that_there_is_nothing_only_where_it_reaches_and_sees_nothing() {
        let mut events: Vec<_> = (11..=15).map(event).collect();
        let theirs = TenantId::parse("other-books").unwrap();
        events[3] = Arc::new(StoredEvent { tenant: theirs.clone(), ..(*events[3]).clone() });
        let tail = Tail::new(3, 1_000, 10);
        assert!(tail.has_none(&theirs, 10, 20) && !tail.has_none(&theirs, 9, 20));
        tail.push(events);
        // Kept are 13, 14 (theirs) and 15.
        assert!(!tail.has_none(&theirs, 11, 13), "12 is not kept");
        assert!(tail.has_none(&theirs, 12, 13) && !tail.has_none(&theirs, 12, 14));
        assert!(tail.has_none(&theirs, 14, 20) && tail.has_none(&theirs, 15, 20));
        assert!(!tail.has_none(&crate::testing::tenant(), 14, 20));
    }

    #[test]
    fn an_empty_window_knows_that_nothing_came_after_its_head() {
        assert_eq!(seqs(Tail::new(3, 1_000, 10).after(10, 9)), Some(vec![]));
        assert_eq!(seqs(Tail::new(3, 1_000, 10).after(9, 9)), None);
    }
}
