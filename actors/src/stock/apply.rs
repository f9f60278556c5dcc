//! Carries events into state. Figures are taken from the event, not worked out again.

use super::{Stock, state::*};
use crate::domain::Event;
use kontor_messages::{
    EntityId, Timestamp,
    stock::{
        Allocation, LineUnits, MovementKind, ReleaseReason, ReservationLine, StockEvent,
        StockSettings, Warehouse,
    },
};

/// Carries an event into its owner, or into a product that it touches.
pub fn apply(entity: &EntityId, state: &mut StockState, event: &Event<'_, Stock>) {
    if entity == event.entity {
        own(state, event);
    } else {
        touch(entity, state, event);
    }
}

fn own(state: &mut StockState, event: &Event<'_, Stock>) {
    match event.event {
        StockEvent::WarehousePut { warehouse } => register(state, warehouse),
        StockEvent::Configured { settings, after, .. } => {
            let sku = sku_of(state);
            sku.settings = StockSettings::clone(settings);
            sku.total_available = after.total_available;
        }
        StockEvent::Retotalled { after } => sku_of(state).total_available = after.total_available,
        StockEvent::Observed { change, observed_at } => {
            let sku = sku_of(state);
            settle(sku, change);
            level_of(sku, &change.warehouse).observed_at = Some(*observed_at);
        }
        StockEvent::Observations { observed_at, .. } => {
            *state = StockState::Feed(FeedState { observed_at: *observed_at });
        }
        StockEvent::Moved { kind, change, reason } => {
            *state = StockState::Movement(movement(*kind, change, reason.clone()));
        }
        StockEvent::TransferStarted { from, to } => {
            *state = StockState::Transfer(TransferState {
                sku: from.sku.clone(),
                from: from.warehouse.clone(),
                to: to.clone(),
                quantity: from.quantity,
                received: false,
            });
        }
        StockEvent::TransferReceived { .. } => {
            if let StockState::Transfer(transfer) = state {
                transfer.received = true;
            }
        }
        StockEvent::Wanted { channel, wanted } => {
            *state = StockState::Reservation(ReservationState {
                status: ReservationStatus::Short,
                channel: channel.clone(),
                until: event.at,
                lines: wanted.iter().map(line).collect(),
                releases: Vec::new(),
            });
        }
        StockEvent::Reserved { channel, wanted, allocations, until } => {
            reserved(state, channel, wanted, allocations, *until);
        }
        StockEvent::Renewed { until } => {
            if let StockState::Reservation(reservation) = state {
                reservation.until = *until;
            }
        }
        StockEvent::Committed { .. } => {
            if let StockState::Reservation(reservation) = state {
                reservation.status = ReservationStatus::Committed;
            }
        }
        StockEvent::CommitFailed { .. } => {
            if let StockState::Reservation(reservation) = state
                && !reservation.has_goods()
            {
                reservation.status = ReservationStatus::Short;
            }
        }
        StockEvent::Released { allocations, lines, reason, key, returned } => {
            if let StockState::Reservation(reservation) = state {
                released(reservation, allocations, lines);
                remember(reservation, *reason, key);
                end(reservation, lines.is_empty(), *reason, *returned);
            }
        }
    }
}

fn touch(entity: &EntityId, state: &mut StockState, event: &Event<'_, Stock>) {
    let Some(name) = entity.as_str().strip_prefix("sku/") else { return };
    let sku = sku_of(state);
    match event.event {
        StockEvent::Moved { change, .. } => settle(sku, change),
        StockEvent::TransferStarted { from, to } => {
            settle(sku, from);
            let level = level_of(sku, to);
            level.in_transit = level.in_transit.saturating_add(from.quantity);
        }
        StockEvent::TransferReceived { to } => {
            settle(sku, to);
            let level = level_of(sku, &to.warehouse);
            level.in_transit = level.in_transit.saturating_sub(to.quantity);
        }
        StockEvent::Observations { allocations, observed_at } => {
            let place = allocations.binary_search_by(|change| change.sku.as_str().cmp(name));
            if let Some(change) = place.ok().and_then(|place| allocations.get(place)) {
                settle(sku, change);
                level_of(sku, &change.warehouse).observed_at = Some(*observed_at);
            }
        }
        StockEvent::Reserved { allocations, .. }
        | StockEvent::Released { allocations, .. }
        | StockEvent::Committed { allocations } => {
            for allocation in allocations.iter().filter(|allocation| allocation.sku == name) {
                settle(sku, allocation);
            }
        }
        StockEvent::Configured { parts_joined, .. } => {
            let bundle = event.entity.as_str().strip_prefix("sku/").unwrap_or_default();
            sku.bundles.retain(|known| known != bundle);
            if parts_joined.iter().any(|part| part == name) {
                sku.bundles.push(bundle.to_owned());
            }
        }
        StockEvent::WarehousePut { .. }
        | StockEvent::Retotalled { .. }
        | StockEvent::Observed { .. }
        | StockEvent::Wanted { .. }
        | StockEvent::Renewed { .. }
        | StockEvent::CommitFailed { .. } => {}
    }
}

