//! From what a supplier asks to what we ask: price rules as data, integers only.
//!
//! A rule names its base and what is done to it; the most particular rule that fits wins. The gross
//! price is rounded, and the net one derived from it, so that both are what a customer sees. A price
//! that would break a floor or a ceiling is held for a person, never bent in silence.

mod rounding;
mod rules;

pub use rounding::{Direction, Ending, Rounding};
pub use rules::{Band, Change, Floor, PriceRule, PriceRules, Scope};

use crate::decimal::divide_rounded;
use crate::mapping::fold;
use crate::record::VatRate;
use kontor_messages::{Currency, Money};
use serde::{Deserialize, Serialize};

/// Basis points in the whole: 10 000 is 100 %.
pub(crate) const WHOLE: i128 = 10_000;

/// What is known of an item when its price is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The supplier's code of it.
    pub code: &'a str,
    /// The supplier.
    pub supplier: &'a str,
    /// The brand.
    pub brand: Option<&'a str>,
    /// Our categories of it, its own first, then those above.
    pub categories: &'a [&'a str],
    /// What we pay, without VAT.
    pub purchase: Money,
    /// The recommended retail price, with VAT.
    pub rrp: Option<Money>,
    /// The rate of VAT where it is sold.
    pub vat: VatRate,
    /// The price of an action that is under way, with VAT: no rule touches it.
    pub action_price: Option<Money>,
}

/// A price that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priced {
    /// With VAT, rounded.
    pub gross: Money,
    /// Without VAT, derived from the gross one.
    pub net: Money,
    /// The name of the rule that made it; `None` for an action's price.
    pub rule: Option<String>,
    /// Why it must not be published before a person has looked; empty if it may.
    pub holds: Vec<Hold>,
}

/// Why a price is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hold {
    /// Below what the floor asks for.
    BelowFloor {
        /// The floor, without VAT.
        floor: Money,
    },
    /// Above the recommended retail price, where that is the ceiling.
    AboveRrp {
        /// The ceiling, with VAT.
        rrp: Money,
    },
}

/// Why no price could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PriceFault {
    /// No rule fits the item.
    #[error("no rule fits")]
    NoRule,
    /// The rule starts from the recommended price, and there is none.
    #[error("there is no recommended price to start from")]
    NoRrp,
    /// The rule, the purchase price or the recommended price are in other currencies.
    #[error("the currencies differ")]
    Currency,
    /// The amount is no price: too large, or below zero.
    #[error("the result is no price")]
    NoPrice,
}

impl PriceRules {
    /// The item's price by the rule that fits it best.
    pub fn price(&self, item: &Item<'_>) -> Result<Priced, PriceFault> {
        if let Some(gross) = item.action_price {
            let net = net_of(gross, item.vat).ok_or(PriceFault::NoPrice)?;
            return Ok(Priced { gross, net, rule: None, holds: Vec::new() });
        }
        let rule = self.choose(item).ok_or(PriceFault::NoRule)?;
        let raw_minor_10k = rule.gross_10k(item)?;
        let gross = rule.rounding.round(raw_minor_10k).ok_or(PriceFault::NoPrice)?;
        let gross = Money::new(gross, item.purchase.currency);
        if gross.amount_minor <= 0 {
            return Err(PriceFault::NoPrice);
        }
        let floor = rule.floor_net(item)?;
        let gross = self.lift(rule, item, gross, floor);
        let net = net_of(gross, item.vat).ok_or(PriceFault::NoPrice)?;
        let mut holds = Vec::new();
        if let Some(floor) = floor.filter(|floor| net.amount_minor < floor.amount_minor) {
            holds.push(Hold::BelowFloor { floor });
        }
        let ceiling =
            item.rrp.filter(|rrp| rule.not_above_rrp && gross.amount_minor > rrp.amount_minor);
        holds.extend(ceiling.map(|rrp| Hold::AboveRrp { rrp }));
        Ok(Priced { gross, net, rule: Some(rule.name.clone()), holds })
    }

    /// Rounding must not take a price below its floor: if it did, the next higher price is taken.
    fn lift(&self, rule: &PriceRule, item: &Item<'_>, gross: Money, floor: Option<Money>) -> Money {
        let Some(floor) = floor else { return gross };
        let below =
            |gross| net_of(gross, item.vat).is_none_or(|net| net.amount_minor < floor.amount_minor);
        let raw = rule.gross_10k(item).ok();
        let honest = raw.and_then(|raw| i64::try_from(raw / WHOLE).ok());
        let honest = honest.map(|minor| Money::new(minor, gross.currency));
        // A rule that is below the floor by itself is for a person to see.
        if !below(gross) || honest.is_none_or(below) {
            return gross;
        }
        let up = Rounding { direction: Direction::Up, ..rule.rounding };
        let lifted = raw.and_then(|raw| up.round(raw));
        lifted.map_or(gross, |minor| Money::new(minor, gross.currency))
    }

