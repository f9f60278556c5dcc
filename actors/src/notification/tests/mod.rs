//! The rules of messages to people.

mod properties;

use super::{decide::ATTEMPTS_MAX, *};
use crate::testing::{Stage, given};
use kontor_messages::notification::{
    ChannelKind, Failure, FailureKind, SkipReason, SuppressReason, Template, template_entity,
};
use serde_json::json;
use std::time::Duration;

const JANA: &str = "jana@example.com";

fn id() -> EntityId {
    EntityId::named("0199-message")
}

fn attempt(n: u32) -> EntityId {
    EntityId::named(format!("attempt-{n}"))
}

fn queue_to(notification: EntityId, recipient: &str) -> NotificationCommand {
    NotificationCommand::Queue {
        notification,
        template: "order_confirmation".to_owned(),
        channel: ChannelKind::Email,
        recipient: recipient.to_owned(),
        language: Some("cs-CZ".to_owned()),
        data: json!({"order_number": "2026-000123"}),
        about: Some(EntityId::named("order-1")),
    }
}

fn queue() -> NotificationCommand {
    queue_to(id(), JANA)
}

fn begin(n: u32) -> NotificationCommand {
    NotificationCommand::RecordAttempt { notification: id(), attempt: attempt(n) }
}

fn sent() -> NotificationCommand {
    NotificationCommand::RecordSent { notification: id(), provider_id: Some("q-1".to_owned()) }
}

fn failure(kind: FailureKind, code: &str) -> Failure {
    Failure { kind, code: code.to_owned(), message: "no".to_owned() }
}

fn failed(n: u32, kind: FailureKind, code: &str) -> NotificationCommand {
    NotificationCommand::RecordFailure {
        notification: id(),
        attempt: attempt(n),
        failure: failure(kind, code),
        retry_after_s: None,
        jitter: 0,
    }
}

fn queued() -> Stage<Notification> {
    given::<Notification>([]).when(queue()).then_names(&["notification.queued"])
}

fn sending() -> Stage<Notification> {
    queued().when(begin(1)).then_names(&["notification.attempt_started"])
}

fn message(stage: &Stage<Notification>) -> NotificationDocument {
    match stage.state(&id()) {
        NotificationState::Notification(message) => message,
        other => panic!("expected a message, found {other:?}"),
    }
}

/// How long a message waits after its first attempt failed so.
fn wait_after(command: NotificationCommand) -> u64 {
    let stage = sending().when(command).then_names(&["notification.attempt_failed"]);
    match message(&stage).phase {
        Phase::Waiting { until } => until.since(stage.now()).as_secs(),
        other => panic!("expected a wait, found {other:?}"),
    }
}

fn invalid_at(command: NotificationCommand, expected: &str) {
    match given::<Notification>([]).when(command).result {
        Err(NotificationRefusal::Invalid { pointer, .. }) => assert_eq!(pointer, expected),
        other => panic!("expected a refusal at {expected}, got {other:?}"),
    }
}

#[test]
fn w90_two_messages_to_one_recipient_are_two_messages() {
    queued()
        .when(queue_to(EntityId::named("0199-other"), JANA))
        .then_names(&["notification.queued"]);
}

#[test]
fn w91_w95_a_fact_is_told_to_a_recipient_once_however_often_it_is_asked() {
    let other = queue_to(id(), "someone.else@example.com");
    let stage = queued().when(queue()).then_nothing().when(other).then_nothing();
    assert_eq!(message(&stage).recipient, JANA);
    stage.when(begin(1)).then_names(&["notification.attempt_started"]).when(queue()).then_nothing();
}

