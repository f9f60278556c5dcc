//! How events are carried into state. Total: what has happened has happened.

use super::{
    Catalog,
    state::{CatalogState, CategoryDocument, CategoryStatus, Product},
};
use crate::domain::Event;
use kontor_messages::{
    EntityId,
    catalog::{
        CatalogEvent, Change, Field, FieldValue, Gtin, Writer, ean_entity, part_entity,
        product_entity, tally_entity,
    },
};
use std::collections::BTreeSet;

/// Products listed under one code at most; more than that share no code in earnest.
const EAN_PRODUCTS_MAX: usize = 200;

/// What else an event changes besides its owner: lists of who carries a code, of variants, of
/// bundles, and the number of categories.
pub(super) fn touches(event: &CatalogEvent) -> Vec<EntityId> {
    let mut touched = BTreeSet::new();
    match event {
        CatalogEvent::ProductCreated { fields, .. } => {
            for (field, value) in fields {
                touched.extend(others(field, Some(value)));
            }
        }
        CatalogEvent::ProductUpdated { changes, .. } => {
            for Change { field, was, now, .. } in changes {
                let (was, now) = (others(field, was.as_ref()), others(field, now.as_ref()));
                touched.extend(was.symmetric_difference(&now).cloned());
            }
        }
        CatalogEvent::CategoryCreated { .. } => drop(touched.insert(tally_entity())),
        _ => {}
    }
    touched.into_iter().collect()
}

/// The entities that keep a list of products that say this.
fn others(field: &Field, value: Option<&FieldValue>) -> BTreeSet<EntityId> {
    match (field, value) {
        (Field::Ean, Some(FieldValue::Text(code))) => {
            Gtin::parse(code).map(|code| ean_entity(&code)).into_iter().collect()
        }
        (Field::Part, Some(FieldValue::Text(part))) => BTreeSet::from([part_entity(part)]),
        (Field::VariantOf, Some(FieldValue::Text(parent))) => {
            BTreeSet::from([product_entity(parent)])
        }
        (Field::Components, Some(FieldValue::Parts(parts))) => {
            parts.keys().map(|part| product_entity(part)).collect()
        }
        _ => BTreeSet::new(),
    }
}

pub(super) fn apply(entity: &EntityId, state: &mut CatalogState, event: &Event<'_, Catalog>) {
    if entity != event.entity {
        return touched(entity, state, event);
    }
    match event.event {
        CatalogEvent::ProductCreated { sku, fields, by } => {
            let mut product = Product {
                sku: sku.clone(),
                made_in: by.run.clone(),
                created_at: event.at,
                updated_at: event.at,
                turned_at: event.at,
                ..Product::default()
            };
            for (field, value) in fields {
                product.set(field, Some(value.clone()), Some(by));
            }
            *state = CatalogState::Product(Box::new(product));
        }
        CatalogEvent::AttributePut { attribute } => {
            *state = CatalogState::Attribute(attribute.clone());
        }
        CatalogEvent::AttributeSetPut { set } => *state = CatalogState::AttributeSet(set.clone()),
        CatalogEvent::PricingPut { pricing } => *state = CatalogState::Pricing(pricing.clone()),
        CatalogEvent::CategoryCreated { content } => {
            let category = CategoryDocument {
                content: content.clone(),
                created_at: event.at,
                updated_at: event.at,
                ..CategoryDocument::default()
            };
            *state = CatalogState::Category(Box::new(category));
        }
        _ => match state {
            CatalogState::Product(product) => of_product(product, event),
            CatalogState::Category(category) => of_category(category, event),
            _ => {}
        },
    }
}

