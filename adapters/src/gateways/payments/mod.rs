//! Payment providers. One line here registers one.

#[cfg(test)]
#[path = "../../../../docs/adding-a-payment-provider/acmepay.rs"]
mod acmepay;
pub mod comgate;
#[cfg(test)]
mod conformance;
pub mod dispatch;
pub(crate) mod exact;
pub mod fio;
pub mod halyk;
pub mod manual;
mod mode;
mod oauth;
pub mod paypal;
pub mod payu;
pub mod stripe;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod throttled;
mod told;

use super::{fields::Field, guard, http::Http};
use kontor_actors::ports::PaymentGateway;
use kontor_messages::tenant::AccountMode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};
use url::Url;

/// A provider that accounts can be made of.
#[derive(Clone, Copy)]
pub struct Provider {
    /// Its name.
    pub name: &'static str,
    /// Whether accounts work without anything being set.
    pub needs_settings: bool,
    /// The settings whose addresses it calls, each one address or a list.
    pub calls: &'static [&'static str],
    /// The setting that names where notifications are sent, if that is told with every payment; the
    /// node's own address of the account where it is not set.
    pub notify: Option<&'static str>,
    /// What accounts are set with, for forms.
    pub fields: &'static [Field],
    /// Makes an account of its settings, or says which member is at fault.
    pub build: Build,
    /// The settings as the account's mode has them, or which member is of the other mode.
    pub of_mode: OfMode,
}

/// The settings as an account's mode has them, or which member is of the other mode.
pub type OfMode = fn(&Value, AccountMode) -> Result<Value, String>;

/// Makes an account of its settings, or says which member is at fault.
pub type Build = fn(&Value, &Http) -> Result<Arc<dyn PaymentGateway>, String>;

/// A member of an account's settings that is at fault, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFault {
    /// Its name.
    pub member: &'static str,
    /// What was expected.
    pub expected: String,
}

impl Provider {
    /// The settings, with the account's address of this node for notifications if they name none.
    pub fn told_at<'a>(&self, settings: &'a Value, url: Option<String>) -> Cow<'a, Value> {
        let (Some(member), Some(url)) = (self.notify, url) else { return Cow::Borrowed(settings) };
        let missing = settings.get(member).is_none_or(Value::is_null);
        let mut told = settings.clone();
        match told.as_object_mut().filter(|_| missing) {
            Some(members) => {
                members.insert(member.to_owned(), url.into());
                Cow::Owned(told)
            }
            None => Cow::Borrowed(settings),
        }
    }

    /// Makes an account, if none of its addresses is one that is never called. Where their names
    /// lead is seen when they are called.
    pub fn make(
        &self,
        settings: &Value,
        mode: AccountMode,
        http: &Http,
    ) -> Result<Arc<dyn PaymentGateway>, String> {
        let settings = (self.of_mode)(settings, mode)?;
        let gateway = (self.build)(&settings, http)?;
        for (member, text) in self.addresses(&settings) {
            // What is no URL at all was not built.
            let Ok(url) = Url::parse(text) else { continue };
            guard::check(&url, &[], http.allows_private())
                .map_err(|refused| format!("{member}: {refused}"))?;
        }
        Ok(gateway)
    }

    /// Checks the addresses as somebody sets them, with where their names lead to now.
    pub async fn check(&self, settings: &Value, http: &Http) -> Result<(), MemberFault> {
        for (member, text) in self.addresses(settings) {
            let checked = guard::check_name(text, http.allows_private()).await;
            checked.map_err(|refused| MemberFault { member, expected: refused.to_string() })?;
        }
        Ok(())
    }

    fn addresses<'a>(
        &self,
        settings: &'a Value,
    ) -> impl Iterator<Item = (&'static str, &'a str)> + Send {
        self.calls.iter().flat_map(|member| {
            let value = settings.get(*member);
            let listed = value.and_then(Value::as_array).into_iter().flatten();
            value.into_iter().chain(listed).filter_map(|value| Some((*member, value.as_str()?)))
        })
    }
}

