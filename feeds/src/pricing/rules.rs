//! Price rules as a tenant writes and keeps them.

use super::rounding::Rounding;
use kontor_messages::Money;
use serde::{Deserialize, Serialize};

/// All rules of a source or a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceRules {
    /// The rules, in any order.
    pub rules: Vec<PriceRule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// Its name, kept with each price that it made.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub scope: Scope,
    /// Which of two rules of equal scope counts: the higher.
    #[serde(default)]
    pub priority: i32,
    /// What it does.
    pub change: Change,
    /// What it does instead from some purchase price on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<Band>,
    /// How the gross price is rounded.
    #[serde(default)]
    pub rounding: Rounding,
    /// What the net price must at least be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// Whether the recommended retail price is a ceiling.
    #[serde(default)]
    pub not_above_rrp: bool,
}

/// What a rule is for: all that is set must fit. Nothing set: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// One product, by the supplier's code.
    pub product: Option<String>,
    /// A brand.
    pub brand: Option<String>,
    /// One of our categories with all below it.
    pub category: Option<String>,
    /// A supplier.
    pub supplier: Option<String>,
}

impl Scope {
    /// Product over brand and category over one of them over supplier over everything.
    pub(super) fn particularity(&self) -> u8 {
        let set = |one: &Option<String>| u8::from(one.is_some());
        let both = set(&self.brand) & set(&self.category);
        let one = set(&self.brand) | set(&self.category);
        set(&self.product) << 3 | both << 2 | one << 1 | set(&self.supplier)
    }
}

/// What is done to the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// `purchase × (1 + m)`: a share of what we pay.
    Markup {
        /// Hundredths of a percent.
        basis_points: u32,
    },
    /// `purchase / (1 − m)`: a share of what the customer pays, without VAT.
    Margin {
        /// Hundredths of a percent, less than the whole.
        basis_points: u32,
    },
    /// `purchase + a`.
    Add {
        /// What is added, without VAT.
        amount: Money,
    },
    /// `rrp × (1 − d)`.
    FromRrp {
        /// How much below, in hundredths of a percent.
        below_basis_points: u16,
    },
    /// `rrp − s × (rrp − purchase with VAT)`: a part of the margin goes to the customer.
    ShareOfMargin {
        /// The part in hundredths of a percent.
        given_basis_points: u16,
    },
}

/// Another change from some purchase price on, up to the next band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The lowest purchase price that it is for, in minor units.
    pub from_minor: i64,
    /// What is done.
    pub change: Change,
}

/// What a net price must at least be: the higher of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Floor {
    /// Over the purchase price, in hundredths of a percent of it.
    pub over_purchase_bp: u32,
    /// Over the purchase price, as an amount.
    pub over_purchase: Option<Money>,
}

impl PriceRules {
    /// What is wrong with the rules: two bands that begin at the same price, shares over the whole,
    /// steps of nothing. Empty if they are good.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let changes =
                std::iter::once(&rule.change).chain(rule.bands.iter().map(|band| &band.change));
            for change in changes {
                let over = match change {
                    Change::Margin { basis_points } => *basis_points >= 10_000,
                    Change::FromRrp { below_basis_points } => *below_basis_points >= 10_000,
                    Change::ShareOfMargin { given_basis_points } => *given_basis_points > 10_000,
                    Change::Markup { .. } | Change::Add { .. } => false,
                };
                if over {
                    faults
                        .push(format!("rules[{at}].change: expected less than 10000 basis points"));
                }
            }
            let mut bounds: Vec<i64> = rule.bands.iter().map(|band| band.from_minor).collect();
            bounds.sort_unstable();
            if bounds.windows(2).any(|pair| pair[0] == pair[1]) {
                faults.push(format!("rules[{at}].bands: two bands begin at the same price"));
            }
            faults.extend(
                rule.rounding.fault().map(|fault| format!("rules[{at}].rounding: {fault}")),
            );
        }
        faults
    }
}
