//! What goods bring and what they cost. Pure arithmetic of whole minor units.
//!
//! An order says its prices with tax, and the tax only of its total. So a line's share of the
//! discount and of the tax is its share of the price: of lines with different rates the sum is
//! right, and each is an estimate. An order that says no tax is taken at its word, and counted.

use kontor_actors::order::state::LineDocument;
use kontor_messages::{Currency, order::Totals};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What is read of a line.
#[derive(Deserialize)]
pub(super) struct SoldLine {
    pub(super) sku: Arc<str>,
    quantity: i64,
    unit_price_minor: i64,
    #[serde(default)]
    cancelled: i64,
    #[serde(default)]
    returned: i64,
}

impl From<&LineDocument> for SoldLine {
    fn from(line: &LineDocument) -> Self {
        Self {
            sku: line.sku.as_str().into(),
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
            cancelled: line.cancelled,
            returned: line.returned,
        }
    }
}

impl SoldLine {
    /// Units that are the customer's, or are on their way there.
    pub(super) fn units(&self) -> i64 {
        self.quantity.saturating_sub(self.cancelled).saturating_sub(self.returned).max(0)
    }

    /// What these units bring, without tax, after their share of the discount.
    pub(super) fn revenue_minor(&self, totals: &Totals) -> i64 {
        let gross = self.unit_price_minor.saturating_mul(self.units());
        // A discount may take the shipping too, but no more of the goods than they are worth.
        let off = totals.discount_minor.min(totals.subtotal_minor);
        let paid = share(gross, totals.subtotal_minor - off, totals.subtotal_minor);
        share(paid, totals.total_minor - totals.tax_minor, totals.total_minor)
    }
}

/// So much of an amount, rounded to the nearest; all of it, where the whole is nothing.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return amount;
    }
    let twice = 2 * i128::from(amount) * i128::from(part.max(0)) + i128::from(whole);
    i64::try_from(twice.div_euclid(2 * i128::from(whole))).unwrap_or(i64::MAX)
}

/// Lines, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sold {
    pub(super) lines: u32,
    pub(super) units: i64,
    pub(super) revenue_minor: i64,
    /// Of these lines, those of orders that say no tax.
    pub(super) without_tax: u32,
}

impl Sold {
    /// A line of an order with these totals; nothing, if no unit of it is left.
    pub(super) fn of(line: &SoldLine, totals: &Totals) -> Option<Self> {
        let units = line.units();
        (units > 0).then(|| Self {
            lines: 1,
            units,
            revenue_minor: line.revenue_minor(totals),
            without_tax: u32::from(totals.tax_minor == 0),
        })
    }

    pub(super) fn add(&mut self, more: Self) {
        self.lines = self.lines.saturating_add(more.lines);
        self.units = self.units.saturating_add(more.units);
        self.revenue_minor = self.revenue_minor.saturating_add(more.revenue_minor);
        self.without_tax = self.without_tax.saturating_add(more.without_tax);
    }
}

/// What goods bring and what they cost in one currency, without tax, shipping, and what was
/// cancelled or came back. Costs are those that the catalog knows now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Margin {
    /// In which currency.
    pub(super) currency: Currency,
    /// What the goods whose cost is known bring, in minor units.
    pub(super) revenue_minor: i64,
    /// What these goods cost, in minor units.
    pub(super) cost_minor: i64,
    /// What is left: revenue without cost, in minor units.
    pub(super) margin_minor: i64,
    /// Lines whose cost is known.
    pub(super) lines_with_cost: u32,
    /// Lines whose cost is not known: no amount above holds anything of them.
    pub(super) lines_without_cost: u32,
    /// What the goods bring whose cost is not known, in minor units.
    pub(super) revenue_without_cost_minor: i64,
    /// Lines of orders that say no tax: they are counted as if no tax were in their price.
    pub(super) lines_without_tax: u32,
}

