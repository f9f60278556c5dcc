//! What PayPal's notifications say. The signature has been checked before.

use super::{
    status::{self, AUTHORIZATION, CAPTURE},
    wire::{Capture, Dispute, Event, Refund, link},
};
use crate::gateways::payments::told::{self, malformed};
use kontor_actors::ports::{Interpreted, NotificationError};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{DisputeSeen, DisputeStatus, Observation, ObservationSource},
};
use serde_json::Value;

/// Reads a notification. One whose object cannot be read leads to a query.
pub fn read(body: &[u8], now: Timestamp) -> Result<Interpreted, NotificationError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let event: Event = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(error.path().to_string()))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if event.id.is_empty() || event.id.len() > 100 || !event.id.bytes().all(plain) {
        return Err(malformed("its id cannot be kept"));
    }
    let at = event.create_time.as_deref().and_then(Timestamp::parse).unwrap_or(now);
    let observation = about(&event.event_type, &event.resource, at);
    let references = match &observation {
        Some(told) => told.references.clone(),
        None => only_named(&event.event_type, &event.resource),
    };
    Ok(Interpreted {
        event_id: event.id,
        references,
        tenant: None,
        payment: payment(&event.event_type, &event.resource),
        observation: observation.map(Box::new),
        signature_ok: true,
        kind: event.event_type,
    })
}

/// What an event says. None: PayPal has to be asked.
fn about(kind: &str, resource: &Value, at: Timestamp) -> Option<Observation> {
    let source = ObservationSource::Webhook;
    match kind {
        "PAYMENT.CAPTURE.COMPLETED"
        | "PAYMENT.CAPTURE.PENDING"
        | "PAYMENT.CAPTURE.DENIED"
        | "PAYMENT.CAPTURE.DECLINED" => {
            let capture: Capture = object(resource)?;
            status::capture(&capture, source, at)
        }
        "PAYMENT.AUTHORIZATION.CREATED" | "PAYMENT.AUTHORIZATION.VOIDED" => {
            let hold: Capture = object(resource)?;
            status::authorization(&hold, source, at)
        }
        "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.REFUND.PENDING" | "PAYMENT.REFUND.FAILED" => {
            let refund: Refund = object(resource)?;
            let mut seen = told::blank(source, at);
            seen.references = vec![refunded(&refund)?];
            seen.refunds = vec![status::refund(&refund)?];
            Some(seen)
        }
        "PAYMENT.CAPTURE.REVERSED" => {
            let reversal: Refund = object(resource)?;
            let mut seen = told::blank(source, at);
            seen.references = vec![refunded(&reversal)?];
            let amount = status::refund(&reversal)?.amount;
            seen.disputes = vec![DisputeSeen {
                reference: reversal.id,
                amount,
                status: DisputeStatus::Lost,
                reason: Some("reversed".to_owned()),
                respond_by: None,
            }];
            Some(seen)
        }
        "CUSTOMER.DISPUTE.CREATED" | "CUSTOMER.DISPUTE.UPDATED" | "CUSTOMER.DISPUTE.RESOLVED" => {
            let dispute: Dispute = object(resource)?;
            let mut seen = told::blank(source, at);
            let taken = |id: &String| format!("{CAPTURE}{id}");
            let of = dispute.disputed_transactions.iter();
            seen.references =
                of.filter_map(|of| of.seller_transaction_id.as_ref()).map(taken).collect();
            seen.disputes = vec![status::dispute(&dispute)?];
            Some(seen)
        }
        // An approved order among them: asking takes the money.
        _ => None,
    }
}

/// The capture that a refund gives back: only its link says which.
fn refunded(refund: &Refund) -> Option<String> {
    let up = link(&refund.links, "up")?;
    let id = up.rsplit('/').next().filter(|id| !id.is_empty())?;
    Some(format!("{CAPTURE}{id}"))
}

fn only_named(kind: &str, resource: &Value) -> Vec<String> {
    let name = |member: &str| resource.get(member).and_then(Value::as_str).map(str::to_owned);
    if kind.starts_with("CHECKOUT.") {
        return ["id", "order_id"].into_iter().filter_map(name).collect();
    }
    let order =
        resource.pointer("/supplementary_data/related_ids/order_id").and_then(Value::as_str);
    let prefix = if kind.starts_with("PAYMENT.AUTHORIZATION") { AUTHORIZATION } else { CAPTURE };
    let own = name("id").map(|id| format!("{prefix}{id}"));
    order.map(str::to_owned).into_iter().chain(own).collect()
}

/// The payment that our name in the object says; a refund's name is its own.
fn payment(kind: &str, resource: &Value) -> Option<EntityId> {
    let refund = kind.starts_with("PAYMENT.REFUND.") || kind == "PAYMENT.CAPTURE.REFUNDED";
    let unit = resource.pointer("/purchase_units/0/custom_id");
    let name = resource.get("custom_id").or(unit).and_then(Value::as_str).filter(|_| !refund);
    status::named_after(name).map(|(payment, _)| payment)
}

fn object<T: serde::de::DeserializeOwned>(resource: &Value) -> Option<T> {
    serde_json::from_value(resource.clone()).ok()
}
