//! Where a supplier's feed comes from, and what is made of it.

use super::Reach;
use crate::Currency;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A supplier as it is written; its code is its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierSettings {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Nothing is imported from one that is not active.
    #[serde(default = "yes")]
    pub active: bool,
}

/// A source as it is written; its code is its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// The supplier's code.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub supplier: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What its feed holds.
    #[serde(default)]
    pub kind: FeedKind,
    /// Where the feed is.
    #[serde(default)]
    pub reach: Reach,
    /// How the file is read: its format, encoding and rows.
    #[schema(value_type = Object)]
    pub format: Value,
    /// Which field of a row is what.
    #[schema(value_type = Object)]
    pub mapping: Value,
    /// What a feed must be like before any of it is applied; the usual, if it does not say.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub gates: Value,
    /// The supplier's warehouse, in which its stock is kept; without one, stock is not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub warehouse: Option<String>,
    /// The currency of prices that name none.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CZK")]
    pub currency: Currency,
    /// The language of its texts.
    #[serde(default = "english")]
    #[schema(min_length = 2, max_length = 35, example = "cs")]
    pub language: String,
    /// Of two suppliers that describe one product, the higher counts.
    #[serde(default)]
    #[schema(maximum = 99)]
    pub priority: u8,
    /// What becomes of rows whose product nobody knows.
    #[serde(default)]
    pub new_products: NewProducts,
    /// What a new product's SKU begins with; the supplier's code follows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 20)]
    pub sku_prefix: String,
    /// Attributes of ours, by the supplier's names of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Whether the recommended price is what a product is sold for.
    #[serde(default)]
    pub rrp_is_price: bool,
    /// Units that "in stock" stands for, where the feed gives no number.
    #[serde(default = "some_units")]
    #[schema(minimum = 0, maximum = 1_000)]
    pub some_units: i64,
    /// What becomes of offers that a full feed no longer holds.
    #[serde(default)]
    pub vanished: VanishedRule,
    /// When it is imported; only when asked for, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timetable: Option<Timetable>,
    /// The longest file that is taken.
    #[serde(default = "file_bytes_max")]
    #[schema(minimum = 1, maximum = 10_737_418_240_u64)]
    pub file_bytes_max: u64,
}

/// What a feed holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// Everything that the supplier offers, with its texts: what is missing is gone.
    #[default]
    Full,
    /// Stock and prices of what is known from elsewhere: what is missing has not changed.
    StockAndPrice,
}

/// What becomes of rows whose product nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewProducts {
    /// They become drafts.
    #[default]
    Draft,
    /// They are offered at once.
    Active,
    /// They wait until somebody links them.
    Wait,
}

/// What becomes of offers that a full feed no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VanishedRule {
    /// What is done.
    pub action: VanishedAction,
    /// After so many feeds in a row without it.
    #[schema(minimum = 1, maximum = 100)]
    pub after_runs: u32,
}

impl Default for VanishedRule {
    fn default() -> Self {
        Self { action: VanishedAction::ZeroStock, after_runs: 1 }
    }
}

/// What is done with an offer that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VanishedAction {
    /// Nothing.
    Keep,
    /// The supplier has none of it.
    #[default]
    ZeroStock,
    /// The supplier has none of it, and the product is archived unless another one offers it.
    Archive,
}

/// When a source is imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Timetable {
    /// Five fields (minute, hour, day of month, month, day of week).
    #[schema(example = "30 2 * * *", min_length = 1, max_length = 200)]
    pub cron: String,
    /// An IANA time zone; the expression is read on its clocks.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Prague")]
    pub zone: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

impl SourceSettings {
    /// The settings without secrets.
    pub fn public_view(&self) -> Self {
        Self { reach: self.reach.public_view(), ..self.clone() }
    }
}

fn yes() -> bool {
    true
}

fn some_units() -> i64 {
    2
}

fn file_bytes_max() -> u64 {
    2 << 30
}

fn english() -> String {
    "en".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}
