//! What one decision has before it: the world, and what the rows before have changed in it.

use super::{Catalog, SKU_KEY, Step, View, apply, link_key, state::Product};
use crate::domain::{Domain, Event, Key, refuse};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{CatalogEvent, CatalogRefusal, Gtin, ean_entity, product_entity},
};
use std::collections::HashMap;

/// The world as earlier rows of the same decision leave it.
pub(super) struct Desk<'w, 'v> {
    pub(super) world: &'v View<'w>,
    products: HashMap<EntityId, super::CatalogState>,
    keys: HashMap<Key, EntityId>,
}

impl<'w, 'v> Desk<'w, 'v> {
    pub(super) fn new(world: &'v View<'w>) -> Self {
        Self { world, products: HashMap::new(), keys: HashMap::new() }
    }

    /// A product, if there is one.
    pub(super) fn product(&self, entity: &EntityId) -> Step<Option<&Product>> {
        match self.products.get(entity) {
            Some(state) => Ok(state.product()),
            None => Ok(self.world.get(entity)?.product()),
        }
    }

    /// A product that has to be there.
    pub(super) fn known(&self, entity: &EntityId) -> Step<&Product> {
        match self.product(entity)? {
            Some(product) => Ok(product),
            None => refuse(CatalogRefusal::NotFound("product")),
        }
    }

    /// Whether nothing at all is known of an entity.
    pub(super) fn is_blank(&self, entity: &EntityId) -> Step<bool> {
        Ok(!self.products.contains_key(entity)
            && *self.world.get(entity)? == super::CatalogState::Blank)
    }

    /// The product of a SKU.
    pub(super) fn by_sku(&self, sku: &str) -> Step<Option<EntityId>> {
        self.find(Key::new(SKU_KEY, sku))
    }

    /// The one product that carries a code.
    pub(super) fn by_ean(&self, code: &Gtin) -> Step<Option<EntityId>> {
        let entity = ean_entity(code);
        let carried = match self.products.get(&entity) {
            Some(state) => state.ean(),
            None => self.world.get(&entity)?.ean(),
        };
        match carried {
            [] => Ok(None),
            [one] => Ok(Some(product_entity(one))),
            several => refuse(CatalogRefusal::Ambiguous(several.len())),
        }
    }

    /// The product of a supplier's code.
    pub(super) fn by_link(&self, source: &str, code: &str) -> Step<Option<EntityId>> {
        self.find(link_key(source, code))
    }

    fn find(&self, key: Key) -> Step<Option<EntityId>> {
        match self.keys.get(&key) {
            Some(entity) => Ok(Some(entity.clone())),
            None => Ok(self.world.find(&key)?.cloned()),
        }
    }

    /// Carries events of a product in, for the rows that come after it.
    pub(super) fn carry(&mut self, entity: &EntityId, events: &[CatalogEvent], at: Timestamp) {
        for event in events {
            let touched = apply::touches(event);
            for changed in touched.iter().chain([entity]) {
                let known = self.products.remove(changed);
                let known = known.or_else(|| self.world.get(changed).ok().cloned());
                let mut state = known.unwrap_or_default();
                let happened = Event::<Catalog> { entity, event, at, version: 0 };
                apply::apply(changed, &mut state, &happened);
                if changed == entity {
                    let keys = <Catalog as Domain>::keys(&state);
                    self.keys.extend(keys.into_iter().map(|key| (key, entity.clone())));
                }
                self.products.insert(changed.clone(), state);
            }
        }
    }
}
