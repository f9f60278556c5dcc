//! One transaction of a writer: made ready, tried until it is known what became of it, while the
//! next one is made ready on top of it.

use super::{
    batch::build,
    entry::Entry,
    writer::{CURSOR_RIDES, TOGETHER_MIN, Writer},
};
use crate::store::{Batch, CommitError, Found, Lookup, Prepared, Seq, Store, StoreFault};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    task::{JoinError, JoinSet},
    time::Instant,
};

/// How long callers wait for a database that went away under their transaction.
const DOUBT_MAX: Duration = Duration::from_secs(20);
/// How often a transaction is tried while the database answers other questions.
const ATTEMPTS_MAX: u32 = 4;
/// The pause before a database is asked again.
pub(super) const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Entries whose transaction is ready to be written.
pub(super) struct Ready {
    pub entries: Vec<Entry>,
    pub batch: Arc<Batch>,
    pub prepared: Arc<Prepared>,
    /// The next sequences, once it is written.
    pub moved: HashMap<u32, Seq>,
}

impl Writer {
    /// Does what can be done before a transaction begins. `moved` are the next sequences of shards
    /// that the one under way moves on.
    pub(super) async fn make_ready(
        &mut self,
        entries: Vec<Entry>,
        moved: &HashMap<u32, Seq>,
    ) -> Result<Ready, (Vec<Entry>, CommitError)> {
        let next = |shard: u32| moved.get(&shard).or_else(|| self.next.get(&shard)).copied();
        let (mut batch, moved) = match build(&entries, next) {
            Ok(built) => built,
            Err(reason) => return Err((entries, CommitError::Rejected(reason))),
        };
        if self.cursors_since.is_some_and(|since| CURSOR_RIDES <= since.elapsed()) {
            batch.cursors = self.take_cursors();
        }
        let batch = Arc::new(batch);
        match self.store.prepare(Arc::clone(&batch)).await {
            Ok(prepared) => Ok(Ready { entries, batch, prepared: Arc::new(prepared), moved }),
            Err(error) => {
                self.put_back(&batch.cursors);
                Err((entries, error))
            }
        }
    }

    /// One transaction.
    pub(super) async fn commit(
        &mut self,
        ready: &mut Ready,
        last: bool,
    ) -> Result<(), CommitError> {
        self.together = ready.entries.len();
        let begun = Instant::now();
        let result = self.settle(ready, last).await;
        metrics::histogram!("kontor_journal_commit_seconds").record(begun.elapsed());
        metrics::histogram!("kontor_journal_commit_rows")
            .record((ready.batch.events.len() + ready.batch.states.len()) as u32);
        match result {
            Ok(()) => self.next.extend(ready.moved.drain()),
            Err(_) => self.put_back(&ready.batch.cursors),
        }
        result
    }

    /// Has a batch written, and does not leave it before it is known what became of it. Trying
    /// again is harmless: if an earlier attempt landed, its sequence numbers are taken, by us.
    async fn settle(&mut self, ready: &mut Ready, last: bool) -> Result<(), CommitError> {
        let since = Instant::now();
        for attempt in 1.. {
            let error = match self.attempt(ready, last).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.fall_back();
            // Nothing of ours can have landed before the first attempt.
            if attempt == 1 && matches!(error, CommitError::Rejected(_)) {
                return Err(error);
            }
            if self.has_landed(&ready.batch, &mut ready.entries, since).await? {
                return Ok(());
            }
            match error {
                CommitError::Unavailable(reason) if attempt < ATTEMPTS_MAX => {
                    tracing::warn!(reason, attempt, "a commit failed; it is tried again");
                }
                error => return Err(error),
            }
            tokio::time::sleep(ASK_AGAIN * (1 << attempt)).await;
        }
        Ok(())
    }

    /// Has a batch written; meanwhile the next one is made ready, once so many wait that they need
    /// not wait for more. It takes a core at the same time as the database does.
    async fn attempt(&mut self, ready: &Ready, last: bool) -> Result<(), CommitError> {
        let (store, prepared) = (Arc::clone(&self.store), Arc::clone(&ready.prepared));
        let mut committing = JoinSet::new();
        committing.spawn(async move { store.commit_prepared(&prepared).await });
        let together = ready.entries.len();
        if last && self.ahead.is_none() && TOGETHER_MIN <= together {
            tokio::select! {
                biased;
                done = committing.join_next() => return told(done),
                () = self.fill((together / 2).max(TOGETHER_MIN)) => self.go_ahead(&ready.moved).await,
            }
        }
        told(committing.join_next().await)
    }

    /// Takes over what is handed in, until so many wait.
    async fn fill(&mut self, enough: usize) {
        while self.waiting.len() < enough {
            match self.orders.recv().await {
                Some(order) => self.take(order),
                None => std::future::pending().await,
            }
        }
    }

    /// Makes the next batch ready on top of the one that moves sequences on.
    async fn go_ahead(&mut self, moved: &HashMap<u32, Seq>) {
        let entries = self.next_batch();
        if !entries.iter().any(Entry::has_rows) {
            self.wait_again(entries);
            return;
        }
        match self.make_ready(entries, moved).await {
            Ok(ready) => self.ahead = Some(ready),
            // When its turn comes it is found out what is wrong with it.
            Err((entries, _)) => self.wait_again(entries),
        }
    }

    /// What stood on a transaction that failed is no longer ready.
    fn fall_back(&mut self) {
        if let Some(ready) = self.ahead.take() {
            self.put_back(&ready.batch.cursors);
            self.wait_again(ready.entries);
        }
    }

    fn wait_again(&mut self, entries: Vec<Entry>) {
        entries.into_iter().rev().for_each(|entry| self.waiting.push_front(entry));
    }

    /// Asks the database whether it has kept a batch, until it answers. `Err` only when the node
    /// stops meanwhile.
    async fn has_landed(
        &mut self,
        batch: &Batch,
        entries: &mut [Entry],
        since: Instant,
    ) -> Result<bool, CommitError> {
        loop {
            let fault = match landed(&*self.store, batch).await {
                Ok(landed) => return Ok(landed),
                Err(fault) => fault,
            };
            if DOUBT_MAX <= since.elapsed() {
                self.turn_away(entries, &fault);
                if self.orders.is_closed() {
                    return Err(CommitError::Unavailable(fault.to_string()));
                }
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

/// What became of a commit.
fn told(done: Option<Result<Result<(), CommitError>, JoinError>>) -> Result<(), CommitError> {
    let lost = || CommitError::Unavailable("the commit broke off".into());
    done.and_then(Result::ok).unwrap_or_else(|| Err(lost()))
}

/// Whether a batch is in the database: its last event by its identity, or its last request.
async fn landed(store: &dyn Store, batch: &Batch) -> Result<bool, StoreFault> {
    if let Some(last) = batch.events.last() {
        let found = store.read(last.shard, last.seq - 1, 1).await?;
        return Ok(found.first().is_some_and(|event| event.seq == last.seq && event.id == last.id));
    }
    let Some(last) = batch.requests.last() else { return Ok(false) };
    let wanted = Lookup::Request {
        tenant: last.tenant.clone(),
        domain: Arc::clone(&last.domain),
        key: last.key.clone(),
    };
    let found = store.fetch(&[wanted]).await?;
    Ok(matches!(found.first(), Some(Found::Request(Some(row))) if row == last))
}
