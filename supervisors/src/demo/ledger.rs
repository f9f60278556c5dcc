//! What the shoppers and the packers were told: the yardstick of the proof. Whatever the node
//! acknowledged stands here, so nothing that it forgets or doubles stays unseen.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Latencies that are remembered; older ones make room.
const LATENCIES_MAX: usize = 100_000;

/// An acknowledged order.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Of which shop.
    pub(super) shop: usize,
    pub(super) number: String,
    pub(super) total_minor: i64,
    /// The buyer's address, which no other order has.
    pub(super) email: String,
    /// The provider's page took the money.
    pub(super) paid: bool,
    /// The cancellation was acknowledged.
    pub(super) cancelled: bool,
    /// The parcel was acknowledged.
    pub(super) shipped: bool,
    /// Its arrival was acknowledged.
    pub(super) delivered: bool,
}

/// What was told. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    orders: Mutex<HashMap<String, Told>>,
    latencies: Mutex<Latencies>,
    /// Answers that say no, by code.
    refusals: Mutex<BTreeMap<String, u64>>,
    /// Requests that nobody answered, or that were answered in an impossible way.
    surprises: Mutex<Vec<String>>,
    /// Keys under which two orders were acknowledged.
    doubled: Mutex<Vec<String>>,
    counts: Counts,
}

/// How often things happened.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) placed: AtomicU64,
    pub(super) paid: AtomicU64,
    pub(super) cancelled: AtomicU64,
    /// Requests that were sent twice on purpose.
    pub(super) twice: AtomicU64,
    /// Requests that were repeated because the node was busy or did not answer.
    pub(super) repeats: AtomicU64,
    pub(super) flash_won: AtomicU64,
    pub(super) flash_refused: AtomicU64,
}

/// How long POSTs of orders took, in microseconds.
#[derive(Default)]
struct Latencies {
    micros: Vec<u32>,
    next: usize,
}

impl Ledger {
    pub(super) fn counts(&self) -> &Counts {
        &self.inner.counts
    }

    /// An order was acknowledged. The same one again is no news.
    pub(super) fn placed(&self, order: &str, told: Told) {
        if lock(&self.inner.orders).insert(order.to_owned(), told).is_none() {
            count(&self.inner.counts.placed);
        }
    }

    /// Something else about an order was acknowledged.
    pub(super) fn note(&self, order: &str, change: impl FnOnce(&mut Told)) {
        if let Some(told) = lock(&self.inner.orders).get_mut(order) {
            change(told);
        }
    }

    pub(super) fn took(&self, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        let mut known = lock(&self.inner.latencies);
        if known.micros.len() < LATENCIES_MAX {
            known.micros.push(micros);
        } else {
            let next = known.next;
            known.micros[next] = micros;
            known.next = (next + 1) % LATENCIES_MAX;
        }
    }

    pub(super) fn refused(&self, code: String) {
        *lock(&self.inner.refusals).entry(code).or_default() += 1;
    }

    pub(super) fn surprise(&self, what: String) {
        tracing::warn!(what, "the demo met something that it did not expect");
        lock(&self.inner.surprises).push(what);
    }

    pub(super) fn doubled(&self, key: &str) {
        lock(&self.inner.doubled).push(key.to_owned());
    }

    pub(super) fn orders(&self) -> HashMap<String, Told> {
        lock(&self.inner.orders).clone()
    }

    pub(super) fn refusals(&self) -> BTreeMap<String, u64> {
        lock(&self.inner.refusals).clone()
    }

    pub(super) fn surprises(&self) -> Vec<String> {
        lock(&self.inner.surprises).clone()
    }

    pub(super) fn doubles(&self) -> Vec<String> {
        lock(&self.inner.doubled).clone()
    }

    /// The latency that so many of a thousand orders did not exceed, in microseconds.
    pub(super) fn latency(&self, per_mille: usize) -> u32 {
        let mut micros = lock(&self.inner.latencies).micros.clone();
        if micros.is_empty() {
            return 0;
        }
        let at = (micros.len() * per_mille / 1000).min(micros.len() - 1);
        *micros.select_nth_unstable(at).1
    }
}

/// Once more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// How often.
pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
