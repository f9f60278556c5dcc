//! Payments that are quiet, and payments whose time is over.

use super::*;
use kontor_messages::payment::QueryReason;

/// Lets time go from deadline to deadline, nobody answering, and says when which question is
/// asked, in minutes.
fn questions(mut stage: Stage<Payment>, days: u64) -> Vec<(u64, QueryReason)> {
    let mut asked = Vec::new();
    for _ in 0..200 {
        let due = super::super::schedule::due(&document(&stage));
        let Some(due) = due.filter(|due| due.since(NOW) < DAY * days as u32) else { break };
        let wait = due.since(stage.now());
        stage = stage.after(wait);
        for (_, event) in stage.obey(C::Wake { payment: id() }).unwrap() {
            if let E::QueryRequested { reason, .. } = event {
                asked.push((stage.now().since(NOW).as_secs() / 60, reason));
            }
        }
        assert_ne!(super::super::schedule::due(&document(&stage)), Some(due), "it moves on");
    }
    asked
}

#[test]
fn w78_a_lost_notification_is_made_up_for_by_asking() {
    let stage = after([request(), opened(1)]);
    let asked = questions(stage, 8);
    let minutes: Vec<_> = asked.iter().map(|(at, _)| *at).collect();
    assert_eq!(&minutes[..4], [5, 15, 30, 60]);
    assert!(asked.iter().any(|(_, reason)| *reason == QueryReason::Expiry));
    // Two days after its end nobody asks any more.
    assert!(minutes.last().unwrap() / (24 * 60) <= 3, "{minutes:?}");
}

#[test]
fn a_question_that_failed_is_put_again_soon_and_the_schedule_grows_no_denser_for_another() {
    let unheard = || failed(Operation::Query, "", retry());
    let asked_by = QueryReason::Schedule;
    let stage = after([request(), opened(1)]).after(MINUTE * 2);
    let stage = stage
        .when(unheard())
        .then_names(&["payment.query_failed", "payment.watch_hastened"])
        .when(unheard())
        .then_nothing();
    let mut stage = stage.after(Duration::from_secs(6));
    let events = stage.obey(C::Wake { payment: id() }).unwrap();
    assert!(matches!(&events[0].1, E::QueryRequested { reason, .. } if *reason == asked_by));
    stage.when(unheard()).then_nothing();
}

#[test]
fn it_is_asked_once_more_before_it_expires() {
    let stage = after([request(), opened(1)]).after(HOUR);
    let mut stage = stage;
    let events = stage.obey(C::Wake { payment: id() }).unwrap();
    assert!(matches!(&events[0].1, E::QueryRequested { reason: QueryReason::Expiry, .. }));
    assert_eq!(document(&stage).status, S::Pending);
    let at = stage.now();
    let stage = stage
        .when(polled(told(Some(ObservedStatus::Created)), at))
        .then_names(&["payment.attempt_closed", "payment.expired"]);
    assert_eq!(document(&stage).status, S::Expired);
}

#[test]
fn it_expires_unanswered_after_it_was_asked_three_times() {
    let mut stage = after([request(), opened(1)]).after(HOUR);
    for _ in 0..4 {
        stage.obey(C::Wake { payment: id() }).unwrap();
        stage = stage.after(MINUTE * 10);
    }
    assert_eq!(document(&stage).status, S::Expired);
}

#[test]
fn money_found_when_it_is_asked_once_more_makes_it_paid() {
    let mut stage = after([request(), opened(1)]).after(HOUR);
    stage.wake_due();
    let at = stage.now();
    stage.obey(polled(paid(czk(1000)), at)).unwrap();
    assert_eq!(document(&stage).status, S::Paid);
    assert_eq!(super::super::schedule::due(&document(&stage)), None);
}

#[test]
fn what_the_bank_is_at_does_not_expire_with_its_page() {
    let mut stage = after([request(), opened(1), status(ObservedStatus::Pending)]).after(HOUR * 3);
    stage.wake_due();
    assert_eq!(document(&stage).status, S::Pending);
}

#[test]
fn one_that_was_never_opened_expires_without_a_question() {
    let stage = after([request()]).after(HOUR);
    stage
        .when(C::Wake { payment: id() })
        .then_names(&["payment.attempt_closed", "payment.expired"]);
}

#[test]
fn an_opening_that_is_answered_after_the_end_is_called_off() {
    let stage = after([request()]).after(HOUR);
    let stage = stage
        .when(C::Wake { payment: id() })
        .then_names(&["payment.attempt_closed", "payment.expired"]);
    let stage = stage.when(opened(1)).then_names(&["payment.opened", "payment.cancel_requested"]);
    assert_eq!(document(&stage).attempts[0].redirect_url, None, "nobody is sent to pay it");
}

#[test]
fn the_payers_return_proves_nothing_but_brings_questions() {
    let stage = after([request(), opened(1)])
        .when(C::RecordReturn { payment: id() })
        .then_names(&["payment.payer_returned", "payment.query_requested"]);
    assert_eq!(document(&stage).status, S::Pending);
    let stage = stage.when(C::RecordReturn { payment: id() }).then_nothing();
    let asked = questions(stage, 1);
    let minutes: Vec<_> = asked.iter().map(|(at, _)| *at).collect();
    assert_eq!(&minutes[..8], [0, 0, 0, 1, 2, 5, 10, 30]);
}

#[test]
fn a_question_is_not_asked_twice_at_once() {
    let stage = after([request(), opened(1)])
        .when(C::Query { payment: id() })
        .then_names(&["payment.query_requested"]);
    stage.when(C::Query { payment: id() }).then_nothing();
}

#[test]
fn a_refund_under_way_is_asked_about() {
    let mut stage = paid_stage();
    stage.obey(refund("r", 400)).unwrap();
    stage.obey(tell(refund_seen("r", 400, RefundStatus::Pending))).unwrap();
    let mut stage = stage.after(MINUTE * 7);
    let events = stage.obey(C::Wake { payment: id() }).unwrap();
    assert_eq!(names(&events), ["payment.query_requested"]);
}

#[test]
fn a_wake_before_its_time_changes_nothing() {
    after([request(), opened(1)]).when(C::Wake { payment: id() }).then_nothing();
}
