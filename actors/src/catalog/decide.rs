//! What the catalog answers.

use super::{
    Decided, Step, View, attributes, categories, check, desk::Desk, import, plan, pricing, undo,
};
use crate::domain::{Decision, refuse};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{
        CatalogCommand as C, CatalogEvent, CatalogRefusal, Field, FieldValue, Fields, NewProduct,
        PriceKind, SupplierLink, Writer, product_entity,
    },
};

/// Fields that one command releases at most.
const RELEASED_MAX: usize = 200;

/// Answers a command with what happens, or with a refusal.
pub(super) fn decide(world: &View<'_>, command: C, now: Timestamp) -> Decided {
    match command {
        C::CreateProduct { new, fields, by } => create(world, &new, fields, &by),
        C::ChangeProduct { product, fields, by } => change(world, &product, fields, &by),
        C::ReleaseFields { product, fields } => release(world, &product, fields),
        C::LinkProduct { product, link } => link_by_hand(world, &product, link),
        C::UnlinkProduct { product, source, code } => unlink(world, &product, source, code),
        C::Import { by, rows } => import::import(world, &by, rows, now),
        C::UndoRun { product, run, before } => undo::undo(world, &product, &run, before),
        C::TurnPrices { product } => turn(world, &product, now),
        C::Reprice { product } => reprice(world, &product),
        C::CreateCategory { category, content } => categories::create(world, &category, content),
        C::ChangeCategory { category, patch } => categories::change(world, &category, patch),
        C::MoveCategory { category, parent, position } => {
            categories::move_to(world, &category, parent.as_deref(), position)
        }
        C::MergeCategory { category, into } => categories::merge(world, &category, &into),
        C::ArchiveCategory { category, archived } => {
            categories::archive(world, &category, archived)
        }
        C::PutAttribute { code, attribute } => attributes::put(world, &code, attribute),
        C::PutAttributeSet { code, set } => attributes::put_set(world, &code, set),
        C::PutPricing { pricing } => pricing::put(world, pricing),
    }
}

fn create(world: &View<'_>, new: &NewProduct, fields: Fields, by: &Writer) -> Decided {
    check::writer(by)?;
    let desk = Desk::new(world);
    let entity = product_entity(new.product.as_str());
    if let Some(known) = desk.product(&entity)?
        && known.sku == new.sku
    {
        // The same wish again, if all that it says is so.
        let same = plan::change(&desk, &new.product, known, fields, by, false)?;
        return match same.events.is_empty() && same.kept.is_empty() {
            true => Ok(Decision::nothing(entity)),
            false => refuse(CatalogRefusal::Differs),
        };
    }
    let entity = import::fresh(&desk, new)?;
    let events = plan::create(&desk, &new.product, &new.sku, fields, by)?;
    Ok(Decision::of(entity, events))
}

fn change(world: &View<'_>, id: &EntityId, fields: Fields, by: &Writer) -> Decided {
    check::writer(by)?;
    let (desk, entity) = (Desk::new(world), product_entity(id.as_str()));
    let known = desk.known(&entity)?;
    let plan::Planned { events, .. } = plan::change(&desk, id, known, fields, by, false)?;
    Ok(Decision::of(entity, events))
}

fn reprice(world: &View<'_>, id: &EntityId) -> Decided {
    let (desk, entity) = (Desk::new(world), product_entity(id.as_str()));
    let known = desk.known(&entity)?;
    let by = Writer::rule();
    let plan::Planned { events, .. } = plan::change(&desk, id, known, Fields::new(), &by, true)?;
    Ok(Decision::of(entity, events))
}

fn release(world: &View<'_>, id: &EntityId, fields: Vec<Field>) -> Decided {
    if fields.is_empty() || fields.len() > RELEASED_MAX {
        return check::invalid("/fields", format!("expected 1 to {RELEASED_MAX} fields"));
    }
    let (desk, entity) = (Desk::new(world), product_entity(id.as_str()));
    let known = desk.known(&entity)?;
    let mut owned: Vec<Field> = Vec::new();
    for field in fields {
        if known.owner(&field).is_some() && !owned.contains(&field) {
            owned.push(field);
        }
    }
    if owned.is_empty() {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![CatalogEvent::FieldsReleased { fields: owned }]))
}

fn link_by_hand(world: &View<'_>, id: &EntityId, link: SupplierLink) -> Decided {
    let (desk, entity) = (Desk::new(world), product_entity(id.as_str()));
    desk.known(&entity)?;
    let event = import::link_event(&desk, &entity, link)?;
    Ok(Decision::of(entity, event.into_iter().collect()))
}

fn unlink(world: &View<'_>, id: &EntityId, source: String, code: String) -> Decided {
    let (desk, entity) = (Desk::new(world), product_entity(id.as_str()));
    let known = desk.known(&entity)?;
    let linked = known.links.iter().any(|link| link.source == source && link.code == code);
    let events = linked.then_some(CatalogEvent::ProductUnlinked { source, code });
    Ok(Decision::of(entity, events.into_iter().collect()))
}

/// Tells which sales began or ended since it was looked at last.
fn turn(world: &View<'_>, id: &EntityId, now: Timestamp) -> Decided {
    let (desk, entity) = (Desk::new(world), product_entity(id.as_str()));
    let known: Step<_> = desk.known(&entity);
    let known = known?;
    let passed = |border: Option<Timestamp>| {
        border.is_some_and(|border| known.turned_at < border && border <= now)
    };
    let turned = known.fields.iter().filter(|(field, value)| match (field, value) {
        (Field::Price(slot), FieldValue::Price(price)) => {
            slot.kind != PriceKind::Cost && (passed(price.from) || passed(price.until))
        }
        _ => false,
    });
    let prices: Vec<Field> = turned.map(|(field, _)| field.clone()).collect();
    if prices.is_empty() {
        return Ok(Decision::nothing(entity));
    }
    let sku = known.sku.clone();
    Ok(Decision::of(entity, vec![CatalogEvent::PriceTurned { sku, prices }]))
}