fn register(state: &mut StockState, warehouse: &Warehouse) {
    if !matches!(state, StockState::Warehouses(_)) {
        *state = StockState::Warehouses(Warehouses::default());
    }
    if let StockState::Warehouses(register) = state {
        match register.place(&warehouse.code) {
            Ok(place) => register.warehouses[place] = warehouse.clone(),
            Err(place) => register.warehouses.insert(place, warehouse.clone()),
        }
    }
}

fn movement(kind: MovementKind, change: &Allocation, reason: Option<String>) -> MovementState {
    let quantity = match kind {
        MovementKind::In | MovementKind::Adjustment => change.quantity,
        MovementKind::Out => change.quantity.saturating_neg(),
        MovementKind::Count => change.after.on_hand,
    };
    let (sku, warehouse) = (change.sku.clone(), change.warehouse.clone());
    MovementState { sku, warehouse, kind, quantity, reason }
}

fn reserved(
    state: &mut StockState,
    channel: &str,
    wanted: &[ReservationLine],
    allocations: &[Allocation],
    until: Timestamp,
) {
    if !matches!(state, StockState::Reservation(_)) {
        *state = StockState::Reservation(ReservationState {
            channel: channel.to_owned(),
            lines: wanted.iter().map(line).collect(),
            ..ReservationState::default()
        });
    }
    let StockState::Reservation(reservation) = state else { return };
    reservation.status = ReservationStatus::Held;
    reservation.until = until;
    for line in &mut reservation.lines {
        line.parts.clear();
    }
    for allocation in allocations {
        let Some(line) = line_of(reservation, allocation) else { continue };
        line.parts.push(Part {
            sku: (allocation.sku != line.sku).then(|| allocation.sku.clone()),
            warehouse: allocation.warehouse.clone(),
            quantity: allocation.quantity,
        });
    }
}

/// Takes what was given back out of the lines.
fn released(reservation: &mut ReservationState, allocations: &[Allocation], lines: &[LineUnits]) {
    if lines.is_empty() {
        for line in &mut reservation.lines {
            line.parts.clear();
        }
        return;
    }
    for allocation in allocations {
        let Some(line) = line_of(reservation, allocation) else { continue };
        let own = allocation.sku == line.sku;
        let part = line.parts.iter_mut().find(|part| {
            part.warehouse == allocation.warehouse
                && part.sku.as_ref().map_or(own, |sku| *sku == allocation.sku)
        });
        if let Some(part) = part {
            part.quantity = part.quantity.saturating_sub(allocation.quantity);
        }
        line.parts.retain(|part| part.quantity > 0);
    }
    for units in lines {
        if let Some(line) = reservation.lines.get_mut(units.line as usize) {
            line.released = line.released.saturating_add(units.quantity);
        }
    }
}

/// What the machine does by itself has no name that could come twice.
fn remember(reservation: &mut ReservationState, reason: ReleaseReason, key: &str) {
    let named = matches!(reason, ReleaseReason::Released | ReleaseReason::Cancelled);
    if named && !reservation.releases.iter().any(|known| known == key) {
        reservation.releases.push(key.to_owned());
    }
}

fn end(reservation: &mut ReservationState, whole: bool, reason: ReleaseReason, returned: bool) {
    if !whole && reservation.lines.iter().any(|line| line.left() > 0) {
        return;
    }
    reservation.status = match reason {
        _ if returned => ReservationStatus::Returned,
        ReleaseReason::Released => ReservationStatus::Released,
        ReleaseReason::Expired | ReleaseReason::Replaced => ReservationStatus::Expired,
        ReleaseReason::Cancelled => ReservationStatus::Cancelled,
    };
}

fn line(wanted: &ReservationLine) -> ReservedLine {
    ReservedLine {
        sku: wanted.sku.clone(),
        quantity: wanted.quantity,
        released: 0,
        warehouse: wanted.warehouse.clone(),
        parts: Vec::new(),
    }
}

fn line_of<'r>(
    reservation: &'r mut ReservationState,
    allocation: &Allocation,
) -> Option<&'r mut ReservedLine> {
    reservation.lines.get_mut(allocation.line? as usize)
}

fn sku_of(state: &mut StockState) -> &mut SkuState {
    if !matches!(state, StockState::Sku(_)) {
        *state = StockState::Sku(SkuState::default());
    }
    match state {
        StockState::Sku(sku) => sku,
        _ => unreachable!("it was made one above"),
    }
}

fn settle(sku: &mut SkuState, change: &Allocation) {
    sku.total_available = change.after.total_available;
    let level = level_of(sku, &change.warehouse);
    level.on_hand = change.after.on_hand;
    level.reserved = change.after.reserved;
}

fn level_of<'s>(sku: &'s mut SkuState, warehouse: &str) -> &'s mut Level {
    let place = sku.place(warehouse).unwrap_or_else(|place| {
        sku.levels.insert(place, Level::empty(warehouse));
        place
    });
    &mut sku.levels[place]
}
