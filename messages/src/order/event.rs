//! What has become of an order.

use super::{CancelReason, CancellationStep, LineQuantity, Parcel, PlaceOrder, StockStanding};
use crate::{EntityId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has become of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderEvent {
    /// `order.created`.
    Created {
        /// The tenant's number for it, without gaps.
        number: String,
        /// The counter that gave it.
        counter: EntityId,
        /// All of it.
        place: Box<PlaceOrder>,
        /// How its goods stand.
        stock: StockStanding,
        /// Until when payment is waited for.
        pay_until: Timestamp,
        /// A hash of all of it, by which the same order is known again.
        fingerprint: String,
        /// The tenant's day as `yyyymmdd`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<u32>,
    },
    /// `order.payment_opened`.
    PaymentOpened {
        /// The payment.
        payment: EntityId,
        /// Until when the order waits now.
        until: Timestamp,
    },
    /// `order.paid`.
    Paid {
        /// The payment; none if the channel took the money.
        payment: Option<EntityId>,
        /// How much.
        paid: Money,
    },
    /// `order.payment_stranded`: money for an order that could not take it; it goes back.
    PaymentStranded {
        /// The payment.
        payment: EntityId,
        /// How much.
        paid: Money,
    },
    /// `order.refunded`.
    Refunded {
        /// The payment.
        payment: EntityId,
        /// How much in all of this payment.
        refunded: Money,
        /// How much of that is new.
        amount: Money,
    },
    /// `order.refund_reversed`: a refund came back.
    RefundReversed {
        /// The payment.
        payment: EntityId,
        /// How much is refunded in all of this payment now.
        refunded: Money,
        /// How much of it came back.
        amount: Money,
    },
    /// `order.payment_settled`: nothing of the payment is open, what it took is given back.
    PaymentSettled {
        /// The payment.
        payment: EntityId,
    },
    /// `order.confirmed`: paid or released, goods committed.
    Confirmed,
    /// `order.confirmation_requested`: released by a person; goods are to be committed.
    ConfirmationRequested,
    /// `order.paid_without_stock`: somebody must decide before the deadline.
    PaidWithoutStock {
        /// By when; then it is cancelled and refunded.
        decide_until: Timestamp,
    },
    /// `order.stock_retried`: goods are to be looked for again.
    StockRetried,
    /// `order.stock_changed`: goods were given back or held anew.
    StockChanged {
        /// How they stand.
        standing: StockStanding,
        /// The reservation's version that says so, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
    /// `order.processing`.
    Processing,
    /// `order.shipped`: one parcel has left.
    Shipped {
        /// The parcel, its lines filled in.
        parcel: Parcel,
        /// Whether nothing is left to ship.
        complete: bool,
        /// The request's name, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// `order.delivered`.
    Delivered {
        /// Which parcels, counted from 0.
        parcels: Vec<u32>,
        /// Whether all that was shipped has arrived.
        complete: bool,
    },
    /// `order.lines_cancelled`: some units are off; the total shrinks.
    LinesCancelled {
        /// Which units.
        lines: Vec<LineQuantity>,
        /// Why.
        reason: CancelReason,
        /// What is to be paid, or to stay paid, now.
        total_minor: i64,
        /// What goes back to the customer; 0 if nobody has paid yet.
        refund_minor: i64,
        /// The request's name, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// `order.cancelled`.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// By when every step is expected to be done.
        settle_until: Timestamp,
    },
    /// `order.cancellation_step_done`.
    CancellationStepDone {
        /// Which.
        step: CancellationStep,
        /// The reservation's version, where stock has given back the goods; what stock said before
        /// is stale.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
    /// `order.cancellation_step_reopened`: goods or money came after the step was done.
    CancellationStepReopened {
        /// Which.
        step: CancellationStep,
        /// By when it is expected to be done again.
        settle_until: Timestamp,
    },
    /// `order.cancellation_overdue`: a step is missing; policies do it again.
    CancellationOverdue {
        /// What is missing.
        missing: Vec<CancellationStep>,
        /// When it is looked at again.
        settle_until: Timestamp,
    },
    /// `order.returned`.
    Returned {
        /// Which units.
        lines: Vec<LineQuantity>,
        /// Whether they go back on the shelf.
        restock: bool,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Whether all that was shipped has come back.
        complete: bool,
        /// What stays to be paid, or paid, now.
        total_minor: i64,
        /// What goes back to the customer; 0 if nobody has paid yet.
        refund_minor: i64,
        /// The request's name, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// `order.note_added`.
    NoteAdded {
        /// The note.
        text: String,
        /// The request's name, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
}
