//! Writes to users: what a ticket lets them do, and that somebody registered with their address.
//!
//! The message names the ticket only; what its bearer shows is derived when the message is sent.

use super::{Act, Fact, Occurrence};
use kontor_messages::{
    id,
    notification::{ChannelKind, NotificationCommand},
    user::{TicketPurpose, UserEvent, user_of},
};
use serde_json::{Value, json};

/// The text for who registers with an address that is proved.
const KNOWN_ALREADY: &str = "account_exists";

/// Whether anything follows from events of this name.
pub(super) fn follows(name: &str) -> bool {
    matches!(name, "user.ticket_opened" | "user.known_already")
}

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let Fact::User(event) = occurrence.fact else { return Vec::new() };
    match event {
        UserEvent::TicketOpened { ticket, purpose, to: Some(to), language, until } => {
            let Some(user) = user_of(occurrence.entity) else { return Vec::new() };
            let minutes = until.since(occurrence.at).as_secs() / 60;
            let data = json!({ "user": user, "ticket": ticket, "minutes": minutes });
            let channel = match purpose {
                TicketPurpose::PhoneCode => ChannelKind::Sms,
                TicketPurpose::VerifyEmail
                | TicketPurpose::ResetPassword
                | TicketPurpose::SetPassword
                | TicketPurpose::LoginCode => ChannelKind::Email,
            };
            vec![write(occurrence, purpose.word(), (channel, to), language, data)]
        }
        UserEvent::KnownAlready { to, language } => {
            let to = (ChannelKind::Email, to.as_str());
            vec![write(occurrence, KNOWN_ALREADY, to, language, json!({}))]
        }
        _ => Vec::new(),
    }
}

fn write(
    occurrence: &Occurrence<'_>,
    template: &str,
    (channel, to): (ChannelKind, &str),
    language: &Option<String>,
    data: Value,
) -> Act {
    Act::Notification(NotificationCommand::Queue {
        notification: id::derived(occurrence.id, "mail"),
        template: template.to_owned(),
        channel,
        recipient: to.to_owned(),
        language: language.clone(),
        data,
        about: None,
    })
}
