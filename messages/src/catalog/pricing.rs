//! How prices follow from costs.

use crate::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tenant's price rules. For each channel and currency the narrowest one that fits counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    /// The rules.
    #[schema(max_items = 500)]
    pub rules: Vec<PriceRule>,
}

/// How a price follows from a cost of the same currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// For which products; for all, if it says nothing.
    #[serde(default)]
    pub scope: RuleScope,
    /// In which currency.
    pub currency: Currency,
    /// For which sales channel; for all that have no price of their own, if it says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 40)]
    pub channel: Option<String>,
    /// For costs from here on.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub cost_from_minor: i64,
    /// How.
    pub formula: Formula,
    /// Value added tax on top, in hundredths of a per cent: 2100 is 21 %.
    #[serde(default)]
    #[schema(maximum = 10_000)]
    pub vat_bp: u32,
    /// The price with tax is never below the cost with tax and so much of it on top, in hundredths
    /// of a per cent.
    #[serde(default)]
    #[schema(maximum = 1_000_000)]
    pub floor_markup_bp: u32,
    /// No price is above what the maker recommends, where that is known. Where the floor is above it
    /// too, the rule makes no price, and the old one stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recommended_max: bool,
    /// How the price with tax is rounded.
    #[serde(default)]
    pub rounding: Rounding,
    /// Of two rules as narrow, the higher counts.
    #[serde(default)]
    pub priority: i32,
}

/// Which products a rule is for: those for which all that it says is so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleScope {
    /// This product.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 180)]
    pub product: Option<String>,
    /// Products of this brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub brand: Option<String>,
    /// Products in this category or below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 180)]
    pub category: Option<String>,
    /// Products whose cost is this supplier's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 40)]
    pub supplier: Option<String>,
}

/// How a price follows from a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Formula {
    /// So much of the cost on top of it.
    Markup {
        /// Hundredths of a per cent of the cost.
        #[schema(maximum = 1_000_000)]
        bp: u32,
    },
    /// So that so much of the price is earned.
    Margin {
        /// Hundredths of a per cent of the price.
        #[schema(maximum = 9_999)]
        bp: u32,
    },
    /// A fixed amount on top.
    Add {
        /// Minor units.
        #[schema(minimum = 0)]
        amount_minor: i64,
    },
    /// So much below what the maker recommends. Without that, the rule makes no price.
    BelowRecommended {
        /// Hundredths of a per cent of the recommended price.
        #[schema(maximum = 10_000)]
        bp: u32,
    },
    /// What the maker recommends, less a share of what would be earned at it. Without that, the rule
    /// makes no price.
    MarginShared {
        /// Hundredths of a per cent of the difference between the recommended price and the cost,
        /// both with tax.
        #[schema(maximum = 10_000)]
        bp: u32,
    },
}

/// How a price is rounded: to the next amount that is `ending_minor` above a multiple of
/// `unit_minor`. A unit of 10000 with the ending 9900 gives 99, 199, 299, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rounding {
    /// Minor units between two prices.
    #[schema(minimum = 1)]
    pub unit_minor: i64,
    /// How prices end.
    #[schema(minimum = 0)]
    pub ending_minor: i64,
    /// Which way.
    pub way: Way,
}

impl Default for Rounding {
    fn default() -> Self {
        Self { unit_minor: 1, ending_minor: 0, way: Way::Nearest }
    }
}

/// Which way something is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// To the nearest; half way goes up.
    #[default]
    Nearest,
    /// Never below.
    Up,
}
