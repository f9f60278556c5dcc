//! What is known of each kind of entity: the documents that the API returns.
//!
//! A hot product's document is written with every commit, so what is usual is left out of it.

use crate::tagged::tagged;
use kontor_messages::{
    Timestamp,
    stock::{MovementKind, StockSettings, Warehouse},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The state of one of stock's entities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", remote = "Self")]
pub enum StockState {
    /// Nothing is known of it.
    #[default]
    Blank,
    /// The tenant's warehouses.
    Warehouses(Warehouses),
    /// A product.
    Sku(SkuState),
    /// What one order holds.
    Reservation(ReservationState),
    /// Goods on their way between two warehouses.
    Transfer(TransferState),
    /// Goods that came, went or were counted.
    Movement(MovementState),
    /// What feeds tell of a supplier's warehouse.
    Feed(FeedState),
}

tagged!(StockState, "type", "sku" => Sku, "reservation" => Reservation, "feed" => Feed);

/// The tenant's warehouses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Warehouses {
    /// All of them, by code.
    pub warehouses: Vec<Warehouse>,
}

/// All that is known of a product's stock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkuState {
    /// Sellable units over all active warehouses, as the last event told; below zero only on
    /// backorder. A bundle has none of its own.
    pub total_available: i64,
    /// Where there is, or was, any of it; by warehouse.
    pub levels: Vec<Level>,
    /// What was set on it; absent when nothing was.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: StockSettings,
    /// The bundles that it is a part of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<String>,
}

/// A product's stock in one warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Level {
    /// The warehouse's code.
    #[schema(value_type = String)]
    pub warehouse: Arc<str>,
    /// Units there; below zero only on backorder.
    pub on_hand: i64,
    /// Of these, held for orders. More than is on hand after a count or a supplier's news: then
    /// nothing of it is sold until the holds are settled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reserved: i64,
    /// Units on their way here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_transit: i64,
    /// When the supplier counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Timestamp>,
}

/// What one order holds, held, or could not get.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReservationState {
    /// How it stands.
    pub status: ReservationStatus,
    /// For which sales channel.
    pub channel: String,
    /// Until when it is held, as long as it is.
    pub until: Timestamp,
    /// What was asked for, in that order.
    pub lines: Vec<ReservedLine>,
    /// The names of the releases made so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<String>,
}

/// How a reservation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReservationStatus {
    /// Units are kept for the order until the deadline.
    #[default]
    Held,
    /// The goods are the customer's.
    Committed,
    /// Wanted, but there is not enough; a commit tries again.
    Short,
    /// The deadline has passed; a commit takes the goods anew.
    Expired,
    /// Given back by its holder; a commit takes the goods anew.
    Released,
    /// The order was cancelled; this is the end.
    Cancelled,
    /// All committed goods have come back; this is the end.
    Returned,
}

/// A line of a reservation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReservedLine {
    /// The product, which may be a bundle.
    pub sku: String,
    /// How many were asked for.
    pub quantity: i64,
    /// How many of them are no longer wanted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub released: i64,
    /// From this warehouse only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// From where it is held or was committed; empty when neither is so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// Units of one product from one warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// The product, where the line's is a bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The warehouse.
    pub warehouse: String,
    /// How many.
    pub quantity: i64,
}

/// Goods on their way between two warehouses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TransferState {
    /// The product.
    pub sku: String,
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// How many.
    pub quantity: i64,
    /// Whether they have arrived.
    pub received: bool,
}

/// Goods that came, went or were counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MovementState {
    /// The product.
    pub sku: String,
    /// Where.
    pub warehouse: String,
    /// Which way.
    pub kind: MovementKind,
    /// How many, as it was asked.
    pub quantity: i64,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What feeds tell of a supplier's warehouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedState {
    /// When the supplier counted last.
    pub observed_at: Timestamp,
}

impl Warehouses {
    /// A warehouse by its code.
    pub fn get(&self, code: &str) -> Option<&Warehouse> {
        let place = self.place(code).ok()?;
        self.warehouses.get(place)
    }

    /// Where the warehouse of this code is, or would be.
    pub(super) fn place(&self, code: &str) -> Result<usize, usize> {
        self.warehouses.binary_search_by(|warehouse| warehouse.code.as_str().cmp(code))
    }
}

impl SkuState {
    /// The product's stock in a warehouse.
    pub fn level(&self, warehouse: &str) -> Option<&Level> {
        let place = self.place(warehouse).ok()?;
        self.levels.get(place)
    }

    /// Whether it has fallen to the threshold that was set on it.
    pub fn is_low(&self) -> bool {
        let threshold = self.settings.low_threshold;
        threshold > 0 && self.total_available <= threshold
    }

    /// Whether it is a bundle, which has no stock of its own.
    pub fn is_bundle(&self) -> bool {
        !self.settings.components.is_empty()
    }

    /// Where the level of this warehouse is, or would be.
    pub(super) fn place(&self, warehouse: &str) -> Result<usize, usize> {
        self.levels.binary_search_by(|level| (*level.warehouse).cmp(warehouse))
    }
}

impl Level {
    /// Nothing of it.
    pub(super) fn empty(warehouse: &str) -> Self {
        Self {
            warehouse: warehouse.into(),
            on_hand: 0,
            reserved: 0,
            in_transit: 0,
            observed_at: None,
        }
    }
}

impl ReservationState {
    /// Whether units are kept for it or have gone out for it.
    pub fn has_goods(&self) -> bool {
        matches!(self.status, ReservationStatus::Held | ReservationStatus::Committed)
    }
}

impl ReservationStatus {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Short => "short",
            Self::Expired => "expired",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }
}

impl ReservedLine {
    /// How many are still wanted.
    pub fn left(&self) -> i64 {
        self.quantity.saturating_sub(self.released)
    }
}

impl Part {
    /// The product, given the line that the part belongs to.
    pub fn sku<'p>(&'p self, line: &'p ReservedLine) -> &'p str {
        self.sku.as_deref().unwrap_or(&line.sku)
    }
}

impl StockState {
    /// The product, if it is one.
    pub fn as_sku(&self) -> Option<&SkuState> {
        match self {
            Self::Sku(sku) => Some(sku),
            _ => None,
        }
    }

    /// The reservation, if it is one.
    pub fn as_reservation(&self) -> Option<&ReservationState> {
        match self {
            Self::Reservation(reservation) => Some(reservation),
            _ => None,
        }
    }

    /// The warehouses, if it is their register.
    pub fn as_warehouses(&self) -> Option<&Warehouses> {
        match self {
            Self::Warehouses(warehouses) => Some(warehouses),
            _ => None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
