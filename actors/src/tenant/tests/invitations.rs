//! The rules of invitations.

use super::{members::*, *};
use kontor_messages::tenant::{invitation_entity, member_entity};

fn id(name: &str) -> EntityId {
    EntityId::named(name)
}

pub(super) fn invite(name: &str, email: &str, role: &str, by: Giver) -> TenantCommand {
    TenantCommand::Invite {
        invitation: id(name),
        email: email.to_owned(),
        role: role.to_owned(),
        language: None,
        by,
    }
}

fn invite_nina() -> TenantCommand {
    invite("i-1", "nina@example.com", "support", by("adam"))
}

pub(super) fn accept(name: &str, user_name: &str, email: &str) -> TenantCommand {
    TenantCommand::AcceptInvitation {
        invitation: id(name),
        user: user(user_name),
        email: email.to_owned(),
    }
}

fn accept_nina() -> TenantCommand {
    accept("i-1", "nina", "Nina@Example.com")
}

fn invited() -> Stage<Tenant> {
    staffed().when(invite_nina()).then_names(&["tenant.invited"])
}

fn document(stage: &Stage<Tenant>, name: &str) -> InvitationDocument {
    match stage.state(&invitation_entity(name)) {
        TenantState::Invitation(invitation) => invitation,
        other => panic!("no invitation but {other:?}"),
    }
}

#[test]
fn whoever_accepts_becomes_a_member_once() {
    let stage = invited()
        .when(accept_nina())
        .then_names(&["tenant.invitation_accepted", "tenant.member_added"])
        .when(accept_nina())
        .then_nothing();
    let TenantState::Member(member) = stage.state(&member_entity("nina")) else { panic!("nobody") };
    assert_eq!((&*member.role, member.invited_by), ("support", by("adam")));
    stage
        .when(remove("nina", by("adam")))
        .then_names(&["tenant.member_removed"])
        .when(accept_nina())
        .refused(TenantRefusal::InvitationClosed);
}

#[test]
fn an_invitation_is_for_its_address_only() {
    invited()
        .when(accept("i-1", "nina", "other@example.com"))
        .refused(TenantRefusal::OtherEmail)
        .when(accept("i-2", "nina", "nina@example.com"))
        .refused(TenantRefusal::NotFound("invitation"));
}

#[test]
fn who_is_invited_again_has_one_invitation_with_a_new_deadline_and_the_new_role() {
    let stage = invited()
        .after(Duration::from_secs(3600))
        .when(invite("i-2", "NINA@example.com", "viewer", by("olga")))
        .then_names(&["tenant.invitation_renewed"]);
    let known = document(&stage, "i-1");
    assert_eq!((&*known.role, known.mails), ("viewer", 2));
    assert_eq!(known.expires_at, stage.now().plus(INVITATION_SPAN));
    assert_eq!(stage.state(&invitation_entity("i-2")), TenantState::Blank);
}

#[test]
fn an_invitation_that_was_taken_back_counts_no_longer_and_the_address_may_be_invited_again() {
    let revoke = || TenantCommand::RevokeInvitation { invitation: id("i-1"), by: by("adam") };
    invited()
        .when(revoke())
        .then_names(&["tenant.invitation_revoked"])
        .when(revoke())
        .then_nothing()
        .when(accept_nina())
        .refused(TenantRefusal::InvitationClosed)
        .when(TenantCommand::ResendInvitation { invitation: id("i-1"), by: by("adam") })
        .refused(TenantRefusal::InvitationClosed)
        .when(invite("i-2", "nina@example.com", "support", by("adam")))
        .then_names(&["tenant.invited"]);
}

#[test]
fn an_invitation_ends_after_a_week_by_itself() {
    let mut stage = invited().after(INVITATION_SPAN);
    stage = stage.when(accept_nina()).refused(TenantRefusal::InvitationClosed);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(document(&stage, "i-1").status, InvitationStatus::Expired);
    assert_eq!(stage.wake_due(), 0);
}

