//! What happens to a request at the door, and to its rows in the writer.

use super::{
    Flaw, Simulation,
    clients::Wish,
    node::{Entry, Hosted, Terms, Then},
    provider::{ACCOUNT, PROVIDER, czk},
};
use kontor_actors::{
    order::{Order, external_key},
    payment::Payment,
    stock::{ReservationStatus, Stock},
};
use kontor_messages::{
    EntityId,
    order::{OrderCommand, PlaceOrder, StockStanding},
    payment::{CaptureMode, PaymentCommand},
    stock::{
        MovementKind, ReleaseReason, ReservationLine, StockCommand, Warehouse, reservation_entity,
    },
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const PAY_WITHIN: Duration = Duration::from_secs(60 * 60);

impl Simulation {
    /// Puts the first goods on the shelf.
    pub(super) fn open_shop(&mut self) -> Result<(), String> {
        let warehouse = Warehouse {
            code: "main".to_owned(),
            name: "Main".to_owned(),
            kind: Default::default(),
            priority: 0,
            active: true,
            country: None,
        };
        self.tell::<Stock>(StockCommand::PutWarehouse { warehouse }, Then::Nothing);
        let (mugs, pens) = (self.chance.i64(1..5), self.chance.i64(2..8));
        for (sku, quantity) in [("mug", mugs), ("pen", pens)] {
            let movement = EntityId::named(format!("first-{sku}"));
            self.tell::<Stock>(goods_in(movement, sku, quantity), Then::Nothing);
        }
        self.commit(usize::MAX)?;
        self.check()
    }

    /// A request has come to the door.
    pub(super) fn receive(&mut self, request: usize) {
        let known = &self.clients.requests[request];
        let (key, wish) = (known.key.clone(), known.wish.clone());
        if self.node.in_hand.contains(&key) {
            return;
        }
        if let Some(answer) = self.disk.requests.get(&key).cloned() {
            return self.answer(request, Ok(answer));
        }
        let then = Then::Answer(request, Err(String::new()));
        match wish {
            Wish::Place(place) => return self.place(request, key, place),
            Wish::Pay { order, hold } => self.request_payment(key.clone(), then, order, hold),
            Wish::Capture { payment } => {
                self.keyed::<Payment>(
                    &key,
                    PaymentCommand::Capture { payment, amount: None },
                    then,
                );
            }
            Wish::CancelPayment { payment } => {
                self.keyed::<Payment>(&key, PaymentCommand::Cancel { payment }, then);
            }
            Wish::Order(command) => self.keyed::<Order>(&key, *command, then),
            Wish::Deliver { sku, quantity } => {
                let movement = EntityId::named(format!("movement-{key}"));
                self.keyed::<Stock>(&key, goods_in(movement, sku, quantity), then);
            }
        }
        self.node.in_hand.insert(key);
    }

    /// Tells a domain something without a key.
    pub(super) fn tell<D: Hosted>(&mut self, command: D::Command, then: Then) -> bool {
        let terms = Terms { request: None, after: None, then };
        self.ask::<D>(&command, terms).is_ok()
    }

    fn keyed<D: Hosted>(&mut self, key: &str, command: D::Command, then: Then) {
        let request = (self.flaw != Some(Flaw::KeyForgotten)).then(|| key.to_owned());
        // A refusal is answered like anything else.
        let _ = self.ask::<D>(&command, Terms { request, after: None, then });
    }

    fn ask<D: Hosted>(
        &mut self,
        command: &D::Command,
        terms: Terms,
    ) -> Result<(EntityId, i64), D::Refusal> {
        self.injected.commands += 1;
        let early = match (&terms.then, self.flaw) {
            (Then::Answer(request, _), Some(Flaw::AnswerBeforeDurable)) => Some(*request),
            _ => None,
        };
        let answer = self.node.obey::<D>(&self.disk, self.now, command, terms, self.flaw);
        if let (Some(request), Ok(answer)) = (early, &answer) {
            self.answer(request, Ok(answer.clone()));
        }
        answer
    }

    /// First the goods, then the order on top of them.
    fn place(&mut self, request: usize, key: String, place: Box<PlaceOrder>) {
        let external = place.external_id.as_ref().map(|id| format!("external/{id}"));
        if external.as_ref().is_some_and(|turn| self.node.in_hand.contains(turn)) {
            return;
        }
        let known = place.external_id.as_ref().is_some_and(|id| {
            self.disk.find::<Order>(&external_key(&place.channel, None, id)).is_some()
        });
        let order = EntityId::fresh(self.now);
        let (stock, after) = match known {
            true => (StockStanding::Short, None),
            false => match self.hold(&order, &place) {
                Ok(standing) => (standing, Some(self.node.life::<Stock>())),
                Err(refusal) => {
                    let rows = self.node.barrier::<Stock>();
                    let then = Then::Answer(request, Err(refusal));
                    self.node.waiting.push_back(Entry { rows, then });
                    self.node.in_hand.insert(key);
                    return;
                }
            },
        };
        let command = OrderCommand::Place {
            order: order.clone(),
            place,
            stock,
            pay_until: self.now.plus(PAY_WITHIN),
            number_format: "{year}-{number:06}".to_owned(),
            day: None,
            orders_max: None,
        };
        let then = Then::Answer(request, Err(String::new()));
        let kept = (self.flaw != Some(Flaw::KeyForgotten)).then(|| key.clone());
        let placed = self.ask::<Order>(&command, Terms { request: kept, after, then });
        let unplaced = placed.map_or(true, |(subject, _)| subject != order);
        if unplaced && !known {
            let (reservation, key) = (order, "not-placed".to_owned());
            let (lines, reason) = (Vec::new(), ReleaseReason::Cancelled);
            let command = StockCommand::Release { reservation, lines, key, reason };
            self.tell::<Stock>(command, Then::Nothing);
        }
        self.node.in_hand.extend(external);
        self.node.in_hand.insert(key);
    }

    fn hold(&mut self, order: &EntityId, place: &PlaceOrder) -> Result<StockStanding, String> {
        let lines = place.lines.iter().map(|line| ReservationLine {
            sku: line.sku.clone(),
            quantity: line.quantity,
            warehouse: None,
        });
        let command = StockCommand::Reserve {
            reservation: order.clone(),
            channel: place.channel.clone(),
            lines: lines.collect(),
            until: self.now.plus(PAY_WITHIN + 15 * MINUTE),
            paid: place.paid,
        };
        let terms = Terms { request: None, after: None, then: Then::Nothing };
        self.ask::<Stock>(&command, terms).map_err(|refusal| refusal.to_string())?;
        let desk = Stock::desk(&mut self.node);
        let held = desk.book.get(&reservation_entity(order));
        let status = held.and_then(|held| held.state.as_reservation().map(|held| held.status));
        Ok(match status {
            Some(ReservationStatus::Held) => StockStanding::Held,
            Some(ReservationStatus::Committed) => StockStanding::Committed,
            _ => StockStanding::Short,
        })
    }

    fn request_payment(&mut self, key: String, then: Then, order: EntityId, hold: bool) {
        let state = self.disk.state::<Order>(&order);
        let amount = state.order().map_or(100, |order| order.total_minor.max(1));
        let command = PaymentCommand::Request {
            payment: EntityId::named(format!("payment-{key}")),
            order: Some(order),
            amount: czk(amount),
            provider: PROVIDER.to_owned(),
            account: ACCOUNT.to_owned(),
            capture: if hold { CaptureMode::Manual } else { CaptureMode::Automatic },
            return_url: Some("https://shop.example/thanks".to_owned()),
            cancel_url: None,
            description: "an order".to_owned(),
            until: self.now.plus(90 * MINUTE),
            customer_email: None,
            plan: Default::default(),
        };
        self.keyed::<Payment>(&key, command, then);
    }
}

fn goods_in(movement: EntityId, sku: &str, quantity: i64) -> StockCommand {
    StockCommand::Move {
        movement,
        sku: sku.to_owned(),
        warehouse: "main".to_owned(),
        kind: MovementKind::In,
        quantity,
        reason: None,
    }
}
