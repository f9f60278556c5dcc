//! What becomes of a reservation: renewed, given back, expired, committed.

use super::{
    Decided, Stock, check,
    ledger::{Change, Ledger, Step},
    lines::take,
    state::{Part, ReservationState, ReservationStatus, ReservedLine, StockState},
};
use crate::{
    domain::{Decision, refuse},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{
        Allocation, LineUnits, ReleaseReason, ReservationLine, StockEvent, StockRefusal,
        reservation_entity,
    },
};

/// How many releases of a part a reservation remembers, and so allows.
const RELEASES_MAX: usize = 100;

/// Holds on for longer.
pub(super) fn renew(world: &World<'_, Stock>, id: &EntityId, until: Timestamp) -> Decided {
    let entity = reservation_entity(id);
    let StockState::Reservation(known) = world.get(&entity)? else {
        return refuse(StockRefusal::NotFound("reservation"));
    };
    if known.status != ReservationStatus::Held || until <= known.until {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![StockEvent::Renewed { until }]))
}

/// The deadline has passed, or has been moved meanwhile.
pub(super) fn expire(world: &World<'_, Stock>, id: &EntityId, now: Timestamp) -> Decided {
    let entity = reservation_entity(id);
    match world.get(&entity)? {
        StockState::Reservation(known)
            if known.status == ReservationStatus::Held && known.until <= now =>
        {
            let mut ledger = Ledger::new(world)?;
            let event = all_back(&mut ledger, known, ReleaseReason::Expired, "expired".to_owned())?;
            Ok(Decision::of(entity, vec![event]))
        }
        _ => Ok(Decision::nothing(entity)),
    }
}

/// Gives all or some of it back.
pub(super) fn release(
    world: &World<'_, Stock>,
    id: &EntityId,
    lines: &[ReservationLine],
    key: String,
    reason: ReleaseReason,
) -> Decided {
    check::text("/key", &key, 200)?;
    check::lines(lines, 0)?;
    if !matches!(reason, ReleaseReason::Released | ReleaseReason::Cancelled) {
        return check::invalid("/reason", "expected released or cancelled");
    }
    let entity = reservation_entity(id);
    let StockState::Reservation(known) = world.get(&entity)? else {
        return Ok(Decision::nothing(entity));
    };
    let over = matches!(known.status, ReservationStatus::Cancelled | ReservationStatus::Returned);
    if over || known.releases.contains(&key) {
        return Ok(Decision::nothing(entity));
    }
    let event = if !lines.is_empty() {
        some_back(world, known, lines, reason, key)?
    } else if known.has_goods() {
        all_back(&mut Ledger::new(world)?, known, reason, key)?
    } else if reason == ReleaseReason::Cancelled {
        // Nothing is held, but a commit that is still on its way must not take the goods anew.
        let (allocations, lines) = (Vec::new(), Vec::new());
        StockEvent::Released { allocations, lines, reason, key, returned: false }
    } else {
        return Ok(Decision::nothing(entity));
    };
    Ok(Decision::of(entity, vec![event]))
}

/// The goods are the customer's, exactly once.
pub(super) fn commit(world: &World<'_, Stock>, id: &EntityId, now: Timestamp) -> Decided {
    let entity = reservation_entity(id);
    let StockState::Reservation(known) = world.get(&entity)? else {
        return refuse(StockRefusal::NotFound("reservation"));
    };
    match known.status {
        // Goods that have come back went out once, and that was this commit.
        ReservationStatus::Committed | ReservationStatus::Returned => Ok(Decision::nothing(entity)),
        ReservationStatus::Cancelled => refuse(StockRefusal::Ended(known.status.word())),
        ReservationStatus::Held => {
            let mut ledger = Ledger::new(world)?;
            if let Some(event) = commit_held(&mut ledger, known)? {
                return Ok(Decision::of(entity, vec![event]));
            }
            let mut ledger = ledger.fresh();
            let reason = ReleaseReason::Replaced;
            let released = all_back(&mut ledger, known, reason, "replaced".to_owned())?;
            take_anew(&mut ledger, entity, known, now, Some(released))
        }
        ReservationStatus::Short | ReservationStatus::Expired | ReservationStatus::Released => {
            if known.lines.iter().all(|line| line.left() <= 0) {
                return refuse(StockRefusal::Ended(known.status.word()));
            }
            take_anew(&mut Ledger::new(world)?, entity, known, now, None)
        }
    }
}

