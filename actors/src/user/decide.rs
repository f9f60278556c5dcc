//! What commands about users come to.

use super::{User, UserDocument, UserState, login, register, second, sessions, tickets, views};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{is_language, is_line, is_word},
    world::World,
};
use kontor_messages::{
    EntityId, TenantId, Timestamp,
    user::{RevokeReason, UserCommand, UserEvent, UserId, UserRefusal, user_entity},
};
use subtle::ConstantTimeEq;

/// Characters of a user agent that are kept.
pub const DEVICE_LEN_MAX: usize = 200;
/// Characters of a name.
const NAME_LEN_MAX: usize = 200;
/// Tenants that one user may be a member of.
pub(super) const TENANTS_MAX: usize = 100;

pub(super) type Answer = Result<Decision<UserEvent>, Stop<UserRefusal>>;
pub(super) type Asked<'w, 'a> = &'w World<'a, User>;

/// Answers a command.
pub(super) fn decide(world: Asked<'_, '_>, command: UserCommand, now: Timestamp) -> Answer {
    match command {
        UserCommand::Register { user, new, ticket } => {
            register::register(world, user, new, ticket, now)
        }
        command @ UserCommand::LogIn { .. } => login::log_in(world, command, now),
        UserCommand::RecordStranger { address_hash } => {
            let failed = login::address_failed(world, &address_hash, now)?;
            Ok(Decision { subject: failed.0.clone(), events: vec![failed] })
        }
        command @ UserCommand::Refresh { .. } => sessions::refresh(world, command, now),
        UserCommand::Revoke { user, session, reason } => {
            sessions::revoke(world, user, session, reason)
        }
        UserCommand::RevokeAll { user, except } => {
            let known = known(world, user)?;
            let events = sessions::all(world, user, known, except, RevokeReason::ByUser)?;
            Ok(Decision { subject: user_entity(user), events })
        }
        UserCommand::OpenTicket { user, ticket, purpose } => {
            tickets::open(world, user, ticket, purpose, now)
        }
        UserCommand::VerifyEmail { user, ticket } => {
            tickets::verify_email(world, user, ticket, now)
        }
        UserCommand::ResetPassword { user, ticket, password } => {
            tickets::reset_password(world, user, ticket, password, now)
        }
        UserCommand::ChangePassword { user, session, proof, password } => {
            login::change_password(world, user, session, &proof, password, now)
        }
        UserCommand::Update { user, name, language } => update(world, user, name, language),
        UserCommand::EnrolTotp { user, sealed } => second::enrol(world, user, sealed),
        UserCommand::ConfirmTotp { user, step, recovery } => {
            second::confirm(world, user, step, recovery, now)
        }
        UserCommand::RenewRecovery { user, second, recovery } => {
            second::renew(world, user, &second, recovery, now)
        }
        UserCommand::DisableTotp { user, second } => second::disable(world, user, &second, now),
        UserCommand::SetRole { user, role } => {
            let same = known(world, user)?.role == role;
            about(user, (!same).then_some(UserEvent::RoleSet { role }))
        }
        UserCommand::Disable { user, reason } => disable(world, user, reason),
        UserCommand::Enable { user } => {
            let active = known(world, user)?.status == super::UserStatus::Active;
            about(user, (!active).then_some(UserEvent::Enabled))
        }
        UserCommand::RecordMembership { user, tenant, role } => {
            record_membership(world, user, tenant, role)
        }
        UserCommand::RecordMembershipEnded { user, tenant } => {
            let known = world.get(&user_entity(user))?.user();
            let member = known
                .is_some_and(|known| known.tenants.iter().any(|member| member.tenant == tenant));
            about(user, member.then_some(UserEvent::MembershipEnded { tenant }))
        }
        UserCommand::SaveView { user, tenant, name, query } => {
            views::save(world, user, &tenant, name, query)
        }
        UserCommand::RemoveView { user, tenant, name } => views::remove(world, user, &tenant, name),
        UserCommand::WakeSession { user, session } => sessions::wake(world, user, session, now),
        UserCommand::WakeAddress { address_hash } => login::wake_address(world, &address_hash, now),
    }
}

