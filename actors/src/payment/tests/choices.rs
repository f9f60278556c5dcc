//! What a tenant wants done with money that nobody waited for.

use super::*;
use crate::domain::Domain;
use kontor_messages::payment::{
    LatePayment, PaymentChoices, PaymentRefusal as R, SecondDecision, SecondPayment,
};

fn request_for(choices: PaymentChoices) -> C {
    let mut command = request();
    if let C::Request { plan, .. } = &mut command {
        plan.choices = choices;
    }
    command
}

fn queueing() -> C {
    request_for(PaymentChoices { second_payment: SecondPayment::Queue, ..Default::default() })
}

fn returning() -> C {
    request_for(PaymentChoices { late_payment: LatePayment::Refund, ..Default::default() })
}

fn again() -> C {
    C::Retry {
        payment: id(),
        attempt: 2,
        provider: "payu".into(),
        account: "main".into(),
        until: later(HOUR),
    }
}

fn second_paid() -> C {
    tell(Observation { attempt: Some(2), ..paid(czk(1000)) })
}

/// Paid by the first attempt and by the second.
fn paid_twice(request: C) -> Stage<Payment> {
    after([request, opened(1), again(), opened(2), tell(paid(czk(1000)))])
}

fn decision(decision: SecondDecision) -> C {
    C::DecideSecond { payment: id(), attempt: 2, decision }
}

fn word(stage: &Stage<Payment>) -> Option<&'static str> {
    Payment::status(&stage.state(&id()))
}

#[test]
fn a_second_payment_goes_back_unless_the_tenant_wants_to_decide() {
    paid_twice(request()).when(second_paid()).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.paid_twice",
        "payment.refund_requested",
    ]);
    let stage = paid_twice(queueing()).when(second_paid()).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.paid_twice",
        "payment.second_payment_queued",
    ]);
    assert_eq!(document(&stage).status, S::Paid);
    assert_eq!(word(&stage), Some("second_payment"), "lists find it");
    assert!(document(&stage).refunds.is_empty());
}

#[test]
fn a_person_gives_a_second_payment_back() {
    let mut stage = paid_twice(queueing());
    stage.obey(second_paid()).unwrap();
    let stage = stage
        .when(decision(SecondDecision::Refund))
        .then_names(&["payment.second_payment_decided", "payment.refund_requested"]);
    assert_eq!(document(&stage).refunds[0].amount, czk(1000));
    assert_eq!(document(&stage).refunds[0].attempt, 2);
    assert_eq!(word(&stage), Some("paid"));
    let mut stage = stage.when(decision(SecondDecision::Refund)).then_nothing();
    assert_eq!(stage.obey(decision(SecondDecision::Keep)), Err(R::NothingToDecide));
}

#[test]
fn a_person_keeps_a_second_payment() {
    let mut stage = paid_twice(queueing());
    stage.obey(second_paid()).unwrap();
    let stage =
        stage.when(decision(SecondDecision::Keep)).then_names(&["payment.second_payment_decided"]);
    assert_eq!(word(&stage), Some("paid"));
    assert!(document(&stage).refunds.is_empty());
}

#[test]
fn nothing_is_decided_where_nothing_waits() {
    let mut stage = paid_stage();
    assert_eq!(stage.obey(decision(SecondDecision::Refund)), Err(R::NothingToDecide));
}

#[test]
fn that_nobody_decides_in_time_is_told_once() {
    let mut stage = paid_twice(queueing());
    stage.obey(second_paid()).unwrap();
    let stage = stage.after(DAY * 3);
    let stage = stage.when(C::Wake { payment: id() });
    let stage = stage.then_names(&["payment.second_payment_overdue"]);
    assert_eq!(word(&stage), Some("second_payment"), "it still waits");
    stage.when(C::Wake { payment: id() }).then_nothing();
}

#[test]
fn settling_gives_a_queued_payment_back_as_well() {
    let mut stage = paid_twice(queueing());
    stage.obey(second_paid()).unwrap();
    stage.obey(C::Settle { payment: id() }).unwrap();
    assert_eq!(document(&stage).refunds.len(), 2);
}

#[test]
fn money_that_comes_too_late_reopens_the_payment_unless_the_tenant_wants_it_back() {
    let late = || tell(Observation { observed_at: later(MINUTE), ..paid(czk(1000)) });
    after([request(), opened(1), status(ObservedStatus::Expired)]).when(late()).then_names(&[
        "payment.observed",
        "payment.late_payment",
        "payment.booked",
        "payment.paid",
    ]);
    let stage = after([returning(), opened(1), status(ObservedStatus::Expired)])
        .when(late())
        .then_names(&[
            "payment.observed",
            "payment.late_payment",
            "payment.booked",
            "payment.refund_requested",
        ]);
    assert_eq!(document(&stage).status, S::Expired, "the order is not told that it was paid");
    assert_eq!(document(&stage).refunds[0].amount, czk(1000));
    let made = document(&stage).refunds[0].refund.clone();
    let back = tell(refund_seen(made.as_str(), 1000, RefundStatus::Succeeded));
    let stage = stage.when(back).then_names(&["payment.observed", "payment.booked"]);
    assert_eq!(document(&stage).attempts[0].refunded_minor, 1000);
}

#[test]
fn an_earlier_attempt_s_money_is_not_late_while_the_payment_is_open() {
    let stage = after([returning(), opened(1), again(), status(ObservedStatus::Cancelled)]);
    let late = tell(Observation { observed_at: later(MINUTE), ..paid(czk(1000)) });
    assert_eq!(document(&stage.when(late).stage).status, S::Paid);
}
