//! What a tenant's commands come to.

use super::{
    Tenant, TenantDocument, TenantState, deletion, giving,
    invitations::{self, Wish},
    members, pausing, routing,
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{is_language, is_line, is_word},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    tenant::{
        AccountMode, AccountSettings, Giver, Scope, TenantCommand, TenantEvent, TenantRefusal,
        TenantSettings, TenantStatus, account_entity, key_entity, tenant_entity,
    },
};
use std::{collections::BTreeSet, str::FromStr};

/// An account's settings take this many bytes as JSON at most.
const SETTINGS_LEN_MAX: usize = 16 * 1024;
/// Addresses and networks that a key may be bound to.
const ADDRESSES_MAX: usize = 50;

pub(super) type Answer = Result<Decision<TenantEvent>, Stop<TenantRefusal>>;

/// Answers a command.
pub fn decide(world: &World<'_, Tenant>, command: TenantCommand, now: Timestamp) -> Answer {
    match command {
        TenantCommand::Create { settings } => create(world, settings),
        TenantCommand::Configure { settings } => configure(world, settings),
        TenantCommand::Suspend { reason } => suspend(world, reason),
        TenantCommand::Resume => {
            let event = match open(world)?.status {
                TenantStatus::Suspended => Some(TenantEvent::Resumed),
                _ => None,
            };
            about_tenant(event)
        }
        TenantCommand::Archive => {
            let open =
                matches!(known(world)?.status, TenantStatus::Active | TenantStatus::Suspended);
            about_tenant(open.then_some(TenantEvent::Archived))
        }
        TenantCommand::Delete { days } => deletion::schedule(world, days, now),
        TenantCommand::CancelDeletion => deletion::cancel(world),
        TenantCommand::WakeTenant => deletion::wake(world, now),
        TenantCommand::PauseDomain { domain } => pausing::pause(world, domain),
        TenantCommand::ResumeDomain { domain } => pausing::resume(world, domain),
        TenantCommand::CreateKey { key, name, scopes, hash, expires_at, allowed_addresses, by } => {
            let event =
                TenantEvent::KeyCreated { name, scopes, hash, expires_at, allowed_addresses };
            create_key(world, &key, event, &by, now)
        }
        TenantCommand::RecordKeyUse { key, address } => use_key(world, &key, address, now),
        TenantCommand::RevokeKey { key } => revoke_key(world, &key),
        TenantCommand::PutAccount { provider, name, mode, settings } => {
            put_account(world, provider, name, mode, settings)
        }
        TenantCommand::RemoveAccount { provider, name } => {
            let entity = account_id(&provider, &name)?;
            match world.get(&entity)? {
                TenantState::Account(_) => {
                    Ok(Decision::of(entity, vec![TenantEvent::AccountRemoved]))
                }
                _ => refuse(TenantRefusal::NotFound("account")),
            }
        }
        TenantCommand::PutPaymentRoutes { rules } => routing::put(world, rules),
        about_people => decide_people(world, about_people, now),
    }
}

/// Answers a command about members, roles and invitations.
fn decide_people(world: &World<'_, Tenant>, command: TenantCommand, now: Timestamp) -> Answer {
    match command {
        TenantCommand::PutMember { user, role, email, by } => {
            members::put_member(world, user, role, email, by, now)
        }
        TenantCommand::RemoveMember { user, by } => members::remove_member(world, user, &by, now),
        TenantCommand::PutRole { name, permissions, description, by } => {
            members::put_role(world, name, permissions, description, &by, now)
        }
        TenantCommand::RemoveRole { name, by } => members::remove_role(world, &name, &by, now),
        TenantCommand::Invite { invitation, email, role, language, by } => {
            invitations::invite(world, &invitation, Wish { email, role, language, by }, now)
        }
        TenantCommand::ResendInvitation { invitation, by } => {
            invitations::resend(world, &invitation, by, now)
        }
        TenantCommand::RevokeInvitation { invitation, by } => {
            invitations::revoke(world, &invitation, &by, now)
        }
        TenantCommand::AcceptInvitation { invitation, user, email } => {
            invitations::accept(world, &invitation, user, &email, now)
        }
        TenantCommand::WakeInvitation { invitation } => invitations::wake(world, &invitation, now),
        TenantCommand::Create { .. }
        | TenantCommand::Configure { .. }
        | TenantCommand::Suspend { .. }
        | TenantCommand::Resume
        | TenantCommand::Archive
        | TenantCommand::Delete { .. }
        | TenantCommand::CancelDeletion
        | TenantCommand::WakeTenant
        | TenantCommand::PauseDomain { .. }
        | TenantCommand::ResumeDomain { .. }
        | TenantCommand::CreateKey { .. }
        | TenantCommand::RecordKeyUse { .. }
        | TenantCommand::RevokeKey { .. }
        | TenantCommand::PutAccount { .. }
        | TenantCommand::RemoveAccount { .. }
        | TenantCommand::PutPaymentRoutes { .. } => about_tenant(None),
    }
}

