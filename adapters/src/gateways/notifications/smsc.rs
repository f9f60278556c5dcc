//! Text messages by SMSC (smsc.kz, smsc.ru and smscentre.com speak one interface).
//!
//! Errors come with status 200 and a number. Each message carries a number of ours that follows
//! from its id, so that after a lost answer the provider says of the second try that it has the
//! first; whether that is so is then asked for.

use super::{SettingsFault, SmsProvider, read_settings};
use crate::gateways::{
    fields::Field,
    guard::Unsafe,
    http::{Http, HttpFault, Reply},
};
use async_trait::async_trait;
use kontor_actors::{
    ports_notification::{Accepted, NotificationChannel, OutgoingMessage, SendFault},
    words::is_phone,
};
use kontor_messages::{EntityId, notification::FailureKind, tenant::AccountSettings};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use url::Url;

/// How it is registered.
pub const PROVIDER: SmsProvider = SmsProvider { name: "smsc", fields: FIELDS, build };

/// The settings below, for forms.
const FIELDS: &[Field] = &[
    Field::secret("api_key", "The key of the interface; or else login and password.").optional(),
    Field::text("login", "Who logs in, where there is no key."),
    Field::secret("password", "The password, where there is no key.").optional(),
    Field::text("sender", "A name that is registered there; its own if nothing is said."),
    Field::text("endpoint", "Where the interface is, if it is not SMSC's own.").leads(),
];

/// Longer texts are refused.
const TEXT_LEN_MAX: usize = 1_000;
/// An address that made too many errors is kept out for long.
const BLOCKED: Duration = Duration::from_secs(30 * 60);
/// There is no such message.
const NOT_THERE: i64 = -3;

/// What an account needs: `api_key`, or else `login` and `password`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The key of the interface.
    pub api_key: Option<SecretString>,
    /// Who logs in.
    pub login: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// A name that is registered there; its own if absent.
    pub sender: Option<String>,
    /// Where the interface is.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
}

fn endpoint() -> Url {
    Url::parse("https://smsc.kz").unwrap_or_else(|_| unreachable!("it is well formed"))
}

/// An account at SMSC.
pub struct Smsc {
    settings: Settings,
    http: Http,
}

fn build(
    settings: &AccountSettings,
    http: &Http,
) -> Result<Arc<dyn NotificationChannel>, SettingsFault> {
    let settings: Settings = read_settings(settings)?;
    let fault = |text: &str| Err(SettingsFault(text.to_owned()));
    let by_name = settings.login.is_some() && settings.password.is_some();
    if settings.api_key.is_none() && !by_name {
        return fault("api_key: expected it, or login and password");
    }
    let web = matches!(settings.endpoint.scheme(), "https" | "http");
    if !web || !settings.endpoint.has_host() {
        return fault("endpoint: expected an http(s) address");
    }
    if settings.sender.as_deref().is_some_and(|sender| !(1..=15).contains(&sender.len())) {
        return fault("sender: expected 1 to 15 characters");
    }
    Ok(Arc::new(Smsc { settings, http: http.clone() }))
}

/// An answer: numbers may come as texts.
#[derive(Deserialize)]
struct Answered {
    #[serde(default, deserialize_with = "number")]
    id: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    error_code: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    status: Option<i64>,
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

impl Smsc {
    /// A form with what every call brings. Secrets travel in the body, never in the address.
    fn form(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let Settings { api_key, login, password, .. } = &self.settings;
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let who = match api_key {
            Some(key) => [("apikey", Some(open(key))), ("psw", None)],
            None => [("login", login.clone()), ("psw", password.as_ref().map(open))],
        };
        let who = who.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        who.chain([("fmt".to_owned(), "3".to_owned())]).chain(more).collect()
    }

    async fn call(&self, page: &str, form: &[(String, String)]) -> Result<Answered, SendFault> {
        let mut url = self.settings.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["sys", page]);
        }
        let reply = self.http.post(url).form(form).send().await;
        reply.and_then(|reply| reply.json()).map_err(not_answered)
    }

    /// Whether the provider has a message of this number; it says that it had the same just now.
    async fn has(&self, id: &str, phone: &str) -> Result<bool, SendFault> {
        let form = self.form(&[("phone", phone), ("id", id)]);
        let answered = self.call("status.php", &form).await?;
        Ok(answered.error_code.is_none()
            && answered.status.is_some_and(|status| status != NOT_THERE))
    }
}

