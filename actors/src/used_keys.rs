//! Which request keys may have been used before: whoever brings one that surely was not need not ask
//! the database, and nearly all do.
//!
//! A Bloom filter: its "no" is certain, its "yes" is looked up. It knows all keys only once those of
//! earlier lives of the node were told to it; until then every key may have been used.

use crate::store::RequestName;
use fastbloom::BloomFilter;
use std::{
    collections::{VecDeque, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The share of new keys that is looked up in vain, in each part.
const IN_VAIN: f64 = 0.01;
/// Keys of the first part; each further one has room for as many as all before it.
const PART_MIN: usize = 1 << 16;
/// Keys at most, 40 MB: some 50 a second for a week. A node that sees more asks the database for each
/// again, until it is started anew.
const KEYS_MAX: usize = 1 << 25;
/// A key is kept by the database for so long after it was noted here, beyond the time for which it is
/// known: a command may wait a while before it is decided.
const MARGIN: Duration = Duration::from_secs(24 * 3600);

/// Keys that may have been used.
pub struct UsedKeys {
    parts: Mutex<Parts>,
}

struct Parts {
    parts: VecDeque<Part>,
    hasher: RandomState,
    keys_max: usize,
    known: Known,
}

/// How much is known of earlier lives.
#[derive(PartialEq)]
enum Known {
    /// They have not all been told yet.
    Some,
    /// A key that is in no part was not used.
    All,
    /// There are too many.
    TooMany,
}

/// Keys that were noted one after the other.
struct Part {
    filter: BloomFilter<RandomState>,
    keys: usize,
    room: usize,
    /// When the last one was noted.
    last: Instant,
}

impl Default for UsedKeys {
    fn default() -> Self {
        Self::with_room_for(KEYS_MAX)
    }
}

impl UsedKeys {
    fn with_room_for(keys_max: usize) -> Self {
        let (parts, hasher) = (VecDeque::new(), RandomState::new());
        let parts = Parts { parts, hasher, keys_max, known: Known::Some };
        Self { parts: Mutex::new(parts) }
    }

    /// Whether a key was surely not used before. From now on it was.
    pub fn is_new(&self, name: &RequestName) -> bool {
        self.with(|parts| {
            let key = parts.hasher.hash_one(name);
            let new = parts.known == Known::All && !parts.may_have(key);
            parts.note(key);
            new
        })
    }

    /// Keys that the database has. False if there are too many to be kept.
    pub fn learn(&self, names: &[RequestName]) -> bool {
        self.with(|parts| {
            for name in names {
                let key = parts.hasher.hash_one(name);
                parts.note(key);
            }
            parts.known != Known::TooMany
        })
    }

    /// All that were there before were told.
    pub fn knows_all(&self) {
        self.with(|parts| {
            if parts.known == Known::Some {
                parts.known = Known::All;
            }
        });
    }

    /// Lets go of what the database does not know any more, where it forgets keys that are as old as
    /// `kept`.
    pub fn forget(&self, kept: Duration) {
        self.with(|parts| {
            let is_old = |part: &mut Part| kept + MARGIN < part.last.elapsed();
            while parts.parts.pop_front_if(is_old).is_some() {}
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Parts) -> T) -> T {
        act(&mut self.parts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Parts {
    fn may_have(&self, key: u64) -> bool {
        self.parts.iter().rev().any(|part| part.filter.contains_hash(key))
    }

    fn note(&mut self, key: u64) {
        if self.known == Known::TooMany {
            return;
        }
        if self.parts.back().is_none_or(|part| part.keys == part.room) && !self.grow() {
            return;
        }
        let Some(part) = self.parts.back_mut() else { return };
        part.keys += usize::from(!part.filter.insert_hash(key));
        part.last = Instant::now();
    }

    /// Room for more; false if there are too many already.
    fn grow(&mut self) -> bool {
        let all: usize = self.parts.iter().map(|part| part.room).sum();
        let room = all.max(PART_MIN);
        if self.keys_max < all + room {
            tracing::warn!(
                keys = all,
                "more request keys than are kept in memory: all are looked up"
            );
            self.parts.clear();
            self.known = Known::TooMany;
            return false;
        }
        let filter = BloomFilter::with_false_pos(IN_VAIN).hasher(self.hasher.clone());
        let filter = filter.expected_items(room);
        self.parts.push_back(Part { filter, keys: 0, room, last: Instant::now() });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> RequestName {
        let (tenant, domain) = ("one".parse().unwrap(), "order".into());
        RequestName { tenant, domain, key: format!("key-{number}") }
    }

    fn names(numbers: std::ops::Range<usize>) -> Vec<RequestName> {
        numbers.map(name).collect()
    }

    #[test]
    fn until_all_keys_were_told_none_is_surely_new() {
        let used = UsedKeys::default();
        used.learn(&names(0..10));
        assert!(!used.is_new(&name(10)));
        used.knows_all();
        assert!(!used.is_new(&name(10)));
        assert!(used.is_new(&name(11)));
        assert!(!used.is_new(&name(11)));
    }

    #[test]
    fn whatever_was_told_may_have_been_used_and_little_else() {
        let used = UsedKeys::default();
        let told = names(0..3 * PART_MIN);
        used.learn(&told);
        used.knows_all();
        assert!(told.iter().all(|name| !used.is_new(name)));
        let others = names(4 * PART_MIN..4 * PART_MIN + 10_000);
        let in_vain = others.iter().filter(|name| !used.is_new(name)).count();
        assert!(in_vain < 600, "{in_vain}");
    }

    #[test]
    fn a_key_that_comes_again_and_again_takes_no_more_room() {
        let used = UsedKeys::with_room_for(PART_MIN);
        used.knows_all();
        let new = (0..3 * PART_MIN).filter(|_| used.is_new(&name(1)));
        assert_eq!(new.count(), 1);
        assert!(used.with(|parts| parts.known == Known::All));
    }

    #[test]
    fn there_is_room_for_as_many_as_is_said() {
        let (used, mut rooms) = (UsedKeys::default(), 0);
        used.with(|parts| {
            while rooms < KEYS_MAX && parts.grow() {
                rooms = parts.parts.iter().map(|part| part.room).sum();
            }
        });
        assert_eq!(rooms, KEYS_MAX);
    }

    #[test]
    fn the_same_key_of_another_tenant_or_domain_is_another() {
        let used = UsedKeys::default();
        used.knows_all();
        let mine = name(1);
        assert!(used.is_new(&mine));
        assert!(used.is_new(&RequestName { tenant: "two".parse().unwrap(), ..mine.clone() }));
        assert!(used.is_new(&RequestName { domain: "stock".into(), ..mine.clone() }));
        assert!(!used.is_new(&mine));
    }

    #[test]
    fn where_there_are_too_many_none_is_surely_new() {
        let used = UsedKeys::with_room_for(PART_MIN);
        assert!(used.learn(&names(0..PART_MIN / 2)));
        used.knows_all();
        assert!(!used.learn(&names(PART_MIN / 2..2 * PART_MIN)));
        assert!(names(2 * PART_MIN..3 * PART_MIN).iter().all(|name| !used.is_new(name)));
        assert!(used.with(|parts| parts.parts.is_empty()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_is_let_go_a_day_after_the_database_forgot_its_last_key() {
        let used = UsedKeys::default();
        used.knows_all();
        used.is_new(&name(1));
        let week = Duration::from_secs(7 * 24 * 3600);
        tokio::time::advance(week + MARGIN).await;
        used.forget(week);
        assert!(!used.is_new(&name(1)));
        tokio::time::advance(week + MARGIN + Duration::from_secs(1)).await;
        used.forget(week);
        assert!(used.is_new(&name(1)));
    }
}
