//! What is in journals for ever.

use super::*;
use kontor_messages::{payment::AccountName, tenant::PaymentRule};

fn about_people() -> [TenantEvent; 11] {
    let (user, by) = (EntityId::named("u-1"), Giver::User(EntityId::named("u-0")));
    let (support, packer) = ("support".to_owned(), "packer".to_owned());
    let (email, description) = ("jana@example.com".to_owned(), "Packs".to_owned());
    let permissions = vec![Scope::parse("stock:read").unwrap()];
    [
        TenantEvent::MemberAdded {
            user: user.clone(),
            email: email.clone(),
            role: support.clone(),
            invited_by: by.clone(),
        },
        TenantEvent::MemberChanged {
            user: user.clone(),
            role: packer.clone(),
            before: support.clone(),
        },
        TenantEvent::MemberRemoved { user: user.clone(), role: packer.clone() },
        TenantEvent::RoleCreated {
            name: packer.clone(),
            permissions: permissions.clone(),
            description: description.clone(),
        },
        TenantEvent::RoleChanged { permissions, description },
        TenantEvent::RoleRemoved,
        TenantEvent::Invited {
            email: email.clone(),
            role: support.clone(),
            language: Some("cs".to_owned()),
            invited_by: Giver::Operator,
            expires_at: NOW,
        },
        TenantEvent::InvitationRenewed {
            email,
            role: packer,
            before: support.clone(),
            language: None,
            invited_by: Giver::Key(KEY.to_owned()),
            expires_at: NOW,
        },
        TenantEvent::InvitationAccepted { user, role: support.clone() },
        TenantEvent::InvitationRevoked { role: support.clone() },
        TenantEvent::InvitationExpired { role: support },
    ]
}

#[test]
fn events_keep_their_json() {
    let events = [
        created().1,
        TenantEvent::Configured { settings: settings() },
        suspended().1,
        TenantEvent::Resumed,
        TenantEvent::Archived,
        TenantEvent::KeyCreated {
            name: "shop".to_owned(),
            scopes: vec![Scope::ALL],
            hash: "0f".repeat(32),
            expires_at: Some(NOW),
            allowed_addresses: vec![],
        },
        TenantEvent::KeyRevoked,
        TenantEvent::AccountPut {
            provider: "smtp".to_owned(),
            name: "main".to_owned(),
            mode: AccountMode::Test,
            settings: AccountSettings(json!({"host": "localhost"})),
        },
        TenantEvent::AccountRemoved,
        TenantEvent::KeyUsed { address: Some("203.0.113.7".to_owned()) },
        TenantEvent::KeyCreated {
            name: "till".to_owned(),
            scopes: vec![Scope::ALL],
            hash: "0f".repeat(32),
            expires_at: None,
            allowed_addresses: vec!["203.0.113.0/24".parse().unwrap()],
        },
        TenantEvent::DeletionScheduled { at: NOW },
        TenantEvent::DeletionCancelled,
        TenantEvent::Deleted,
    ]
    .into_iter()
    .chain(about_people())
    .chain([TenantEvent::PaymentRoutesPut {
        rules: vec![PaymentRule {
            methods: vec!["card".to_owned()],
            currencies: vec![Currency::CZK],
            countries: vec!["CZ".to_owned()],
            amount_from_minor: Some(1),
            amount_to_minor: None,
            accounts: vec![AccountName {
                provider: "stripe".to_owned(),
                account: "main".to_owned(),
            }],
        }],
    }])
    .chain([
        TenantEvent::DomainPaused { domain: "order".to_owned() },
        TenantEvent::DomainResumed { domain: "order".to_owned() },
    ]);
    let events: Vec<_> = events.collect();
    let lines: Vec<_> = include_str!("../events.jsonl").lines().collect();
    let written: Vec<_> = events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    assert_eq!(written, lines);
    for (line, event) in lines.iter().zip(events) {
        assert_eq!(serde_json::from_str::<TenantEvent>(line).unwrap(), event);
        assert!(Tenant::event_name(&event).starts_with("tenant."));
    }
}
