//! Notifications as they come in.

use super::super::{InboxStatus, inbox};
use super::*;
use kontor_messages::payment::{Notification, inbox_entity};

fn notification() -> Notification {
    Notification {
        provider: "stripe".into(),
        account: "main".into(),
        event_id: "evt_1".into(),
        kind: "payment_intent.succeeded".into(),
        references: vec!["pi_1".into()],
        tenant: Some(tenant()),
        payment: None,
        observation: Some(Box::new(Observation { attempt: None, ..paid(czk(1000)) })),
        body: "{}".into(),
        signature_ok: true,
        received_at: NOW,
    }
}

fn record(notification: Notification) -> C {
    C::RecordNotification { notification: Box::new(notification) }
}

fn inbox_id() -> EntityId {
    inbox_entity("stripe", "main", "evt_1")
}

fn inbox_of(stage: &Stage<Payment>) -> inbox::InboxDocument {
    match stage.state(&inbox_id()) {
        PaymentState::Notification(document) => *document,
        other => panic!("no notification but {other:?}"),
    }
}

#[test]
fn w72_a_notification_is_kept_once_and_carried_in_by_the_same_decision() {
    let stage = after([request(), opened(1)]).when(record(notification())).then_names(&[
        "payment.notification_received",
        "payment.observed",
        "payment.booked",
        "payment.paid",
    ]);
    assert_eq!(inbox_of(&stage).status, InboxStatus::Matched);
    assert_eq!(inbox_of(&stage).payment, Some(id()));
    assert_eq!(inbox_of(&stage).notification, None, "the journal has the body");
    let stage = stage.when(record(notification())).then_nothing();
    assert_eq!(document(&stage).captured_minor, 1000);
}

#[test]
fn w71_one_for_a_payment_not_known_yet_is_kept_and_matched_later() {
    let mut stage = after([request()])
        .when(record(notification()))
        .then_names(&["payment.notification_received"]);
    assert_eq!(inbox_of(&stage).status, InboxStatus::Unmatched);
    stage.obey(opened(1)).unwrap();
    let mut stage = stage.after(MINUTE);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(inbox_of(&stage).status, InboxStatus::Matched);
    assert_eq!(document(&stage).status, S::Paid);
}

#[test]
fn one_that_comes_before_the_answer_to_the_opening_has_the_provider_asked_right_after_it() {
    let unproven = Notification { payment: Some(id()), observation: None, ..notification() };
    let mut stage =
        after([request()]).when(record(unproven)).then_names(&["payment.notification_received"]);
    assert_eq!(inbox_of(&stage).status, InboxStatus::Unmatched);
    stage.obey(opened(1)).unwrap();
    let stage = stage.after(Duration::from_secs(2));
    stage
        .when(C::Wake { payment: inbox_id() })
        .then_names(&["payment.notification_matched", "payment.query_requested"]);
}

#[test]
fn w71_it_is_looked_for_again_for_days_and_then_left_to_a_person() {
    let mut stage = given::<Payment>([]);
    stage.obey(record(notification())).unwrap();
    for _ in 0..20 {
        let Some(next) = inbox_of(&stage).next else { break };
        let wait = next.since(stage.now());
        stage = stage.after(wait);
        stage.wake_due();
    }
    assert_eq!(inbox_of(&stage).status, InboxStatus::Abandoned);
    assert!(stage.now().since(NOW) > DAY * 4);
}

#[test]
fn a_notification_that_names_the_payment_finds_it_before_its_opening_was_recorded() {
    let named = Notification { payment: Some(id()), ..notification() };
    let stage = after([request()]).when(record(named)).then_names(&[
        "payment.notification_received",
        "payment.observed",
        "payment.booked",
        "payment.paid",
    ]);
    assert_eq!(document(&stage).status, S::Paid);
}

#[test]
fn one_that_names_another_tenant_or_account_touches_no_payment() {
    let foreign = Notification { tenant: Some("other".parse().unwrap()), ..notification() };
    after([request(), opened(1)])
        .when(record(foreign))
        .then_names(&["payment.notification_received"]);
    let elsewhere = Notification {
        account: "second".into(),
        payment: Some(id()),
        references: vec![],
        ..notification()
    };
    after([request(), opened(1)])
        .when(record(elsewhere))
        .then_names(&["payment.notification_received"]);
}

#[test]
fn w75_one_that_nobody_signed_only_leads_to_a_question() {
    let unsigned = Notification { signature_ok: false, ..notification() };
    let stage = after([request(), opened(1)])
        .when(record(unsigned))
        .then_names(&["payment.notification_received", "payment.query_requested"]);
    assert_eq!(document(&stage).status, S::Pending);
}

#[test]
fn one_that_says_nothing_leads_to_a_question() {
    let empty = Notification { observation: None, ..notification() };
    after([request(), opened(1)])
        .when(record(empty))
        .then_names(&["payment.notification_received", "payment.query_requested"]);
}
