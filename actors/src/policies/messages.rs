//! Writes to the customer: one message per fact, with what its text speaks of.

use super::{Act, Fact, Occurrence};
use crate::order::state::{LineDocument, OrderDocument};
use kontor_messages::{
    EntityId, EventId, Money, id,
    notification::{ChannelKind, NotificationCommand},
    order::{CancelReason, CancellationStep, OrderCommand, OrderEvent, OrderStatus, Parcel},
};
use serde_json::{Value, json};

/// Lines and characters of a title that a message shows: its data must not grow with the order.
const LINES_MAX: usize = 50;
const TITLE_MAX: usize = 200;

/// Whether anything may follow from an event of an order: from a new one only a message, if there is
/// somewhere to send it. Orders are many, and reading each again would cost as much as keeping it.
pub(super) fn follows(event: &OrderEvent) -> bool {
    !matches!(event, OrderEvent::Created { place, .. } if place.customer.email.is_none())
}

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let Fact::Order(event, order) = occurrence.fact else { return Vec::new() };
    if matches!(event, OrderEvent::Cancelled { .. } | OrderEvent::CancellationOverdue { .. }) {
        return cancelled(occurrence, event, order);
    }
    let Some((template, more)) = told(event, order) else { return Vec::new() };
    let notification = id::derived(occurrence.id, "mail");
    queue(occurrence, order, notification, template, more).into_iter().collect()
}

/// The text that an event of an order asks for, and what it speaks of beside the order.
pub fn told(event: &OrderEvent, order: &OrderDocument) -> Option<(&'static str, Value)> {
    Some(match event {
        OrderEvent::Created { .. } => ("order_confirmation", json!({})),
        // What the channel took was paid there; the confirmation says enough.
        OrderEvent::Paid { payment: Some(_), paid } => {
            ("payment_received", json!({ "paid": paid.to_string() }))
        }
        OrderEvent::Shipped { parcel, .. } => ("shipped", parcel_data(parcel)),
        OrderEvent::Refunded { amount, .. } => {
            ("refund", json!({ "refunded": amount.to_string() }))
        }
        OrderEvent::Cancelled { .. } | OrderEvent::CancellationOverdue { .. } => {
            ("cancelled", json!({ "reason": reason(order.cancellation.as_ref()?.reason) }))
        }
        _ => return None,
    })
}

/// All that a text about an order speaks of.
pub fn speaks_of(order: &OrderDocument, more: Value) -> Value {
    let mut data = order_data(order);
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
        // A text asks whether something is there; nothing must look like something.
        data.retain(|_, value| !value.is_null());
    }
    data
}

/// Told once, even if the step has to be done again: the message is named after the order.
fn cancelled(occurrence: &Occurrence<'_>, event: &OrderEvent, order: &OrderDocument) -> Vec<Act> {
    let Some((template, more)) = told(event, order) else { return Vec::new() };
    if order.status != OrderStatus::Cancelled || !order.misses(CancellationStep::Message) {
        return Vec::new();
    }
    let notification = once(occurrence.entity, "mail/cancelled");
    let message = queue(occurrence, order, notification, template, more);
    let step = OrderCommand::RecordCancellationStep {
        order: occurrence.entity.clone(),
        step: CancellationStep::Message,
        version: None,
    };
    message.into_iter().chain([Act::Order(step)]).collect()
}

/// An identity that follows from the order alone.
fn once(order: &EntityId, purpose: &str) -> EntityId {
    match order.as_str().parse() {
        Ok(uuid) => id::derived(EventId(uuid), purpose),
        Err(_) => EntityId::named(format!("{order}/{purpose}")),
    }
}

fn queue(
    occurrence: &Occurrence<'_>,
    order: &OrderDocument,
    notification: EntityId,
    template: &str,
    more: Value,
) -> Option<Act> {
    let recipient = order.customer.email.clone()?;
    Some(Act::Notification(NotificationCommand::Queue {
        notification,
        template: template.to_owned(),
        channel: ChannelKind::Email,
        recipient,
        language: order.customer.language.clone(),
        data: speaks_of(order, more),
        about: Some(occurrence.entity.clone()),
    }))
}

/// What every text about an order may speak of.
fn order_data(order: &OrderDocument) -> Value {
    let formatted = |amount| Money::new(amount, order.currency).to_string();
    let lines = order.lines.iter().filter(|line| line.quantity > line.cancelled);
    let line = |line: &LineDocument| {
        let quantity = line.quantity - line.cancelled;
        json!({
            "title": line.title.chars().take(TITLE_MAX).collect::<String>(),
            "quantity": quantity,
            "total": formatted(line.unit_price_minor.saturating_mul(quantity)),
        })
    };
    let name = order.customer.name.as_str();
    json!({
        "order_number": order.number,
        "customer_name": (!name.is_empty()).then_some(name),
        "lines": lines.take(LINES_MAX).map(line).collect::<Vec<_>>(),
        "total": formatted(order.total_minor),
        "shipping_method": order.shipping_method,
    })
}

fn parcel_data(parcel: &Parcel) -> Value {
    json!({
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
    })
}

fn reason(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::Customer => "customer",
        CancelReason::Merchant => "merchant",
        CancelReason::Channel => "channel",
        CancelReason::PaymentTimeout => "payment_timeout",
        CancelReason::NoStock => "no_stock",
        CancelReason::Fraud => "fraud",
    }
}
