//! Asking for money, and the attempts to get it.

use super::*;
use kontor_messages::payment::PaymentRefusal as R;

#[test]
fn the_intent_is_recorded_before_the_provider_is_called() {
    let stage = given::<Payment>([]).when(request()).then_names(&["payment.requested"]);
    let document = document(&stage);
    assert_eq!(document.status, S::Created);
    assert_eq!(document.calls[0].key, key(1, Operation::Open, 1));
    assert_eq!(document.calls[0].operation, Operation::Open);
}

#[test]
fn w70_a_clients_repetition_is_the_same_payment_and_never_a_second() {
    let stage = after([request()]).after(MINUTE);
    let mut again = request();
    if let C::Request { until, .. } = &mut again {
        *until = until.plus(MINUTE);
    }
    stage.when(again).then_nothing();
}

#[test]
fn w70_the_same_id_with_another_amount_is_refused() {
    let mut other = request();
    if let C::Request { amount, .. } = &mut other {
        *amount = czk(999);
    }
    after([request()]).when(other).refused(R::PaymentTaken);
}

#[test]
fn w70_a_call_that_cannot_succeed_leaves_no_payment_pending() {
    let open = key(1, Operation::Open, 1);
    let stage = after([request()])
        .when(failed(Operation::Open, &open, CallFault::GiveUp))
        .then_names(&["payment.call_failed", "payment.attempt_closed", "payment.failed"]);
    assert_eq!(document(&stage).status, S::Failed);
    assert!(document(&stage).calls.is_empty());
    assert_eq!(super::super::schedule::due(&document(&stage)), None);
}

#[test]
fn the_key_follows_from_tenant_payment_attempt_operation_and_sequence() {
    let one = key(1, Operation::Open, 1);
    assert_eq!(one, key(1, Operation::Open, 1));
    let others = [
        key(2, Operation::Open, 1),
        key(1, Operation::Capture, 1),
        key(1, Operation::Open, 2),
        call_key(&"other".parse().unwrap(), &id(), 1, Operation::Open, 1).key,
    ];
    assert!(others.iter().all(|other| *other != one));
    assert!(one.len() <= 255);
}

#[test]
fn w82_once_opened_the_payer_has_an_address_and_a_deadline() {
    let stage =
        after([request()]).when(opened(1)).then_names(&["payment.opened", "payment.pending"]);
    let attempt = &document(&stage).attempts[0];
    assert_eq!(attempt.redirect_url.as_deref(), Some("https://pay.example/cs"));
    assert_eq!(attempt.expires_at, Some(later(HOUR)));
    stage.when(opened(1)).then_nothing();
}

#[test]
fn the_payment_is_found_by_every_name_that_its_provider_has_for_it() {
    let stage = after([request(), opened(1)]);
    let keys = <Payment as crate::domain::Domain>::keys(&stage.state(&id()));
    let values: Vec<_> = keys.into_iter().map(|key| key.value).collect();
    assert_eq!(values, ["stripe/main/cs_1", "stripe/main/pi_1"]);
}

#[test]
fn a_name_that_another_payment_has_is_not_taken_over() {
    let mut other = request();
    if let C::Request { payment, .. } = &mut other {
        *payment = EntityId::named("other");
    }
    let mut stage = after([request(), opened(1), other]);
    let mut stolen = opened(1);
    if let C::RecordOpened { payment, .. } = &mut stolen {
        *payment = EntityId::named("other");
    }
    let events = stage.obey(stolen).unwrap();
    let fresh = CallFault::Retry { at: None, fresh_key: true };
    assert_eq!(events.len(), 1, "it is opened anew, under another name");
    assert!(matches!(&events[0].1, E::CallFailed { fault, .. } if *fault == fresh));
    let keys = <Payment as crate::domain::Domain>::keys(&stage.state(&EntityId::named("other")));
    assert_eq!(keys, []);
}

#[test]
fn how_the_payer_transfers_the_money_stands_in_the_attempt() {
    let how = kontor_messages::payment::TransferInstructions {
        account: "2000145399/2010".into(),
        iban: "CZ9320100000002000145399".into(),
        variable_symbol: "2026000014".into(),
        amount: czk(129_900),
        qr_text: "SPD*1.0".into(),
    };
    let mut told = opened(1);
    if let C::RecordOpened { transfer, .. } = &mut told {
        *transfer = Some(how.clone());
    }
    let stage = after([request(), told]);
    assert_eq!(document(&stage).attempts[0].transfer, Some(how));
}