fn of_product(product: &mut Product, event: &Event<'_, Catalog>) {
    product.updated_at = event.at;
    match event.event {
        CatalogEvent::ProductUpdated { changes, by, undone, .. }
        | CatalogEvent::ProductArchived { changes, by, undone, .. } => {
            change(product, changes, by, undone.is_some());
        }
        CatalogEvent::PriceChanged { changes, by, undone, .. } => {
            product.turned_at = event.at;
            change(product, changes, by, undone.is_some());
        }
        CatalogEvent::PriceTurned { .. } => product.turned_at = event.at,
        CatalogEvent::FieldsReleased { fields } => {
            fields.iter().for_each(|field| product.own(field, None));
        }
        CatalogEvent::ProductLinked { link } => {
            let same = |known: &_| !is_link(known, &link.source, &link.code);
            product.links.retain(same);
            product.links.push(link.clone());
        }
        CatalogEvent::ProductUnlinked { source, code } => {
            product.links.retain(|known| !is_link(known, source, code));
        }
        _ => {}
    }
}

fn is_link(link: &kontor_messages::catalog::SupplierLink, source: &str, code: &str) -> bool {
    link.source == source && link.code == code
}

fn change(product: &mut Product, changes: &[Change], by: &Writer, undone: bool) {
    for Change { field, now, owner, .. } in changes {
        let owner = if undone { owner.as_ref() } else { Some(owner.as_ref().unwrap_or(by)) };
        product.set(field, now.clone(), owner);
    }
}

fn of_category(category: &mut CategoryDocument, event: &Event<'_, Catalog>) {
    category.updated_at = event.at;
    match event.event {
        CatalogEvent::CategoryUpdated { content } => category.content = content.clone(),
        CatalogEvent::CategoryMoved { parent, position, .. } => {
            (category.content.parent, category.content.position) = (parent.clone(), *position);
        }
        CatalogEvent::CategoryMerged { into } => {
            (category.merged_into, category.status) = (Some(into.clone()), CategoryStatus::Merged);
        }
        CatalogEvent::CategoryArchived => category.status = CategoryStatus::Archived,
        CatalogEvent::CategoryRestored => category.status = CategoryStatus::Active,
        _ => {}
    }
}

/// Another entity's event changes a list or a number here.
fn touched(entity: &EntityId, state: &mut CatalogState, event: &Event<'_, Catalog>) {
    if let CatalogEvent::CategoryCreated { .. } = event.event {
        let known = match state {
            CatalogState::Tally { categories } => *categories,
            _ => 0,
        };
        *state = CatalogState::Tally { categories: known.saturating_add(1) };
        return;
    }
    let id = event.entity.as_str().strip_prefix("product/").unwrap_or(event.entity.as_str());
    let pairs: Vec<(&Field, Option<&FieldValue>)> = match event.event {
        CatalogEvent::ProductCreated { fields, .. } => {
            fields.iter().map(|(field, value)| (field, Some(value))).collect()
        }
        CatalogEvent::ProductUpdated { changes, .. } => {
            changes.iter().map(|change| (&change.field, change.now.as_ref())).collect()
        }
        _ => return,
    };
    let listed = |wanted: &Field| {
        let found = pairs.iter().find(|(field, _)| *field == wanted);
        found.map(|(field, value)| others(field, *value).contains(entity))
    };
    let name = entity.as_str();
    let code = if name.starts_with("part/") { Field::Part } else { Field::Ean };
    let carried = listed(&code) == Some(true);
    match state {
        CatalogState::Product(product) => {
            if let Some(is) = listed(&Field::VariantOf) {
                list(&mut product.variants, id, is, usize::MAX);
            }
            if let Some(is) = listed(&Field::Components) {
                list(&mut product.bundles, id, is, usize::MAX);
            }
        }
        CatalogState::Ean { products } => {
            list(products, id, carried, EAN_PRODUCTS_MAX);
        }
        CatalogState::Blank if ["ean/", "part/"].iter().any(|kind| name.starts_with(kind)) => {
            let products = if carried { vec![id.to_owned()] } else { Vec::new() };
            *state = CatalogState::Ean { products };
        }
        _ => {}
    }
}

fn list(list: &mut Vec<String>, id: &str, is: bool, max: usize) {
    let known = list.iter().any(|one| one == id);
    match (known, is) {
        (true, false) => list.retain(|one| one != id),
        (false, true) if list.len() < max => list.push(id.to_owned()),
        _ => {}
    }
}
