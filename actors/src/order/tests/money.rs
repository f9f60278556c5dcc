//! Money: opened, paid, stranded, given back.

use super::*;
use kontor_messages::order::CancellationStep;

fn stranded(payment: &str, amount: i64) -> (EntityId, OrderEvent) {
    of(OrderEvent::PaymentStranded { payment: id(payment), paid: czk(amount) })
}

#[test]
fn an_order_waits_as_long_as_its_payment_may_be_paid_and_never_shorter() {
    let until = NOW.plus(3 * HOUR);
    let stage = after([place()])
        .when(opened("p1", until))
        .then([of(OrderEvent::PaymentOpened { payment: id("p1"), until })])
        .when(opened("p1", until))
        .then_nothing()
        .when(opened("p1", NOW))
        .then_nothing();
    assert_eq!(document(&stage).due(), Some(until));
    let stage = stage.when(opened("p2", NOW)).then_names(&["order.payment_opened"]);
    assert_eq!(document(&stage).due(), Some(until));
}

#[test]
fn an_opened_payment_changes_nothing_where_nobody_waits_for_it() {
    confirmed_and([]).when(opened("p2", NOW.plus(9 * HOUR))).then_nothing();
}

#[test]
fn money_is_kept_and_goods_are_asked_for_before_anything_is_confirmed() {
    let stage = after([place()])
        .when(pay("p1", 400))
        .then([of(OrderEvent::Paid { payment: Some(id("p1")), paid: czk(400) })]);
    assert_eq!(status(&stage), OrderStatus::Pending);
    let stage = stage.when(stock(StockStanding::Committed)).then([of(OrderEvent::Confirmed)]);
    assert_eq!(document(&stage).due(), None);
}

#[test]
fn the_same_payment_again_changes_nothing() {
    after([place(), pay("p1", 400)])
        .when(pay("p1", 400))
        .then_nothing()
        .when(pay("p1", 500))
        .then_nothing();
}

#[test]
fn a_second_payment_is_stranded_once() {
    after([place(), pay("p1", 400)])
        .when(pay("p2", 400))
        .then([stranded("p2", 400)])
        .when(pay("p2", 400))
        .then_nothing();
}

#[test]
fn a_wrong_amount_or_currency_is_stranded_and_the_order_waits_on() {
    let euros = Money::new(400, Currency::EUR);
    let stage = after([place()])
        .when(pay("p1", 399))
        .then([stranded("p1", 399)])
        .when(OrderCommand::RecordPaid {
            order: order(),
            payment: id("p2"),
            paid: euros,
            accepted: false,
        })
        .then([of(OrderEvent::PaymentStranded { payment: id("p2"), paid: euros })]);
    assert_eq!(document(&stage).due(), Some(NOW.plus(HOUR)));
    stage.when(pay("p3", 400)).then_names(&["order.paid"]);
}

#[test]
fn a_payment_that_crosses_a_cancellation_is_stranded_and_its_refund_is_a_step() {
    let stage = after([place(), cancel(&[])]);
    let mut stage = stage.when(pay("p1", 400)).then([stranded("p1", 400)]);
    stage.obey(refunded("p1", 400)).unwrap();
    let stage = stage
        .when(settled("p1"))
        .then_names(&["order.payment_settled", "order.cancellation_step_done"]);
    // A second one comes when the step is done already.
    let stage = stage
        .when(pay("p2", 400))
        .then_names(&["order.payment_stranded", "order.cancellation_step_reopened"]);
    assert!(document(&stage).misses(CancellationStep::Refund));
    let stage = stage
        .when(settled("p2"))
        .then_names(&["order.payment_settled", "order.cancellation_step_done"]);
    assert_eq!(status(&stage), OrderStatus::Cancelled);
}

#[test]
fn a_payment_opened_while_its_order_was_cancelled_has_to_be_ended() {
    let stage = after([place(), cancel(&[])])
        .when(opened("p1", NOW.plus(HOUR)))
        .then_names(&["order.payment_opened"]);
    let refund = CancellationStep::Refund;
    stage
        .when(OrderCommand::RecordCancellationStep { order: order(), step: refund, version: None })
        .then_nothing()
        .when(settled("p1"))
        .then_names(&["order.payment_settled", "order.cancellation_step_done"]);
}

