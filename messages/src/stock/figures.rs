//! How levels stand after a change: the figures that stock's events carry.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Units of a product that are taken from, or given back to, one warehouse, and how it stands
/// there afterwards. Consumers need nothing else: row, sellable total and version are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allocation {
    /// The product.
    pub sku: String,
    /// The warehouse.
    pub warehouse: String,
    /// How many.
    pub quantity: i64,
    /// For which of the reservation's lines, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How the product stands after it.
    pub after: LevelAfter,
}

/// How a product stands after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LevelAfter {
    /// Units in that warehouse.
    pub on_hand: i64,
    /// Of these, held for orders.
    pub reserved: i64,
    /// Sellable units of the product over all active warehouses.
    pub total_available: i64,
    /// How many changes the product's stock has seen with this one; consumers drop older ones.
    pub version: i64,
    /// Whether this change crossed the low threshold downwards.
    #[serde(default, skip_serializing_if = "is_false")]
    pub low: bool,
    /// Whether this change made the last unit go.
    #[serde(default, skip_serializing_if = "is_false")]
    pub out: bool,
}

/// The sellable total of a product after a change that moved no goods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TotalAfter {
    /// Sellable units of the product over all active warehouses; 0 for a bundle, whose parts
    /// say how many of it there are.
    pub total_available: i64,
    /// How many changes the product's stock has seen with this one; consumers drop older ones.
    pub version: i64,
    /// Whether this change crossed the low threshold downwards.
    #[serde(default, skip_serializing_if = "is_false")]
    pub low: bool,
    /// Whether this change made the last unit go.
    #[serde(default, skip_serializing_if = "is_false")]
    pub out: bool,
}

/// Units of one of a reservation's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineUnits {
    /// Which line, counted from 0.
    pub line: u32,
    /// How many units of what was asked for: of a bundle, bundles.
    pub quantity: i64,
}

pub(super) fn is_false(value: &bool) -> bool {
    !*value
}
