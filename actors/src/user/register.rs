//! How somebody becomes a user, and what becomes of an address that two people claim.
//!
//! Until an address is proved, nobody owns it. Who registers with it again changes nothing: the
//! letter that is sent lets whoever reads the address's mail set a password, which proves the
//! address and ends all that a stranger had set. No password of somebody unproved ever replaces
//! another. The owner of a proved address, of an account that an operator made or that may do
//! something, is only told. A telephone number that is all that
//! an account has is like an address; one beside an address lets nobody in before it is proved.

use super::{
    EMAIL, PHONE, UserDocument, UserStatus,
    decide::{Answer, Asked, check_password, check_person, invalid, known},
    tickets,
};
use crate::{
    domain::{Decision, Key, Stop, refuse},
    words::{is_mail_address, is_phone},
};
use kontor_messages::{
    Timestamp,
    user::{
        NewUser, PlatformRole, RegisteredVia, TicketId, TicketPurpose, UserEvent, UserId,
        UserRefusal, user_entity, user_of,
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
    // A number beside a mail address is what somebody told: until it is proved it is nobody's.
    let claims = new.verified || new.email.is_none();
    let phone = new.phone.as_ref().filter(|_| claims).map(|phone| Key::new(PHONE, phone));
    if let Some(phone) = phone
        && let Some(other) = world.find(&phone)?.and_then(user_of)
    {
        return match ticket.filter(|_| new.via == RegisteredVia::Code && new.email.is_none()) {
            Some(ticket) => code_again(world, other, ticket, now),
            None => refuse(UserRefusal::Taken("phone")),
        };
    }
    let email = new.email.as_ref().map(|email| Key::new(EMAIL, email));
    if let Some(email) = email
        && let Some(other) = world.find(&email)?.and_then(user_of)
    {
        return again(world, other, new, ticket, now);
    }
    let NewUser { email, phone, name, language, password, role, via, verified } = new;
    let opened = ticket.map(|ticket| {
        tickets::opened(ticket, (email.clone(), phone.clone()), language.clone(), now)
    });
    let registered =
        UserEvent::Registered { email, phone, name, language, password, role, via, verified };
    Ok(Decision::of(user_entity(user), std::iter::once(registered).chain(opened).collect()))
}

/// Somebody wants a code to the telephone number that is `other`'s.
fn code_again(
    world: Asked<'_, '_>,
    other: UserId,
    (ticket, purpose): (TicketId, TicketPurpose),
    now: Timestamp,
) -> Answer {
    if known(world, other)?.status == UserStatus::Disabled {
        return refuse(UserRefusal::Taken("phone"));
    }
    tickets::open(world, other, ticket, purpose, now)
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
        RegisteredVia::Password if is_unowned(there) => match ticket {
            Some((ticket, _)) => {
                tickets::open(world, other, ticket, TicketPurpose::ResetPassword, now)
            }
            None => Ok(Decision::nothing(user_entity(other))),
        },
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
        && !there.phone_verified
        && there.role == PlatformRole::None
        && there.tenants.is_empty()
}

fn check(new: &NewUser) -> Result<(), Stop<UserRefusal>> {
    if new.email.is_none() && new.phone.is_none() {
        return invalid("/email", "a mail address, or a telephone number");
    }
    let lower = |email: &str| email.to_lowercase() == email;
    if new.email.as_deref().is_some_and(|email| !is_mail_address(email) || !lower(email)) {
        return invalid("/email", "one address, such as jana@example.com");
    }
    if new.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        return invalid("/phone", "a number such as +420602123456");
    }
    check_person(&new.name, new.language.as_deref())?;
    new.password.as_deref().map_or(Ok(()), check_password)
}
