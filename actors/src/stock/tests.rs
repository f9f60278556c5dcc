//! The rules of stock, each as a test; the words that the tests are written in are below.

mod committing;
mod goods;
mod pinned;
mod properties;
mod releasing;
mod reserving;
mod settings;

use super::{SkuState, Stock, StockState, Warehouses};
use crate::testing::{NOW, Outcome, Stage, given};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{
        MovementKind, Observed, ReleaseReason, ReservationLine, StockCommand, StockEvent,
        StockRefusal, StockSettings, Warehouse, WarehouseKind, register_entity, reservation_entity,
        sku_entity,
    },
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn minutes(count: u32) -> Timestamp {
    NOW.plus(MINUTE * count)
}

fn id(name: &str) -> EntityId {
    EntityId::parse(name).unwrap()
}

fn warehouse(code: &str, priority: i32) -> Warehouse {
    Warehouse {
        code: code.to_owned(),
        name: code.to_owned(),
        kind: WarehouseKind::Own,
        priority,
        active: true,
        country: None,
    }
}

fn supplier(code: &str) -> Warehouse {
    Warehouse { kind: WarehouseKind::Supplier, ..warehouse(code, 0) }
}

fn put(warehouse: Warehouse) -> StockCommand {
    StockCommand::PutWarehouse { warehouse }
}

fn off(warehouse: Warehouse) -> StockCommand {
    put(Warehouse { active: false, ..warehouse })
}

fn arrive(sku: &str, warehouse: &str, quantity: i64) -> StockCommand {
    moved(&format!("in-{sku}-{warehouse}-{quantity}"), sku, warehouse, MovementKind::In, quantity)
}

fn moved(
    movement: &str,
    sku: &str,
    warehouse: &str,
    kind: MovementKind,
    quantity: i64,
) -> StockCommand {
    let reason = (kind == MovementKind::Adjustment).then(|| "stocktaking".to_owned());
    let (movement, sku, warehouse) = (id(movement), sku.to_owned(), warehouse.to_owned());
    StockCommand::Move { movement, sku, warehouse, kind, quantity, reason }
}

fn observed(sku: &str, quantity: i64, at: Timestamp) -> StockCommand {
    let (sku, warehouse) = (sku.to_owned(), "sup".to_owned());
    StockCommand::RecordObservation { sku, warehouse, quantity, observed_at: at }
}

fn observed_many(counts: Vec<(String, i64)>, at: Timestamp) -> StockCommand {
    let count = |(sku, quantity)| Observed { sku, quantity, instead_of: None };
    let counts = counts.into_iter().map(count).collect();
    StockCommand::RecordObservations { warehouse: "sup".to_owned(), observed_at: at, counts }
}

fn configure(sku: &str, settings: StockSettings) -> StockCommand {
    StockCommand::Configure { sku: sku.to_owned(), settings }
}

fn bundle(parts: &[(&str, i64)]) -> StockSettings {
    let components = parts.iter().map(|(part, units)| ((*part).to_owned(), *units)).collect();
    StockSettings { components, ..StockSettings::default() }
}

fn buffered(channel: &str, units: i64) -> StockSettings {
    let safety_buffers = [(channel.to_owned(), units)].into();
    StockSettings { safety_buffers, ..StockSettings::default() }
}

fn backorder() -> StockSettings {
    StockSettings { backorder: true, ..StockSettings::default() }
}

fn line(sku: &str, quantity: i64) -> ReservationLine {
    ReservationLine { sku: sku.to_owned(), quantity, warehouse: None }
}

fn line_at(sku: &str, quantity: i64, warehouse: &str) -> ReservationLine {
    ReservationLine { warehouse: Some(warehouse.to_owned()), ..line(sku, quantity) }
}

fn reserve(order: &str, lines: &[ReservationLine]) -> StockCommand {
    StockCommand::Reserve {
        reservation: id(order),
        channel: "web".to_owned(),
        lines: lines.to_vec(),
        until: minutes(15),
        paid: false,
    }
}

/// An order that its channel has the money for.
fn reserve_paid(order: &str, lines: &[ReservationLine]) -> StockCommand {
    match reserve(order, lines) {
        StockCommand::Reserve { reservation, channel, lines, until, .. } => {
            StockCommand::Reserve { reservation, channel, lines, until, paid: true }
        }
        other => other,
    }
}

