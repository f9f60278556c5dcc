//! What an order promises, rule by rule.

mod cancelling;
mod money;
mod pinned;
mod placing;
mod properties;
mod sending;
mod standing;

use super::{Order, state::OrderDocument};
use crate::testing::{NOW, Stage, given};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    order::{
        Address, CancelReason, Customer, LineQuantity, OrderCommand, OrderEvent, OrderLine,
        OrderRefusal, OrderStatus, Parcel, PlaceOrder, StockStanding, Totals,
    },
};
use std::time::Duration;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const QUARTER: Duration = Duration::from_secs(15 * 60);
pub(crate) const FORMAT: &str = "{year}-{number:06}";

pub(crate) fn id(name: &str) -> EntityId {
    name.parse().unwrap()
}

pub(crate) fn order() -> EntityId {
    id("order-1")
}

pub(crate) fn czk(minor: i64) -> Money {
    Money::new(minor, Currency::CZK)
}

pub(crate) fn line(sku: &str, quantity: i64, unit_price_minor: i64) -> OrderLine {
    let (sku, title) = (sku.to_owned(), format!("A {sku}"));
    OrderLine { sku, title, quantity, unit_price_minor, warehouse: None }
}

/// Three mugs at 100 and one pen at 50, 90 for shipping, 40 off: 400 in all.
pub(crate) fn cart() -> PlaceOrder {
    PlaceOrder {
        channel: "web".to_owned(),
        account: None,
        external_id: Some("A-1".to_owned()),
        currency: Currency::CZK,
        customer: Customer {
            name: "Jana Nováková".to_owned(),
            email: Some("jana@example.com".to_owned()),
            phone: None,
            language: Some("cs".to_owned()),
        },
        shipping_address: Some(Address {
            name: "Jana Nováková".to_owned(),
            street: "Dlouhá 1".to_owned(),
            city: "Praha".to_owned(),
            postal_code: "110 00".to_owned(),
            country: "CZ".to_owned(),
            company: None,
            tax_id: None,
        }),
        billing_address: None,
        lines: vec![line("mug", 3, 100), line("pen", 1, 50)],
        totals: Totals {
            subtotal_minor: 350,
            shipping_minor: 90,
            discount_minor: 40,
            tax_minor: 60,
            total_minor: 400,
        },
        shipping_method: Some("post".to_owned()),
        paid: false,
        note: None,
    }
}

pub(crate) fn place_as(order: EntityId, place: PlaceOrder, stock: StockStanding) -> OrderCommand {
    OrderCommand::Place {
        order,
        place: Box::new(place),
        stock,
        pay_until: NOW.plus(HOUR),
        number_format: FORMAT.to_owned(),
        day: None,
        orders_max: None,
    }
}

pub(crate) fn place() -> OrderCommand {
    place_as(order(), cart(), StockStanding::Held)
}

pub(crate) fn place_paid(stock: StockStanding) -> OrderCommand {
    place_as(order(), PlaceOrder { paid: true, ..cart() }, stock)
}

pub(crate) fn pay(payment: &str, amount: i64) -> OrderCommand {
    OrderCommand::RecordPaid {
        order: order(),
        payment: id(payment),
        paid: czk(amount),
        accepted: false,
    }
}

pub(crate) fn opened(payment: &str, until: Timestamp) -> OrderCommand {
    OrderCommand::RecordPaymentOpened { order: order(), payment: id(payment), until }
}

pub(crate) fn settled(payment: &str) -> OrderCommand {
    OrderCommand::RecordPaymentSettled { order: order(), payment: id(payment) }
}

pub(crate) fn refunded(payment: &str, amount: i64) -> OrderCommand {
    OrderCommand::RecordRefunded { order: order(), payment: id(payment), refunded: czk(amount) }
}

/// Stock says so by this version of the reservation.
pub(crate) fn stock_at(version: i64, standing: StockStanding) -> OrderCommand {
    OrderCommand::RecordStock { order: order(), standing, version }
}

pub(crate) fn stock(standing: StockStanding) -> OrderCommand {
    stock_at(1, standing)
}

pub(crate) fn units(lines: &[(u32, i64)]) -> Vec<LineQuantity> {
    lines.iter().map(|(line, quantity)| LineQuantity { line: *line, quantity: *quantity }).collect()
}

pub(crate) fn ship(lines: &[(u32, i64)]) -> OrderCommand {
    let parcel = Parcel {
        carrier: "post".to_owned(),
        tracking_number: Some("RR1".to_owned()),
        tracking_url: None,
        lines: units(lines),
    };
    OrderCommand::Ship { order: order(), parcel, key: None }
}

pub(crate) fn deliver(parcel: Option<u32>) -> OrderCommand {
    OrderCommand::Deliver { order: order(), parcel }
}

pub(crate) fn cancel(lines: &[(u32, i64)]) -> OrderCommand {
    let (reason, lines) = (CancelReason::Customer, units(lines));
    OrderCommand::Cancel { order: order(), reason, lines, key: None }
}

pub(crate) fn take_back(lines: &[(u32, i64)]) -> OrderCommand {
    let lines = units(lines);
    OrderCommand::Return { order: order(), lines, reason: None, restock: true, key: None }
}

pub(crate) fn confirm() -> OrderCommand {
    OrderCommand::Confirm { order: order() }
}

pub(crate) fn wake() -> OrderCommand {
    OrderCommand::Wake { order: order() }
}

/// A stage on which all of this was asked, and nothing was refused.
pub(crate) fn after(commands: impl IntoIterator<Item = OrderCommand>) -> Stage<Order> {
    let mut stage = given([]);
    for command in commands {
        stage.obey(command).unwrap();
    }
    stage
}

/// A paid order with its goods.
pub(crate) fn confirmed() -> Vec<OrderCommand> {
    vec![place(), pay("p1", 400), stock(StockStanding::Committed)]
}

/// The same, with more.
pub(crate) fn confirmed_and(more: impl IntoIterator<Item = OrderCommand>) -> Stage<Order> {
    after(confirmed().into_iter().chain(more))
}

pub(crate) fn document(stage: &Stage<Order>) -> OrderDocument {
    stage.state(&order()).order().unwrap().clone()
}

pub(crate) fn status(stage: &Stage<Order>) -> OrderStatus {
    document(stage).status
}

pub(crate) fn of(event: OrderEvent) -> (EntityId, OrderEvent) {
    (order(), event)
}

/// Where a refused command is at fault.
pub(crate) fn fault(stage: Stage<Order>, command: OrderCommand) -> String {
    match stage.when(command).result {
        Err(OrderRefusal::Invalid { pointer, .. }) => pointer,
        other => panic!("expected a fault, got {other:?}"),
    }
}
