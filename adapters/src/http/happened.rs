//! Events as the API shows them: without secrets, with who did it and because of what.

use super::document::Public;
use kontor_actors::{
    catalog::Catalog, domain::Domain, erasure::Erasure, order::Order, payment::Payment,
    payout::Payout, reconciliation::Reconciliation, stock::Stock, store::StoredEvent,
    supplier::Supplier, tenant::Tenant, webhook::Webhook,
};
use kontor_messages::{EntityId, EventId, Meta, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that has happened.
#[derive(Serialize, ToSchema)]
pub(super) struct Happened {
    /// The event's identity; drop a second one of the same.
    pub(super) id: EventId,
    /// Where it stands in the journal; later is greater.
    #[schema(example = "0-4711")]
    pub(super) cursor: String,
    /// Its public name.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "order.created")]
    pub(super) name: std::sync::Arc<str>,
    /// Which domain's.
    #[schema(value_type = String, example = "order")]
    pub(super) domain: std::sync::Arc<str>,
    /// The entity that owns it.
    pub(super) entity: EntityId,
    /// Which change it is.
    pub(super) version: i64,
    /// When it was decided.
    pub(super) at: Timestamp,
    /// Who did it.
    #[schema(example = "key:abcdefgh2345")]
    pub(super) actor: String,
    /// From which address, where a person or program asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "203.0.113.7")]
    pub(super) address: Option<String>,
    /// Because of what: an event's, request's or message's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<String>,
    /// W3C trace context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace: Option<String>,
    /// What it says.
    #[schema(value_type = Object)]
    pub(super) data: serde_json::Value,
}

/// An event as it may leave the program.
pub(super) fn happened(event: &StoredEvent) -> Happened {
    let meta = serde_json::from_str(&event.meta).unwrap_or_else(|_| Meta::by("unknown"));
    Happened {
        id: event.id,
        cursor: format!("{}-{}", event.shard, event.seq),
        name: event.name.clone(),
        domain: event.domain.clone(),
        entity: event.entity.clone(),
        version: event.version,
        at: event.at,
        actor: meta.actor.0,
        address: meta.address,
        cause: meta.cause,
        trace: meta.trace,
        data: data(&event.domain, &event.payload),
    }
}

fn data(domain: &str, payload: &str) -> serde_json::Value {
    match domain {
        Tenant::NAME => public::<Tenant>(payload),
        Webhook::NAME => public::<Webhook>(payload),
        Payment::NAME => public::<Payment>(payload),
        Payout::NAME => public::<Payout>(payload),
        Supplier::NAME => public::<Supplier>(payload),
        Order::NAME | Stock::NAME | Erasure::NAME | Reconciliation::NAME | Catalog::NAME => {
            serde_json::from_str(payload).unwrap_or_default()
        }
        // What is not known to hold no secret is not shown.
        _ => serde_json::Value::Object(serde_json::Map::new()),
    }
}

fn public<D: Public>(payload: &str) -> serde_json::Value {
    serde_json::from_str(payload).map(|event| D::public_event(&event)).unwrap_or_default()
}
