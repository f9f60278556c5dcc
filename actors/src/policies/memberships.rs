//! Tells the domain of users in which tenants somebody is a member: users live in the platform's own
//! tenant, and see there which tenants they may switch to.

use super::{Act, Fact, Occurrence};
use kontor_messages::{
    EntityId,
    tenant::TenantEvent,
    user::{UserCommand, UserId},
};

/// The events that users are told of.
pub(super) const TOLD_OF: [&str; 3] =
    ["tenant.member_added", "tenant.member_changed", "tenant.member_removed"];

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let Fact::Tenant(event) = occurrence.fact else { return Vec::new() };
    let tenant = occurrence.tenant.clone();
    let command = match event {
        TenantEvent::MemberAdded { user, role, .. }
        | TenantEvent::MemberChanged { user, role, .. } => {
            let role = role.clone();
            known(user).map(|user| UserCommand::RecordMembership { user, tenant, role })
        }
        TenantEvent::MemberRemoved { user, .. } => {
            known(user).map(|user| UserCommand::RecordMembershipEnded { user, tenant })
        }
        _ => None,
    };
    command.map(Act::User).into_iter().collect()
}

/// The platform's user of that name; tenants name members as they like.
fn known(user: &EntityId) -> Option<UserId> {
    user.as_str().parse().ok()
}
