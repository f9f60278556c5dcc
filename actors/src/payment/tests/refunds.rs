//! Money that goes back.

use super::*;
use kontor_messages::payment::PaymentRefusal as R;
use kontor_messages::payout::Transfer;

#[test]
fn w79_the_intent_comes_first_and_carries_its_own_key() {
    let stage = paid_stage().when(refund("r", 400)).then_names(&["payment.refund_requested"]);
    let call = document(&stage).calls[0].clone();
    assert_eq!(call.key, key(1, Operation::Refund, 2));
    assert_eq!(call.amount, Some(czk(400)));
    assert_eq!(document(&stage).refunded_minor, 0);
}

#[test]
fn w79_the_same_refund_twice_is_one() {
    let stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 400)]);
    let stage = stage.when(refund("r", 400)).then_nothing();
    stage.when(refund("r", 500)).refused(R::RefundTaken);
}

#[test]
fn w79_two_operators_at_once_never_give_back_more_than_came() {
    let stage = after([request(), opened(1), tell(paid(czk(1000))), refund("a", 700)]);
    let stage = stage.when(refund("b", 700)).refused(R::RefundTooLarge { remaining: czk(300) });
    let stage = stage.when(refund("c", 300)).then_names(&["payment.refund_requested"]);
    stage.when(refund("d", 1)).refused(R::RefundTooLarge { remaining: czk(0) });
}

#[test]
fn what_was_not_paid_cannot_be_refunded() {
    after([request(), opened(1)])
        .when(refund("r", 1))
        .refused(R::WrongStatus { status: "pending", action: "refunded" });
}

#[test]
fn a_refund_counts_when_the_provider_says_so_and_not_before() {
    let stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 400)]);
    let stage = stage
        .when(tell(refund_seen("r", 400, RefundStatus::Pending)))
        .then_names(&["payment.observed"]);
    assert_eq!(document(&stage).status, S::Paid);
    let stage = stage.when(tell(refund_seen("r", 400, RefundStatus::Succeeded))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refunded",
    ]);
    assert_eq!(document(&stage).status, S::PartiallyRefunded);
    let stage = stage.when(refund("s", 600)).then_names(&["payment.refund_requested"]);
    let stage = stage.when(tell(refund_seen("s", 600, RefundStatus::Succeeded))).then([
        (
            id(),
            E::Observed {
                attempt: 1,
                observation: Box::new(refund_seen("s", 600, RefundStatus::Succeeded)),
            },
        ),
        (
            id(),
            E::Booked {
                attempt: 1,
                kind: kontor_messages::payment::LedgerKind::Refund,
                amount: czk(600),
                provider: "stripe".into(),
                account: "main".into(),
            },
        ),
        (id(), E::Refunded { order: Some(order()), refunded: czk(1000), status: S::Refunded }),
    ]);
    assert_eq!(document(&stage).status, S::Refunded);
}

#[test]
fn a_refund_that_bounces_gives_the_amount_back() {
    let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 1000)]);
    stage.obey(tell(refund_seen("r", 1000, RefundStatus::Succeeded))).unwrap();
    let stage = stage.when(tell(refund_seen("r", 1000, RefundStatus::Failed))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refund_failed",
        "payment.refund_reversed",
    ]);
    let now = document(&stage);
    assert_eq!((now.status, now.refunded_minor), (S::Paid, 0));
    stage.when(refund("again", 1000)).then_names(&["payment.refund_requested"]);
}

#[test]
fn a_refund_that_the_provider_refuses_leaves_it_paid_and_the_amount_free() {
    let stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 1000)]);
    let call = key(1, Operation::Refund, 2);
    let stage = stage
        .when(failed(Operation::Refund, &call, CallFault::GiveUp))
        .then_names(&["payment.call_failed", "payment.refund_failed"]);
    assert_eq!(document(&stage).status, S::Paid);
    stage.when(refund("s", 1000)).then_names(&["payment.refund_requested"]);
}

