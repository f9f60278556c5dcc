//! Decisions about invitations: one open one per address, for a week, and only as long as whoever
//! gave it could give it still.

use super::{
    InvitationDocument, InvitationStatus, Tenant, TenantState,
    decide::{Answer, invalid, open},
    giving::{may_give_role, scopes_of},
    members::{member_id, room_for_member, team},
};
use crate::{
    domain::{Decision, Key, Stop, refuse},
    words::{is_language, is_mail_address},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    tenant::{Giver, TenantEvent, TenantRefusal, invitation_entity},
};
use std::time::Duration;

/// How long an invitation may be accepted.
pub const INVITATION_SPAN: Duration = Duration::from_secs(7 * 24 * 3600);
/// Open invitations of one tenant at most.
const OPEN_MAX: u32 = 200;
/// Mails about one invitation at most.
const MAILS_MAX: u32 = 10;
/// Mails about all of a tenant's invitations on one day (UTC) at most: nobody uses us to bother
/// others.
const MAILS_PER_DAY_MAX: u32 = 500;

/// The name that an open invitation goes by. Letter case makes no difference.
pub(super) fn address_key(email: &str) -> Key {
    Key::new("invited", folded(email))
}

fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whom to invite, and how.
pub(super) struct Wish {
    pub email: String,
    pub role: String,
    pub language: Option<String>,
    pub by: Giver,
}

/// Invites somebody, or invites them anew.
pub(super) fn invite(
    world: &World<'_, Tenant>,
    invitation: &EntityId,
    wish: Wish,
    now: Timestamp,
) -> Answer {
    let entity = invitation_id(invitation)?;
    if !is_mail_address(&wish.email) {
        return invalid("/email", "one address, such as jana@example.com");
    }
    if wish.language.as_deref().is_some_and(|language| !is_language(language)) {
        return invalid("/language", "a language such as cs or de-AT");
    }
    open(world)?;
    if scopes_of(world, &wish.role)?.is_none() {
        return invalid("/role", "a role that there is");
    }
    may_give_role(world, &wish.by, &wish.role, now)?;
    if let Some(known) = world.find(&address_key(&wish.email))? {
        let known = known.clone();
        if let TenantState::Invitation(old) = world.get(&known)? {
            return renew(world, known, old, wish, now);
        }
    }
    if !matches!(world.get(&entity)?, TenantState::Blank) {
        return refuse(TenantRefusal::Exists("invitation"));
    }
    room_for_mail(world, now)?;
    if OPEN_MAX <= team(world)?.invited.values().sum() {
        return refuse(TenantRefusal::TooMany("open invitations"));
    }
    let Wish { email, role, language, by: invited_by } = wish;
    let expires_at = now.plus(INVITATION_SPAN);
    let event = TenantEvent::Invited { email, role, language, invited_by, expires_at };
    Ok(Decision::of(entity, vec![event]))
}

/// Writes once more.
pub(super) fn resend(
    world: &World<'_, Tenant>,
    invitation: &EntityId,
    by: Giver,
    now: Timestamp,
) -> Answer {
    let entity = invitation_id(invitation)?;
    let old = known(world, &entity)?;
    open(world)?;
    if old.status != InvitationStatus::Open {
        return refuse(TenantRefusal::InvitationClosed);
    }
    let InvitationDocument { email, role, language, .. } = old.clone();
    renew(world, entity, old, Wish { email, role, language, by }, now)
}

fn renew(
    world: &World<'_, Tenant>,
    entity: EntityId,
    old: &InvitationDocument,
    wish: Wish,
    now: Timestamp,
) -> Answer {
    may_give_role(world, &wish.by, &old.role, now)?;
    may_give_role(world, &wish.by, &wish.role, now)?;
    let expires_at = now.plus(INVITATION_SPAN);
    if old.expires_at == expires_at && old.role == wish.role {
        return Ok(Decision::nothing(entity));
    }
    if MAILS_MAX <= old.mails {
        return refuse(TenantRefusal::TooMany("mails about this invitation"));
    }
    room_for_mail(world, now)?;
    let event = TenantEvent::InvitationRenewed {
        email: old.email.clone(),
        role: wish.role,
        before: old.role.clone(),
        language: wish.language,
        invited_by: wish.by,
        expires_at,
    };
    Ok(Decision::of(entity, vec![event]))
}

