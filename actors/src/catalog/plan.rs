//! From a wish about one product to its events: checked, compared, priced.

use super::{
    Step, attributes, check,
    desk::Desk,
    judge::{Judged, judge},
    offers, pricing, shelf,
    state::Product,
    tree,
};
use crate::domain::refuse;
use kontor_messages::{
    EntityId,
    catalog::{
        CatalogEvent, CatalogRefusal, Change, Field, FieldValue, Fields, ProductStatus, Source,
        Writer, part_text,
    },
};
use std::collections::BTreeMap;

/// Fields of one product at most.
const FIELDS_MAX: usize = 1_000;

/// What a wish comes to.
pub(super) struct Planned {
    pub(super) events: Vec<CatalogEvent>,
    pub(super) kept: Vec<Field>,
}

/// A product that is to be made.
pub(super) fn create(
    desk: &Desk<'_, '_>,
    id: &EntityId,
    sku: &str,
    fields: Fields,
    by: &Writer,
) -> Step<Vec<CatalogEvent>> {
    let fields = prepare(desk, fields)?;
    let blank = Product { sku: sku.to_owned(), ..Product::default() };
    let Judged { mut changes, .. } = judge(&blank, fields, by);
    conclude(&blank, &mut changes, by);
    let priced = follow(desk, id, &blank, &changes, by, false)?;
    let said = changes.into_iter().filter_map(|change| Some((change.field, change.now?)));
    let mut fields: BTreeMap<Field, FieldValue> = said.collect();
    let draft = || FieldValue::Text(ProductStatus::Draft.as_str().to_owned());
    fields.entry(Field::Status).or_insert_with(draft);
    let created = CatalogEvent::ProductCreated { sku: sku.to_owned(), fields, by: by.clone() };
    Ok(std::iter::once(created).chain(priced).collect())
}

/// A product that is to be changed; or priced anew, if nothing is wished.
pub(super) fn change(
    desk: &Desk<'_, '_>,
    id: &EntityId,
    known: &Product,
    fields: Fields,
    by: &Writer,
    reprice: bool,
) -> Step<Planned> {
    let fields = prepare(desk, fields)?;
    let Judged { mut changes, kept } = judge(known, fields, by);
    conclude(known, &mut changes, by);
    if changes.is_empty() && !reprice {
        return Ok(Planned { events: Vec::new(), kept });
    }
    let priced = follow(desk, id, known, &changes, by, reprice)?;
    let mut events = events(&known.sku, changes, by, None);
    // Prices that follow from a rule are the rule's, in an event of their own writer.
    events.extend(priced);
    Ok(Planned { events, kept })
}

/// Adds the fields that follow from what changes.
fn conclude(known: &Product, changes: &mut Vec<Change>, by: &Writer) {
    offers::settle(known, changes, Some(by));
    part(known, changes);
}

/// How a product is compared by its maker's code follows from that and its brand.
pub(super) fn part(known: &Product, changes: &mut Vec<Change>) {
    let news = |field: &Field| changes.iter().find(|change| change.field == *field);
    if news(&Field::Brand).is_none() && news(&Field::Mpn).is_none() {
        return;
    }
    let text = |field: &Field| match news(field) {
        Some(Change { now: Some(FieldValue::Text(text)), .. }) => Some(text.as_str()),
        Some(_) => None,
        None => known.text(field),
    };
    let part = text(&Field::Brand).zip(text(&Field::Mpn));
    let now = part.and_then(|(brand, mpn)| part_text(brand, mpn)).map(FieldValue::Text);
    let was = known.value(&Field::Part).cloned();
    let told = news(&Field::Part).map_or(&was, |change| &change.now);
    if *told != now {
        changes.retain(|change| change.field != Field::Part);
        let was_by = known.owner(&Field::Part).map(super::Owner::writer);
        changes.push(Change { field: Field::Part, was, was_by, now, owner: None });
    }
}

/// Checks what fields say by themselves, and reads categories as what they have become.
fn prepare(desk: &Desk<'_, '_>, fields: Fields) -> Step<Fields> {
    let mut fields = check::check_fields(fields).map_err(crate::domain::Stop::Refused)?;
    if let Some(Some(FieldValue::List(wanted))) = fields.get_mut(&Field::Categories) {
        tree::resolve_all(desk.world, wanted)?;
    }
    Ok(fields)
}

/// Checks what changes against what else there is; answers the event of prices that follow.
fn follow(
    desk: &Desk<'_, '_>,
    id: &EntityId,
    known: &Product,
    changes: &[Change],
    by: &Writer,
    reprice: bool,
) -> Step<Option<CatalogEvent>> {
    let mut after = known.clone();
    for Change { field, now, owner, .. } in changes {
        after.set(field, now.clone(), Some(owner.as_ref().unwrap_or(by)));
    }
    if after.fields.len() > FIELDS_MAX {
        return refuse(CatalogRefusal::LimitReached { what: "fields", max: FIELDS_MAX });
    }
    shelf::check(desk, id, &after, changes)?;
    attributes::check(desk.world, &after, changes)?;
    let news = |field: &Field| changes.iter().any(|change| change.field == *field);
    if news(&Field::Status) && after.status() == ProductStatus::Active {
        attributes::check_ready(desk.world, &after)?;
    }
    let costs = changes.iter().any(|change| pricing::is_followed(&change.field));
    let scope = news(&Field::Brand) || news(&Field::Categories);
    let rule = Writer { source: Source::Rule, run: by.run.clone() };
    if !(costs || reprice || scope) {
        return Ok(None);
    }
    let prices = pricing::follow(desk.world, id, &after)?;
    let Judged { changes: priced, .. } = judge(&after, prices, &rule);
    if priced.is_empty() {
        return Ok(None);
    }
    let (sku, changes) = (known.sku.clone(), priced);
    Ok(Some(CatalogEvent::PriceChanged { sku, changes, by: rule, undone: None }))
}

/// Changes as events: what is said of the product, its prices and offers, and that it is offered no
/// longer.
pub(super) fn events(
    sku: &str,
    changes: Vec<Change>,
    by: &Writer,
    undone: Option<String>,
) -> Vec<CatalogEvent> {
    let (mut said, mut prices, mut archived) = (Vec::new(), Vec::new(), Vec::new());
    let gone = FieldValue::Text(ProductStatus::Archived.as_str().to_owned());
    for change in changes {
        match &change.field {
            Field::Price(_) | Field::Offer(_) => prices.push(change),
            Field::Status if change.now.as_ref() == Some(&gone) => archived.push(change),
            _ => said.push(change),
        }
    }
    let mut events = Vec::new();
    let (sku, by) = (|| sku.to_owned(), || by.clone());
    if !said.is_empty() {
        let undone = undone.clone();
        events.push(CatalogEvent::ProductUpdated { sku: sku(), changes: said, by: by(), undone });
    }
    if !prices.is_empty() {
        let undone = undone.clone();
        events.push(CatalogEvent::PriceChanged { sku: sku(), changes: prices, by: by(), undone });
    }
    if !archived.is_empty() {
        let changes = archived;
        events.push(CatalogEvent::ProductArchived { sku: sku(), changes, by: by(), undone });
    }
    events
}