fn create(world: &World<'_, Tenant>, settings: TenantSettings) -> Answer {
    if world.tenant().is_platform() {
        return refuse(TenantRefusal::Reserved);
    }
    check(&settings)?;
    match world.get(&tenant_entity())? {
        TenantState::Tenant(tenant) if tenant.settings == settings => about_tenant(None),
        TenantState::Tenant(_) => refuse(TenantRefusal::Exists("tenant")),
        _ => about_tenant(Some(TenantEvent::Created { settings })),
    }
}

fn configure(world: &World<'_, Tenant>, settings: TenantSettings) -> Answer {
    check(&settings)?;
    let changed = open(world)?.settings != settings;
    about_tenant(changed.then_some(TenantEvent::Configured { settings }))
}

fn suspend(world: &World<'_, Tenant>, reason: String) -> Answer {
    if !is_line(&reason, 500) {
        return invalid("/reason", "1 to 500 characters on one line");
    }
    let active = open(world)?.status == TenantStatus::Active;
    about_tenant(active.then_some(TenantEvent::Suspended { reason }))
}

fn create_key(
    world: &World<'_, Tenant>,
    key: &str,
    event: TenantEvent,
    by: &Giver,
    now: Timestamp,
) -> Answer {
    let entity = key_id(key)?;
    let TenantEvent::KeyCreated { name, scopes, hash, expires_at, allowed_addresses } = &event
    else {
        return Ok(Decision::nothing(entity));
    };
    if !is_line(name, 100) {
        return invalid("/name", "1 to 100 characters on one line");
    }
    let distinct: BTreeSet<Scope> = scopes.iter().copied().collect();
    if scopes.is_empty() || distinct.len() != scopes.len() {
        return invalid("/scopes", "at least one scope, none twice");
    }
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if hash.len() != 64 || !hash.bytes().all(hex) {
        return invalid("/hash", "a SHA-256 as 64 digits of lower-case hex");
    }
    if ADDRESSES_MAX < allowed_addresses.len() {
        return invalid("/allowed_addresses", "50 addresses or networks at most");
    }
    open(world)?;
    giving::may_give(world, by, scopes, now)?;
    if let TenantState::Key(old) = world.get(&entity)? {
        let same = old.hash == *hash
            && old.name == *name
            && old.scopes == *scopes
            && old.expires_at == *expires_at
            && old.allowed_addresses == *allowed_addresses;
        if same {
            return Ok(Decision::nothing(entity));
        }
        return refuse(TenantRefusal::Exists("key"));
    }
    if expires_at.is_some_and(|end| end <= now) {
        return invalid("/expires_at", "a time to come");
    }
    Ok(Decision::of(entity, vec![event]))
}

/// A fact: never refused, and news only once in a while.
fn use_key(
    world: &World<'_, Tenant>,
    key: &str,
    address: Option<String>,
    now: Timestamp,
) -> Answer {
    let entity = key_entity(key);
    let news = match world.get(&entity)? {
        TenantState::Key(known) if known.is_use_news(now) => {
            Some(TenantEvent::KeyUsed { address: address.filter(|text| text.len() <= 45) })
        }
        _ => None,
    };
    Ok(Decision::of(entity, news.into_iter().collect()))
}

fn revoke_key(world: &World<'_, Tenant>, key: &str) -> Answer {
    let entity = key_id(key)?;
    match world.get(&entity)? {
        TenantState::Key(key) if key.revoked_at.is_some() => Ok(Decision::nothing(entity)),
        TenantState::Key(_) => Ok(Decision::of(entity, vec![TenantEvent::KeyRevoked])),
        _ => refuse(TenantRefusal::NotFound("key")),
    }
}

fn put_account(
    world: &World<'_, Tenant>,
    provider: String,
    name: String,
    mode: AccountMode,
    settings: AccountSettings,
) -> Answer {
    let entity = account_id(&provider, &name)?;
    if !settings.0.is_object() || settings.0.to_string().len() > SETTINGS_LEN_MAX {
        return invalid("/settings", "an object of 16 KiB at most");
    }
    if holds_mask(&settings.0) {
        return invalid("/settings", "the secrets themselves instead of ***");
    }
    open(world)?;
    if let TenantState::Account(old) = world.get(&entity)?
        && old.mode == mode
        && old.settings == settings
    {
        return Ok(Decision::nothing(entity));
    }
    let event = TenantEvent::AccountPut { provider, name, mode, settings };
    Ok(Decision::of(entity, vec![event]))
}

/// Whether somebody sends back what an answer showed.
fn holds_mask(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text == "***",
        serde_json::Value::Array(items) => items.iter().any(holds_mask),
        serde_json::Value::Object(members) => members.values().any(holds_mask),
        _ => false,
    }
}

