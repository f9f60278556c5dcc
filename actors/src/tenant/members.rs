//! Decisions about members and roles.

use super::{
    Team, Tenant, TenantState,
    decide::{Answer, invalid, open},
    giving::{may_give, may_give_role, scopes_of},
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{is_line, is_mail_address, is_word},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    tenant::{
        BuiltIn, Giver, Scope, TenantEvent, TenantRefusal, member_entity, role_entity, team_entity,
    },
};
use std::collections::BTreeSet;

/// Members of one tenant at most.
pub(super) const MEMBERS_MAX: u32 = 1_000;
/// Roles of a tenant's own at most.
const ROLES_MAX: u32 = 100;

/// Gives a member another role; for the platform's operator, makes one.
pub(super) fn put_member(
    world: &World<'_, Tenant>,
    user: EntityId,
    role: String,
    email: Option<String>,
    by: Giver,
    now: Timestamp,
) -> Answer {
    let entity = member_id(&user)?;
    open(world)?;
    if scopes_of(world, &role)?.is_none() {
        return invalid("/role", "a role that there is");
    }
    let TenantState::Member(member) = world.get(&entity)? else {
        return match (by, email) {
            (Giver::Operator, Some(email)) => add(world, user, email, role, Giver::Operator),
            (Giver::Operator, None) => invalid("/email", "the address of a new member"),
            _ => refuse(TenantRefusal::NotFound("member")),
        };
    };
    may_give_role(world, &by, &member.role, now)?;
    may_give_role(world, &by, &role, now)?;
    if member.role == role {
        return Ok(Decision::nothing(entity));
    }
    one_owner_stays(world, &member.role)?;
    let event = TenantEvent::MemberChanged { user, role, before: member.role.clone() };
    Ok(Decision::of(entity, vec![event]))
}

fn add(
    world: &World<'_, Tenant>,
    user: EntityId,
    email: String,
    role: String,
    invited_by: Giver,
) -> Answer {
    if !is_mail_address(&email) {
        return invalid("/email", "one address, such as jana@example.com");
    }
    room_for_member(world)?;
    let entity = member_entity(user.as_str());
    let event = TenantEvent::MemberAdded { user, email, role, invited_by };
    Ok(Decision::of(entity, vec![event]))
}

/// Ends a membership.
pub(super) fn remove_member(
    world: &World<'_, Tenant>,
    user: EntityId,
    by: &Giver,
    now: Timestamp,
) -> Answer {
    let entity = member_id(&user)?;
    let TenantState::Member(member) = world.get(&entity)? else {
        return refuse(TenantRefusal::NotFound("member"));
    };
    may_give_role(world, by, &member.role, now)?;
    one_owner_stays(world, &member.role)?;
    let event = TenantEvent::MemberRemoved { user, role: member.role.clone() };
    Ok(Decision::of(entity, vec![event]))
}

/// Writes a role of the tenant's own.
pub(super) fn put_role(
    world: &World<'_, Tenant>,
    name: String,
    permissions: Vec<Scope>,
    description: String,
    by: &Giver,
    now: Timestamp,
) -> Answer {
    let entity = own_role(&name)?;
    let distinct: BTreeSet<Scope> = permissions.iter().copied().collect();
    if permissions.is_empty() || distinct.len() != permissions.len() {
        return invalid("/permissions", "at least one permission, none twice");
    }
    if distinct.contains(&Scope::ALL) {
        return invalid("/permissions", "permissions by name: * is the owner's");
    }
    if !description.is_empty() && !is_line(&description, 200) {
        return invalid("/description", "200 characters on one line at most");
    }
    open(world)?;
    may_give(world, by, &permissions, now)?;
    if let TenantState::Role(old) = world.get(&entity)? {
        // Whoever narrows a role takes away what they must be able to give.
        may_give(world, by, &old.permissions, now)?;
        if old.permissions == permissions && old.description == description {
            return Ok(Decision::nothing(entity));
        }
        return Ok(Decision::of(
            entity,
            vec![TenantEvent::RoleChanged { permissions, description }],
        ));
    }
    if ROLES_MAX <= team(world)?.roles {
        return refuse(TenantRefusal::TooMany("roles"));
    }
    let event = TenantEvent::RoleCreated { name, permissions, description };
    Ok(Decision::of(entity, vec![event]))
}

/// Forgets a role that nobody has.
pub(super) fn remove_role(
    world: &World<'_, Tenant>,
    name: &str,
    by: &Giver,
    now: Timestamp,
) -> Answer {
    let entity = own_role(name)?;
    let TenantState::Role(old) = world.get(&entity)? else {
        return refuse(TenantRefusal::NotFound("role"));
    };
    may_give(world, by, &old.permissions, now)?;
    if team(world)?.uses(name) {
        return refuse(TenantRefusal::RoleInUse);
    }
    Ok(Decision::of(entity, vec![TenantEvent::RoleRemoved]))
}

/// Refuses if a role goes away from the last who has it, and it is the owner's.
fn one_owner_stays(world: &World<'_, Tenant>, role: &str) -> Result<(), Stop<TenantRefusal>> {
    if role == BuiltIn::Owner.as_str() && team(world)?.owners() <= 1 {
        return refuse(TenantRefusal::LastOwner);
    }
    Ok(())
}

/// Refuses if there are as many members as there may be.
pub(super) fn room_for_member(world: &World<'_, Tenant>) -> Result<(), Stop<TenantRefusal>> {
    if MEMBERS_MAX <= team(world)?.members.values().sum() {
        return refuse(TenantRefusal::TooMany("members"));
    }
    Ok(())
}

/// The counts.
pub(super) fn team(world: &World<'_, Tenant>) -> Result<Team, Stop<TenantRefusal>> {
    match world.get(&team_entity())? {
        TenantState::Team(team) => Ok(team.clone()),
        _ => Ok(Team::default()),
    }
}

/// The entity of a user who is, or may become, a member.
pub(super) fn member_id(user: &EntityId) -> Result<EntityId, Stop<TenantRefusal>> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if user.as_str().len() <= 60 && user.as_str().bytes().all(plain) {
        return Ok(member_entity(user.as_str()));
    }
    refuse(TenantRefusal::NotFound("member"))
}

fn own_role(name: &str) -> Result<EntityId, Stop<TenantRefusal>> {
    if BuiltIn::parse(name).is_some() {
        return refuse(TenantRefusal::RoleReserved);
    }
    if !is_word(name, "_-", 40) {
        return invalid("/name", "1 to 40 characters of a-z, 0-9, '-' and '_'");
    }
    Ok(role_entity(name))
}
