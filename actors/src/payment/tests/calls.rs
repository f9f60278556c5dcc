//! Calls that fail.

use super::*;
use kontor_messages::payment::PaymentRefusal as R;

fn open_key() -> String {
    key(1, Operation::Open, 1)
}

#[test]
fn a_call_that_was_not_made_is_made_again_under_the_same_key() {
    let stage = after([request()])
        .when(failed(Operation::Open, &open_key(), retry()))
        .then_names(&["payment.call_failed"]);
    let mut stage = stage.after(Duration::from_secs(5));
    assert_eq!(stage.wake_due(), 1);
    let call = document(&stage).calls[0].clone();
    assert_eq!((call.key, call.tries), (open_key(), 2));
}

#[test]
fn waits_double_from_five_seconds_to_a_quarter_of_an_hour() {
    let mut stage = after([request_for_days()]);
    let mut waits = Vec::new();
    for _ in 0..11 {
        stage.obey(failed(Operation::Open, &open_key(), retry())).unwrap();
        let next = document(&stage).calls[0].next.unwrap();
        let wait = next.since(stage.now());
        waits.push(wait.as_secs());
        stage = stage.after(wait);
        stage.wake_due();
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
    stage.when(failed(Operation::Open, &open_key(), retry())).then_names(&[
        "payment.call_given_up",
        "payment.attempt_closed",
        "payment.failed",
    ]);
}

#[test]
fn a_node_may_want_other_waits_than_the_usual_ones() {
    let mut told = failed(Operation::Open, &open_key(), retry());
    if let C::RecordCallFailed { backoff, .. } = &mut told {
        *backoff = Backoff { first_ms: 200, ms_max: 300 };
    }
    let mut stage = after([request()]);
    let mut waits = Vec::new();
    for _ in 0..3 {
        stage.obey(told.clone()).unwrap();
        let wait = document(&stage).calls[0].next.unwrap().since(stage.now());
        waits.push(wait.as_millis());
        stage = stage.after(wait);
        stage.wake_due();
    }
    assert_eq!(waits, [200, 300, 300]);
}

#[test]
fn the_provider_says_when_to_come_again() {
    let at = later(HOUR / 2);
    let fault = CallFault::Retry { at: Some(at), fresh_key: false };
    let stage = after([request(), failed(Operation::Open, &open_key(), fault)]);
    assert_eq!(document(&stage).calls[0].next, Some(at));
}

#[test]
fn where_the_old_key_leads_nowhere_a_new_one_is_taken() {
    let fault = CallFault::Retry { at: None, fresh_key: true };
    let mut stage = after([request(), failed(Operation::Open, &open_key(), fault)]);
    stage = stage.after(MINUTE);
    stage.wake_due();
    assert_eq!(document(&stage).calls[0].key, key(1, Operation::Open, 2));
    // The answer to the old key is no news.
    stage.when(failed(Operation::Open, &open_key(), CallFault::GiveUp)).then_nothing();
}

#[test]
fn an_outcome_told_twice_changes_nothing_the_second_time() {
    let stage = after([request(), failed(Operation::Open, &open_key(), retry())]);
    stage.when(failed(Operation::Open, &open_key(), retry())).then_nothing();
}

#[test]
fn an_unknown_outcome_is_asked_about_before_the_call_is_made_again() {
    let call = key(1, Operation::Refund, 2);
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(failed(Operation::Refund, &call, ask_first())).unwrap();
    assert_eq!(document(&stage).refunds[0].status, RefundStatus::Unknown);
    let mut stage = stage.after(MINUTE * 5);
    let events = stage.obey(C::Wake { payment: id() }).unwrap();
    assert!(names(&events).starts_with(&["payment.call_asked", "payment.query_requested"]));
    // It was not done: the same key again.
    let asked = stage.now();
    let stage = stage
        .when(polled(paid(czk(1000)), asked.plus(MINUTE)))
        .then_names(&["payment.call_repeated"]);
    assert_eq!(document(&stage).calls[0].key, call);
}

#[test]
fn an_unknown_outcome_that_turns_out_done_is_not_done_again() {
    let call = key(1, Operation::Refund, 2);
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(failed(Operation::Refund, &call, ask_first())).unwrap();
    let mut stage = stage.after(MINUTE * 5);
    stage.wake_due();
    let mut told = refund_seen("r", 400, RefundStatus::Succeeded);
    told.status = Some(ObservedStatus::Paid);
    told.captured = Some(czk(1000));
    let at = stage.now();
    let stage = stage.when(polled(told, at)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.refunded",
    ]);
    assert!(document(&stage).calls.is_empty());
}