#[test]
fn a_refund_that_is_left_to_a_person_stays_bound_until_that_person_says_how_it_went() {
    let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 1000)]);
    let call = key(1, Operation::Refund, 2);
    let events = stage.obey(failed(Operation::Refund, &call, CallFault::LeaveToPerson)).unwrap();
    assert_eq!(
        events.iter().map(|(_, it)| it.name()).collect::<Vec<_>>(),
        ["payment.call_given_up"]
    );
    assert_eq!(document(&stage).refunds[0].status, RefundStatus::Unknown);
    assert!(stage.obey(refund("s", 1)).is_err(), "it may have been made");
    let (payment, refund) = (id(), EntityId::named("r"));
    stage.obey(C::MarkRefund { payment, refund, succeeded: true, note: None }).unwrap();
    assert_eq!(document(&stage).status, S::Refunded);
}

#[test]
fn a_refund_whose_answer_was_lost_is_the_one_that_the_providers_list_names() {
    let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 400)]);
    let call = key(1, Operation::Refund, 2);
    stage.obey(C::RecordCallBegun { payment: id(), key: call.clone() }).unwrap();
    // The node died with the answer. Its successor is told by the list before it looks at the call.
    let mut listed = refund_seen("named-by-the-bank", 400, RefundStatus::Succeeded);
    (listed.refunds[0].refund, listed.source) = (None, ObservationSource::Poll);
    stage.obey(tell(listed)).unwrap();
    let now = document(&stage);
    assert_eq!((now.refunds.len(), now.refunded_minor), (1, 400), "{:?}", now.refunds);
    assert_eq!((now.refunds[0].status, now.calls.len()), (RefundStatus::Succeeded, 0));
    // What the successor concludes of the call is about nothing any more.
    stage.when(failed(Operation::Refund, &call, CallFault::LeaveToPerson)).then_nothing();
}

#[test]
fn the_providers_word_is_better_than_our_guess_that_a_refund_failed() {
    let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 1000)]);
    let call = key(1, Operation::Refund, 2);
    stage.obey(failed(Operation::Refund, &call, CallFault::GiveUp)).unwrap();
    stage.obey(tell(refund_seen("r", 1000, RefundStatus::Succeeded))).unwrap();
    assert_eq!(document(&stage).status, S::Refunded);
}

#[test]
fn a_refund_made_at_the_provider_counts_too() {
    let mut made = refund_seen("x", 300, RefundStatus::Succeeded);
    made.refunds[0].refund = None;
    let stage = paid_stage().when(tell(made)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refunded",
    ]);
    stage.when(refund("r", 800)).refused(R::RefundTooLarge { remaining: czk(700) });
}

#[test]
fn a_refund_told_first_without_our_id_is_not_counted_twice() {
    let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 400)]);
    let mut foreign = refund_seen("r", 400, RefundStatus::Succeeded);
    foreign.refunds[0].refund = None;
    stage.obey(tell(foreign)).unwrap();
    stage.obey(tell(refund_seen("r", 400, RefundStatus::Succeeded))).unwrap();
    let now = document(&stage);
    assert_eq!((now.refunds.len(), now.refunded_minor), (1, 400));
}

