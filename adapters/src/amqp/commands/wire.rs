//! What the commands say, as the broker's users write it. Ids that name new things, and the names
//! that make a repeat harmless, come from the message.

use kontor_messages::{
    EntityId, Money, Timestamp,
    order::{CancelReason, LineQuantity, Parcel},
    payment::CaptureMode,
    stock::{MovementKind, StockSettings},
};
use serde::Deserialize;

/// An order, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfOrder {
    pub order: EntityId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ship {
    pub order: EntityId,
    pub parcel: Parcel,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deliver {
    pub order: EntityId,
    pub parcel: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancel {
    pub order: EntityId,
    pub reason: CancelReason,
    #[serde(default)]
    pub lines: Vec<LineQuantity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Return {
    pub order: EntityId,
    #[serde(default)]
    pub lines: Vec<LineQuantity>,
    pub reason: Option<String>,
    #[serde(default)]
    pub restock: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    pub order: EntityId,
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Configure {
    pub sku: String,
    pub settings: StockSettings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    pub sku: String,
    pub warehouse: String,
    pub kind: MovementKind,
    pub quantity: i64,
    pub reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Observation {
    pub sku: String,
    pub warehouse: String,
    pub quantity: i64,
    pub observed_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    pub sku: String,
    pub from: String,
    pub to: String,
    pub quantity: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfTransfer {
    pub transfer: EntityId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub order: Option<EntityId>,
    pub amount: Money,
    pub provider: String,
    pub account: String,
    #[serde(default)]
    pub capture: CaptureMode,
    pub return_url: Option<String>,
    pub cancel_url: Option<String>,
    pub description: String,
    /// As long as the tenant's orders wait for their payment, if absent.
    pub until: Option<Timestamp>,
    pub customer_email: Option<String>,
}

/// A payment, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfPayment {
    pub payment: EntityId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Capture {
    pub payment: EntityId,
    pub amount: Option<Money>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refund {
    pub payment: EntityId,
    pub amount: Money,
    pub reason: Option<String>,
}
