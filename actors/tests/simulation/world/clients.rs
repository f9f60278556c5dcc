//! Whoever asks from outside, and what each remembers: what was asked under which key, and what was
//! answered. A client that was not answered asks again with the same key.

use kontor_messages::{
    Currency, EntityId, Timestamp,
    order::OrderCommand,
    order::{CancelReason, Customer, LineQuantity, OrderLine, Parcel, PlaceOrder, Totals},
};

/// How often a client asks before it gives up.
const TRIES_MAX: u32 = 12;

/// A wish of somebody outside.
#[derive(Clone, Debug)]
pub enum Wish {
    Place(Box<PlaceOrder>),
    Pay { order: EntityId, hold: bool },
    Capture { payment: EntityId },
    CancelPayment { payment: EntityId },
    Order(Box<OrderCommand>),
    Deliver { sku: &'static str, quantity: i64 },
}

/// A request as its sender knows it.
pub struct Request {
    pub key: String,
    pub wish: Wish,
    /// Copies on their way to the node.
    pub on_the_way: u32,
    pub tries: u32,
    pub next_at: Timestamp,
    pub answer: Option<Result<(EntityId, i64), String>>,
}

#[derive(Default)]
pub struct Clients {
    pub requests: Vec<Request>,
}

impl Clients {
    pub fn wish(&mut self, wish: Wish, now: Timestamp) {
        let key = format!("request-{}", self.requests.len());
        let request = Request { key, wish, on_the_way: 1, tries: 1, next_at: now, answer: None };
        self.requests.push(request);
    }

    /// Requests of which a copy is on its way.
    pub fn on_the_way(&self) -> Vec<usize> {
        self.all(|request| request.on_the_way > 0)
    }

    /// Requests that nobody has answered for too long.
    pub fn unanswered(&self, now: Timestamp) -> Vec<usize> {
        self.all(|request| {
            let waits = request.answer.is_none() && request.on_the_way == 0;
            waits && request.tries < TRIES_MAX && request.next_at <= now
        })
    }

    /// Whether somebody still waits and would ask again.
    pub fn wait(&self) -> bool {
        self.requests.iter().any(|request| request.answer.is_none() && request.tries < TRIES_MAX)
    }

    fn all(&self, fits: impl Fn(&Request) -> bool) -> Vec<usize> {
        let fitting = self.requests.iter().enumerate().filter(|(_, request)| fits(request));
        fitting.map(|(place, _)| place).collect()
    }
}

/// A cart of mugs and pens. The customer's name is the request's, so that it is seen which order
/// came of which request.
pub fn cart(
    name: String,
    mugs: i64,
    pens: i64,
    paid: bool,
    external: Option<String>,
) -> PlaceOrder {
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
        external_id: external,
        currency: Currency::CZK,
        customer: Customer {
            name,
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

/// What people ask of an order.
pub fn order_wish(chance: &mut fastrand::Rng, order: EntityId) -> OrderCommand {
    let one = || vec![LineQuantity { line: 0, quantity: 1 }];
    let parcel = |lines| Parcel {
        carrier: "post".to_owned(),
        tracking_number: None,
        tracking_url: None,
        lines,
    };
    let (reason, key) = (CancelReason::Customer, None);
    match chance.u32(..12) {
        0..3 => OrderCommand::Confirm { order },
        3..6 => OrderCommand::Cancel { order, reason, lines: Vec::new(), key },
        6 => OrderCommand::Cancel { order, reason, lines: one(), key: Some(random_key(chance)) },
        7 => OrderCommand::RetryStock { order },
        8 => OrderCommand::Ship { order, parcel: parcel(one()), key: Some(random_key(chance)) },
        9 => OrderCommand::Ship { order, parcel: parcel(Vec::new()), key: None },
        10 => OrderCommand::Deliver { order, parcel: None },
        _ => {
            let (lines, key) = (one(), Some(random_key(chance)));
            OrderCommand::Return { order, lines, reason: None, restock: true, key }
        }
    }
}

fn random_key(chance: &mut fastrand::Rng) -> String {
    format!("change-{:x}", chance.u64(..))
}
