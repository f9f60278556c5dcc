//! What rows of a feed change: offers come, change, and are missing.
//!
//! What is older than what is known changes nothing. A batch is one event, with the place of the
//! import after it; the same batch a second time is no news.

use super::{
    Answer, View, imports,
    state::{ImportDocument, Offer, Page, SourceDocument},
};
use crate::domain::{Decision, Stop, refuse};
use kontor_messages::{
    EntityId, Timestamp,
    supplier::{
        Availability, Before, NewOffer, OfferChange, PAGE_OFFERS, PageChanges, PageLosses,
        Progress, RowProblem, SupplierEvent as E, SupplierRefusal as R, page_entity, shelf_entity,
        source_entity,
    },
};
use std::collections::{BTreeMap, HashSet};

/// Offers of one command.
const OFFERS_MAX: usize = 5_000;
/// The longest code.
const CODE_MAX: usize = 200;

/// What rows of a feed say.
pub(super) struct Rows {
    pub(super) offers: Vec<NewOffer>,
    pub(super) failed: u64,
    pub(super) problems: Vec<RowProblem>,
}

pub(super) fn record(world: &View<'_>, import: EntityId, rows: Rows, progress: Progress) -> Answer {
    let Rows { offers, failed, problems } = rows;
    let Some(run) = open(world, &import)? else { return Ok(Decision::nothing(import)) };
    if run.dry_run || progress.rows <= run.progress.rows {
        return Ok(Decision::nothing(import));
    }
    if OFFERS_MAX < offers.len() {
        return refuse(R::invalid("/offers", format!("expected at most {OFFERS_MAX} offers")));
    }
    let shelf = shelf_entity(&run.source);
    let mut end = world.get(&shelf)?.shelf().offers;
    let pages = offers.iter().filter_map(|offer| offer.page);
    let last = end.saturating_add(offers.len() as u64) / u64::from(PAGE_OFFERS);
    let first = end / u64::from(PAGE_OFFERS);
    let new = (first..=last).filter_map(|page| u32::try_from(page).ok());
    let needed: HashSet<u32> = pages.chain(new).collect();
    let needed: Vec<EntityId> =
        needed.into_iter().map(|page| page_entity(&run.source, page)).collect();
    world.need(&needed)?;
    let observed_at = run.observed_at();
    let (mut created, mut updated) = (0, 0);
    let mut changes = Changes::new(world, &run.source);
    for offer in offers.into_iter().filter(|offer| (1..=CODE_MAX).contains(&offer.code.len())) {
        match offer.page {
            Some(page) => updated += u64::from(changes.change(page, offer, observed_at)?),
            None if changes.is_new(&offer.code) => {
                let Ok(page) = u32::try_from(end / u64::from(PAGE_OFFERS)) else { continue };
                changes.add(page, offer);
                (end, created) = (end + 1, created + 1);
            }
            None => {}
        }
    }
    let (source, pages) = (run.source.clone(), changes.pages());
    let event = E::Applied { source, observed_at, pages, created, updated, failed, progress };
    let found = imports::found(run, &import, problems, 0);
    let mut decision = Decision::of(import, vec![event]);
    decision.events.extend(found);
    Ok(decision)
}

/// The changes of a batch, by page.
struct Changes<'w> {
    world: &'w View<'w>,
    source: &'w str,
    pages: BTreeMap<u32, Vec<OfferChange>>,
    codes: HashSet<String>,
    /// Where the search on a page begins.
    place: (u32, usize),
}

impl<'w> Changes<'w> {
    fn new(world: &'w View<'w>, source: &'w str) -> Self {
        let (pages, codes) = (BTreeMap::new(), HashSet::new());
        Self { world, source, pages, codes, place: (0, 0) }
    }

    /// Whether no earlier row of the batch has this code.
    fn is_new(&mut self, code: &str) -> bool {
        self.codes.insert(code.to_owned())
    }

    fn add(&mut self, page: u32, offer: NewOffer) {
        let change = OfferChange {
            code: offer.code,
            product: offer.product,
            price: offer.price,
            stock: offer.stock,
            fingerprint: offer.fingerprint,
            content: offer.content,
            before: None,
        };
        self.pages.entry(page).or_default().push(change);
    }

