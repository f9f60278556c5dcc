//! How the catalog says no.

use super::Field;
use crate::{Refusal, RefusalKind};

/// How the catalog says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CatalogRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Another product has this SKU.
    #[error("another product has the SKU {0}")]
    SkuTaken(String),
    /// The id was used for something else.
    #[error("the id is used already, for something else")]
    Differs,
    /// Another category has this slug.
    #[error("another category has the slug {0}")]
    SlugTaken(String),
    /// Another product is known to the supplier by this code.
    #[error("another product is linked to {code} of {source_name}")]
    LinkTaken {
        /// The supplier.
        source_name: String,
        /// Its code.
        code: String,
    },
    /// A category cannot be below itself.
    #[error("a category cannot be below itself")]
    Cycle,
    /// The category has become another one.
    #[error("the category is merged into {0}")]
    Merged(String),
    /// What an active product needs is missing.
    #[error("an active product needs {}", .0.join(", "))]
    NotReady(Vec<String>),
    /// What an attribute's values are stays as it was.
    #[error("what the attribute's values are cannot be changed")]
    KindFixed,
    /// Several products carry the code.
    #[error("{0} products carry this EAN: name one by its SKU")]
    Ambiguous(usize),
    /// It cannot be so with what else there is.
    #[error("{0}")]
    Impossible(String),
    /// So many there may be, and there are.
    #[error("there may be at most {max} {what}")]
    LimitReached {
        /// What.
        what: &'static str,
        /// How many.
        max: usize,
    },
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl CatalogRefusal {
    /// A field is at fault.
    pub fn field(field: &Field, expected: impl Into<String>) -> Self {
        Self::Invalid { pointer: format!("/fields/{field}"), expected: expected.into() }
    }
}

impl Refusal for CatalogRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::SkuTaken(_) => "sku_taken",
            Self::Differs => "differs",
            Self::SlugTaken(_) => "slug_taken",
            Self::LinkTaken { .. } => "link_taken",
            Self::Cycle => "cycle",
            Self::Merged(_) => "category_merged",
            Self::NotReady(_) => "not_ready",
            Self::KindFixed => "kind_fixed",
            Self::Ambiguous(_) => "ambiguous",
            Self::Impossible(_) => "impossible",
            Self::LimitReached { .. } => "limit_reached",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::Invalid { .. } => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::SkuTaken(_) => Some("/sku".to_owned()),
            Self::SlugTaken(_) => Some("/slug".to_owned()),
            Self::Cycle => Some("/parent".to_owned()),
            Self::NotReady(_) => Some("/status".to_owned()),
            Self::KindFixed => Some("/kind".to_owned()),
            Self::LinkTaken { .. } => Some("/code".to_owned()),
            Self::Ambiguous(_) => Some("/ean".to_owned()),
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