fn commit(order: &str) -> StockCommand {
    StockCommand::Commit { reservation: id(order) }
}

fn renew(order: &str, until: Timestamp) -> StockCommand {
    StockCommand::Renew { reservation: id(order), until }
}

fn release(order: &str, key: &str, lines: &[ReservationLine]) -> StockCommand {
    give_back(order, key, lines, ReleaseReason::Released)
}

fn cancel(order: &str) -> StockCommand {
    give_back(order, "cancel", &[], ReleaseReason::Cancelled)
}

fn give_back(
    order: &str,
    key: &str,
    lines: &[ReservationLine],
    reason: ReleaseReason,
) -> StockCommand {
    let (reservation, lines, key) = (id(order), lines.to_vec(), key.to_owned());
    StockCommand::Release { reservation, lines, key, reason }
}

/// A stage on which these commands were obeyed.
fn after(commands: impl IntoIterator<Item = StockCommand>) -> Stage<Stock> {
    let mut stage = given([]);
    for command in commands {
        stage.obey(command).unwrap();
    }
    stage
}

/// `main` is taken from first, then `side`; `sup` is a supplier's.
fn warehouses() -> [StockCommand; 3] {
    [put(warehouse("main", 10)), put(warehouse("side", 5)), put(supplier("sup"))]
}

/// The warehouses, and ten of A in `main`.
fn ten() -> Stage<Stock> {
    after(warehouses().into_iter().chain([arrive("A", "main", 10)]))
}

/// Everything at once: how tests look at the outcome.
trait Look {
    fn sku(&self, sku: &str) -> SkuState;
    fn register(&self) -> Warehouses;
    fn status(&self, order: &str) -> &'static str;
    /// `(on hand, reserved)`.
    fn at(&self, sku: &str, warehouse: &str) -> (i64, i64);
    fn total(&self, sku: &str) -> i64;
    fn then_do(self, command: StockCommand) -> Self;
}

impl Look for Stage<Stock> {
    fn sku(&self, sku: &str) -> SkuState {
        self.state(&sku_entity(sku)).as_sku().cloned().unwrap_or_default()
    }

    fn register(&self) -> Warehouses {
        self.state(&register_entity()).as_warehouses().cloned().unwrap_or_default()
    }

    fn status(&self, order: &str) -> &'static str {
        match self.state(&reservation_entity(&id(order))) {
            StockState::Reservation(reservation) => reservation.status.word(),
            _ => "unknown",
        }
    }

    fn at(&self, sku: &str, warehouse: &str) -> (i64, i64) {
        self.sku(sku).level(warehouse).map_or((0, 0), |level| (level.on_hand, level.reserved))
    }

    fn total(&self, sku: &str) -> i64 {
        self.sku(sku).total_available
    }

    fn then_do(mut self, command: StockCommand) -> Self {
        self.obey(command).unwrap();
        self
    }
}

/// The allocations of an outcome's events, as `sku@warehouse:quantity`.
fn told(outcome: &Outcome<Stock>) -> Vec<String> {
    let mut told = Vec::new();
    for (_, event) in outcome.result.as_ref().unwrap() {
        let allocations = match event {
            StockEvent::Reserved { allocations, .. }
            | StockEvent::Released { allocations, .. }
            | StockEvent::Committed { allocations } => allocations.clone(),
            StockEvent::Moved { change, .. } | StockEvent::Observed { change, .. } => {
                vec![change.clone()]
            }
            _ => Vec::new(),
        };
        for a in allocations {
            told.push(format!("{}@{}:{}", a.sku, a.warehouse, a.quantity));
        }
    }
    told
}

fn out_of_stock(line: usize, sku: &str, available: i64, wanted: i64) -> StockRefusal {
    StockRefusal::OutOfStock { line, sku: sku.to_owned(), available, wanted }
}

fn invalid(pointer: &str, outcome: Outcome<Stock>) {
    match outcome.result {
        Err(StockRefusal::Invalid { pointer: at, .. }) => assert_eq!(at, pointer),
        other => panic!("expected a fault at {pointer}, got {other:?}"),
    }
}

fn impossible(outcome: Outcome<Stock>) -> Stage<Stock> {
    match outcome.result {
        Err(StockRefusal::Impossible(_)) => outcome.stage,
        other => panic!("expected it to be impossible, got {other:?}"),
    }
}
