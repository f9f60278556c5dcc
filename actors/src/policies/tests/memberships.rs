//! Who is a member where is told to the platform's users.

use super::*;
use crate::policies::Act;
use kontor_messages::{
    tenant::{Giver, TenantEvent, member_entity},
    user::{UserCommand, UserId},
};

const USER: &str = "019bc0de-0000-7000-8000-000000000001";

fn acts(event: &TenantEvent, user: &str) -> Vec<Act> {
    told(&member_entity(user), Fact::Tenant(event))
}

fn added(user: &str) -> TenantEvent {
    TenantEvent::MemberAdded {
        user: id(user),
        email: "jana@example.com".to_owned(),
        role: "support".to_owned(),
        invited_by: Giver::Operator,
    }
}

#[test]
fn a_user_learns_where_they_are_a_member_in_which_role_and_that_it_has_ended() {
    let user: UserId = USER.parse().unwrap();
    let tenant = tenant();
    let record = |role: &str| {
        let (tenant, role) = (tenant.clone(), role.to_owned());
        [Act::User(UserCommand::RecordMembership { user, tenant, role })]
    };
    assert_eq!(acts(&added(USER), USER), record("support"));
    let changed = TenantEvent::MemberChanged {
        user: id(USER),
        role: "admin".to_owned(),
        before: "support".to_owned(),
    };
    assert_eq!(acts(&changed, USER), record("admin"));
    let removed = TenantEvent::MemberRemoved { user: id(USER), role: "admin".to_owned() };
    let ended = UserCommand::RecordMembershipEnded { user, tenant };
    assert_eq!(acts(&removed, USER), [Act::User(ended)]);
}

#[test]
fn a_member_who_is_no_user_of_the_platform_is_told_nothing() {
    assert_eq!(acts(&added("jana"), "jana"), []);
}