fn check(settings: &TenantSettings) -> Result<(), Stop<TenantRefusal>> {
    if !is_line(&settings.name, 200) {
        return invalid("/settings/name", "1 to 200 characters on one line");
    }
    let country = settings.country.as_bytes();
    if country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase) {
        return invalid("/settings/country", "two upper-case letters, such as CZ");
    }
    if chrono_tz::Tz::from_str(&settings.time_zone).is_err() {
        return invalid("/settings/time_zone", "an IANA time zone, such as Europe/Prague");
    }
    if !is_number_format(&settings.number_format) {
        return invalid("/settings/number_format", NUMBER_FORMAT);
    }
    if !is_language(&settings.language) {
        return invalid("/settings/language", "a language such as cs or de-AT");
    }
    let limits = settings.limits;
    for (member, value, most) in [
        ("requests_in_flight", limits.requests_in_flight, 10_000),
        ("requests_per_second", limits.requests_per_second, 100_000),
        ("orders_per_day", limits.orders_per_day.unwrap_or(1), u32::MAX),
        ("import_rows", limits.import_rows, 10_000_000),
    ] {
        if value < 1 || value > most {
            return invalid(&format!("/settings/limits/{member}"), &format!("1 to {most}"));
        }
    }
    if limits.entities == Some(0) {
        return invalid("/settings/limits/entities", "1 or more");
    }
    if !(1..=43_200).contains(&settings.payment_wait_minutes) {
        return invalid("/settings/payment_wait_minutes", "1 to 43200 minutes");
    }
    Ok(())
}

const NUMBER_FORMAT: &str =
    "{year} and one {number} or {number:06}, 40 characters at most, else letters, digits and -/._";

/// A year's numbers begin at 1, so that both parts are needed for a number to be unique.
fn is_number_format(format: &str) -> bool {
    let (mut years, mut numbers, mut rest) = (0, 0, format);
    while let Some(start) = rest.find(['{', '}']) {
        let literal = &rest[..start];
        let Some((name, after)) = rest[start..].strip_prefix('{').and_then(|r| r.split_once('}'))
        else {
            return false;
        };
        match name.split_once(':') {
            None if name == "year" => years += 1,
            None if name == "number" => numbers += 1,
            Some(("number", width)) if is_width(width) => numbers += 1,
            _ => return false,
        }
        if !is_literal(literal) {
            return false;
        }
        rest = after;
    }
    is_literal(rest) && years == 1 && numbers == 1 && format.len() <= 40
}

fn is_literal(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-/._".contains(c))
}

fn is_width(width: &str) -> bool {
    let digits = width.strip_prefix('0').filter(|rest| rest.bytes().all(|c| c.is_ascii_digit()));
    digits.and_then(|rest| rest.parse().ok()).is_some_and(|width: u8| (1..=12).contains(&width))
}

fn key_id(key: &str) -> Result<EntityId, Stop<TenantRefusal>> {
    if super::key::is_key_id(key) {
        return Ok(key_entity(key));
    }
    invalid("/key", "12 characters of a-z and 2-7")
}

fn account_id(provider: &str, name: &str) -> Result<EntityId, Stop<TenantRefusal>> {
    for (pointer, word) in [("/provider", provider), ("/name", name)] {
        if !is_word(word, "_-", 40) {
            return invalid(pointer, "1 to 40 characters of a-z, 0-9, '-' and '_'");
        }
    }
    Ok(account_entity(provider, name))
}

/// The tenant, whatever its status.
pub(super) fn known<'a>(
    world: &World<'a, Tenant>,
) -> Result<&'a TenantDocument, Stop<TenantRefusal>> {
    match world.get(&tenant_entity())? {
        TenantState::Tenant(tenant) => Ok(tenant),
        _ => refuse(TenantRefusal::NotFound("tenant")),
    }
}

/// The tenant, if its books are not closed.
pub(super) fn open<'a>(
    world: &World<'a, Tenant>,
) -> Result<&'a TenantDocument, Stop<TenantRefusal>> {
    let tenant = known(world)?;
    match tenant.status {
        TenantStatus::Active | TenantStatus::Suspended => Ok(tenant),
        TenantStatus::Archived | TenantStatus::Deleting | TenantStatus::Deleted => {
            refuse(TenantRefusal::Archived)
        }
    }
}

pub(super) fn about_tenant(event: Option<TenantEvent>) -> Answer {
    Ok(Decision::of(tenant_entity(), event.into_iter().collect()))
}

pub(super) fn invalid<T>(pointer: &str, expected: &str) -> Result<T, Stop<TenantRefusal>> {
    refuse(TenantRefusal::Invalid {
        pointer: pointer.to_owned(),
        expected: format!("expected {expected}"),
    })
}
