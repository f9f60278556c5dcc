//! What an account at Stripe is set with.

use crate::gateways::fields::{Field, FieldKind};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use url::Url;

/// The version of the interface that the wire types were written against.
const VERSION: &str = "2026-10-28.endive";

/// What an account needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sk_...` or `rk_...`; it says whether money is real.
    pub secret_key: SecretString,
    /// `whsec_...` of the endpoint; two while they are rotated.
    #[serde(default)]
    pub webhook_secrets: Vec<SecretString>,
    /// Where the interface is.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
    /// The interface's version.
    #[serde(default = "version")]
    pub version: String,
    /// Where payers pay.
    #[serde(default)]
    pub flow: Flow,
    /// Where payers pay who chose one of these methods, whatever `flow` says.
    #[serde(default)]
    pub flows: BTreeMap<String, Flow>,
    /// `pk_...`, for the shop's own page.
    #[serde(default)]
    pub publishable_key: Option<String>,
    /// The methods that the shop's own page offers, such as `card`; those of the account's
    /// dashboard if there are none.
    #[serde(default)]
    pub payment_method_types: Vec<String>,
    /// `acct_...`, to act for a connected account.
    #[serde(default)]
    pub connected_account: Option<String>,
    /// How old or new a notification's time may be, in seconds.
    #[serde(default = "tolerance")]
    pub webhook_tolerance_s: u32,
}

/// Where a payer pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// On Stripe's page.
    #[default]
    Checkout,
    /// On the shop's own page, with Stripe's script.
    PaymentIntent,
}

/// The settings, for forms.
pub(super) const FIELDS: &[Field] = &[
    Field::secret("secret_key", "sk_... or rk_...; it says whether money is real."),
    Field::secret("webhook_secrets", "whsec_... of the endpoint; two while they are rotated.")
        .of(FieldKind::List)
        .optional(),
    Field::text("endpoint", "Where the interface is, if it is not Stripe's own.").leads(),
    Field::text("version", "The interface's version, if it is another one."),
    Field::choice(
        "flow",
        "Where payers pay: on Stripe's page, or on the shop's own.",
        &["checkout", "payment_intent"],
    ),
    Field::text("flows", "The same for single methods, such as card_here = payment_intent.")
        .of(FieldKind::Names),
    Field::text("publishable_key", "pk_..., for the shop's own page."),
    Field::text(
        "payment_method_types",
        "The methods that the shop's own page offers, if only some.",
    )
    .of(FieldKind::List),
    Field::text("connected_account", "acct_..., to act for a connected account."),
    Field::number("webhook_tolerance_s", "How old a notification may be, in seconds."),
];

fn endpoint() -> Url {
    Url::parse("https://api.stripe.com").unwrap_or_else(|_| unreachable!("it is well formed"))
}

fn version() -> String {
    VERSION.to_owned()
}

const fn tolerance() -> u32 {
    300
}
