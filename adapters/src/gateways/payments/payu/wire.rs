//! PayU's objects, as far as Kontor reads them. Unknown members are tolerated.

use crate::gateways::payments::exact::Whole;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    pub order_id: String,
    pub redirect_uri: Option<String>,
}

/// An answer of which only the status counts.
#[derive(Deserialize)]
pub struct Said {}

#[derive(Deserialize)]
pub struct Orders {
    pub orders: Vec<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: String,
    pub ext_order_id: Option<String>,
    pub merchant_pos_id: Option<String>,
    pub currency_code: String,
    pub total_amount: Whole,
    pub status: String,
}

#[derive(Deserialize)]
pub struct Refunds {
    #[serde(default)]
    pub refunds: Vec<Refund>,
}

#[derive(Deserialize)]
pub struct RefundMade {
    pub refund: Refund,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    pub refund_id: String,
    pub ext_refund_id: Option<String>,
    pub amount: Whole,
    pub currency_code: String,
    pub status: String,
    pub reason_description: Option<String>,
}

/// A notification is about an order, or about a refund of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    pub order: Option<Order>,
    pub order_id: Option<String>,
    pub ext_order_id: Option<String>,
    pub refund: Option<Refund>,
}

#[derive(Deserialize)]
pub struct ErrorReply {
    pub status: Error,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Error {
    pub status_code: String,
    pub code: Option<Whole>,
    pub code_literal: Option<String>,
    pub status_desc: Option<String>,
}
