//! What an account at Fio is set with.

use crate::gateways::fields::Field;
use kontor_messages::Currency;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// What an account needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The token of the bank account; used here and nowhere else.
    pub token: SecretString,
    /// The bank account. Movements of another one are never read.
    pub iban: String,
    /// The bank's code.
    #[serde(default = "bic")]
    pub bic: String,
    /// The account's currency.
    #[serde(default = "currency")]
    pub currency: Currency,
    /// Where the interface is.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
    /// How many days back movements are looked through.
    #[serde(default = "days")]
    pub days: u16,
    /// Seconds between two calls.
    #[serde(default = "pause")]
    pub pause_s: u16,
    /// How money is given back.
    #[serde(default)]
    pub refunds: Refunds,
}

/// How money is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refunds {
    /// A person transfers it.
    #[default]
    ByHand,
    /// The order is sent to the bank, where a person authorises it. The token must allow it.
    Import,
    /// A person takes a file of the orders to the bank.
    File,
}

/// The settings, for forms.
pub(super) const FIELDS: &[Field] = &[
    Field::secret("token", "The token of the bank account; use it nowhere else."),
    Field::text("iban", "The bank account. Movements of another one are never read.").required(),
    Field::text("bic", "The bank's code, if it is another one."),
    Field::text("currency", "The account's currency; CZK if nothing is said."),
    Field::text("endpoint", "Where the interface is, if it is not Fio's own.").leads(),
    Field::number("days", "How many days back movements are looked through."),
    Field::number("pause_s", "Seconds between two calls."),
    Field::choice("refunds", "How money is given back.", &["by_hand", "import", "file"]),
];

fn endpoint() -> Url {
    Url::parse("https://fioapi.fio.cz/v1/rest")
        .unwrap_or_else(|_| unreachable!("it is well formed"))
}

fn bic() -> String {
    "FIOBCZPPXXX".to_owned()
}

const fn currency() -> Currency {
    Currency::CZK
}

const fn days() -> u16 {
    30
}

const fn pause() -> u16 {
    31
}