#[test]
fn a_refund_of_a_payment_not_known_as_paid_waits_for_the_money() {
    let stage = after([request(), opened(1)]);
    let stage = stage
        .when(tell(refund_seen("x", 300, RefundStatus::Succeeded)))
        .then_names(&["payment.observed", "payment.query_requested"]);
    assert_eq!(document(&stage).refunded_minor, 0);
    let stage = stage.when(tell(paid(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.booked",
        "payment.paid",
        "payment.refunded",
    ]);
    assert_eq!(document(&stage).status, S::PartiallyRefunded);
}

#[test]
fn a_total_that_is_told_without_names_counts_until_a_refund_bounces() {
    let total = |amount, minutes: u32| {
        let at = later(MINUTE * minutes);
        tell(Observation { refunded: Some(czk(amount)), observed_at: at, ..told(None) })
    };
    let mut stage = paid_stage();
    stage.obey(total(300, 1)).unwrap();
    assert_eq!(document(&stage).refunded_minor, 300);
    stage.obey(total(0, 0)).unwrap();
    assert_eq!(document(&stage).refunded_minor, 300, "an older total is worth nothing");
    let left = stage.obey(refund("r", 701));
    assert_eq!(left, Err(R::RefundTooLarge { remaining: czk(700) }));
}

#[test]
fn refunds_of_transfers_are_marked_by_a_person() {
    let by_hand = C::RecordOpened {
        payment: id(),
        attempt: 1,
        provider_ref: "vs-1".into(),
        references: vec![],
        redirect_url: None,
        transfer: None,
        client: None,
        expires_at: None,
        by_hand: true,
    };
    let mark = |succeeded| C::MarkRefund {
        payment: id(),
        refund: EntityId::named("r"),
        succeeded,
        note: None,
    };
    let paid = C::MarkPaid { payment: id(), amount: czk(1000), reference: None };
    let stage = after([request(), by_hand, paid, refund("r", 1000)]);
    let stage = stage.when(mark(true)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refunded",
    ]);
    let stage = stage.when(mark(true)).then_nothing();
    let stage = stage.when(mark(false)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refund_failed",
        "payment.refund_reversed",
    ]);
    assert_eq!(document(&stage).status, S::Paid);
}

#[test]
fn a_refund_that_goes_with_a_file_may_be_marked_until_the_bank_has_spoken() {
    let transfer = Transfer {
        payee_account: "2900000005".into(),
        payee_bank: "2010".into(),
        amount: czk(400),
        variable_symbol: "2026000014".into(),
        message: "KONTOR-1".into(),
    };
    let mut waits = refund_seen("r", 400, RefundStatus::Pending);
    waits.refunds[0].transfer = Some(Box::new(transfer));
    let mark = |succeeded| C::MarkRefund {
        payment: id(),
        refund: EntityId::named("r"),
        succeeded,
        note: None,
    };
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    assert_eq!(stage.obey(mark(false)), Err(R::NotByHand));
    stage.obey(tell(waits)).unwrap();
    assert!(document(&stage).refunds[0].by_file);
    stage.obey(mark(false)).unwrap();
    assert_eq!(document(&stage).refunded_minor, 0);
    stage.obey(tell(refund_seen("r", 400, RefundStatus::Succeeded))).unwrap();
    assert_eq!(document(&stage).refunded_minor, 400, "the bank's word is better");
}

#[test]
fn a_payment_has_at_most_fifty_refunds() {
    let mut stage = paid_stage();
    for number in 0..50 {
        stage.obey(refund(&format!("r{number}"), 1)).unwrap();
    }
    let refusal = stage.obey(refund("r50", 1));
    assert_eq!(refusal, Err(R::TooMany { what: "refunds", max: 50 }));
}

#[test]
fn a_refund_that_nobody_knew_of_is_not_counted_twice_when_the_provider_names_it_later() {
    let nameless = |reference: &str, amount| {
        let mut told = refund_seen("r", amount, RefundStatus::Succeeded);
        told.refunds[0].refund = None;
        told.refunds[0].reference = reference.into();
        tell(told)
    };
    let lost = || {
        let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 400)]);
        let call = key(1, Operation::Refund, 2);
        stage.obey(failed(Operation::Refund, &call, CallFault::LeaveToPerson)).unwrap();
        stage
    };
    let mark =
        C::MarkRefund { payment: id(), refund: EntityId::named("r"), succeeded: true, note: None };
    // A person has spoken for it first, or the provider's own word comes first.
    let mut spoken = lost();
    spoken.obey(mark).unwrap();
    for mut stage in [spoken, lost()] {
        stage.obey(nameless("re_1", 400)).unwrap();
        assert_eq!((document(&stage).refunds.len(), document(&stage).refunded_minor), (1, 400));
        // One of another amount, or a second one, was made at the provider.
        stage.obey(nameless("re_2", 100)).unwrap();
        stage.obey(nameless("re_3", 400)).unwrap();
        assert_eq!((document(&stage).refunds.len(), document(&stage).refunded_minor), (3, 900));
    }
}
