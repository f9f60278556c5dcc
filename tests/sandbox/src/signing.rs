//! The two webhook signatures: Stripe's, which the sandbox makes, and Standard Webhooks, which it
//! verifies. Pure functions; the clock comes in as an argument.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a webhook's timestamp may be from the receiver's clock.
pub const TOLERANCE_S: u64 = 300;

/// Makes the value of a `Stripe-Signature` header with one `v1` for each secret, in their order.
pub fn stripe_signature(secrets: &[&str], timestamp: u64, body: &[u8]) -> String {
    let mut header = format!("t={timestamp}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&stripe_v1(secret, timestamp, body));
    }
    header
}

/// Makes the hexadecimal `v1` over `timestamp.body`. The key is the whole text of the secret.
pub fn stripe_v1(secret: &str, timestamp: u64, body: &[u8]) -> String {
    let mut mac = keyed(secret.as_bytes());
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// Why a Standard Webhooks delivery is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureFault {
    /// A header is absent, or the id or timestamp cannot be read.
    Malformed,
    /// The timestamp is more than [`TOLERANCE_S`] away from the clock, either way.
    OutsideWindow,
    /// The registered secret is not `whsec_` and base64.
    BadSecret,
    /// No `v1` signature fits.
    NoMatch,
}

/// The three headers of a Standard Webhooks delivery.
#[derive(Clone, Copy, Debug)]
pub struct StandardHeaders<'a> {
    /// `webhook-id`, the same for every attempt.
    pub id: &'a str,
    /// `webhook-timestamp` in Unix seconds, new with every attempt.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,BASE64` items with spaces between.
    pub signature: &'a str,
}

/// Verifies a delivery against one secret at the Unix second `now`. Any `v1` may match; other
/// versions are ignored.
pub fn verify_standard(
    secret: &str,
    headers: StandardHeaders<'_>,
    body: &[u8],
    now: u64,
) -> Result<(), SignatureFault> {
    if headers.id.is_empty() || headers.id.contains('.') {
        return Err(SignatureFault::Malformed);
    }
    let timestamp: u64 = headers.timestamp.parse().map_err(|_| SignatureFault::Malformed)?;
    if timestamp.abs_diff(now) > TOLERANCE_S {
        return Err(SignatureFault::OutsideWindow);
    }
    let key = standard_key(secret)?;
    for item in headers.signature.split(' ') {
        let Some(encoded) = item.strip_prefix("v1,") else { continue };
        let Ok(claimed) = STANDARD.decode(encoded) else { continue };
        if standard_mac(&key, headers.id, timestamp, body).verify_slice(&claimed).is_ok() {
            return Ok(());
        }
    }
    Err(SignatureFault::NoMatch)
}

/// Makes one `v1,BASE64` item, for tests that play the sender.
pub fn standard_v1(
    secret: &str,
    id: &str,
    timestamp: u64,
    body: &[u8],
) -> Result<String, SignatureFault> {
    let mac = standard_mac(&standard_key(secret)?, id, timestamp, body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

fn standard_key(secret: &str) -> Result<Vec<u8>, SignatureFault> {
    let encoded = secret.strip_prefix("whsec_").ok_or(SignatureFault::BadSecret)?;
    STANDARD.decode(encoded).map_err(|_| SignatureFault::BadSecret)
}

fn standard_mac(key: &[u8], id: &str, timestamp: u64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = keyed(key);
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}
