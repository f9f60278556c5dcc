//! ComGate's push. Nothing signs it: it repeats merchant and secret, which proves little, so it
//! only leads to a query.

use super::{
    Settings,
    wire::{self, Fields},
};
use crate::gateways::payments::told::malformed;
use kontor_actors::ports::{Headers, Interpreted, NotificationError};
use kontor_messages::EntityId;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

/// Reads a push.
pub fn read(
    settings: &Settings,
    headers: &Headers,
    body: &[u8],
) -> Result<Interpreted, NotificationError> {
    let fields = wire::read(headers.get("content-type"), body);
    if !is_genuine(settings, &fields) {
        return Err(NotificationError::Unsigned);
    }
    let id = fields.get("transId").filter(|id| wire::is_transaction(id));
    let Some(id) = id else { return Err(malformed("transId")) };
    let status = fields.get("status").map_or("", String::as_str);
    if status.len() > 20 || !status.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(malformed("status"));
    }
    Ok(Interpreted {
        event_id: format!("{id}/{status}"),
        kind: status.to_owned(),
        references: vec![id.clone()],
        tenant: None,
        // It may come before the answer that tells their number.
        payment: fields.get("refId").and_then(|name| EntityId::parse(name).ok()),
        observation: None,
        signature_ok: false,
    })
}

fn is_genuine(settings: &Settings, fields: &Fields) -> bool {
    let secret = settings.secret.expose_secret();
    let told = |name: &str| fields.get(name).map_or("", String::as_str).as_bytes();
    let known = told("secret").ct_eq(secret.as_bytes())
        & told("merchant").ct_eq(settings.merchant.as_bytes());
    // A test's push on a live account, or the reverse, is nobody's business.
    let mode = fields.get("test").is_none_or(|test| *test == settings.test.to_string());
    !secret.is_empty() && bool::from(known) && mode
}