#[test]
fn what_the_payers_browser_needs_stands_in_the_attempt_until_the_payer_has_paid_or_nobody_can() {
    let client = kontor_messages::payment::ClientInstructions {
        client_secret: "pi_1_secret".into(),
        publishable_key: Some("pk_1".into()),
    };
    let mut told_to_us = opened(1);
    if let C::RecordOpened { client: how, redirect_url, .. } = &mut told_to_us {
        *how = Some(client.clone());
        *redirect_url = None;
    }
    let paid = Observation { captured: Some(czk(1000)), ..told(Some(ObservedStatus::Paid)) };
    let failed = told(Some(ObservedStatus::Failed));
    for end in [tell(paid), tell(failed), C::Cancel { payment: id() }] {
        let mut stage = after([request(), told_to_us.clone()]);
        let known = document(&stage);
        assert_eq!(known.attempts[0].client, Some(client.clone()));
        assert_eq!(known.public_view().attempts[0].client, None);
        let called_off = matches!(end, C::Cancel { .. });
        stage.obey(end).unwrap();
        if called_off {
            stage.obey(tell(told(Some(ObservedStatus::Cancelled)))).unwrap();
        }
        assert_eq!(document(&stage).attempts[0].client, None);
    }
}

#[test]
fn w80_addresses_are_pages_for_the_payer_and_nothing_else() {
    for bad in ["ftp://shop.example", "https://", "javascript:x", "https://a@shop.example/", "/x"] {
        let mut command = request();
        if let C::Request { return_url, .. } = &mut command {
            *return_url = Some(bad.into());
        }
        let refusal = given::<Payment>([]).obey(command).unwrap_err();
        assert!(matches!(refusal, R::Invalid { pointer, .. } if pointer == "/return_url"), "{bad}");
    }
}

#[test]
fn nothing_and_less_cannot_be_asked_for() {
    for amount in [0, -1, i64::MAX] {
        let mut command = request();
        if let C::Request { amount: asked, .. } = &mut command {
            *asked = czk(amount);
        }
        let refusal = given::<Payment>([]).obey(command).unwrap_err();
        assert!(matches!(refusal, R::Invalid { .. }));
    }
}

fn second_attempt() -> C {
    C::Retry {
        payment: id(),
        attempt: 2,
        provider: "manual".into(),
        account: "bank".into(),
        until: later(DAY),
    }
}

#[test]
fn another_attempt_calls_the_open_one_off() {
    let stage = after([request(), opened(1)])
        .when(second_attempt())
        .then_names(&["payment.requested", "payment.cancel_requested"]);
    stage.when(second_attempt()).then_nothing();
}

#[test]
fn a_second_paid_attempt_is_told_and_goes_back() {
    let stage = after([request(), opened(1), second_attempt(), opened(2)]);
    let stage = stage
        .when(tell(Observation { attempt: Some(2), ..paid(czk(1000)) }))
        .then_names(&["payment.observed", "payment.booked", "payment.paid"]);
    let stage = stage.when(tell(paid(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.paid_twice",
        "payment.refund_requested",
    ]);
    let before = document(&stage);
    assert_eq!((before.status, before.captured_minor), (S::Paid, 1000));
    assert_eq!((before.refunds[0].attempt, before.refunds[0].amount), (1, czk(1000)));
    // The order's money has not gone back, so the order is not told that it has.
    let name = before.refunds[0].refund.as_str();
    let stage = stage
        .when(tell(refund_seen(name, 1000, RefundStatus::Succeeded)))
        .then_names(&["payment.observed", "payment.booked"]);
    assert_eq!(document(&stage).status, S::Paid);
}

#[test]
fn when_one_attempt_is_paid_the_others_are_called_off() {
    let stage = after([request(), opened(1), second_attempt(), opened(2)]);
    let cancel = key(1, Operation::Cancel, 2);
    assert!(document(&stage).call(&cancel).is_some());
    // The first is paid before its cancellation got there, so the second has to end instead.
    let stage = stage.when(tell(paid(czk(1000)))).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.paid",
        "payment.cancel_requested",
    ]);
    let calls: Vec<_> = document(&stage).calls.iter().map(|call| call.attempt).collect();
    assert_eq!(calls, [2]);
}

