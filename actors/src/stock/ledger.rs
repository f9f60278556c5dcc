//! The products of one decision, as they become change by change and event by event.
//!
//! It keeps the running figures that events carry, and never writes any back: state follows from
//! the events.

use super::{
    Stock,
    read::{buffer, free},
    state::{SkuState, StockState, Warehouses},
};
use crate::{
    domain::{Stop, refuse},
    world::{Missing, World},
};
use kontor_messages::{
    EntityId,
    stock::{
        Allocation, LevelAfter, StockRefusal, Warehouse, WarehouseKind, register_entity, sku_entity,
    },
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// What one level may hold. A thousand of them still sum up without overflow, and JavaScript
/// still reads the sum.
pub(super) const LEVEL_MAX: i64 = 1_000_000_000_000;
/// How much one level may owe on backorder.
const LEVEL_MIN: i64 = -LEVEL_MAX;

/// A step of a decision.
pub(super) type Step<T> = Result<T, Stop<StockRefusal>>;

/// All products that a decision looks at.
pub(super) struct Ledger<'w, 'a> {
    world: &'w World<'a, Stock>,
    warehouses: &'a Warehouses,
    products: Vec<Product<'a>>,
    places: BTreeMap<EntityId, usize>,
    changes: Vec<(usize, Allocation)>,
}

/// A product as it stands after the changes so far.
pub(super) struct Product<'a> {
    /// Its name.
    pub(super) sku: String,
    /// As it stood before the decision; `None` if it is not known.
    pub(super) known: Option<&'a SkuState>,
    shelves: Vec<Shelf>,
    backorder: bool,
    total: i64,
    told: i64,
    version: i64,
    in_event: bool,
}

struct Shelf {
    warehouse: Arc<str>,
    on_hand: i64,
    reserved: i64,
    rank: Option<Rank>,
}

/// In which order warehouses give; an inactive one has no rank.
type Rank = (Reverse<i32>, u8);

/// How a level changes.
#[derive(Clone, Copy, Default)]
pub(super) struct Change {
    /// The units that the event tells.
    pub(super) quantity: i64,
    /// What is added to the units there.
    pub(super) on_hand: i64,
    /// What is added to the units held.
    pub(super) reserved: i64,
    /// For which line.
    pub(super) line: Option<u32>,
}

impl<'w, 'a> Ledger<'w, 'a> {
    /// A ledger with no product open yet.
    pub(super) fn new(world: &'w World<'a, Stock>) -> Result<Self, Missing> {
        const NONE: &Warehouses = &Warehouses { warehouses: Vec::new() };
        let warehouses = world.get(&register_entity())?.as_warehouses().unwrap_or(NONE);
        let (products, places, changes) = (Vec::new(), BTreeMap::new(), Vec::new());
        Ok(Self { world, warehouses, products, places, changes })
    }

    /// The same view before any change.
    pub(super) fn fresh(&self) -> Self {
        let (products, places, changes) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { world: self.world, warehouses: self.warehouses, products, places, changes }
    }

