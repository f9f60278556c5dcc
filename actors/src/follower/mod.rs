//! The one actor that hosts every follower: it reads a shard's journal behind a durable cursor
//! and has something done about it.
//!
//! Work is spread over lanes: one entity, one account, one broker. A lane is worked off in order,
//! lanes go on side by side, and one that cannot proceed parks only itself. The cursor stands
//! before the first event that is not done with, so after a crash a little is done again: whatever
//! is done must be harmless the second time.

mod follow;
mod parked;
#[doc(hidden)]
pub mod window;

pub use follow::{Follow, Habits, Hitch, OnHitch};

use crate::{
    journal::Journal,
    store::{CursorRow, DeadLetter, Seq, Store, StoreFault, StoredEvent},
};
use futures_util::FutureExt;
use kontor_messages::Timestamp;
use parked::Parked;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::time::Instant;
use window::Window;

/// How long the first event of a lane that is too long waits before the lane is put aside.
const LANE_PATIENCE: Duration = Duration::from_secs(5);
/// The same while there is no room to read on, so that others are kept waiting by it.
const CROWDED_PATIENCE: Duration = Duration::from_millis(500);
/// How often lanes are looked through for one that has waited too long.
const PATIENCE_LOOK: Duration = Duration::from_millis(50);

/// Hosts one follower of one shard.
pub struct Follower {
    shard: u32,
    follow: Arc<dyn Follow>,
    journal: Journal,
    store: Arc<dyn Store>,
}

/// What a follower is told.
pub enum FollowerMessage {
    /// There may be something new.
    Look,
    /// A read came back.
    Read(Result<Vec<Arc<StoredEvent>>, StoreFault>),
    /// A lane's work came back.
    Worked(Arc<str>, Vec<Arc<StoredEvent>>, Result<(), Hitch>),
    /// A lane that was held may try again.
    TryAgain(Arc<str>),
    /// Events were put aside.
    Buried(Arc<str>, Vec<Arc<StoredEvent>>, Why, Result<Vec<DeadLetter>, StoreFault>),
    /// Look after what is parked.
    Tick,
    /// What the database has parked, asked for at this generation.
    Known(u64, Result<Vec<DeadLetter>, StoreFault>),
    /// A parked event was tried: the letter as it is now, and whether it is gone.
    Tried(DeadLetter, bool),
}

/// Why events are put aside.
pub enum Why {
    /// They waited behind others.
    Waited,
    /// They were in work: the reason, how many tries that counts for, and when they are tried again.
    Failed(String, u32, Duration),
}

/// The follower's memory.
pub struct Progress {
    window: Window,
    parked: Parked,
    reading: bool,
    failures: u32,
    looked_at: Instant,
    lag: metrics::Gauge,
    aside: metrics::Gauge,
    done: metrics::Counter,
    hitches: metrics::Counter,
}

type Myself = ActorRef<FollowerMessage>;

impl Follower {
    /// A follower of one shard.
    pub fn new(
        shard: u32,
        follow: Arc<dyn Follow>,
        journal: Journal,
        store: Arc<dyn Store>,
    ) -> Self {
        Self { shard, follow, journal, store }
    }

    fn source(&self) -> String {
        format!("follower:{}", self.follow.name())
    }

    /// Reads on, if there is room and something to read.
    fn look(&self, myself: &Myself, progress: &mut Progress) {
        let habits = self.follow.habits();
        let room = habits.window_max.saturating_sub(progress.window.open_count());
        let after = progress.window.read_to();
        let head = *self.journal.head(self.shard).borrow();
        progress.report(head);
        if progress.reading || room == 0 || head <= after || progress.parked.is_full() {
            return;
        }
        progress.reading = true;
        let (journal, shard, myself) = (self.journal.clone(), self.shard, myself.clone());
        tokio::spawn(async move {
            let read = journal.read(shard, after, room.min(512)).await;
            let _ = myself.cast(FollowerMessage::Read(read));
        });
    }

    fn read(
        &self,
        myself: &Myself,
        progress: &mut Progress,
        read: Result<Vec<Arc<StoredEvent>>, StoreFault>,
    ) {
        progress.reading = false;
        let events = match read {
            Ok(events) => events,
            Err(fault) => {
                progress.failures += 1;
                tracing::warn!(follower = self.follow.name(), %fault, "the journal cannot be read");
                myself.send_after(backoff(progress.failures), || FollowerMessage::Look);
                return;
            }
        };
        if events.is_empty() {
            // The head says that there are some: do not ask without a pause.
            progress.failures += 1;
            myself.send_after(backoff(progress.failures), || FollowerMessage::Look);
            return;
        }
        progress.failures = 0;
        for event in events {
            match self.follow.lane(&event) {
                Some(lane) => progress.window.add(lane, event),
                None => progress.window.pass(&event),
            }
        }
        self.work(myself, progress);
    }

