//! Cancelling: all of it, some of it, and the steps that follow.

use super::*;
use kontor_messages::order::CancellationStep::{self, Channel, Message, Refund, Stock};

fn done(step: CancellationStep) -> OrderCommand {
    OrderCommand::RecordCancellationStep { order: order(), step, version: None }
}

#[test]
fn a_cancellation_is_carried_through_step_by_step() {
    let mut stage = confirmed_and([]).when(cancel(&[])).then([of(OrderEvent::Cancelled {
        reason: CancelReason::Customer,
        settle_until: NOW.plus(QUARTER),
    })]);
    stage.obey(settled("p1")).unwrap();
    for step in [Stock, Channel, Message] {
        assert!(document(&stage).due().is_some());
        stage = stage
            .when(done(step))
            .then([of(OrderEvent::CancellationStepDone { step, version: None })])
            .when(done(step))
            .then_nothing();
    }
    let order = document(&stage);
    assert_eq!(order.due(), None);
    assert_eq!(order.cancellation.unwrap().done, [Refund, Stock, Channel, Message]);
}

#[test]
fn a_step_that_is_missing_after_a_while_is_done_again_until_it_is_done() {
    let mut stage = confirmed_and([cancel(&[]), done(Channel), done(Message)]);
    for round in 1..4 {
        let settle_until = stage.now().plus(2 * QUARTER);
        stage = stage
            .after(QUARTER)
            .when(wake())
            .then([of(OrderEvent::CancellationOverdue {
                missing: vec![Stock, Refund],
                settle_until,
            })])
            .when(wake())
            .then_nothing();
        assert_eq!(document(&stage).due(), Some(settle_until), "round {round}");
    }
}

#[test]
fn money_is_back_only_when_no_payment_is_open() {
    let later = NOW.plus(HOUR);
    let stage = after([place(), opened("p1", later), opened("p2", later), cancel(&[])]);
    stage
        .when(done(Refund))
        .then_nothing()
        .when(settled("p1"))
        .then_names(&["order.payment_settled"])
        .when(settled("p2"))
        .then_names(&["order.payment_settled", "order.cancellation_step_done"]);
}

#[test]
fn goods_that_nobody_holds_need_no_giving_back() {
    after([place(), stock(StockStanding::Released)])
        .when(cancel(&[]))
        .then_names(&["order.cancelled", "order.cancellation_step_done"]);
}

#[test]
fn cancelling_twice_is_cancelling_once() {
    after([place(), cancel(&[])])
        .when(cancel(&[]))
        .then_nothing()
        .when(cancel(&[(0, 1)]))
        .then_nothing()
        .after(9 * HOUR)
        .when(done(Stock))
        .then_names(&["order.cancellation_step_done"]);
}

#[test]
fn what_was_sent_cannot_be_cancelled() {
    let no = |status| OrderRefusal::WrongStatus { status, action: "cancelled" };
    confirmed_and([ship(&[(0, 1)])]).when(cancel(&[])).refused(no("partly shipped"));
    confirmed_and([ship(&[])]).when(cancel(&[])).refused(no("shipped"));
    confirmed_and([ship(&[]), deliver(None)]).when(cancel(&[])).refused(no("delivered"));
    confirmed_and([ship(&[]), take_back(&[])]).when(cancel(&[])).refused(no("returned"));
}

#[test]
fn cancelled_units_take_their_price_with_them_and_nothing_else() {
    let off = |refund_minor| {
        of(OrderEvent::LinesCancelled {
            lines: units(&[(0, 1), (1, 1)]),
            reason: CancelReason::Customer,
            total_minor: 250,
            refund_minor,
            key: None,
        })
    };
    after([place()]).when(cancel(&[(0, 1), (1, 1)])).then([off(0)]);
    let stage = confirmed_and([]).when(cancel(&[(0, 1), (1, 1)])).then([off(150)]);
    let order = document(&stage);
    assert_eq!((order.total_minor, order.left_to_ship()), (250, 2));
    assert_eq!(order.totals.total_minor, 400);
}

#[test]
fn a_smaller_total_is_what_has_to_be_paid() {
    after([place(), cancel(&[(1, 1)])])
        .when(pay("p1", 400))
        .then_names(&["order.payment_stranded"])
        .when(pay("p2", 350))
        .then_names(&["order.paid"]);
}

#[test]
fn a_total_never_falls_below_nothing() {
    let mut cart = cart();
    cart.totals.discount_minor = 430;
    cart.totals.total_minor = 10;
    cart.totals.tax_minor = 0;
    let stage = after([place_as(order(), cart, StockStanding::Held), cancel(&[(0, 3)])]);
    assert_eq!(document(&stage).total_minor, 0);
}

#[test]
fn cancelling_the_last_units_cancels_the_order() {
    after([place(), cancel(&[(0, 3)])]).when(cancel(&[(1, 1)])).then_names(&["order.cancelled"]);
}

#[test]
fn units_that_are_gone_cannot_be_cancelled() {
    let stage = || confirmed_and([cancel(&[(0, 1)]), ship(&[(0, 1)])]);
    assert_eq!(fault(stage(), cancel(&[(0, 2)])), "/lines/0/quantity");
    assert_eq!(fault(stage(), cancel(&[(1, 1), (7, 1)])), "/lines/1/line");
}

#[test]
fn an_order_whose_rest_is_cancelled_is_shipped() {
    let stage = confirmed_and([ship(&[(0, 3)])])
        .when(cancel(&[(1, 1)]))
        .then_names(&["order.lines_cancelled"]);
    assert_eq!(status(&stage), OrderStatus::Shipped);
    let stage = confirmed_and([ship(&[(0, 3)]), deliver(None)])
        .when(cancel(&[(1, 1)]))
        .then_names(&["order.lines_cancelled"]);
    assert_eq!(status(&stage), OrderStatus::Delivered);
}

#[test]
fn steps_of_an_order_that_is_not_cancelled_change_nothing() {
    confirmed_and([]).when(done(Stock)).then_nothing();
}

#[test]
fn lines_are_changed_a_hundred_times_at_most() {
    let cart = PlaceOrder { lines: vec![line("mug", 200, 0)], ..cart() };
    let totals = Totals { subtotal_minor: 0, total_minor: 50, tax_minor: 0, ..cart.totals };
    let mut stage = after([place_as(order(), PlaceOrder { totals, ..cart }, StockStanding::Held)]);
    for _ in 0..100 {
        stage.obey(cancel(&[(0, 1)])).unwrap();
    }
    let what = "cancellations of lines and returns";
    stage
        .when(cancel(&[(0, 1)]))
        .refused(OrderRefusal::LimitReached { what, max: 100 })
        .when(cancel(&[]))
        .then_names(&["order.cancelled"]);
}
