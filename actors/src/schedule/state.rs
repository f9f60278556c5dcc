//! What is known of a schedule.

use kontor_messages::{
    Timestamp,
    schedule::{Plan, ScheduleEvent},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A schedule, or nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScheduleState {
    /// Nothing is known.
    #[default]
    Blank,
    /// A schedule, or what is left of one that was taken away.
    Schedule(Box<ScheduleDocument>),
}

/// How a schedule stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleDocument {
    /// What it is to do; absent once it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// When it is due next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// The run that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenRun>,
    /// The run that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<PastRun>,
    /// How many runs there were.
    pub runs: u64,
    /// How often it was time while a run was open.
    pub skipped: u64,
}

/// A run that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenRun {
    /// Which of the runs.
    pub run: u64,
    /// When it was due.
    pub planned_for: Timestamp,
    /// When it began.
    pub since: Timestamp,
    /// When it is abandoned.
    pub until: Timestamp,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastRun {
    /// Which of the runs.
    pub run: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What people should know of it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
    /// When it ended.
    pub at: Timestamp,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it was to do.
    Done,
    /// It did not.
    Failed,
    /// It did not say so in time.
    Abandoned,
}

impl ScheduleState {
    /// The schedule, if there ever was one.
    pub fn document(&self) -> Option<&ScheduleDocument> {
        match self {
            Self::Blank => None,
            Self::Schedule(document) => Some(document),
        }
    }
}

pub(super) fn apply(state: &mut ScheduleState, event: &ScheduleEvent, at: Timestamp) {
    if let ScheduleState::Blank = state {
        *state = ScheduleState::Schedule(Box::default());
    }
    let ScheduleState::Schedule(known) = state else { return };
    match event {
        ScheduleEvent::Put { plan, next } => {
            (known.plan, known.next) = (Some(plan.clone()), *next);
        }
        ScheduleEvent::Removed => (known.plan, known.next) = (None, None),
        ScheduleEvent::Fired { run, planned_for, until, next, .. } => {
            let (run, planned_for, until) = (*run, *planned_for, *until);
            known.open = Some(OpenRun { run, planned_for, since: at, until });
            (known.runs, known.next) = (run, *next);
        }
        ScheduleEvent::Skipped { next, .. } => {
            (known.skipped, known.next) = (known.skipped + 1, *next);
        }
        ScheduleEvent::Finished { run, ok, note } => {
            let outcome = if *ok { Outcome::Done } else { Outcome::Failed };
            end(known, PastRun { run: *run, outcome, note: note.clone(), at });
        }
        ScheduleEvent::Abandoned { run } => {
            let (outcome, note) = (Outcome::Abandoned, String::new());
            end(known, PastRun { run: *run, outcome, note, at });
        }
    }
}

fn end(known: &mut ScheduleDocument, past: PastRun) {
    if known.open.as_ref().is_some_and(|open| open.run == past.run) {
        known.open = None;
    }
    known.last = Some(past);
}