#[async_trait]
impl NotificationChannel for Smsc {
    async fn send(&self, message: &OutgoingMessage) -> Result<Accepted, SendFault> {
        if !is_phone(&message.recipient) {
            let text = "it is no telephone number such as +420602123456";
            return Err(SendFault::new(FailureKind::RejectRecipient, "number", text));
        }
        let text = message.text.trim();
        if !(1..=TEXT_LEN_MAX).contains(&text.chars().count()) {
            let told = "a text message takes 1 to 1000 characters";
            return Err(SendFault::new(FailureKind::RejectMessage, "length", told));
        }
        let id = number_of(&message.notification).to_string();
        // The '+' says that the number is whole: nothing is to be guessed about it.
        let mut fields = vec![
            ("phones", message.recipient.as_str()),
            ("mes", text),
            ("id", id.as_str()),
            ("charset", "utf-8"),
        ];
        fields.extend(self.settings.sender.as_deref().map(|sender| ("sender", sender)));
        let answered = self.call("send.php", &self.form(&fields)).await?;
        match answered.error_code {
            None => match answered.id {
                Some(id) => Ok(Accepted { provider_id: Some(id.to_string()) }),
                None => Err(unreadable()),
            },
            Some(9) if self.has(&id, &message.recipient).await? => {
                Ok(Accepted { provider_id: Some(id) })
            }
            Some(code) => Err(refused(code)),
        }
    }
}

/// A message's number at the provider, 1 to 2147483647: the same at each attempt.
fn number_of(notification: &EntityId) -> u32 {
    let hash = Sha256::digest(notification.as_str());
    let four = hash.first_chunk::<4>().copied().unwrap_or_default();
    (u32::from_be_bytes(four) >> 1).max(1)
}

/// What an error of the interface means.
fn refused(code: i64) -> SendFault {
    let (kind, text) = match code {
        1 => (FailureKind::RejectMessage, "the parameters are wrong"),
        2 => (FailureKind::RejectConfig, "the credentials are wrong, or not from this address"),
        3 => (FailureKind::RejectConfig, "the account has no money left"),
        4 => (FailureKind::RetryAfter, "this address is kept out for too many errors"),
        5 => (FailureKind::RejectMessage, "the date is wrong"),
        6 => (FailureKind::RejectMessage, "the text or the sender is forbidden"),
        7 => (FailureKind::RejectRecipient, "the number is wrong"),
        8 => (FailureKind::RejectRecipient, "nothing can be delivered to the number"),
        9 => (FailureKind::RetryBackoff, "too many of the same, or at once"),
        _ => (FailureKind::RetryBackoff, "an error that is not known"),
    };
    let mut fault = SendFault::new(kind, code.to_string(), text);
    fault.retry_after = (code == 4).then_some(BLOCKED);
    fault
}

fn not_answered(fault: HttpFault) -> SendFault {
    match fault {
        HttpFault::Refused(Unsafe::Unknown) => {
            SendFault::new(FailureKind::RetryBackoff, "not_reached", "nobody knows the name")
        }
        HttpFault::Refused(refused) => {
            let text = format!("endpoint: {refused}");
            SendFault::new(FailureKind::RejectConfig, "address", &text)
        }
        HttpFault::NotSent(text) => SendFault::new(FailureKind::RetryBackoff, "not_reached", &text),
        HttpFault::Unknown(text) => SendFault::new(FailureKind::Ambiguous, "no_answer", &text),
        HttpFault::Status(reply) => by_status(&reply),
    }
}

fn by_status(reply: &Reply) -> SendFault {
    let kind = match reply.status {
        401 | 403 | 404 => FailureKind::RejectConfig,
        429 | 503 => FailureKind::RetryBackoff,
        408 | 500.. => FailureKind::Ambiguous,
        _ => FailureKind::RejectMessage,
    };
    SendFault::new(kind, reply.status.to_string(), "the provider answered with an error")
}

fn unreadable() -> SendFault {
    let text = "the provider's answer names neither a message nor an error";
    SendFault::new(FailureKind::Ambiguous, "answer", text)
}

#[cfg(test)]
#[path = "smsc_tests.rs"]
mod smsc_tests;
