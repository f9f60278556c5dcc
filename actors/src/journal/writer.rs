//! One writer: takes what waits, writes it in one transaction, tells everybody, begins again.
//!
//! It serves many shards and is the only one to give out their sequence numbers. What fails is
//! narrowed down to the entry at fault; what stood on it fails with it; the rest is written. While
//! a transaction is under way and many wait, the next one is made ready on top of it.

use super::{
    JournalSettings, Shard,
    entry::{CommitFault, Entry},
    transaction::{ASK_AGAIN, Ready},
};
use crate::store::{Batch, CommitError, CursorRow, Seq, Store, StoreFault, StoredEvent};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// How long a cursor may wait for a transaction to ride in before it gets one of its own.
const CURSOR_WAIT: Duration = Duration::from_millis(200);
/// From when on it rides in one that is written anyway: a row for every follower in every transaction
/// would cost more than it saves, for without it only a little is done again after a crash.
pub(super) const CURSOR_RIDES: Duration = Duration::from_millis(100);
/// A transaction costs about as much for a few entries as for many. While so many come together, the
/// next one waits a moment for as many again: a busy node then answers sooner, for it does less, and
/// whoever is alone waits for nobody.
pub(super) const TOGETHER_MIN: usize = 8;
const TOGETHER_WAIT: Duration = Duration::from_millis(1);
/// Bulk work is written with what others hand in, while there are others: they would have to wait for a
/// transaction of its own. It waits for them so long,
const BULK_WAIT: Duration = Duration::from_millis(25);
/// if there were any in the last while.
const OTHERS_FOR: Duration = Duration::from_millis(250);
/// Entries taken over from the queue, at most; the others wait there, where they are counted.
const TAKEN_MAX: usize = 8192;

/// What a writer is asked to do.
pub(super) enum Order {
    Write(Box<Entry>),
    Advance(CursorRow),
    Flush(oneshot::Sender<()>),
}

/// What one round writes.
enum Part {
    Entries(Vec<Entry>),
    Ready(Ready),
}