/// The event that takes what was just held off the shelves.
fn committed(ledger: &mut Ledger<'_, '_>, held: &[Allocation]) -> Step<StockEvent> {
    for allocation in held {
        let place = ledger.open(&allocation.sku)?;
        let change = going(allocation.quantity, allocation.line);
        ledger.change(place, &allocation.warehouse, change)?;
    }
    Ok(StockEvent::Committed { allocations: ledger.close() })
}

/// `None` where a warehouse has not got what it has promised, which a supplier's news or a count
/// may have brought to light.
fn commit_held(ledger: &mut Ledger<'_, '_>, known: &ReservationState) -> Step<Option<StockEvent>> {
    open_parts(ledger, known)?;
    for (line, held, part) in parts(known) {
        let place = ledger.open(part.sku(held))?;
        let product = ledger.product(place);
        if product.at(&part.warehouse).0 < part.quantity && !product.backorder() {
            return Ok(None);
        }
        ledger.change(place, &part.warehouse, going(part.quantity, Some(line)))?;
    }
    Ok(Some(StockEvent::Committed { allocations: ledger.close() }))
}

/// Takes what is still wanted anew and commits it, or says what is short.
fn take_anew(
    ledger: &mut Ledger<'_, '_>,
    entity: EntityId,
    known: &ReservationState,
    now: Timestamp,
    before: Option<StockEvent>,
) -> Decided {
    let wish = |line: &ReservedLine| ReservationLine {
        sku: line.sku.clone(),
        quantity: line.left(),
        warehouse: line.warehouse.clone(),
    };
    let wanted: Vec<_> = known.lines.iter().map(wish).collect();
    let shortage = take(ledger, &wanted, None)?;
    if shortage.first.is_some() {
        let event = StockEvent::CommitFailed { short: shortage.missing };
        return Ok(Decision::of(entity, vec![event]));
    }
    let allocations = ledger.close();
    let committed = committed(ledger, &allocations)?;
    let (channel, until) = (known.channel.clone(), known.until.max(now));
    let reserved = StockEvent::Reserved { channel, wanted, allocations, until };
    let events = before.into_iter().chain([reserved, committed]).collect();
    Ok(Decision::of(entity, events))
}

/// Everything that is held goes back, or everything that was committed returns.
fn all_back(
    ledger: &mut Ledger<'_, '_>,
    known: &ReservationState,
    reason: ReleaseReason,
    key: String,
) -> Step<StockEvent> {
    open_parts(ledger, known)?;
    let returned = known.status == ReservationStatus::Committed;
    for (line, held, part) in parts(known) {
        let place = ledger.open(part.sku(held))?;
        ledger.change(place, &part.warehouse, coming(part.quantity, line, returned))?;
    }
    Ok(StockEvent::Released {
        allocations: ledger.close(),
        lines: Vec::new(),
        reason,
        key,
        returned,
    })
}

