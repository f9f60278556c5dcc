//! Goods and deadlines: what follows from how the goods stand, and from time.

use super::*;
use kontor_messages::order::CancellationStep;

fn retry() -> OrderCommand {
    OrderCommand::RetryStock { order: order() }
}

fn changed(standing: StockStanding) -> (EntityId, OrderEvent) {
    of(OrderEvent::StockChanged { standing, version: Some(1) })
}

#[test]
fn an_order_that_nobody_pays_ends_at_its_deadline() {
    let stage = after([place()]).when(wake()).then_nothing();
    let mut stage = stage.after(HOUR);
    assert_eq!(stage.wake_due(), 1);
    let order = document(&stage);
    assert_eq!(order.cancellation.unwrap().reason, CancelReason::PaymentTimeout);
}

#[test]
fn an_order_whose_hold_expired_waits_for_its_own_deadline() {
    let stage = after([place()])
        .when(stock(StockStanding::Released))
        .then([changed(StockStanding::Released)]);
    assert_eq!(
        (status(&stage), document(&stage).due()),
        (OrderStatus::Pending, Some(NOW.plus(HOUR)))
    );
}

#[test]
fn money_after_the_holds_end_confirms_only_with_goods() {
    let late = || after([place(), stock(StockStanding::Released), pay("p1", 400)]);
    late().when(stock(StockStanding::Committed)).then([of(OrderEvent::Confirmed)]);
    let decide_until = NOW.plus(48 * HOUR);
    let stage = late()
        .when(stock(StockStanding::Short))
        .then([of(OrderEvent::PaidWithoutStock { decide_until })])
        .when(stock(StockStanding::Short))
        .then_nothing()
        .when(pay("p1", 400))
        .then_nothing();
    assert_eq!(document(&stage).due(), Some(decide_until));
}

#[test]
fn a_paid_order_without_goods_is_cancelled_when_nobody_decides() {
    let stage = after([place(), pay("p1", 400), stock(StockStanding::Short)]).after(48 * HOUR);
    let stage = stage.when(wake()).then_names(&["order.cancelled", "order.cancellation_step_done"]);
    assert_eq!(document(&stage).cancellation.unwrap().reason, CancelReason::NoStock);
}

#[test]
fn a_paid_order_without_goods_can_get_them_after_all() {
    let short = after([place(), pay("p1", 400), stock(StockStanding::Short)]);
    short
        .when(retry())
        .then([of(OrderEvent::StockRetried)])
        .when(retry())
        .then_nothing()
        .when(stock(StockStanding::Short))
        .then([changed(StockStanding::Short)])
        .when(retry())
        .then([of(OrderEvent::StockRetried)])
        .when(stock(StockStanding::Committed))
        .then([of(OrderEvent::Confirmed)])
        .when(retry())
        .refused(OrderRefusal::WrongStatus { status: "confirmed", action: "given goods again" });
}

#[test]
fn stock_is_asked_again_when_it_does_not_answer() {
    let stage = after([place(), pay("p1", 400)]).after(QUARTER);
    let stage = stage.when(wake()).then([of(OrderEvent::StockRetried)]);
    assert_eq!(document(&stage).due(), Some(NOW.plus(2 * QUARTER)));
}

#[test]
fn a_person_s_word_takes_goods_before_it_confirms() {
    after([place()])
        .when(confirm())
        .then([of(OrderEvent::ConfirmationRequested)])
        .when(confirm())
        .then_nothing()
        .when(stock(StockStanding::Committed))
        .then([of(OrderEvent::Confirmed)])
        .when(confirm())
        .then_nothing();
}

#[test]
fn a_person_s_word_without_goods_leaves_the_order_waiting() {
    let stage = after([place(), confirm()])
        .when(stock(StockStanding::Short))
        .then([changed(StockStanding::Short)]);
    assert_eq!(
        (status(&stage), document(&stage).due()),
        (OrderStatus::Pending, Some(NOW.plus(HOUR)))
    );
    stage.when(confirm()).then([of(OrderEvent::ConfirmationRequested)]);
}

