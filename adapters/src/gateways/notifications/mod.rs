//! Messages to people: the channels, and the texts that they carry.

mod defaults;
pub mod log;
pub mod smsc;
pub mod smtp;
pub mod templates;

use super::http::Http;
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
    /// Makes an account of its settings, or says which member is at fault.
    pub build: BuildSms,
}

/// Makes an account of its settings, or says which member is at fault.
pub type BuildSms =
    fn(&AccountSettings, &Http) -> Result<Arc<dyn NotificationChannel>, SettingsFault>;

/// All providers of text messages: one line here registers one.
pub fn sms_providers() -> &'static [SmsProvider] {
    &[smsc::PROVIDER]
}

/// The channel of a kind, with the settings of the tenant's account for it. Mail goes through the
/// account `smtp/<name>`; text messages have their providers.
pub fn channel(
    kind: ChannelKind,
    account: Option<&AccountSettings>,
) -> Result<Arc<dyn NotificationChannel>, SettingsFault> {
    match (kind, account) {
        (ChannelKind::Log, _) => Ok(Arc::new(log::Log::default())),
        (ChannelKind::Email, Some(settings)) => {
            Ok(Arc::new(smtp::Smtp::new(smtp::Settings::parse(settings)?)?))
        }
        (ChannelKind::Sms, _) => {
            Err(SettingsFault("there is no account for sending text messages".to_owned()))
        }
        (ChannelKind::Email, None) => {
            Err(SettingsFault("there is no account for sending mail".to_owned()))
        }
    }
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
