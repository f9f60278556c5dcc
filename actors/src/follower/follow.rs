//! What a follower is: a lane for each event, and what is done about the events of a lane.

use crate::store::StoredEvent;
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// Something that is done about events.
#[async_trait]
pub trait Follow: Send + Sync + 'static {
    /// The follower's word in cursors, dead letters and metrics: `relay`.
    fn name(&self) -> &'static str;
    /// Limits and habits.
    fn habits(&self) -> Habits {
        Habits::default()
    }
    /// The lane of an event; `None` if there is nothing to do about it.
    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>>;
    /// Does what is to be done about events of one lane, in order. `Ok` means all are done with.
    async fn handle(&self, lane: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch>;
}

/// Limits and habits of a follower.
#[derive(Clone, Debug)]
pub struct Habits {
    /// Events in work or waiting in lanes, at most.
    pub window_max: usize,
    /// Lanes at work at once, at most.
    pub lanes_max: usize,
    /// Events given to [`Follow::handle`] at once, at most.
    pub batch_max: usize,
    /// Events that may wait in one lane; more of them, for longer than a moment, are put aside, so
    /// that a slow lane does not fill the window, even while its work stands.
    pub lane_max: usize,
    /// What happens to a lane that cannot proceed.
    pub on_hitch: OnHitch,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            window_max: 2048,
            lanes_max: 64,
            batch_max: 1,
            lane_max: 256,
            on_hitch: OnHitch::Park,
        }
    }
}

/// What happens to a lane that cannot proceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHitch {
    /// It is tried again, with backoff, for ever; the cursor stands still.
    Stand,
    /// Its events are put aside as dead letters that are tried again by themselves; the cursor
    /// goes on, and later events of the lane queue up behind them.
    Park,
}

/// A lane cannot proceed.
#[derive(Clone, Debug)]
pub struct Hitch {
    /// How many of the given events are done with.
    pub done: usize,
    /// Why, for people.
    pub reason: String,
    /// Not before then, if the other side said so.
    pub retry_after: Option<Duration>,
}

impl Hitch {
    /// A hitch before anything was done.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { done: 0, reason: reason.into(), retry_after: None }
    }

    /// The same, after `done` events.
    pub fn after(mut self, done: usize) -> Self {
        self.done = done;
        self
    }
}
