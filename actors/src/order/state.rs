//! What is known of an order, as the API returns it. It stays small: every list has a limit.

use kontor_messages::{
    Currency, EntityId, Timestamp,
    order::{
        Address, CancelReason, CancellationStep, Customer, LineQuantity, OrderStatus,
        StockStanding, Totals,
    },
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Parcels of one order at most.
pub(super) const PARCELS_MAX: usize = 100;
/// Payments that an order remembers; one more pushes out the oldest that brought no money.
pub(super) const PAYMENTS_MAX: usize = 20;
/// Notes that may be written on an order.
pub(super) const NOTES_MAX: usize = 200;
/// Of these, the last ones are in the state.
pub(super) const NOTES_SHOWN: usize = 50;
/// Cancellations of lines and returns of one order; each may be a release, of which stock takes
/// no more.
pub(super) const LINE_CHANGES_MAX: usize = 100;
/// Names of requests that an order remembers.
pub(super) const KEYS_MAX: usize = 200;
/// How long stock may take to answer before it is asked again.
pub(super) const STOCK_ANSWER: Duration = Duration::from_secs(15 * 60);
/// How long the steps of a cancellation may take before they are done again.
pub(super) const SETTLE: Duration = Duration::from_secs(15 * 60);
/// How long somebody may think about an order that is paid and has no goods.
pub(super) const DECIDE: Duration = Duration::from_secs(48 * 60 * 60);

/// What is known of an entity of the order domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrderState {
    /// Nothing yet.
    #[default]
    Blank,
    /// A year's counter of orders.
    Counter(CounterDocument),
    /// An order.
    Order(Box<OrderDocument>),
}

/// A year's counter of orders.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CounterDocument {
    /// The number given out last.
    pub last: i64,
    /// Whether an order of the year has a number that is not year and counter alone: only then
    /// can a number be taken before its turn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_format: bool,
    /// The day of the order that came last, as `yyyymmdd`.
    #[serde(default)]
    pub day: u32,
    /// How many orders came that day.
    #[serde(default)]
    pub that_day: u32,
}

impl OrderState {
    /// The year's counter, if it is one.
    pub fn counter(&self) -> Option<&CounterDocument> {
        match self {
            Self::Counter(counter) => Some(counter),
            Self::Blank | Self::Order(_) => None,
        }
    }
}

impl CounterDocument {
    /// How many orders came on a day, if that is the last or a later one.
    pub fn placed_on(&self, day: u32) -> u32 {
        if self.day == day { self.that_day } else { 0 }
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderDocument {
    /// The tenant's number for it, without gaps.
    pub number: String,
    /// Sales channel.
    pub channel: String,
    /// The account at the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The channel's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// How its goods stand.
    pub stock: StockStanding,
    /// Who buys.
    pub customer: Customer,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Who is billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// ISO 4217.
    pub currency: Currency,
    /// What was ordered, and what became of it.
    pub lines: Vec<LineDocument>,
    /// What the customer was asked to pay when the order was placed.
    pub totals: Totals,
    /// What is to be paid, or to stay paid, after cancelled lines and returns.
    pub total_minor: i64,
    /// How it travels, in the shop's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// What the customer wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Until when payment is waited for.
    pub pay_until: Timestamp,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When a person released it without a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_requested_at: Option<Timestamp>,
    /// The reservation's version by which `stock` changed last; what is older is stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_version: Option<i64>,
    /// Since when an answer about its goods is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_asked_at: Option<Timestamp>,
    /// By when somebody must decide, while it is paid and has no goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide_until: Option<Timestamp>,
    /// Its payments, 20 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<OrderPayment>,
    /// What was sent, 100 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parcels: Vec<ParcelDocument>,
    /// How its cancellation goes, once it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// The last 50 notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// How many notes were written in all.
    #[serde(default)]
    pub notes_count: u32,
    /// How many times some of its lines were cancelled or returned, 100 at most.
    #[serde(default)]
    pub line_changes: u32,
    /// A hash of what was placed, by which the same order is known again.
    pub fingerprint: String,
    /// The last names of requests that were carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_keys: Vec<String>,
}

/// A line, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineDocument {
    /// The product.
    pub sku: String,
    /// What the customer read.
    pub title: String,
    /// Units ordered.
    pub quantity: i64,
    /// Price of one, tax included.
    pub unit_price_minor: i64,
    /// From this warehouse only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Units cancelled before they were sent.
    pub cancelled: i64,
    /// Units sent.
    pub shipped: i64,
    /// Of these, units that came back.
    pub returned: i64,
}

/// A payment of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderPayment {
    /// The payment.
    pub payment: EntityId,
    /// In this currency.
    pub currency: Currency,
    /// How much it brought.
    pub paid_minor: i64,
    /// How much of that went back.
    pub refunded_minor: i64,
    /// Whether the order could not take it: all of it goes back.
    pub stranded: bool,
    /// Whether nothing of it is open any more and all of it went back.
    pub settled: bool,
}

