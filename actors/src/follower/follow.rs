//! What a follower is: a lane for each event, and what is done about the events of a lane.

use crate::{request::Denied, store::StoredEvent};
use async_trait::async_trait;
use std::{fmt::Display, sync::Arc, time::Duration};

/// How often what waits for something that is paused is tried again.
const PAUSED_LOOK: Duration = Duration::from_secs(5);

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
    /// Somebody paused what it needs: it waits for as long as that lasts, and no try is counted.
    pub paused: bool,
}

impl Hitch {
    /// A hitch before anything was done.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { done: 0, reason: reason.into(), retry_after: None, paused: false }
    }

    /// Something is paused: tried again every few seconds until it goes on.
    pub fn paused(reason: impl Into<String>) -> Self {
        Self { retry_after: Some(PAUSED_LOOK), paused: true, ..Self::new(reason) }
    }

    /// A domain did not do what it was told.
    pub fn denied<R: Display>(denied: &Denied<R>) -> Self {
        match denied {
            Denied::Paused => Self::paused(denied.to_string()),
            other => Self::new(other.to_string()),
        }
    }

    /// The same, after `done` events.
    pub fn after(mut self, done: usize) -> Self {
        self.done = done;
        self
    }
}
