//! Writes to whoever is invited. What the invitation is accepted with is not known here: it is
//! written into the mail when that is sent.

use super::{Act, Fact, Occurrence};
use kontor_messages::{
    id,
    notification::{ChannelKind, NotificationCommand},
    tenant::TenantEvent,
};
use serde_json::json;

/// The events that a mail follows from.
pub(super) const TOLD_OF: [&str; 2] = ["tenant.invited", "tenant.invitation_renewed"];

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let Fact::Tenant(event) = occurrence.fact else { return Vec::new() };
    let (TenantEvent::Invited { email, role, language, expires_at, .. }
    | TenantEvent::InvitationRenewed { email, role, language, expires_at, .. }) = event
    else {
        return Vec::new();
    };
    let Some(invitation) = occurrence.entity.as_str().strip_prefix("invitation/") else {
        return Vec::new();
    };
    let day = expires_at.to_utc().format("%Y-%m-%d").to_string();
    vec![Act::Notification(NotificationCommand::Queue {
        notification: id::derived(occurrence.id, "mail"),
        template: "invitation".to_owned(),
        channel: ChannelKind::Email,
        recipient: email.clone(),
        language: language.clone(),
        data: json!({ "invitation": invitation, "role": role, "expires_at": day }),
        about: None,
    })]
}
