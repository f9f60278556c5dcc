//! Halyk's callbacks. Nobody signs them: the bank repeats a value that we made for the invoice's
//! number, amount and currency. It proves little more than that somebody saw it, so a callback only
//! leads to a query.

use super::{Settings, is_invoice, wire::Callback};
use crate::gateways::payments::{exact, told::malformed};
use hmac::{Hmac, KeyInit, Mac};
use kontor_actors::ports::{Interpreted, NotificationError};
use kontor_messages::Money;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Of the value, in hexadecimal digits.
const HASH_LEN: usize = 32;

/// Our value for an invoice: the first half of an HMAC-SHA256 over scope, number, amount and
/// currency. The scheme is our own; the bank repeats whatever it is given.
pub fn secret_hash(key: &SecretString, scope: &str, invoice: &str, amount: Money) -> String {
    let decimal = exact::decimal(amount.amount_minor, amount.currency.exponent());
    let text = format!("{scope}|{invoice}|{decimal}|{}", amount.currency.as_str());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(text.as_bytes());
    let mut hash = hex::encode(mac.finalize().into_bytes());
    hash.truncate(HASH_LEN);
    hash
}

/// Reads a callback.
pub fn read(settings: &Settings, body: &[u8]) -> Result<Interpreted, NotificationError> {
    let unsigned = NotificationError::Unsigned;
    let told: Callback = serde_json::from_slice(body).map_err(|_| unsigned.clone())?;
    let amount = exact::money(told.amount.get(), &told.currency).ok_or(unsigned.clone())?;
    let expected = secret_hash(&settings.hash_key, &settings.terminal, &told.invoice_id, amount);
    let claimed = told.secret_hash.unwrap_or_default();
    if !bool::from(expected.as_bytes().ct_eq(claimed.as_bytes())) {
        return Err(unsigned);
    }
    let plain = |text: &String| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        text.len() <= 40 && text.bytes().all(known)
    };
    let code = told.code.filter(plain).unwrap_or_default();
    let id = told.id.filter(plain).unwrap_or_default();
    if !is_invoice(&told.invoice_id) {
        return Err(malformed("invoiceId"));
    }
    Ok(Interpreted {
        event_id: format!("{}/{id}/{code}", told.invoice_id),
        kind: code,
        references: vec![told.invoice_id],
        tenant: None,
        payment: None,
        observation: None,
        signature_ok: false,
    })
}