/// Some units of some lines go back; of an ended reservation they are merely no longer wanted.
fn some_back(
    world: &World<'_, Stock>,
    known: &ReservationState,
    lines: &[ReservationLine],
    reason: ReleaseReason,
    key: String,
) -> Step<StockEvent> {
    if known.releases.len() >= RELEASES_MAX {
        return refuse(StockRefusal::Impossible(format!(
            "{RELEASES_MAX} releases were made already; release the rest at once"
        )));
    }
    let mut ledger = Ledger::new(world)?;
    open_parts(&mut ledger, known)?;
    let returned = known.status == ReservationStatus::Committed;
    let mut rest = known.lines.clone();
    let mut units: Vec<LineUnits> = Vec::new();
    for (index, asked) in lines.iter().enumerate() {
        let mut open = asked.quantity;
        let mut possible = 0_i64;
        for (number, line) in rest.iter_mut().enumerate().filter(|(_, l)| l.sku == asked.sku) {
            let from = asked.warehouse.as_deref().filter(|_| known.has_goods());
            let most = most_back(line, from);
            possible = possible.saturating_add(most);
            let quantity = most.min(open);
            if quantity == 0 {
                continue;
            }
            open -= quantity;
            let number = number as u32;
            units.push(LineUnits { line: number, quantity });
            for (sku, warehouse, quantity) in give_back(line, quantity, from) {
                let place = ledger.open(&sku)?;
                ledger.change(place, &warehouse, coming(quantity, number, returned))?;
            }
        }
        if open > 0 {
            return check::invalid(
                format!("/lines/{index}/quantity"),
                format!("expected at most {possible} of {}", asked.sku),
            );
        }
    }
    Ok(StockEvent::Released { allocations: ledger.close(), lines: units, reason, key, returned })
}

/// How many units of a line can go back, all or those from one warehouse.
fn most_back(line: &ReservedLine, from: Option<&str>) -> i64 {
    let left = line.left();
    let Some(from) = from else { return left };
    let mut most = left;
    for part in &line.parts {
        let sku = part.sku(line);
        let of_it = || line.parts.iter().filter(|other| other.sku(line) == sku);
        let all: i64 = of_it().map(|part| part.quantity).sum();
        let there: i64 =
            of_it().filter(|part| part.warehouse == from).map(|part| part.quantity).sum();
        most = most.min(there / (all / left.max(1)).max(1));
    }
    most
}

/// Takes units of a line out of its parts, those first that were taken last.
fn give_back(
    line: &mut ReservedLine,
    quantity: i64,
    from: Option<&str>,
) -> Vec<(String, String, i64)> {
    let left = line.left();
    let mut due: Vec<(Option<String>, i64)> = Vec::new();
    for part in &line.parts {
        match due.iter_mut().find(|(sku, _)| *sku == part.sku) {
            Some((_, all)) => *all += part.quantity,
            None => due.push((part.sku.clone(), part.quantity)),
        }
    }
    let mut back = Vec::new();
    for (sku, all) in due {
        // A line's parts are whole multiples of what is left of it.
        let mut rest = all / left.max(1) * quantity;
        let here =
            |part: &&mut Part| part.sku == sku && from.is_none_or(|from| part.warehouse == from);
        for part in line.parts.iter_mut().rev().filter(here) {
            let taken = part.quantity.min(rest);
            if taken > 0 {
                part.quantity -= taken;
                rest -= taken;
                let sku = sku.clone().unwrap_or_else(|| line.sku.clone());
                back.push((sku, part.warehouse.clone(), taken));
            }
        }
    }
    line.parts.retain(|part| part.quantity > 0);
    line.released += quantity;
    back
}

fn parts(known: &ReservationState) -> impl Iterator<Item = (u32, &ReservedLine, &Part)> {
    known
        .lines
        .iter()
        .enumerate()
        .flat_map(|(index, line)| line.parts.iter().map(move |part| (index as u32, line, part)))
}

/// Has all products loaded together.
fn open_parts(ledger: &mut Ledger<'_, '_>, known: &ReservationState) -> Step<()> {
    Ok(ledger.open_all(parts(known).map(|(_, line, part)| part.sku(line)))?)
}

/// Held units leave.
fn going(quantity: i64, line: Option<u32>) -> Change {
    Change { quantity, on_hand: -quantity, reserved: -quantity, line }
}

/// Held units are free again, or committed ones are on the shelf again.
fn coming(quantity: i64, line: u32, returned: bool) -> Change {
    let line = Some(line);
    match returned {
        true => Change { quantity, on_hand: quantity, reserved: 0, line },
        false => Change { quantity, on_hand: 0, reserved: -quantity, line },
    }
}
