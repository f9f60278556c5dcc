//! What providers tell, in whatever order.

use super::super::standing::may_move;
use super::*;
use kontor_messages::payment::PaymentRefusal as R;

#[test]
fn money_makes_it_paid_and_the_ledger_says_so() {
    let stage = after([request(), opened(1)]).when(tell(paid(czk(1000)))).then([
        (id(), E::Observed { attempt: 1, observation: Box::new(paid(czk(1000))) }),
        (
            id(),
            E::Booked {
                attempt: 1,
                kind: kontor_messages::payment::LedgerKind::Capture,
                amount: czk(1000),
                provider: "stripe".into(),
                account: "main".into(),
            },
        ),
        (id(), E::Paid { order: Some(order()), paid: czk(1000) }),
    ]);
    assert_eq!(document(&stage).captured_minor, 1000);
}

#[test]
fn w72_the_same_notification_again_changes_nothing() {
    let told = Observation { provider_event: Some("evt_1".into()), ..paid(czk(1000)) };
    let stage = after([request(), opened(1), tell(told.clone())]);
    stage.when(tell(told)).then_nothing();
}

#[test]
fn w72_the_same_fact_under_another_id_changes_nothing() {
    let told = Observation { provider_event: Some("evt_2".into()), ..paid(czk(1000)) };
    paid_stage().when(tell(told)).then_nothing();
}

#[test]
fn webhook_may_come_before_the_calls_own_answer() {
    let told = Observation { references: vec!["pi_1".into()], ..paid(czk(1000)) };
    let stage = after([request(), tell(told)]);
    assert_eq!(document(&stage).status, S::Paid);
    let stage = stage.when(opened(1)).then_names(&["payment.opened"]);
    assert_eq!(document(&stage).status, S::Paid);
    assert_eq!(document(&stage).attempts[0].references, ["pi_1", "cs_1"]);
}

#[test]
fn w73_a_late_cancel_does_not_undo_a_payment() {
    for late in [ObservedStatus::Cancelled, ObservedStatus::Failed, ObservedStatus::Expired] {
        let mut stage = paid_stage();
        stage.obey(status(late)).unwrap();
        assert_eq!(document(&stage).status, S::Paid);
    }
}

#[test]
fn w73_a_late_success_does_not_undo_a_refund() {
    let mut stage = paid_stage();
    stage.obey(refund("r", 1000)).unwrap();
    stage.obey(tell(refund_seen("r", 1000, RefundStatus::Succeeded))).unwrap();
    assert_eq!(document(&stage).status, S::Refunded);
    let late = Observation { provider_event: Some("evt_9".into()), ..paid(czk(1000)) };
    let stage = stage.when(tell(late)).then_nothing();
    assert_eq!(document(&stage).status, S::Refunded);
}

#[test]
fn a_late_pending_does_not_undo_an_end() {
    let mut stage = after([request(), opened(1), status(ObservedStatus::Cancelled)]);
    stage.obey(status(ObservedStatus::Pending)).unwrap();
    assert_eq!(document(&stage).status, S::Cancelled);
}

#[test]
fn w74_another_amount_is_held_told_and_never_paid() {
    for wrong in [czk(999), czk(1001), Money::new(1000, Currency::EUR)] {
        let stage = after([request(), opened(1)]).when(tell(paid(wrong))).then_names(&[
            "payment.observed",
            "payment.booked",
            "payment.mismatch",
        ]);
        let document = document(&stage);
        assert_eq!((document.status, document.captured_minor), (S::Held, 0));
        assert_eq!(document.attempts[0].captured_minor, wrong.amount_minor);
    }
}

#[test]
fn a_person_accepts_another_amount_once_and_it_is_paid() {
    let accept = || C::Accept { payment: id(), note: Some("a rounding".into()) };
    for wrong in [900, 1001] {
        let stage = after([request(), opened(1), tell(paid(czk(wrong)))])
            .when(accept())
            .then_names(&["payment.mismatch_accepted", "payment.paid"])
            .when(accept())
            .then_nothing();
        let known = document(&stage);
        assert_eq!((known.status, known.captured_minor, known.counted), (S::Paid, wrong, Some(1)));
        stage.when(tell(paid(czk(wrong)))).then_nothing();
    }
}

#[test]
fn what_has_not_come_came_in_another_currency_or_has_gone_back_is_not_accepted() {
    let accept = || C::Accept { payment: id(), note: None };
    let wrong = R::WrongStatus {
        status: "pending",
        action: "accepted before money of another amount has come",
    };
    after([request(), opened(1)]).when(accept()).refused(wrong);
    let euros = Money::new(1000, Currency::EUR);
    let stage = after([request(), opened(1), tell(paid(euros))]);
    stage.when(accept()).refused(R::OtherCurrency { found: euros });
    let back = tell(refund_seen("r", 900, RefundStatus::Succeeded));
    let stage = after([request(), opened(1), tell(paid(czk(900))), refund("r", 900), back]);
    assert!(stage.when(accept()).result.is_err());
}

