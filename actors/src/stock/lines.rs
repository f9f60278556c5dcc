//! Lines of an order become units of products in warehouses: all of them, or none.
//!
//! A bundle's line takes its parts. What is kept back from a channel is kept back from promises
//! only: a sale that is paid for may have it, that is what it is there for.

use super::{
    Decided, Stock, check,
    ledger::{Ledger, Step},
    read::{buffer, bundles},
    state::{ReservationState, ReservedLine, StockState},
};
use crate::{
    domain::{Decision, Stop, refuse},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{ReservationLine, StockEvent, StockRefusal, reservation_entity},
};
use std::collections::BTreeMap;

/// How many parts a reservation may have: a line has one for each warehouse that it is taken from,
/// and a bundle's line for each of its products.
const PARTS_MAX: usize = 1000;

/// What a reservation asks for.
pub(super) struct Wish {
    pub(super) channel: String,
    pub(super) lines: Vec<ReservationLine>,
    pub(super) until: Timestamp,
    pub(super) paid: bool,
}

/// Why lines cannot be had.
#[derive(Default)]
pub(super) struct Shortage {
    /// The first line's obstacle.
    pub(super) first: Option<StockRefusal>,
    /// What is missing, by product.
    pub(super) missing: BTreeMap<String, i64>,
}

/// Holds all lines or none. What is paid for already is held too, with a deadline: it is committed
/// for an order that is there, so goods are never gone for one that a crash has kept from being
/// placed.
pub(super) fn reserve(
    world: &World<'_, Stock>,
    id: &EntityId,
    wish: Wish,
    now: Timestamp,
) -> Decided {
    check::id("/reservation", id)?;
    let entity = reservation_entity(id);
    if let StockState::Reservation(known) = world.get(&entity)? {
        return again(id, known, &wish);
    }
    check::lines(&wish.lines, 1)?;
    check::text("/channel", &wish.channel, 40)?;
    if wish.until <= now {
        return check::invalid("/until", "expected a time that is not past");
    }
    let mut ledger = Ledger::new(world)?;
    let keep_from = (!wish.paid).then_some(wish.channel.as_str());
    let shortage = take(&mut ledger, &wish.lines, keep_from)?;
    let Wish { channel, lines: wanted, until, paid } = wish;
    if let Some(first) = shortage.first {
        if !paid {
            return refuse(first);
        }
        let short = shortage.missing;
        let events =
            vec![StockEvent::Wanted { channel, wanted }, StockEvent::CommitFailed { short }];
        return Ok(Decision::of(entity, events));
    }
    let allocations = ledger.close();
    let reserved = StockEvent::Reserved { channel, wanted, allocations, until };
    Ok(Decision::of(entity, vec![reserved]))
}

/// The id is known already: the same wish changes nothing, whatever has become of it since.
fn again(id: &EntityId, known: &ReservationState, wish: &Wish) -> Decided {
    let alike = |(known, asked): (&ReservedLine, &ReservationLine)| {
        known.sku == asked.sku
            && known.quantity == asked.quantity
            && known.warehouse == asked.warehouse
    };
    let same = known.channel == wish.channel
        && known.lines.len() == wish.lines.len()
        && known.lines.iter().zip(&wish.lines).all(alike);
    if !same {
        return refuse(StockRefusal::Differs(id.clone()));
    }
    Ok(Decision::nothing(reservation_entity(id)))
}

/// Puts holds for the lines into the ledger. Where something is short, the ledger is of no use
/// any more, and the answer says what is missing.
pub(super) fn take(
    ledger: &mut Ledger<'_, '_>,
    lines: &[ReservationLine],
    keep_from: Option<&str>,
) -> Step<Shortage> {
    open(ledger, lines)?;
    let mut shortage = Shortage::default();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.quantity > 0) {
        let need = Need::of(ledger, index, line)?;
        match need.obstacle(ledger, keep_from, &mut shortage.missing) {
            Some(obstacle) => {
                shortage.first.get_or_insert(obstacle);
                need.hold_what_there_is(ledger)?;
            }
            None => need.hold(ledger)?,
        }
        if ledger.pending() > PARTS_MAX {
            return check::invalid("/lines", format!("expected at most {PARTS_MAX} parts in all"));
        }
    }
    Ok(shortage)
}

