//! What is agreed about a payment beside its amount: which accounts may take it, and what becomes
//! of money that comes twice or too late.

use super::{AccountName, PaymentClient};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What becomes of a second attempt's money, when one is paid already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondPayment {
    /// It goes back by itself.
    #[default]
    Refund,
    /// A person decides.
    Queue,
}

/// What becomes of money that comes when the payment has failed, was cancelled or has expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatePayment {
    /// It counts: the payment is paid after all.
    #[default]
    Reopen,
    /// It goes back by itself.
    Refund,
}

/// What a person decides about a second payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondDecision {
    /// The money goes back.
    Refund,
    /// It stays, and the shop settles with its customer in its own way.
    Keep,
}

/// What a tenant wants done with money that nobody waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentChoices {
    /// Of a second attempt, when one is paid already.
    pub second_payment: SecondPayment,
    /// For a payment that has ended.
    pub late_payment: LatePayment,
}

impl PaymentChoices {
    /// Whether nothing was chosen.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is agreed about a payment beside its amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentPlan {
    /// How the payer wanted to pay, if the accounts were chosen by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The accounts that are tried, in order, when the one before could not open it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<AccountName>,
    /// What becomes of money that nobody waited for.
    #[serde(skip_serializing_if = "PaymentChoices::is_default")]
    pub choices: PaymentChoices,
    /// Makes the address unguessable at which the payer comes back through this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_token: Option<String>,
    /// The application that asked for it, if it did so by the routes of the service before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Box<PaymentClient>>,
}

impl PaymentPlan {
    /// Whether nothing is agreed.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