/// All providers.
pub fn providers() -> &'static [Provider] {
    &[
        comgate::PROVIDER,
        fio::PROVIDER,
        halyk::PROVIDER,
        paypal::PROVIDER,
        payu::PROVIDER,
        stripe::PROVIDER,
        manual::PROVIDER,
    ]
}

/// Whether an address can be called; the error names the member.
fn is_web(member: &str, url: &Url) -> Result<(), String> {
    if matches!(url.scheme(), "https" | "http") && url.has_host() {
        return Ok(());
    }
    Err(format!("{member}: expected an http(s) address"))
}

/// An address below another.
fn below(endpoint: &Url, path: &[&str]) -> Url {
    let mut url = endpoint.clone();
    // Only an address without a host has no path to add to, and settings refuse those.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// Reads a provider's settings; the error names the member and never shows what stands there.
pub fn settings<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // Texts of secrets could stand in what serde says about a value of the wrong type.
        let plain = inner.starts_with("missing field") || inner.starts_with("unknown field");
        let expected = if plain { inner } else { "a value of another kind is expected".into() };
        format!("{path}: {expected}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::tests::{http, strict};
    use serde_json::json;

    #[test]
    fn every_provider_has_a_plain_name_of_its_own_and_is_documented() {
        let documented = include_str!("../../../../docs/payment-providers.md");
        for provider in providers() {
            let plain = provider.name.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(plain && provider.name.len() <= 40, "{}", provider.name);
            let same = providers().iter().filter(|other| other.name == provider.name).count();
            assert_eq!(same, 1, "{}", provider.name);
            let row = format!("\n| `{}` |", provider.name);
            assert!(documented.contains(&row), "{} has no row", provider.name);
        }
    }

    #[tokio::test]
    async fn each_address_that_a_provider_calls_is_looked_at_when_it_is_set() {
        for provider in providers() {
            for member in provider.calls {
                for inside in ["https://10.0.0.1/", "https://localhost/", "http://1.1.1.1/"] {
                    for value in [json!(inside), json!(["https://1.1.1.1/", inside])] {
                        let settings = json!({ *member: value });
                        let fault = provider.check(&settings, &strict()).await.unwrap_err();
                        assert_eq!(fault.member, *member, "{} {settings}", provider.name);
                        let settings = json!({ *member: value });
                        assert_eq!(provider.check(&settings, &http()).await, Ok(()));
                    }
                }
                let settings = json!({ *member: "https://1.1.1.1/" });
                assert_eq!(provider.check(&settings, &strict()).await, Ok(()));
            }
        }
    }

    #[test]
    fn notifications_are_sent_to_this_node_unless_the_settings_name_another_place() {
        let node = || Some("https://pay.example.com/webhooks/a/payu/main/token".to_owned());
        for provider in providers() {
            let told = provider.told_at(&json!({}), node()).into_owned();
            let Some(member) = provider.notify else {
                assert_eq!(told, json!({}), "{}", provider.name);
                continue;
            };
            assert_eq!(told[member].as_str().map(str::to_owned), node(), "{}", provider.name);
            let elsewhere = json!({ member: "https://proxy.example/payu" });
            assert_eq!(*provider.told_at(&elsewhere, node()), elsewhere);
            assert_eq!(*provider.told_at(&json!({}), None), json!({}));
        }
    }

    #[test]
    fn no_provider_takes_settings_that_it_does_not_know_or_shows_what_stands_in_them() {
        for provider in providers() {
            let error = (provider.build)(&json!({"mistyped": "a secret"}), &http()).err().unwrap();
            assert!(!error.contains("a secret"), "{}: {error}", provider.name);
            let nothing = (provider.build)(&Value::Null, &http());
            assert_eq!(nothing.is_err(), provider.needs_settings, "{}", provider.name);
        }
    }
}
