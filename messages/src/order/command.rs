//! What one may ask of an order.

use super::{CancelReason, CancellationStep, LineQuantity, Parcel, PlaceOrder, StockStanding};
use crate::{EntityId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one may ask of an order. The `Record...` variants bring facts and are never refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OrderCommand {
    /// A new order. Its stock has been asked for before.
    Place {
        /// Its id, made at the door.
        order: EntityId,
        /// All of it.
        place: Box<PlaceOrder>,
        /// What stock said: held, committed, or short for an order that arrives paid.
        stock: StockStanding,
        /// Until when payment is waited for.
        pay_until: Timestamp,
        /// How numbers look: `{year}-{number}` with `{number:06}` widths.
        number_format: String,
        /// The tenant's day as `yyyymmdd`; the day in UTC if absent.
        #[serde(default)]
        day: Option<u32>,
        /// How many orders the tenant may place in a day.
        #[serde(default)]
        orders_max: Option<u32>,
    },
    /// A payment was opened: the order waits at least until then.
    RecordPaymentOpened {
        /// The order.
        order: EntityId,
        /// The payment.
        payment: EntityId,
        /// Until when it may be paid.
        until: Timestamp,
    },
    /// Money has come.
    RecordPaid {
        /// The order.
        order: EntityId,
        /// The payment.
        payment: EntityId,
        /// How much.
        paid: Money,
        /// A person has taken it for what the order comes to, although the amount is another.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accepted: bool,
    },
    /// A refund came back.
    RecordRefundReversed {
        /// The order.
        order: EntityId,
        /// The payment.
        payment: EntityId,
        /// How much is refunded in all of this payment now.
        refunded: Money,
    },
    /// Money has gone back.
    RecordRefunded {
        /// The order.
        order: EntityId,
        /// The payment.
        payment: EntityId,
        /// How much in all of this payment.
        refunded: Money,
    },
    /// A payment has come to its end: nothing of it is open, what it had taken is given back.
    RecordPaymentSettled {
        /// The order.
        order: EntityId,
        /// The payment.
        payment: EntityId,
    },
    /// Stock has said how the goods stand.
    RecordStock {
        /// The order.
        order: EntityId,
        /// How they stand.
        standing: StockStanding,
        /// The reservation's version that says so; an older one than is known changes nothing.
        version: i64,
    },
    /// A step of the cancellation is done.
    RecordCancellationStep {
        /// The order.
        order: EntityId,
        /// Which.
        step: CancellationStep,
        /// The reservation's version, where stock has given back the goods.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
    /// A person releases the order without a payment through Kontor (invoice, cash on delivery).
    Confirm {
        /// The order.
        order: EntityId,
    },
    /// A person tries to get goods for a paid order again.
    RetryStock {
        /// The order.
        order: EntityId,
    },
    /// Packing has begun.
    Process {
        /// The order.
        order: EntityId,
    },
    /// A parcel leaves.
    Ship {
        /// The order.
        order: EntityId,
        /// The parcel.
        parcel: Parcel,
        /// Names this request; the same key a second time changes nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A parcel, or all of them, has arrived.
    Deliver {
        /// The order.
        order: EntityId,
        /// Which parcel, counted from 0; all if absent.
        #[serde(default)]
        parcel: Option<u32>,
    },
    /// Ends the order, or some of its lines, before shipping.
    Cancel {
        /// The order.
        order: EntityId,
        /// Why.
        reason: CancelReason,
        /// Which units; the whole order if empty.
        #[serde(default)]
        lines: Vec<LineQuantity>,
        /// Names this request; the same key a second time changes nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Goods come back after shipping.
    Return {
        /// The order.
        order: EntityId,
        /// Which units; all that was shipped if empty.
        #[serde(default)]
        lines: Vec<LineQuantity>,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
        /// Whether they go back on the shelf.
        #[serde(default)]
        restock: bool,
        /// Names this request; the same key a second time changes nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Adds a note for colleagues.
    AddNote {
        /// The order.
        order: EntityId,
        /// The note.
        text: String,
        /// Names this request; the same key a second time changes nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// The order's deadline has passed.
    Wake {
        /// The order.
        order: EntityId,
    },
}
