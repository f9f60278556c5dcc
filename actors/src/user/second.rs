//! The authenticator: enrolled, confirmed with a first code, asked for from then on.

use super::{
    UserDocument,
    decide::{Answer, Asked, about, active, check_hash, invalid},
    login::{Second, check_second, counted},
};
use crate::domain::{Decision, Stop, refuse};
use kontor_messages::{
    Timestamp,
    user::{Method, SecondFactor, UserEvent, UserId, UserRefusal, user_entity},
};

/// Recovery codes that a user may have.
const RECOVERY_MAX: usize = 20;

pub(super) fn enrol(world: Asked<'_, '_>, user: UserId, sealed: String) -> Answer {
    let known = active(world, user)?;
    if known.has_totp() {
        return refuse(UserRefusal::WrongState("there is an authenticator already"));
    }
    if sealed.is_empty() || 500 < sealed.len() {
        return invalid("/sealed", "a sealed secret of 500 bytes at most");
    }
    let same = known.totp.as_ref().is_some_and(|totp| totp.sealed == sealed);
    about(user, (!same).then_some(UserEvent::TotpEnrolled { sealed }))
}

pub(super) fn confirm(
    world: Asked<'_, '_>,
    user: UserId,
    step: Option<i64>,
    recovery: Vec<String>,
    now: Timestamp,
) -> Answer {
    check_codes(&recovery)?;
    let known = open(world, user, now)?;
    match &known.totp {
        None => refuse(UserRefusal::WrongState("there is no authenticator to confirm")),
        Some(totp) if totp.confirmed && totp.recovery == recovery => about(user, None),
        Some(totp) if totp.confirmed => {
            refuse(UserRefusal::WrongState("there is an authenticator already"))
        }
        Some(_) => match step {
            Some(step) => about(user, Some(UserEvent::TotpConfirmed { step, recovery })),
            None => wrong(user, known, now),
        },
    }
}

pub(super) fn renew(
    world: Asked<'_, '_>,
    user: UserId,
    second: &SecondFactor,
    recovery: Vec<String>,
    now: Timestamp,
) -> Answer {
    check_codes(&recovery)?;
    let known = open(world, user, now)?;
    if known.totp.as_ref().is_some_and(|totp| totp.recovery == recovery) {
        return about(user, None);
    }
    let step = match check_second(known, Some(second))? {
        None => return wrong(user, known, now),
        Some(Second::None) => {
            return refuse(UserRefusal::WrongState("there is no authenticator"));
        }
        Some(Second::Step(step)) => Some(step),
        Some(Second::Recovery(_)) => None,
    };
    about(user, Some(UserEvent::RecoveryRenewed { step, recovery }))
}

pub(super) fn disable(
    world: Asked<'_, '_>,
    user: UserId,
    second: &SecondFactor,
    now: Timestamp,
) -> Answer {
    let known = open(world, user, now)?;
    if known.totp.is_none() {
        return about(user, None);
    }
    match check_second(known, Some(second))? {
        None => wrong(user, known, now),
        // One that was never confirmed needs no code to go.
        Some(_) => about(user, Some(UserEvent::TotpDisabled)),
    }
}

/// A user whose codes count now.
fn open<'a>(
    world: Asked<'_, 'a>,
    user: UserId,
    now: Timestamp,
) -> Result<&'a UserDocument, Stop<UserRefusal>> {
    let known = active(world, user)?;
    match known.locked(now) {
        Some(until) => refuse(UserRefusal::Locked { until }),
        None => Ok(known),
    }
}

fn wrong(user: UserId, known: &UserDocument, now: Timestamp) -> Answer {
    let method = Method::Password;
    let failed = UserEvent::LoginFailed { method, ticket: None, second: true };
    let events = counted(user, known, failed, now);
    Ok(Decision { subject: user_entity(user), events })
}

fn check_codes(recovery: &[String]) -> Result<(), Stop<UserRefusal>> {
    if recovery.is_empty() || RECOVERY_MAX < recovery.len() {
        return invalid("/recovery", "1 to 20 recovery codes");
    }
    recovery.iter().try_for_each(|hash| check_hash("/recovery", hash))
}
