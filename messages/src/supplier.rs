//! The vocabulary of suppliers: who supplies, from which sources, and what each import has brought.
//!
//! Entities: `supplier/<code>`; `source/<code>`, where a supplier's feed comes from and how it is
//! read; `categories/<source>`, the supplier's category paths with ours; `import/<id>`, one run;
//! `errors/<import>.<page>`, rows that a run could not take; `leftout/<import>`, the first rows that it
//! left out; `shelf/<source>`, how many offers a
//! source has; and `offers/<source>.<page>`, its offers, some hundred an entity, in the order in
//! which they were seen first, so that a feed passes over pages one by one.

mod category;
mod command;
mod event;
mod offer;
mod reach;
mod refusal;
mod run;
mod source;

pub use category::CategoryCount;
pub use command::SupplierCommand;
pub use event::SupplierEvent;
pub use offer::{Availability, Before, NewOffer, OfferChange, PageChanges, PageLosses};
pub use reach::{Access, FtpPlace, Paging, Reach, SftpPlace, shown_url};
pub use refusal::SupplierRefusal;
pub use run::{
    Counts, FeedFile, Fetched, Figures, GoodFeed, Kept, LeftOut, LeftOutRow, Progress, RowProblem,
    Sample, Trigger,
};
pub use source::{
    FeedKind, NewProducts, SourceSettings, SupplierSettings, Timetable, VanishedAction,
    VanishedRule,
};

use crate::EntityId;

/// Offers of a page.
pub const PAGE_OFFERS: u32 = 256;
/// Problems of a page.
pub const PAGE_PROBLEMS: u32 = 200;
/// Problems that are kept of a run; further ones are counted only.
pub const PROBLEMS_MAX: u32 = 10_000;
/// Rows that were left out of a run and are kept; further ones are counted only.
pub const LEFT_OUT_MAX: u32 = 500;

/// The entity of a supplier.
pub fn supplier_entity(code: &str) -> EntityId {
    EntityId::named(format!("supplier/{code}"))
}

/// The entity of a source.
pub fn source_entity(code: &str) -> EntityId {
    EntityId::named(format!("source/{code}"))
}

/// The entity of a source's category paths.
pub fn categories_entity(source: &str) -> EntityId {
    EntityId::named(format!("categories/{source}"))
}

/// The entity of an import.
pub fn import_entity(id: &str) -> EntityId {
    EntityId::named(format!("import/{id}"))
}

/// The entity of a page of an import's problems.
pub fn problems_entity(import: &EntityId, page: u32) -> EntityId {
    let id = import.as_str().strip_prefix("import/").unwrap_or(import.as_str());
    EntityId::named(format!("errors/{id}.{page:04}"))
}

/// The entity of the rows that an import left out.
pub fn left_out_entity(import: &EntityId) -> EntityId {
    let id = import.as_str().strip_prefix("import/").unwrap_or(import.as_str());
    EntityId::named(format!("leftout/{id}"))
}

/// The entity that counts a source's offers.
pub fn shelf_entity(source: &str) -> EntityId {
    EntityId::named(format!("shelf/{source}"))
}

/// The entity of a page of a source's offers.
pub fn page_entity(source: &str, page: u32) -> EntityId {
    EntityId::named(format!("offers/{source}.{page:06}"))
}
