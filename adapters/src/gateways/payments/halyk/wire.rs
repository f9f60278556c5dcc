//! Halyk's objects, as far as Kontor reads and writes them. Unknown members are tolerated.

use crate::gateways::payments::exact::Whole;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

#[derive(Serialize)]
pub struct NewLink {
    pub shop_id: String,
    pub account_id: String,
    pub invoice_id: String,
    /// A number in major units, as it is to be written.
    pub amount: Box<RawValue>,
    pub language: String,
    pub description: String,
    pub expire_period: String,
    pub recipient_contact: String,
    pub recipient_contact_sms: String,
    pub notifier_contact_sms: String,
    pub currency: String,
    pub post_link: Url,
    pub failure_post_link: Url,
    pub back_link: Option<String>,
    pub failure_back_link: Option<String>,
}

#[derive(Deserialize)]
pub struct Link {
    pub invoice_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub result_code: Whole,
    pub result_message: Option<String>,
    pub transaction: Option<Transaction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    pub id: String,
    #[serde(rename = "invoiceID")]
    pub invoice_id: String,
    pub amount: Box<RawValue>,
    pub currency: String,
    #[serde(rename = "terminalID")]
    pub terminal_id: Option<String>,
    pub status_name: String,
    pub reason: Option<String>,
    pub reason_code: Option<Whole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    pub id: Option<String>,
    pub invoice_id: String,
    pub amount: Box<RawValue>,
    pub currency: String,
    pub code: Option<String>,
    #[serde(rename = "secret_hash")]
    pub secret_hash: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Error {
    pub code: Option<Whole>,
    pub message: Option<String>,
}
