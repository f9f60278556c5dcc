//! The domain of suppliers: who supplies, from which sources, what they offer, and what each
//! import has brought.
//!
//! It fetches and reads nothing. Whoever follows `import.queued` does, and tells what a feed is
//! like and what its rows say; here it is decided what is news. One event holds the offers of many
//! rows and says how far the import is with them, so that one commit keeps both, and an import that
//! broke off goes on at the row where it stood.

mod apply;
mod categories;
mod check;
mod decide;
mod imports;
mod offers;
pub mod state;
#[cfg(test)]
mod tests;
mod undo;

pub use categories::path_key;
pub use state::{
    CategoriesDocument, CategoryEntry, Good, ImportDocument, ImportStatus, Known, LastImport,
    LeftOutDocument, Offer, Page, ProblemsDocument, Shelf, SourceDocument, SupplierDocument,
    SupplierState, UndoDocument, Upload,
};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    supplier::{
        SupplierCommand, SupplierEvent, SupplierRefusal, page_entity, shelf_entity, source_entity,
    },
};

/// The domain of suppliers.
pub struct Supplier;

type View<'w> = World<'w, Supplier>;
type Answer = Result<Decision<SupplierEvent>, Stop<SupplierRefusal>>;

impl Domain for Supplier {
    const NAME: &'static str = "supplier";
    // Pages hold some hundred offers each.
    const MEMORY_MAX: usize = 256;

    type Command = SupplierCommand;
    type Event = SupplierEvent;
    type Refusal = SupplierRefusal;
    type State = SupplierState;

    fn decide(world: &View<'_>, command: SupplierCommand, now: Timestamp) -> Answer {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut SupplierState, event: &Event<'_, Self>) {
        apply::apply(entity, state, event);
    }

    fn event_name(event: &SupplierEvent) -> &'static str {
        event.name()
    }

    fn touches(event: &SupplierEvent) -> Vec<EntityId> {
        if let SupplierEvent::ProblemsFound { import, .. } = event {
            return vec![import.clone()];
        }
        let Some(source) = event.source() else { return Vec::new() };
        let pages = |numbers: &mut dyn Iterator<Item = u32>| {
            numbers.map(|page| page_entity(source, page)).collect::<Vec<_>>()
        };
        match event {
            SupplierEvent::Applied { pages: changes, created, .. } => {
                let mut touched = pages(&mut changes.iter().map(|page| page.page));
                if 0 < *created {
                    touched.push(shelf_entity(source));
                }
                touched
            }
            SupplierEvent::UndoneInPart { pages: changes, .. } => {
                pages(&mut changes.iter().map(|page| page.page))
            }
            SupplierEvent::Missed { losses, .. } => {
                pages(&mut losses.iter().map(|losses| losses.page))
            }
            _ => vec![source_entity(source)],
        }
    }

    fn status(state: &SupplierState) -> Option<&'static str> {
        match state {
            SupplierState::Supplier(known) if known.settings.active => Some("active"),
            SupplierState::Supplier(_) => Some("inactive"),
            SupplierState::Source(known) if known.removed => Some("removed"),
            SupplierState::Source(known) if known.open.is_some() => Some("importing"),
            SupplierState::Source(_) => Some("idle"),
            SupplierState::Import(known) => Some(known.status.word()),
            SupplierState::Blank
            | SupplierState::Categories(_)
            | SupplierState::Problems(_)
            | SupplierState::LeftOut(_)
            | SupplierState::Shelf(_)
            | SupplierState::Page(_) => None,
        }
    }

    fn due(state: &SupplierState) -> Option<Timestamp> {
        state.import().and_then(|known| known.next)
    }

    fn wake(entity: &EntityId, _: &SupplierState) -> Option<SupplierCommand> {
        Some(SupplierCommand::Wake { import: entity.clone() })
    }
}
