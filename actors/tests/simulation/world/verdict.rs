//! What must be true once everything has had time to arrive.

use super::{Simulation, calls::event};
use kontor_actors::{
    domain::{Domain, Event},
    notification::{Notification, NotificationState},
    order::{Order, state::OrderDocument},
    payment::Payment,
    stock::Stock,
};
use kontor_messages::{
    EntityId,
    order::{OrderStatus, StockStanding},
    stock::reservation_entity,
};
use std::collections::BTreeMap;

/// Of so many worlds one is replayed from its journal.
const REPLAY_EVERY: u64 = 8;

impl Simulation {
    pub(super) fn verdict(&mut self) -> Result<(), String> {
        let orders: Vec<EntityId> = self.checker.orders.values().flatten().cloned().collect();
        for id in &orders {
            let state = self.disk.state::<Order>(id);
            let Some(order) = state.order() else { return Err(format!("{id} is no order")) };
            self.check_order(id, order).map_err(|reason| format!("{id}: {reason}: {order:?}"))?;
        }
        self.check_money()?;
        self.check_holds(&orders)?;
        self.check_mail(&orders)?;
        self.check_promises()?;
        self.check_published()?;
        if self.chance.u64(..).is_multiple_of(REPLAY_EVERY) {
            self.replay::<Stock>()?;
            self.replay::<Order>()?;
            self.replay::<Payment>()?;
            self.replay::<Notification>()?;
        }
        Ok(())
    }

    fn check_order(&self, id: &EntityId, order: &OrderDocument) -> Result<(), String> {
        match order.status {
            OrderStatus::Pending | OrderStatus::PaidWithoutStock => Err("it still waits".into()),
            OrderStatus::Cancelled => self.check_cancelled(id, order),
            _ => self.check_alive(id, order),
        }
    }

    /// Its goods and its money are back, and all steps are done.
    fn check_cancelled(&self, id: &EntityId, order: &OrderDocument) -> Result<(), String> {
        let missing = order.cancellation.as_ref().map(|known| known.missing.clone());
        if missing.is_none_or(|missing| !missing.is_empty()) {
            return Err("its cancellation is not done".into());
        }
        if !self.kept(id).is_empty() {
            return Err(format!("it still keeps {:?}", self.kept(id)));
        }
        match self.money_of(id) {
            0 => Ok(()),
            money => Err(format!("the shop still has {money} of it")),
        }
    }

    /// It has the goods that it owes, and the money that it asks for.
    fn check_alive(&self, id: &EntityId, order: &OrderDocument) -> Result<(), String> {
        if order.stock != StockStanding::Committed {
            return Err("its goods are not its own".into());
        }
        let mut owed = BTreeMap::new();
        for line in &order.lines {
            let units = line.quantity - line.cancelled - line.returned;
            if units > 0 {
                owed.insert(line.sku.clone(), units);
            }
        }
        if self.kept(id) != owed {
            return Err(format!("it has {:?} of {owed:?}", self.kept(id)));
        }
        let wanted = if order.paid_by().is_some() { order.total_minor } else { 0 };
        match self.money_of(id) {
            money if money == wanted => Ok(()),
            money => Err(format!("the shop has {money} of {wanted} for it")),
        }
    }

    /// Units that a reservation keeps from everybody else.
    fn kept(&self, order: &EntityId) -> BTreeMap<String, i64> {
        let state = self.disk.state::<Stock>(&reservation_entity(order));
        let mut kept = BTreeMap::new();
        let held = state.as_reservation().filter(|known| known.has_goods());
        for line in held.into_iter().flat_map(|held| &held.lines) {
            let units: i64 = line.parts.iter().map(|part| part.quantity).sum();
            if units > 0 {
                *kept.entry(line.sku.clone()).or_insert(0) += units;
            }
        }
        kept
    }

