//! Coming in: what locks an account and an address out, and for how long.
//!
//! What was shown was checked at the edge; here is what follows from it. A wrong thing is a fact
//! and changes the state; a right thing that may not count is refused.

use super::{
    DEVICE_LEN_MAX, Ticket, UserDocument, UserState,
    decide::{Answer, Asked, active, check_hash, check_password, of_user, same},
    sessions,
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{excerpt, is_word},
};
use kontor_messages::{
    EntityId, Timestamp,
    user::{
        Proof, RevokeReason, SecondFactor, SessionId, TicketId, TicketPurpose, UserCommand,
        UserEvent, UserId, UserRefusal, address_entity, session_entity, user_entity,
    },
};
use std::time::Duration;

/// Failures in a row before an account is locked.
pub(super) const FAILURES_FREE: u32 = 5;
/// For how long it is locked first; doubled each time.
const LOCKED_FIRST_S: u64 = 30;
/// For how long it is locked at most.
pub(super) const LOCKED_MAX_S: u64 = 15 * 60;
/// Failures from an address before it has to wait: there may be an office behind it.
pub(super) const ADDRESS_FREE: u32 = 20;
/// What an address did is forgotten after so long without a failure.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 60);

/// What the second factor came to.
pub(super) enum Second {
    /// None is needed.
    None,
    /// A code of the authenticator.
    Step(i64),
    /// A recovery code, by its hash.
    Recovery(String),
}

pub(super) fn log_in(world: Asked<'_, '_>, command: UserCommand, now: Timestamp) -> Answer {
    let UserCommand::LogIn { user, proof, second, session, .. } = &command else {
        return refuse(UserRefusal::NotFound("user"));
    };
    let (user, session) = (*user, *session);
    let UserCommand::LogIn { secret_hash, address_hash, .. } = &command else {
        return refuse(UserRefusal::NotFound("user"));
    };
    check_hash("/secret_hash", secret_hash)?;
    let opens = session_entity(user, session);
    if world.get(&opens)?.session().is_some() {
        return Ok(Decision::nothing(opens));
    }
    if let Some(until) = world.get(&address_of(address_hash)?)?.blocked(now) {
        return refuse(UserRefusal::AddressBlocked { until });
    }
    let known = active(world, user)?;
    if let Some(until) = known.locked(now) {
        return refuse(UserRefusal::Locked { until });
    }
    let ticket = match check_proof(known, proof, now)? {
        Checked::Wrong(ticket) => {
            return failed(world, user, known, (proof, ticket, false), address_hash, now);
        }
        Checked::Right(ticket) => ticket,
    };
    let Some(second) = check_second(known, second.as_ref())? else {
        return failed(world, user, known, (proof, ticket, true), address_hash, now);
    };
    let events = come_in(world, user, known, &command, (ticket, second), now)?;
    Ok(Decision { subject: opens, events })
}

/// What a first proof came to, with the ticket that it is about.
enum Checked {
    Right(Option<TicketId>),
    Wrong(Option<TicketId>),
}

fn check_proof(
    known: &UserDocument,
    proof: &Proof,
    now: Timestamp,
) -> Result<Checked, Stop<UserRefusal>> {
    match proof {
        Proof::Password { right: false, .. } => Ok(Checked::Wrong(None)),
        Proof::Password { version, .. }
            if *version != known.password_version || known.password.is_none() =>
        {
            refuse(UserRefusal::Stale)
        }
        Proof::Password { .. } => Ok(Checked::Right(None)),
        Proof::Code { ticket, right } => match known.code_ticket(*ticket, now) {
            None => refuse(UserRefusal::TicketSpent),
            Some(_) if *right => Ok(Checked::Right(Some(*ticket))),
            Some(_) => Ok(Checked::Wrong(Some(*ticket))),
        },
    }
}

/// `None` if the second factor is wrong.
pub(super) fn check_second(
    known: &UserDocument,
    shown: Option<&SecondFactor>,
) -> Result<Option<Second>, Stop<UserRefusal>> {
    let Some(totp) = known.totp.as_ref().filter(|totp| totp.confirmed) else {
        return Ok(Some(Second::None));
    };
    match shown {
        None => refuse(UserRefusal::SecondFactorNeeded),
        // A step is used once, so a code that somebody saw over a shoulder is worth nothing.
        Some(SecondFactor::Totp { step }) => {
            let fresh = step.filter(|step| totp.last_step.is_none_or(|last| last < *step));
            Ok(fresh.map(Second::Step))
        }
        Some(SecondFactor::Recovery { hash }) => {
            let left = totp.recovery.iter().any(|known| same(known, hash));
            Ok(left.then(|| Second::Recovery(hash.clone())))
        }
    }
}