#[test]
fn a_failed_payment_may_be_followed_by_another_on_the_same_order() {
    after([place(), opened("p1", NOW.plus(HOUR)), settled("p1"), opened("p2", NOW.plus(HOUR))])
        .when(pay("p2", 400))
        .then_names(&["order.paid"]);
}

#[test]
fn a_payment_that_ended_and_was_opened_anew_is_open() {
    let stage = after([place(), opened("p1", NOW), settled("p1")])
        .when(opened("p1", NOW))
        .then_names(&["order.payment_opened"]);
    assert!(!document(&stage).payments[0].settled);
}

#[test]
fn what_went_back_is_kept_with_its_payment_and_only_grows() {
    let refund = |refunded, amount| {
        of(OrderEvent::Refunded { payment: id("p1"), refunded: czk(refunded), amount: czk(amount) })
    };
    let stage = confirmed_and([])
        .when(refunded("p1", 100))
        .then([refund(100, 100)])
        .when(refunded("p1", 250))
        .then([refund(250, 150)])
        .when(refunded("p1", 100))
        .then_nothing()
        .when(refunded("unknown", 100))
        .then_nothing();
    assert_eq!(document(&stage).payments[0].refunded_minor, 250);
    assert_eq!(status(&stage), OrderStatus::Confirmed);
}

#[test]
fn a_refund_that_came_back_is_refunded_no_longer() {
    let reversed = |payment: &str, amount| OrderCommand::RecordRefundReversed {
        order: order(),
        payment: id(payment),
        refunded: czk(amount),
    };
    let event =
        OrderEvent::RefundReversed { payment: id("p1"), refunded: czk(100), amount: czk(150) };
    let stage = confirmed_and([refunded("p1", 250)])
        .when(reversed("p1", 100))
        .then([of(event)])
        .when(reversed("p1", 100))
        .then_nothing()
        .when(reversed("p1", 200))
        .then_nothing()
        .when(reversed("unknown", 0))
        .then_nothing();
    assert_eq!(document(&stage).payments[0].refunded_minor, 100);
    stage.when(refunded("p1", 250)).then_names(&["order.refunded"]);
}

#[test]
fn what_a_person_has_accepted_pays_the_order_although_it_is_another_amount() {
    let accepted = |amount| OrderCommand::RecordPaid {
        order: order(),
        payment: id("p1"),
        paid: czk(amount),
        accepted: true,
    };
    after([place()]).when(accepted(390)).then_names(&["order.paid"]);
    after([place()]).when(pay("p1", 390)).then([stranded("p1", 390)]);
}

#[test]
fn an_order_released_on_invoice_can_still_be_paid_and_stays_where_it_is() {
    let invoiced = [place(), confirm(), stock(StockStanding::Committed), ship(&[])];
    let stage = after(invoiced).when(pay("p1", 400)).then_names(&["order.paid"]);
    assert_eq!(status(&stage), OrderStatus::Shipped);
    stage.when(pay("p2", 400)).then([stranded("p2", 400)]);
}

#[test]
fn an_order_remembers_twenty_payments_and_never_forgets_the_one_that_paid() {
    let mut stage = after([place(), pay("p1", 400)]);
    for index in 0..30 {
        stage.obey(pay(&format!("late-{index}"), 7)).unwrap();
    }
    let order = document(&stage);
    assert_eq!(order.payments.len(), 20);
    assert_eq!(order.paid_by().map(|known| known.payment.clone()), Some(id("p1")));
}

#[test]
fn facts_about_an_order_that_is_not_there_change_nothing() {
    let step = CancellationStep::Refund;
    let step = OrderCommand::RecordCancellationStep { order: order(), step, version: None };
    let facts = [opened("p", NOW), pay("p", 1), refunded("p", 1), settled("p"), step, wake()];
    for fact in facts.into_iter().chain([stock(StockStanding::Committed)]) {
        given::<Order>([]).when(fact).then_nothing();
    }
}
