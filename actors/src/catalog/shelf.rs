//! How products belong together: variants of one thing, and bundles of several.

use super::{Step, desk::Desk, state::Product};
use crate::domain::refuse;
use kontor_messages::{
    EntityId,
    catalog::{CatalogRefusal, Change, Field, FieldValue, product_entity},
};

/// Variants of one product at most.
const VARIANTS_MAX: usize = 500;
/// Bundles that one product may be a part of.
const BUNDLES_MAX: usize = 200;

/// Refuses what would be nested, or would belong to what is not there.
pub(super) fn check(
    desk: &Desk<'_, '_>,
    id: &EntityId,
    after: &Product,
    changes: &[Change],
) -> Step<()> {
    for change in changes {
        match (&change.field, &change.now) {
            (Field::VariantOf, Some(FieldValue::Text(parent))) => {
                variant(desk, id, after, parent)?;
            }
            (Field::Components, Some(FieldValue::Parts(parts))) => {
                for part in parts.keys() {
                    component(desk, id, after, part)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn fault<T>(field: Field, expected: impl Into<String>) -> Step<T> {
    refuse(CatalogRefusal::field(&field, expected))
}

fn variant(desk: &Desk<'_, '_>, id: &EntityId, after: &Product, parent: &str) -> Step<()> {
    if parent == id.as_str() {
        return fault(Field::VariantOf, "expected another product");
    }
    if !after.variants.is_empty() {
        return fault(Field::VariantOf, "a product that has variants is none itself");
    }
    let Some(known) = desk.product(&product_entity(parent))? else {
        return fault(Field::VariantOf, format!("there is no product {parent}"));
    };
    if known.value(&Field::VariantOf).is_some() {
        return fault(Field::VariantOf, format!("{parent} is a variant itself"));
    }
    let listed = known.variants.iter().any(|variant| variant == id.as_str());
    if known.variants.len() >= VARIANTS_MAX && !listed {
        return refuse(CatalogRefusal::LimitReached {
            what: "variants of a product",
            max: VARIANTS_MAX,
        });
    }
    Ok(())
}

fn component(desk: &Desk<'_, '_>, id: &EntityId, after: &Product, part: &str) -> Step<()> {
    if part == id.as_str() {
        return fault(Field::Components, "a bundle is no part of itself");
    }
    if !after.bundles.is_empty() {
        return fault(Field::Components, "a part of a bundle is no bundle itself");
    }
    let Some(known) = desk.product(&product_entity(part))? else {
        return fault(Field::Components, format!("there is no product {part}"));
    };
    if known.is_bundle() {
        return fault(Field::Components, format!("{part} is a bundle, and bundles are not nested"));
    }
    let listed = known.bundles.iter().any(|bundle| bundle == id.as_str());
    if known.bundles.len() >= BUNDLES_MAX && !listed {
        return refuse(CatalogRefusal::LimitReached {
            what: "bundles with one product",
            max: BUNDLES_MAX,
        });
    }
    Ok(())
}