#[test]
fn a_resent_invitation_has_a_new_deadline_and_so_many_mails_only() {
    let resend = || TenantCommand::ResendInvitation { invitation: id("i-1"), by: by("adam") };
    let mut stage = invited();
    for _ in 1..10 {
        stage = stage
            .after(Duration::from_secs(3600))
            .when(resend())
            .then_names(&["tenant.invitation_renewed"]);
    }
    let stage = stage.after(Duration::from_secs(3600));
    stage.when(resend()).refused(TenantRefusal::TooMany("mails about this invitation"));
}

#[test]
fn nobody_invites_to_more_than_they_may_themselves() {
    let owner = |by| invite("i-1", "nina@example.com", "owner", by);
    staffed().when(owner(by("adam"))).refused(TenantRefusal::OwnersOnly);
    staffed().when(owner(by("olga"))).then_names(&["tenant.invited"]);
    let more = invite("i-1", "nina@example.com", "support", by("vera"));
    staffed().when(more).refused(TenantRefusal::Lacking(scopes(&["orders:write"])[0]));
    invalid_at(staffed(), invite("i-1", "nina", "viewer", by("olga")), "/email");
    invalid_at(staffed(), invite("i-1", "n@example.com", "pirate", by("olga")), "/role");
}

#[test]
fn an_invitation_counts_only_as_long_as_whoever_gave_it_could_give_it_still() {
    invited()
        .when(remove("adam", by("olga")))
        .then_names(&["tenant.member_removed"])
        .when(accept_nina())
        .refused(TenantRefusal::InvitationClosed);
    invited()
        .when(make("adam", "viewer", by("olga")))
        .then_names(&["tenant.member_changed"])
        .when(accept_nina())
        .refused(TenantRefusal::InvitationClosed);
}

#[test]
fn a_role_that_somebody_is_invited_to_cannot_be_removed() {
    staffed()
        .when(write_role("packer", &["stock:read"], by("adam")))
        .then_names(&["tenant.role_created"])
        .when(invite("i-1", "nina@example.com", "packer", by("adam")))
        .then_names(&["tenant.invited"])
        .when(TenantCommand::RemoveRole { name: "packer".to_owned(), by: by("adam") })
        .refused(TenantRefusal::RoleInUse)
        .when(TenantCommand::RevokeInvitation { invitation: id("i-1"), by: by("adam") })
        .then_names(&["tenant.invitation_revoked"])
        .when(TenantCommand::RemoveRole { name: "packer".to_owned(), by: by("adam") })
        .then_names(&["tenant.role_removed"]);
}

#[test]
fn a_tenant_asks_for_so_many_mails_a_day_only() {
    let mut stage = staffed();
    for n in 0..500 {
        let (name, email) = (format!("i-{n}"), format!("n{n}@example.com"));
        stage = stage
            .when(invite(&name, &email, "support", by("adam")))
            .then_names(&["tenant.invited"])
            .when(TenantCommand::RevokeInvitation { invitation: id(&name), by: by("adam") })
            .then_names(&["tenant.invitation_revoked"]);
    }
    let one_more = || invite("i-500", "nina@example.com", "support", by("adam"));
    stage
        .when(one_more())
        .refused(TenantRefusal::TooMany("invitations for today"))
        .after(Duration::from_secs(24 * 3600))
        .when(one_more())
        .then_names(&["tenant.invited"]);
}

#[test]
fn as_many_invitations_are_open_as_may_be() {
    let mut stage = staffed();
    for n in 0..200 {
        let (name, email) = (format!("i-{n}"), format!("n{n}@example.com"));
        let wish = invite(&name, &email, "support", by("adam"));
        stage = stage.when(wish).then_names(&["tenant.invited"]);
    }
    let one_more = invite("i-200", "nina@example.com", "support", by("adam"));
    stage.when(one_more).refused(TenantRefusal::TooMany("open invitations"));
}
