//! The vocabulary of payments.
//!
//! Entities: a payment under its UUIDv7, `inbox/<provider>/<account>/<event id>`, one
//! notification that a provider sent, and `ledger`, the tenant's books. Providers are names here;
//! nothing knows how they speak.

mod backoff;
mod browser;
mod called;
mod client;
mod command;
mod event;
mod plan;
mod refusal;

pub use backoff::Backoff;
pub use browser::ClientInstructions;
pub use called::{CallOutcome, Exchange, ProviderCall};
pub use client::PaymentClient;
pub use command::PaymentCommand;
pub use event::PaymentEvent;
pub use plan::{LatePayment, PaymentChoices, PaymentPlan, SecondDecision, SecondPayment};
pub use refusal::PaymentRefusal;

use crate::{EntityId, Money, TenantId, Timestamp, payout::Transfer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity of a provider's notification. The parts are bounded by [`Notification`]'s reader.
pub fn inbox_entity(provider: &str, account: &str, event_id: &str) -> EntityId {
    EntityId::named(format!("inbox/{provider}/{account}/{event_id}"))
}

/// The entity of the tenant's ledger: every entry of every payment is a change of it.
pub fn ledger_entity() -> EntityId {
    EntityId::named("ledger")
}

/// The natural key's value of something that a provider has: `stripe/<account>/<id>`.
pub fn provider_key(provider: &str, account: &str, reference: &str) -> String {
    format!("{provider}/{account}/{reference}")
}

/// One of a tenant's accounts at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentAccount)]
pub struct AccountName {
    /// The provider.
    #[schema(min_length = 1, max_length = 40, example = "stripe")]
    pub provider: String,
    /// The account's name there.
    #[schema(min_length = 1, max_length = 40, example = "main")]
    pub account: String,
}

/// When money is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// As soon as the payer agrees.
    #[default]
    Automatic,
    /// Held first, taken by `Capture`, all of it or a part.
    Manual,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Asked for; the provider has not confirmed yet that it can be paid.
    #[default]
    Created,
    /// The provider has it and waits for payer, bank or review.
    Pending,
    /// The money is held and not taken.
    Authorized,
    /// The money has come.
    Paid,
    /// A part of it has gone back.
    PartiallyRefunded,
    /// All of it has gone back.
    Refunded,
    /// It will not be paid.
    Failed,
    /// Called off before money was taken.
    Cancelled,
    /// Nobody paid in time.
    Expired,
    /// Amount or currency at the provider are not what was asked for; a person decides.
    Held,
    /// The payer contests it at the bank; the state underneath comes back when that ends.
    Disputed,
}

/// How a payment stands at its provider. What a provider says and nobody knows is `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObservedStatus {
    /// It is there; the payer has done nothing that counts.
    Created,
    /// Payer or bank are at it, or the status is one that nobody knows.
    Pending,
    /// The money is held.
    Authorized,
    /// The money has been taken.
    Paid,
    /// It will not be paid.
    Failed,
    /// Called off.
    Cancelled,
    /// Its time is over.
    Expired,
}

/// Where a refund stands; later variants are later in a refund's life, so the greatest one seen
/// is true in whatever order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Asked for here.
    Requested,
    /// The provider was asked and it is not known what it made of that.
    Unknown,
    /// The provider has it.
    Pending,
    /// The money has gone back.
    Succeeded,
    /// Called off.
    Cancelled,
    /// It did not work, or it came back after it had worked.
    Failed,
}

/// Where a dispute stands; the greatest one seen is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// Not decided.
    Open,
    /// The money went to the payer.
    Lost,
    /// The money stays, or came back after all.
    Won,
}

/// From where something is known about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObservationSource {
    /// The provider sent it.
    Webhook,
    /// The provider was asked how the payment stands.
    Poll,
    /// It is the answer to a call that changes something.
    Answer,
    /// A person says so.
    Operator,
}

/// What is asked of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Make it payable.
    Open,
    /// Take held money.
    Capture,
    /// Call it off.
    Cancel,
    /// Give money back.
    Refund,
    /// Say how it stands.
    Query,
}

/// What is to be done about a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CallFault {
    /// Nothing was done; call again.
    Retry {
        /// Not before then, if the provider says so.
        #[serde(default)]
        at: Option<Timestamp>,
        /// With a new key, since the provider would answer the old one as before.
        #[serde(default)]
        fresh_key: bool,
    },
    /// It may have been done: ask how things stand before calling again.
    AskFirst {
        /// Call again with a new key, since the provider would answer the old one as before.
        #[serde(default)]
        fresh_key: bool,
    },
    /// The provider says no, and will again.
    GiveUp,
    /// A person has to do it, or to look whether it was done: asking the provider does not tell.
    LeaveToPerson,
}

