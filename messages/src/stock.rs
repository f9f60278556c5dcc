//! The vocabulary of stock: warehouses, levels, movements, reservations.
//!
//! Entities: `warehouses` (the tenant's register, one), `sku/<sku>` (all levels of one product),
//! `reservation/<id>` (what one order holds; the id is the order's), `transfer/<id>` and
//! `movement/<id>`, which make sure that the same goods are not moved twice, and
//! `feed/<warehouse>`, what a supplier's feed told of many products at once.

mod figures;
mod refusal;

pub use figures::{Allocation, LevelAfter, LineUnits, TotalAfter};
pub use refusal::StockRefusal;

use crate::{EntityId, Timestamp};
use figures::is_false;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The entity that keeps the tenant's warehouses.
pub fn register_entity() -> EntityId {
    EntityId::named("warehouses")
}

/// The entity of a product's levels.
pub fn sku_entity(sku: &str) -> EntityId {
    EntityId::named(format!("sku/{sku}"))
}

/// The entity of a reservation.
pub fn reservation_entity(id: &EntityId) -> EntityId {
    EntityId::named(format!("reservation/{id}"))
}

/// The entity of a transfer.
pub fn transfer_entity(id: &EntityId) -> EntityId {
    EntityId::named(format!("transfer/{id}"))
}

/// The entity of a movement.
pub fn movement_entity(id: &EntityId) -> EntityId {
    EntityId::named(format!("movement/{id}"))
}

/// The entity of what feeds tell of a supplier's warehouse.
pub fn feed_entity(warehouse: &str) -> EntityId {
    EntityId::named(format!("feed/{warehouse}"))
}

/// How many of a product a feed says that there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The product.
    pub sku: String,
    /// Units there, at least 0.
    pub quantity: i64,
    /// Only while the level stands so, by the same observation; for taking one back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<i64>,
}

/// Whose goods a warehouse holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarehouseKind {
    /// The tenant's own.
    #[default]
    Own,
    /// A supplier's, delivered to the tenant first.
    Supplier,
    /// A supplier's, delivered to the customer.
    Dropship,
}

/// A warehouse as it is written and read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Warehouse {
    /// Its short name, `a-z 0-9 -`, unique in the tenant.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub code: String,
    /// Its name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Whose goods it holds.
    #[serde(default)]
    pub kind: WarehouseKind,
    /// Higher is taken from first.
    #[serde(default)]
    pub priority: i32,
    /// An inactive one gives nothing to new reservations.
    #[serde(default = "yes")]
    pub active: bool,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
}

fn yes() -> bool {
    true
}

/// What may be set on a product's stock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StockSettings {
    /// `stock.low` is told when the sellable total falls to this or below; 0 never tells.
    #[schema(minimum = 0)]
    pub low_threshold: i64,
    /// Sell on when nothing is there: the total may go below zero.
    pub backorder: bool,
    /// Units kept back from a sales channel, by channel.
    pub safety_buffers: BTreeMap<String, i64>,
    /// A bundle's parts, units of each; a bundle has no stock of its own.
    pub components: BTreeMap<String, i64>,
}

/// Units of a product that a caller wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservationLine {
    /// The product.
    #[schema(min_length = 1, max_length = 100)]
    pub sku: String,
    /// How many, at least 1.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: i64,
    /// From this warehouse only; else by priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
}

/// Which way goods move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Goods arrive.
    In,
    /// Goods leave other than by an order.
    Out,
    /// The books were wrong; needs a reason. The quantity is signed.
    Adjustment,
    /// The shelf was counted: the quantity is what is there now, what is held included.
    Count,
}

/// Why a reservation ended or shrank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Its holder gave it back.
    Released,
    /// Its deadline passed.
    Expired,
    /// The order was cancelled: it is not taken anew.
    Cancelled,
    /// The warehouse has less than was held there, and the goods are taken from elsewhere.
    Replaced,
}

