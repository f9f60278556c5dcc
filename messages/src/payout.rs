//! The vocabulary of payouts: refunds that wait to go to the bank with a file.
//!
//! Entities: `order/<payment>.<hash>`, one refund to be paid out, and `batch/<id>`, the orders that
//! go with one file. An order is in one batch at most at a time, so no file pays what another pays.

use crate::{EntityId, Money, Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity of a batch.
pub fn batch_entity(id: &str) -> EntityId {
    EntityId::named(format!("batch/{id}"))
}

/// What the bank is told of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The account that it goes to. Personal data.
    pub payee_account: String,
    /// That account's bank.
    pub payee_bank: String,
    /// How much.
    pub amount: Money,
    /// The symbol under which the money came.
    pub variable_symbol: String,
    /// The text by which it is found again among the account's movements.
    pub message: String,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutOutcome {
    /// The money was seen going out.
    Paid,
    /// The refund was called off, or failed.
    Failed,
}

/// What one may ask of payouts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum PayoutCommand {
    /// A refund waits for a file. The same one twice is one.
    Queue {
        /// The order.
        order: EntityId,
        /// Of which payment.
        payment: EntityId,
        /// At which provider.
        provider: String,
        /// From which account there.
        account: String,
        /// What the bank is told.
        transfer: Transfer,
    },
    /// A refund has come to its end.
    Close {
        /// The order; one that is not known is none.
        order: EntityId,
        /// How.
        outcome: PayoutOutcome,
    },
    /// Puts orders that wait into a batch.
    FormBatch {
        /// The batch, named at the door.
        batch: EntityId,
        /// At which provider.
        provider: String,
        /// From which account there.
        account: String,
        /// Which orders; of these, the ones that still wait.
        orders: Vec<EntityId>,
    },
    /// Somebody takes the file to the bank. Again, it is the same file.
    HandOver {
        /// The batch.
        batch: EntityId,
    },
    /// A person says that the bank has not taken the file: what is not paid waits again.
    Release {
        /// The batch.
        batch: EntityId,
        /// Why, for people.
        note: String,
    },
    /// A deadline has passed.
    Wake {
        /// The order.
        order: EntityId,
    },
}

/// What has become of payouts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PayoutEvent {
    /// `payout.queued`: a refund waits for a file.
    Queued {
        /// Of which payment.
        payment: EntityId,
        /// At which provider.
        provider: String,
        /// From which account there.
        account: String,
        /// What the bank is told.
        transfer: Transfer,
    },
    /// `payout.batch_formed`: orders go with one file.
    BatchFormed {
        /// At which provider.
        provider: String,
        /// From which account there.
        account: String,
        /// Which.
        orders: Vec<EntityId>,
        /// How much in all.
        total: Money,
    },
    /// `payout.handed_over`: somebody has taken the file; what it holds does not change any more.
    HandedOver {
        /// The orders in it.
        orders: Vec<EntityId>,
        /// How much in all.
        total: Money,
    },
    /// `payout.released`: the bank has not taken the file.
    Released {
        /// The orders that wait again.
        orders: Vec<EntityId>,
        /// Why.
        note: String,
    },
    /// `payout.closed`: an order has ended.
    Closed {
        /// How.
        outcome: PayoutOutcome,
        /// The batch that it is in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<EntityId>,
    },
    /// `payout.overdue`: an order has waited for long, for a file or for the bank.
    Overdue,
}

impl PayoutEvent {
    /// Its public name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "payout.queued",
            Self::BatchFormed { .. } => "payout.batch_formed",
            Self::HandedOver { .. } => "payout.handed_over",
            Self::Released { .. } => "payout.released",
            Self::Closed { .. } => "payout.closed",
            Self::Overdue => "payout.overdue",
        }
    }
}

/// How payouts say no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayoutRefusal {
    /// No such order or batch.
    #[error("there is no such batch")]
    NotFound,
    /// No order waits.
    #[error("no refund waits to be paid out")]
    NothingWaits,
    /// The batch was released: its file pays nothing any more.
    #[error("the batch was released, and its orders go with another file")]
    Released,
    /// Nothing in the batch is left to be paid.
    #[error("every order of the batch has ended")]
    Done,
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for PayoutRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NothingWaits => "nothing_waits",
            Self::Released => "batch_released",
            Self::Done => "batch_done",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::NothingWaits | Self::Released | Self::Done => RefusalKind::Conflict,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            Self::NotFound | Self::NothingWaits | Self::Released | Self::Done => None,
        }
    }
}
