//! PayPal's objects, as far as Kontor reads them. Unknown members are tolerated.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub struct Order {
    pub id: String,
    pub status: String,
    pub intent: Option<String>,
    #[serde(default)]
    pub links: Vec<Link>,
    #[serde(default)]
    pub purchase_units: Vec<Unit>,
}

#[derive(Deserialize)]
pub struct Unit {
    pub amount: Option<Amount>,
    pub custom_id: Option<String>,
    pub payments: Option<Payments>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Payments {
    pub authorizations: Vec<Capture>,
    pub captures: Vec<Capture>,
    pub refunds: Vec<Refund>,
}

/// A capture or an authorization: what is read of them is alike.
#[derive(Deserialize)]
pub struct Capture {
    pub id: String,
    pub status: String,
    pub amount: Option<Amount>,
    pub custom_id: Option<String>,
    pub supplementary_data: Option<Supplement>,
}

#[derive(Deserialize)]
pub struct Supplement {
    pub related_ids: Option<Related>,
}

#[derive(Deserialize)]
pub struct Related {
    pub order_id: Option<String>,
}

#[derive(Deserialize)]
pub struct Refund {
    pub id: String,
    pub status: Option<String>,
    pub amount: Option<Amount>,
    pub custom_id: Option<String>,
    #[serde(default)]
    pub links: Vec<Link>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Amount {
    pub currency_code: String,
    pub value: String,
}

#[derive(Deserialize)]
pub struct Link {
    pub href: String,
    pub rel: String,
}

#[derive(Deserialize)]
pub struct Dispute {
    pub dispute_id: String,
    pub status: Option<String>,
    pub reason: Option<String>,
    pub dispute_amount: Option<Amount>,
    pub dispute_outcome: Option<Outcome>,
    pub seller_response_due_date: Option<String>,
    #[serde(default)]
    pub disputed_transactions: Vec<Disputed>,
}

#[derive(Deserialize)]
pub struct Outcome {
    pub outcome_code: Option<String>,
}

#[derive(Deserialize)]
pub struct Disputed {
    pub seller_transaction_id: Option<String>,
}

#[derive(Deserialize)]
pub struct Event {
    pub id: String,
    pub event_type: String,
    pub create_time: Option<String>,
    #[serde(default)]
    pub resource: serde_json::Value,
}

/// Whether a notification is genuine.
#[derive(Serialize)]
pub struct Question<'a> {
    pub auth_algo: &'a str,
    pub cert_url: &'a str,
    pub transmission_id: &'a str,
    pub transmission_sig: &'a str,
    pub transmission_time: &'a str,
    pub webhook_id: &'a str,
    pub webhook_event: &'a RawValue,
}

#[derive(Deserialize)]
pub struct Verified {
    pub verification_status: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Error {
    pub name: Option<String>,
    pub message: Option<String>,
    pub details: Vec<Detail>,
}

#[derive(Deserialize)]
pub struct Detail {
    pub issue: Option<String>,
    pub description: Option<String>,
}

/// The address of a relation.
pub fn link<'a>(links: &'a [Link], rel: &str) -> Option<&'a str> {
    links.iter().find(|link| link.rel == rel).map(|link| link.href.as_str())
}