    /// Puts aside what has to wait, starts lanes that are ready, moves the cursor, reads on.
    fn work(&self, myself: &Myself, progress: &mut Progress) {
        let habits = self.follow.habits();
        if habits.on_hitch == OnHitch::Park {
            self.put_aside(myself, progress, &habits);
        }
        while let Some((lane, events)) = progress.window.next(habits.lanes_max, habits.batch_max) {
            let (follow, myself) = (Arc::clone(&self.follow), myself.clone());
            tokio::spawn(async move {
                let result = handle(&*follow, &lane, &events).await;
                let _ = myself.cast(FollowerMessage::Worked(lane, events, result));
            });
        }
        if let Some(seq) = progress.window.cursor() {
            let follower = self.follow.name().into();
            self.journal.advance(CursorRow { shard: self.shard, follower, seq });
        }
        self.look(myself, progress);
    }

    /// Parks what stands behind a parked event, and what has waited too long in a long lane: also
    /// behind work that does not end, or one slow lane would take all the room.
    fn put_aside(&self, myself: &Myself, progress: &mut Progress, habits: &Habits) {
        let now = Instant::now();
        // There may be thousands of lanes, and this is asked whenever one has done something.
        if progress.parked.is_empty() && now - progress.looked_at < PATIENCE_LOOK {
            return;
        }
        progress.looked_at = now;
        let crowded = habits.window_max <= progress.window.open_count();
        let patience = if crowded { CROWDED_PATIENCE } else { LANE_PATIENCE };
        let waiting = progress.window.waiting();
        let aside = waiting.filter(|(lane, len, since)| {
            (habits.lane_max < *len && patience < now - *since) || progress.parked.holds(lane)
        });
        let aside: Vec<Arc<str>> = aside.map(|(lane, ..)| Arc::clone(lane)).collect();
        for lane in aside {
            let events = progress.window.clear(&lane);
            self.bury(myself, lane, events, Why::Waited);
        }
    }

    /// Keeps events as dead letters; they stay in the window until that is durable.
    fn bury(&self, myself: &Myself, lane: Arc<str>, events: Vec<Arc<StoredEvent>>, why: Why) {
        let (store, source, myself) = (Arc::clone(&self.store), self.source(), myself.clone());
        tokio::spawn(async move {
            let (reason, attempts, wait) = match &why {
                Why::Waited => ("waits behind an earlier event", 0, Duration::ZERO),
                Why::Failed(reason, attempts, wait) => (reason.as_str(), *attempts, *wait),
            };
            let retry_at = Timestamp::now().plus(wait);
            let mut letters = Vec::with_capacity(events.len());
            let mut result = Ok(());
            for (place, event) in events.iter().enumerate() {
                let attempts = if place == 0 { attempts } else { 0 };
                let letter = parked::letter(&source, &lane, event, reason, attempts, retry_at);
                result = store.bury(&letter).await;
                if result.is_err() {
                    break;
                }
                letters.push(letter);
            }
            let result = result.map(|()| letters);
            let _ = myself.cast(FollowerMessage::Buried(lane, events, why, result));
        });
    }

    fn worked(
        &self,
        myself: &Myself,
        progress: &mut Progress,
        lane: Arc<str>,
        mut events: Vec<Arc<StoredEvent>>,
        result: Result<(), Hitch>,
    ) {
        let name = self.follow.name();
        let Err(hitch) = result else {
            progress.done.increment(events.len() as u64);
            progress.window.finish(&lane, &events);
            return self.work(myself, progress);
        };
        tracing::warn!(
            follower = name,
            lane = &*lane,
            reason = hitch.reason,
            "a lane cannot proceed"
        );
        progress.hitches.increment(1);
        let done = hitch.done.min(events.len());
        match self.follow.habits().on_hitch {
            OnHitch::Stand => {
                let failures = progress.window.hold(&lane, done, events);
                let wait = hitch.retry_after.unwrap_or_else(|| backoff(failures));
                myself.send_after(wait, move || FollowerMessage::TryAgain(lane));
            }
            OnHitch::Park => {
                let rest = events.split_off(done);
                progress.window.settle(&events);
                let wait = hitch.retry_after.unwrap_or_else(|| parked::patience(1));
                self.bury(
                    myself,
                    lane,
                    rest,
                    Why::Failed(hitch.reason, u32::from(!hitch.paused), wait),
                );
            }
        }
        self.work(myself, progress);
    }

