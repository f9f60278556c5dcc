//! Ending a payment either way.

use super::*;

fn settle() -> C {
    C::Settle { payment: id() }
}

#[test]
fn what_is_open_is_called_off_and_then_it_is_settled() {
    let stage = after([request(), opened(1)])
        .when(settle())
        .then_names(&["payment.settle_requested", "payment.cancel_requested"]);
    let stage = stage.when(settle()).then_nothing();
    let stage = stage.when(status(ObservedStatus::Expired)).then_names(&[
        "payment.observed",
        "payment.cancelled",
        "payment.settled",
    ]);
    assert_eq!(document(&stage).status, S::Cancelled);
}

#[test]
fn what_never_took_money_is_settled_at_once() {
    for end in [ObservedStatus::Failed, ObservedStatus::Cancelled, ObservedStatus::Expired] {
        after([request(), opened(1), status(end)])
            .when(settle())
            .then_names(&["payment.settle_requested", "payment.settled"]);
    }
}

#[test]
fn what_has_come_goes_back_and_then_it_is_settled() {
    let stage = paid_stage()
        .when(settle())
        .then_names(&["payment.settle_requested", "payment.refund_requested"]);
    let made = document(&stage).refunds[0].refund.clone();
    let stage = stage
        .when(tell(refund_seen(made.as_str(), 1000, RefundStatus::Succeeded)))
        .then_names(&["payment.observed", "payment.booked", "payment.refunded", "payment.settled"]);
    assert_eq!(document(&stage).status, S::Refunded);
}

#[test]
fn only_what_is_left_goes_back() {
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(tell(refund_seen("r", 400, RefundStatus::Succeeded))).unwrap();
    stage.obey(settle()).unwrap();
    assert_eq!(document(&stage).refunds[1].amount, czk(600));
}

#[test]
fn when_the_payer_is_faster_than_the_cancellation_the_money_goes_back_by_itself() {
    let stage = after([request(), opened(1), settle()]).when(tell(paid(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.paid",
        "payment.refund_requested",
    ]);
    assert_eq!(document(&stage).calls.len(), 1, "the cancellation has come to nothing");
}

#[test]
fn money_after_settling_goes_back_too_and_it_is_settled_again() {
    let stage = after([request(), opened(1), settle(), status(ObservedStatus::Expired)]);
    let stage = stage.when(tell(paid(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.late_payment",
        "payment.booked",
        "payment.paid",
        "payment.refund_requested",
    ]);
    assert_eq!(document(&stage).settled_at, None);
}

#[test]
fn held_money_is_let_go() {
    let stage = after([request_with(CaptureMode::Manual), opened(1), tell(held(czk(1000)))])
        .when(settle())
        .then_names(&["payment.settle_requested", "payment.cancel_requested"]);
    let gone = Observation { observed_at: later(MINUTE), ..told(Some(ObservedStatus::Cancelled)) };
    stage.when(tell(gone)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.cancelled",
        "payment.settled",
    ]);
}

#[test]
fn money_of_another_amount_goes_back_in_its_own_currency() {
    let euros = Money::new(40, Currency::EUR);
    let stage = after([request(), opened(1), tell(paid(euros))])
        .when(settle())
        .then_names(&["payment.settle_requested", "payment.refund_requested"]);
    let made = document(&stage).refunds[0].clone();
    assert_eq!(made.amount, euros);
    let mut seen = refund_seen(made.refund.as_str(), 40, RefundStatus::Succeeded);
    seen.refunds[0].amount = euros;
    let stage = stage.when(tell(seen)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refunded",
        "payment.settled",
    ]);
    assert_eq!(document(&stage).status, S::Refunded);
}

#[test]
fn a_refund_that_fails_while_settling_waits_for_a_person_and_is_not_tried_for_ever() {
    let stage = after([request(), opened(1), tell(paid(czk(1000))), settle()]);
    let made = document(&stage).refunds[0].refund.clone();
    let stage = stage
        .when(tell(refund_seen(made.as_str(), 1000, RefundStatus::Failed)))
        .then_names(&["payment.observed", "payment.refund_failed"]);
    stage.when(settle()).then_names(&["payment.settle_requested", "payment.refund_requested"]);
}

#[test]
fn asked_again_much_later_it_says_again_that_it_is_settled() {
    let stage = after([request(), opened(1), status(ObservedStatus::Cancelled), settle()]);
    let stage = stage.when(settle()).then_nothing();
    stage.after(HOUR).when(settle()).then_names(&["payment.settled"]);
}

#[test]
fn an_attempt_whose_opening_is_under_way_is_waited_for() {
    let stage = after([request()])
        .when(settle())
        .then_names(&["payment.settle_requested", "payment.cancel_requested"]);
    let open = key(1, Operation::Open, 1);
    stage.when(failed(Operation::Open, &open, CallFault::GiveUp)).then_names(&[
        "payment.call_failed",
        "payment.attempt_closed",
        "payment.cancelled",
        "payment.settled",
    ]);
}
