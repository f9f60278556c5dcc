//! Suppliers' category paths.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many rows of a feed stand under a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryCount {
    /// The supplier's path, its parts joined by ` > `.
    #[schema(example = "Tools > Drills")]
    pub path: String,
    /// Rows under it.
    pub rows: u64,
}
