//! What is known of members, roles and invitations, and how many there are.

use super::TenantState;
use kontor_messages::{
    EntityId, Timestamp,
    tenant::{BuiltIn, Giver, Scope, TenantEvent},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A person who works for the tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemberDocument {
    /// Who.
    pub user: EntityId,
    /// The address that others know the member by.
    #[schema(max_length = 254)]
    pub email: String,
    /// As what.
    #[schema(max_length = 40, example = "support")]
    pub role: String,
    /// Since when.
    pub since: Timestamp,
    /// Who made it so: `operator`, `user:<id>` or `key:<id>`.
    #[schema(value_type = String)]
    pub invited_by: Giver,
}

/// A role of the tenant's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoleDocument {
    /// Its name.
    #[schema(max_length = 40)]
    pub name: String,
    /// What its members may do.
    #[schema(max_items = 29)]
    pub permissions: Vec<Scope>,
    /// What it is for.
    #[schema(max_length = 200)]
    pub description: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// Somebody who was asked to join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InvitationDocument {
    /// Where it stands.
    pub status: InvitationStatus,
    /// Whom.
    #[schema(max_length = 254)]
    pub email: String,
    /// As what.
    #[schema(max_length = 40, example = "support")]
    pub role: String,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who invites: `operator`, `user:<id>` or `key:<id>`.
    #[schema(value_type = String)]
    pub invited_by: Giver,
    /// When the last mail was asked for.
    pub sent_at: Timestamp,
    /// How many mails were asked for.
    pub mails: u32,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
    /// Who accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<EntityId>,
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// May be accepted.
    Open,
    /// Was accepted.
    Accepted,
    /// Was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Counts over members, roles and invitations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Members by role.
    pub members: BTreeMap<String, u32>,
    /// Open invitations by role.
    pub invited: BTreeMap<String, u32>,
    /// Roles of the tenant's own.
    pub roles: u32,
    /// The day, counted from 1970 in UTC, on which somebody was invited last.
    pub day: i64,
    /// How many mails of invitations were asked for on that day.
    pub mails: u32,
}

impl InvitationStatus {
    /// The status as lists name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl InvitationDocument {
    /// Whether it may be accepted at an instant.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.status == InvitationStatus::Open && now < self.expires_at
    }
}

impl Team {
    /// How many owners there are.
    pub fn owners(&self) -> u32 {
        self.members.get(BuiltIn::Owner.as_str()).copied().unwrap_or(0)
    }

    /// Whether anybody has a role or is invited to it.
    pub fn uses(&self, role: &str) -> bool {
        self.members.contains_key(role) || self.invited.contains_key(role)
    }

    /// How many mails of invitations were asked for on the day of an instant.
    pub fn mails_on(&self, at: Timestamp) -> u32 {
        if self.day == day(at) { self.mails } else { 0 }
    }

    fn count(&mut self, event: &TenantEvent, at: Timestamp) {
        if matches!(event, TenantEvent::Invited { .. } | TenantEvent::InvitationRenewed { .. }) {
            (self.day, self.mails) = (day(at), self.mails_on(at) + 1);
        }
        match event {
            TenantEvent::MemberAdded { role, .. } => add(&mut self.members, role),
            TenantEvent::MemberChanged { role, before, .. } => {
                take(&mut self.members, before);
                add(&mut self.members, role);
            }
            TenantEvent::MemberRemoved { role, .. } => take(&mut self.members, role),
            TenantEvent::RoleCreated { .. } => self.roles += 1,
            TenantEvent::RoleRemoved => self.roles = self.roles.saturating_sub(1),
            TenantEvent::Invited { role, .. } => add(&mut self.invited, role),
            TenantEvent::InvitationRenewed { role, before, .. } => {
                take(&mut self.invited, before);
                add(&mut self.invited, role);
            }
            TenantEvent::InvitationAccepted { role, .. }
            | TenantEvent::InvitationRevoked { role }
            | TenantEvent::InvitationExpired { role } => take(&mut self.invited, role),
            _ => {}
        }
    }
}

