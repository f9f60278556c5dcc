//! Messages to people: the channels, and the texts that they carry.

mod defaults;
pub mod log;
pub mod smsc;
pub mod smtp;
pub mod templates;

use super::{fields::Field, guard, http::Http};
use kontor_actors::ports_notification::NotificationChannel;
use kontor_messages::{notification::ChannelKind, tenant::AccountSettings};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// An account's settings are not what its provider needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsFault(pub String);

/// A provider of text messages that accounts can be made of.
#[derive(Clone, Copy)]
pub struct SmsProvider {
    /// Its name.
    pub name: &'static str,
    /// What accounts are set with, for forms.
    pub fields: &'static [Field],
    /// Makes an account of its settings, or says which member is at fault.
    pub build: BuildSms,
}

/// Makes an account of its settings, or says which member is at fault.
pub type BuildSms =
    fn(&AccountSettings, &Http) -> Result<Arc<dyn NotificationChannel>, SettingsFault>;

impl SmsProvider {
    /// Checks an account's settings as somebody sets them, with where its address leads to now.
    pub async fn check(
        &self,
        settings: &AccountSettings,
        http: &Http,
    ) -> Result<(), (&'static str, String)> {
        if let Some(url) = settings.0.get("endpoint").and_then(serde_json::Value::as_str) {
            let checked = guard::check_name(url, http.allows_private()).await;
            checked.map_err(|refused| ("endpoint", refused.to_string()))?;
        }
        (self.build)(settings, http).map(drop).map_err(|fault| ("", fault.to_string()))
    }
}

/// All providers of text messages: one line here registers one.
pub fn sms_providers() -> &'static [SmsProvider] {
    &[smsc::PROVIDER]
}

/// The channel of a kind, with the settings of the tenant's account for it. Mail goes through the
/// account `smtp/<name>`, text messages have their providers; `allow_private` says whether to a
/// private address too.
pub fn channel(
    kind: ChannelKind,
    account: Option<&AccountSettings>,
    allow_private: bool,
) -> Result<Arc<dyn NotificationChannel>, SettingsFault> {
    match (kind, account) {
        (ChannelKind::Log, _) => Ok(Arc::new(log::Log::default())),
        (ChannelKind::Email, Some(settings)) => {
            Ok(Arc::new(smtp::Smtp::new(smtp::Settings::parse(settings)?, allow_private)?))
        }
        (ChannelKind::Sms, _) => {
            Err(SettingsFault("there is no account for sending text messages".to_owned()))
        }
        (ChannelKind::Email, None) => {
            Err(SettingsFault("there is no account for sending mail".to_owned()))
        }
    }
}

/// Checks the settings of the account `smtp/<name>` as somebody sets them, with where the server's
/// name leads to now.
pub async fn check(
    settings: &AccountSettings,
    allow_private: bool,
) -> Result<(), (&'static str, String)> {
    let known = smtp::Settings::parse(settings)
        .and_then(|settings| smtp::Smtp::new(settings, allow_private));
    let server = known.map_err(|fault| ("", fault.to_string()))?;
    server.addresses().await.map(drop).map_err(|refused| ("host", refused.to_string()))
}

/// Reads a provider's settings. What is wrong is told by member, never by value: values are
/// secrets.
fn read_settings<T: DeserializeOwned>(settings: &AccountSettings) -> Result<T, SettingsFault> {
    serde_path_to_error::deserialize(&settings.0).map_err(|error| {
        let reason = error.inner().to_string();
        let named = ["unknown field", "missing field"].iter().any(|word| reason.starts_with(word));
        let reason = if named { &reason } else { "expected another value" };
        SettingsFault(format!("{}: {reason}", error.path()))
    })
}
