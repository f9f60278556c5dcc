//! The rules of API keys.

use super::*;
use kontor_messages::{AddressRange, tenant::key_entity};

#[test]
fn a_key_counts_until_it_expires_or_is_revoked() {
    let stage = open().when(create_key()).then_names(&["tenant.key_created"]);
    let stage = stage.when(create_key()).then_nothing();
    let TenantState::Key(key) = stage.state(&key_entity(KEY)) else { panic!("no key") };
    assert!(key.counts_at(NOW) && !key.counts_at(NOW.plus(Duration::from_secs(3600))));
    let stage = stage
        .when(TenantCommand::RevokeKey { key: KEY.to_owned() })
        .then_names(&["tenant.key_revoked"])
        .when(TenantCommand::RevokeKey { key: KEY.to_owned() })
        .then_nothing();
    let TenantState::Key(key) = stage.state(&key_entity(KEY)) else { panic!("no key") };
    assert!(!key.counts_at(NOW));
    assert_eq!(Tenant::status(&TenantState::Key(key)), Some("revoked"));
}

#[test]
fn a_key_grants_its_scopes_and_no_more() {
    let stage = open().when(create_key()).then_names(&["tenant.key_created"]);
    let TenantState::Key(key) = stage.state(&key_entity(KEY)) else { panic!("no key") };
    assert!(key.grants("orders", true));
    assert!(!key.grants("orders", false) && !key.grants("stock", true));
    assert!(Scope::ALL.grants("keys", true));
    assert_eq!(Scope::all().count(), Scope::COUNT);
    for scope in Scope::all() {
        assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        assert!(!scope.about().is_empty());
    }
}

#[test]
fn a_key_without_scopes_or_with_a_strange_hash_is_refused() {
    let edit = |scopes: Vec<Scope>, hash: &str| TenantCommand::CreateKey {
        key: KEY.to_owned(),
        name: "shop".to_owned(),
        scopes,
        hash: hash.to_owned(),
        expires_at: None,
        allowed_addresses: vec![],
        by: Giver::Operator,
    };
    invalid_at(open(), edit(vec![], &"0f".repeat(32)), "/scopes");
    invalid_at(open(), edit(vec![Scope::ALL, Scope::ALL], &"0f".repeat(32)), "/scopes");
    invalid_at(open(), edit(vec![Scope::ALL], "0F"), "/hash");
}

fn bound(ranges: usize) -> TenantCommand {
    let range: AddressRange = "203.0.113.0/24".parse().unwrap();
    let TenantCommand::CreateKey { key, name, scopes, hash, expires_at, by, .. } = create_key()
    else {
        panic!("no key")
    };
    let allowed_addresses = vec![range; ranges];
    TenantCommand::CreateKey { key, name, scopes, hash, expires_at, allowed_addresses, by }
}

#[test]
fn a_key_that_is_bound_to_addresses_counts_from_there_only() {
    let stage = open().when(bound(50)).then_names(&["tenant.key_created"]);
    let TenantState::Key(key) = stage.state(&key_entity(KEY)) else { panic!("no key") };
    assert!(key.counts_from("203.0.113.7".parse().ok()));
    assert!(!key.counts_from("198.51.100.7".parse().ok()) && !key.counts_from(None));
    invalid_at(open(), bound(51), "/allowed_addresses");
}

#[test]
fn a_key_s_use_is_kept_once_in_five_minutes() {
    let used = || TenantCommand::RecordKeyUse {
        key: KEY.to_owned(),
        address: Some("203.0.113.7".to_owned()),
    };
    let stage = open().when(create_key()).then_names(&["tenant.key_created"]);
    let stage = stage.when(used()).then_names(&["tenant.key_used"]);
    let stage = stage.after(Duration::from_secs(299)).when(used()).then_nothing();
    let stage = stage.after(Duration::from_secs(1)).when(used()).then_names(&["tenant.key_used"]);
    let TenantState::Key(key) = stage.state(&key_entity(KEY)) else { panic!("no key") };
    assert_eq!(key.last_used_at, Some(NOW.plus(Duration::from_secs(300))));
    assert_eq!(key.last_used_from.as_deref(), Some("203.0.113.7"));
    let stage = stage.after(Duration::from_secs(3600)).when(used()).then_nothing();
    stage.when(TenantCommand::RecordKeyUse { key: "x".to_owned(), address: None }).then_nothing();
}
