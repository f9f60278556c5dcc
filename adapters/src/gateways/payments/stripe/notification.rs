//! What Stripe's notifications say. The signature has been checked before.

use super::{
    status,
    wire::{Charge, Dispute, Event, Expandable, Intent, Metadata, Named, Refund, Session},
};
use kontor_actors::ports::{Interpreted, NotificationError};
use kontor_messages::{
    TenantId, Timestamp,
    payment::{Observation, ObservationSource, ObservedStatus, Problem},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a notification.
pub fn read(body: &[u8], now: Timestamp) -> Result<Interpreted, NotificationError> {
    let event: Event = parse(body)?;
    let kind = event.kind.unwrap_or_default();
    if event.object.as_deref() != Some("event") || kind.is_empty() {
        return Err(malformed("it is no event"));
    }
    let plain = !event.id.is_empty() && event.id.len() <= 100 && event.id.is_ascii();
    if !plain || event.id.chars().any(char::is_control) {
        return Err(malformed("its id cannot be kept"));
    }
    let at = event.created.map_or(now, status::at_second);
    let object = event.data.map(|data| data.object).unwrap_or_default();
    // It is genuine, so it is kept even where it cannot be read; then Stripe is asked.
    let mut said = about(&kind, &object, at).unwrap_or_else(|_| only_named(&object));
    if let Some(told) = &mut said.observation {
        told.provider_event = Some(event.id.clone());
    }
    Ok(Interpreted {
        event_id: event.id,
        references: said.references,
        tenant: said.metadata.get("tenant").and_then(|name| TenantId::parse(name).ok()),
        payment: status::entity(&said.metadata, "payment"),
        observation: said.observation.map(Box::new),
        signature_ok: true,
        kind,
    })
}

/// What an event says, and of what.
struct Said {
    references: Vec<String>,
    metadata: Metadata,
    observation: Option<Observation>,
}

fn about(kind: &str, object: &Value, at: Timestamp) -> Result<Said, NotificationError> {
    let source = ObservationSource::Webhook;
    if kind.starts_with("checkout.session.") {
        let session: Session = object_of(object)?;
        let mut told = status::session(&session, source, at).ok_or_else(no_amount)?;
        if kind == "checkout.session.async_payment_failed" {
            told.status = Some(ObservedStatus::Failed);
            let text = "the payment did not arrive";
            told.problem.get_or_insert_with(|| Problem::new("async_payment_failed", text));
        }
        let metadata = session.metadata.unwrap_or_default();
        return Ok(said(told, metadata));
    }
    if kind.starts_with("payment_intent.") {
        let intent: Intent = object_of(object)?;
        let told = status::intent(&intent, source, at).ok_or_else(no_amount)?;
        return Ok(said(told, intent.metadata.unwrap_or_default()));
    }
    if kind.starts_with("refund.") || kind == "charge.refund.updated" {
        let refund: Refund = object_of(object)?;
        let mut told = status::blank(source, at);
        told.references = names(refund.payment_intent.as_ref(), refund.charge.as_ref());
        told.refunds = vec![status::refund(&refund).ok_or_else(no_amount)?];
        return Ok(said(told, refund.metadata.unwrap_or_default()));
    }
    if kind.starts_with("charge.dispute.") {
        let dispute: Dispute = object_of(object)?;
        let mut told = status::blank(source, at);
        told.references = names(dispute.payment_intent.as_ref(), dispute.charge.as_ref());
        told.disputes = vec![status::dispute(&dispute).ok_or_else(no_amount)?];
        return Ok(said(told, Metadata::new()));
    }
    if kind == "charge.refunded" {
        // It tells a total, and not of which refunds: Stripe is asked.
        let charge: Charge = object_of(object)?;
        let metadata = charge.metadata.unwrap_or_default();
        return Ok(Said { metadata, ..only_named(object) });
    }
    if kind.starts_with("charge.") {
        let charge: Charge = object_of(object)?;
        let mut told = status::charge(&charge, source, at).ok_or_else(no_amount)?;
        if kind == "charge.expired" {
            told.status = Some(ObservedStatus::Expired);
        }
        return Ok(said(told, charge.metadata.unwrap_or_default()));
    }
    Ok(only_named(object))
}

/// Of one that says nothing that is understood, only the names are taken.
fn only_named(object: &Value) -> Said {
    let name = |member: &str| object.get(member).and_then(Value::as_str).map(str::to_owned);
    let references = ["id", "payment_intent"].into_iter().filter_map(name).collect();
    Said { references, metadata: Metadata::new(), observation: None }
}

fn said(told: Observation, metadata: Metadata) -> Said {
    Said { references: told.references.clone(), metadata, observation: Some(told) }
}

/// The payment intent's name; a charge's only where there is no other.
fn names(intent: Option<&Expandable<Named>>, charge: Option<&Expandable<Named>>) -> Vec<String> {
    intent.or(charge).map(|named| named.id().to_owned()).into_iter().collect()
}

fn object_of<T: DeserializeOwned>(object: &Value) -> Result<T, NotificationError> {
    serde_path_to_error::deserialize(object)
        .map_err(|error| malformed(format!("data.object.{}", error.path())))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotificationError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(error.path().to_string()))
}

fn no_amount() -> NotificationError {
    malformed("an amount that the currency does not have")
}

fn malformed(what: impl Into<String>) -> NotificationError {
    NotificationError::Malformed(what.into())
}
