//! The rules of tenants.

mod invitations;
mod keys;
mod members;
mod pausing;
mod pinned;
mod properties;
mod routing;

use super::*;
use crate::testing::{NOW, Stage, given};
use kontor_messages::{
    Currency,
    tenant::{
        AccountSettings, Giver, Limits, Scope, TenantSettings, account_entity, tenant_entity,
    },
};
use serde_json::json;
use std::time::Duration;

const KEY: &str = "abcdefgh2345";

fn settings() -> TenantSettings {
    TenantSettings {
        name: "Harbour Books".to_owned(),
        country: "CZ".to_owned(),
        currency: Currency::CZK,
        time_zone: "Europe/Prague".to_owned(),
        number_format: "{year}-{number:06}".to_owned(),
        language: "cs".to_owned(),
        limits: Limits::default(),
        payment_wait_minutes: 60,
        payments: Default::default(),
    }
}

fn created() -> (EntityId, TenantEvent) {
    (tenant_entity(), TenantEvent::Created { settings: settings() })
}

fn suspended() -> (EntityId, TenantEvent) {
    (tenant_entity(), TenantEvent::Suspended { reason: "unpaid".to_owned() })
}

fn open() -> Stage<Tenant> {
    given([created()])
}

fn create_key() -> TenantCommand {
    TenantCommand::CreateKey {
        key: KEY.to_owned(),
        name: "shop".to_owned(),
        scopes: vec![Scope::parse("orders:write").unwrap()],
        hash: "0f".repeat(32),
        expires_at: Some(NOW.plus(Duration::from_secs(3600))),
        allowed_addresses: vec![],
        by: Giver::Operator,
    }
}

fn put_account(settings: serde_json::Value) -> TenantCommand {
    TenantCommand::PutAccount {
        provider: "smtp".to_owned(),
        name: "main".to_owned(),
        mode: AccountMode::Live,
        settings: AccountSettings(settings),
    }
}

fn invalid_at(stage: Stage<Tenant>, command: TenantCommand, expected: &str) {
    match stage.when(command).result {
        Err(TenantRefusal::Invalid { pointer, .. }) => assert_eq!(pointer, expected),
        other => panic!("expected a refusal at {expected}, got {other:?}"),
    }
}

#[test]
fn a_tenant_is_created_once_and_a_repeat_changes_nothing() {
    given::<Tenant>([])
        .when(TenantCommand::Create { settings: settings() })
        .then([created()])
        .when(TenantCommand::Create { settings: settings() })
        .then_nothing()
        .when(TenantCommand::Create {
            settings: TenantSettings { name: "Other".to_owned(), ..settings() },
        })
        .refused(TenantRefusal::Exists("tenant"));
}

#[test]
fn nobody_trades_under_the_platform_s_own_name() {
    let (tenant, entities, keys) =
        (kontor_messages::TenantId::platform(), Default::default(), Default::default());
    let world = World::<Tenant>::new(&tenant, &entities, &keys);
    let asked = Tenant::decide(&world, TenantCommand::Create { settings: settings() }, NOW);
    assert_eq!(asked, Err(Stop::Refused(TenantRefusal::Reserved)));
}

#[test]
fn settings_that_mean_nothing_are_refused_with_their_place() {
    let change = |edit: fn(&mut TenantSettings)| {
        let mut settings = settings();
        edit(&mut settings);
        TenantCommand::Configure { settings }
    };
    for (pointer, edit) in [
        ("/settings/name", (|s| s.name = " ".to_owned()) as fn(&mut TenantSettings)),
        ("/settings/country", |s| s.country = "cz".to_owned()),
        ("/settings/time_zone", |s| s.time_zone = "Europe/Atlantis".to_owned()),
        ("/settings/language", |s| s.language = "../en".to_owned()),
        ("/settings/limits/requests_in_flight", |s| s.limits.requests_in_flight = 0),
        ("/settings/limits/orders_per_day", |s| s.limits.orders_per_day = Some(0)),
        ("/settings/limits/entities", |s| s.limits.entities = Some(0)),
        ("/settings/payment_wait_minutes", |s| s.payment_wait_minutes = 0),
    ] {
        invalid_at(open(), change(edit), pointer);
    }
}

#[test]
fn an_order_number_needs_its_year_and_one_number() {
    let put = |format: &str| TenantCommand::Configure {
        settings: TenantSettings { number_format: format.to_owned(), ..settings() },
    };
    for good in ["{year}{number}", "FA/{number:012}/{year}", "{year}.{number:01}_x"] {
        open().when(put(good)).then_names(&["tenant.configured"]);
    }
    for bad in [
        "",
        "{number}",
        "{year}",
        "{year}-{number}-{number}",
        "{year}-{number:6}",
        "{year}-{number:00}",
        "{year}-{number:013}",
        "{year}-{month}-{number}",
        "{year}-{number",
        "{year}}-{number}",
        "{year} {number}",
        "{year}-{number}-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        invalid_at(open(), put(bad), "/settings/number_format");
    }
}

#[test]
fn a_suspended_tenant_reads_and_does_not_write() {
    assert!(allows(TenantStatus::Active, true));
    for status in [TenantStatus::Suspended, TenantStatus::Archived] {
        assert!(allows(status, false) && !allows(status, true));
    }
}