#[test]
fn w92_a_crash_between_attempt_and_outcome_is_resumed_once_with_the_same_message() {
    let mut stage = sending().after(Duration::from_secs(15 * 60));
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(message(&stage).attempts_ambiguous, 1);
    let mut stage = stage.after(Duration::from_secs(5 * 60));
    assert_eq!(stage.wake_due(), 1);
    let stage = stage.when(begin(2)).then_names(&["notification.attempt_started"]);
    let mut stage = stage.after(Duration::from_secs(15 * 60));
    assert_eq!(stage.wake_due(), 1);
    let message = message(&stage);
    assert_eq!(message.phase.word(), "given_up");
    assert_eq!(message.last_failure.unwrap().kind, FailureKind::Ambiguous);
}

#[test]
fn w93_a_message_without_a_usable_recipient_is_refused_and_not_skipped() {
    for bad in ["", "jana", "jana@example.com\r\nBcc: x@example.com", "a@b.cz, c@d.cz"] {
        invalid_at(queue_to(id(), bad), "/recipient");
    }
}

#[test]
fn w94_w96_the_recipient_and_what_the_text_speaks_of_are_in_the_message() {
    let stage = queued();
    let message = message(&stage);
    assert_eq!(message.recipient, JANA);
    assert_eq!(message.data["order_number"], "2026-000123");
    assert_eq!(message.about, Some(EntityId::named("order-1")));
}

#[test]
fn w97_a_caller_cannot_bring_credentials_of_its_own() {
    let mut command = serde_json::to_value(queue()).unwrap();
    assert!(serde_json::from_value::<NotificationCommand>(command.clone()).is_ok());
    command["bot_token"] = "123:abc".into();
    assert!(serde_json::from_value::<NotificationCommand>(command).is_err());
}

#[test]
fn w98_a_suppressed_address_is_not_written_to_until_it_is_released() {
    let suppress = |recipient: &str| NotificationCommand::Suppress {
        recipient: recipient.to_owned(),
        reason: SuppressReason::OptedOut,
    };
    let retry = || NotificationCommand::Retry { notification: id() };
    let stage = given::<Notification>([])
        .when(suppress("Jana@Example.com"))
        .then_names(&["notification.address_suppressed"])
        .when(suppress(JANA))
        .then_nothing()
        .when(queue())
        .then_names(&["notification.queued", "notification.skipped"])
        .when(begin(1))
        .then_nothing()
        .when(retry())
        .refused(NotificationRefusal::Suppressed);
    assert!(!dispatch::may_send(&stage.state(&id()), &attempt(1)));
    stage
        .when(NotificationCommand::Unsuppress { recipient: JANA.to_owned() })
        .then_names(&["notification.address_released"])
        .when(retry())
        .then_names(&["notification.retried"])
        .when(begin(1))
        .then_names(&["notification.attempt_started"]);
}

#[test]
fn an_address_suppressed_while_its_message_waits_is_not_written_to() {
    queued()
        .when(NotificationCommand::Suppress {
            recipient: JANA.to_owned(),
            reason: SuppressReason::Complained,
        })
        .then_names(&["notification.address_suppressed"])
        .when(begin(1))
        .then([(id(), NotificationEvent::Skipped { reason: SkipReason::Suppressed })]);
}

#[test]
fn a_sender_may_send_only_what_it_was_granted() {
    let stage = sending().when(begin(2)).then_nothing();
    assert!(dispatch::may_send(&stage.state(&id()), &attempt(1)));
    assert!(!dispatch::may_send(&stage.state(&id()), &attempt(2)));
    let stage = stage.when(sent()).then_names(&["notification.sent"]);
    assert!(!dispatch::may_send(&stage.state(&id()), &attempt(1)));
    stage.when(begin(3)).then_nothing();
}

#[test]
fn an_attempt_that_has_failed_is_not_granted_again() {
    let stage = sending()
        .when(failed(1, FailureKind::RetryBackoff, "421"))
        .then_names(&["notification.attempt_failed"]);
    let mut stage = stage.after(Duration::from_secs(5));
    assert_eq!(stage.wake_due(), 1);
    stage
        .when(begin(1))
        .then_nothing()
        .when(begin(2))
        .then_names(&["notification.attempt_started"]);
}

