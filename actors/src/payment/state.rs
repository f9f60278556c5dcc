//! What is known of a payment, and of a notification that a provider sent.
//!
//! An attempt keeps what the provider has said (`..._seen`, largest or latest told, so the order
//! of telling does not matter) apart from what is booked (`..._minor`, the sum of the ledger).

use super::{inbox::InboxDocument, ledger::LedgerDocument, second::SecondRecord};
use kontor_messages::{
    Currency, EntityId, EventId, Money, Timestamp,
    payment::{
        CaptureMode, ClientInstructions, DisputeStatus, Operation, PaymentPlan, PaymentStatus,
        Problem, RefundStatus, TransferInstructions,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Attempts of one payment.
pub const ATTEMPTS_MAX: usize = 10;
/// Refunds of one payment.
pub const REFUNDS_MAX: usize = 50;
/// Disputes of one payment.
pub const DISPUTES_MAX: usize = 20;
/// Names that a provider has for one attempt.
pub const REFERENCES_MAX: usize = 6;
/// Notifications of which it is remembered that they were carried in.
pub const EVENTS_SEEN_MAX: usize = 50;

/// What is known of one entity of the domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "entity", rename_all = "snake_case")]
pub enum PaymentState {
    /// Nothing.
    #[default]
    Blank,
    /// A payment.
    Payment(Box<PaymentDocument>),
    /// A notification.
    Notification(Box<InboxDocument>),
    /// The tenant's books.
    Ledger(Box<LedgerDocument>),
}

impl PaymentState {
    /// The payment, if it is one.
    pub fn payment(&self) -> Option<&PaymentDocument> {
        match self {
            Self::Payment(document) => Some(document),
            Self::Blank | Self::Notification(_) | Self::Ledger(_) => None,
        }
    }
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaymentDocument {
    /// For which order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<EntityId>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What is to be paid.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// What is held now.
    pub authorized_minor: i64,
    /// What has come in all.
    pub captured_minor: i64,
    /// Of that, what has gone back.
    pub refunded_minor: i64,
    /// Of that, what was lost in disputes.
    pub charged_back_minor: i64,
    /// When money is taken.
    pub capture: CaptureMode,
    /// Where the payer comes back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// Where the payer comes back to without having paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// What the payer reads.
    pub description: String,
    /// The payer's address. Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    /// What else is agreed.
    #[serde(default, skip_serializing_if = "PaymentPlan::is_default")]
    pub plan: PaymentPlan,
    /// Until when it may be paid.
    pub until: Timestamp,
    /// Which attempt's money counts; any other's is too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<u32>,
    /// The attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// The refunds, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<RefundRecord>,
    /// The disputes, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<DisputeRecord>,
    /// Calls to the provider that have not come to an end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// How often it was asked to end either way.
    #[serde(default)]
    pub settle_round: u32,
    /// Since when nothing is open and all is given back, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// How often the provider was asked.
    #[serde(default)]
    pub queries: u32,
    /// Why the provider does not say how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_problem: Option<Problem>,
    /// When the provider is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// The notifications that were carried in last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events_seen: Vec<String>,
}

/// One try at one account of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentAttempt)]
pub struct Attempt {
    /// Which, from 1.
    pub attempt: u32,
    /// By which provider.
    pub provider: String,
    /// By which account.
    pub account: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What the provider calls it, main name first.
    pub references: Vec<String>,
    /// Where the payer goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// How the payer transfers the money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferInstructions>,
    /// How the payer pays on the shop's own page, until that is done. Only who may ask for payments
    /// is shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientInstructions>,
    /// Until when it may be paid.
    pub until: Timestamp,
    /// Until when the provider takes the money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// A person says how it stands.
    #[serde(default)]
    pub by_hand: bool,
    /// The provider has confirmed that it can be paid.
    #[serde(default)]
    pub opened: bool,
    /// Payer or bank are at it.
    #[serde(default)]
    pub processing: bool,
    /// In which currency its money is: another one than the payment's never counts.
    pub currency: Currency,
    /// The largest hold told.
    #[serde(default)]
    pub authorized_seen: i64,
    /// When the provider last said itself that money is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive_at: Option<Timestamp>,
    /// How it ended without money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
    /// The largest amount taken that was told.
    #[serde(default)]
    pub captured_seen: i64,
    /// The amount given back that was told last, where refunds are not told by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_seen: Option<Seen>,
    /// When a refund last failed: a total told before that is worth nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_at: Option<Timestamp>,
    /// An amount that is not what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_amount: Option<Money>,
    /// A person has taken what came for what was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// Booked: held now.
    pub authorized_minor: i64,
    /// Booked: taken.
    pub captured_minor: i64,
    /// Booked: given back.
    pub refunded_minor: i64,
    /// Booked: lost in disputes.
    pub charged_back_minor: i64,
    /// It was told that the amount is another.
    #[serde(default)]
    pub mismatch_told: bool,
    /// It was told that it is one too many.
    #[serde(default)]
    pub twice_told: bool,
    /// A person decides what becomes of its money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondRecord>,
    /// Its money came when the payment had ended, and goes back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unwanted: bool,
    /// Its end was asked for here.
    #[serde(default)]
    pub cancel_asked: bool,
    /// How many calls it has needed.
    pub calls_made: u32,
    /// The call that was recorded last, so that none is recorded twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_call: Option<EventId>,
    /// How often it was asked once more since its time is over.
    #[serde(default)]
    pub expiry_asked: u32,
    /// The last query.
    #[serde(default)]
    pub last_query: u32,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Why it failed, or why the last try was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// How an attempt ended without money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Closed {
    /// Failed, cancelled or expired. Final.
    pub status: PaymentStatus,
    /// When that was true.
    pub at: Timestamp,
    /// Only we say so; the provider may have taken money all the same.
    pub ours: bool,
}

/// An amount that was told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Seen {
    /// The amount.
    pub amount_minor: i64,
    /// When it was true.
    pub at: Timestamp,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RefundRecord {
    /// Its id.
    pub refund: EntityId,
    /// Of which attempt.
    pub attempt: u32,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
    /// What the provider calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why it was asked for; empty for one that was made at the provider.
    #[serde(default)]
    pub key: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In which round of settling the payment itself asked for it (0: a double payment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<u32>,
    /// It goes to the bank with a file.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_file: bool,
    /// Only we say that it failed; the provider's word, should it come, is better.
    #[serde(default)]
    pub failed_here: bool,
    /// It was told that it failed.
    #[serde(default)]
    pub failure_told: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DisputeRecord {
    /// What the provider calls it.
    pub reference: String,
    /// Of which attempt.
    pub attempt: u32,
    /// How much is contested.
    pub amount: Money,
    /// How it stands.
    pub status: DisputeStatus,
    /// How it was told to stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<DisputeStatus>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By when evidence is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond_by: Option<Timestamp>,
}

/// How a call to the provider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It is under way.
    Sent,
    /// It was not done and is made again.
    Waiting,
    /// It may have been done; the provider is asked first.
    Unknown,
    /// A person must look.
    GivenUp,
}

/// A call to the provider that has not come to an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Call {
    /// Which call of the attempt it is.
    pub sequence: u32,
    /// Under which key the provider knows it.
    pub key: String,
    /// What is asked.
    pub operation: Operation,
    /// For which attempt.
    pub attempt: u32,
    /// For which refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<EntityId>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// How it stands.
    pub state: CallState,
    /// How often it was made.
    pub tries: u32,
    /// How often it was asked what became of it.
    pub asks: u32,
    /// When it was made last.
    pub sent_at: Timestamp,
    /// When its key was used first.
    pub key_since: Timestamp,
    /// When it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// The next one takes a new key.
    #[serde(default)]
    pub fresh_key: bool,
    /// It was about to be made, and nobody has told what came of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub begun: bool,
    /// Once at least it was not known what the provider had made of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub maybe_done: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// How a payment is looked after: when the provider is asked next follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Watch {
    /// Since when.
    pub since: Timestamp,
    /// How far the schedule has got.
    pub step: u32,
    /// The payer has come back, so the answer is near.
    pub dense: bool,
    /// It is over.
    pub ended: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl PaymentDocument {
    /// What is to be paid.
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// An amount in the payment's currency.
    pub fn money(&self, amount_minor: i64) -> Money {
        Money::new(amount_minor, self.currency)
    }

    /// An attempt by its number.
    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.attempt == number)
    }

    /// A refund by its id.
    pub fn refund(&self, id: &EntityId) -> Option<&RefundRecord> {
        self.refunds.iter().find(|refund| refund.refund == *id)
    }

    /// A call by its key.
    pub fn call(&self, key: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.key == key)
    }

    pub(crate) fn attempt_mut(&mut self, number: u32) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|attempt| attempt.attempt == number)
    }

    pub(crate) fn call_mut(&mut self, key: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.key == key)
    }
}

impl Attempt {
    /// Neither paid nor held nor ended.
    pub fn is_open(&self) -> bool {
        matches!(self.status, PaymentStatus::Created | PaymentStatus::Pending)
    }

    /// An amount in the attempt's currency.
    pub fn money(&self, amount_minor: i64) -> Money {
        Money::new(amount_minor, self.currency)
    }
}