/// Takes an invitation back.
pub(super) fn revoke(
    world: &World<'_, Tenant>,
    invitation: &EntityId,
    by: &Giver,
    now: Timestamp,
) -> Answer {
    let entity = invitation_id(invitation)?;
    let old = known(world, &entity)?;
    may_give_role(world, by, &old.role, now)?;
    match old.status {
        InvitationStatus::Open => {
            let event = TenantEvent::InvitationRevoked { role: old.role.clone() };
            Ok(Decision::of(entity, vec![event]))
        }
        InvitationStatus::Revoked | InvitationStatus::Expired => Ok(Decision::nothing(entity)),
        InvitationStatus::Accepted => refuse(TenantRefusal::InvitationClosed),
    }
}

/// Makes the invited user a member. Who is one already stays what they are.
pub(super) fn accept(
    world: &World<'_, Tenant>,
    invitation: &EntityId,
    user: EntityId,
    email: &str,
    now: Timestamp,
) -> Answer {
    let entity = invitation_id(invitation)?;
    let member = member_id(&user)?;
    world.need([&entity, &member])?;
    let old = known(world, &entity)?;
    if folded(&old.email) != folded(email) {
        return refuse(TenantRefusal::OtherEmail);
    }
    let is_member = matches!(world.get(&member)?, TenantState::Member(_));
    if old.accepted_by.as_ref() == Some(&user) && is_member {
        return Ok(Decision::nothing(member));
    }
    open(world)?;
    if !old.counts_at(now) || scopes_of(world, &old.role)?.is_none() {
        return refuse(TenantRefusal::InvitationClosed);
    }
    // Whoever invited may have gone, or may do less by now.
    match may_give_role(world, &old.invited_by, &old.role, now) {
        Err(Stop::Refused(_)) => return refuse(TenantRefusal::InvitationClosed),
        checked => checked?,
    }
    let role = old.role.clone();
    let accepted = TenantEvent::InvitationAccepted { user: user.clone(), role: role.clone() };
    let mut events = vec![(entity, accepted)];
    if !is_member {
        room_for_member(world)?;
        let (email, invited_by) = (old.email.clone(), old.invited_by.clone());
        let added = TenantEvent::MemberAdded { user, email, role, invited_by };
        events.push((member.clone(), added));
    }
    Ok(Decision { subject: member, events })
}

/// Ends an invitation whose time is over.
pub(super) fn wake(world: &World<'_, Tenant>, invitation: &EntityId, now: Timestamp) -> Answer {
    let entity = invitation_id(invitation)?;
    let over = match world.get(&entity)? {
        TenantState::Invitation(old)
            if old.status == InvitationStatus::Open && old.expires_at <= now =>
        {
            Some(TenantEvent::InvitationExpired { role: old.role.clone() })
        }
        _ => None,
    };
    Ok(Decision::of(entity, over.into_iter().collect()))
}

fn room_for_mail(world: &World<'_, Tenant>, now: Timestamp) -> Result<(), Stop<TenantRefusal>> {
    if MAILS_PER_DAY_MAX <= team(world)?.mails_on(now) {
        return refuse(TenantRefusal::TooMany("invitations for today"));
    }
    Ok(())
}

fn known<'a>(
    world: &World<'a, Tenant>,
    entity: &EntityId,
) -> Result<&'a InvitationDocument, Stop<TenantRefusal>> {
    match world.get(entity)? {
        TenantState::Invitation(invitation) => Ok(invitation),
        _ => refuse(TenantRefusal::NotFound("invitation")),
    }
}

fn invitation_id(id: &EntityId) -> Result<EntityId, Stop<TenantRefusal>> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    if id.as_str().len() <= 60 && id.as_str().bytes().all(plain) {
        return Ok(invitation_entity(id.as_str()));
    }
    refuse(TenantRefusal::NotFound("invitation"))
}