fn update(
    world: Asked<'_, '_>,
    user: UserId,
    name: Option<String>,
    language: Option<String>,
) -> Answer {
    let known = active(world, user)?;
    let name = name.unwrap_or_else(|| known.name.clone());
    let language = language.or_else(|| known.language.clone());
    check_person(&name, language.as_deref())?;
    let same = known.name == name && known.language == language;
    about(user, (!same).then_some(UserEvent::Updated { name, language }))
}

fn disable(world: Asked<'_, '_>, user: UserId, reason: String) -> Answer {
    if !is_line(&reason, 500) {
        return invalid("/reason", "1 to 500 characters on one line");
    }
    let known = known(world, user)?;
    if known.status == super::UserStatus::Disabled {
        return about(user, None);
    }
    let mut events = vec![(user_entity(user), UserEvent::Disabled { reason })];
    events.extend(sessions::all(world, user, known, None, RevokeReason::Disabled)?);
    Ok(Decision { subject: user_entity(user), events })
}

/// A fact, so never refused: one about nobody, or beyond what a user can have, is no news.
fn record_membership(world: Asked<'_, '_>, user: UserId, tenant: TenantId, role: String) -> Answer {
    let Some(known) = world.get(&user_entity(user))?.user() else { return about(user, None) };
    let member = known.tenants.iter().find(|member| member.tenant == tenant);
    let news = match member {
        Some(member) => member.role != role,
        None => known.tenants.len() < TENANTS_MAX,
    };
    let news = news && is_word(&role, "_-", 60);
    about(user, news.then_some(UserEvent::MembershipRecorded { tenant, role }))
}

/// A user, wherever they stand.
pub(super) fn known<'a>(
    world: &World<'a, User>,
    user: UserId,
) -> Result<&'a UserDocument, Stop<UserRefusal>> {
    match world.get(&user_entity(user))? {
        UserState::User(known) => Ok(known),
        UserState::Blank | UserState::Session(_) | UserState::Address(_) | UserState::Views(_) => {
            refuse(UserRefusal::NotFound("user"))
        }
    }
}

/// A user who may come in.
pub(super) fn active<'a>(
    world: &World<'a, User>,
    user: UserId,
) -> Result<&'a UserDocument, Stop<UserRefusal>> {
    match known(world, user)? {
        known if known.status == super::UserStatus::Disabled => refuse(UserRefusal::Disabled),
        known => Ok(known),
    }
}

/// What happens to the user alone.
pub(super) fn about(user: UserId, event: Option<UserEvent>) -> Answer {
    Ok(Decision::of(user_entity(user), event.into_iter().collect()))
}

/// The same, with the entity named.
pub(super) fn of_user(user: UserId, event: UserEvent) -> (EntityId, UserEvent) {
    (user_entity(user), event)
}

pub(super) fn check_person(name: &str, language: Option<&str>) -> Result<(), Stop<UserRefusal>> {
    if !name.is_empty() && !is_line(name, NAME_LEN_MAX) {
        return invalid("/name", "200 characters on one line at most");
    }
    if language.is_some_and(|language| !is_language(language)) {
        return invalid("/language", "a language tag such as cs or de-AT");
    }
    Ok(())
}

/// A password's hash as we keep it: argon2id as a PHC string, or bcrypt's own form.
pub(super) fn check_password(hash: &str) -> Result<(), Stop<UserRefusal>> {
    let known = ["$argon2id$", "$2a$", "$2b$", "$2y$"];
    let plain = hash.len() <= 300 && hash.bytes().all(|c| c.is_ascii_graphic());
    if plain && known.iter().any(|form| hash.starts_with(form)) {
        return Ok(());
    }
    invalid("/password_hash", "an argon2id PHC string, or a bcrypt hash")
}

/// SHA-256 in lower-case hex.
pub(super) fn check_hash(pointer: &str, hash: &str) -> Result<(), Stop<UserRefusal>> {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if hash.len() == 64 && hash.bytes().all(hex) {
        return Ok(());
    }
    invalid(pointer, "a SHA-256 as 64 digits of lower-case hex")
}

/// Whether two hashes are the same, in the same time wherever they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

pub(super) fn invalid<T>(pointer: &str, expected: &str) -> Result<T, Stop<UserRefusal>> {
    refuse(UserRefusal::Invalid {
        pointer: pointer.to_owned(),
        expected: format!("expected {expected}"),
    })
}
