//! The record of a provider's call.

use super::*;
use kontor_messages::{
    EventId,
    payment::{CallOutcome, Exchange, ProviderCall},
};

fn made(number: u128, operation: Operation) -> ProviderCall {
    let exchange = Exchange {
        method: "POST".into(),
        address: "https://pay.example/v1".into(),
        started_at: NOW,
        duration_ms: 7,
        outcome: CallOutcome::Answered,
        status: Some(200),
        request_id: Some("req_1".into()),
        request_body: Some("amount=1000".into()),
        response_body: Some("x".repeat(4096)),
    };
    ProviderCall {
        id: EventId(uuid::Uuid::from_u128(number)),
        operation,
        attempt: 1,
        provider: "stripe".into(),
        account: "main".into(),
        key: String::new(),
        tries: 1,
        started_at: NOW,
        duration_ms: 9,
        outcome: CallOutcome::Answered,
        problem: None,
        exchanges: vec![exchange],
        exchanges_left_out: 0,
    }
}

fn called(number: u128, told: C) -> C {
    let call = Box::new(made(number, Operation::Query));
    C::RecordCall { payment: id(), call, told: Box::new(told) }
}

#[test]
fn a_call_is_recorded_with_what_it_brought_in_one_decision() {
    let stage = after([request()]).when(called(1, opened(1))).then_names(&[
        "payment.called",
        "payment.opened",
        "payment.pending",
    ]);
    let plain = after([request(), opened(1)]);
    let mut now = document(&stage);
    assert_eq!(now.attempts[0].last_call, Some(EventId(uuid::Uuid::from_u128(1))));
    now.attempts[0].last_call = None;
    assert_eq!(now, document(&plain), "what it brought is the same with the record and without");
}

#[test]
fn the_record_says_for_which_order_so_that_it_is_erased_with_it() {
    let mut stage = after([request()]);
    let events = stage.obey(called(1, opened(1))).unwrap();
    let E::Called { order: told, call } = &events[0].1 else { panic!("{events:?}") };
    assert_eq!((told, &**call), (&Some(order()), &made(1, Operation::Query)));
}

#[test]
fn a_call_that_brings_no_news_is_recorded_all_the_same_and_asks_for_nothing() {
    let told = || polled(told(Some(ObservedStatus::Pending)), NOW);
    let stage = after([request(), opened(1), told()]);
    let before = super::super::schedule::due(&document(&stage));
    let stage = stage.when(called(1, told())).then_names(&["payment.called"]);
    assert_eq!(super::super::schedule::due(&document(&stage)), before);
    let stage = stage.when(called(2, told())).then_names(&["payment.called"]);
    assert_eq!(document(&stage).calls, []);
}

#[test]
fn the_same_record_twice_is_one() {
    let stage = after([request(), called(1, opened(1))]);
    stage.when(called(1, opened(1))).then_nothing();
}

#[test]
fn a_payment_does_not_grow_with_its_calls() {
    let told = || polled(told(Some(ObservedStatus::Pending)), NOW);
    let size = |calls: u128| {
        let mut stage = after([request(), opened(1), told()]);
        for number in 1..=calls {
            stage.obey(called(number, told())).unwrap();
        }
        serde_json::to_string(&document(&stage)).unwrap().len()
    };
    assert_eq!(size(1), size(100));
}

#[test]
fn a_call_of_an_unknown_outcome_is_recorded_before_what_is_done_about_it() {
    let call = key(1, Operation::Refund, 2);
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    let told = called(1, failed(Operation::Refund, &call, ask_first()));
    let stage = stage.when(told).then_names(&["payment.called", "payment.call_failed"]);
    assert_eq!(document(&stage).refunds[0].status, RefundStatus::Unknown);
}

#[test]
fn nothing_but_an_outcome_comes_with_a_record() {
    let smuggled = C::Refund {
        payment: id(),
        refund: EntityId::named("r"),
        amount: czk(1000),
        key: "r".into(),
        reason: None,
    };
    paid_stage().when(called(1, smuggled)).then_names(&["payment.called"]);
    let nested = called(2, called(3, status(ObservedStatus::Failed)));
    paid_stage().when(nested).then_names(&["payment.called"]);
    let mut other = opened(1);
    if let C::RecordOpened { payment, .. } = &mut other {
        *payment = EntityId::named("01977e4e-0000-7000-8000-0000000000ff");
    }
    after([request()]).when(called(4, other)).then_names(&["payment.called"]);
}

#[test]
fn a_record_for_no_payment_or_no_attempt_is_nothing() {
    given::<Payment>([]).when(called(1, opened(1))).then_nothing();
    let call = Box::new(ProviderCall { attempt: 7, ..made(1, Operation::Open) });
    let told = Box::new(opened(7));
    let stray = C::RecordCall { payment: id(), call, told };
    after([request()]).when(stray).then_nothing();
}