fn come_in(
    world: Asked<'_, '_>,
    user: UserId,
    known: &UserDocument,
    command: &UserCommand,
    (ticket, second): (Option<TicketId>, Second),
    now: Timestamp,
) -> Result<Vec<(EntityId, UserEvent)>, Stop<UserRefusal>> {
    let UserCommand::LogIn { proof, session, secret_hash, device, address, .. } = command else {
        return Ok(Vec::new());
    };
    let mut events = Vec::new();
    let news = |open: &Ticket| match open.purpose {
        TicketPurpose::PhoneCode => !known.phone_verified,
        _ => !known.email_verified,
    };
    let open = ticket.and_then(|ticket| known.code_ticket(ticket, now));
    if let Some(Ticket { ticket, .. }) = open.filter(|open| news(open)) {
        let ticket = *ticket;
        // Whoever set a password before had not proved that the address or number is theirs.
        events.extend(sessions::all(world, user, known, None, RevokeReason::Superseded)?);
        let forget_password = known.password.is_some();
        events.push(of_user(user, UserEvent::Verified { ticket, forget_password }));
    } else if let Some(oldest) = sessions::oldest_of_too_many(known) {
        events.push(sessions::revoked(world, user, oldest, RevokeReason::TooMany)?);
    }
    let (step, recovery) = match second {
        Second::None => (None, None),
        Second::Step(step) => (Some(step), None),
        Second::Recovery(hash) => (None, Some(hash)),
    };
    let rehash = match proof {
        Proof::Password { rehash: Some(rehash), .. } => {
            check_password(rehash)?;
            Some(rehash.clone())
        }
        Proof::Password { .. } | Proof::Code { .. } => None,
    };
    let (session, method) = (*session, proof.method());
    events.push(of_user(
        user,
        UserEvent::LoggedIn { session, method, ticket, step, recovery, rehash },
    ));
    let opened = UserEvent::SessionOpened {
        user,
        session,
        device: excerpt(device, DEVICE_LEN_MAX),
        address: excerpt(address, 60),
        secret_hash: secret_hash.clone(),
        until: now.plus(sessions::SESSION_FOR),
    };
    events.push((session_entity(user, session), opened));
    Ok(events)
}

fn failed(
    world: Asked<'_, '_>,
    user: UserId,
    known: &UserDocument,
    (proof, ticket, second): (&Proof, Option<TicketId>, bool),
    address_hash: &str,
    now: Timestamp,
) -> Answer {
    let method = proof.method();
    let failed = UserEvent::LoginFailed { method, ticket, second };
    let mut events = counted(user, known, failed, now);
    events.push(address_failed(world, address_hash, now)?);
    Ok(Decision { subject: user_entity(user), events })
}

/// A failure, and the lock that follows from it.
pub(super) fn counted(
    user: UserId,
    known: &UserDocument,
    failed: UserEvent,
    now: Timestamp,
) -> Vec<(EntityId, UserEvent)> {
    let mut events = vec![of_user(user, failed)];
    let failures = known.failures.saturating_add(1);
    if let Some(more) = failures.checked_sub(FAILURES_FREE) {
        let seconds = LOCKED_FIRST_S.saturating_mul(1 << more.min(10)).min(LOCKED_MAX_S);
        let until = now.plus(Duration::from_secs(seconds));
        events.push(of_user(user, UserEvent::Locked { until }));
    }
    events
}

/// A failure of an address, and how long it has to wait.
pub(super) fn address_failed(
    world: Asked<'_, '_>,
    hash: &str,
    now: Timestamp,
) -> Result<(EntityId, UserEvent), Stop<UserRefusal>> {
    let entity = address_of(hash)?;
    let before = match world.get(&entity)? {
        UserState::Address(address) => address.failures,
        UserState::Blank | UserState::User(_) | UserState::Session(_) | UserState::Views(_) => 0,
    };
    let over = before.saturating_add(1).checked_sub(ADDRESS_FREE);
    let blocked_until = over.map(|over| {
        let seconds = (1_u64 << over.min(10)).min(LOCKED_MAX_S);
        now.plus(Duration::from_secs(seconds))
    });
    let forget_at = now.plus(FORGET_AFTER);
    Ok((entity, UserEvent::AddressFailed { blocked_until, forget_at }))
}

pub(super) fn wake_address(world: Asked<'_, '_>, hash: &str, now: Timestamp) -> Answer {
    let entity = address_of(hash)?;
    let over = match world.get(&entity)? {
        UserState::Address(address) => address.forget_at <= now,
        UserState::Blank | UserState::User(_) | UserState::Session(_) | UserState::Views(_) => {
            false
        }
    };
    Ok(Decision::of(entity, over.then_some(UserEvent::AddressForgotten).into_iter().collect()))
}

fn address_of(hash: &str) -> Result<EntityId, Stop<UserRefusal>> {
    if is_word(hash, "", 64) {
        return Ok(address_entity(hash));
    }
    super::decide::invalid("/address_hash", "1 to 64 characters of a-z and 0-9")
}

pub(super) fn change_password(
    world: Asked<'_, '_>,
    user: UserId,
    session: SessionId,
    proof: &Proof,
    password: String,
    now: Timestamp,
) -> Answer {
    check_password(&password)?;
    let known = active(world, user)?;
    if known.password.as_ref() == Some(&password) {
        return Ok(Decision::nothing(user_entity(user)));
    }
    if let Some(until) = known.locked(now) {
        return refuse(UserRefusal::Locked { until });
    }
    if !matches!(proof, Proof::Password { .. }) {
        return refuse(UserRefusal::WrongState("the present password is needed"));
    }
    if let Checked::Wrong(_) = check_proof(known, proof, now)? {
        let method = proof.method();
        let failed = UserEvent::LoginFailed { method, ticket: None, second: false };
        let events = counted(user, known, failed, now);
        return Ok(Decision { subject: user_entity(user), events });
    }
    let kept = Some(session);
    let mut events = sessions::all(world, user, known, kept, RevokeReason::PasswordChanged)?;
    events.insert(0, of_user(user, UserEvent::PasswordChanged { password, ticket: None }));
    Ok(Decision { subject: user_entity(user), events })
}
