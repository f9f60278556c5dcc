//! Attributes, and which of them products of a category have.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An attribute as it is written; its code is its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// What people call it, by language.
    pub labels: BTreeMap<String, String>,
    /// What its values are.
    pub kind: AttributeKind,
    /// Whether lists offer it as a filter.
    #[serde(default)]
    pub filterable: bool,
    /// Whether it is looked through when people search.
    #[serde(default)]
    pub searchable: bool,
}

/// What an attribute's values are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AttributeKind {
    /// Any text.
    Text,
    /// A decimal number.
    Number {
        /// Of what.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(min_length = 1, max_length = 20)]
        unit: Option<String>,
    },
    /// One of the options.
    Select {
        /// The options' labels by language, by their codes.
        options: BTreeMap<String, BTreeMap<String, String>>,
    },
    /// Some of the options.
    MultiSelect {
        /// The options' labels by language, by their codes.
        options: BTreeMap<String, BTreeMap<String, String>>,
    },
    /// Yes or no.
    Boolean,
}

/// Which attributes products have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeSet {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The attributes in their order.
    #[schema(max_items = 200)]
    pub attributes: Vec<SetMember>,
}

/// An attribute of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMember {
    /// Which.
    #[schema(pattern = "^[a-z0-9][a-z0-9_]{0,59}$")]
    pub code: String,
    /// Whether a product is active only with it.
    #[serde(default)]
    pub required: bool,
}
