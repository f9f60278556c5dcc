//! What PayU's notifications say. The signature has been checked before.

use super::{
    Settings, status,
    wire::{Notice, Order, Refund},
};
use crate::gateways::payments::told::{self, malformed};
use kontor_actors::ports::{Interpreted, NotificationError};
use kontor_messages::{
    Timestamp,
    payment::{Observation, ObservationSource},
};

/// Reads a notification. PayU gives it no id, so a digest of it serves as one.
pub fn read(
    settings: &Settings,
    body: &[u8],
    now: Timestamp,
) -> Result<Interpreted, NotificationError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let notice: Notice = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(error.path().to_string()))?;
    let (id, name, kind, observation) = match (&notice.order, &notice.refund) {
        (Some(order), _) => {
            if order.merchant_pos_id.as_ref().is_some_and(|pos| *pos != settings.pos_id) {
                return Err(NotificationError::Unsigned);
            }
            let observation = about_order(settings, order, now)?;
            (order.order_id.clone(), &order.ext_order_id, order.status.clone(), observation)
        }
        (None, Some(refund)) => {
            let Some(id) = notice.order_id.clone() else { return Err(malformed("orderId")) };
            let kind = format!("REFUND {}", refund.status);
            let observation = about_refund(&id, refund, now)?;
            (id, &notice.ext_order_id, kind, Some(observation))
        }
        (None, None) => return Err(malformed("neither an order nor a refund")),
    };
    Ok(Interpreted {
        event_id: told::digest(body),
        kind,
        references: vec![id],
        tenant: None,
        payment: name.as_deref().and_then(status::named_after).map(|(payment, _)| payment),
        observation: observation.map(Box::new),
        signature_ok: true,
    })
}

/// How much was taken of a hold stands in no notification, so PayU is asked.
fn about_order(
    settings: &Settings,
    order: &Order,
    now: Timestamp,
) -> Result<Option<Observation>, NotificationError> {
    if order.status == "COMPLETED" && !settings.auto_receive {
        return Ok(None);
    }
    let seen = status::order(order, &[], ObservationSource::Webhook, now);
    seen.map(Some).ok_or_else(|| malformed("order.totalAmount"))
}

fn about_refund(
    id: &str,
    refund: &Refund,
    now: Timestamp,
) -> Result<Observation, NotificationError> {
    let mut seen = told::blank(ObservationSource::Webhook, now);
    seen.references = vec![id.to_owned()];
    seen.refunds = vec![status::refund(refund).ok_or_else(|| malformed("refund.amount"))?];
    Ok(seen)
}
