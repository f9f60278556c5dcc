//! The catalog domain: what is sold, how it is described, and what it costs.
//!
//! A product is a list of fields, each with its writer; a lower source never overwrites what a
//! higher one wrote. One import command changes many products, each by an event of its own, so
//! that every product's history and every undo is about that product alone.

mod apply;
mod attributes;
mod categories;
mod check;
mod decide;
mod desk;
mod import;
mod judge;
mod offers;
mod plan;
mod pricing;
mod shelf;
mod state;
#[cfg(test)]
mod tests;
mod tree;
mod undo;
mod view;

pub use check::check_fields;
pub use import::ROWS_MAX;
pub use judge::{Judged, judge};
pub use pricing::{CurrentPrice, current_price};
pub use state::{CatalogState, CategoryDocument, CategoryStatus, Owner, Product};
pub use tree::{Branch, branches};
pub use undo::{before, touched};
pub use view::{ProductDocument, ShownPrice};

use crate::{
    domain::{Decision, Domain, Event, Key, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{CatalogCommand, CatalogEvent, CatalogRefusal},
};

/// The domain of the catalog.
pub struct Catalog;

/// What a decision comes to, or why it stopped.
type Decided = Result<Decision<CatalogEvent>, Stop<CatalogRefusal>>;
/// A step of a decision.
type Step<T> = Result<T, Stop<CatalogRefusal>>;
type View<'w> = World<'w, Catalog>;

/// The key of a product's SKU.
pub const SKU_KEY: &str = "sku";
/// The key of a supplier's code.
pub const LINK_KEY: &str = "link";
/// The key of a category's name in addresses.
pub const SLUG_KEY: &str = "slug";

/// The key by which a supplier's code leads to a product.
pub fn link_key(source: &str, code: &str) -> Key {
    Key::new(LINK_KEY, format!("{source}/{code}"))
}

impl Domain for Catalog {
    const NAME: &'static str = "catalog";
    // A product is some kilobytes, and whoever imports many comes by each but once.
    const MEMORY_MAX: usize = 4_096;

    type Command = CatalogCommand;
    type Event = CatalogEvent;
    type Refusal = CatalogRefusal;
    type State = CatalogState;

    fn decide(world: &View<'_>, command: CatalogCommand, now: Timestamp) -> Decided {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut CatalogState, event: &Event<'_, Self>) {
        apply::apply(entity, state, event);
    }

    fn event_name(event: &CatalogEvent) -> &'static str {
        event.name()
    }

    fn aside(event: &CatalogEvent) -> bool {
        matches!(event, CatalogEvent::RowDone { .. })
    }

    fn touches(event: &CatalogEvent) -> Vec<EntityId> {
        apply::touches(event)
    }

    fn keys(state: &CatalogState) -> Vec<Key> {
        match state {
            CatalogState::Product(product) => {
                let links = product.links.iter().map(|link| link_key(&link.source, &link.code));
                std::iter::once(Key::new(SKU_KEY, product.sku.as_str())).chain(links).collect()
            }
            CatalogState::Category(category) => {
                let named = category.content.slug.as_ref().filter(|_| !category.is_merged());
                named.map(|slug| Key::new(SLUG_KEY, slug.as_str())).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn status(state: &CatalogState) -> Option<&'static str> {
        match state {
            CatalogState::Product(product) => Some(product.status().as_str()),
            CatalogState::Category(category) => Some(category.status.as_str()),
            _ => None,
        }
    }

    fn due(state: &CatalogState) -> Option<Timestamp> {
        match state {
            CatalogState::Product(product) => product.turns_at(),
            _ => None,
        }
    }

    fn wake(entity: &EntityId, _: &CatalogState) -> Option<CatalogCommand> {
        let id = entity.as_str().strip_prefix("product/")?;
        Some(CatalogCommand::TurnPrices { product: EntityId::named(id) })
    }
}
