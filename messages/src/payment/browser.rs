//! What the shop's own page needs to let a payer pay.

use super::PaymentEvent;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// How the payer pays on the shop's own page, with the provider's script in the browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientInstructions {
    /// Lets the payer's browser go on with this payment, and with no other. It goes to the payer and
    /// to nobody else.
    pub client_secret: String,
    /// The account's key for browsers, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishable_key: Option<String>,
}

/// What is printed goes into logs, and the secret does not.
impl fmt::Debug for ClientInstructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientInstructions")
            .field("publishable_key", &self.publishable_key)
            .finish_non_exhaustive()
    }
}

impl PaymentEvent {
    /// The event without what only the payer's browser needs.
    pub fn public_view(mut self) -> Self {
        if let Self::Opened { client, .. } = &mut self {
            *client = None;
        }
        self
    }
}