#[test]
fn a_sent_message_keeps_no_customer_data_and_stays_sent() {
    let stage = sending()
        .when(sent())
        .then_names(&["notification.sent"])
        .when(sent())
        .then_nothing()
        .when(failed(1, FailureKind::RetryBackoff, "421"))
        .then_nothing()
        .when(NotificationCommand::Retry { notification: id() })
        .refused(NotificationRefusal::WrongStatus { status: "sent", action: "sent again" });
    assert_eq!(message(&stage).data, serde_json::Value::Null);
    assert_eq!(Notification::due(&stage.state(&id())), None);
}

#[test]
fn news_that_it_was_sent_counts_even_after_it_was_given_up() {
    sending()
        .when(failed(1, FailureKind::RejectMessage, "552"))
        .then_names(&["notification.given_up"])
        .when(sent())
        .then_names(&["notification.sent"]);
}

#[test]
fn the_first_wait_is_short_and_obeys_what_the_failure_says() {
    use FailureKind::{Ambiguous, RejectConfig, RetryAfter, RetryBackoff};
    assert_eq!(wait_after(failed(1, RetryBackoff, "421")), 5);
    assert_eq!(wait_after(failed(1, RetryBackoff, "450 4.2.0")), 300);
    assert_eq!(wait_after(failed(1, RetryBackoff, "451")), 300);
    assert_eq!(wait_after(failed(1, Ambiguous, "lost")), 300);
    assert_eq!(wait_after(failed(1, RejectConfig, "535")), 1800);
    for (named, expected) in [(1, 5), (90, 90), (1_000_000, 86_400)] {
        let mut command = failed(1, RetryAfter, "429");
        if let NotificationCommand::RecordFailure { retry_after_s, .. } = &mut command {
            *retry_after_s = Some(named);
        }
        assert_eq!(wait_after(command), expected);
    }
}

#[test]
fn a_message_is_tried_eight_times_and_then_needs_a_person() {
    let mut stage = queued();
    let mut waits = Vec::new();
    for n in 1..=ATTEMPTS_MAX {
        stage = stage.when(begin(n)).then_names(&["notification.attempt_started"]);
        stage.obey(failed(n, FailureKind::RetryBackoff, "421")).unwrap();
        if let Phase::Waiting { until } = message(&stage).phase {
            let wait = until.since(stage.now());
            waits.push(wait.as_secs());
            stage = stage.after(wait);
            assert_eq!(stage.wake_due(), 1);
        }
    }
    assert_eq!(waits, [5, 30, 120, 600, 1800, 7200, 21_600]);
    let stage = stage
        .when(NotificationCommand::Retry { notification: id() })
        .then_names(&["notification.retried"])
        .when(NotificationCommand::Retry { notification: id() })
        .then_nothing();
    assert_eq!(message(&stage).attempts, 0);
}

#[test]
fn a_refused_recipient_is_given_up_and_not_written_to_again() {
    sending()
        .when(failed(1, FailureKind::RejectRecipient, "5.1.1"))
        .then_names(&["notification.given_up", "notification.address_suppressed"])
        .when(queue_to(EntityId::named("0199-other"), JANA))
        .then_names(&["notification.queued", "notification.skipped"]);
}

#[test]
fn a_person_may_leave_a_message_unsent_unless_it_is_on_its_way() {
    let dismiss = || NotificationCommand::Dismiss { notification: id() };
    sending()
        .when(dismiss())
        .refused(NotificationRefusal::WrongStatus { status: "sending", action: "dismissed" });
    queued()
        .when(dismiss())
        .then_names(&["notification.dismissed"])
        .when(dismiss())
        .then_nothing()
        .when(begin(1))
        .then_nothing();
}

