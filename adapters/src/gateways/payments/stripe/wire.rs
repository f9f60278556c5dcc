//! Stripe's objects, as far as Kontor reads them. Unknown members are tolerated.

use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Texts that we gave to an object when we made it.
pub type Metadata = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
pub struct Session {
    pub id: String,
    pub url: Option<String>,
    pub status: Option<String>,
    pub payment_status: Option<String>,
    pub amount_total: Option<i64>,
    pub currency: Option<String>,
    pub payment_intent: Option<Expandable<Intent>>,
    pub expires_at: Option<i64>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// Whether money is real.
#[derive(Debug, Deserialize)]
pub struct Livemode {
    pub livemode: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub struct Intent {
    pub id: String,
    pub status: String,
    pub amount: i64,
    pub amount_capturable: Option<i64>,
    pub amount_received: Option<i64>,
    pub currency: String,
    pub client_secret: Option<SecretString>,
    pub cancellation_reason: Option<String>,
    pub last_payment_error: Option<Error>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub struct Charge {
    pub id: String,
    pub status: Option<String>,
    pub amount: i64,
    pub amount_captured: Option<i64>,
    pub captured: Option<bool>,
    pub currency: String,
    pub payment_intent: Option<Expandable<Named>>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub struct Refund {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: Option<String>,
    pub payment_intent: Option<Expandable<Named>>,
    pub charge: Option<Expandable<Named>>,
    pub failure_reason: Option<String>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub struct Dispute {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub reason: Option<String>,
    pub payment_intent: Option<Expandable<Named>>,
    pub charge: Option<Expandable<Named>>,
    pub evidence_details: Option<Evidence>,
}

#[derive(Debug, Deserialize)]
pub struct Evidence {
    pub due_by: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub struct List<T> {
    pub data: Vec<T>,
}

#[derive(Debug, Deserialize)]
pub struct Named {
    pub id: String,
}

/// An object, or only its id.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Expandable<T> {
    Id(String),
    Object(Box<T>),
}

#[derive(Debug, Deserialize)]
pub struct Event {
    pub id: String,
    pub object: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub created: Option<i64>,
    pub data: Option<EventData>,
}

#[derive(Debug, Deserialize)]
pub struct EventData {
    pub object: serde_json::Value,
}

#[derive(Debug, Deserialize)]
pub struct ErrorReply {
    pub error: Error,
}

#[derive(Debug, Default, Deserialize)]
pub struct Error {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub code: Option<String>,
    pub decline_code: Option<String>,
    pub message: Option<String>,
    pub param: Option<String>,
}

impl Expandable<Intent> {
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(intent) => &intent.id,
        }
    }
}

impl Expandable<Named> {
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(named) => &named.id,
        }
    }
}