#[test]
fn goods_that_came_before_the_money_confirm_as_soon_as_it_is_there() {
    let early = || after([place(), stock(StockStanding::Committed)]);
    early().when(stock(StockStanding::Committed)).then_nothing();
    early().when(stock(StockStanding::Short)).then_nothing();
    early().when(pay("p1", 400)).then_names(&["order.paid", "order.confirmed"]);
    early().when(confirm()).then_names(&["order.confirmation_requested", "order.confirmed"]);
}

#[test]
fn a_late_fact_never_moves_an_order_back() {
    let late = || {
        [StockStanding::Released, StockStanding::Short, StockStanding::Held]
            .map(stock)
            .into_iter()
            .chain([stock(StockStanding::Committed), pay("p1", 400), wake()])
    };
    let mut stage = confirmed_and([]);
    let process = OrderCommand::Process { order: order() };
    for step in [process, ship(&[]), deliver(None), take_back(&[])] {
        for fact in late() {
            stage = stage.when(fact).then_nothing();
        }
        stage.obey(step).unwrap();
    }
    for fact in late() {
        stage = stage.when(fact).then_nothing();
    }
    stage
        .when(OrderCommand::Process { order: order() })
        .refused(OrderRefusal::WrongStatus { status: "returned", action: "packed" });
}

#[test]
fn goods_committed_while_the_order_was_cancelled_go_back_once_more() {
    let goods_back = OrderCommand::RecordCancellationStep {
        order: order(),
        step: CancellationStep::Stock,
        version: None,
    };
    // The commit first, then the release: the step is still open.
    after([place(), pay("p1", 400), cancel(&[])])
        .when(stock(StockStanding::Committed))
        .then([changed(StockStanding::Committed)])
        .when(goods_back.clone())
        .then_names(&["order.cancellation_step_done"]);
    // The release first, then the commit: the step opens again.
    let stage = after([place(), pay("p1", 400), cancel(&[]), goods_back.clone()])
        .when(stock(StockStanding::Committed))
        .then_names(&["order.stock_changed", "order.cancellation_step_reopened"])
        .when(stock(StockStanding::Committed))
        .then_nothing()
        .when(goods_back)
        .then_names(&["order.cancellation_step_done"]);
    assert_eq!(document(&stage).stock, StockStanding::Released);
}

#[test]
fn a_hold_that_expires_after_the_cancellation_has_nothing_left_to_give_back() {
    after([place(), cancel(&[])])
        .when(stock(StockStanding::Released))
        .then_names(&["order.stock_changed", "order.cancellation_step_done"]);
}

#[test]
fn what_stock_said_before_what_is_known_changes_nothing() {
    let cancelled = after([place(), cancel(&[]), stock_at(3, StockStanding::Released)]);
    assert!(!document(&cancelled).misses(CancellationStep::Stock));
    cancelled.when(stock_at(2, StockStanding::Committed)).then_nothing();
}

fn given_back(version: i64) -> OrderCommand {
    let (step, version) = (CancellationStep::Stock, Some(version));
    OrderCommand::RecordCancellationStep { order: order(), step, version }
}

#[test]
fn goods_that_a_cancellation_gave_back_stay_so_whatever_is_told_once_more() {
    // The commit crossed the cancellation, or came before it; either way its release is newer.
    let crossed =
        after([place(), pay("p1", 400), cancel(&[]), stock_at(2, StockStanding::Committed)]);
    let confirmed = after([place(), pay("p1", 400), stock_at(2, StockStanding::Committed)]);
    let confirmed = confirmed.when(cancel(&[])).then_names(&["order.cancelled"]);
    for cancelled in [crossed, confirmed] {
        let released = cancelled.when(given_back(3)).then_names(&["order.cancellation_step_done"]);
        assert!(!document(&released).misses(CancellationStep::Stock));
        let again = released.when(stock_at(2, StockStanding::Committed)).then_nothing();
        let reopened = again
            .when(stock_at(4, StockStanding::Committed))
            .then_names(&["order.stock_changed", "order.cancellation_step_reopened"]);
        // What was given back before gives back nothing of what was taken since.
        let open = reopened.when(given_back(3)).then_nothing();
        assert!(document(&open).misses(CancellationStep::Stock));
    }
}