/// Whether an event changes the counts.
pub(super) fn is_counted(event: &TenantEvent) -> bool {
    matches!(
        event,
        TenantEvent::MemberAdded { .. }
            | TenantEvent::MemberChanged { .. }
            | TenantEvent::MemberRemoved { .. }
            | TenantEvent::RoleCreated { .. }
            | TenantEvent::RoleRemoved
            | TenantEvent::Invited { .. }
            | TenantEvent::InvitationRenewed { .. }
            | TenantEvent::InvitationAccepted { .. }
            | TenantEvent::InvitationRevoked { .. }
            | TenantEvent::InvitationExpired { .. }
    )
}

fn day(at: Timestamp) -> i64 {
    at.seconds().div_euclid(24 * 3600)
}

/// Carries an event of another entity into the counts.
pub(super) fn apply_counts(state: &mut TenantState, event: &TenantEvent, at: Timestamp) {
    let mut counts = match std::mem::take(state) {
        TenantState::Team(team) => team,
        _ => Team::default(),
    };
    counts.count(event, at);
    *state = TenantState::Team(counts);
}

fn add(counts: &mut BTreeMap<String, u32>, role: &str) {
    *counts.entry(role.to_owned()).or_default() += 1;
}

fn take(counts: &mut BTreeMap<String, u32>, role: &str) {
    if let Some(count) = counts.get_mut(role) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(role);
        }
    }
}

/// Carries an event about a member, a role or an invitation into its state.
pub(super) fn apply(state: &mut TenantState, event: &TenantEvent, at: Timestamp) {
    match (event, &mut *state) {
        (TenantEvent::MemberAdded { user, email, role, invited_by }, _) => {
            *state = TenantState::Member(MemberDocument {
                user: user.clone(),
                email: email.clone(),
                role: role.clone(),
                since: at,
                invited_by: invited_by.clone(),
            });
        }
        (TenantEvent::MemberChanged { role, .. }, TenantState::Member(member)) => {
            member.role.clone_from(role);
        }
        (TenantEvent::MemberRemoved { .. } | TenantEvent::RoleRemoved, _) => {
            *state = TenantState::Blank;
        }
        (TenantEvent::RoleCreated { name, permissions, description }, _) => {
            *state = TenantState::Role(RoleDocument {
                name: name.clone(),
                permissions: permissions.clone(),
                description: description.clone(),
                changed_at: at,
            });
        }
        (TenantEvent::RoleChanged { permissions, description }, TenantState::Role(role)) => {
            role.permissions.clone_from(permissions);
            role.description.clone_from(description);
            role.changed_at = at;
        }
        _ => apply_invitation(state, event, at),
    }
}

fn apply_invitation(state: &mut TenantState, event: &TenantEvent, at: Timestamp) {
    match (event, &mut *state) {
        (TenantEvent::Invited { email, role, language, invited_by, expires_at }, _) => {
            *state = TenantState::Invitation(InvitationDocument {
                status: InvitationStatus::Open,
                email: email.clone(),
                role: role.clone(),
                language: language.clone(),
                invited_by: invited_by.clone(),
                sent_at: at,
                mails: 1,
                expires_at: *expires_at,
                accepted_by: None,
            });
        }
        (
            TenantEvent::InvitationRenewed { role, language, invited_by, expires_at, .. },
            TenantState::Invitation(known),
        ) => {
            known.role.clone_from(role);
            known.language.clone_from(language);
            known.invited_by = invited_by.clone();
            known.sent_at = at;
            known.mails += 1;
            known.expires_at = *expires_at;
        }
        (TenantEvent::InvitationAccepted { user, .. }, TenantState::Invitation(known)) => {
            known.status = InvitationStatus::Accepted;
            known.accepted_by = Some(user.clone());
        }
        (TenantEvent::InvitationRevoked { .. }, TenantState::Invitation(known)) => {
            known.status = InvitationStatus::Revoked;
        }
        (TenantEvent::InvitationExpired { .. }, TenantState::Invitation(known)) => {
            known.status = InvitationStatus::Expired;
        }
        _ => {}
    }
}