pub(super) struct Writer {
    pub(super) store: Arc<dyn Store>,
    shards: Arc<[Shard]>,
    settings: JournalSettings,
    stop: watch::Sender<Option<String>>,
    pub(super) orders: mpsc::Receiver<Order>,
    inbox: Vec<Order>,
    pub(super) next: HashMap<u32, Seq>,
    pub(super) waiting: VecDeque<Entry>,
    /// What was made ready on top of the transaction that is under way.
    pub(super) ahead: Option<Ready>,
    /// How many entries were taken over, ever.
    taken: u64,
    /// How many the last transaction had.
    pub(super) together: usize,
    /// When somebody handed in something that was no bulk work.
    others_at: Option<Instant>,
    cursors: HashMap<(u32, Arc<str>), Seq>,
    /// Since when a cursor waits for a transaction.
    pub(super) cursors_since: Option<Instant>,
    /// Who waits until so many entries are settled.
    flushes: VecDeque<(u64, oneshot::Sender<()>)>,
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn Store>,
        shards: Arc<[Shard]>,
        heads: &[Seq],
        settings: JournalSettings,
        stop: watch::Sender<Option<String>>,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let next = heads.iter().enumerate().map(|(shard, head)| (shard as u32, head + 1)).collect();
        Self {
            store,
            shards,
            settings,
            stop,
            orders,
            inbox: Vec::new(),
            next,
            waiting: VecDeque::new(),
            ahead: None,
            taken: 0,
            together: 0,
            others_at: None,
            cursors: HashMap::new(),
            cursors_since: None,
            flushes: VecDeque::new(),
        }
    }

    /// Works until nobody can hand in any more and all is written.
    pub(super) async fn run(mut self) {
        loop {
            self.linger().await;
            let open = self.gather().await;
            self.ride().await;
            let part = match self.ahead.take() {
                Some(ready) => Part::Ready(ready),
                None => Part::Entries(self.next_batch()),
            };
            self.write(part).await;
            let ahead = self.ahead.as_ref().map_or(0, |ready| ready.entries.len());
            let settled = self.taken - (self.waiting.len() + ahead) as u64;
            let flush = self.flushes.front().is_some_and(|(mark, _)| *mark <= settled);
            let waited = |since: Instant| CURSOR_WAIT <= since.elapsed();
            if flush || !open || self.cursors_since.is_some_and(waited) {
                self.keep_cursors().await;
            }
            while let Some((_, done)) = self.flushes.pop_front_if(|(mark, _)| *mark <= settled) {
                let _ = done.send(());
            }
            if !open && self.waiting.is_empty() && self.ahead.is_none() {
                return;
            }
        }
    }

    /// Lets others come, if they came together before and nobody waits for a flush.
    async fn linger(&mut self) {
        let here = self.waiting.len() + self.orders.len();
        let few = here < self.together / 2 && self.ahead.is_none();
        if TOGETHER_MIN <= self.together && few && self.flushes.is_empty() {
            tokio::time::sleep(TOGETHER_WAIT).await;
        }
    }

    /// Takes over what has been handed in; waits for it if there is nothing else to do. False
    /// once nobody can hand in any more.
    async fn gather(&mut self) -> bool {
        if !self.waiting.is_empty() || self.ahead.is_some() {
            while self.waiting.len() < TAKEN_MAX
                && let Ok(order) = self.orders.try_recv()
            {
                self.take(order);
            }
            return true;
        }
        let patience = self.cursors_since.map(|since| CURSOR_WAIT.saturating_sub(since.elapsed()));
        let mut inbox = std::mem::take(&mut self.inbox);
        let received = self.orders.recv_many(&mut inbox, 1024);
        let open = match patience {
            None => received.await > 0,
            Some(patience) => {
                tokio::time::timeout(patience, received).await.map_or(true, |received| received > 0)
            }
        };
        inbox.drain(..).for_each(|order| self.take(order));
        self.inbox = inbox;
        open
    }

    /// Has bulk work wait for others to be written with, if it is alone and there are others.
    async fn ride(&mut self) {
        let begun = Instant::now();
        let beside = |at: Instant| at.elapsed() < OTHERS_FOR;
        while self.waiting.len() < TAKEN_MAX
            && self.is_bulk_alone()
            && self.others_at.is_some_and(beside)
        {
            let left = BULK_WAIT.saturating_sub(begun.elapsed());
            // A timeout of nothing still takes what is ready: bulk work that keeps coming would wait on.
            if left.is_zero() {
                return;
            }
            match tokio::time::timeout(left, self.orders.recv()).await {
                Ok(Some(order)) => self.take(order),
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn is_bulk_alone(&self) -> bool {
        let alone = self.ahead.is_none() && self.flushes.is_empty() && !self.waiting.is_empty();
        alone && self.waiting.iter().all(|entry| entry.bulk)
    }

    pub(super) fn take(&mut self, order: Order) {
        match order {
            Order::Write(entry) => {
                self.taken += 1;
                if !entry.bulk && entry.has_rows() {
                    self.others_at = Some(Instant::now());
                }
                self.waiting.push_back(*entry);
            }
            Order::Flush(done) => self.flushes.push_back((self.taken, done)),
            Order::Advance(cursor) => {
                let seq = self.cursors.entry((cursor.shard, cursor.follower)).or_insert(0);
                *seq = cursor.seq.max(*seq);
                self.cursors_since.get_or_insert_with(Instant::now);
            }
        }
    }

    /// The next entries up to the limits, without those whose ground has gone. One entry that is
    /// larger than the limits goes alone.
    pub(super) fn next_batch(&mut self) -> Vec<Entry> {
        let (mut rows, mut bytes) = (0, 0);
        let mut entries = Vec::new();
        while let Some(entry) = self.waiting.front() {
            rows += entry.rows();
            bytes += entry.bytes();
            let full = rows > self.settings.batch_rows_max || bytes > self.settings.batch_bytes_max;
            if full && !entries.is_empty() {
                break;
            }
            let Some(entry) = self.waiting.pop_front() else { break };
            match self.admit(entry) {
                Some(entry) => entries.push(entry),
                None if entries.is_empty() => (rows, bytes) = (0, 0),
                None => {}
            }
        }
        entries
    }

    fn admit(&self, entry: Entry) -> Option<Entry> {
        if self.is_lost(entry.shard) {
            entry.fail(CommitFault::Fenced);
            return None;
        }
        if entry.is_orphan() {
            entry.fail(CommitFault::unavailable("what it stood on was not written"));
            return None;
        }
        Some(entry)
    }

    /// Writes entries in order, narrowing a failure down by halves.
    async fn write(&mut self, part: Part) {
        let mut parts = vec![part];
        while let Some(part) = parts.pop() {
            let mut ready = match part {
                Part::Ready(ready) => ready,
                Part::Entries(entries) => {
                    let entries = entries.into_iter().filter_map(|entry| self.admit(entry));
                    let entries: Vec<_> = entries.collect();
                    if !entries.iter().any(Entry::has_rows) {
                        entries.into_iter().for_each(Entry::succeed);
                        continue;
                    }
                    match self.make_ready(entries, &HashMap::new()).await {
                        Ok(ready) => ready,
                        Err((entries, error)) => {
                            self.refuse(entries, error, &mut parts);
                            continue;
                        }
                    }
                }
            };
            // What else there is of this round comes before anything new.
            let last = parts.is_empty();
            match self.commit(&mut ready, last).await {
                Ok(()) => self.succeed(ready),
                Err(error) => self.refuse(ready.entries, error, &mut parts),
            }
        }
    }

    /// Entries that were not written: they are told, or tried again in smaller parts.
    fn refuse(&mut self, mut entries: Vec<Entry>, error: CommitError, parts: &mut Vec<Part>) {
        match error {
            CommitError::Rejected(reason) if entries.len() == 1 => {
                tracing::error!(reason, "the database refused an entry");
                metrics::counter!("kontor_journal_rejected_total").increment(1);
                let fault = CommitFault::Rejected(reason);
                entries.into_iter().for_each(|entry| entry.fail(fault.clone()));
            }
            CommitError::Rejected(_) => {
                let rest = entries.split_off(entries.len() / 2);
                parts.extend([Part::Entries(rest), Part::Entries(entries)]);
            }
            CommitError::Fenced(shard) => {
                self.step_down(shard);
                parts.push(Part::Entries(entries));
            }
            CommitError::Unavailable(reason) => self.fail(entries, &reason),
        }
    }

    /// None of these was written. What only waits for others goes on if those were no part of it.
    fn fail(&mut self, entries: Vec<Entry>, reason: &str) {
        tracing::warn!(reason, entries = entries.len(), "a commit failed");
        metrics::counter!("kontor_journal_failed_commits_total").increment(1);
        for entry in entries {
            if entry.has_rows() {
                entry.fail(CommitFault::unavailable(reason));
            } else if let Some(entry) = self.admit(entry) {
                entry.succeed();
            }
        }
    }

    /// The database has been away for long: nobody waits for it any more. Whether `entries` were
    /// written is found out all the same, before anything else is.
    pub(super) fn turn_away(&mut self, entries: &mut [Entry], fault: &StoreFault) {
        let fault = CommitFault::unavailable(fault.to_string());
        entries.iter_mut().for_each(|entry| entry.give_up(&fault));
        while let Ok(order) = self.orders.try_recv() {
            self.take(order);
        }
        self.waiting.drain(..).for_each(|entry| entry.fail(fault.clone()));
        for (_, done) in self.flushes.drain(..) {
            let _ = done.send(());
        }
    }

    fn succeed(&mut self, ready: Ready) {
        let Ready { entries, batch, prepared, .. } = ready;
        drop(prepared);
        let events = match Arc::try_unwrap(batch) {
            Ok(batch) => batch.events,
            Err(shared) => shared.events.clone(),
        };
        let mut by_shard: HashMap<u32, Vec<Arc<StoredEvent>>> = HashMap::new();
        for event in events {
            by_shard.entry(event.shard).or_default().push(Arc::new(event));
        }
        for (shard, events) in by_shard {
            let Some(kept) = self.shards.get(shard as usize) else { continue };
            kept.written.increment(events.len() as u64);
            let head = events.last().map_or(0, |event| event.seq);
            kept.tail.push(events);
            kept.head.send_replace(head);
        }
        entries.into_iter().for_each(Entry::succeed);
    }

    /// Somebody else has used our sequence: the shard is another node's now.
    fn step_down(&mut self, shard: u32) {
        if let Some(kept) = self.shards.get(shard as usize) {
            kept.lost.store(true, Ordering::Release);
        }
        tracing::error!(shard, "another process writes this shard; this one steps down");
        self.stop
            .send_replace(Some(format!("another process writes shard {shard} of this database")));
    }

    /// Keeps cursors that found no transaction to ride in.
    async fn keep_cursors(&mut self) {
        let cursors = self.take_cursors();
        if cursors.is_empty() {
            return;
        }
        let batch = Arc::new(Batch { cursors, ..Batch::default() });
        if let Err(error) = self.store.commit(Arc::clone(&batch)).await {
            tracing::warn!(%error, "cursors were not kept");
            self.put_back(&batch.cursors);
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    pub(super) fn take_cursors(&mut self) -> Vec<CursorRow> {
        self.cursors_since = None;
        let cursors = self.cursors.drain();
        cursors.map(|((shard, follower), seq)| CursorRow { shard, follower, seq }).collect()
    }

    pub(super) fn put_back(&mut self, cursors: &[CursorRow]) {
        cursors.iter().for_each(|cursor| self.take(Order::Advance(cursor.clone())));
    }

    fn is_lost(&self, shard: u32) -> bool {
        self.shards.get(shard as usize).is_none_or(|kept| kept.lost.load(Ordering::Acquire))
    }
}
