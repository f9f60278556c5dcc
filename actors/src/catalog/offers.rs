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
    for (currency, (cost, writer)) in best(product, changes, by) {
        let field = Field::Price(PriceSlot::everywhere(PriceKind::Cost, currency));
        let told = changes.iter().rfind(|change| change.field == field);
        let source = match told {
            Some(change) => change.owner.as_ref().or(by).map(|writer| &writer.source),
            None => product.owner(&field).map(|owner| &owner.source),
        };
        if source.is_some_and(|source| source.supplier().is_none()) {
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

/// The best offers as changes leave them, by currency, with their suppliers: one that has some before one
/// that has none, then the cheaper, then that of the supplier who weighs more.
fn best(
    product: &Product,
    changes: &[Change],
    by: Option<&Writer>,
) -> BTreeMap<Currency, (i64, Writer)> {
    let known = product.fields.iter().filter_map(|(field, value)| match value {
        FieldValue::Offer(offer) => Some((field, (*offer, product.owner(field)?.writer()))),
        _ => None,
    });
    let mut offers: BTreeMap<&Field, (SupplierOffer, Writer)> =
        known.filter(|(field, _)| matches!(field, Field::Offer(_))).collect();
    for change in changes.iter().filter(|change| matches!(change.field, Field::Offer(_))) {
        let writer = change.owner.as_ref().or(by);
        match (&change.now, writer) {
            (Some(FieldValue::Offer(offer)), Some(writer)) => {
                offers.insert(&change.field, (*offer, writer.clone()));
            }
            _ => drop(offers.remove(&change.field)),
        }
    }
    let mut best: BTreeMap<Currency, (SupplierOffer, Writer)> = BTreeMap::new();
    let weight = |(offer, writer): &(SupplierOffer, Writer)| {
        (!offer.available, offer.cost.amount_minor, Reverse(writer.source.rank()))
    };
    for offer in offers.into_values() {
        let currency = offer.0.cost.currency;
        if best.get(&currency).is_none_or(|known| weight(&offer) < weight(known)) {
            best.insert(currency, offer);
        }
    }
    let cost = |(offer, writer): (SupplierOffer, Writer)| (offer.cost.amount_minor, writer);
    best.into_iter().map(|(currency, known)| (currency, cost(known))).collect()
}
