//! What must be true after every step. It reads journal rows, cursors and the partners' books, and
//! counts for itself: nothing of it asks a decider or a state.

use super::{
    Simulation,
    calls::event,
    disk::Row,
    followers::{self, ALL},
};
use kontor_actors::{domain::Domain, order::Order, payment::Payment, stock::Stock, store::Seq};
use kontor_messages::{
    EntityId,
    order::OrderEvent,
    payment::{LedgerKind, PaymentEvent},
    stock::StockEvent,
};
use std::collections::{BTreeMap, BTreeSet};

/// What was counted so far.
#[derive(Default)]
pub struct Checker {
    rows: usize,
    versions: BTreeMap<(&'static str, EntityId), i64>,
    /// Units of a product that nobody holds.
    free: BTreeMap<String, i64>,
    /// What the ledger says came for a payment, and went.
    booked: BTreeMap<EntityId, (i64, i64)>,
    /// Whose orders there are: customer to orders.
    pub orders: BTreeMap<String, Vec<EntityId>>,
    /// What each follower has surely done, by sequence.
    handled: BTreeMap<&'static str, BTreeSet<Seq>>,
    /// Up to where each cursor was found to be right.
    cursors: BTreeMap<&'static str, Seq>,
}

impl Checker {
    /// A follower's effect is there.
    pub fn handled(&mut self, follower: &'static str, seq: Seq) {
        self.handled.entry(follower).or_default().insert(seq);
    }

    /// What the ledger says came for a payment, and went.
    pub fn booked(&self, payment: &EntityId) -> (i64, i64) {
        self.booked.get(payment).copied().unwrap_or_default()
    }

    fn row(&mut self, place: usize, row: &Row) -> Result<(), String> {
        let stored = &row.event;
        if stored.seq != place as Seq + 1 {
            return Err(format!("sequence {} stands at place {}", stored.seq, place + 1));
        }
        self.version(row.domain, &stored.entity, stored.version)?;
        for (entity, version) in &row.touched {
            self.version(row.domain, entity, *version)?;
        }
        match row.domain {
            Stock::NAME => self.stock(&event::<Stock>(stored)),
            Payment::NAME => {
                self.money(&stored.entity, &event::<Payment>(stored));
                Ok(())
            }
            Order::NAME => {
                if let OrderEvent::Created { place, .. } = event::<Order>(stored) {
                    let orders = self.orders.entry(place.customer.name).or_default();
                    orders.push(stored.entity.clone());
                    if orders.len() > 1 {
                        return Err(format!("one request has led to two orders: {orders:?}"));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn version(
        &mut self,
        domain: &'static str,
        entity: &EntityId,
        version: i64,
    ) -> Result<(), String> {
        let last = self.versions.entry((domain, entity.clone())).or_insert(0);
        if version != *last + 1 {
            return Err(format!("{domain}/{entity} has version {version} after version {last}"));
        }
        *last = version;
        Ok(())
    }

    fn stock(&mut self, event: &StockEvent) -> Result<(), String> {
        let (allocations, sign) = match event {
            StockEvent::Moved { change, .. } => (std::slice::from_ref(change), 1),
            StockEvent::Reserved { allocations, .. } => (&allocations[..], -1),
            StockEvent::Released { allocations, .. } => (&allocations[..], 1),
            _ => return Ok(()),
        };
        for allocation in allocations {
            let free = self.free.entry(allocation.sku.clone()).or_insert(0);
            *free += sign * allocation.quantity;
            if *free < 0 {
                return Err(format!("{} is oversold by {}", allocation.sku, -*free));
            }
        }
        Ok(())
    }

    fn money(&mut self, payment: &EntityId, event: &PaymentEvent) {
        let PaymentEvent::Booked { kind, amount, .. } = event else { return };
        let booked = self.booked.entry(payment.clone()).or_default();
        match kind {
            LedgerKind::Capture => booked.0 += amount.amount_minor,
            LedgerKind::Refund => booked.1 += amount.amount_minor,
            LedgerKind::RefundReversal => booked.1 -= amount.amount_minor,
            _ => {}
        }
    }
}

impl Simulation {
    /// Looks at what is new.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let checker = &mut self.checker;
        for (place, row) in self.disk.journal.iter().enumerate().skip(checker.rows) {
            checker.row(place, row)?;
        }
        checker.rows = self.disk.journal.len();
        for (payment, (came, went)) in &checker.booked {
            let (taken, back) = self.provider.totals(payment);
            if *came > taken || *went > back {
                return Err(format!(
                    "{payment} has {came} booked and {went} back, its provider {taken} and {back}"
                ));
            }
        }
        self.check_provider()?;
        self.check_cursors()?;
        self.check_answers()
    }

    /// Nobody was charged more than agreed, and no refund was made twice.
    fn check_provider(&self) -> Result<(), String> {
        for (reference, charge) in &self.provider.charges {
            if charge.captured > charge.amount {
                return Err(format!("{reference} was taken twice: {charge:?}"));
            }
            let names: BTreeSet<_> = charge.refunds.iter().map(|(refund, _)| refund).collect();
            if names.len() < charge.refunds.len() {
                return Err(format!("{reference} was given back twice: {charge:?}"));
            }
        }
        Ok(())
    }

    /// A cursor never stands behind something that is not done.
    fn check_cursors(&mut self) -> Result<(), String> {
        for follower in ALL {
            let cursor = self.disk.cursors.get(follower).copied().unwrap_or(0);
            let checked = self.checker.cursors.entry(follower).or_insert(0);
            let handled = self.checker.handled.entry(follower).or_default();
            for seq in *checked + 1..=cursor {
                let row = &self.disk.journal[seq as usize - 1];
                let concerned = followers::lane(follower, &row.event).is_some();
                if concerned && !handled.contains(&seq) {
                    return Err(format!(
                        "{follower} stands at {cursor} and has not done {} ({seq})",
                        row.event.name
                    ));
                }
            }
            *checked = cursor.max(*checked);
        }
        Ok(())
    }

    /// What a client was told is in the database, at least as it was told.
    fn check_answers(&self) -> Result<(), String> {
        for request in &self.clients.requests {
            let Some(Ok((entity, version))) = &request.answer else { continue };
            let known = |domain| self.disk.states.get(&(domain, entity.clone()));
            let stored = [Order::NAME, Payment::NAME, Stock::NAME].into_iter().find_map(known);
            let stands = stored.map_or(0, |stored| stored.version);
            if stands < *version {
                return Err(format!(
                    "{} was told of {entity} at version {version}, and there is {stands}",
                    request.key
                ));
            }
        }
        Ok(())
    }
}
