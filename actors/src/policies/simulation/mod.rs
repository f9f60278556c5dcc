//! A whole shop in small: real orders, stand-ins for stock and payment, and policies between them
//! that are told twice, in part, and in another order than things happened.
//!
//! Facts of one entity stay in order, as the journal keeps them; a follower that crashes goes back.

mod checks;
mod properties;
pub(super) mod shelf;
pub(super) mod till;

use super::{Act, Fact, Occurrence, react};
use crate::{
    order::{Order, state::OrderDocument},
    testing::{Stage, given, tenant},
};
use kontor_messages::{
    Currency, EntityId, EventId, Timestamp,
    order::{Customer, OrderCommand, OrderEvent, OrderLine, PlaceOrder, StockStanding, Totals},
    payment::PaymentEvent,
    stock::{StockCommand, StockEvent, reservation_entity},
};
use shelf::{Goods, Shelf};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use till::Till;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
enum Happened {
    Stock(StockEvent),
    Order(OrderEvent),
    Payment(PaymentEvent),
}

#[derive(Debug)]
struct Told {
    id: EventId,
    at: Timestamp,
    happened: Happened,
}

/// The facts of one entity, and how far policies have got with them.
#[derive(Debug, Default)]
struct Lane {
    facts: Vec<Told>,
    cursor: usize,
    /// What follows from the fact at the cursor and is still on its way, decided on what was known
    /// when the fact was heard.
    under_way: Option<VecDeque<Act>>,
}

pub(super) struct Shop {
    orders: Stage<Order>,
    placed: Vec<EntityId>,
    shelf: Shelf,
    till: Till,
    lanes: BTreeMap<EntityId, Lane>,
    mail: BTreeMap<EntityId, String>,
    /// What policies have asked of stock so far.
    asked: Vec<StockCommand>,
    events: u128,
}

impl Shop {
    pub(super) fn new(stubborn: bool, mugs: i64, pens: i64) -> Self {
        let free = Goods::from([("mug".to_owned(), mugs), ("pen".to_owned(), pens)]);
        Self {
            orders: given([]),
            placed: Vec::new(),
            shelf: Shelf::new(stubborn, free),
            till: Till::default(),
            lanes: BTreeMap::new(),
            mail: BTreeMap::new(),
            asked: Vec::new(),
            events: 0,
        }
    }

    /// An order comes in, as the intake takes it: first its goods, then itself.
    pub(super) fn place(&mut self, mugs: i64, pens: i64, paid: bool) {
        let order = EntityId::named(format!("order-{}", self.placed.len()));
        let now = self.orders.now();
        let wanted = Goods::from([("mug".to_owned(), mugs), ("pen".to_owned(), pens)]);
        let pay_until = now.plus(60 * MINUTE);
        let (enough, events) =
            self.shelf.reserve(&order, wanted, pay_until.plus(15 * MINUTE), paid);
        let stock = match (enough, paid) {
            (true, _) => StockStanding::Held,
            (false, true) => StockStanding::Short,
            (false, false) => return,
        };
        self.tell_stock(&order, events);
        self.placed.push(order.clone());
        let place = Box::new(cart(mugs, pens, paid));
        let number_format = "{year}-{number:06}".to_owned();
        let (day, orders_max) = (None, None);
        self.ask(OrderCommand::Place {
            order,
            place,
            stock,
            pay_until,
            number_format,
            day,
            orders_max,
        });
    }

    /// Somebody asks something of an order, and may be refused.
    pub(super) fn ask(&mut self, command: OrderCommand) {
        let Ok(events) = self.orders.obey(command) else { return };
        for (owner, event) in events {
            self.tell(owner, Happened::Order(event));
        }
    }

    /// A customer begins to pay what the order says at that moment.
    pub(super) fn open_payment(&mut self, order: usize) {
        let order = self.placed[order % self.placed.len()].clone();
        let payment = EntityId::named(format!("payment-{}", self.till.payments.len()));
        let until = self.orders.now().plus(90 * MINUTE);
        let amount = self.document(&order).total_minor;
        let event = self.till.request(payment.clone(), order, amount, until);
        self.tell(payment, Happened::Payment(event));
    }

    pub(super) fn pay(&mut self, payment: usize) {
        let payment = payment % self.till.payments.len().max(1);
        let payment = EntityId::named(format!("payment-{payment}"));
        let events = self.till.pay(&payment);
        self.tell_payment(&payment, events);
    }

    pub(super) fn provider_answers(&mut self, payment: usize) {
        let payment = payment % self.till.payments.len().max(1);
        let payment = EntityId::named(format!("payment-{payment}"));
        let events = self.till.provider_answers(&payment);
        self.tell_payment(&payment, events);
    }

    pub(super) fn restock(&mut self) {
        self.shelf.restock("mug");
    }

    /// Time passes; whoever waited for it is woken.
    pub(super) fn wait(&mut self, span: Duration) {
        self.orders = std::mem::replace(&mut self.orders, given([])).after(span);
        self.till.expire(self.orders.now());
        for (order, event) in self.shelf.expire(self.orders.now()) {
            self.tell_stock(&order, vec![event]);
        }
        for order in self.placed.clone() {
            if self.document(&order).due().is_some_and(|due| due <= self.orders.now()) {
                self.ask(OrderCommand::Wake { order });
            }
        }
    }

