//! Goods that come, go, are counted, or travel between warehouses; and a supplier's news.
//!
//! What leaves must be there and not be held. A count or a supplier's news is the truth, and may
//! say that there is less than is held: then nothing of that level is sold further.

use super::{
    Decided, Stock, check,
    ledger::{Change, LEVEL_MAX, Ledger, Step},
    state::{MovementState, StockState, TransferState},
};
use crate::{
    domain::{Decision, refuse},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{
        MovementKind, Observed, StockEvent, StockRefusal, WarehouseKind, feed_entity,
        movement_entity, register_entity, sku_entity, transfer_entity,
    },
};

/// What a movement moves.
pub(super) struct Goods {
    pub(super) sku: String,
    pub(super) warehouse: String,
    pub(super) kind: MovementKind,
    pub(super) quantity: i64,
    pub(super) reason: Option<String>,
}

/// What a transfer takes from where to where.
pub(super) struct Journey {
    pub(super) sku: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) quantity: i64,
}

/// Goods arrive, leave, or are counted anew.
pub(super) fn move_goods(world: &World<'_, Stock>, id: &EntityId, goods: Goods) -> Decided {
    check::id("/movement", id)?;
    check_goods(&goods)?;
    let entity = movement_entity(id);
    if let StockState::Movement(known) = world.get(&entity)? {
        let Goods { sku, warehouse, kind, quantity, reason } = goods;
        return same(
            id,
            entity,
            *known == MovementState { sku, warehouse, kind, quantity, reason },
        );
    }
    let mut ledger = Ledger::new(world)?;
    let place = stocked(&mut ledger, &goods.sku)?;
    known_warehouse(&ledger, &goods.warehouse)?;
    let (on_hand, reserved) = ledger.product(place).at(&goods.warehouse);
    let units = match goods.kind {
        MovementKind::In | MovementKind::Adjustment => goods.quantity,
        MovementKind::Out => -goods.quantity,
        MovementKind::Count => goods.quantity - on_hand,
    };
    let held = if goods.kind == MovementKind::Out { reserved } else { 0 };
    if goods.kind != MovementKind::Count && units < 0 && on_hand.saturating_add(units) < held {
        return too_few(&goods.sku, &goods.warehouse, on_hand, reserved);
    }
    let change = ledger.single(place, &goods.warehouse, arriving(units))?;
    let event = StockEvent::Moved { kind: goods.kind, change, reason: goods.reason };
    Ok(Decision::of(entity, vec![event]))
}

/// Goods leave one warehouse for another.
pub(super) fn transfer(world: &World<'_, Stock>, id: &EntityId, journey: Journey) -> Decided {
    check::id("/transfer", id)?;
    check::sku("/sku", &journey.sku)?;
    check::quantity("/quantity", journey.quantity, 1)?;
    if journey.from == journey.to {
        return check::invalid("/to", "expected another warehouse");
    }
    let entity = transfer_entity(id);
    if let StockState::Transfer(known) = world.get(&entity)? {
        let Journey { sku, from, to, quantity } = journey;
        let asked = TransferState { sku, from, to, quantity, received: known.received };
        return same(id, entity, *known == asked);
    }
    let mut ledger = Ledger::new(world)?;
    let place = stocked(&mut ledger, &journey.sku)?;
    known_warehouse(&ledger, &journey.from)?;
    if !known_warehouse(&ledger, &journey.to)? {
        return refuse(StockRefusal::InactiveWarehouse(journey.to));
    }
    let (on_hand, reserved) = ledger.product(place).at(&journey.from);
    if on_hand.saturating_sub(reserved) < journey.quantity {
        return too_few(&journey.sku, &journey.from, on_hand, reserved);
    }
    let sent = ledger.product(place).known.and_then(|known| known.level(&journey.to));
    if sent.map_or(0, |level| level.in_transit).saturating_add(journey.quantity) > LEVEL_MAX {
        return refuse(StockRefusal::Impossible(format!(
            "more than {LEVEL_MAX} of {} would be on their way to {}",
            journey.sku, journey.to
        )));
    }
    let leaving = Change { quantity: journey.quantity, ..arriving(-journey.quantity) };
    let from = ledger.single(place, &journey.from, leaving)?;
    Ok(Decision::of(entity, vec![StockEvent::TransferStarted { from, to: journey.to }]))
}

/// A transfer has arrived.
pub(super) fn receive(world: &World<'_, Stock>, id: &EntityId) -> Decided {
    let entity = transfer_entity(id);
    let StockState::Transfer(known) = world.get(&entity)? else {
        return refuse(StockRefusal::NotFound("transfer"));
    };
    if known.received {
        return Ok(Decision::nothing(entity));
    }
    let mut ledger = Ledger::new(world)?;
    let place = ledger.open(&known.sku)?;
    let to = ledger.single(place, &known.to, arriving(known.quantity))?;
    Ok(Decision::of(entity, vec![StockEvent::TransferReceived { to }]))
}