    /// What the provider has of the payments for an order.
    fn money_of(&self, order: &EntityId) -> i64 {
        let payments = self.disk.entities::<Payment>().filter(|payment| {
            let state = self.disk.state::<Payment>(payment);
            state.payment().is_some_and(|known| known.order.as_ref() == Some(order))
        });
        payments
            .map(|payment| {
                let (taken, back) = self.provider.totals(payment);
                taken - back
            })
            .sum()
    }

    /// The ledger is equal to the provider's books.
    fn check_money(&self) -> Result<(), String> {
        for charge in self.provider.charges.values() {
            let (booked, books) =
                (self.checker.booked(&charge.payment), self.provider.totals(&charge.payment));
            if booked != books {
                return Err(format!(
                    "{} has {booked:?} booked, its provider {books:?}",
                    charge.payment
                ));
            }
        }
        Ok(())
    }

    /// Nothing is held for an order that is not there.
    fn check_holds(&self, orders: &[EntityId]) -> Result<(), String> {
        for id in self.disk.entities::<Stock>() {
            let Some(order) = id.as_str().strip_prefix("reservation/") else { continue };
            let order = EntityId::named(order);
            if !orders.contains(&order) && !self.kept(&order).is_empty() {
                return Err(format!("{id} keeps goods for nobody"));
            }
        }
        Ok(())
    }

    /// One confirmation for each order, one farewell for each cancelled one.
    fn check_mail(&self, orders: &[EntityId]) -> Result<(), String> {
        let mut mail: BTreeMap<(String, EntityId), usize> = BTreeMap::new();
        for id in self.disk.entities::<Notification>() {
            if let NotificationState::Notification(message) = self.disk.state::<Notification>(id)
                && let Some(about) = message.about
            {
                *mail.entry((message.template, about)).or_insert(0) += 1;
            }
        }
        let count = |template: &str, order: &EntityId| {
            mail.get(&(template.to_owned(), order.clone())).copied().unwrap_or(0)
        };
        for id in orders {
            let state = self.disk.state::<Order>(id);
            let over = state.order().is_some_and(|order| order.status == OrderStatus::Cancelled);
            let told = (count("order_confirmation", id), count("cancelled", id));
            if told != (1, usize::from(over)) {
                return Err(format!("{id} was confirmed and cancelled {told:?} times by mail"));
            }
        }
        Ok(())
    }

    /// Every deadline was kept.
    fn check_promises(&self) -> Result<(), String> {
        match self.disk.due(self.now).first() {
            None => Ok(()),
            Some((domain, id)) => Err(format!("{domain}/{id} waits for a time that is over")),
        }
    }

    /// Everything has reached the consumer.
    fn check_published(&self) -> Result<(), String> {
        let lost = self.disk.journal.iter().find(|row| !self.broker.has(row.event.id));
        match lost {
            None => Ok(()),
            Some(row) => Err(format!("{} ({}) was never published", row.event.name, row.event.seq)),
        }
    }

    /// The journal gives every state again, byte for byte.
    fn replay<D: Domain>(&self) -> Result<(), String> {
        let mut states: BTreeMap<EntityId, (D::State, i64)> = BTreeMap::new();
        for row in self.disk.journal.iter().filter(|row| row.domain == D::NAME) {
            let happened = event::<D>(&row.event);
            let owner = &row.event.entity;
            let touched = row.touched.iter().cloned();
            for (id, version) in [(owner.clone(), row.event.version)].into_iter().chain(touched) {
                let (state, known) = states.entry(id.clone()).or_default();
                let at = row.event.at;
                D::apply(&id, state, &Event { entity: owner, event: &happened, at, version });
                *known = version;
            }
        }
        for (id, (state, version)) in states {
            let stored = &self.disk.states[&(D::NAME, id.clone())];
            let kept = stored.state.json().map_err(|broken| broken.to_string())?;
            let given = serde_json::to_string(&state).map_err(|broken| broken.to_string())?;
            if (kept.as_str(), stored.version) != (given.as_str(), version) {
                return Err(format!("{} {id} is {kept}, its journal gives {given}", D::NAME));
            }
        }
        Ok(())
    }
}