    /// The tenant's warehouses.
    pub(super) fn warehouses(&self) -> &'a Warehouses {
        self.warehouses
    }

    /// Whether there is a warehouse that could owe goods.
    pub(super) fn can_backorder(&self) -> bool {
        first(self.warehouses).is_some()
    }

    /// Opens a product; says where it is in the ledger.
    pub(super) fn open(&mut self, sku: &str) -> Result<usize, Missing> {
        let entity = sku_entity(sku);
        if let Some(place) = self.places.get(&entity) {
            return Ok(*place);
        }
        let known = match self.world.get(&entity)? {
            StockState::Sku(known) => Some(known),
            _ => None,
        };
        let version = self.world.version(&entity)?;
        let place = self.products.len();
        self.products.push(Product::new(sku.to_owned(), known, version, self.warehouses));
        self.places.insert(entity, place);
        Ok(place)
    }

    /// Opens many products, so that those that are missing are loaded together.
    pub(super) fn open_all<'s>(
        &mut self,
        skus: impl IntoIterator<Item = &'s str>,
    ) -> Result<(), Missing> {
        let mut all = Ok(());
        for sku in skus {
            all = all.and(self.open(sku).map(|_| ()));
        }
        all
    }

    /// How many changes the event has that is being made.
    pub(super) fn pending(&self) -> usize {
        self.changes.len()
    }

    /// A product that is open.
    pub(super) fn product(&self, place: usize) -> &Product<'a> {
        &self.products[place]
    }

    /// Changes a level, as part of the event that is being made.
    pub(super) fn change(&mut self, place: usize, warehouse: &str, change: Change) -> Step<()> {
        let allocation = self.allocation(place, warehouse, change)?;
        self.changes.push((place, allocation));
        Ok(())
    }

    /// The one change of an event.
    pub(super) fn single(
        &mut self,
        place: usize,
        warehouse: &str,
        change: Change,
    ) -> Step<Allocation> {
        let mut allocation = self.allocation(place, warehouse, change)?;
        self.products[place].tell(&mut allocation.after);
        Ok(allocation)
    }

    /// Holds units of a product for a line, from one warehouse or by rank. The caller has made
    /// sure that there are enough; what is not is backordered where is taken from first.
    pub(super) fn hold(
        &mut self,
        place: usize,
        from: Option<&str>,
        units: i64,
        line: u32,
    ) -> Step<()> {
        let mut rest = units;
        let mut taken: Vec<(Arc<str>, i64)> = Vec::new();
        let product = &self.products[place];
        for shelf in 0..product.shelves.len() {
            let units = product.free(shelf, from).unwrap_or(0).min(rest);
            if units > 0 {
                taken.push((Arc::clone(&product.shelves[shelf].warehouse), units));
                rest -= units;
            }
        }
        if rest > 0 {
            let owing = from.or_else(|| product.first()).or_else(|| first(self.warehouses));
            let Some(owing) = owing else {
                return refuse(StockRefusal::Impossible("there is no active warehouse".into()));
            };
            // A line has one part of a product in a warehouse, owed or there.
            match taken.iter_mut().find(|(warehouse, _)| **warehouse == *owing) {
                Some((_, units)) => *units += rest,
                None => taken.push((owing.into(), rest)),
            }
        }
        for (warehouse, quantity) in taken {
            let change = Change { quantity, on_hand: 0, reserved: quantity, line: Some(line) };
            self.change(place, &warehouse, change)?;
        }
        Ok(())
    }

    /// Ends the event: its allocations, the last of each product with the product's thresholds.
    pub(super) fn close(&mut self) -> Vec<Allocation> {
        for (place, allocation) in self.changes.iter_mut().rev() {
            self.products[*place].tell(&mut allocation.after);
        }
        std::mem::take(&mut self.changes).into_iter().map(|(_, allocation)| allocation).collect()
    }

    fn allocation(&mut self, place: usize, warehouse: &str, change: Change) -> Step<Allocation> {
        let active = self.warehouses.get(warehouse).filter(|found| found.active).map(rank);
        let product = &mut self.products[place];
        let after = product.change(warehouse, active, change)?;
        Ok(Allocation {
            sku: product.sku.clone(),
            warehouse: warehouse.to_owned(),
            quantity: change.quantity,
            line: change.line,
            after,
        })
    }
}

impl<'a> Product<'a> {
    fn new(
        sku: String,
        known: Option<&'a SkuState>,
        version: i64,
        warehouses: &Warehouses,
    ) -> Self {
        let backorder = known.is_some_and(|known| known.settings.backorder);
        let levels = known.map_or(&[][..], |known| &known.levels);
        let shelf = |level: &super::Level| Shelf {
            warehouse: Arc::clone(&level.warehouse),
            on_hand: level.on_hand,
            reserved: level.reserved,
            rank: warehouses.get(&level.warehouse).filter(|found| found.active).map(rank),
        };
        let mut shelves: Vec<_> = levels.iter().map(shelf).collect();
        // Levels are in order of their codes, and the sort is stable.
        shelves.sort_by_key(|shelf| (shelf.rank.is_none(), shelf.rank));
        let told = known.map_or(0, |known| known.total_available);
        let total = shelves
            .iter()
            .filter(|shelf| shelf.rank.is_some())
            .map(|shelf| free(shelf.on_hand, shelf.reserved, backorder))
            .sum();
        Self { sku, known, shelves, backorder, total, told, version, in_event: false }
    }

    /// Whether it may be sold when nothing is there.
    pub(super) fn backorder(&self) -> bool {
        self.backorder
    }

