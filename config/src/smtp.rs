//! The mail server of tenants that have none, as one address.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

/// The mail server of tenants that have none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// `smtps://user:password@host:465`, or `smtp://` for encryption after greeting; with
    /// `?tls=none` for none. Without it there is no such server.
    pub url: Option<SecretString>,
    /// The sender's address.
    pub from: Option<String>,
    /// The sender's name.
    pub from_name: Option<String>,
    /// Connections at once.
    pub connections_max: usize,
    /// How long one step of the dialogue may take.
    pub timeout_ms: u64,
}

const URL: &str = "smtps://user:password@host:465, or smtp://host:587";

impl SmtpSettings {
    /// The settings of an account at the provider `smtp`; they hold the password.
    pub fn account(&self) -> Option<Value> {
        let url = Url::parse(self.url.as_ref()?.expose_secret()).ok()?;
        let mut account = Map::new();
        account.insert("host".into(), url.host_str()?.into());
        if let Some(port) = url.port() {
            account.insert("port".into(), port.into());
        }
        let asked = url.query_pairs().find(|(name, _)| name == "tls");
        let tls = match asked {
            Some((_, tls)) => tls.into_owned(),
            None if url.scheme() == "smtps" => "implicit".into(),
            None => "starttls".into(),
        };
        account.insert("tls".into(), tls.into());
        if !url.username().is_empty() {
            account.insert("user".into(), decoded(url.username()).into());
        }
        if let Some(password) = url.password() {
            account.insert("password".into(), decoded(password).into());
        }
        account.insert("from".into(), self.from.clone()?.into());
        if let Some(name) = &self.from_name {
            account.insert("from_name".into(), name.clone().into());
        }
        account.insert("connections_max".into(), self.connections_max.into());
        account.insert("timeout_ms".into(), self.timeout_ms.into());
        Some(account.into())
    }

    pub(crate) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if let Some(url) = &self.url {
            let url = Url::parse(url.expose_secret());
            let known = url.is_ok_and(|url| {
                matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some()
            });
            if !known {
                faults.push(("smtp.url", URL));
            }
            if self.from.is_none() {
                faults.push(("smtp.from", "the sender's address, since smtp.url is set"));
            }
        }
        if self.from.as_ref().is_some_and(|from| !from.contains('@')) {
            faults.push(("smtp.from", "an address such as shop@example.com"));
        }
        if self.connections_max == 0 {
            faults.push(("smtp.connections_max", "1 or more"));
        }
        if self.timeout_ms < 100 {
            faults.push(("smtp.timeout_ms", "100 or more"));
        }
        faults
    }
}

/// Percent-encoded text as it is meant.
fn decoded(text: &str) -> String {
    let plain = text.replace('+', "%2B");
    let pairs = url::form_urlencoded::parse(plain.as_bytes()).next();
    pairs.map(|(name, _)| name.into_owned()).unwrap_or_default()
}
