//! What users are written, and when.

use super::*;
use kontor_messages::user::{TicketId, TicketPurpose, UserEvent, UserId, user_entity};
use serde_json::json;

const JANA: UserId = UserId(Uuid::from_u128(1));

fn of_user(event: &UserEvent) -> Vec<Act> {
    told(&user_entity(JANA), Fact::User(event))
}

fn opened(to: Option<String>) -> UserEvent {
    UserEvent::TicketOpened {
        ticket: TicketId(Uuid::from_u128(2)),
        purpose: TicketPurpose::ResetPassword,
        until: NOW.plus(Duration::from_secs(1800)),
        to,
        language: Some("cs".to_owned()),
    }
}

#[test]
fn a_ticket_is_sent_by_its_name_only() {
    let acts = of_user(&opened(Some("jana@example.com".to_owned())));
    let expected = NotificationCommand::Queue {
        notification: derived(EVENT, "mail"),
        template: "reset_password".to_owned(),
        channel: kontor_messages::notification::ChannelKind::Email,
        recipient: "jana@example.com".to_owned(),
        language: Some("cs".to_owned()),
        data: json!({ "user": JANA, "ticket": Uuid::from_u128(2), "minutes": 30 }),
        about: None,
    };
    assert_eq!(acts, [Act::Notification(expected)]);
}

#[test]
fn a_code_for_a_telephone_goes_there_as_a_text_message() {
    let code = UserEvent::TicketOpened {
        ticket: TicketId(Uuid::from_u128(2)),
        purpose: TicketPurpose::PhoneCode,
        until: NOW.plus(Duration::from_secs(600)),
        to: Some("+420602123456".to_owned()),
        language: None,
    };
    let acts = of_user(&code);
    let [Act::Notification(NotificationCommand::Queue { template, channel, recipient, .. })] =
        &*acts
    else {
        panic!("{acts:?}")
    };
    let sms = kontor_messages::notification::ChannelKind::Sms;
    assert_eq!((&**template, *channel, &**recipient), ("phone_code", sms, "+420602123456"));
}

#[test]
fn what_is_handed_over_by_other_means_is_not_sent() {
    assert_eq!(of_user(&opened(None)), []);
}

#[test]
fn who_has_an_account_is_told_that_somebody_registered_with_the_address() {
    let known = UserEvent::KnownAlready { to: "jana@example.com".to_owned(), language: None };
    let acts = of_user(&known);
    let [Act::Notification(NotificationCommand::Queue { template, .. })] = &*acts else {
        panic!("{acts:?}")
    };
    assert_eq!(template, "account_exists");
}