    /// Units that a line can have, from one warehouse or all; `keep_from` names the channel from
    /// which the safety buffer is kept back.
    pub(super) fn sellable(&self, from: Option<&str>, keep_from: Option<&str>) -> i64 {
        let kept = keep_from
            .and_then(|channel| self.known.map(|known| buffer(&known.settings, channel)))
            .unwrap_or(0);
        let there = match from {
            None => self.total,
            Some(_) => (0..self.shelves.len()).filter_map(|shelf| self.free(shelf, from)).sum(),
        };
        there.min(self.total - kept).max(0)
    }

    /// Units on hand and held in a warehouse.
    pub(super) fn at(&self, warehouse: &str) -> (i64, i64) {
        let shelf = self.shelves.iter().find(|shelf| *shelf.warehouse == *warehouse);
        shelf.map_or((0, 0), |shelf| (shelf.on_hand, shelf.reserved))
    }

    fn free(&self, shelf: usize, from: Option<&str>) -> Option<i64> {
        let shelf = &self.shelves[shelf];
        let open = shelf.rank.is_some() && from.is_none_or(|from| *shelf.warehouse == *from);
        open.then(|| free(shelf.on_hand, shelf.reserved, false))
    }

    fn first(&self) -> Option<&str> {
        self.shelves.iter().find(|shelf| shelf.rank.is_some()).map(|shelf| &*shelf.warehouse)
    }

    fn change(&mut self, warehouse: &str, rank: Option<Rank>, change: Change) -> Step<LevelAfter> {
        let known = self.shelves.iter().position(|shelf| *shelf.warehouse == *warehouse);
        let place = known.unwrap_or_else(|| {
            let warehouse = warehouse.into();
            self.shelves.push(Shelf { warehouse, on_hand: 0, reserved: 0, rank });
            self.shelves.len() - 1
        });
        let shelf = &mut self.shelves[place];
        let on_hand = shelf.on_hand.checked_add(change.on_hand);
        let reserved = shelf.reserved.checked_add(change.reserved);
        let (Some(on_hand @ LEVEL_MIN..=LEVEL_MAX), Some(reserved @ 0..=LEVEL_MAX)) =
            (on_hand, reserved)
        else {
            return refuse(StockRefusal::Impossible(format!(
                "{} in {warehouse} would not stay within {LEVEL_MAX}",
                self.sku
            )));
        };
        if shelf.rank.is_some() {
            self.total -= free(shelf.on_hand, shelf.reserved, self.backorder);
            self.total += free(on_hand, reserved, self.backorder);
        }
        (shelf.on_hand, shelf.reserved) = (on_hand, reserved);
        if !std::mem::replace(&mut self.in_event, true) {
            self.version += 1;
        }
        Ok(LevelAfter {
            on_hand,
            reserved,
            total_available: self.total,
            version: self.version,
            low: false,
            out: false,
        })
    }

    /// Says in the product's last change of an event which thresholds the event has crossed.
    fn tell(&mut self, after: &mut LevelAfter) {
        if std::mem::take(&mut self.in_event) {
            let threshold = self.known.map_or(0, |known| known.settings.low_threshold);
            (after.low, after.out) = crossed((self.told, threshold), (self.total, threshold));
            self.told = self.total;
        }
    }
}

/// Whether a product has become low, and whether it has run out, from one `(total, threshold)` to
/// another.
pub(super) fn crossed(before: (i64, i64), after: (i64, i64)) -> (bool, bool) {
    let low = |(total, threshold)| threshold > 0 && total <= threshold;
    (low(after) && !low(before), after.0 <= 0 && before.0 > 0)
}

fn rank(warehouse: &Warehouse) -> Rank {
    let kind = match warehouse.kind {
        WarehouseKind::Own => 0,
        WarehouseKind::Supplier => 1,
        WarehouseKind::Dropship => 2,
    };
    (Reverse(warehouse.priority), kind)
}

/// The warehouse that is taken from first.
fn first(warehouses: &Warehouses) -> Option<&str> {
    let active = warehouses.warehouses.iter().filter(|warehouse| warehouse.active);
    active.min_by_key(|warehouse| rank(warehouse)).map(|warehouse| warehouse.code.as_str())
}
