//! A user who wants to be forgotten: what is sealed while they are here, and what is left after.

use crate::{
    people::SECRET,
    shop::{Asker, Shop, order, stock},
};
use kontor_actors::{
    admission::Lane,
    domain::Domain,
    follower::Follow,
    intake::Caller,
    memory::MemoryStore,
    request::Terms,
    store::{Batch, ERASED, EntityRef, Found, Lookup, Store, StoredEntity},
    tenant::Tenant,
    user::{EMAIL, User},
};
use kontor_adapters::{
    dispatch::erasures::Erasures,
    identity::{Vault, tickets},
};
use kontor_messages::{
    Meta, TenantId, Timestamp,
    tenant::TenantCommand,
    user::{TicketPurpose, UserCommand, user_of},
};
use serde_json::{Value, json};
use std::sync::Arc;

const JANA: &str = "jana.kupcova@example.com";
const PASSWORD: &str = "correct horse battery";
const DEVICE: &str = "Firefox at the harbour";

/// Somebody registers, proves the address and comes in.
pub async fn person(shop: &Shop, nobody: &Asker, email: &str) -> Asker {
    let wish = json!({ "email": email, "password": PASSWORD, "name": "Jana Kupcová" });
    nobody.post("/v1/auth/register", wish).await.ok();
    let platform = TenantId::platform();
    let entity = shop.intake.find::<User>(&platform, EMAIL, email).await.unwrap().unwrap();
    let (state, _) = shop.intake.read::<User>(&platform, &entity).await.unwrap().unwrap();
    let purpose = TicketPurpose::VerifyEmail;
    let open = state.user().unwrap().tickets.iter().find(|open| open.purpose == purpose).unwrap();
    let vault = Vault::new(&SECRET).unwrap();
    let token = tickets::token(&vault, user_of(&entity).unwrap(), open.ticket, purpose);
    nobody.post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
    let wish = json!({ "email": email, "password": PASSWORD });
    let asker = nobody.clone().header("user-agent", DEVICE);
    let tokens = asker.post("/v1/auth/login", wish).await.ok();
    nobody.clone().token(tokens["access_token"].as_str().unwrap())
}

/// All texts of the journal and the states, as they are written, and the names that lead to them.
async fn written(shop: &Shop) -> (String, Vec<String>) {
    let events = shop.store.read(0, 0, u32::MAX).await.unwrap();
    let states = shop.store.scan(None, u32::MAX).await.unwrap();
    let keys = shop.store.scan_keys(None, u32::MAX).await.unwrap();
    let events = events.into_iter().map(|row| format!("{}{}", row.payload, row.meta));
    let states = states.into_iter().map(|row| row.state.to_string());
    (events.chain(states).collect(), keys.into_iter().map(|row| row.value).collect())
}

