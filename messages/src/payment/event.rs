//! What has become of a payment.

use super::{
    CallFault, CallKey, CaptureMode, ClientInstructions, DisputeStatus, LedgerKind, Notification,
    Observation, Operation, PaymentPlan, PaymentStatus, Problem, ProviderCall, QueryReason,
    SecondDecision, TransferInstructions,
};
use crate::{EntityId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has become of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentEvent {
    /// `payment.requested`: an attempt; the provider is to be called.
    Requested {
        /// For which order.
        order: Option<EntityId>,
        /// How much.
        amount: Money,
        /// By which provider.
        provider: String,
        /// By which account.
        account: String,
        /// When the money is taken.
        capture: CaptureMode,
        /// Where the payer comes back to.
        return_url: Option<String>,
        /// Where the payer comes back to without having paid.
        cancel_url: Option<String>,
        /// What the payer reads.
        description: String,
        /// Until when it may be paid.
        until: Timestamp,
        /// The payer's address.
        customer_email: Option<String>,
        /// Which attempt, from 1.
        attempt: u32,
        /// The call.
        call: CallKey,
        /// What else is agreed; told with the first attempt.
        #[serde(default, skip_serializing_if = "PaymentPlan::is_default")]
        plan: PaymentPlan,
    },
    /// `payment.opened`: it can be paid.
    Opened {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt.
        attempt: u32,
        /// What the provider calls it, main name first.
        references: Vec<String>,
        /// Where the payer goes.
        redirect_url: Option<String>,
        /// How the payer transfers the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferInstructions>,
        /// How the payer pays on the shop's own page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientInstructions>,
        /// Until when the provider takes the money.
        expires_at: Option<Timestamp>,
        /// A person says how it stands.
        by_hand: bool,
    },
    /// `payment.observed`: something was told that was not known; what it means follows it.
    Observed {
        /// Which attempt.
        attempt: u32,
        /// What was told.
        observation: Box<Observation>,
    },
    /// `payment.booked`: an entry of the ledger. Entries are never changed, only followed.
    Booked {
        /// Which attempt.
        attempt: u32,
        /// What kind of money fact.
        kind: LedgerKind,
        /// How much; always more than nothing.
        amount: Money,
        /// At which provider; empty in entries from before there was a tenant's ledger.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        provider: String,
        /// At which account there.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
    },
    /// `payment.pending`: the provider has it.
    Pending {
        /// For which order.
        order: Option<EntityId>,
    },
    /// `payment.authorized`: the money is held.
    Authorized {
        /// For which order.
        order: Option<EntityId>,
        /// How much.
        authorized: Money,
    },
    /// `payment.paid`.
    Paid {
        /// For which order.
        order: Option<EntityId>,
        /// How much.
        paid: Money,
    },
    /// `payment.refunded`: money went back, a part or the rest.
    Refunded {
        /// For which order.
        order: Option<EntityId>,
        /// How much in all so far.
        refunded: Money,
        /// Where the payment stands now.
        status: PaymentStatus,
    },
    /// `payment.refund_reversed`: a refund came back.
    RefundReversed {
        /// For which order.
        order: Option<EntityId>,
        /// How much is refunded in all now.
        refunded: Money,
        /// Where the payment stands now.
        status: PaymentStatus,
    },
    /// `payment.failed`.
    Failed {
        /// For which order.
        order: Option<EntityId>,
        /// Why.
        problem: Option<Problem>,
    },
    /// `payment.cancelled`.
    Cancelled {
        /// For which order.
        order: Option<EntityId>,
    },
    /// `payment.expired`.
    Expired {
        /// For which order.
        order: Option<EntityId>,
    },
    /// `payment.mismatch`: the provider's amount or currency is another; nothing counts as paid.
    Mismatch {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt.
        attempt: u32,
        /// What was asked for.
        expected: Money,
        /// What the provider says.
        found: Money,
        /// Where the payment stands now: held, unless it was paid before.
        status: PaymentStatus,
    },
    /// `payment.mismatch_accepted`: a person takes what has come for what was asked for.
    MismatchAccepted {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt.
        attempt: u32,
        /// What was asked for.
        expected: Money,
        /// What has come.
        accepted: Money,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// `payment.paid_twice`: another attempt was paid too.
    PaidTwice {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt is too many.
        attempt: u32,
        /// How much.
        amount: Money,
    },
    /// `payment.second_payment_queued`: a person decides what becomes of a second payment.
    SecondPaymentQueued {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt's money it is.
        attempt: u32,
        /// How much.
        amount: Money,
        /// By when.
        decide_by: Timestamp,
    },
    /// `payment.second_payment_overdue`: nobody has decided in time.
    SecondPaymentOverdue {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt's money it is.
        attempt: u32,
    },
    /// `payment.second_payment_decided`.
    SecondPaymentDecided {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt's money it is.
        attempt: u32,
        /// What becomes of it.
        decision: SecondDecision,
    },
    /// `payment.late_payment`: money moved although the attempt had ended.
    LatePayment {
        /// For which order.
        order: Option<EntityId>,
        /// Which attempt.
        attempt: u32,
        /// Where the payment stood.
        was: PaymentStatus,
    },
    /// `payment.attempt_closed`: an attempt ended on our side.
    AttemptClosed {
        /// Which.
        attempt: u32,
        /// How: failed, cancelled or expired.
        status: PaymentStatus,
        /// Why.
        problem: Option<Problem>,
    },
    /// `payment.capture_requested`: the provider is to be called.
    CaptureRequested {
        /// Which attempt.
        attempt: u32,
        /// How much.
        amount: Money,
        /// The call.
        call: CallKey,
        /// By which provider; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        provider: String,
        /// By which account; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
    },
    /// `payment.cancel_requested`: the provider is to be called.
    CancelRequested {
        /// Which attempt.
        attempt: u32,
        /// The call.
        call: CallKey,
        /// By which provider; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        provider: String,
        /// By which account; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
    },
    /// `payment.refund_requested`: the provider is to be called.
    RefundRequested {
        /// For which order.
        order: Option<EntityId>,
        /// The refund.
        refund: EntityId,
        /// Of which attempt.
        attempt: u32,
        /// How much.
        amount: Money,
        /// Why it was asked for.
        key: String,
        /// For people.
        reason: Option<String>,
        /// Asked for by the payment itself, and in which round of settling (0: a double payment).
        automatic: Option<u32>,
        /// The call.
        call: CallKey,
        /// By which provider; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        provider: String,
        /// By which account; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
    },
    /// `payment.refund_failed`: it did not work; the amount can be refunded again.
    RefundFailed {
        /// For which order.
        order: Option<EntityId>,
        /// The refund.
        refund: EntityId,
        /// How much.
        amount: Money,
        /// Why.
        problem: Option<Problem>,
    },
    /// `payment.query_requested`: the provider is to be asked how it stands.
    QueryRequested {
        /// Which attempt.
        attempt: u32,
        /// Counts the queries of the payment.
        query: u32,
        /// Why.
        reason: QueryReason,
        /// How far the schedule has got with it; absent if it is beside the schedule.
        step: Option<u32>,
        /// By which provider; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        provider: String,
        /// By which account; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
    },
    /// `payment.query_failed`: the provider does not say how it stands; told once a reason.
    QueryFailed {
        /// Why.
        problem: Problem,
    },
    /// `payment.payer_returned`.
    PayerReturned,
    /// `payment.called`: the provider was called; what is known since follows it.
    Called {
        /// For which order.
        order: Option<EntityId>,
        /// How.
        call: Box<ProviderCall>,
    },
    /// `payment.call_failed`: it is known what is done about it, and when.
    CallFailed {
        /// The call.
        key: String,
        /// What was asked.
        operation: Operation,
        /// What is done about it.
        fault: CallFault,
        /// Why.
        problem: Problem,
        /// When.
        next: Timestamp,
    },
    /// `payment.call_begun`: a call that the provider would do twice is about to be made. Whoever
    /// finds it begun and not answered does not make it.
    CallBegun {
        /// The call.
        key: String,
        /// What is asked.
        operation: Operation,
    },
    /// `payment.call_asked`: the outcome of a call is being asked for.
    CallAsked {
        /// The call.
        key: String,
        /// When it is looked at again.
        next: Timestamp,
    },
    /// `payment.call_repeated`: the provider is to be called again.
    CallRepeated {
        /// The call.
        key: String,
        /// What is asked.
        operation: Operation,
        /// For which attempt.
        attempt: u32,
        /// The call as it goes out now.
        call: CallKey,
        /// By which provider; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        provider: String,
        /// By which account; absent in older events.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
    },
    /// `payment.call_given_up`: a person must look.
    CallGivenUp {
        /// The call.
        key: String,
        /// What was asked.
        operation: Operation,
        /// For which attempt.
        attempt: u32,
        /// Why.
        problem: Problem,
    },
    /// `payment.disputed`: the payer contests it.
    Disputed {
        /// For which order.
        order: Option<EntityId>,
        /// What the provider calls the dispute.
        reference: String,
        /// How much.
        amount: Money,
        /// By when evidence is wanted.
        respond_by: Option<Timestamp>,
    },
    /// `payment.dispute_closed`.
    DisputeClosed {
        /// For which order.
        order: Option<EntityId>,
        /// What the provider calls the dispute.
        reference: String,
        /// How it ended.
        outcome: DisputeStatus,
        /// How much was charged back in all.
        charged_back: Money,
        /// Where the payment stands now.
        status: PaymentStatus,
    },
    /// `payment.settle_requested`: it is to end either way.
    SettleRequested {
        /// For which order.
        order: Option<EntityId>,
        /// How often that was asked for.
        round: u32,
    },
    /// `payment.settled`: nothing is open, and all that had come has gone back.
    Settled {
        /// For which order.
        order: Option<EntityId>,
    },
    /// `payment.watch_hastened`: a question failed, so it is put again soon and then ever more
    /// rarely.
    WatchHastened,
    /// `payment.watch_ended`: the provider is not asked any more.
    WatchEnded {
        /// Something is still open, and a person must look.
        unfinished: bool,
    },
    /// `payment.notification_received`.
    NotificationReceived {
        /// What.
        notification: Box<Notification>,
        /// The payment that it is about, if that is known.
        payment: Option<EntityId>,
    },
    /// `payment.notification_matched`: its payment is known by now.
    NotificationMatched {
        /// The payment.
        payment: EntityId,
    },
    /// `payment.notification_unmatched`: its payment is still not known.
    NotificationUnmatched {
        /// When it is looked for again.
        next: Timestamp,
    },
    /// `payment.notification_abandoned`: nobody looks for its payment any more.
    NotificationAbandoned,
}

impl PaymentEvent {
    /// Its public name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "payment.requested",
            Self::Opened { .. } => "payment.opened",
            Self::Observed { .. } => "payment.observed",
            Self::Booked { .. } => "payment.booked",
            Self::Pending { .. } => "payment.pending",
            Self::Authorized { .. } => "payment.authorized",
            Self::Paid { .. } => "payment.paid",
            Self::Refunded { .. } => "payment.refunded",
            Self::RefundReversed { .. } => "payment.refund_reversed",
            Self::Failed { .. } => "payment.failed",
            Self::Cancelled { .. } => "payment.cancelled",
            Self::Expired { .. } => "payment.expired",
            Self::Mismatch { .. } => "payment.mismatch",
            Self::MismatchAccepted { .. } => "payment.mismatch_accepted",
            Self::PaidTwice { .. } => "payment.paid_twice",
            Self::SecondPaymentQueued { .. } => "payment.second_payment_queued",
            Self::SecondPaymentOverdue { .. } => "payment.second_payment_overdue",
            Self::SecondPaymentDecided { .. } => "payment.second_payment_decided",
            Self::LatePayment { .. } => "payment.late_payment",
            Self::AttemptClosed { .. } => "payment.attempt_closed",
            Self::CaptureRequested { .. } => "payment.capture_requested",
            Self::CancelRequested { .. } => "payment.cancel_requested",
            Self::RefundRequested { .. } => "payment.refund_requested",
            Self::RefundFailed { .. } => "payment.refund_failed",
            Self::QueryRequested { .. } => "payment.query_requested",
            Self::QueryFailed { .. } => "payment.query_failed",
            Self::PayerReturned => "payment.payer_returned",
            Self::Called { .. } => "payment.called",
            Self::CallFailed { .. } => "payment.call_failed",
            Self::CallBegun { .. } => "payment.call_begun",
            Self::CallAsked { .. } => "payment.call_asked",
            Self::CallRepeated { .. } => "payment.call_repeated",
            Self::CallGivenUp { .. } => "payment.call_given_up",
            Self::Disputed { .. } => "payment.disputed",
            Self::DisputeClosed { .. } => "payment.dispute_closed",
            Self::SettleRequested { .. } => "payment.settle_requested",
            Self::Settled { .. } => "payment.settled",
            Self::WatchHastened => "payment.watch_hastened",
            Self::WatchEnded { .. } => "payment.watch_ended",
            Self::NotificationReceived { .. } => "payment.notification_received",
            Self::NotificationMatched { .. } => "payment.notification_matched",
            Self::NotificationUnmatched { .. } => "payment.notification_unmatched",
            Self::NotificationAbandoned => "payment.notification_abandoned",
        }
    }
}
