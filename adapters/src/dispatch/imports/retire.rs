//! Offers that a full feed no longer holds: after so many feeds without them the supplier has none,
//! and if the source says so their products are archived, unless another supplier has them.

use super::{
    apply::Applying,
    index::{Index, key},
};
use kontor_actors::{
    catalog::{Catalog, CatalogState, SKU_KEY},
    domain::Domain,
    follower::Hitch,
    store::{EntityRef, Found, Lookup},
    supplier::{Offer, Page, Supplier, SupplierState},
};
use kontor_messages::{
    Money,
    catalog::{CatalogCommand, Field, FieldValue, ImportRow, ProductStatus, Target},
    stock::{Observed, StockCommand},
    supplier::{PageLosses, SupplierCommand, VanishedAction, page_entity},
};
use std::collections::{BTreeMap, HashSet};

/// Offers of a batch.
const BATCH: usize = 200;

impl Applying {
    /// Tells of all offers that the feed has not. False: the import was stopped meanwhile.
    pub async fn retire(&self, index: &Index) -> Result<bool, Hitch> {
        let rule = self.matching.settings.vanished;
        if rule.action == VanishedAction::Keep {
            return Ok(true);
        }
        let mut missing: BTreeMap<u32, HashSet<u64>> = BTreeMap::new();
        for (page, key) in index.missing(rule.after_runs) {
            missing.entry(page).or_default().insert(key);
        }
        let (mut losses, mut gone) = (Vec::new(), Vec::new());
        let last = missing.keys().next_back().copied();
        let mut pace = self.pace();
        for (number, keys) in missing {
            let page = self.page(number).await?;
            let lost: Vec<&Offer> =
                page.offers.iter().filter(|offer| keys.contains(&key(&offer.code))).collect();
            let ended = lost.iter().filter(|offer| rule.after_runs <= offer.missed + 1);
            gone.extend(ended.filter_map(|offer| Some((offer.product.clone()?, offer.price))));
            let codes = lost.iter().map(|offer| offer.code.clone()).collect();
            losses.push(PageLosses { page: number, codes, waiting: Vec::new() });
            let count: usize = losses.iter().map(|losses| losses.codes.len()).sum();
            if count < BATCH && last != Some(number) {
                continue;
            }
            let _step = pace.step(BATCH).await?;
            self.end(std::mem::take(&mut gone), rule.action).await?;
            let (import, losses) = (self.import.clone(), std::mem::take(&mut losses));
            let told = SupplierCommand::RecordMissing { import, losses };
            let done = self.tell::<Supplier>(told).await?;
            if !done.is_some_and(|done| done.state.import().is_some_and(|run| run.is_open())) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn page(&self, number: u32) -> Result<Page, Hitch> {
        let entity = page_entity(&self.source, number);
        let found = self.intake.read::<Supplier>(&self.caller.tenant, &entity).await;
        match found.map_err(|fault| Hitch::new(fault.to_string()))? {
            Some((SupplierState::Page(page), _)) => Ok(page),
            _ => Ok(Page::default()),
        }
    }

    /// The supplier has none of these products any more.
    async fn end(
        &self,
        gone: Vec<(String, Option<Money>)>,
        action: VanishedAction,
    ) -> Result<(), Hitch> {
        if gone.is_empty() {
            return Ok(());
        }
        if let Some(warehouse) = self.matching.settings.warehouse.clone() {
            let none = |(sku, _): &(String, Option<Money>)| Observed {
                sku: sku.clone(),
                quantity: 0,
                instead_of: None,
            };
            let counts = gone.iter().map(none).collect();
            let observed_at = self.observed_at;
            let told = StockCommand::RecordObservations { warehouse, observed_at, counts };
            self.tell::<kontor_actors::stock::Stock>(told).await?;
        }
        let alone = match action {
            VanishedAction::Archive => {
                self.ours_alone(gone.iter().map(|(sku, _)| sku.clone()).collect()).await?
            }
            _ => HashSet::new(),
        };
        let archived = FieldValue::Text(ProductStatus::Archived.as_str().to_owned());
        let rows = gone.into_iter().map(|(sku, cost)| {
            let offer = cost.map(|cost| self.matching.offer(cost, false));
            let status = alone.contains(&sku).then(|| (Field::Status, Some(archived.clone())));
            let fields = offer.into_iter().chain(status).collect();
            ImportRow { target: Target::Sku(sku), new: None, fields, link: None }
        });
        let rows: Vec<ImportRow> = rows.filter(|row| !row.fields.is_empty()).collect();
        for rows in rows.chunks(kontor_actors::catalog::ROWS_MAX) {
            let (by, rows) = (self.matching.writer(), rows.to_vec());
            self.tell::<Catalog>(CatalogCommand::Import { by, rows }).await?;
        }
        Ok(())
    }

    /// Those of the products that no other supplier is known to have.
    async fn ours_alone(&self, skus: Vec<String>) -> Result<HashSet<String>, Hitch> {
        let store = |fault: kontor_actors::store::StoreFault| Hitch::new(fault.to_string());
        let tenant = &self.caller.tenant;
        let loader = &self.intake.ground().loader;
        let keys = skus.iter().map(|sku| Lookup::Key {
            tenant: tenant.clone(),
            domain: Catalog::NAME.into(),
            name: SKU_KEY.into(),
            value: sku.clone(),
        });
        let found = loader.fetch(keys.collect()).await.map_err(store)?;
        let entities: Vec<_> = found
            .into_iter()
            .filter_map(|found| match found {
                Found::Key(entity) => entity,
                _ => None,
            })
            .map(|entity| {
                let domain = Catalog::NAME.to_owned();
                Lookup::Entity(EntityRef { tenant: tenant.clone(), domain, entity })
            })
            .collect();
        let found = loader.fetch(entities).await.map_err(store)?;
        let supplier = &self.matching.settings.supplier;
        Ok(found
            .into_iter()
            .filter_map(|found| match found {
                Found::Entity(Some(row)) => serde_json::from_str(&row.state).ok(),
                _ => None,
            })
            .filter_map(|state| match state {
                CatalogState::Product(product) => Some(product),
                _ => None,
            })
            .filter(|product| product.links.iter().all(|link| link.source == *supplier))
            .map(|product| product.sku)
            .collect())
    }
}