impl Margin {
    /// Nothing yet.
    pub(super) fn nothing(currency: Currency) -> Self {
        Self {
            currency,
            revenue_minor: 0,
            cost_minor: 0,
            margin_minor: 0,
            lines_with_cost: 0,
            lines_without_cost: 0,
            revenue_without_cost_minor: 0,
            lines_without_tax: 0,
        }
    }

    /// Adds lines of a product of which one costs so much, if that is known.
    pub(super) fn add(&mut self, sold: Sold, cost_minor: Option<i64>) {
        self.lines_without_tax = self.lines_without_tax.saturating_add(sold.without_tax);
        let Some(cost_minor) = cost_minor else {
            self.lines_without_cost = self.lines_without_cost.saturating_add(sold.lines);
            let sum = self.revenue_without_cost_minor.saturating_add(sold.revenue_minor);
            self.revenue_without_cost_minor = sum;
            return;
        };
        self.lines_with_cost = self.lines_with_cost.saturating_add(sold.lines);
        self.revenue_minor = self.revenue_minor.saturating_add(sold.revenue_minor);
        let cost = cost_minor.saturating_mul(sold.units);
        self.cost_minor = self.cost_minor.saturating_add(cost);
        self.margin_minor = self.revenue_minor.saturating_sub(self.cost_minor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(subtotal: i64, shipping: i64, discount: i64, tax: i64) -> Totals {
        Totals {
            subtotal_minor: subtotal,
            shipping_minor: shipping,
            discount_minor: discount,
            tax_minor: tax,
            total_minor: subtotal + shipping - discount,
        }
    }

    fn line(quantity: i64, price: i64, cancelled: i64, returned: i64) -> SoldLine {
        let sku = "atlas".into();
        SoldLine { sku, quantity, unit_price_minor: price, cancelled, returned }
    }

    #[test]
    fn a_line_brings_its_price_without_its_share_of_the_tax() {
        let totals = totals(24_200, 0, 0, 4_200);
        assert_eq!(line(2, 12_100, 0, 0).revenue_minor(&totals), 20_000);
        assert_eq!(line(1, 12_100, 0, 0).revenue_minor(&totals), 10_000);
    }

    #[test]
    fn a_discount_is_taken_off_lines_by_their_price_and_no_further_than_to_nothing() {
        assert_eq!(line(1, 10_000, 0, 0).revenue_minor(&totals(20_000, 0, 5_000, 0)), 7_500);
        assert_eq!(line(1, 10_000, 0, 0).revenue_minor(&totals(10_000, 900, 10_900, 0)), 0);
    }

    #[test]
    fn what_was_cancelled_or_came_back_brings_nothing() {
        let totals = totals(30_000, 0, 0, 0);
        assert_eq!(line(3, 10_000, 1, 1).revenue_minor(&totals), 10_000);
        assert_eq!(Sold::of(&line(3, 10_000, 1, 2), &totals), None);
    }

    #[test]
    fn an_order_that_costs_nothing_brings_nothing_and_the_largest_one_does_not_overflow() {
        assert_eq!(line(1, 0, 0, 0).revenue_minor(&totals(0, 0, 0, 0)), 0);
        let most = totals(i64::MAX, 0, 0, 1);
        assert_eq!(line(1, i64::MAX, 0, 0).revenue_minor(&most), i64::MAX - 1);
    }

    #[test]
    fn lines_without_a_cost_are_told_apart_and_are_in_no_amount() {
        let mut margin = Margin::nothing(Currency::CZK);
        let totals = totals(24_200, 0, 0, 4_200);
        let sold = Sold::of(&line(2, 12_100, 0, 0), &totals).unwrap();
        margin.add(sold, Some(6_000));
        margin.add(sold, None);
        let expected = Margin {
            revenue_minor: 20_000,
            cost_minor: 12_000,
            margin_minor: 8_000,
            lines_with_cost: 1,
            lines_without_cost: 1,
            revenue_without_cost_minor: 20_000,
            ..Margin::nothing(Currency::CZK)
        };
        assert_eq!(margin, expected);
    }
}
