//! What suppliers ask for a product, and what it costs by that: the best offer makes the cost.

use super::state::Product;
use kontor_messages::{
    Currency,
    catalog::{Change, Field, FieldValue, PriceKind, PriceSlot, PriceValue, SupplierOffer, Writer},
};
use std::{cmp::Reverse, collections::BTreeMap};

/// Adds what the product costs to changes of its offers: in each currency the best one, with its
/// supplier as the writer. A cost that a person or a marketplace wrote stays. `by` has written the
/// changes that name no owner.
pub(super) fn settle(product: &Product, changes: &mut Vec<Change>, by: Option<&Writer>) {
    if !changes.iter().any(|change| matches!(change.field, Field::Offer(_))) {
        return;
    }
    let mut after = product.clone();
    for Change { field, now, owner, .. } in changes.iter() {
        after.set(field, now.clone(), owner.as_ref().or(by));
    }
    for (currency, (cost, writer)) in best(&after) {
        let field = Field::Price(PriceSlot::everywhere(PriceKind::Cost, currency));
        let supplied = |owner: &super::Owner| owner.source.supplier().is_some();
        if !after.owner(&field).is_none_or(supplied) {
            continue;
        }
        // Where the changes say it too, this is what is meant.
        changes.retain(|change| change.field != field);
        let now = FieldValue::Price(PriceValue::always(cost));
        let (was, was_by) = (product.value(&field), product.owner(&field));
        if was == Some(&now) && was_by.is_some_and(|owner| owner.source == writer.source) {
            continue;
        }
        changes.push(Change {
            was: was.cloned(),
            was_by: was_by.map(super::Owner::writer),
            field,
            now: Some(now),
            owner: Some(writer),
        });
    }
}

/// The best offers, by currency, with their suppliers: one that has some before one that has none,
/// then the cheaper, then that of the supplier who weighs more.
fn best(product: &Product) -> BTreeMap<Currency, (i64, Writer)> {
    let mut best: BTreeMap<Currency, (SupplierOffer, Writer)> = BTreeMap::new();
    for (field, value) in &product.fields {
        let (Field::Offer(_), FieldValue::Offer(offer)) = (field, value) else { continue };
        let Some(owner) = product.owner(field) else { continue };
        let writer = owner.writer();
        let weight = |offer: &SupplierOffer, writer: &Writer| {
            (!offer.available, offer.cost.amount_minor, Reverse(writer.source.rank()))
        };
        let better =
            |known: &(SupplierOffer, Writer)| weight(offer, &writer) < weight(&known.0, &known.1);
        if best.get(&offer.cost.currency).is_none_or(better) {
            best.insert(offer.cost.currency, (*offer, writer));
        }
    }
    let cost = |(offer, writer): (SupplierOffer, Writer)| (offer.cost.amount_minor, writer);
    best.into_iter().map(|(currency, known)| (currency, cost(known))).collect()
}
