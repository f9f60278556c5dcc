//! Categories, which make a tree.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A category as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its name by language.
    pub names: BTreeMap<String, String>,
    /// The category that it is in; none, at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 180)]
    pub parent: Option<String>,
    /// Its name in addresses, unique in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,99}$")]
    pub slug: Option<String>,
    /// Which attributes its products have; those of the category above, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9][a-z0-9_]{0,59}$")]
    pub attribute_set: Option<String>,
    /// Where it stands among its siblings; smaller comes first.
    #[serde(default)]
    pub position: i32,
}
