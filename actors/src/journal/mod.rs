//! The journal: gives out sequence numbers and writes what was decided, many at once.
//!
//! Domain actors hand in entries and go on; a node has few writers, each serving many shards, and
//! each with one transaction under way that takes whatever was waiting (group commit), and perhaps
//! the next one ready. Nobody is told yes before the transaction is durable, nobody decides here.

mod batch;
mod entry;
mod tail;
mod transaction;
mod writer;

pub use entry::{CommitFault, Entry, EntryEvent, EntryState, Incarnation, Snapshot};
pub use tail::Tail;

use crate::store::{CursorRow, Seq, Store, StoreFault, StoredEvent};
use kontor_messages::TenantId;
use serde::Deserialize;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use writer::Order;

/// How much the writers take at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSettings {
    /// How many writers, and so how many transactions at once.
    pub writers: u32,
    /// Journal and state rows in one transaction, at most.
    pub batch_rows_max: usize,
    /// Bytes of JSON in one transaction, at most.
    pub batch_bytes_max: usize,
    /// Entries that may wait for one writer; admission keeps it far below.
    pub waiting_max: usize,
    /// Events of a shard kept in memory for followers that are near the head.
    pub tail_events_max: usize,
    /// Bytes of their JSON, at most.
    pub tail_bytes_max: usize,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            writers: 1,
            batch_rows_max: 1000,
            batch_bytes_max: 2 << 20,
            waiting_max: 65_536,
            tail_events_max: 2048,
            tail_bytes_max: 4 << 20,
        }
    }
}

/// The way into the journal. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    writers: Arc<[mpsc::Sender<Order>]>,
    shards: Arc<[Shard]>,
    store: Arc<dyn Store>,
    stopped: watch::Receiver<Option<String>>,
}

/// One shard as its readers see it.
pub(crate) struct Shard {
    pub(crate) head: watch::Sender<Seq>,
    pub(crate) tail: Tail,
    pub(crate) lost: AtomicBool,
    /// Counts what was written to it.
    pub(crate) written: metrics::Counter,
}

impl Journal {
    /// Opens the journal of `shards` shards and starts its writers. They end when the last
    /// `Journal` is dropped, with everything written that was handed in.
    pub async fn open(
        store: Arc<dyn Store>,
        shards: u32,
        settings: JournalSettings,
    ) -> Result<Self, StoreFault> {
        let heads = store.heads(shards).await?;
        let shards: Arc<[Shard]> = heads
            .iter()
            .enumerate()
            .map(|(shard, head)| Shard {
                head: watch::Sender::new(*head),
                tail: Tail::new(settings.tail_events_max, settings.tail_bytes_max, *head),
                lost: AtomicBool::new(false),
                written: metrics::counter!("kontor_journal_events_total", "shard" => shard.to_string()),
            })
            .collect();
        let (stop, stopped) = watch::channel(None);
        let writers = (0..settings.writers.max(1))
            .map(|_| {
                let (orders, waiting) = mpsc::channel(settings.waiting_max);
                let writer = writer::Writer::new(
                    Arc::clone(&store),
                    Arc::clone(&shards),
                    &heads,
                    settings.clone(),
                    stop.clone(),
                    waiting,
                );
                watch_over(tokio::spawn(writer.run()), stop.clone());
                orders
            })
            .collect();
        Ok(Self { writers, shards, store, stopped })
    }

    /// Hands an entry in. It is written in the order of handing in; its `done` is called when it
    /// is durable or has failed. A journal that cannot take it fails the entry at once.
    pub fn append(&self, entry: Entry) {
        let Some(writer) = self.writer(entry.shard) else {
            return entry.fail(CommitFault::unavailable("the shard is not kept here"));
        };
        if let Err(refused) = writer.try_send(Order::Write(Box::new(entry)))
            && let Order::Write(entry) = refused.into_inner()
        {
            entry.fail(CommitFault::unavailable("too much waits to be written"));
        }
    }

    /// Moves a follower's cursor: with the next transaction, or on its own after a moment.
    pub fn advance(&self, cursor: CursorRow) {
        if let Some(writer) = self.writer(cursor.shard) {
            // A cursor that is not kept only means that a little is done again.
            let _ = writer.try_send(Order::Advance(cursor));
        }
    }

    /// Waits until all that was handed in before for this shard is durable or has failed, and
    /// pending cursors are kept.
    pub async fn flush(&self, shard: u32) {
        let (done, flushed) = tokio::sync::oneshot::channel();
        if let Some(writer) = self.writer(shard)
            && writer.send(Order::Flush(done)).await.is_ok()
        {
            let _ = flushed.await;
        }
    }

    /// Flushes every writer.
    pub async fn flush_all(&self) {
        for shard in 0..self.writers.len() as u32 {
            self.flush(shard).await;
        }
    }

    /// How many shards there are.
    pub fn shards(&self) -> u32 {
        self.shards.len() as u32
    }

    /// How many entries wait for the writers now.
    pub fn waiting(&self) -> usize {
        self.writers.iter().map(|writer| writer.max_capacity() - writer.capacity()).sum()
    }

    /// The last durable sequence of a shard; changes as commits land.
    pub fn head(&self, shard: u32) -> watch::Receiver<Seq> {
        match self.shards.get(shard as usize) {
            Some(shard) => shard.head.subscribe(),
            None => watch::Sender::new(0).subscribe(),
        }
    }

    /// Durable events of a shard after `after`, in order: from memory near the head, else from
    /// the database.
    pub async fn read(
        &self,
        shard: u32,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Arc<StoredEvent>>, StoreFault> {
        let Some(kept) = self.shards.get(shard as usize) else { return Ok(Vec::new()) };
        if let Some(events) = kept.tail.after(after, limit) {
            return Ok(events);
        }
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let events = self.store.read(shard, after, limit).await?;
        Ok(events.into_iter().map(Arc::new).collect())
    }

    /// A tenant's own durable events among the `rows` rows of its shard after `after`, in order.
    /// Memory says only that there are none; what is told comes from the database, which sees to it
    /// that nobody is told of another's.
    pub async fn read_tenant(
        &self,
        tenant: &TenantId,
        after: Seq,
        rows: u32,
    ) -> Result<Vec<StoredEvent>, StoreFault> {
        let shard = tenant.shard(self.shards());
        let kept = self.shards.get(shard as usize);
        let last = after.saturating_add(rows.into());
        if kept.is_some_and(|kept| kept.tail.has_none(tenant, after, last)) {
            return Ok(Vec::new());
        }
        self.store.read_tenant(tenant, shard, after, rows).await
    }

    /// Says why this node must stop writing, once another one owns its shards.
    pub fn stopped(&self) -> watch::Receiver<Option<String>> {
        self.stopped.clone()
    }

    /// Whether this node still writes a shard, as far as it knows.
    pub fn owns(&self, shard: u32) -> bool {
        self.shards.get(shard as usize).is_some_and(|kept| !kept.lost.load(Ordering::Acquire))
    }

    fn writer(&self, shard: u32) -> Option<&mpsc::Sender<Order>> {
        self.writers.get(shard as usize % self.writers.len().max(1))
    }
}

/// A writer that dies by a bug takes the node with it: nothing could be kept any more.
fn watch_over(writer: JoinHandle<()>, stop: watch::Sender<Option<String>>) {
    tokio::spawn(async move {
        if let Err(died) = writer.await
            && died.is_panic()
        {
            tracing::error!("a journal writer died");
            stop.send_replace(Some("a journal writer died".into()));
        }
    });
}
