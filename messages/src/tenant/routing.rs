//! Rules by which a tenant's payments find their accounts.

use crate::{Currency, payment::AccountName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which accounts take a payment. The first rule counts whose conditions all hold; a condition
/// that says nothing holds always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRule {
    /// How the payer wants to pay: `card`, `bank_transfer`, `wallet`, `cash_on_delivery` or any
    /// word of the tenant's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 30)]
    pub methods: Vec<String>,
    /// In which currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 30)]
    pub currencies: Vec<Currency>,
    /// From where, ISO 3166-1 alpha-2; a payment of which no country is told fits none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 30)]
    pub countries: Vec<String>,
    /// At least so much; needs exactly one currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub amount_from_minor: Option<i64>,
    /// At most so much; needs exactly one currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub amount_to_minor: Option<i64>,
    /// By which accounts: the first, or the next when the one before cannot open it.
    #[schema(min_items = 1, max_items = 9)]
    pub accounts: Vec<AccountName>,
}