    /// Tries the first event of each parked lane whose time has come.
    fn try_parked(&self, myself: &Myself, progress: &mut Progress) {
        let lanes_max = self.follow.habits().lanes_max;
        let window = &progress.window;
        let due = progress.parked.due(Timestamp::now(), lanes_max, |lane| window.works(lane));
        for letter in due {
            let (follow, store) = (Arc::clone(&self.follow), Arc::clone(&self.store));
            let myself = myself.clone();
            tokio::spawn(async move {
                let (letter, gone) = parked::try_again(&*follow, &*store, letter).await;
                let _ = myself.cast(FollowerMessage::Tried(letter, gone));
            });
        }
    }

    fn tick(&self, myself: &Myself, progress: &mut Progress) {
        self.try_parked(myself, progress);
        // Nothing else looks at what waits while nothing comes back; nor may a look just before it count.
        progress.looked_at -= PATIENCE_LOOK;
        self.work(myself, progress);
        if progress.parked.is_to_be_read() {
            // People may have dropped a letter, or want it tried now.
            let (store, source, shard) = (Arc::clone(&self.store), self.source(), self.shard);
            let (generation, myself) = (progress.parked.generation, myself.clone());
            tokio::spawn(async move {
                let known = Parked::load(&*store, &source, shard).await;
                let _ = myself.cast(FollowerMessage::Known(generation, known));
            });
        }
        myself.send_after(parked::LOOK_EVERY, || FollowerMessage::Tick);
    }
}

impl Progress {
    fn new(cursor: Seq, follower: &'static str, shard: u32) -> Self {
        let labels = [("follower", follower.to_owned()), ("shard", shard.to_string())];
        Self {
            window: Window::new(cursor),
            parked: Parked::default(),
            reading: true,
            failures: 0,
            looked_at: Instant::now(),
            lag: metrics::gauge!("kontor_follower_lag_events", &labels),
            aside: metrics::gauge!("kontor_follower_parked_events", &labels),
            done: metrics::counter!("kontor_follower_events_total", &labels),
            hitches: metrics::counter!("kontor_follower_hitches_total", &labels),
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn report(&self, head: Seq) {
        self.lag.set((head - self.window.done_to()) as f64);
        self.aside.set(self.parked.len() as f64);
    }
}

/// A panic in a follower's work is a hitch of its lane.
async fn handle(follow: &dyn Follow, lane: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
    let handled = AssertUnwindSafe(follow.handle(lane, events)).catch_unwind().await;
    handled.unwrap_or_else(|_| Err(Hitch::new("a bug: it panicked")))
}

/// 100 ms doubling to 30 s, with a fifth of jitter.
fn backoff(failures: u32) -> Duration {
    let millis = 50_u64.saturating_mul(1 << failures.min(10)).min(30_000);
    Duration::from_millis(millis - fastrand::u64(0..=millis / 5))
}

impl Actor for Follower {
    type Msg = FollowerMessage;
    type State = Progress;
    type Arguments = Seq;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        cursor: Seq,
    ) -> Result<Self::State, ActorProcessingErr> {
        let mut head = self.journal.head(self.shard);
        let itself = myself.clone();
        // Ends with the actor: sending to it fails then.
        tokio::spawn(async move {
            while head.changed().await.is_ok() && itself.cast(FollowerMessage::Look).is_ok() {}
        });
        Ok(Progress::new(cursor, self.follow.name(), self.shard))
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        progress: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        // What waits aside has to be known before anything is read: order within a lane.
        progress.parked.replace(Parked::load(&*self.store, &self.source(), self.shard).await?);
        progress.reading = false;
        self.tick(&myself, progress);
        self.look(&myself, progress);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        progress: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            FollowerMessage::Look => self.look(&myself, progress),
            FollowerMessage::Read(read) => self.read(&myself, progress, read),
            FollowerMessage::Worked(lane, events, result) => {
                self.worked(&myself, progress, lane, events, result);
            }
            FollowerMessage::TryAgain(lane) => {
                progress.window.try_again(&lane);
                self.work(&myself, progress);
            }
            FollowerMessage::Buried(lane, events, why, letters) => {
                // Not kept: begin again at the cursor, which has not moved past them.
                letters?.into_iter().for_each(|letter| progress.parked.add(letter));
                match why {
                    Why::Waited => progress.window.cleared(&lane, &events),
                    Why::Failed(..) => progress.window.finish(&lane, &events),
                }
                self.work(&myself, progress);
            }
            FollowerMessage::Tick => self.tick(&myself, progress),
            FollowerMessage::Known(generation, known) => {
                if generation == progress.parked.generation
                    && let Ok(known) = known
                {
                    progress.parked.replace(known);
                    self.work(&myself, progress);
                }
            }
            FollowerMessage::Tried(letter, gone) => {
                progress.parked.tried(letter, gone);
                if gone {
                    // What waited behind it goes at once, and there may be room to read on.
                    self.try_parked(&myself, progress);
                    self.work(&myself, progress);
                }
            }
        }
        Ok(())
    }
}
