//! What an account at PayPal is set with.

use crate::gateways::fields::{Field, FieldKind};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// What an account needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The REST application's name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// The id of the webhook in the application's settings; it is part of what is signed.
    #[serde(default)]
    pub webhook_id: Option<String>,
    /// Where the interface is: `https://api-m.sandbox.paypal.com` for tests.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
    /// How notifications are verified.
    #[serde(default)]
    pub verification: Verification,
    /// Where certificates may be fetched from; nothing else is ever asked for one.
    #[serde(default = "certificate_origins")]
    pub certificate_origins: Vec<Url>,
    /// The names that a certificate may have.
    #[serde(default = "certificate_names")]
    pub certificate_names: Vec<String>,
    /// A root to trust instead of the machine's, as PEM.
    #[serde(default)]
    pub certificate_root: Option<String>,
    /// The shop's name on the page.
    #[serde(default)]
    pub brand_name: Option<String>,
    /// The page's language, such as `cs-CZ`.
    #[serde(default)]
    pub locale: Option<String>,
}

/// How notifications are verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Here, by the sender's certificate; where that cannot be had or trusted, PayPal is asked.
    #[default]
    Certificate,
    /// Always by asking PayPal.
    Api,
}

/// The settings, for forms.
pub(super) const FIELDS: &[Field] = &[
    Field::text("client_id", "The REST application's name.").required(),
    Field::secret("client_secret", "Its secret."),
    Field::text("webhook_id", "The id of the webhook in the application's settings."),
    Field::text("endpoint", "Where the interface is, if it is not PayPal's own.").leads(),
    Field::choice("verification", "How notifications are verified.", &["certificate", "api"]),
    Field::text("certificate_origins", "Where certificates may be fetched from, if elsewhere.")
        .of(FieldKind::List)
        .leads(),
    Field::text("certificate_names", "The names that a certificate may have, if others.")
        .of(FieldKind::List),
    Field::text("certificate_root", "A root to trust instead of the machine's, as PEM.")
        .of(FieldKind::Lines),
    Field::text("brand_name", "The shop's name on the page."),
    Field::text("locale", "The page's language, such as cs-CZ."),
];

fn endpoint() -> Url {
    web("https://api-m.paypal.com")
}

fn web(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|_| unreachable!("it is well formed"))
}

pub(super) fn certificate_origins() -> Vec<Url> {
    let hosts = ["api.paypal.com", "api-m.paypal.com"];
    let tests = ["api.sandbox.paypal.com", "api-m.sandbox.paypal.com"];
    hosts.iter().chain(&tests).map(|host| web(&format!("https://{host}"))).collect()
}

fn certificate_names() -> Vec<String> {
    ["messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"]
        .map(str::to_owned)
        .into()
}
