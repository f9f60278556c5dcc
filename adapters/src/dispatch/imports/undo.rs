//! Undoes an import: goes through what it told its own history, newest first, and brings back what
//! stood before, in the catalog, in stock and in the source's offers.

use super::{Imports, bulk, states};
use crate::dispatch::{read, tell};
use kontor_actors::{
    catalog::{self, Catalog, SKU_KEY},
    domain::Domain,
    follower::Hitch,
    intake::Caller,
    stock::Stock,
    store::{EntityRef, Found, Lookup, StoredEvent},
    supplier::{Offer, SourceDocument, Supplier, SupplierState},
};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{CatalogCommand, CatalogEvent},
    stock::{Observed, StockCommand, StockEvent},
    supplier::{
        Availability, Before, Kept, OfferChange, PageChanges, PageLosses, SupplierCommand as C,
        SupplierEvent, page_entity, source_entity,
    },
};
use std::collections::HashMap;

/// Versions of an import that are looked at together.
const VERSIONS: i64 = 20;
/// What is read of a product's history.
const HISTORY: u32 = 500;

impl Imports {
    /// Undoes an import, from its last change to its first.
    pub(super) async fn undo(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let state = read::<Supplier>(&self.intake, event, &event.entity).await?;
        let Some(run) = state.import().filter(|run| run.is_undoing()) else { return Ok(()) };
        let state = read::<Supplier>(&self.intake, event, &source_entity(&run.source)).await?;
        let Some(source) = state.source() else { return Ok(()) };
        let undoing = Undoing { imports: self, event, by: bulk(event), source, code: &run.source };
        let mut down_to = run.undo.as_ref().and_then(|undo| undo.down_to).unwrap_or(event.version);
        while 1 < down_to {
            let from = (down_to - VERSIONS).max(1);
            let step = undoing.step(from, down_to).await?;
            let record = C::RecordUndone {
                import: event.entity.clone(),
                down_to: from,
                pages: step.pages,
                kept: step.kept,
                done: from == 1,
            };
            tell::<Supplier>(&self.intake, &undoing.by, record).await?;
            down_to = from;
        }
        Ok(())
    }
}

/// An undoing under way.
struct Undoing<'u> {
    imports: &'u Imports,
    event: &'u StoredEvent,
    by: Caller,
    source: &'u SourceDocument,
    code: &'u str,
}

/// What some versions of an import have changed.
#[derive(Default)]
struct Step {
    pages: Vec<PageChanges>,
    kept: Vec<Kept>,
}