/// Carries out all erasures that were asked for; nobody follows the journal here.
async fn carry_out(shop: &Shop) {
    let follower = Erasures::new(shop.intake.clone());
    for event in shop.store.read(0, 0, u32::MAX).await.unwrap() {
        if let Some(lane) = follower.lane(&event) {
            follower.handle(&lane, &[Arc::new(event)]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_known_of_users_and_members_is_written_sealed_and_found_by_its_names() {
    let (shop, harbour) = Shop::trading().await;
    let (nobody, _) = shop.signing();
    let jana = person(&shop, &nobody, JANA).await;
    let invitation = json!({ "email": "nina@example.com", "role": "viewer" });
    harbour.post("/v1/invitations", invitation.clone()).await.ok();
    let account = json!({ "mode": "test", "settings": { "secret_key": "sk_test_hush" } });
    harbour.put("/v1/accounts/stripe/main", account).await.ok();
    let hook = json!({ "url": "http://127.0.0.1:9/", "events": ["order.*"] });
    let hook = harbour.post("/v1/webhook-endpoints", hook).await.ok();
    let signing = hook["signing_secret"].as_str().unwrap();
    let (text, names) = written(&shop).await;
    for secret in
        [JANA, "Kupcová", DEVICE, "$argon2id", "nina@example.com", "sk_test_hush", signing]
    {
        assert!(!text.contains(secret), "{secret} was written in the clear");
    }
    assert!(names.iter().any(|name| name == JANA), "{names:?}");
    assert_eq!(jana.get("/v1/auth/me").await.ok()["email"], JANA);
    let sessions = jana.get("/v1/auth/sessions").await.ok().to_string();
    assert!(sessions.contains(DEVICE), "{sessions}");
    // Whoever is invited already is found by the address.
    let again = harbour.post("/v1/invitations", invitation).await.ok();
    assert_eq!(harbour.get("/v1/invitations").await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(again["email"], "nina@example.com");
}

#[tokio::test]
async fn a_user_who_closes_the_account_is_nowhere_and_the_address_is_free_again() {
    let (shop, _) = Shop::trading().await;
    let (nobody, _) = shop.signing();
    let jana = person(&shop, &nobody, JANA).await;
    person(&shop, &nobody, "petr@example.com").await;
    assert_eq!(jana.delete("/v1/auth/me").await.status, 204);
    carry_out(&shop).await;
    jana.get("/v1/auth/me").await.problem(401, "token_expired");
    let wish = json!({ "email": JANA, "password": PASSWORD });
    nobody.post("/v1/auth/login", wish).await.problem(401, "wrong_credentials");
    let platform = TenantId::platform();
    assert_eq!(shop.intake.find::<User>(&platform, EMAIL, JANA).await.unwrap(), None);
    let (text, names) = written(&shop).await;
    assert!(!text.contains(JANA) && !names.iter().any(|name| name == JANA), "{names:?}");
    let listed = shop.operator().get("/v1/users").await.ok().to_string();
    assert!(listed.contains(ERASED) && !listed.contains("jana"), "{listed}");
    assert!(listed.contains("petr@example.com"), "{listed}");
    // Its keys are destroyed, and with them what copies of the journal say.
    let left = shop.store.scan(None, u32::MAX).await.unwrap();
    let theirs = left.iter().filter(|row| &*row.domain == User::NAME);
    let asked = theirs.map(|row| EntityRef {
        tenant: row.tenant.clone(),
        domain: row.domain.to_string(),
        entity: row.entity.clone(),
    });
    let asked: Vec<_> = asked.map(Lookup::PersonKey).collect();
    let keys = shop.store.fetch(&asked).await.unwrap();
    let gone = keys.iter().filter(|found| format!("{found:?}").contains("key: None")).count();
    assert!(gone >= 2, "the user and a session: {gone}");
    // The address belongs to nobody: whoever has it may come anew.
    assert_replays(&shop).await;
    let again = person(&shop, &nobody, JANA).await;
    assert_eq!(again.get("/v1/auth/me").await.ok()["email"], JANA);
}

#[tokio::test]
async fn the_last_owner_of_a_tenant_does_not_just_go() {
    let (shop, _) = Shop::trading().await;
    let (nobody, identity) = shop.signing();
    let olga = person(&shop, &nobody, "olga@example.com").await;
    let me = olga.get("/v1/auth/me").await.ok();
    let user = me["id"].as_str().unwrap();
    let body = json!({ "role": "owner", "email": "olga@example.com" });
    let path = format!("/v1/members/{user}");
    shop.operator_for("harbour-books").put(&path, body).await.ok();
    // What the policy does for a member, for nobody follows the journal here.
    let record = UserCommand::RecordMembership {
        user: user.parse().unwrap(),
        tenant: TenantId::parse("harbour-books").unwrap(),
        role: "owner".to_owned(),
    };
    let caller =
        Caller { tenant: TenantId::platform(), meta: Meta::by("policy"), lane: Lane::Realtime };
    let terms = Terms::default();
    identity.intake().tell::<User>(&caller, record, terms).await.unwrap();
    olga.delete("/v1/auth/me").await.problem(409, "last_owner");
    olga.get("/v1/auth/me").await.ok();
    shop.member("otto", "harbour-books", "owner").await;
    assert_eq!(olga.delete("/v1/auth/me").await.status, 204);
    carry_out(&shop).await;
    let members = shop.operator_for("harbour-books").get("/v1/members").await.ok().to_string();
    assert!(!members.contains("olga") && members.contains("otto"), "{members}");
}

/// Every state, and every name, is what the journal gives.
async fn assert_replays(shop: &Shop) {
    let store = &shop.intake.ground().store;
    let events = store.read(0, 0, u32::MAX).await.unwrap();
    let rows = store.scan(None, u32::MAX).await.unwrap();
    let names = store.scan_keys(None, u32::MAX).await.unwrap();
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for host in shop.intake.hosts().all() {
        let mut replay = host.replayer();
        for event in events.iter().filter(|event| &*event.domain == host.domain()) {
            replay.apply(event, &|_| true).unwrap();
        }
        for row in rows.iter().filter(|row| &*row.domain == host.domain()) {
            let derived = replay.take(&row.tenant, &row.entity).unwrap();
            assert_eq!(read(&row.state), read(&derived.state), "{}", row.entity);
            let own = names.iter().filter(|name| {
                (&name.tenant, &*name.domain, &name.entity)
                    == (&row.tenant, &*row.domain, &row.entity)
            });
            assert_eq!(own.count(), derived.keys.len(), "names of {}", row.entity);
        }
    }
}

/// The same shop a while later: what was to be done at `then` has been due since long ago.
async fn later(shop: &Shop, then: &str) -> Shop {
    let past = Timestamp::parse("2026-01-15T10:00:00.000Z").unwrap();
    let mut events = shop.store.read(0, 0, u32::MAX).await.unwrap();
    let mut states = shop.store.scan(None, u32::MAX).await.unwrap();
    for event in &mut events {
        event.payload = event.payload.replace(then, &past.to_string()).into();
    }
    for state in states.iter_mut().filter(|state| state.state.contains(then)) {
        state.state = state.state.replace(then, &past.to_string()).into();
        state.due = Some(past);
    }
    let address = |state: &StoredEntity| EntityRef {
        tenant: state.tenant.clone(),
        domain: state.domain.to_string(),
        entity: state.entity.clone(),
    };
    let asked: Vec<_> = states.iter().map(|state| Lookup::PersonKey(address(state))).collect();
    let found = shop.store.fetch(&asked).await.unwrap().into_iter();
    let person_keys = found.filter_map(|found| match found {
        Found::PersonKey(row) => row,
        _ => None,
    });
    let person_keys = person_keys.collect();
    let keys = shop.store.scan_keys(None, u32::MAX).await.unwrap();
    let whole = Batch { events, states, keys, person_keys, ..Batch::default() };
    let store = MemoryStore::new();
    store.commit(Arc::new(whole)).await.unwrap();
    Shop::on(store, |_| ()).await
}

#[tokio::test]
async fn a_tenant_whose_grace_is_over_is_gone_and_nobody_else_is_touched() {
    let (shop, harbour) = Shop::trading().await;
    let other = shop.tenant("other-books").await;
    stock(&other, "atlas", 10).await;
    let clerk = |name: &str| json!({ "email": format!("{name}@example.com"), "role": "viewer" });
    for (asker, name) in [(&harbour, "nina"), (&other, "petr")] {
        asker.post("/v1/orders", order("atlas", 1)).await.ok();
        asker.post("/v1/invitations", clerk(name)).await.ok();
        let secret = format!("whsec_of_{name}");
        let account = json!({ "mode": "test", "settings": { "secret_key": "sk_test_1",
            "webhook_secrets": [secret] } });
        asker.put("/v1/accounts/stripe/main", account).await.ok();
    }
    let path = "/v1/tenants/harbour-books";
    let asked = shop.operator().post(&format!("{path}/delete"), json!({ "days": 1 })).await.ok();
    let shop = later(&shop, asked["delete_at"].as_str().unwrap()).await;
    let at = |asker: &Asker| Asker::clone(asker).at(&shop);
    let (harbour, other) = (at(&harbour), at(&other));
    harbour.get("/v1/orders").await.ok();
    let shown = async || {
        let mut shown = Vec::new();
        for path in ["/v1/orders", "/v1/invitations", "/v1/accounts", "/v1/stock", "/v1/tenant"] {
            shown.push(other.get(path).await.ok());
        }
        shown
    };
    let before = shown().await;
    // What the timers do for whatever is due.
    let (tenant, meta) = (TenantId::parse("harbour-books").unwrap(), Meta::by("timer"));
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    let wake = TenantCommand::WakeTenant;
    shop.intake.tell::<Tenant>(&caller, wake, Terms::default()).await.unwrap();
    carry_out(&shop).await;

    assert_eq!(shop.operator().get(path).await.ok()["status"], "deleted");
    for path in ["/v1/orders", "/v1/export", "/v1/audit", "/v1/events", "/v1/accounts"] {
        assert!([401, 404].contains(&harbour.get(path).await.status.as_u16()), "{path}");
    }
    let hook = shop.nobody().raw(&shop.hook("harbour-books", "stripe", "main"), "{}", None).await;
    hook.problem(404, "not_found");
    assert_eq!(shown().await, before);
    let (text, names) = written(&shop).await;
    assert!(!text.contains("nina@") && !text.contains("jana@"));
    assert!(names.iter().any(|name| name == "petr@example.com"), "{names:?}");
    assert!(!names.iter().any(|name| name == "nina@example.com"), "{names:?}");
    // Nor is there a key by which a copy of the journal could be read.
    let told = shop.intake.ground().store.read(0, 0, u32::MAX).await.unwrap();
    let theirs = told.iter().filter(|event| event.tenant.as_str() == "harbour-books");
    let theirs: String = theirs.map(|event| event.payload.to_string()).collect();
    for personal in ["jana@", "Jana", "nina@", "sk_test_1", "whsec_of_nina"] {
        assert!(!theirs.contains(personal), "{personal} can be read");
    }
    assert!(theirs.contains(ERASED));
    assert_replays(&shop).await;
}
