//! The vocabulary of reconciliation: our ledger against the provider's own list.
//!
//! Entities: `run/<id>`, one comparison of an account and a day, and
//! `difference/<day>.<hash>`, something in which the two lists differ. The same difference of the
//! same day is the same entity, however often it is looked for. Money is never corrected here.

use crate::{EntityId, Money, Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity of a run.
pub fn run_entity(id: &str) -> EntityId {
    EntityId::named(format!("run/{id}"))
}

/// In which way the lists differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The provider has money that no payment of ours tells of.
    MissingHere,
    /// We have money that the provider does not tell of.
    MissingThere,
    /// Another amount has come.
    Amount,
    /// It has come in another currency.
    Currency,
    /// The provider has its money, and the payment does not stand as paid.
    Status,
    /// Another amount has gone back.
    Refund,
}

impl DifferenceKind {
    /// The kind as people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::Refund => "refund",
        }
    }
}

/// A difference as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// In which way they differ.
    pub kind: DifferenceKind,
    /// At which provider.
    pub provider: String,
    /// At which account.
    pub account: String,
    /// On which day, `2026-01-15` in UTC.
    pub day: String,
    /// What the provider calls it; empty if it does not tell of it.
    pub reference: String,
    /// Which payment, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<EntityId>,
    /// What we have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<Money>,
    /// What the provider has; negative if it went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Money>,
    /// Payments of that amount that wait for money.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<EntityId>,
}

/// What a run has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Entries of the provider's list on that day.
    pub theirs: u64,
    /// Entries of our ledger on that day.
    pub ours: u64,
    /// Payments that both tell the same of.
    pub matched: u64,
    /// Differences.
    pub differences: u64,
}

/// How a difference is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settling {
    /// The provider is right: it was asked how the payment stands, and the payment follows.
    AskedProvider,
    /// Nothing is done about it; the note says why.
    WrittenOff,
    /// A person has put it right elsewhere; the note says how.
    ByHand,
}

/// What one may ask of reconciliation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReconciliationCommand {
    /// An account and a day are to be compared.
    Request {
        /// The run's entity, named at the door.
        run: EntityId,
        /// At which provider.
        provider: String,
        /// At which account.
        account: String,
        /// Which day, `2026-01-15` in UTC.
        day: String,
    },
    /// The comparison has begun.
    RecordBegun {
        /// The run.
        run: EntityId,
    },
    /// Differences were found; 100 at most.
    RecordDifferences {
        /// The run.
        run: EntityId,
        /// Which.
        differences: Vec<Difference>,
    },
    /// The comparison has ended.
    RecordCompleted {
        /// The run.
        run: EntityId,
        /// What it has looked at.
        report: Report,
    },
    /// The provider has no list.
    RecordNotOffered {
        /// The run.
        run: EntityId,
    },
    /// It did not work.
    RecordFailed {
        /// The run.
        run: EntityId,
        /// Why.
        problem: String,
        /// When it may be tried again, if that helps.
        retry_at: Option<Timestamp>,
    },
    /// Somebody looks after a difference.
    Assign {
        /// The difference.
        difference: EntityId,
        /// Who; nobody if absent.
        owner: Option<String>,
    },
    /// A difference is done with.
    Settle {
        /// The difference.
        difference: EntityId,
        /// How.
        how: Settling,
        /// For people.
        note: Option<String>,
    },
    /// A deadline may have passed.
    Wake {
        /// The run, or the difference.
        entity: EntityId,
    },
}

/// What has become of a run, or of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReconciliationEvent {
    /// `reconciliation.requested`.
    Requested {
        /// At which provider.
        provider: String,
        /// At which account.
        account: String,
        /// Which day.
        day: String,
    },
    /// `reconciliation.begun`.
    Begun,
    /// `reconciliation.postponed`: it did not work, and is tried again.
    Postponed {
        /// Why.
        problem: String,
        /// When.
        next: Timestamp,
    },
    /// `reconciliation.repeated`: it is begun again.
    Repeated,
    /// `reconciliation.completed`.
    Completed {
        /// What it has looked at.
        report: Report,
    },
    /// `reconciliation.not_offered`: the provider has no list.
    NotOffered,
    /// `reconciliation.failed`: a person must look.
    Failed {
        /// Why.
        problem: String,
    },
    /// `reconciliation.difference_found`.
    DifferenceFound {
        /// By which run.
        run: EntityId,
        /// What.
        difference: Box<Difference>,
        /// When it is overdue.
        settle_by: Timestamp,
    },
    /// `reconciliation.difference_assigned`.
    DifferenceAssigned {
        /// To whom; to nobody if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// `reconciliation.difference_overdue`: nobody has settled it in time.
    DifferenceOverdue,
    /// `reconciliation.difference_settled`.
    DifferenceSettled {
        /// How.
        how: Settling,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

impl ReconciliationEvent {
    /// Its public name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "reconciliation.requested",
            Self::Begun => "reconciliation.begun",
            Self::Postponed { .. } => "reconciliation.postponed",
            Self::Repeated => "reconciliation.repeated",
            Self::Completed { .. } => "reconciliation.completed",
            Self::NotOffered => "reconciliation.not_offered",
            Self::Failed { .. } => "reconciliation.failed",
            Self::DifferenceFound { .. } => "reconciliation.difference_found",
            Self::DifferenceAssigned { .. } => "reconciliation.difference_assigned",
            Self::DifferenceOverdue => "reconciliation.difference_overdue",
            Self::DifferenceSettled { .. } => "reconciliation.difference_settled",
        }
    }
}

/// How reconciliation says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReconciliationRefusal {
    /// No such run or difference.
    #[error("there is no such difference")]
    NotFound,
    /// It was settled otherwise.
    #[error("the difference was settled already")]
    Settled,
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for ReconciliationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Settled => "already_settled",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::Settled => RefusalKind::Conflict,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            Self::NotFound | Self::Settled => None,
        }
    }
}