#[test]
fn facts_about_unknown_messages_are_no_fault() {
    for command in [begin(1), sent(), failed(1, FailureKind::RetryBackoff, "421")] {
        given::<Notification>([]).when(command).then_nothing();
    }
    let retry = NotificationCommand::Retry { notification: id() };
    given::<Notification>([]).when(retry).refused(NotificationRefusal::NotFound("message"));
}

#[test]
fn what_a_text_speaks_of_is_bounded() {
    let mut command = queue();
    if let NotificationCommand::Queue { data, .. } = &mut command {
        *data = json!({"note": "x".repeat(64 * 1024)});
    }
    invalid_at(command, "/data");
    invalid_at(queue_to(EntityId::named("template/a/en"), JANA), "/notification");
}

#[test]
fn a_tenant_s_own_text_is_put_changed_and_removed() {
    let put = |subject: &str| NotificationCommand::PutTemplate {
        template: Template {
            name: "shipped".to_owned(),
            language: "cs".to_owned(),
            subject: subject.to_owned(),
            text: "Je na cestě.".to_owned(),
            html: None,
        },
    };
    let remove = || NotificationCommand::RemoveTemplate {
        name: "shipped".to_owned(),
        language: "cs".to_owned(),
    };
    let stage = given::<Notification>([])
        .when(put("Na cestě"))
        .then_names(&["notification.template_put"])
        .when(put("Na cestě"))
        .then_nothing()
        .when(put("Odesláno"))
        .then_names(&["notification.template_put"])
        .when(remove())
        .then_names(&["notification.template_removed"])
        .when(remove())
        .refused(NotificationRefusal::NotFound("template"));
    assert_eq!(stage.state(&template_entity("shipped", "cs")), NotificationState::Blank);
    invalid_at(put("Na cestě\r\nBcc: x@example.com"), "/template/subject");
}

#[test]
fn a_state_reads_back_what_it_writes() {
    let stage = sending().when(failed(1, FailureKind::RetryBackoff, "421"));
    let state = stage.stage.state(&id());
    let json = serde_json::to_value(&state).unwrap();
    assert_eq!(json["kind"], "notification");
    assert_eq!(json["status"], "waiting");
    assert_eq!(serde_json::from_value::<NotificationState>(json).unwrap(), state);
}

#[test]
fn events_keep_their_json() {
    let at = crate::testing::NOW;
    let reason = SuppressReason::Bounced;
    let template = Template {
        name: "shipped".to_owned(),
        language: "cs".to_owned(),
        subject: "Na cestě".to_owned(),
        text: "Je na cestě.".to_owned(),
        html: Some("<p>Je na cestě.</p>".to_owned()),
    };
    let failure = failure(FailureKind::RetryAfter, "429");
    let queued = given::<Notification>([]).when(queue()).result.unwrap();
    let mut events: Vec<_> = queued.into_iter().map(|(_, event)| event).collect();
    events.extend([
        NotificationEvent::Skipped { reason: SkipReason::Suppressed },
        NotificationEvent::AttemptStarted { attempt: attempt(1), until: at },
        NotificationEvent::AttemptFailed { failure: failure.clone(), next_attempt_at: at },
        NotificationEvent::Due,
        NotificationEvent::Sent { provider_id: Some("q-1".to_owned()) },
        NotificationEvent::GivenUp { failure },
        NotificationEvent::Retried,
        NotificationEvent::Dismissed,
        NotificationEvent::TemplatePut { template },
        NotificationEvent::TemplateRemoved,
        NotificationEvent::AddressSuppressed { reason, because: Some(id()) },
        NotificationEvent::AddressReleased,
    ]);
    let lines: Vec<_> = include_str!("../events.jsonl").lines().collect();
    let written: Vec<_> = events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    assert_eq!(written, lines);
    for (line, event) in lines.iter().zip(events) {
        assert_eq!(serde_json::from_str::<NotificationEvent>(line).unwrap(), event);
        assert!(Notification::event_name(&event).starts_with("notification."));
    }
}
