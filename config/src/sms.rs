//! The provider of text messages of tenants that have none, and of the platform itself.

use kontor_adapters::gateways::notifications::sms_providers;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

/// The provider of text messages of tenants that have none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// Its name, such as `smsc`. Without it there is none.
    pub provider: Option<String>,
    /// The key of its interface.
    pub api_key: Option<SecretString>,
    /// Who logs in, where that is not by key.
    pub login: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The sender's name, as it is registered there.
    pub sender: Option<String>,
    /// Where its interface is, if not at the provider's usual address.
    pub endpoint: Option<Url>,
}

impl SmsSettings {
    /// The provider, and the settings of an account there; they hold its secrets.
    pub fn account(&self) -> Option<(String, Value)> {
        let provider = self.provider.clone()?;
        let open = |secret: &Option<SecretString>| {
            secret.as_ref().map(|secret| secret.expose_secret().to_owned())
        };
        let members = [
            ("api_key", open(&self.api_key)),
            ("login", self.login.clone()),
            ("password", open(&self.password)),
            ("sender", self.sender.clone()),
            ("endpoint", self.endpoint.as_ref().map(Url::to_string)),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let account: Map<_, _> =
            members.map(|(name, value)| (name.to_owned(), value.into())).collect();
        Some((provider, account.into()))
    }

    pub(crate) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let Some(provider) = &self.provider else { return faults };
        if !sms_providers().iter().any(|known| known.name == provider) {
            faults.push(("sms.provider", "a provider of text messages: smsc"));
        }
        let by_name = self.login.is_some() && self.password.is_some();
        if self.api_key.is_none() && !by_name {
            faults.push(("sms.api_key", "it, or sms.login and sms.password, with sms.provider"));
        }
        if self.sender.as_ref().is_some_and(|sender| !(1..=15).contains(&sender.len())) {
            faults.push(("sms.sender", "1 to 15 characters"));
        }
        let web = |url: &Url| matches!(url.scheme(), "https" | "http") && url.has_host();
        if !self.endpoint.as_ref().is_none_or(web) {
            faults.push(("sms.endpoint", "an address such as https://smsc.kz"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(settings: Value) -> Vec<&'static str> {
        let settings: SmsSettings = serde_json::from_value(settings).unwrap();
        settings.faults().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_provider_needs_a_known_name_and_who_logs_in() {
        use serde_json::json;
        assert!(faults(json!({})).is_empty());
        assert!(faults(json!({ "provider": "smsc", "api_key": "k" })).is_empty());
        assert_eq!(faults(json!({ "provider": "pigeon", "api_key": "k" })), ["sms.provider"]);
        assert_eq!(faults(json!({ "provider": "smsc", "login": "shop" })), ["sms.api_key"]);
        let bad =
            json!({ "provider": "smsc", "api_key": "k", "sender": "", "endpoint": "ftp://x" });
        assert_eq!(faults(bad), ["sms.sender", "sms.endpoint"]);
    }
}