/// A supplier says how much there is. `observed_at` is not in the future: a clock that is ahead
/// must not silence the news to come.
pub(super) fn observe(
    world: &World<'_, Stock>,
    sku: &str,
    warehouse: &str,
    quantity: i64,
    observed_at: Timestamp,
) -> Decided {
    let nothing = |entity| Ok(Decision::nothing(entity));
    let mut ledger = Ledger::new(world)?;
    if !check::is_sku(sku) || !(0..=check::QUANTITY_MAX).contains(&quantity) {
        return nothing(register_entity());
    }
    let entity = sku_entity(sku);
    let place = ledger.open(sku)?;
    let suppliers = ledger.warehouses().get(warehouse).filter(|w| w.kind != WarehouseKind::Own);
    let known = ledger.product(place).known;
    if suppliers.is_none() || known.is_some_and(|known| known.is_bundle()) {
        return nothing(entity);
    }
    let (on_hand, _) = ledger.product(place).at(warehouse);
    let before = known.and_then(|known| known.level(warehouse)).and_then(|l| l.observed_at);
    let no_news = before.is_some_and(|before| {
        observed_at < before || (observed_at == before && quantity == on_hand)
    });
    if no_news {
        return nothing(entity);
    }
    let units = quantity - on_hand;
    let change = ledger.single(place, warehouse, arriving(units))?;
    Ok(Decision::of(entity, vec![StockEvent::Observed { change, observed_at }]))
}

/// Products of one command at most; the rest of a longer list is not looked at.
const OBSERVED_MAX: usize = 5_000;

/// A supplier's feed says how much there is of many products: one event for all that is news.
pub(super) fn observe_all(
    world: &World<'_, Stock>,
    warehouse: &str,
    mut counts: Vec<Observed>,
    observed_at: Timestamp,
) -> Decided {
    let mut ledger = Ledger::new(world)?;
    let entity = feed_entity(warehouse);
    let suppliers = ledger.warehouses().get(warehouse).filter(|w| w.kind != WarehouseKind::Own);
    if suppliers.is_none() {
        return Ok(Decision::nothing(entity));
    }
    counts.truncate(OBSERVED_MAX);
    counts.retain(|count| {
        check::is_sku(&count.sku) && (0..=check::QUANTITY_MAX).contains(&count.quantity)
    });
    // Of two counts of one product the later in the list counts.
    counts.reverse();
    counts.sort_by(|one, other| one.sku.cmp(&other.sku));
    counts.dedup_by(|one, other| one.sku == other.sku);
    ledger.open_all(counts.iter().map(|count| count.sku.as_str()))?;
    for count in &counts {
        let place = ledger.open(&count.sku)?;
        let known = ledger.product(place).known;
        let (on_hand, _) = ledger.product(place).at(warehouse);
        let before = known.and_then(|known| known.level(warehouse)).and_then(|l| l.observed_at);
        let no_news = before.is_some_and(|before| {
            observed_at < before || (observed_at == before && count.quantity == on_hand)
        });
        let taken_back = count.instead_of.is_none_or(|instead_of| {
            instead_of == on_hand && before.is_some_and(|before| before == observed_at)
        });
        if no_news || !taken_back || known.is_some_and(|known| known.is_bundle()) {
            continue;
        }
        ledger.change(place, warehouse, arriving(count.quantity - on_hand))?;
    }
    let allocations = ledger.close();
    if allocations.is_empty() {
        return Ok(Decision::nothing(entity));
    }
    let event = StockEvent::Observations { allocations, observed_at };
    Ok(Decision::of(entity, vec![event]))
}

fn check_goods(goods: &Goods) -> Step<()> {
    check::sku("/sku", &goods.sku)?;
    match goods.kind {
        MovementKind::In | MovementKind::Out => check::quantity("/quantity", goods.quantity, 1)?,
        MovementKind::Count => check::quantity("/quantity", goods.quantity, 0)?,
        MovementKind::Adjustment => {
            if goods.quantity == 0 || goods.quantity.unsigned_abs() > check::QUANTITY_MAX as u64 {
                return check::invalid("/quantity", "expected a quantity that is not 0");
            }
            if goods.reason.is_none() {
                return check::invalid("/reason", "expected a reason for the adjustment");
            }
        }
    }
    goods.reason.as_deref().map_or(Ok(()), |reason| check::text("/reason", reason, 500))
}

/// A product that may have stock of its own; it need not be known yet.
fn stocked(ledger: &mut Ledger<'_, '_>, sku: &str) -> Step<usize> {
    let place = ledger.open(sku)?;
    if ledger.product(place).known.is_some_and(|known| known.is_bundle()) {
        return refuse(StockRefusal::Impossible(format!(
            "{sku} is a bundle and has no stock of its own"
        )));
    }
    Ok(place)
}

/// Whether the warehouse is active.
fn known_warehouse(ledger: &Ledger<'_, '_>, code: &str) -> Step<bool> {
    match ledger.warehouses().get(code) {
        Some(found) => Ok(found.active),
        None => refuse(StockRefusal::UnknownWarehouse(code.to_owned())),
    }
}

/// Units that come in; below 0, units that go.
fn arriving(units: i64) -> Change {
    Change { quantity: units, on_hand: units, ..Change::default() }
}

fn too_few<T>(sku: &str, warehouse: &str, on_hand: i64, reserved: i64) -> Step<T> {
    refuse(StockRefusal::Impossible(format!(
        "{warehouse} has {on_hand} of {sku}, {reserved} of them held"
    )))
}

fn same(id: &EntityId, entity: EntityId, same: bool) -> Decided {
    if same { Ok(Decision::nothing(entity)) } else { refuse(StockRefusal::Differs(id.clone())) }
}
