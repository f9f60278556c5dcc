//! Accounts at providers, as tenants set them.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// Whether money and messages of an account are real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountMode {
    /// The provider's test environment.
    #[default]
    Test,
    /// Real.
    Live,
}

/// A provider's settings, kept as given. They hold secrets: `Debug` prints none of it, and
/// [`AccountSettings::public_view`] is all that leaves the program.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct AccountSettings(pub serde_json::Value);

impl AccountSettings {
    /// Members whose text or number may be shown; all others are taken for secrets.
    const SHOWN: [&'static str; 22] = [
        "account",
        "base_url",
        "client_id",
        "country",
        "currency",
        "domain",
        "endpoint",
        "environment",
        "from",
        "from_name",
        "host",
        "language",
        "merchant_id",
        "mode",
        "port",
        "publishable_key",
        "reply_to",
        "shop_id",
        "timeout_ms",
        "tls",
        "url",
        "user",
    ];

    /// The settings with every text and number replaced by `***`, but for members that are known
    /// to hold no secret.
    pub fn public_view(&self) -> Self {
        Self(redacted(&self.0, false))
    }

    /// The texts and numbers of settings that [`AccountSettings::public_view`] does not show.
    pub fn hidden(settings: &serde_json::Value) -> Vec<String> {
        let mut hidden = Vec::new();
        gather(settings, false, &mut hidden);
        hidden
    }
}

fn gather(value: &serde_json::Value, shown: bool, hidden: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) if !shown => hidden.push(number.to_string()),
        Value::Number(_) => {}
        Value::String(text) => {
            if redacted(value, shown) != *value {
                hidden.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, shown, hidden)),
        Value::Object(members) => {
            for (name, value) in members {
                let shown = AccountSettings::SHOWN.contains(&name.as_str());
                gather(value, shown, hidden);
            }
        }
    }
}

fn redacted(value: &serde_json::Value, shown: bool) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) if shown => value.clone(),
        // A URL may carry credentials before its '@' or in its query.
        Value::String(text) if shown && !(text.contains("://") && text.contains(['@', '?'])) => {
            value.clone()
        }
        Value::Number(_) | Value::String(_) => Value::String("***".to_owned()),
        Value::Array(items) => items.iter().map(|item| redacted(item, shown)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let shown = AccountSettings::SHOWN.contains(&name.as_str());
                (name.clone(), redacted(value, shown))
            })
            .collect(),
    }
}

impl fmt::Debug for AccountSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountSettings(***)")
    }
}