#[test]
fn what_nobody_can_find_out_is_left_to_a_person_and_the_amount_stays_bound() {
    let call = key(1, Operation::Refund, 2);
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(failed(Operation::Refund, &call, ask_first())).unwrap();
    for _ in 0..8 {
        let next = document(&stage).calls[0].next.unwrap();
        let wait = next.since(stage.now());
        stage = stage.after(wait);
        stage.wake_due();
        if document(&stage).calls[0].next.is_none() {
            break;
        }
    }
    let now = document(&stage);
    assert_eq!(now.calls[0].state, super::super::CallState::GivenUp);
    assert!(stage.now().since(NOW) > DAY * 5);
    let refusal = stage.obey(refund("s", 700));
    assert_eq!(refusal, Err(R::RefundTooLarge { remaining: czk(600) }));
    // The person finds it in the provider's list.
    let mark =
        C::MarkRefund { payment: id(), refund: EntityId::named("r"), succeeded: true, note: None };
    stage.obey(mark).unwrap();
    assert_eq!(document(&stage).refunded_minor, 400);
}

#[test]
fn who_asks_how_a_payment_stands_asks_what_became_of_its_calls_too() {
    let call = key(1, Operation::Refund, 2);
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(failed(Operation::Refund, &call, ask_first())).unwrap();
    let stage = stage.after(Duration::from_secs(10));
    let at = stage.now();
    let stage = stage
        .when(C::Query { payment: id() })
        .then_names(&["payment.query_requested", "payment.call_asked"]);
    let stage = stage.when(polled(paid(czk(1000)), at)).then_names(&["payment.call_repeated"]);
    assert_eq!(document(&stage).calls[0].key, call, "under the same key");
}

#[test]
fn a_key_that_the_provider_has_forgotten_moves_no_money_again() {
    let call = key(1, Operation::Refund, 2);
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(failed(Operation::Refund, &call, ask_first())).unwrap();
    let mut stage = stage.after(DAY * 2);
    stage.wake_due();
    let at = stage.now();
    stage.when(polled(paid(czk(1000)), at)).then_names(&["payment.call_given_up"]);
}

#[test]
fn a_person_has_a_call_made_again() {
    let capture = C::Capture { payment: id(), amount: None };
    let stage =
        after([request_with(CaptureMode::Manual), opened(1), tell(held(czk(1000))), capture]);
    let call = key(1, Operation::Capture, 2);
    let stage = stage
        .when(failed(Operation::Capture, &call, CallFault::GiveUp))
        .then_names(&["payment.call_given_up", "payment.query_requested"]);
    assert_eq!(document(&stage).status, S::Authorized, "a failed capture leaves it authorized");
    let again = C::RetryCall { payment: id(), key: call };
    let stage = stage.when(again.clone()).then_names(&["payment.call_repeated"]);
    stage.when(again).then_nothing();
}

#[test]
fn a_query_that_fails_is_told_once() {
    let stage = after([request(), opened(1)]);
    let fault = failed(Operation::Query, "", retry());
    let stage =
        stage.when(fault.clone()).then_names(&["payment.query_failed", "payment.watch_hastened"]);
    stage.when(fault).then_nothing();
}

fn request_for_days() -> C {
    let mut command = request();
    if let C::Request { until, .. } = &mut command {
        *until = later(DAY);
    }
    command
}

#[test]
fn a_call_that_must_not_be_made_twice_is_begun_once_until_it_is_answered() {
    let refund_key = key(1, Operation::Refund, 2);
    let begins = || C::RecordCallBegun { payment: id(), key: refund_key.clone() };
    let mut stage = paid_stage();
    stage.obey(refund("r-1", 300)).unwrap();
    let stage = stage.when(begins()).then_names(&["payment.call_begun"]);
    assert!(document(&stage).calls[0].begun);
    let mut stage = stage.when(begins()).then_nothing();
    // It surely was not done, so it may begin again once it is made again.
    stage.obey(failed(Operation::Refund, &refund_key, retry())).unwrap();
    let mut stage = stage.when(begins()).then_nothing().after(MINUTE);
    stage.wake_due();
    stage.when(begins()).then_names(&["payment.call_begun"]);
}