    /// The rule of the most particular scope; among equals the higher priority, then the earlier.
    fn choose(&self, item: &Item<'_>) -> Option<&PriceRule> {
        let mut best: Option<(&PriceRule, (u8, i32))> = None;
        for rule in self.rules.iter().filter(|rule| rule.fits(item)) {
            let rank = (rule.scope.particularity(), rule.priority);
            if best.is_none_or(|(_, other)| rank > other) {
                best = Some((rule, rank));
            }
        }
        best.map(|(rule, _)| rule)
    }
}

impl PriceRule {
    fn fits(&self, item: &Item<'_>) -> bool {
        let scope = &self.scope;
        let same = |own: &Option<String>, other: Option<&str>| {
            own.as_ref().is_none_or(|own| other.is_some_and(|other| fold(own) == fold(other)))
        };
        let in_category = |own: &String| item.categories.contains(&own.as_str());
        scope.product.as_ref().is_none_or(|code| code == item.code)
            && same(&scope.brand, item.brand)
            && scope.category.as_ref().is_none_or(in_category)
            && scope.supplier.as_ref().is_none_or(|supplier| supplier == item.supplier)
    }

    /// The gross price in ten-thousandths of the minor unit, before it is rounded.
    fn gross_10k(&self, item: &Item<'_>) -> Result<i128, PriceFault> {
        let change = self.band(item).map_or(&self.change, |band| &band.change);
        change.gross_10k(item)
    }

    /// The band of the highest bound that the purchase price reaches.
    fn band(&self, item: &Item<'_>) -> Option<&Band> {
        let reached = |band: &&Band| band.from_minor <= item.purchase.amount_minor;
        self.bands.iter().filter(reached).max_by_key(|band| band.from_minor)
    }

    fn floor_net(&self, item: &Item<'_>) -> Result<Option<Money>, PriceFault> {
        let Some(floor) = &self.floor else { return Ok(None) };
        let purchase = i128::from(item.purchase.amount_minor);
        let share = divide_rounded(purchase * (WHOLE + i128::from(floor.over_purchase_bp)), WHOLE);
        let fixed = match floor.over_purchase {
            Some(fixed) => purchase + same_currency(fixed, item.purchase.currency)?,
            None => purchase,
        };
        let floor = share.unwrap_or(purchase).max(fixed);
        let minor = i64::try_from(floor).map_err(|_| PriceFault::NoPrice)?;
        Ok(Some(Money::new(minor, item.purchase.currency)))
    }
}

impl Change {
    fn gross_10k(&self, item: &Item<'_>) -> Result<i128, PriceFault> {
        let purchase = i128::from(item.purchase.amount_minor);
        let taxed = WHOLE + i128::from(item.vat.0);
        // Of a net amount in minor units that is a fraction `by / over`.
        let gross = |net: i128, by: i128, over: i128| {
            net.checked_mul(by)
                .and_then(|amount| amount.checked_mul(taxed))
                .and_then(|amount| divide_rounded(amount, over))
                .ok_or(PriceFault::NoPrice)
        };
        let rrp = || {
            let rrp = item.rrp.ok_or(PriceFault::NoRrp)?;
            same_currency(rrp, item.purchase.currency)
        };
        match *self {
            Self::Markup { basis_points } => {
                gross(purchase, WHOLE + i128::from(basis_points), WHOLE)
            }
            Self::Margin { basis_points } if basis_points < 10_000 => {
                gross(purchase, WHOLE, WHOLE - i128::from(basis_points))
            }
            Self::Margin { .. } => Err(PriceFault::NoPrice),
            Self::Add { amount } => {
                let sum = purchase + same_currency(amount, item.purchase.currency)?;
                gross(sum, 1, 1)
            }
            Self::FromRrp { below_basis_points } => {
                Ok(rrp()? * (WHOLE - i128::from(below_basis_points)))
            }
            Self::ShareOfMargin { given_basis_points } => {
                let rrp = rrp()? * WHOLE;
                let margin = rrp - gross(purchase, 1, 1)?;
                // Where there is no margin there is nothing to give away.
                let given = margin.max(0) * i128::from(given_basis_points);
                Ok(rrp - divide_rounded(given, WHOLE).unwrap_or(0))
            }
        }
    }
}

fn same_currency(amount: Money, currency: Currency) -> Result<i128, PriceFault> {
    if amount.currency == currency {
        Ok(i128::from(amount.amount_minor))
    } else {
        Err(PriceFault::Currency)
    }
}

fn net_of(gross: Money, vat: VatRate) -> Option<Money> {
    let net = divide_rounded(i128::from(gross.amount_minor) * WHOLE, WHOLE + i128::from(vat.0))?;
    i64::try_from(net).ok().map(|minor| Money::new(minor, gross.currency))
}

#[cfg(test)]
mod tests;
