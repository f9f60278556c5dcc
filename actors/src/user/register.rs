//! How somebody becomes a user, and what becomes of an address that two people claim.
//!
//! Until an address is proved, nobody owns it: who registers with it later takes the account over,
//! and whatever was set before counts no longer. An account that an operator made, that may do
//! something, or whose address is proved, is never taken over.

use super::{
    EMAIL, PHONE, UserDocument, UserStatus,
    decide::{Answer, Asked, check_password, check_person, invalid, known, of_user},
    sessions, tickets,
};
use crate::{
    domain::{Decision, Key, Stop, refuse},
    words::is_mail_address,
};
use kontor_messages::{
    Timestamp,
    user::{
        NewUser, PlatformRole, RegisteredVia, RevokeReason, TicketId, TicketPurpose, UserEvent,
        UserId, UserRefusal, user_entity, user_of,
    },
};
use std::time::Duration;

/// So long a user is not told again that somebody registered with their address.
const TOLD_FOR: Duration = Duration::from_secs(3600);

pub(super) fn register(
    world: Asked<'_, '_>,
    user: UserId,
    new: NewUser,
    ticket: Option<(TicketId, TicketPurpose)>,
    now: Timestamp,
) -> Answer {
    check(&new)?;
    if let Some(there) = world.get(&user_entity(user))?.user() {
        // The same request again.
        let same = there.email == new.email && there.phone == new.phone;
        return if same {
            Ok(Decision::nothing(user_entity(user)))
        } else {
            refuse(UserRefusal::Taken("id"))
        };
    }
    let phone = new.phone.as_ref().map(|phone| Key::new(PHONE, phone));
    if let Some(phone) = phone
        && world.find(&phone)?.is_some()
    {
        return refuse(UserRefusal::Taken("phone"));
    }
    let email = new.email.as_ref().map(|email| Key::new(EMAIL, email));
    if let Some(email) = email
        && let Some(other) = world.find(&email)?.and_then(user_of)
    {
        return again(world, other, new, ticket, now);
    }
    let NewUser { email, phone, name, language, password, role, via, verified } = new;
    let opened = ticket.map(|(ticket, purpose)| {
        tickets::opened(ticket, purpose, email.clone(), language.clone(), now)
    });
    let registered =
        UserEvent::Registered { email, phone, name, language, password, role, via, verified };
    Ok(Decision::of(user_entity(user), std::iter::once(registered).chain(opened).collect()))
}

/// Somebody registers with a mail address that is `other`'s.
fn again(
    world: Asked<'_, '_>,
    other: UserId,
    new: NewUser,
    ticket: Option<(TicketId, TicketPurpose)>,
    now: Timestamp,
) -> Answer {
    let there = known(world, other)?;
    if there.status == UserStatus::Disabled {
        return refuse(UserRefusal::Taken("e-mail"));
    }
    match new.via {
        RegisteredVia::Import | RegisteredVia::Operator => refuse(UserRefusal::Taken("e-mail")),
        RegisteredVia::Code => match ticket {
            Some((ticket, purpose)) => tickets::open(world, other, ticket, purpose, now),
            None => Ok(Decision::nothing(user_entity(other))),
        },
        RegisteredVia::Password if is_unowned(there) => {
            take_over(world, other, there, new, ticket, now)
        }
        RegisteredVia::Password => {
            let told = there.told_at.is_some_and(|at| now < at.plus(TOLD_FOR));
            let to = there.email.clone().filter(|_| !told);
            let language = there.language.clone();
            let event = to.map(|to| UserEvent::KnownAlready { to, language });
            Ok(Decision::of(user_entity(other), event.into_iter().collect()))
        }
    }
}

/// Whether nobody has proved to be the owner, and nothing is lost with it.
fn is_unowned(there: &UserDocument) -> bool {
    let by_anybody = matches!(there.via, RegisteredVia::Password | RegisteredVia::Code);
    by_anybody
        && !there.email_verified
        && there.role == PlatformRole::None
        && there.tenants.is_empty()
}

fn take_over(
    world: Asked<'_, '_>,
    user: UserId,
    there: &UserDocument,
    new: NewUser,
    ticket: Option<(TicketId, TicketPurpose)>,
    now: Timestamp,
) -> Answer {
    let NewUser { email, name, language, password, .. } = new;
    if there.password == password {
        // The same request again: no two hashes are the same by chance.
        return Ok(Decision::nothing(user_entity(user)));
    }
    let opened = ticket.map(|(ticket, purpose)| {
        let event = tickets::opened(ticket, purpose, email, language.clone(), now);
        of_user(user, event)
    });
    let mut events = sessions::all(world, user, there, None, RevokeReason::Superseded)?;
    events.push(of_user(user, UserEvent::TakenOver { name, language, password }));
    events.extend(opened);
    Ok(Decision { subject: user_entity(user), events })
}

fn check(new: &NewUser) -> Result<(), Stop<UserRefusal>> {
    if new.email.is_none() && new.phone.is_none() {
        return invalid("/email", "a mail address, or a telephone number");
    }
    let lower = |email: &str| email.to_lowercase() == email;
    if new.email.as_deref().is_some_and(|email| !is_mail_address(email) || !lower(email)) {
        return invalid("/email", "one address, such as jana@example.com");
    }
    let digits = |phone: &str| {
        let rest = phone.strip_prefix('+').unwrap_or_default();
        (7..=15).contains(&rest.len()) && rest.bytes().all(|c| c.is_ascii_digit())
    };
    if new.phone.as_deref().is_some_and(|phone| !digits(phone)) {
        return invalid("/phone", "a number such as +420123456789");
    }
    check_person(&new.name, new.language.as_deref())?;
    new.password.as_deref().map_or(Ok(()), check_password)
}
