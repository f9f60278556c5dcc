//! Taking an import back: what nobody has touched since says again what it said before.

use super::{Decided, View, desk::Desk, offers, plan, state::Product};
use crate::domain::Decision;
use kontor_messages::{
    EntityId,
    catalog::{
        Before, CatalogEvent, Change, Field, FieldValue, PriceKind, ProductStatus, RowOutcome,
        Source, Writer, product_entity,
    },
};

/// What a product's fields said before a run, from the product's events in order.
pub fn before<'e>(run: &str, events: impl IntoIterator<Item = &'e CatalogEvent>) -> Vec<Before> {
    let mut known: Vec<Before> = Vec::new();
    for (changes, by) in events.into_iter().filter_map(CatalogEvent::changes) {
        for Change { field, was, was_by, owner, .. } in changes {
            let place = known.iter().position(|one| one.field == *field);
            let ours = owner.as_ref().unwrap_or(by).run.as_deref() == Some(run);
            match (place, ours) {
                (None, true) => known.push(Before {
                    field: field.clone(),
                    value: was.clone(),
                    by: was_by.clone(),
                }),
                // Somebody else has written it since; a later block of the run begins anew.
                (Some(place), false) => drop(known.remove(place)),
                _ => {}
            }
        }
    }
    known
}

/// What a run has changed of a product and somebody has written since: it is left as it is. What
/// only follows from other fields is not told, nor are offers: their source tells of those.
pub fn touched<'e>(run: &str, events: impl IntoIterator<Item = &'e CatalogEvent>) -> Vec<Field> {
    // Who has written a field last; none, if it is the run.
    let mut known: Vec<(Field, Option<Source>)> = Vec::new();
    for event in events {
        let Some((changes, by)) = event.changes() else { continue };
        for Change { field, owner, .. } in changes {
            let writer = owner.as_ref().unwrap_or(by);
            let last = (writer.run.as_deref() != Some(run)).then(|| writer.source.clone());
            match (known.iter().position(|(known, _)| known == field), last) {
                (Some(place), _) if undoes(event, run) => drop(known.remove(place)),
                (Some(place), last) => {
                    if let Some((_, writer)) = known.get_mut(place) {
                        *writer = last;
                    }
                }
                (None, None) => known.push((field.clone(), None)),
                (None, Some(_)) => {}
            }
        }
    }
    let told = known.into_iter().filter_map(|(field, last)| Some((field, last?)));
    told.filter(|(field, last)| !follows(field, last)).map(|(field, _)| field).collect()
}

fn undoes(event: &CatalogEvent, run: &str) -> bool {
    match event {
        CatalogEvent::ProductUpdated { undone, .. }
        | CatalogEvent::PriceChanged { undone, .. }
        | CatalogEvent::ProductArchived { undone, .. } => undone.as_deref() == Some(run),
        _ => false,
    }
}

/// Whether a field follows from others: a cost that no person wrote is that of the best offer.
fn follows(field: &Field, writer: &Source) -> bool {
    match field {
        Field::Part | Field::Offer(_) => true,
        Field::Price(slot) => slot.kind == PriceKind::Cost && writer.supplier().is_some(),
        _ => false,
    }
}

/// Restores what the run wrote and nobody since; tells what is left alone.
pub(super) fn undo(world: &View<'_>, id: &EntityId, run: &str, before: Vec<Before>) -> Decided {
    let entity = product_entity(id.as_str());
    let desk = Desk::new(world);
    let product = desk.known(&entity)?;
    let (changes, kept) = if product.made_in.as_deref() == Some(run) {
        unmake(product, run)
    } else {
        restore(product, run, before)
    };
    let outcome = if changes.is_empty() { RowOutcome::Unchanged } else { RowOutcome::Updated };
    let mut events = plan::events(&product.sku, changes, &Writer::operator(), Some(run.to_owned()));
    let product = Some(id.clone());
    events.push(CatalogEvent::RowDone { row: 0, product, outcome, kept });
    Ok(Decision::of(entity, events))
}

fn is_of(product: &Product, field: &Field, run: &str) -> bool {
    product.owner(field).is_some_and(|owner| owner.run.as_deref() == Some(run))
}

fn restore(product: &Product, run: &str, before: Vec<Before>) -> (Vec<Change>, Vec<Field>) {
    let (mut changes, mut kept) = (Vec::new(), Vec::new());
    for Before { field, value, by } in before {
        if changes.iter().any(|change: &Change| change.field == field) {
            continue;
        }
        if !is_of(product, &field, run) {
            kept.push(field);
            continue;
        }
        let was_by = product.owner(&field).map(super::Owner::writer);
        let was = product.value(&field).cloned();
        changes.push(Change { field, was, was_by, now: value, owner: by });
    }
    // What it costs and how it is compared follow from what is there again.
    offers::settle(product, &mut changes, None);
    plan::part(product, &mut changes);
    (changes, kept)
}

/// The run has made it: it is archived, unless somebody has taken it up since.
fn unmake(product: &Product, run: &str) -> (Vec<Change>, Vec<Field>) {
    let touched = product.owners.iter().filter(|owner| owner.run.as_deref() != Some(run));
    let kept: Vec<Field> = touched.flat_map(|owner| owner.fields.iter().cloned()).collect();
    if !kept.is_empty() || product.status() == ProductStatus::Archived {
        return (Vec::new(), kept);
    }
    let owner = product.owner(&Field::Status).map(super::Owner::writer);
    let change = Change {
        field: Field::Status,
        was: product.value(&Field::Status).cloned(),
        was_by: owner.clone(),
        now: Some(FieldValue::Text(ProductStatus::Archived.as_str().to_owned())),
        owner,
    };
    (vec![change], kept)
}