/// Has everything loaded together that the lines need.
fn open(ledger: &mut Ledger<'_, '_>, lines: &[ReservationLine]) -> Step<()> {
    let opened = ledger.open_all(lines.iter().map(|line| line.sku.as_str()));
    let mut all = opened;
    for line in lines {
        let Ok(place) = ledger.open(&line.sku) else { continue };
        let Some(known) = ledger.product(place).known else { continue };
        all = all.and(ledger.open_all(known.settings.components.keys().map(String::as_str)));
    }
    all.map_err(Stop::from)
}

/// What one line needs.
struct Need<'l> {
    index: usize,
    line: &'l ReservationLine,
    product: usize,
    /// Products with their units for one of the line's.
    parts: Vec<(usize, i64)>,
}

impl<'l> Need<'l> {
    fn of(ledger: &mut Ledger<'_, '_>, index: usize, line: &'l ReservationLine) -> Step<Self> {
        let product = ledger.open(&line.sku)?;
        let parts = match ledger.product(product).known {
            Some(known) if known.is_bundle() => {
                let components = known.settings.components.iter();
                let part = |(sku, each): (&String, &i64)| Ok((ledger.open(sku)?, *each));
                components.map(part).collect::<Step<_>>()?
            }
            _ => vec![(product, 1)],
        };
        Ok(Self { index, line, product, parts })
    }

    /// Why the line cannot be had; adds what is missing.
    fn obstacle(
        &self,
        ledger: &Ledger<'_, '_>,
        keep_from: Option<&str>,
        missing: &mut BTreeMap<String, i64>,
    ) -> Option<StockRefusal> {
        let line = self.line;
        let from = line.warehouse.as_deref();
        let known = ledger.product(self.product).known;
        let (refusal, closed) =
            match (known, from.map(|code| (code, ledger.warehouses().get(code)))) {
                (None, _) => {
                    let (line, sku) = (Some(self.index), line.sku.clone());
                    (Some(StockRefusal::UnknownSku { line, sku }), true)
                }
                (_, Some((code, None))) => {
                    (Some(StockRefusal::UnknownWarehouse(code.to_owned())), true)
                }
                (_, Some((code, Some(found)))) if !found.active => {
                    (Some(StockRefusal::InactiveWarehouse(code.to_owned())), true)
                }
                _ => (None, false),
            };
        let open = ledger.can_backorder();
        let units = |(place, each): &(usize, i64)| {
            let product = ledger.product(*place);
            let endless = product.backorder() && open && !closed;
            let units = if closed { 0 } else { product.sellable(from, keep_from) };
            (units, *each, endless)
        };
        let mut enough = true;
        for part in &self.parts {
            let (there, each, endless) = units(part);
            let short = each.saturating_mul(line.quantity).saturating_sub(there);
            if short > 0 && !endless {
                enough = false;
                let sum = missing.entry(ledger.product(part.0).sku.clone()).or_default();
                *sum = sum.saturating_add(short);
            }
        }
        if refusal.is_some() {
            return refusal;
        }
        let kept = match (known, keep_from) {
            (Some(known), Some(channel)) if known.is_bundle() => buffer(&known.settings, channel),
            _ => 0,
        };
        let available = bundles(self.parts.iter().map(units)).saturating_sub(kept).max(0);
        let endless = self.parts.iter().all(|part| units(part).2);
        if enough && (endless || available >= line.quantity) {
            return None;
        }
        let (sku, wanted) = (line.sku.clone(), line.quantity);
        Some(StockRefusal::OutOfStock { line: self.index, sku, available, wanted })
    }

    fn hold(&self, ledger: &mut Ledger<'_, '_>) -> Step<()> {
        for (place, each) in &self.parts {
            let units = each.saturating_mul(self.line.quantity);
            ledger.hold(*place, self.line.warehouse.as_deref(), units, self.index as u32)?;
        }
        Ok(())
    }

    /// So that the lines after a short one do not count on the same units.
    fn hold_what_there_is(&self, ledger: &mut Ledger<'_, '_>) -> Step<()> {
        let from = self.line.warehouse.as_deref();
        for (place, each) in &self.parts {
            let there = ledger.product(*place).sellable(from, None);
            let units = each.saturating_mul(self.line.quantity).min(there);
            ledger.hold(*place, from, units, self.index as u32)?;
        }
        Ok(())
    }
}