/// What one may ask of stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StockCommand {
    /// Creates or changes a warehouse.
    PutWarehouse {
        /// All of it.
        warehouse: Warehouse,
    },
    /// Sets what is to be known of a product's stock.
    Configure {
        /// The product.
        sku: String,
        /// All settings.
        settings: StockSettings,
    },
    /// Goods arrive, leave, or are counted anew. The same movement twice is one.
    Move {
        /// The movement's id.
        movement: EntityId,
        /// The product.
        sku: String,
        /// Where.
        warehouse: String,
        /// Which way.
        kind: MovementKind,
        /// How many, at least 1; an adjustment's is signed and not 0, a count's may be 0.
        quantity: i64,
        /// Why; required for an adjustment.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Goods leave one warehouse for another and are in transit until received.
    Transfer {
        /// The transfer's id.
        transfer: EntityId,
        /// The product.
        sku: String,
        /// From where.
        from: String,
        /// To where.
        to: String,
        /// How many, at least 1.
        quantity: i64,
    },
    /// A transfer has arrived.
    ReceiveTransfer {
        /// Which.
        transfer: EntityId,
    },
    /// A supplier's feed says how much there is. Never refused: older news, and news of what is
    /// not a supplier's, changes nothing.
    RecordObservation {
        /// The product.
        sku: String,
        /// The supplier's warehouse.
        warehouse: String,
        /// Units there, at least 0.
        quantity: i64,
        /// When the supplier counted.
        observed_at: Timestamp,
    },
    /// A supplier's feed says how much there is of many products. Never refused, as above.
    RecordObservations {
        /// The supplier's warehouse.
        warehouse: String,
        /// When the supplier counted.
        observed_at: Timestamp,
        /// The products.
        counts: Vec<Observed>,
    },
    /// Holds all lines or none.
    Reserve {
        /// The reservation's id, which is the order's.
        reservation: EntityId,
        /// For which sales channel.
        channel: String,
        /// What.
        lines: Vec<ReservationLine>,
        /// Until when, unless renewed.
        until: Timestamp,
        /// The sales channel has the money: what is kept back from it may be had, and if there is
        /// not enough, what is wanted is kept and the answer is `Wanted` and `CommitFailed`
        /// instead of a refusal, so that a later `Commit` tries again.
        #[serde(default)]
        paid: bool,
    },
    /// Holds on for longer. An ended reservation stays as it is.
    Renew {
        /// Which.
        reservation: EntityId,
        /// The new deadline; an earlier one than the present changes nothing.
        until: Timestamp,
    },
    /// Gives all or some of it back. Of a committed reservation: the goods return to stock.
    /// Of one that has ended: lines named are no longer wanted, and a cancelled one is never taken
    /// anew; else nothing changes.
    Release {
        /// Which.
        reservation: EntityId,
        /// What; all of it if empty.
        #[serde(default)]
        lines: Vec<ReservationLine>,
        /// Names this release; the same key a second time changes nothing.
        key: String,
        /// Why.
        reason: ReleaseReason,
    },
    /// The goods are the customer's. A reservation that has ended is taken anew if there is
    /// enough; if not, `CommitFailed` says what is short. Exactly once.
    Commit {
        /// Which.
        reservation: EntityId,
    },
    /// The deadline has passed.
    Expire {
        /// Which.
        reservation: EntityId,
    },
    /// Tells a product's sellable total anew if it is not what was told last, which is so after
    /// one of its warehouses was activated or deactivated.
    Retotal {
        /// The product.
        sku: String,
    },
}

/// What has become of stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StockEvent {
    /// `stock.warehouse_put`.
    WarehousePut {
        /// All of it.
        warehouse: Warehouse,
    },
    /// `stock.configured`.
    Configured {
        /// All settings.
        settings: StockSettings,
        /// How the product stands with them.
        after: TotalAfter,
        /// Products that have become its parts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts_joined: Vec<String>,
        /// Products that are no longer its parts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts_left: Vec<String>,
    },
    /// `stock.retotalled`: a warehouse's coming or going has changed the sellable total.
    Retotalled {
        /// How the product stands.
        after: TotalAfter,
    },
    /// `stock.moved`: goods came, went or were counted. Owned by the movement.
    Moved {
        /// Which way.
        kind: MovementKind,
        /// Units, signed as they change what is on hand.
        change: Allocation,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// `stock.observed`: a supplier's count replaced the level.
    Observed {
        /// The change, signed.
        change: Allocation,
        /// When it was counted.
        observed_at: Timestamp,
    },
    /// `stock.observations`: a supplier's counts replaced the levels of many products, which are in
    /// the order of their names. Owned by the warehouse's feed.
    Observations {
        /// The changes, signed.
        allocations: Vec<Allocation>,
        /// When they were counted.
        observed_at: Timestamp,
    },
    /// `stock.transfer_started`: owned by the transfer.
    TransferStarted {
        /// What left (quantity positive).
        from: Allocation,
        /// Where it goes.
        to: String,
    },
    /// `stock.transfer_received`: owned by the transfer.
    TransferReceived {
        /// What arrived.
        to: Allocation,
    },
    /// `stock.wanted`: owned by the reservation; there is not enough, but it is not forgotten.
    Wanted {
        /// For which sales channel.
        channel: String,
        /// What was asked for.
        wanted: Vec<ReservationLine>,
    },
    /// `stock.reserved`: owned by the reservation.
    Reserved {
        /// For which sales channel.
        channel: String,
        /// What was asked for; when it is taken anew, what is still wanted of each line.
        wanted: Vec<ReservationLine>,
        /// From where it is held.
        allocations: Vec<Allocation>,
        /// Until when.
        until: Timestamp,
    },
    /// `stock.reservation_renewed`.
    Renewed {
        /// The new deadline.
        until: Timestamp,
    },
    /// `stock.released`: units are sellable again. `committed` ones went back onto the shelf.
    Released {
        /// What.
        allocations: Vec<Allocation>,
        /// How much of which lines is no longer wanted; empty when all was given back at once.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<LineUnits>,
        /// Why.
        reason: ReleaseReason,
        /// The release's name.
        key: String,
        /// Whether the goods had been committed before: a return.
        #[serde(default, skip_serializing_if = "is_false")]
        returned: bool,
    },
    /// `stock.committed`: the goods are the customer's and no longer on hand.
    Committed {
        /// What, from where.
        allocations: Vec<Allocation>,
    },
    /// `stock.commit_failed`: there is not enough (any more). Told each time it is tried.
    CommitFailed {
        /// What is short, by product; of a bundle, by part.
        short: BTreeMap<String, i64>,
    },
}
