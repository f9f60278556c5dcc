//! What the application that asked for a payment says of it, and where it is told how it goes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A payment as the application that asked for it knows it: see `docs/compatibility.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentClient {
    /// Which of the tenant's applications it is.
    pub application: String,
    /// What the application calls the order.
    pub order: String,
    /// How the payer wanted to pay, in the application's words.
    pub method: String,
    /// Where the application is told how it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// What it wants to hear again: a JSON object, kept as text, for a number that went through a
    /// reader might not be the same number afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}