#[test]
fn suspending_twice_and_resuming_twice_change_nothing_the_second_time() {
    let stage = open()
        .when(TenantCommand::Suspend { reason: "unpaid".to_owned() })
        .then([suspended()])
        .when(TenantCommand::Suspend { reason: "still unpaid".to_owned() })
        .then_nothing();
    let TenantState::Tenant(tenant) = stage.state(&tenant_entity()) else { panic!("no tenant") };
    assert_eq!(tenant.status, TenantStatus::Suspended);
    stage
        .when(TenantCommand::Resume)
        .then_names(&["tenant.resumed"])
        .when(TenantCommand::Resume)
        .then_nothing();
}

#[test]
fn an_archived_tenant_stays_archived_and_its_keys_can_still_be_revoked() {
    open()
        .when(create_key())
        .then_names(&["tenant.key_created"])
        .when(TenantCommand::Archive)
        .then_names(&["tenant.archived"])
        .when(TenantCommand::Archive)
        .then_nothing()
        .when(TenantCommand::Resume)
        .refused(TenantRefusal::Archived)
        .when(put_account(json!({})))
        .refused(TenantRefusal::Archived)
        .when(TenantCommand::RevokeKey { key: KEY.to_owned() })
        .then_names(&["tenant.key_revoked"]);
}

#[test]
fn a_tenant_is_deleted_when_its_time_has_come_and_can_be_kept_until_then() {
    let status = |stage: &Stage<Tenant>| match stage.state(&tenant_entity()) {
        TenantState::Tenant(tenant) => tenant.status,
        other => panic!("{other:?}"),
    };
    let day = Duration::from_secs(24 * 60 * 60);
    let stage = open()
        .when(TenantCommand::Suspend { reason: "unpaid".to_owned() })
        .then_names(&["tenant.suspended"])
        .when(TenantCommand::Delete { days: 30 })
        .then_names(&["tenant.deletion_scheduled"])
        .when(TenantCommand::Delete { days: 1 })
        .then_nothing()
        .when(TenantCommand::WakeTenant)
        .then_nothing()
        .when(put_account(json!({})))
        .refused(TenantRefusal::Archived);
    let kept = stage.when(TenantCommand::CancelDeletion);
    let kept = kept.then_names(&["tenant.deletion_cancelled"]);
    assert_eq!(status(&kept), TenantStatus::Suspended);
    let mut stage =
        kept.when(TenantCommand::Delete { days: 2 }).then_names(&["tenant.deletion_scheduled"]);
    stage = stage.after(2 * day);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(status(&stage), TenantStatus::Deleted);
    for late in [TenantCommand::CancelDeletion, TenantCommand::Delete { days: 1 }] {
        stage = stage.when(late).refused(TenantRefusal::Archived);
    }
    for days in [0, 366] {
        let refused = open().when(TenantCommand::Delete { days }).result.unwrap_err();
        assert!(
            matches!(refused, TenantRefusal::Invalid { ref pointer, .. } if pointer == "/days")
        );
    }
}

#[test]
fn what_belongs_to_no_tenant_is_not_found() {
    given::<Tenant>([]).when(create_key()).refused(TenantRefusal::NotFound("tenant"));
    open()
        .when(TenantCommand::RevokeKey { key: KEY.to_owned() })
        .refused(TenantRefusal::NotFound("key"));
}

#[test]
fn an_account_is_put_once_changed_and_forgotten_with_its_secrets() {
    let remove =
        || TenantCommand::RemoveAccount { provider: "smtp".to_owned(), name: "main".to_owned() };
    let stage = open()
        .when(put_account(json!({"host": "mail.example.com", "password": "wave"})))
        .then_names(&["tenant.account_put"])
        .when(put_account(json!({"host": "mail.example.com", "password": "wave"})))
        .then_nothing()
        .when(put_account(json!({"host": "mail.example.com", "password": "tide"})))
        .then_names(&["tenant.account_put"])
        .when(remove())
        .then_names(&["tenant.account_removed"])
        .when(remove())
        .refused(TenantRefusal::NotFound("account"));
    assert_eq!(stage.state(&account_entity("smtp", "main")), TenantState::Blank);
}

#[test]
fn an_account_shows_no_secret_and_does_not_take_the_mask_for_one() {
    let settings = json!({
        "host": "mail.example.com", "port": 587, "password": "wave", "pin": 1234,
        "url": "https://user:wave@example.com/", "nested": {"from": "a@b.cz", "key": ["wave"]},
    });
    let stage = open().when(put_account(settings)).then_names(&["tenant.account_put"]);
    let state = stage.state(&account_entity("smtp", "main"));
    let TenantState::Account(view) = state.public_view() else { panic!("no account") };
    let shown = json!({
        "host": "mail.example.com", "port": 587, "password": "***", "pin": "***",
        "url": "***", "nested": {"from": "a@b.cz", "key": ["***"]},
    });
    assert_eq!(view.settings.0, shown);
    assert!(!format!("{state:?}").contains("wave"));
    invalid_at(stage, put_account(shown), "/settings");
}
