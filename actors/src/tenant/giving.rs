//! Who may give what: nobody gives, changes or ends what they could not do themselves.

use super::{Tenant, TenantState};
use crate::{
    domain::{Stop, refuse},
    world::World,
};
use kontor_messages::{
    Timestamp,
    tenant::{
        BuiltIn, Giver, Scope, TenantRefusal, key_entity, lacking, member_entity, role_entity,
    },
};

type Checked<T> = Result<T, Stop<TenantRefusal>>;

/// What members with a role may do; `None` if there is no such role.
pub(super) fn scopes_of(world: &World<'_, Tenant>, role: &str) -> Checked<Option<Vec<Scope>>> {
    if let Some(built_in) = BuiltIn::parse(role) {
        return Ok(Some(built_in.scopes()));
    }
    match world.get(&role_entity(role))? {
        TenantState::Role(role) => Ok(Some(role.permissions.clone())),
        _ => Ok(None),
    }
}

/// Refuses if whoever gives has not all of these.
pub(super) fn may_give(
    world: &World<'_, Tenant>,
    by: &Giver,
    wanted: &[Scope],
    now: Timestamp,
) -> Checked<()> {
    let own = match by {
        Giver::Operator => return Ok(()),
        Giver::User(_) => match role_of(world, by)? {
            Some(role) => scopes_of(world, &role)?.unwrap_or_default(),
            None => return refuse(TenantRefusal::NoGiver),
        },
        Giver::Key(key) => match world.get(&key_entity(key))? {
            TenantState::Key(key) if key.counts_at(now) => key.scopes.clone(),
            _ => return refuse(TenantRefusal::NoGiver),
        },
    };
    match lacking(&own, wanted) {
        Some(missing) => refuse(TenantRefusal::Lacking(missing)),
        None => Ok(()),
    }
}

/// Refuses if whoever gives may not give, or take away, a role.
pub(super) fn may_give_role(
    world: &World<'_, Tenant>,
    by: &Giver,
    role: &str,
    now: Timestamp,
) -> Checked<()> {
    if role == BuiltIn::Owner.as_str() {
        // A key that may do everything is no person, and makes none an owner.
        return match by {
            Giver::Operator => Ok(()),
            Giver::User(_) if role_of(world, by)?.as_deref() == Some(role) => Ok(()),
            Giver::User(_) | Giver::Key(_) => refuse(TenantRefusal::OwnersOnly),
        };
    }
    // A role that is gone gives nothing.
    let wanted = scopes_of(world, role)?.unwrap_or_default();
    may_give(world, by, &wanted, now)
}

fn role_of(world: &World<'_, Tenant>, by: &Giver) -> Checked<Option<String>> {
    let Giver::User(user) = by else { return Ok(None) };
    match world.get(&member_entity(user.as_str()))? {
        TenantState::Member(member) => Ok(Some(member.role.clone())),
        _ => Ok(None),
    }
}