    /// Policies hear of one lane's next fact, or one more of the acts that follow from it lands.
    pub(super) fn deliver(&mut self, lane: usize) {
        let behind = self.behind();
        if behind.is_empty() {
            return;
        }
        let entity = &behind[lane % behind.len()];
        let acts = match self.lanes.get_mut(entity).and_then(|lane| lane.under_way.take()) {
            None => self.reactions(entity).into(),
            Some(mut acts) => {
                if let Some(act) = acts.pop_front() {
                    self.act(act);
                }
                acts
            }
        };
        let lane = self.lanes.get_mut(entity).unwrap();
        if acts.is_empty() {
            lane.cursor += 1;
        } else {
            lane.under_way = Some(acts);
        }
    }

    /// A node that was given up for dead asks stock once more for something long done.
    pub(super) fn echo(&mut self, index: usize) {
        if let Some(command) = self.asked.get(index % self.asked.len().max(1)).cloned() {
            self.ask_stock(command);
        }
    }

    /// A follower dies in the middle, and goes back to where it last wrote down how far it was.
    pub(super) fn crash(&mut self, lane: usize, facts: usize) {
        let count = self.lanes.len().max(1);
        if let Some(lane) = self.lanes.values_mut().nth(lane % count) {
            lane.cursor = lane.cursor.saturating_sub(facts);
            lane.under_way = None;
        }
    }

    /// Days go by, and everything that was still under way arrives.
    pub(super) fn settle(&mut self) {
        for _ in 0..(24 * 8) {
            self.drain();
            self.wait(15 * MINUTE);
        }
        self.wait(3 * 24 * 60 * MINUTE);
        for _ in 0..8 {
            self.drain();
            self.wait(15 * MINUTE);
        }
    }

    pub(super) fn drain(&mut self) {
        for round in 0.. {
            assert!(round < 100_000, "policies go round in circles");
            for payment in 0..self.till.payments.len() {
                self.provider_answers(payment);
            }
            if self.behind().is_empty() {
                return;
            }
            self.deliver(round);
        }
    }

    fn behind(&self) -> Vec<EntityId> {
        let late = |lane: &Lane| lane.cursor < lane.facts.len();
        self.lanes.iter().filter(|(_, lane)| late(lane)).map(|(id, _)| id.clone()).collect()
    }

    fn reactions(&self, entity: &EntityId) -> Vec<Act> {
        let lane = &self.lanes[entity];
        let told = &lane.facts[lane.cursor];
        let tenant = tenant();
        let (order, payment);
        let fact = match &told.happened {
            Happened::Stock(event) => Fact::Stock(event),
            Happened::Payment(event) => {
                payment = till::document(event);
                Fact::Payment(event, &payment)
            }
            Happened::Order(event) => {
                order = self.document(entity);
                Fact::Order(event, &order)
            }
        };
        react(&Occurrence { tenant: &tenant, id: told.id, at: told.at, entity, fact })
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Order(command) => self.ask(command),
            Act::Stock(command) => {
                self.asked.push(command.clone());
                self.ask_stock(command);
            }
            Act::Payment(command) => {
                let (payment, events) = self.till.obey(command);
                self.tell_payment(&payment, events);
            }
            Act::User(other) => panic!("no order leads to {other:?}"),
            Act::Payout(other) => panic!("no card leads to {other:?}"),
            Act::Notification(command) => {
                let queue = serde_json::to_value(command).unwrap();
                let word = |member: &str| queue[member].as_str().unwrap_or_default();
                let text = format!("{} {}", word("template"), word("about"));
                self.mail.insert(EntityId::named(word("notification")), text);
            }
        }
    }

    fn ask_stock(&mut self, command: StockCommand) {
        let order = match &command {
            StockCommand::Renew { reservation, .. }
            | StockCommand::Release { reservation, .. }
            | StockCommand::Commit { reservation } => reservation.clone(),
            other => panic!("no policy asks for {other:?}"),
        };
        let events = self.shelf.obey(command);
        self.tell_stock(&order, events);
    }

    fn document(&self, order: &EntityId) -> OrderDocument {
        self.orders.state(order).order().unwrap().clone()
    }

    fn tell_stock(&mut self, order: &EntityId, events: Vec<StockEvent>) {
        for event in events {
            self.tell(reservation_entity(order), Happened::Stock(event));
        }
    }

    fn tell_payment(&mut self, payment: &EntityId, events: Vec<PaymentEvent>) {
        for event in events {
            self.tell(payment.clone(), Happened::Payment(event));
        }
    }

    fn tell(&mut self, entity: EntityId, happened: Happened) {
        self.events += 1;
        let id = EventId(uuid::Uuid::from_u128(self.events));
        let told = Told { id, at: self.orders.now(), happened };
        self.lanes.entry(entity).or_default().facts.push(told);
    }
}

fn cart(mugs: i64, pens: i64, paid: bool) -> PlaceOrder {
    let line = |sku: &str, quantity, unit_price_minor| OrderLine {
        sku: sku.to_owned(),
        title: sku.to_owned(),
        quantity,
        unit_price_minor,
        warehouse: None,
    };
    let subtotal_minor = mugs * 100 + pens * 10;
    PlaceOrder {
        channel: "web".to_owned(),
        account: None,
        external_id: None,
        currency: Currency::CZK,
        customer: Customer {
            name: "Jana".to_owned(),
            email: Some("jana@example.com".to_owned()),
            phone: None,
            language: None,
        },
        shipping_address: None,
        billing_address: None,
        lines: vec![line("mug", mugs, 100), line("pen", pens, 10)],
        totals: Totals {
            subtotal_minor,
            shipping_minor: 50,
            discount_minor: 20,
            tax_minor: 0,
            total_minor: subtotal_minor + 30,
        },
        shipping_method: None,
        paid,
        note: None,
    }
}
