//! The vocabulary of orders.
//!
//! Entities: an order under its UUIDv7, and `number/<year>`, which counts the tenant's orders.

mod command;
mod event;
mod refusal;

pub use command::OrderCommand;
pub use event::OrderEvent;
pub use refusal::OrderRefusal;

use crate::{Currency, EntityId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity that counts a year's orders.
pub fn number_entity(year: i32) -> EntityId {
    EntityId::named(format!("number/{year}"))
}

/// Who buys. Personal data: never in logs, never in metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Full name.
    #[schema(max_length = 200)]
    pub name: String,
    /// Where the messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// E.164 where possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub phone: Option<String>,
    /// BCP 47 language, such as `cs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35)]
    pub language: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Addressee.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Street and number.
    #[schema(min_length = 1, max_length = 200)]
    pub street: String,
    /// Town.
    #[schema(min_length = 1, max_length = 200)]
    pub city: String,
    /// Postal code.
    #[schema(min_length = 1, max_length = 20)]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: String,
    /// Company, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub company: Option<String>,
    /// Tax id, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub tax_id: Option<String>,
}

/// A line as it is ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The product.
    #[schema(min_length = 1, max_length = 100)]
    pub sku: String,
    /// What the customer read.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// How many, at least 1.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
    /// Price of one, tax included, in the order's currency.
    #[schema(minimum = 0)]
    pub unit_price_minor: i64,
    /// From this warehouse only; else by priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
}

/// What the customer is asked to pay. `total = subtotal + shipping - discount`; taxes are inside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// The sum of quantity times unit price over the lines.
    #[schema(minimum = 0)]
    pub subtotal_minor: i64,
    /// Shipping, tax included.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub shipping_minor: i64,
    /// What is taken off.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub discount_minor: i64,
    /// Tax that is contained in the total.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub tax_minor: i64,
    /// What is to be paid.
    #[schema(minimum = 0)]
    pub total_minor: i64,
}

/// An order as a channel places it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// Sales channel, such as `web` or `allegro`.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$")]
    pub channel: String,
    /// The account at the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub account: Option<String>,
    /// The channel's own id. The same one with the same content answers with the same order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub external_id: Option<String>,
    /// ISO 4217.
    pub currency: Currency,
    /// Who buys.
    pub customer: Customer,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Who is billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// What, 1 to 200 lines.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<OrderLine>,
    /// What is to be paid; checked against the lines.
    pub totals: Totals,
    /// How it travels, in the shop's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub shipping_method: Option<String>,
    /// The channel has taken the money already: stock is committed at once, and there is nothing
    /// to wait for.
    #[serde(default)]
    pub paid: bool,
    /// What the customer wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, waits for payment or for a person's word.
    #[default]
    Pending,
    /// Paid or released by a person, goods committed.
    Confirmed,
    /// Being packed.
    Processing,
    /// All that is to be sent is on its way.
    Shipped,
    /// All that was sent has arrived.
    Delivered,
    /// Ended before shipping.
    Cancelled,
    /// All that was sent has come back.
    Returned,
    /// Money is there, goods are not; somebody must decide before the deadline.
    PaidWithoutStock,
}

/// How an order's goods stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockStanding {
    /// Held until the order's deadline.
    #[default]
    Held,
    /// The customer's.
    Committed,
    /// Not enough is there.
    Short,
    /// Given back.
    Released,
}

/// Why an order was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer asked.
    Customer,
    /// The shop decided.
    Merchant,
    /// The channel said so.
    Channel,
    /// Nobody paid in time.
    PaymentTimeout,
    /// Paid, and the goods could not be had in time.
    NoStock,
    /// It looked like fraud.
    Fraud,
}

/// Units of one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// The line, counted from 0.
    #[schema(minimum = 0)]
    pub line: u32,
    /// Units, at least 1.
    #[schema(minimum = 1)]
    pub quantity: i64,
}

/// One parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Who carries it.
    #[schema(min_length = 1, max_length = 100)]
    pub carrier: String,
    /// Under which number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub tracking_number: Option<String>,
    /// Where to follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub tracking_url: Option<String>,
    /// What is in it; all that is left to ship if empty.
    #[serde(default)]
    pub lines: Vec<LineQuantity>,
}

/// A step of a cancellation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CancellationStep {
    /// Goods back on the shelf.
    Stock,
    /// Money back to the customer, or nothing to give back.
    Refund,
    /// The channel is told.
    Channel,
    /// The customer is told.
    Message,
}