#[test]
fn a_cancellation_that_the_provider_refuses_leaves_it_as_it_is_and_the_provider_is_asked() {
    let stage = after([request(), opened(1), C::Cancel { payment: id() }]);
    let cancel = key(1, Operation::Cancel, 2);
    let stage = stage
        .when(failed(Operation::Cancel, &cancel, CallFault::GiveUp))
        .then_names(&["payment.call_given_up", "payment.query_requested"]);
    assert_eq!(document(&stage).attempts[0].status, S::Pending);
}

#[test]
fn a_payment_has_at_most_ten_attempts() {
    let mut stage = after([request()]);
    for number in 2..=10 {
        let command = C::Retry {
            payment: id(),
            attempt: number,
            provider: "stripe".into(),
            account: "main".into(),
            until: later(DAY),
        };
        stage.obey(command).unwrap();
    }
    let command = C::Retry {
        payment: id(),
        attempt: 11,
        provider: "stripe".into(),
        account: "main".into(),
        until: later(DAY),
    };
    assert_eq!(stage.obey(command), Err(R::TooMany { what: "attempts", max: 10 }));
}

#[test]
fn one_that_was_called_off_while_it_was_being_opened_is_called_off_at_the_provider() {
    let cancel = C::Cancel { payment: id() };
    let stage = after([request()]).when(cancel).then_names(&["payment.cancel_requested"]);
    // The cancellation is in the list, and finds the name once the opening has brought it.
    let stage = stage.when(opened(1)).then_names(&["payment.opened", "payment.pending"]);
    let call = document(&stage).calls[0].clone();
    assert_eq!(call.operation, Operation::Cancel);
    let stage = stage
        .when(status(ObservedStatus::Expired))
        .then_names(&["payment.observed", "payment.cancelled"]);
    assert!(document(&stage).calls.is_empty());
}

#[test]
fn what_nobody_wants_any_more_is_not_opened_again() {
    let stage = after([request(), C::Cancel { payment: id() }]);
    let open = key(1, Operation::Open, 1);
    stage.when(failed(Operation::Open, &open, retry())).then_names(&[
        "payment.call_failed",
        "payment.attempt_closed",
        "payment.cancelled",
    ]);
}

#[test]
fn a_bank_transfer_is_marked_paid_by_a_person() {
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
    let mark = |amount| C::MarkPaid { payment: id(), amount: czk(amount), reference: None };
    let stage = after([request(), by_hand]);
    // Only transfers can be under-paid: it is held until the rest has come.
    let stage = stage.when(mark(900)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.mismatch",
    ]);
    assert_eq!(document(&stage).status, S::Held);
    let stage =
        stage.when(mark(1000)).then_names(&["payment.observed", "payment.booked", "payment.paid"]);
    assert_eq!(document(&stage).captured_minor, 1000);
    // Nobody is asked about it, so nothing wakes it.
    assert_eq!(super::super::schedule::due(&document(&stage)), None);
    stage.when(mark(1000)).then_nothing();
}

#[test]
fn a_person_cannot_mark_what_a_provider_reports() {
    let mark = C::MarkPaid { payment: id(), amount: czk(1000), reference: None };
    after([request(), opened(1)]).when(mark).refused(R::NotByHand);
}

#[test]
fn facts_about_a_payment_that_is_not_there_change_nothing() {
    given::<Payment>([]).when(tell(paid(czk(1000)))).then_nothing();
    given::<Payment>([]).when(opened(1)).then_nothing();
    given::<Payment>([]).when(C::RecordReturn { payment: id() }).then_nothing();
    given::<Payment>([]).when(C::Wake { payment: id() }).then_nothing();
    given::<Payment>([]).when(failed(Operation::Open, "k", retry())).then_nothing();
    given::<Payment>([]).when(C::Settle { payment: id() }).refused(R::NotFound);
}