    /// Whether the offer is known and has changed.
    fn change(
        &mut self,
        page: u32,
        offer: NewOffer,
        observed_at: Timestamp,
    ) -> Result<bool, Stop<R>> {
        let Some(known) = self.world.get(&page_entity(self.source, page))?.page() else {
            return Ok(false);
        };
        let from = if self.place.0 == page { self.place.1 } else { 0 };
        let Some(place) = known.find(&offer.code, from) else { return Ok(false) };
        self.place = (page, place + 1);
        let Some(before) = known.offers.get(place) else { return Ok(false) };
        // What the feed does not say stays as it is known.
        let same = before.content == offer.content
            && offer.price.is_none_or(|price| before.price == Some(price))
            && (offer.stock == Availability::Unknown || before.stock == offer.stock)
            && (offer.product.is_none() || before.product == offer.product)
            && before.missed == 0;
        if same || observed_at < before.observed_at || !self.is_new(&offer.code) {
            return Ok(false);
        }
        let change = OfferChange {
            product: offer.product.or_else(|| before.product.clone()),
            price: offer.price.or(before.price),
            code: offer.code,
            stock: match offer.stock {
                Availability::Unknown => before.stock,
                said => said,
            },
            fingerprint: offer.fingerprint,
            content: offer.content,
            before: Some(Before {
                price: before.price,
                stock: before.stock,
                fingerprint: before.fingerprint,
                content: before.content,
                observed_at: before.observed_at,
                missed: before.missed,
            }),
        };
        self.pages.entry(page).or_default().push(change);
        Ok(true)
    }

    fn pages(self) -> Vec<PageChanges> {
        let pages = self.pages.into_iter();
        pages.map(|(page, offers)| PageChanges { page, offers }).collect()
    }
}

/// Offers are missing from a full feed. One that is missing from an older feed than the one that
/// brought it is not missed.
pub(super) fn missing(world: &View<'_>, import: EntityId, losses: Vec<PageLosses>) -> Answer {
    let Some(run) = open(world, &import)?.filter(|run| !run.dry_run) else {
        return Ok(Decision::nothing(import));
    };
    let entities: Vec<EntityId> =
        losses.iter().map(|losses| page_entity(&run.source, losses.page)).collect();
    world.need(&entities)?;
    let source = world.get(&source_entity(&run.source))?.source();
    let rule = source.map(|source: &SourceDocument| source.settings.vanished).unwrap_or_default();
    let observed_at = run.observed_at();
    let (mut kept, mut vanished) = (Vec::new(), 0);
    for (entity, PageLosses { page, codes, .. }) in entities.iter().zip(losses) {
        let Some(known) = world.get(entity)?.page() else { continue };
        let mut place = 0;
        let (mut missed, mut waiting) = (Vec::new(), Vec::new());
        for code in codes {
            let Some(found) = known.find(&code, place) else { continue };
            place = found + 1;
            let Some(offer) = known.offers.get(found) else { continue };
            // An import that was begun again tells what it told before.
            let told = offer.missed_at.is_some_and(|told| observed_at <= told);
            if told || observed_at < offer.observed_at || rule.after_runs <= offer.missed {
                continue;
            }
            if offer.missed + 1 == rule.after_runs {
                vanished += 1;
            } else {
                waiting.push(code.clone());
            }
            missed.push(code);
        }
        if !missed.is_empty() {
            kept.push(PageLosses { page, codes: missed, waiting });
        }
    }
    if kept.is_empty() {
        return Ok(Decision::nothing(import));
    }
    let event = E::Missed {
        source: run.source.clone(),
        losses: kept,
        action: rule.action,
        after_runs: rule.after_runs,
        vanished,
        observed_at: Some(observed_at),
    };
    Ok(Decision::of(import, vec![event]))
}

fn open<'w>(world: &'w View<'_>, import: &EntityId) -> Result<Option<&'w ImportDocument>, Stop<R>> {
    Ok(world.get(import)?.import().filter(|run| run.is_open()))
}

/// Carries changed offers into a page.
pub(super) fn apply_changes(page: &mut Page, changes: &PageChanges, observed_at: Timestamp) {
    let mut place = 0;
    for change in &changes.offers {
        let found = match change.before {
            Some(_) => page.find(&change.code, place),
            None => None,
        };
        match found.and_then(|found| Some((found, page.offers.get_mut(found)?))) {
            Some((found, offer)) => {
                place = found + 1;
                offer.product.clone_from(&change.product);
                offer.price = change.price;
                offer.stock = change.stock;
                (offer.fingerprint, offer.content) = (change.fingerprint, change.content);
                (offer.observed_at, offer.missed, offer.missed_at) = (observed_at, 0, None);
            }
            None => page.offers.push(Offer {
                code: change.code.clone(),
                product: change.product.clone(),
                price: change.price,
                stock: change.stock,
                observed_at,
                fingerprint: change.fingerprint,
                content: change.content,
                missed: 0,
                missed_at: None,
            }),
        }
    }
}

/// Carries a feed without some offers into their page.
pub(super) fn apply_losses(page: &mut Page, losses: &PageLosses, observed_at: Option<Timestamp>) {
    let mut place = 0;
    for code in &losses.codes {
        if let Some(found) = page.find(code, place) {
            place = found + 1;
            if let Some(offer) = page.offers.get_mut(found) {
                offer.missed += 1;
                offer.missed_at = observed_at;
            }
        }
    }
}
