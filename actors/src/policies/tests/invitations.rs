//! Who is invited is written to, without what the invitation is accepted with.

use super::*;
use kontor_messages::{
    notification::ChannelKind,
    tenant::{Giver, TenantEvent, invitation_entity},
};
use serde_json::json;

fn invited() -> TenantEvent {
    TenantEvent::Invited {
        email: "nina@example.com".to_owned(),
        role: "support".to_owned(),
        language: Some("cs".to_owned()),
        invited_by: Giver::Operator,
        expires_at: NOW,
    }
}

#[test]
fn each_invitation_is_one_mail_that_names_it() {
    let mail = Act::Notification(NotificationCommand::Queue {
        notification: derived(EVENT, "mail"),
        template: "invitation".to_owned(),
        channel: ChannelKind::Email,
        recipient: "nina@example.com".to_owned(),
        language: Some("cs".to_owned()),
        data: json!({ "invitation": "i-1", "role": "support", "expires_at": "2026-01-15" }),
        about: None,
    });
    assert_eq!(told(&invitation_entity("i-1"), Fact::Tenant(&invited())), [mail]);
}

#[test]
fn nobody_is_written_to_because_of_anything_else_of_a_tenant() {
    let revoked = TenantEvent::InvitationRevoked { role: "support".to_owned() };
    for event in [revoked, TenantEvent::RoleRemoved, TenantEvent::Archived] {
        assert_eq!(told(&invitation_entity("i-1"), Fact::Tenant(&event)), []);
    }
}
