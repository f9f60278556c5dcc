//! What one may ask of a payment.

use super::{
    Backoff, CallFault, CaptureMode, ClientInstructions, Notification, Observation, Operation,
    PaymentPlan, Problem, ProviderCall, SecondDecision, TransferInstructions,
};
use crate::{EntityId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one may ask of a payment. The `Record...` variants bring facts and are never refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentCommand {
    /// Asks for money. The same one twice is one payment.
    Request {
        /// The payment's id, made at the door.
        payment: EntityId,
        /// For which order, if for one.
        #[serde(default)]
        order: Option<EntityId>,
        /// How much.
        amount: Money,
        /// By which provider.
        provider: String,
        /// By which of the tenant's accounts there.
        account: String,
        /// When the money is taken.
        #[serde(default)]
        capture: CaptureMode,
        /// Where the payer comes back to.
        #[serde(default)]
        return_url: Option<String>,
        /// Where the payer comes back to without having paid.
        #[serde(default)]
        cancel_url: Option<String>,
        /// What the payer reads.
        description: String,
        /// Until when it may be paid.
        until: Timestamp,
        /// The payer's address, if the provider shall write.
        #[serde(default)]
        customer_email: Option<String>,
        /// What else is agreed.
        #[serde(default, skip_serializing_if = "PaymentPlan::is_default")]
        plan: PaymentPlan,
    },
    /// Opens another attempt, at another provider maybe; what is open meanwhile is called off.
    Retry {
        /// The payment.
        payment: EntityId,
        /// Counts from 2; the number of an attempt that is there already changes nothing.
        attempt: u32,
        /// By which provider.
        provider: String,
        /// By which account.
        account: String,
        /// Until when it may be paid.
        until: Timestamp,
    },
    /// Takes held money.
    Capture {
        /// The payment.
        payment: EntityId,
        /// How much; all that is held if absent. The rest is released.
        #[serde(default)]
        amount: Option<Money>,
    },
    /// Calls it off before money was taken.
    Cancel {
        /// The payment.
        payment: EntityId,
    },
    /// Gives money back.
    Refund {
        /// The payment.
        payment: EntityId,
        /// The refund's id. The same one twice is one refund.
        refund: EntityId,
        /// How much.
        amount: Money,
        /// Why this refund is asked for, such as an event's id. The same one twice is one refund.
        key: String,
        /// For people.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Ends it either way: what is open is called off, what has come goes back.
    Settle {
        /// The payment.
        payment: EntityId,
    },
    /// A person takes what has come for what was asked for, where the amount is another. What is
    /// not to be kept is refunded instead.
    Accept {
        /// The payment.
        payment: EntityId,
        /// For people.
        #[serde(default)]
        note: Option<String>,
    },
    /// A person says that the money has come, where no provider can.
    MarkPaid {
        /// The payment.
        payment: EntityId,
        /// How much in all.
        amount: Money,
        /// What the bank calls it.
        #[serde(default)]
        reference: Option<String>,
    },
    /// A person says that it will not be paid, where no provider can.
    MarkFailed {
        /// The payment.
        payment: EntityId,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// A person decides about a second payment that waits for that.
    DecideSecond {
        /// The payment.
        payment: EntityId,
        /// Which attempt's money it is.
        attempt: u32,
        /// What becomes of it.
        decision: SecondDecision,
    },
    /// A person says how a refund went: one made by hand, or one whose outcome nobody knows.
    MarkRefund {
        /// The payment.
        payment: EntityId,
        /// The refund.
        refund: EntityId,
        /// Whether the money has gone back.
        succeeded: bool,
        /// For people.
        #[serde(default)]
        note: Option<String>,
    },
    /// A person has a call made again that was given up.
    RetryCall {
        /// The payment.
        payment: EntityId,
        /// The call's key.
        key: String,
    },
    /// Asks the provider how it stands.
    Query {
        /// The payment.
        payment: EntityId,
    },
    /// The payer came back from the provider. Proves nothing; the provider is asked.
    RecordReturn {
        /// The payment.
        payment: EntityId,
    },
    /// The provider has it and it can be paid.
    RecordOpened {
        /// The payment.
        payment: EntityId,
        /// Which attempt.
        attempt: u32,
        /// What the provider calls it.
        provider_ref: String,
        /// What else the provider calls it.
        #[serde(default)]
        references: Vec<String>,
        /// Where the payer goes.
        #[serde(default)]
        redirect_url: Option<String>,
        /// How the payer transfers the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferInstructions>,
        /// How the payer pays on the shop's own page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientInstructions>,
        /// Until when the provider takes the money.
        #[serde(default)]
        expires_at: Option<Timestamp>,
        /// Nobody can be asked how it stands: a person says so.
        #[serde(default)]
        by_hand: bool,
    },
    /// A call that the provider would do twice is about to be made.
    RecordCallBegun {
        /// The payment.
        payment: EntityId,
        /// The call's key.
        key: String,
    },
    /// A call failed.
    RecordCallFailed {
        /// The payment.
        payment: EntityId,
        /// What was asked.
        operation: Operation,
        /// For which attempt.
        attempt: u32,
        /// The call's key; empty for a query.
        key: String,
        /// What is to be done about it.
        fault: CallFault,
        /// Why.
        problem: Problem,
        /// A random number of 0 to 999 that spreads the next try.
        #[serde(default)]
        jitter_permille: u16,
        /// How long the next try waits, unless the provider says when.
        #[serde(default)]
        backoff: Backoff,
    },
    /// A provider was called: the record of it, and what is known since, in one.
    RecordCall {
        /// The payment.
        payment: EntityId,
        /// How it was called.
        call: Box<ProviderCall>,
        /// What came of it: `RecordOpened`, `RecordCallFailed` or `RecordObservation`. Anything
        /// else is no outcome of a call, and not listened to.
        #[schema(value_type = Object)]
        told: Box<PaymentCommand>,
    },
    /// Something is known about it.
    RecordObservation {
        /// The payment.
        payment: EntityId,
        /// What.
        observation: Box<Observation>,
    },
    /// A provider sent something. Kept once under its event id, and carried into its payment in
    /// the same decision; kept for later if the payment is not known yet.
    RecordNotification {
        /// What.
        notification: Box<Notification>,
    },
    /// A deadline has passed: of a payment, or of a notification that waits for its payment.
    Wake {
        /// The payment, or the notification's entity.
        payment: EntityId,
    },
}
