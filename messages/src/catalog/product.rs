//! What else is said of a product.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a product stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// It is being described.
    #[default]
    Draft,
    /// It may be offered.
    Active,
    /// It is offered no longer, and kept.
    Archived,
}

impl ProductStatus {
    /// The status as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }

    /// Reads a word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::Active, Self::Archived].into_iter().find(|one| one.as_str() == text)
    }
}

/// By which code a supplier knows a product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierLink {
    /// The supplier.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub source: String,
    /// Its code.
    #[schema(min_length = 1, max_length = 100)]
    pub code: String,
    /// Whether a person has said so: no rule changes it then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_hand: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(flag: &bool) -> bool {
    !*flag
}