#[test]
fn w74_a_session_of_another_amount_is_held_before_anybody_pays() {
    let told = Observation { amount: Some(czk(100)), ..told(Some(ObservedStatus::Created)) };
    let stage = after([request(), opened(1)])
        .when(tell(told))
        .then_names(&["payment.observed", "payment.mismatch"]);
    assert_eq!(document(&stage).status, S::Held);
}

#[test]
fn a_declined_try_leaves_the_payment_pending() {
    let told = Observation {
        problem: Some(Problem::new("card_declined", "Your card was declined.")),
        ..told(Some(ObservedStatus::Created))
    };
    let stage = after([request(), opened(1)]).when(tell(told)).then_names(&["payment.observed"]);
    assert_eq!(document(&stage).status, S::Pending);
    assert!(document(&stage).attempts[0].problem.is_some());
}

#[test]
fn money_that_moves_after_the_end_is_recorded_and_told() {
    let stage = after([request(), opened(1), status(ObservedStatus::Expired)]);
    let stage = stage.when(tell(paid(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.late_payment",
        "payment.booked",
        "payment.paid",
    ]);
    assert_eq!(document(&stage).status, S::Paid);
}

#[test]
fn an_old_word_of_a_hold_does_not_undo_its_end_but_the_provider_is_asked() {
    let stage = after([request(), opened(1), status(ObservedStatus::Cancelled)]);
    let stage = stage
        .when(tell(held(czk(1000))))
        .then_names(&["payment.observed", "payment.query_requested"]);
    assert_eq!(document(&stage).status, S::Cancelled);
    let stage = stage.when(polled(held(czk(1000)), later(MINUTE))).then_names(&[
        "payment.observed",
        "payment.late_payment",
        "payment.booked",
        "payment.authorized",
    ]);
    assert_eq!(document(&stage).authorized_minor, 1000);
}

#[test]
fn held_money_is_taken_as_far_as_was_asked_and_the_rest_is_let_go() {
    let stage = after([request_with(CaptureMode::Manual), opened(1)]);
    let stage = stage.when(tell(held(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.authorized",
    ]);
    let capture = C::Capture { payment: id(), amount: Some(czk(600)) };
    let stage = stage.when(capture.clone()).then_names(&["payment.capture_requested"]);
    let stage = stage.when(capture).then_nothing();
    let stage = stage.when(tell(paid(czk(600)))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.booked",
        "payment.paid",
    ]);
    let document = document(&stage);
    assert_eq!((document.captured_minor, document.authorized_minor), (600, 0));
    assert_eq!(document.status, S::Paid);
}

#[test]
fn no_more_is_captured_than_is_held() {
    let stage = after([request_with(CaptureMode::Manual), opened(1), tell(held(czk(1000)))]);
    let refusal = kontor_messages::payment::PaymentRefusal::CaptureTooLarge { held: czk(1000) };
    stage.when(C::Capture { payment: id(), amount: Some(czk(1001)) }).refused(refusal);
}

#[test]
fn a_hold_that_lapses_expires_the_payment() {
    let stage = after([request_with(CaptureMode::Manual), opened(1), tell(held(czk(1000)))]);
    let gone = Observation { observed_at: later(DAY), ..told(Some(ObservedStatus::Expired)) };
    let stage = stage.when(tell(gone)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.expired",
    ]);
    assert_eq!(document(&stage).authorized_minor, 0);
}

#[test]
fn the_transition_table_is_the_reference() {
    use S::*;
    let all = [
        Created,
        Pending,
        Authorized,
        Paid,
        PartiallyRefunded,
        Refunded,
        Failed,
        Cancelled,
        Expired,
        Held,
        Disputed,
    ];
    let table: [(S, &[S]); 11] = [
        (Created, &[Pending, Authorized, Paid, Failed, Cancelled, Expired, Held]),
        (Pending, &[Authorized, Paid, Failed, Cancelled, Expired, Held]),
        (Authorized, &[Paid, Cancelled, Expired, Held]),
        (Paid, &[PartiallyRefunded, Refunded, Disputed]),
        (PartiallyRefunded, &[Paid, Refunded, Disputed]),
        (Refunded, &[Paid, PartiallyRefunded, Disputed]),
        (Failed, &[Authorized, Paid, Held]),
        (Cancelled, &[Authorized, Paid, Held]),
        (Expired, &[Authorized, Paid, Held]),
        (Held, &[Paid, Refunded, Failed, Cancelled, Expired]),
        (Disputed, &[Paid, PartiallyRefunded, Refunded]),
    ];
    for (from, allowed) in table {
        for to in all {
            assert_eq!(may_move(from, to), allowed.contains(&to), "{from:?} to {to:?}");
        }
    }
}
