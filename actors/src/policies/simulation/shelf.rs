//! Stock's stand-in: the same answers to the same commands, without warehouses.

use kontor_messages::{
    EntityId, Timestamp,
    stock::{ReleaseReason, ReservationLine, StockCommand, StockEvent},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Goods = BTreeMap<String, i64>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hold {
    Held,
    Committed,
    /// Ended, or never had: a commit may take it anew.
    Ended,
    Cancelled,
    Returned,
}

#[derive(Debug)]
struct Reservation {
    hold: Hold,
    wanted: Goods,
    until: Timestamp,
    keys: BTreeSet<String>,
}

impl Reservation {
    fn kept(&self) -> Goods {
        match self.hold {
            Hold::Held | Hold::Committed => {
                self.wanted.iter().filter(|(_, n)| **n > 0).map(|(s, n)| (s.clone(), *n)).collect()
            }
            Hold::Ended | Hold::Cancelled | Hold::Returned => Goods::new(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Shelf {
    free: Goods,
    reservations: BTreeMap<EntityId, Reservation>,
    /// Whether it takes goods anew even for a cancelled reservation, as a simpler stock might.
    stubborn: bool,
}

impl Shelf {
    pub(super) fn new(stubborn: bool, free: Goods) -> Self {
        Self { free, stubborn, ..Self::default() }
    }

    /// A unit more is there.
    pub(super) fn restock(&mut self, sku: &str) {
        *self.free.entry(sku.to_owned()).or_default() += 1;
    }

    /// What a reservation keeps from everybody else.
    pub(super) fn kept(&self, order: &EntityId) -> Goods {
        self.reservations.get(order).map(Reservation::kept).unwrap_or_default()
    }

    /// Whether the goods are the customer's.
    pub(super) fn is_committed(&self, order: &EntityId) -> bool {
        self.reservations.get(order).is_some_and(|known| known.hold == Hold::Committed)
    }

    /// Holds all lines or none; says whether it could. What is paid and short is remembered.
    pub(super) fn reserve(
        &mut self,
        order: &EntityId,
        wanted: Goods,
        until: Timestamp,
        paid: bool,
    ) -> (bool, Vec<StockEvent>) {
        let enough = self.take(&wanted);
        let hold = if enough { Hold::Held } else { Hold::Ended };
        if enough || paid {
            let keys = BTreeSet::new();
            self.reservations.insert(order.clone(), Reservation { hold, wanted, until, keys });
        }
        let events = if !enough && paid { vec![failed()] } else { Vec::new() };
        (enough, events)
    }

    pub(super) fn obey(&mut self, command: StockCommand) -> Vec<StockEvent> {
        match command {
            StockCommand::Renew { reservation, until } => {
                if let Some(known) = self.reservations.get_mut(&reservation) {
                    known.until = known.until.max(until);
                }
                Vec::new()
            }
            StockCommand::Release { reservation, lines, key, reason } => {
                self.release(&reservation, &lines, key, reason)
            }
            StockCommand::Commit { reservation } => self.commit(&reservation),
            other => panic!("no policy asks for {other:?}"),
        }
    }

    /// Ends what nobody has renewed.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(EntityId, StockEvent)> {
        let due = |known: &Reservation| known.hold == Hold::Held && known.until <= now;
        let ended: Vec<EntityId> = self
            .reservations
            .iter()
            .filter(|(_, known)| due(known))
            .map(|(id, _)| id.clone())
            .collect();
        for id in &ended {
            self.put_back(id);
            self.reservations.get_mut(id).unwrap().hold = Hold::Ended;
        }
        let event = || released(ReleaseReason::Expired, "expired".to_owned(), false);
        ended.into_iter().map(|id| (id, event())).collect()
    }

    fn commit(&mut self, id: &EntityId) -> Vec<StockEvent> {
        let Some(known) = self.reservations.get(id) else { return Vec::new() };
        let anew = match known.hold {
            Hold::Committed | Hold::Returned => return Vec::new(),
            Hold::Cancelled if !self.stubborn => return Vec::new(),
            Hold::Held => false,
            Hold::Ended | Hold::Cancelled => true,
        };
        let wanted = known.wanted.clone();
        if wanted.values().all(|units| *units == 0) {
            return Vec::new();
        }
        if anew && !self.take(&wanted) {
            return vec![failed()];
        }
        self.reservations.get_mut(id).unwrap().hold = Hold::Committed;
        vec![committed()]
    }

    fn release(
        &mut self,
        id: &EntityId,
        lines: &[ReservationLine],
        key: String,
        reason: ReleaseReason,
    ) -> Vec<StockEvent> {
        let Some(known) = self.reservations.get_mut(id) else { return Vec::new() };
        let over = matches!(known.hold, Hold::Cancelled | Hold::Returned);
        if over || !known.keys.insert(key.clone()) {
            return Vec::new();
        }
        let (held, returned) = (!known.kept().is_empty(), known.hold == Hold::Committed);
        if lines.is_empty() {
            self.put_back(id);
            let hold = if returned && !self.stubborn { Hold::Returned } else { Hold::Cancelled };
            self.reservations.get_mut(id).unwrap().hold = hold;
            return vec![released(reason, key, returned)];
        }
        for line in lines {
            let left = known.wanted.get_mut(&line.sku).unwrap();
            assert!(line.quantity <= *left, "more goes back than was taken");
            *left -= line.quantity;
            if held {
                *self.free.entry(line.sku.clone()).or_default() += line.quantity;
            }
        }
        vec![released(reason, key, returned)]
    }

    fn take(&mut self, wanted: &Goods) -> bool {
        let there = |sku: &String| self.free.get(sku).copied().unwrap_or_default();
        if wanted.iter().any(|(sku, units)| there(sku) < *units) {
            return false;
        }
        for (sku, units) in wanted {
            *self.free.entry(sku.clone()).or_default() -= units;
        }
        true
    }

    fn put_back(&mut self, id: &EntityId) {
        for (sku, units) in self.reservations[id].kept() {
            *self.free.entry(sku).or_default() += units;
        }
    }
}

fn committed() -> StockEvent {
    StockEvent::Committed { allocations: Vec::new() }
}

fn failed() -> StockEvent {
    StockEvent::CommitFailed { short: BTreeMap::new() }
}

/// Read from JSON: policies look at few of the members, and the others may change.
pub(in crate::policies) fn released(
    reason: ReleaseReason,
    key: String,
    returned: bool,
) -> StockEvent {
    let event = json!({
        "type": "released",
        "allocations": [],
        "lines": [],
        "reason": reason,
        "key": key,
        "returned": returned,
    });
    serde_json::from_value(event).unwrap()
}
