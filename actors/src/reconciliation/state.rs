//! What is known of a run, and of a difference.

use kontor_messages::{
    EntityId, Timestamp,
    reconciliation::{Difference, ReconciliationEvent as E, Report, Settling},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// After so long without a word a run is begun again.
pub const ANSWER: Duration = Duration::from_secs(3600);

/// A run, a difference, or nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReconciliationState {
    /// Nothing is known.
    #[default]
    Blank,
    /// A run.
    Run(Box<RunDocument>),
    /// A difference.
    Difference(Box<DifferenceDocument>),
}

/// How a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReconciliationRun)]
pub struct RunDocument {
    /// At which provider.
    pub provider: String,
    /// At which account.
    pub account: String,
    /// Which day.
    pub day: String,
    /// Where it stands.
    pub status: RunStatus,
    /// How often it was begun again.
    #[serde(default)]
    pub repeats: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it is begun again, unless it has ended by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Why it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What it has looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It waits to be begun.
    Queued,
    /// The lists are being compared.
    Running,
    /// They were compared.
    Completed,
    /// The provider has no list.
    NotOffered,
    /// It did not work; a person must look.
    Failed,
}

/// How a difference stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReconciliationDifference)]
pub struct DifferenceDocument {
    /// By which run it was found first.
    pub run: EntityId,
    /// What differs.
    pub difference: Difference,
    /// Where it stands.
    pub status: DifferenceStatus,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it is overdue.
    pub settle_by: Timestamp,
    /// It was told that nobody has settled it in time.
    #[serde(default)]
    pub overdue: bool,
    /// How it was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<Settling>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// Where a difference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceStatus {
    /// Nobody looks after it.
    Open,
    /// Somebody does.
    Assigned,
    /// It is done with.
    Settled,
}

impl ReconciliationState {
    /// The run, if it is one.
    pub fn run(&self) -> Option<&RunDocument> {
        match self {
            Self::Run(run) => Some(run),
            Self::Blank | Self::Difference(_) => None,
        }
    }

    /// The difference, if it is one.
    pub fn difference(&self) -> Option<&DifferenceDocument> {
        match self {
            Self::Difference(known) => Some(known),
            Self::Blank | Self::Run(_) => None,
        }
    }
}

impl RunDocument {
    /// Whether it has not come to its end.
    pub fn is_open(&self) -> bool {
        matches!(self.status, RunStatus::Queued | RunStatus::Running)
    }

    fn end(&mut self, status: RunStatus, at: Timestamp) {
        (self.status, self.ended_at, self.next) = (status, Some(at), None);
    }
}

impl DifferenceDocument {
    /// When it has to be told that it is overdue.
    pub fn due(&self) -> Option<Timestamp> {
        let waits = self.status != DifferenceStatus::Settled && !self.overdue;
        waits.then_some(self.settle_by)
    }
}

/// Carries an event in.
pub fn apply(state: &mut ReconciliationState, event: &E, at: Timestamp) {
    match (event, &mut *state) {
        (E::Requested { provider, account, day }, _) => {
            *state = ReconciliationState::Run(Box::new(RunDocument {
                provider: provider.clone(),
                account: account.clone(),
                day: day.clone(),
                status: RunStatus::Queued,
                repeats: 0,
                requested_at: at,
                ended_at: None,
                next: Some(at.plus(ANSWER)),
                problem: None,
                report: None,
            }));
        }
        (E::DifferenceFound { run, difference, settle_by }, _) => {
            *state = ReconciliationState::Difference(Box::new(DifferenceDocument {
                run: run.clone(),
                difference: (**difference).clone(),
                status: DifferenceStatus::Open,
                owner: None,
                found_at: at,
                settle_by: *settle_by,
                overdue: false,
                how: None,
                note: None,
                settled_at: None,
            }));
        }
        (event, ReconciliationState::Run(run)) => apply_run(run, event, at),
        (event, ReconciliationState::Difference(known)) => apply_difference(known, event, at),
        (_, ReconciliationState::Blank) => {}
    }
}

fn apply_run(run: &mut RunDocument, event: &E, at: Timestamp) {
    match event {
        E::Begun => {
            run.status = RunStatus::Running;
            run.next = Some(at.plus(ANSWER));
        }
        E::Postponed { problem, next } => {
            run.status = RunStatus::Queued;
            (run.problem, run.next) = (Some(problem.clone()), Some(*next));
        }
        E::Repeated => {
            run.repeats += 1;
            run.next = Some(at.plus(ANSWER));
        }
        E::Completed { report } => {
            run.end(RunStatus::Completed, at);
            (run.report, run.problem) = (Some(*report), None);
        }
        E::NotOffered => run.end(RunStatus::NotOffered, at),
        E::Failed { problem } => {
            run.end(RunStatus::Failed, at);
            run.problem = Some(problem.clone());
        }
        _ => {}
    }
}

fn apply_difference(known: &mut DifferenceDocument, event: &E, at: Timestamp) {
    match event {
        E::DifferenceAssigned { owner } => {
            let assigned = owner.is_some();
            known.status =
                if assigned { DifferenceStatus::Assigned } else { DifferenceStatus::Open };
            known.owner.clone_from(owner);
        }
        E::DifferenceOverdue => known.overdue = true,
        E::DifferenceSettled { how, note } => {
            known.status = DifferenceStatus::Settled;
            (known.how, known.settled_at) = (Some(*how), Some(at));
            known.note.clone_from(note);
        }
        _ => {}
    }
}
