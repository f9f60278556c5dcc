//! Tickets: what may be done once, by whoever gets the mail.
//!
//! A ticket's token or code is derived from its id by who sends it and by who checks it, so it is
//! kept nowhere.

use super::decide::{Answer, Asked, about, active, check_password, known, of_user};
use crate::{
    domain::{Decision, refuse},
    user::{UserStatus, sessions},
};
use kontor_messages::{
    Timestamp,
    user::{RevokeReason, TicketId, TicketPurpose, UserEvent, UserId, UserRefusal, user_entity},
};
use std::time::Duration;

/// Tickets that one user may have open.
pub(super) const TICKETS_MAX: usize = 10;
/// How often a wrong code may be shown.
pub(super) const TRIES: u32 = 5;
/// So soon no other ticket of the same purpose is opened.
const PAUSE: Duration = Duration::from_secs(60);

/// For how long a ticket of a purpose counts.
fn lasts(purpose: TicketPurpose) -> Duration {
    let minutes = match purpose {
        TicketPurpose::VerifyEmail => 24 * 60,
        TicketPurpose::ResetPassword => 30,
        TicketPurpose::SetPassword => 7 * 24 * 60,
        TicketPurpose::LoginCode | TicketPurpose::PhoneCode => 10,
    };
    Duration::from_secs(minutes * 60)
}

/// A ticket that begins now. The token of `set_password` is handed over by who made the account.
pub(super) fn opened(
    (ticket, purpose): (TicketId, TicketPurpose),
    (email, phone): (Option<String>, Option<String>),
    language: Option<String>,
    now: Timestamp,
) -> UserEvent {
    let to = match purpose {
        TicketPurpose::SetPassword => None,
        TicketPurpose::PhoneCode => phone,
        TicketPurpose::VerifyEmail | TicketPurpose::ResetPassword | TicketPurpose::LoginCode => {
            email
        }
    };
    UserEvent::TicketOpened { ticket, purpose, until: now.plus(lasts(purpose)), to, language }
}

pub(super) fn open(
    world: Asked<'_, '_>,
    user: UserId,
    ticket: TicketId,
    purpose: TicketPurpose,
    now: Timestamp,
) -> Answer {
    let there = known(world, user)?;
    let soon = there
        .ticket(purpose, now)
        .is_some_and(|open| open.ticket == ticket || now < open.opened_at.plus(PAUSE));
    let needless = purpose == TicketPurpose::VerifyEmail && there.email_verified;
    if soon || needless || there.status == UserStatus::Disabled {
        return about(user, None);
    }
    match purpose {
        TicketPurpose::SetPassword => {}
        TicketPurpose::PhoneCode if there.is_reached_by_phone() => {}
        TicketPurpose::PhoneCode => {
            return refuse(UserRefusal::WrongState("the account has no telephone number"));
        }
        TicketPurpose::VerifyEmail | TicketPurpose::ResetPassword | TicketPurpose::LoginCode => {
            if there.email.is_none() {
                return refuse(UserRefusal::WrongState("the account has no mail address"));
            }
        }
    }
    let contacts = (there.email.clone(), there.phone.clone());
    let event = opened((ticket, purpose), contacts, there.language.clone(), now);
    about(user, Some(event))
}

pub(super) fn verify_email(
    world: Asked<'_, '_>,
    user: UserId,
    ticket: TicketId,
    now: Timestamp,
) -> Answer {
    let there = active(world, user)?;
    let open = there.ticket(TicketPurpose::VerifyEmail, now);
    if open.is_none_or(|open| open.ticket != ticket) {
        return refuse(UserRefusal::TicketSpent);
    }
    about(user, Some(UserEvent::Verified { ticket, forget_password: false }))
}

/// Whoever had the account before has it no longer: all sessions and tickets end.
pub(super) fn reset_password(
    world: Asked<'_, '_>,
    user: UserId,
    ticket: TicketId,
    password: String,
    now: Timestamp,
) -> Answer {
    check_password(&password)?;
    let there = active(world, user)?;
    let open = [TicketPurpose::ResetPassword, TicketPurpose::SetPassword]
        .into_iter()
        .filter_map(|purpose| there.ticket(purpose, now));
    if !open.into_iter().any(|open| open.ticket == ticket) {
        return refuse(UserRefusal::TicketSpent);
    }
    let mut events =
        vec![of_user(user, UserEvent::PasswordChanged { password, ticket: Some(ticket) })];
    events.extend(sessions::all(world, user, there, None, RevokeReason::PasswordChanged)?);
    Ok(Decision { subject: user_entity(user), events })
}