/// A parcel on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParcelDocument {
    /// Who carries it.
    pub carrier: String,
    /// Under which number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where to follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// When it left.
    pub shipped_at: Timestamp,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
}

/// How a cancellation goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cancellation {
    /// Why.
    pub reason: CancelReason,
    /// When.
    pub at: Timestamp,
    /// What is done.
    pub done: Vec<CancellationStep>,
    /// What is missing.
    pub missing: Vec<CancellationStep>,
    /// By when everything is expected to be done.
    pub settle_until: Timestamp,
}

/// A note for colleagues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// The note.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

/// A status as a word, for lists and refusals.
pub fn word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Processing => "processing",
        OrderStatus::Shipped => "shipped",
        OrderStatus::Delivered => "delivered",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Returned => "returned",
        OrderStatus::PaidWithoutStock => "paid_without_stock",
    }
}

impl OrderState {
    /// The order, if it is one.
    pub fn order(&self) -> Option<&OrderDocument> {
        match self {
            Self::Order(order) => Some(order),
            Self::Blank | Self::Counter(_) => None,
        }
    }
}

impl OrderDocument {
    /// When it must be looked at again, if it waits for something.
    pub fn due(&self) -> Option<Timestamp> {
        match self.status {
            OrderStatus::Pending if self.awaits_stock() => {
                let asked = self.stock_asked_at.or(self.paid_at).unwrap_or(self.placed_at);
                Some(asked.plus(STOCK_ANSWER))
            }
            OrderStatus::Pending => Some(self.pay_until),
            OrderStatus::PaidWithoutStock => self.decide_until,
            OrderStatus::Cancelled => self
                .cancellation
                .as_ref()
                .filter(|cancellation| !cancellation.missing.is_empty())
                .map(|cancellation| cancellation.settle_until),
            _ => None,
        }
    }

    /// Whether it is paid, or released by a person: only its goods are missing.
    pub fn awaits_stock(&self) -> bool {
        self.is_paid() || self.confirmation_requested_at.is_some()
    }

    /// Whether the money for it has come.
    pub fn is_paid(&self) -> bool {
        self.paid_at.is_some()
    }

    /// The payment that paid for it; none if the channel took the money, or nobody has paid.
    pub fn paid_by(&self) -> Option<&OrderPayment> {
        self.payments.iter().find(|payment| payment.paid_minor > 0 && !payment.stranded)
    }

    /// A payment of it.
    pub fn payment(&self, id: &EntityId) -> Option<&OrderPayment> {
        self.payments.iter().find(|payment| payment.payment == *id)
    }

    /// Whether a step of its cancellation is still to be done.
    pub fn misses(&self, step: CancellationStep) -> bool {
        self.cancellation.as_ref().is_some_and(|known| known.missing.contains(&step))
    }

    /// Units that are still to be sent.
    pub fn left_to_ship(&self) -> i64 {
        self.lines.iter().map(LineDocument::left).sum()
    }

    /// Units that were sent.
    pub fn shipped(&self) -> i64 {
        self.lines.iter().map(|line| line.shipped).sum()
    }

    /// Units that were sent and have not come back.
    pub fn kept(&self) -> i64 {
        self.lines.iter().map(LineDocument::kept).sum()
    }
}

impl LineDocument {
    /// Units that are still to be sent.
    pub fn left(&self) -> i64 {
        self.quantity - self.cancelled - self.shipped
    }

    /// Units that were sent and have not come back.
    pub fn kept(&self) -> i64 {
        self.shipped - self.returned
    }
}
