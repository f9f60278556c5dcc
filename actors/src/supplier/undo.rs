//! Undoing an import: what it has changed and nobody touched since stands again as before it.
//!
//! Whoever follows `import.undo_requested` goes through the import's own events, newest first, and
//! brings back what they say that stood before. An offer that stands otherwise than the import left
//! it was touched since, and stays.

use super::{Answer, View, state::Page};
use crate::domain::{Decision, refuse};
use kontor_messages::{
    EntityId,
    supplier::{
        Availability, Before, Kept, OfferChange, PageChanges, SupplierEvent as E,
        SupplierRefusal as R, page_entity, source_entity,
    },
};

/// What was left as it is, of one step.
const KEPT_MAX: usize = 100;

/// A step of an undoing.
pub(super) struct Step {
    pub(super) down_to: i64,
    pub(super) pages: Vec<PageChanges>,
    pub(super) kept: Vec<Kept>,
    pub(super) done: bool,
}

pub(super) fn request(world: &View<'_>, import: EntityId) -> Answer {
    let Some(known) = world.get(&import)?.import() else { return refuse(R::NotFound("import")) };
    if known.undo.is_some() {
        return Ok(Decision::nothing(import));
    }
    if known.is_open() {
        return refuse(R::Impossible("the import has not ended; cancel it first".to_owned()));
    }
    if !known.has_changed_something() {
        return refuse(R::Impossible("the import has changed nothing".to_owned()));
    }
    let source = world.get(&source_entity(&known.source))?.source();
    if let Some(open) = source.and_then(|source| source.open.clone()) {
        return refuse(R::Running(open));
    }
    let source = known.source.clone();
    Ok(Decision::of(import, vec![E::UndoRequested { source }]))
}

pub(super) fn record(world: &View<'_>, import: EntityId, step: Step) -> Answer {
    let Some(known) = world.get(&import)?.import().filter(|known| known.is_undoing()) else {
        return Ok(Decision::nothing(import));
    };
    let Step { down_to, pages, mut kept, done } = step;
    let source = known.source.clone();
    let entities: Vec<EntityId> =
        pages.iter().map(|changes| page_entity(&source, changes.page)).collect();
    world.need(&entities)?;
    let reached = known.undo.as_ref().and_then(|undo| undo.down_to);
    let mut events = Vec::new();
    if reached.is_none_or(|reached| down_to < reached) {
        let mut restored = Vec::new();
        for (entity, changes) in entities.iter().zip(pages) {
            let Some(page) = world.get(entity)?.page() else { continue };
            let offers = restore(page, changes.offers, &mut kept);
            if !offers.is_empty() {
                restored.push(PageChanges { page: changes.page, offers });
            }
        }
        let kept_more = kept.len().saturating_sub(KEPT_MAX) as u64;
        kept.truncate(KEPT_MAX);
        let source = source.clone();
        events.push(E::UndoneInPart { source, down_to, pages: restored, kept, kept_more });
    }
    if done {
        events.push(E::Undone { source });
    }
    Ok(Decision::of(import, events))
}

/// The offers of a page that stand as the import left them, as they stood before; the others are
/// said to be kept.
fn restore(page: &Page, changes: Vec<OfferChange>, kept: &mut Vec<Kept>) -> Vec<OfferChange> {
    let mut place = 0;
    let mut restored = Vec::new();
    for change in changes {
        let Some(found) = page.find(&change.code, place) else { continue };
        place = found + 1;
        let Some(offer) = page.offers.get(found) else { continue };
        if offer.fingerprint != change.fingerprint {
            let reason = "a later import has changed it".to_owned();
            let product = offer.product.clone();
            kept.push(Kept { code: change.code, product, field: "offer".to_owned(), reason });
            continue;
        }
        let new = Before {
            price: None,
            stock: Availability::Unknown,
            fingerprint: 0,
            content: 0,
            observed_at: offer.observed_at,
            missed: 0,
        };
        let before = change.before.unwrap_or(new);
        restored.push(OfferChange {
            product: offer.product.clone(),
            price: before.price,
            stock: before.stock,
            fingerprint: before.fingerprint,
            content: before.content,
            code: change.code,
            before: Some(before),
        });
    }
    restored
}

/// Carries offers that stand again as before into their page.
pub(super) fn apply(page: &mut Page, changes: &PageChanges) {
    let mut place = 0;
    for change in &changes.offers {
        let Some(found) = page.find(&change.code, place) else { continue };
        place = found + 1;
        if let (Some(offer), Some(before)) = (page.offers.get_mut(found), &change.before) {
            offer.price = before.price;
            offer.stock = before.stock;
            (offer.fingerprint, offer.content) = (before.fingerprint, before.content);
            offer.observed_at = before.observed_at;
            offer.missed = before.missed;
            offer.missed_at = None;
        }
    }
}
