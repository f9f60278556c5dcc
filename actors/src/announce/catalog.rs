//! The catalog, as the world is told: which product or category has changed, in what, and what it
//! is sold for. Texts and pictures are read from the API; what a product costs the tenant is told
//! to nobody.

use super::{Announcement, trace};
use crate::store::StoredEvent;
use kontor_messages::catalog::{CatalogEvent, Change, Field, FieldValue, PriceKind, Source};
use serde_json::{Map, Value, json};

/// The names that the catalog is told under.
pub(super) const NAMES: [&str; 10] = [
    "product.created",
    "product.updated",
    "product.archived",
    "price.changed",
    "category.created",
    "category.updated",
    "category.moved",
    "category.merged",
    "category.archived",
    "category.restored",
];

/// The events of the journal that say something to the world.
pub(super) const EVENTS: [&str; 11] = [
    "product.created",
    "product.updated",
    "product.archived",
    "price.changed",
    "price.turned",
    "category.created",
    "category.updated",
    "category.moved",
    "category.merged",
    "category.archived",
    "category.restored",
];

/// What is told of an event of the catalog.
pub(super) fn announce(event: &StoredEvent) -> Vec<Announcement> {
    let known = EVENTS.iter().find(|name| **name == &*event.name);
    let Some(name) = known.copied() else { return Vec::new() };
    let name = if name == "price.turned" { "price.changed" } else { name };
    let mut data = Map::new();
    let entity = event.entity.as_str();
    let (kind, id) = entity.split_once('/').unwrap_or(("entity", entity));
    data.insert(kind.to_owned(), id.into());
    data.insert("version".into(), event.version.into());
    // What cannot be read is told without content: its name and subject are worth the news.
    if let Ok(happened) = serde_json::from_str::<CatalogEvent>(&event.payload)
        && !say(happened, &mut data)
    {
        return Vec::new();
    }
    vec![Announcement {
        id: event.id.to_string(),
        name,
        subject: entity.to_owned(),
        tenant: event.tenant.clone(),
        at: event.at,
        data: data.into(),
        shard: event.shard,
        seq: event.seq,
        version: event.version,
        coalesce: None,
        trace: trace(event),
    }]
}

/// Adds what an event says; false if nothing of it is for the world.
fn say(event: CatalogEvent, data: &mut Map<String, Value>) -> bool {
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            data.insert(name.to_owned(), value);
        }
    };
    match event {
        CatalogEvent::ProductCreated { sku, fields, by } => {
            put("sku", sku.into());
            put("fields", fields.keys().filter(is_told).map(ToString::to_string).collect());
            put("source", source(&by.source));
        }
        CatalogEvent::ProductUpdated { sku, changes, by, .. }
        | CatalogEvent::ProductArchived { sku, changes, by, .. } => {
            put("sku", sku.into());
            let fields = changes.iter().map(|change| &change.field).filter(is_told);
            put("fields", fields.map(ToString::to_string).collect());
            put("source", source(&by.source));
        }
        CatalogEvent::PriceChanged { sku, changes, by, .. } => {
            let prices: Vec<Value> = changes.iter().filter_map(price).collect();
            if prices.is_empty() {
                return false;
            }
            put("sku", sku.into());
            put("prices", prices.into());
            put("source", source(&by.source));
        }
        CatalogEvent::PriceTurned { sku, prices } => {
            put("sku", sku.into());
            put("change", "turned".into());
            put("fields", prices.iter().map(ToString::to_string).collect());
        }
        CatalogEvent::CategoryCreated { content } | CatalogEvent::CategoryUpdated { content } => {
            put("names", json!(content.names));
            put("parent", json!(content.parent));
            put("slug", json!(content.slug));
            put("position", content.position.into());
        }
        CatalogEvent::CategoryMoved { was, parent, position } => {
            put("was", json!(was));
            put("parent", json!(parent));
            put("position", position.into());
        }
        CatalogEvent::CategoryMerged { into } => put("into", into.into()),
        _ => {}
    }
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_told(field: &&Field) -> bool {
    match field {
        Field::Price(slot) => slot.kind != PriceKind::Cost,
        Field::Offer(_) | Field::Part => false,
        _ => true,
    }
}

fn source(source: &Source) -> Value {
    source.to_string().into()
}

/// A price that is asked of customers, with what it was.
fn price(change: &Change) -> Option<Value> {
    let Field::Price(slot) = &change.field else { return None };
    if slot.kind == PriceKind::Cost {
        return None;
    }
    let mut told = Map::new();
    told.insert("kind".into(), slot.kind.as_str().into());
    told.insert("currency".into(), slot.currency.as_str().into());
    if let Some(channel) = &slot.channel {
        told.insert("channel".into(), channel.as_str().into());
    }
    if let Some(FieldValue::Price(price)) = &change.now {
        told.insert("amount_minor".into(), price.amount_minor.into());
        for (name, at) in [("from", price.from), ("until", price.until)] {
            if let Some(at) = at {
                told.insert(name.into(), at.to_string().into());
            }
        }
    }
    if let Some(FieldValue::Price(price)) = &change.was {
        told.insert("was_minor".into(), price.amount_minor.into());
    }
    Some(told.into())
}