impl Undoing<'_> {
    /// Takes back what the versions after `from` and before `until` have changed.
    async fn step(&self, from: i64, until: i64) -> Result<Step, Hitch> {
        let address = EntityRef {
            tenant: self.event.tenant.clone(),
            domain: Supplier::NAME.to_owned(),
            entity: self.event.entity.clone(),
        };
        let count = u32::try_from(until - from).unwrap_or(0);
        let store = &self.imports.intake.ground().store;
        let history = store.history(&address, from - 1, count).await;
        let history = history.map_err(|fault| Hitch::new(fault.to_string()))?;
        let mut step = Step::default();
        for stored in history.iter().rev().filter(|stored| stored.version < until) {
            // What touches the import is owned by another entity.
            if stored.entity != self.event.entity {
                continue;
            }
            let happened = serde_json::from_str(&stored.payload);
            let happened = happened.map_err(|broken| Hitch::new(broken.to_string()))?;
            match happened {
                SupplierEvent::Applied { pages, observed_at, .. } => {
                    self.products(&pages, &mut step.kept).await?;
                    self.stock(&pages, observed_at, &mut step.kept).await?;
                    step.pages.extend(pages);
                }
                SupplierEvent::Missed { losses, .. } => {
                    let pages = self.returned(losses).await?;
                    let at = self.observed_at().await?;
                    self.stock(&pages, at, &mut step.kept).await?;
                    step.pages.extend(pages);
                }
                _ => {}
            }
        }
        Ok(step)
    }

    /// When what the import's feed told was so.
    async fn observed_at(&self) -> Result<Timestamp, Hitch> {
        let state = read::<Supplier>(&self.imports.intake, self.event, &self.event.entity).await?;
        Ok(state.import().map(|run| run.observed_at()).unwrap_or_default())
    }

    /// Offers that were missing, as if they had not been.
    async fn returned(&self, losses: Vec<PageLosses>) -> Result<Vec<PageChanges>, Hitch> {
        let entities = losses.iter().map(|losses| page_entity(self.code, losses.page)).collect();
        let found = states(&self.imports.intake, &self.event.tenant, entities).await?;
        let mut pages = Vec::new();
        for (losses, state) in losses.into_iter().zip(found) {
            let SupplierState::Page(page) = state else { continue };
            let lost = losses
                .codes
                .iter()
                .filter_map(|code| page.find(code, 0).and_then(|place| page.offers.get(place)));
            let offers = lost.map(back).collect();
            pages.push(PageChanges { page: losses.page, offers });
        }
        Ok(pages)
    }

    /// Gives products back what the import has written.
    async fn products(&self, pages: &[PageChanges], kept: &mut Vec<Kept>) -> Result<(), Hitch> {
        let run = self.event.entity.as_str().strip_prefix("import/").unwrap_or_default();
        let offers: Vec<(&str, &str)> = pages
            .iter()
            .flat_map(|page| &page.offers)
            .filter_map(|offer| Some((offer.code.as_str(), offer.product.as_deref()?)))
            .collect();
        let keys = offers.iter().map(|(_, sku)| Lookup::Key {
            tenant: self.event.tenant.clone(),
            domain: Catalog::NAME.into(),
            name: SKU_KEY.into(),
            value: (*sku).to_owned(),
        });
        let found = self.imports.intake.ground().loader.fetch(keys.collect()).await;
        let found = found.map_err(|fault| Hitch::new(fault.to_string()))?;
        for ((code, sku), found) in offers.into_iter().zip(found) {
            let Found::Key(Some(entity)) = found else { continue };
            let past = self.history(&entity).await?;
            let (before, mut left) = (catalog::before(run, &past), catalog::touched(run, &past));
            let id = entity.as_str().strip_prefix("product/").unwrap_or_default();
            let command = CatalogCommand::UndoRun {
                product: EntityId::named(id),
                run: run.to_owned(),
                before,
            };
            let done = tell::<Catalog>(&self.imports.intake, &self.by, command).await?;
            for (_, _, event) in done.iter().flat_map(|done| &done.events) {
                if let CatalogEvent::RowDone { kept: fields, .. } = event {
                    let more: Vec<_> = fields.iter().filter(|one| !left.contains(one)).collect();
                    left.extend(more.into_iter().cloned());
                }
            }
            kept.extend(left.into_iter().map(|field| Kept {
                code: code.to_owned(),
                product: Some(sku.to_owned()),
                field: field.to_string(),
                reason: "somebody has written it since".to_owned(),
            }));
        }
        Ok(())
    }

    /// What has happened to a product.
    async fn history(&self, entity: &EntityId) -> Result<Vec<CatalogEvent>, Hitch> {
        let (tenant, domain) = (self.event.tenant.clone(), Catalog::NAME.to_owned());
        let address = EntityRef { tenant, domain, entity: entity.clone() };
        let store = &self.imports.intake.ground().store;
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let page = store.history(&address, after, HISTORY).await;
            let page = page.map_err(|fault| Hitch::new(fault.to_string()))?;
            let own = page.iter().filter(|stored| stored.entity == *entity);
            events.extend(own.filter_map(|stored| serde_json::from_str(&stored.payload).ok()));
            match page.last().filter(|_| page.len() == HISTORY as usize) {
                Some(last) => after = last.version,
                None => return Ok(events),
            }
        }
    }

    /// Gives levels back what they were, where the import's observation stands.
    async fn stock(
        &self,
        pages: &[PageChanges],
        observed_at: Timestamp,
        kept: &mut Vec<Kept>,
    ) -> Result<(), Hitch> {
        let settings = &self.source.settings;
        let Some(warehouse) = settings.warehouse.clone() else { return Ok(()) };
        let mut codes: HashMap<String, String> = HashMap::new();
        let mut counts = Vec::new();
        for offer in pages.iter().flat_map(|page| &page.offers) {
            let Some(sku) = offer.product.clone() else { continue };
            let before = offer.before.as_ref().map_or(Availability::None, |before| before.stock);
            let (Some(quantity), Some(left)) =
                (before.units(settings.some_units), offer.stock.units(settings.some_units))
            else {
                continue;
            };
            if quantity != left {
                codes.insert(sku.clone(), offer.code.clone());
                counts.push(Observed { sku, quantity, instead_of: Some(left) });
            }
        }
        if counts.is_empty() {
            return Ok(());
        }
        let command = StockCommand::RecordObservations { warehouse, observed_at, counts };
        let done = tell::<Stock>(&self.imports.intake, &self.by, command).await?;
        for (_, _, event) in done.iter().flat_map(|done| &done.events) {
            if let StockEvent::Observations { allocations, .. } = event {
                allocations.iter().for_each(|change| drop(codes.remove(&change.sku)));
            }
        }
        kept.extend(codes.into_iter().map(|(sku, code)| Kept {
            code,
            product: Some(sku),
            field: "stock".to_owned(),
            reason: "the supplier has told another number since".to_owned(),
        }));
        Ok(())
    }
}

/// An offer that was missing once more, as it stands and as it stood.
fn back(offer: &Offer) -> OfferChange {
    OfferChange {
        code: offer.code.clone(),
        product: offer.product.clone(),
        price: offer.price,
        // The import told stock that there is none.
        stock: Availability::None,
        fingerprint: offer.fingerprint,
        content: offer.content,
        before: Some(Before {
            price: offer.price,
            stock: offer.stock,
            fingerprint: offer.fingerprint,
            content: offer.content,
            observed_at: offer.observed_at,
            missed: offer.missed.saturating_sub(1),
        }),
    }
}
