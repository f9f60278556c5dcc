//! A day's orders on their way to a sum.

use super::goods::{Margin, Sold, SoldLine};
use super::margin::Costs;
use chrono::Timelike;
use kontor_messages::{
    Currency, Money, Timestamp,
    order::{OrderStatus, Totals},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use utoipa::ToSchema;

const HOURS: usize = 24;
/// Products whose costs are looked up for a day at most.
pub(super) const PRODUCTS_MAX: usize = 5_000;
/// Products without a cost that are told of at most.
const WITHOUT_COST_MAX: usize = 20;

/// Orders, added up.
#[derive(Clone, Default, Serialize, ToSchema)]
pub(super) struct Tally {
    /// How many were placed.
    pub(super) orders: u32,
    /// Of these, how many are paid.
    pub(super) paid: u32,
    /// How many are cancelled.
    pub(super) cancelled: u32,
    /// How many are paid and have no goods.
    pub(super) paid_without_stock: u32,
    /// What is to be paid for them, by currency; without what was cancelled.
    pub(super) revenue: Vec<Money>,
    /// How many were placed in each hour of the day.
    #[schema(min_items = 24, max_items = 24)]
    pub(super) hours: Vec<u32>,
    /// What the goods bring and what they cost, by currency; absent for who may not read the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) margin: Option<Vec<Margin>>,
}

/// What is counted of an order.
#[derive(Deserialize)]
pub(super) struct Counted {
    pub(super) number: String,
    pub(super) channel: String,
    pub(super) status: OrderStatus,
    pub(super) currency: Currency,
    pub(super) total_minor: i64,
    pub(super) totals: Totals,
    pub(super) lines: Vec<SoldLine>,
    pub(super) placed_at: Timestamp,
    #[serde(default)]
    pub(super) paid_at: Option<Timestamp>,
}

impl Counted {
    /// Its lines of which something is sold, each with its product; none, if it is cancelled.
    pub(super) fn sold(&self) -> impl Iterator<Item = (&Arc<str>, Sold)> {
        let lines = self.lines.iter().filter(move |_| self.status != OrderStatus::Cancelled);
        lines.filter_map(move |line| Some((&line.sku, Sold::of(line, &self.totals)?)))
    }

    /// What its goods bring and cost: what a day's margin is the sum of.
    pub(super) fn margin(&self, costs: &Costs) -> Margin {
        let mut margin = Margin::nothing(self.currency);
        for (sku, sold) in self.sold() {
            margin.add(sold, costs.of(sku, self.currency));
        }
        margin
    }
}

/// A product whose cost is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct WithoutCost {
    /// The product.
    #[schema(value_type = String)]
    sku: Arc<str>,
    /// In which currency its cost is missing.
    currency: Currency,
    /// How many lines are of it.
    lines: u32,
}

/// A product in a currency.
type Goods = (Arc<str>, Currency);

/// Orders on their way to a tally.
#[derive(Default)]
pub(super) struct Sum {
    tally: Tally,
    revenue: BTreeMap<Currency, Money>,
    goods: HashMap<Goods, Sold>,
}

/// A day on its way to a sum.
pub(super) struct Sums {
    zone: chrono_tz::Tz,
    pub(super) first: Option<Timestamp>,
    pub(super) all: Sum,
    pub(super) channels: BTreeMap<String, Sum>,
    pub(super) minutes: BTreeMap<Timestamp, u32>,
    products: HashSet<Arc<str>>,
}

impl Sums {
    pub(super) fn new(zone: chrono_tz::Tz) -> Self {
        let (all, channels) = (Sum::default(), BTreeMap::new());
        let (minutes, products) = (BTreeMap::new(), HashSet::new());
        Self { zone, first: None, all, channels, minutes, products }
    }

    pub(super) fn add(&mut self, order: &Counted) {
        let at = order.placed_at;
        let hour = at.to_utc().with_timezone(&self.zone).hour() as usize;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        let minute = Timestamp::from_millis(at.millis() - at.millis().rem_euclid(60_000));
        *self.minutes.entry(minute).or_default() += 1;
        let sold = self.sold(order);
        let channel = self.channels.entry(order.channel.clone()).or_default();
        for sum in [&mut self.all, channel] {
            sum.add(order, hour, &sold);
        }
    }

    /// The products that were sold, those whose costs are wanted.
    pub(super) fn products(&self) -> Vec<Arc<str>> {
        self.products.iter().cloned().collect()
    }

    fn sold(&mut self, order: &Counted) -> Vec<(Goods, Sold)> {
        // What is too much to be looked up goes by no name, which costs nothing that is known.
        let mut goods = |sku: &Arc<str>| (self.named(sku).unwrap_or_default(), order.currency);
        order.sold().map(|(sku, sold)| (goods(sku), sold)).collect()
    }

    fn named(&mut self, sku: &Arc<str>) -> Option<Arc<str>> {
        if let Some(known) = self.products.get(sku) {
            return Some(Arc::clone(known));
        }
        (self.products.len() < PRODUCTS_MAX).then(|| {
            self.products.insert(Arc::clone(sku));
            Arc::clone(sku)
        })
    }
}

impl Sum {
    fn add(&mut self, order: &Counted, hour: usize, sold: &[(Goods, Sold)]) {
        for (goods, sold) in sold {
            self.goods.entry(goods.clone()).or_default().add(*sold);
        }
        let tally = &mut self.tally;
        tally.orders += 1;
        tally.paid += u32::from(order.paid_at.is_some());
        tally.hours.resize(HOURS, 0);
        if let Some(count) = tally.hours.get_mut(hour) {
            *count += 1;
        }
        match order.status {
            OrderStatus::Cancelled => {
                tally.cancelled += 1;
                return;
            }
            OrderStatus::PaidWithoutStock => tally.paid_without_stock += 1,
            OrderStatus::Pending
            | OrderStatus::Confirmed
            | OrderStatus::Processing
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Returned => {}
        }
        let sum = self.revenue.entry(order.currency);
        let sum = sum.or_insert_with(|| Money::new(0, order.currency));
        sum.amount_minor = sum.amount_minor.saturating_add(order.total_minor);
    }

    /// The tally, with the margin by these costs.
    pub(super) fn told(mut self, costs: &Costs) -> Tally {
        self.tally.hours.resize(HOURS, 0);
        let mut margins: BTreeMap<Currency, Margin> = BTreeMap::new();
        for ((sku, currency), sold) in self.goods {
            let margin = margins.entry(currency).or_insert_with(|| Margin::nothing(currency));
            margin.add(sold, costs.of(&sku, currency));
        }
        self.tally.margin = Some(margins.into_values().collect());
        self.tally.revenue = self.revenue.into_values().collect();
        self.tally
    }

    /// The products without a cost, those with most lines first.
    pub(super) fn without_cost(&self, costs: &Costs) -> Vec<WithoutCost> {
        let goods = self
            .goods
            .iter()
            .filter(|((sku, currency), _)| !sku.is_empty() && costs.of(sku, *currency).is_none());
        let mut all: Vec<_> = goods
            .map(|((sku, currency), sold)| WithoutCost {
                sku: Arc::clone(sku),
                currency: *currency,
                lines: sold.lines,
            })
            .collect();
        all.sort_by(|a, b| (b.lines, &a.sku).cmp(&(a.lines, &b.sku)));
        all.truncate(WITHOUT_COST_MAX);
        all
    }
}
