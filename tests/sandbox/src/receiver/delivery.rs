//! A kept webhook delivery.

use axum::body::Bytes;
use http::HeaderMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::settings::HookSettings;
use crate::signing::{SignatureFault, StandardHeaders, verify_standard};

/// Whether a delivery's signature was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No secret is registered for the name.
    Unchecked,
    /// The signature fits.
    Verified,
    /// It does not, for this reason.
    Refused(SignatureFault),
}

/// One POST to the receiver.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// The `webhook-id` header.
    pub webhook_id: Option<String>,
    /// Headers with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    #[serde(serialize_with = "as_text")]
    pub body: Bytes,
    /// Whether the signature was right.
    pub verdict: Verdict,
    /// The status of the answer.
    pub answered: u16,
    /// What the delivery is about, where the name's pointers find it.
    pub subject: Option<String>,
    /// Its position within the subject, where the name's pointers find it.
    pub sequence: Option<i64>,
    /// Unix time in milliseconds.
    pub received_ms: u64,
}

impl Delivery {
    pub(crate) fn read(
        headers: &HeaderMap,
        body: &Bytes,
        settings: &HookSettings,
        status: u16,
        now_ms: u64,
    ) -> Self {
        let verdict = verdict(headers, body, settings, now_ms / 1000);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let found = |pointers: &[String]| {
            pointers.iter().filter_map(|pointer| json.pointer(pointer)).cloned().collect::<Vec<_>>()
        };
        Self {
            webhook_id: text(headers, "webhook-id").map(str::to_owned),
            headers: listed(headers),
            body: body.clone(),
            verdict,
            answered: if matches!(verdict, Verdict::Refused(_)) { 401 } else { status },
            subject: found(&settings.subject_pointers).iter().find_map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }),
            sequence: found(&settings.sequence_pointers).iter().find_map(Value::as_i64),
            received_ms: now_ms,
        }
    }

    /// Answered 2xx, and with the right signature where one is asked for.
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.answered)
    }

    /// The first header of that name, in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn verdict(headers: &HeaderMap, body: &[u8], settings: &HookSettings, now: u64) -> Verdict {
    let Some(secret) = &settings.secret else { return Verdict::Unchecked };
    let signed = StandardHeaders {
        id: text(headers, "webhook-id").unwrap_or_default(),
        timestamp: text(headers, "webhook-timestamp").unwrap_or_default(),
        signature: text(headers, "webhook-signature").unwrap_or_default(),
    };
    match verify_standard(secret, signed, body, now) {
        Ok(()) => Verdict::Verified,
        Err(fault) => Verdict::Refused(fault),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    let lossy = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), lossy(value))).collect()
}

fn as_text<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}
