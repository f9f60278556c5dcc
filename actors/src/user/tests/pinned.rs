//! Events keep their JSON for ever.

use super::*;
use kontor_messages::user::Method;

fn events() -> Vec<UserEvent> {
    let (email, language) = (Some("jana@example.com".to_owned()), Some("cs".to_owned()));
    let name = "Jana Nováková".to_owned();
    let password = Some(PASSWORD.to_owned());
    vec![
        UserEvent::Registered {
            email: email.clone(),
            phone: Some("+420602123456".to_owned()),
            name: name.clone(),
            language: language.clone(),
            password,
            role: PlatformRole::Operator,
            via: RegisteredVia::Import,
            verified: true,
        },
        UserEvent::TicketOpened {
            ticket: ticket(1),
            purpose: TicketPurpose::ResetPassword,
            until: NOW,
            to: email.clone(),
            language: language.clone(),
        },
        UserEvent::KnownAlready { to: "jana@example.com".to_owned(), language: language.clone() },
        UserEvent::Verified { ticket: ticket(1), forget_password: true },
        UserEvent::LoggedIn {
            session: session(1),
            method: Method::Password,
            ticket: Some(ticket(1)),
            step: Some(58_949_040),
            recovery: Some(hash(1)),
            rehash: Some(PASSWORD.to_owned()),
        },
        UserEvent::LoginFailed { method: Method::Code, ticket: Some(ticket(1)), second: false },
        UserEvent::Locked { until: NOW },
        UserEvent::PasswordChanged { password: PASSWORD.to_owned(), ticket: Some(ticket(1)) },
        UserEvent::Updated { name, language },
        UserEvent::TotpEnrolled { sealed: "v1.AAAA".to_owned() },
        UserEvent::TotpConfirmed { step: 1, recovery: vec![hash(1)] },
        UserEvent::RecoveryRenewed { step: Some(2), recovery: vec![hash(2)] },
        UserEvent::TotpDisabled,
        UserEvent::RoleSet { role: PlatformRole::None },
        UserEvent::Disabled { reason: "left".to_owned() },
        UserEvent::Enabled,
        UserEvent::MembershipRecorded {
            tenant: crate::testing::tenant(),
            role: "owner".to_owned(),
        },
        UserEvent::MembershipEnded { tenant: crate::testing::tenant() },
        UserEvent::SessionOpened {
            user: JANA,
            session: session(1),
            device: "Firefox".to_owned(),
            address: "192.0.2.7".to_owned(),
            secret_hash: hash(1),
            until: NOW,
        },
        UserEvent::SessionRefreshed { generation: 2, secret_hash: hash(2), until: NOW },
        UserEvent::SessionRevoked {
            user: JANA,
            session: session(1),
            reason: RevokeReason::TokenReused,
        },
        UserEvent::AddressFailed { blocked_until: Some(NOW), forget_at: NOW },
        UserEvent::AddressForgotten,
        UserEvent::TicketOpened {
            ticket: ticket(2),
            purpose: TicketPurpose::PhoneCode,
            until: NOW,
            to: Some("+420602123456".to_owned()),
            language: None,
        },
        UserEvent::ViewSaved {
            name: "To pack".to_owned(),
            query: "status=confirmed&channel=web".to_owned(),
        },
        UserEvent::ViewRemoved { name: "To pack".to_owned() },
    ]
}

#[test]
fn events_keep_their_json() {
    let lines: Vec<_> = include_str!("../events.jsonl").lines().collect();
    let written: Vec<_> = events().iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    assert_eq!(written, lines, "{}", written.join("\n"));
    for (line, event) in lines.iter().zip(events()) {
        assert_eq!(serde_json::from_str::<UserEvent>(line).unwrap(), event);
        assert!(User::event_name(&event).starts_with("user."));
    }
}
