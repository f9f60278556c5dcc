//! Each policy, event by event: this happened, so that is to be done.

mod facts;
mod invitations;
mod memberships;
mod messages;
mod users;

use super::{Act, Fact, Occurrence, react};
use crate::{
    domain::Domain,
    order::{
        state::OrderDocument,
        tests::{
            HOUR, after, cancel, confirm, confirmed_and, czk, document, id, opened, order, pay,
            place, settled, ship, stock, take_back, units,
        },
    },
    testing::{NOW, tenant},
};
use facts::released;
use kontor_messages::{
    EntityId, EventId,
    id::derived,
    notification::NotificationCommand,
    order::{CancelReason, CancellationStep, OrderCommand, OrderEvent, Parcel, StockStanding},
    payment::{PaymentCommand, PaymentEvent},
    stock::{ReleaseReason, ReservationLine, StockCommand, StockEvent, reservation_entity},
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

const EVENT: EventId = EventId(Uuid::from_u128(7));
/// The version that an event gave its owner.
const VERSION: i64 = 3;

fn told(entity: &EntityId, fact: Fact<'_>) -> Vec<Act> {
    react(&Occurrence { tenant: &tenant(), id: EVENT, at: NOW, entity, version: VERSION, fact })
}

/// What follows for goods, money and the order itself; messages are looked at apart.
fn of_order(event: &OrderEvent, known: &OrderDocument) -> Vec<Act> {
    let mut acts = told(&order(), Fact::Order(event, known));
    acts.retain(|act| !matches!(act, Act::Notification(_)));
    acts
}

fn of_stock(event: &StockEvent) -> Vec<Act> {
    told(&reservation_entity(&order()), Fact::Stock(event))
}

fn of_payment(event: &PaymentEvent) -> Vec<Act> {
    told(&id("p1"), Fact::Payment(event, &facts::document(event)))
}

/// The one message that follows.
fn message(event: &OrderEvent, known: &OrderDocument) -> Option<NotificationCommand> {
    let acts = told(&order(), Fact::Order(event, known));
    acts.into_iter().find_map(|act| match act {
        Act::Notification(command) => Some(command),
        Act::Stock(_) | Act::Order(_) | Act::Payment(_) | Act::Payout(_) | Act::User(_) => None,
    })
}

fn commit() -> Act {
    Act::Stock(StockCommand::Commit { reservation: order() })
}

fn release(lines: Vec<ReservationLine>, key: &str, reason: ReleaseReason) -> Act {
    let (reservation, key) = (order(), key.to_owned());
    Act::Stock(StockCommand::Release { reservation, lines, key, reason })
}

fn settle(payment: &str) -> Act {
    Act::Payment(PaymentCommand::Settle { payment: id(payment) })
}

fn step(step: CancellationStep) -> Act {
    Act::Order(OrderCommand::RecordCancellationStep { order: order(), step, version: None })
}

fn standing(standing: StockStanding) -> Act {
    Act::Order(OrderCommand::RecordStock { order: order(), standing, version: VERSION })
}

fn cancelled() -> OrderEvent {
    OrderEvent::Cancelled { reason: CancelReason::Customer, settle_until: NOW }
}

fn lines_cancelled(refund_minor: i64) -> OrderEvent {
    OrderEvent::LinesCancelled {
        lines: units(&[(0, 1)]),
        reason: CancelReason::Customer,
        total_minor: 300,
        refund_minor,
        key: None,
    }
}

fn returned(restock: bool) -> OrderEvent {
    OrderEvent::Returned {
        lines: units(&[(0, 1)]),
        restock,
        reason: None,
        complete: false,
        total_minor: 300,
        refund_minor: 100,
        key: None,
    }
}

fn mug() -> Vec<ReservationLine> {
    vec![ReservationLine { sku: "mug".to_owned(), quantity: 1, warehouse: None }]
}

fn refund() -> Act {
    Act::Payment(PaymentCommand::Refund {
        payment: id("p1"),
        refund: derived(EVENT, "refund"),
        amount: czk(100),
        key: EVENT.to_string(),
        reason: Some("goods returned".to_owned()),
    })
}

#[test]
fn a_payment_that_is_asked_for_makes_order_and_goods_wait() {
    let until = NOW.plus(HOUR);
    let (order, payment) = (order(), id("p1"));
    assert_eq!(
        of_payment(&facts::requested(order.clone(), 400, until)),
        [Act::Order(OrderCommand::RecordPaymentOpened { order: order.clone(), payment, until })]
    );
    let event = OrderEvent::PaymentOpened { payment: id("p1"), until };
    let until = until.plus(Duration::from_secs(15 * 60));
    assert_eq!(
        of_order(&event, &document(&after([place()]))),
        [Act::Stock(StockCommand::Renew { reservation: order, until })]
    );
}

#[test]
fn money_is_carried_to_its_order() {
    let paid = PaymentEvent::Paid { order: Some(order()), paid: czk(400) };
    let (order, payment) = (order(), id("p1"));
    assert_eq!(
        of_payment(&paid),
        [Act::Order(OrderCommand::RecordPaid {
            order: order.clone(),
            payment: payment.clone(),
            paid: czk(400),
            accepted: false,
        })]
    );
    assert_eq!(
        of_payment(&facts::refunded(order.clone(), 100)),
        [Act::Order(OrderCommand::RecordRefunded {
            order: order.clone(),
            payment: payment.clone(),
            refunded: czk(100)
        })]
    );
    assert_eq!(
        of_payment(&PaymentEvent::Settled { order: Some(order.clone()) }),
        [Act::Order(OrderCommand::RecordPaymentSettled { order, payment })]
    );
    assert_eq!(of_payment(&PaymentEvent::Paid { order: None, paid: czk(400) }), []);
}

#[test]
fn a_refund_that_came_back_is_carried_to_its_order_and_an_old_telling_is_not() {
    let reversed = PaymentEvent::RefundReversed {
        order: Some(order()),
        refunded: czk(100),
        status: kontor_messages::payment::PaymentStatus::PartiallyRefunded,
    };
    let carried = Act::Order(OrderCommand::RecordRefundReversed {
        order: order(),
        payment: id("p1"),
        refunded: czk(100),
    });
    assert_eq!(of_payment(&reversed), [carried]);
    // The payment has moved on since: the first telling of a refund that came back, and the
    // coming back of one that was made again.
    let told_late = |event: &PaymentEvent, refunded| {
        let now = facts::document(&facts::refunded(order(), refunded));
        told(&id("p1"), Fact::Payment(event, &now))
    };
    assert_eq!(told_late(&facts::refunded(order(), 250), 100), []);
    assert_eq!(told_late(&reversed, 250), []);
}

#[test]
fn what_is_paid_or_released_takes_its_goods() {
    let paid = OrderEvent::Paid { payment: Some(id("p1")), paid: czk(400) };
    let waiting = document(&after([place(), pay("p1", 400)]));
    assert_eq!(of_order(&paid, &waiting), [commit()]);
    assert_eq!(of_order(&OrderEvent::StockRetried, &waiting), [commit()]);
    let released = document(&after([place(), confirm()]));
    assert_eq!(of_order(&OrderEvent::ConfirmationRequested, &released), [commit()]);
    let without = document(&after([place(), pay("p1", 400), stock(StockStanding::Short)]));
    assert_eq!(of_order(&OrderEvent::StockRetried, &without), [commit()]);
}

#[test]
fn an_order_that_ended_or_has_its_goods_takes_none() {
    let paid = OrderEvent::Paid { payment: Some(id("p1")), paid: czk(400) };
    assert_eq!(of_order(&paid, &document(&confirmed_and([]))), []);
    assert_eq!(of_order(&paid, &document(&after([place(), pay("p1", 400), cancel(&[])]))), []);
}

#[test]
fn an_order_is_told_how_its_goods_stand() {
    let committed = StockEvent::Committed { allocations: Vec::new() };
    assert_eq!(of_stock(&committed), [standing(StockStanding::Committed)]);
    let failed = StockEvent::CommitFailed { short: BTreeMap::new() };
    assert_eq!(of_stock(&failed), [standing(StockStanding::Short)]);
    let expired = released(ReleaseReason::Expired, "expired".to_owned(), false);
    assert_eq!(of_stock(&expired), [standing(StockStanding::Released)]);
    assert_eq!(told(&id("sku/mug"), Fact::Stock(&committed)), []);
}

#[test]
fn only_the_release_of_a_cancellation_is_its_step() {
    for key in ["cancel", "cancel/7"] {
        let event = released(ReleaseReason::Cancelled, key.to_owned(), true);
        let (step, version) = (CancellationStep::Stock, Some(VERSION));
        let told = OrderCommand::RecordCancellationStep { order: order(), step, version };
        assert_eq!(of_stock(&event), [Act::Order(told)]);
    }
    for key in ["cancelled-lines", "7"] {
        assert_eq!(of_stock(&released(ReleaseReason::Cancelled, key.to_owned(), true)), []);
    }
}

#[test]
fn a_cancelled_order_gives_everything_back_and_tells_everybody() {
    let known = document(&confirmed_and([cancel(&[])]));
    assert_eq!(
        of_order(&cancelled(), &known),
        [
            release(vec![], "cancel", ReleaseReason::Cancelled),
            settle("p1"),
            step(CancellationStep::Channel),
            step(CancellationStep::Message),
        ]
    );
}

#[test]
fn a_cancelled_order_that_nobody_paid_has_no_money_to_give_back() {
    let known = document(&after([place(), cancel(&[])]));
    let acts = of_order(&cancelled(), &known);
    assert!(acts.contains(&step(CancellationStep::Refund)), "{acts:?}");
    let closed = [place(), opened("p1", NOW), settled("p1"), cancel(&[])];
    let acts = of_order(&cancelled(), &document(&after(closed)));
    assert!(acts.contains(&step(CancellationStep::Refund)), "{acts:?}");
}

#[test]
fn a_missing_step_is_done_again_and_a_done_one_is_not() {
    let overdue = OrderEvent::CancellationOverdue { missing: vec![], settle_until: NOW };
    let again = format!("cancel/{EVENT}");
    let told = [CancellationStep::Channel, CancellationStep::Message]
        .map(|step| OrderCommand::RecordCancellationStep { order: order(), step, version: None });
    let known = document(&confirmed_and([cancel(&[])].into_iter().chain(told)));
    assert_eq!(
        of_order(&overdue, &known),
        [release(vec![], &again, ReleaseReason::Cancelled), settle("p1")]
    );
    assert_eq!(message(&overdue, &known), None);
}

#[test]
fn goods_committed_during_a_cancellation_are_released_under_another_name() {
    let known =
        document(&after([place(), pay("p1", 400), cancel(&[]), stock(StockStanding::Committed)]));
    let event = OrderEvent::StockChanged { standing: StockStanding::Committed, version: Some(2) };
    let key = format!("cancel/{EVENT}");
    assert_eq!(of_order(&event, &known), [release(vec![], &key, ReleaseReason::Cancelled)]);
    // While the order waits, its goods are its own.
    let waiting = document(&after([place(), stock(StockStanding::Committed)]));
    assert_eq!(of_order(&event, &waiting), []);
}

#[test]
fn money_that_an_order_cannot_take_goes_back() {
    let event = OrderEvent::PaymentStranded { payment: id("p2"), paid: czk(400) };
    assert_eq!(of_order(&event, &document(&confirmed_and([pay("p2", 400)]))), [settle("p2")]);
    let event = OrderEvent::PaymentOpened { payment: id("p2"), until: NOW };
    let known = document(&after([place(), cancel(&[]), opened("p2", NOW)]));
    assert_eq!(of_order(&event, &known), [settle("p2")]);
}

#[test]
fn cancelled_lines_give_back_their_goods_and_their_price() {
    let known = document(&confirmed_and([cancel(&[(0, 1)])]));
    let acts = of_order(&lines_cancelled(100), &known);
    assert_eq!(acts[0], release(mug(), &EVENT.to_string(), ReleaseReason::Cancelled));
    assert!(matches!(
        &acts[1],
        Act::Payment(PaymentCommand::Refund { amount, .. }) if *amount == czk(100)
    ));
    let unpaid = document(&after([place(), cancel(&[(0, 1)])]));
    assert_eq!(of_order(&lines_cancelled(0), &unpaid).len(), 1);
}

#[test]
fn returned_units_give_back_their_price_and_only_if_wanted_their_goods() {
    let known = document(&confirmed_and([ship(&[]), take_back(&[(0, 1)])]));
    let goods = release(mug(), &EVENT.to_string(), ReleaseReason::Released);
    assert_eq!(of_order(&returned(true), &known), [goods, refund()]);
    assert_eq!(of_order(&returned(false), &known), [refund()]);
}

#[test]
fn money_that_the_channel_took_goes_back_through_the_channel() {
    let paid = crate::order::tests::place_paid(StockStanding::Committed);
    let known = document(&after([paid, ship(&[]), take_back(&[(0, 1)])]));
    assert_eq!(of_order(&returned(false), &known), []);
}

#[test]
fn the_same_event_asks_for_the_same_things() {
    let known = document(&confirmed_and([cancel(&[])]));
    let once = told(&order(), Fact::Order(&cancelled(), &known));
    assert_eq!(once, told(&order(), Fact::Order(&cancelled(), &known)));
}

#[test]
fn nothing_follows_from_events_of_stock_that_the_follower_passes_over() {
    let pinned = include_str!("../../stock/pinned/events.json");
    let pinned: Vec<StockEvent> = serde_json::from_str(pinned).unwrap();
    for event in &pinned {
        let name = crate::stock::Stock::event_name(event);
        assert!(super::fulfilment::follows(name) || of_stock(event).is_empty(), "{name}");
    }
}

#[test]
fn nothing_follows_from_a_new_order_of_somebody_without_an_address() {
    let mut nobody = document(&after([place()]));
    nobody.customer.email = None;
    let pinned = include_str!("../../order/pinned/events.json");
    let pinned: BTreeMap<String, OrderEvent> = serde_json::from_str(pinned).unwrap();
    for mut event in pinned.into_values() {
        assert!(super::messages::follows(&event));
        let OrderEvent::Created { place, .. } = &mut event else { continue };
        place.customer.email = None;
        assert!(!super::messages::follows(&event));
        assert_eq!(told(&order(), Fact::Order(&event, &nobody)), []);
    }
}
