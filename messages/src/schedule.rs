//! The vocabulary of schedules: what is run when, by a cron expression in a time zone.
//!
//! Entities: one per schedule, named by whoever puts it. A schedule only says that it is time;
//! whoever follows `schedule.fired` does the work under the name in `run`, and records the end.

use crate::{EntityId, Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a schedule is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Five fields (minute, hour, day of month, month, day of week), or a nickname like `@daily`.
    #[schema(example = "30 2 * * *", max_length = 200)]
    pub cron: String,
    /// An IANA time zone; the expression is read on its clocks.
    #[schema(example = "Europe/Prague")]
    pub zone: String,
    /// What is run: a name that its runner knows.
    #[schema(example = "import/beta-supplier", max_length = 200)]
    pub what: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How long a run may take before it is abandoned, in seconds.
    #[serde(default = "six_hours")]
    #[schema(minimum = 1, maximum = 604_800)]
    pub open_max_s: u32,
}

fn yes() -> bool {
    true
}

fn six_hours() -> u32 {
    6 * 3600
}

/// What one may ask of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ScheduleCommand {
    /// Make a schedule, or change it; an open run goes on.
    Put {
        /// The schedule.
        schedule: EntityId,
        /// What it is to do.
        plan: Plan,
    },
    /// Take it away. A run that is open may still be recorded.
    Remove {
        /// The schedule.
        schedule: EntityId,
    },
    /// A run has ended. Never refused.
    RecordFinished {
        /// The schedule.
        schedule: EntityId,
        /// Which of its runs.
        run: u64,
        /// Whether it did what it was to do.
        ok: bool,
        /// What people should know of it.
        note: String,
    },
    /// A deadline may have passed.
    Wake {
        /// The schedule.
        schedule: EntityId,
    },
}

/// What has become of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ScheduleEvent {
    /// It was made or changed.
    Put {
        /// What it is to do.
        plan: Plan,
        /// When it is due next; never, if it is not enabled.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// It was taken away.
    Removed,
    /// It is time: the run is open until it is recorded as finished, or abandoned.
    Fired {
        /// Which of its runs, counted from 1.
        run: u64,
        /// What is run.
        what: String,
        /// When it was due. Long ago, if nobody was there to see it.
        planned_for: Timestamp,
        /// When it is abandoned.
        until: Timestamp,
        /// When it is due next.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// It was time, and the run before is still open.
    Skipped {
        /// The run that is open.
        open: u64,
        /// When it was due.
        planned_for: Timestamp,
        /// When it is due next.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// A run has ended.
    Finished {
        /// Which of its runs.
        run: u64,
        /// Whether it did what it was to do.
        ok: bool,
        /// What people should know of it.
        note: String,
    },
    /// A run has not ended in time, and is waited for no longer.
    Abandoned {
        /// Which of its runs.
        run: u64,
    },
}

/// How schedules say no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ScheduleRefusal {
    /// Nothing by that name.
    #[error("there is no such schedule")]
    NotFound,
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for ScheduleRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::NotFound => None,
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
        }
    }
}