/// What kind of money fact a ledger entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// Money is held.
    Authorize,
    /// Money is taken, out of what is held or at once.
    Capture,
    /// Held money is let go.
    Void,
    /// Money has gone back.
    Refund,
    /// A refund came back.
    RefundReversal,
    /// A dispute was lost.
    Chargeback,
    /// A lost dispute was won after all.
    ChargebackReversal,
}

impl LedgerKind {
    /// The kind as people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::RefundReversal => "refund_reversal",
            Self::Chargeback => "chargeback",
            Self::ChargebackReversal => "chargeback_reversal",
        }
    }

    /// What an entry of so much changes in what is there: nothing while money is only held.
    pub fn change(self, amount_minor: i64) -> i64 {
        match self {
            Self::Authorize | Self::Void => 0,
            Self::Capture | Self::RefundReversal | Self::ChargebackReversal => amount_minor,
            Self::Refund | Self::Chargeback => amount_minor.saturating_neg(),
        }
    }
}

/// Why the provider is asked how a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueryReason {
    /// It has been quiet for long enough.
    Schedule,
    /// The payer came back.
    Return,
    /// Its time is over, and it is asked once more.
    Expiry,
    /// What is known does not fit together, or was told by somebody who cannot be trusted.
    Doubt,
    /// It is not known what a call has done.
    UnknownOutcome,
    /// A person wants to know.
    Operator,
}

/// One fact that came from outside about a payment, in Kontor's words. The same fact twice, or
/// facts in another order, lead to the same state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Which attempt; found by the references if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// What the provider calls it, main name first.
    #[serde(default)]
    pub references: Vec<String>,
    /// How it stands; absent if only refunds or disputes are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ObservedStatus>,
    /// What the payer is asked for there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// What is held now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorized: Option<Money>,
    /// What has been taken in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Money>,
    /// What has gone back in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Refunds by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<RefundSeen>,
    /// Disputes by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<DisputeSeen>,
    /// Why it failed, or why the last try was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// From where it is known.
    pub source: ObservationSource,
    /// The provider's id of the notification that told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_event: Option<String>,
    /// When it was true.
    pub observed_at: Timestamp,
}

/// A refund as the provider tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundSeen {
    /// Our id of it, if the provider keeps it; a refund made elsewhere has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<EntityId>,
    /// The provider's id of it.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// How it stands.
    pub status: RefundStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// It waits to go to the bank with a file, which says this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Box<Transfer>>,
}

/// A dispute as the provider tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeSeen {
    /// The provider's id of it.
    pub reference: String,
    /// How much is contested.
    pub amount: Money,
    /// How it stands.
    pub status: DisputeStatus,
    /// Why, in the provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By when evidence is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond_by: Option<Timestamp>,
}

/// Why something did not work, for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentProblem)]
pub struct Problem {
    /// The provider's code, or ours.
    pub code: String,
    /// A sentence.
    pub message: String,
}

impl Problem {
    /// A problem with its sentence.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// What a provider sent, verified and read. Its reader keeps provider, account and event id to 40,
/// 40 and 100 characters without control characters, and the body to 64 KiB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The provider.
    pub provider: String,
    /// The tenant's account there.
    pub account: String,
    /// The provider's id of it, or a digest where it has none; the same one is the same.
    pub event_id: String,
    /// What kind it is, in the provider's words.
    pub kind: String,
    /// What the provider calls the things that it is about.
    #[serde(default)]
    pub references: Vec<String>,
    /// Whose payment the provider says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// Which payment the provider says it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<EntityId>,
    /// What it says. None: it says nothing that can be trusted, so the provider is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Box<Observation>>,
    /// The text as it came.
    pub body: String,
    /// Whether the provider's signature was there and right; otherwise it only leads to a query.
    pub signature_ok: bool,
    /// When it came.
    pub received_at: Timestamp,
}

/// How a payer pays by bank transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferInstructions {
    /// The account as the bank writes it, such as `2000145399/2010`.
    pub account: String,
    /// The same as an IBAN.
    pub iban: String,
    /// The symbol by which the payment is found.
    pub variable_symbol: String,
    /// How much.
    pub amount: Money,
    /// The text of a QR code that banks' applications read (Short Payment Descriptor, SPAYD 1.0).
    pub qr_text: String,
}

/// Which call it is, and under which key the provider knows it: the same call has the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallKey {
    /// Counts the calls that this attempt has needed, from 1.
    pub sequence: u32,
    /// Made of tenant, payment, attempt, operation and sequence.
    pub key: String,
}
