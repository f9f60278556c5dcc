//! Our ledger against a provider's own list: a stand-in Stripe over sockets, and the follower that
//! compares.

use crate::shop::{Asker, Shop};
use kontor_actors::{follower::Follow, store::StoredEvent};
use kontor_adapters::{
    dispatch::{accounts::TenantAccounts, payments::PaymentCalls, reconciliation::Reconciliations},
    gateways::{Accounts, http::Http},
};
use kontor_messages::Timestamp;
use kontor_sandbox::{PayerAct, Sandbox, SandboxConfig, StripeAccount};
use serde_json::{Value, json};
use std::sync::Arc;

const KEY: &str = "sk_test_reconciled";

struct World {
    shop: Shop,
    harbour: Asker,
    sandbox: Sandbox,
    calls: PaymentCalls,
    follower: Reconciliations,
    seen: i64,
}

impl World {
    async fn new() -> Self {
        let (shop, harbour) = Shop::trading().await;
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        sandbox.stripe().register(StripeAccount { api_key: KEY.into(), webhooks: Vec::new() });
        let account = json!({ "settings": { "secret_key": KEY,
            "endpoint": sandbox.stripe().base_url() } });
        harbour.put("/v1/accounts/stripe/main", account).await.ok();
        let settings = Arc::new(TenantAccounts::new(shop.intake.clone()));
        let accounts = Arc::new(Accounts::new(settings, Http::new(true).unwrap()));
        let calls = PaymentCalls::new(shop.intake.clone(), accounts.clone());
        let follower = Reconciliations::new(shop.intake.clone(), accounts);
        Self { shop, harbour, sandbox, calls, follower, seen: 0 }
    }

    /// Lets both followers see what has happened, until nothing more does.
    async fn settle(&mut self) {
        loop {
            let journal = &self.shop.intake.ground().journal;
            let events: Vec<Arc<StoredEvent>> = journal.read(0, self.seen, 500).await.unwrap();
            let Some(last) = events.last() else { return };
            self.seen = last.seq;
            for event in events {
                for follower in [&self.calls as &dyn Follow, &self.follower] {
                    if let Some(lane) = follower.lane(&event) {
                        follower.handle(&lane, std::slice::from_ref(&event)).await.unwrap();
                    }
                }
            }
        }
    }

    /// A payment of 1000 that its payer has paid; whether we have learned of it.
    async fn paid(&mut self, learned: bool) -> String {
        let wish = json!({ "provider": "stripe", "account": "main",
            "amount": { "amount_minor": 1000, "currency": "CZK" },
            "return_url": "https://shop.example/thanks" });
        let asked = self.harbour.post("/v1/payments", wish).await.ok();
        let payment = asked["id"].as_str().unwrap().to_owned();
        self.settle().await;
        let path = format!("/v1/payments/{payment}");
        let known = self.harbour.get(&path).await.ok();
        let session = known["attempts"][0]["references"][0].as_str().unwrap().to_owned();
        self.sandbox.stripe().act(&session, PayerAct::Pay).await;
        if learned {
            self.harbour.act(&format!("{path}/query")).await.ok();
            self.settle().await;
            assert_eq!(self.harbour.get(&path).await.ok()["status"], "paid");
        }
        payment
    }

    async fn compare(&mut self) -> Value {
        let day = Timestamp::now().to_utc().date_naive().to_string();
        let wish = json!({ "provider": "stripe", "account": "main", "day": day });
        let run = self.harbour.post("/v1/reconciliations", wish).await.ok();
        assert_eq!(run["status"], "queued");
        self.settle().await;
        let id = run["id"].as_str().unwrap();
        self.harbour.get(&format!("/v1/reconciliations/{id}")).await.ok()
    }

    async fn differences(&self, query: &str) -> Vec<Value> {
        let page = self.harbour.get(&format!("/v1/differences{query}")).await.ok();
        page["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn lists_that_say_the_same_have_no_differences() {
    let mut world = World::new().await;
    world.paid(true).await;
    world.paid(true).await;
    let run = world.compare().await;
    assert_eq!(run["status"], "completed", "{run}");
    assert_eq!(run["report"], json!({ "theirs": 2, "ours": 2, "matched": 2, "differences": 0 }));
    assert_eq!(world.differences("").await, [] as [Value; 0]);
}

#[tokio::test]
async fn money_that_we_have_not_learned_of_is_a_difference_and_asking_settles_it() {
    let mut world = World::new().await;
    let payment = world.paid(false).await;
    let run = world.compare().await;
    assert_eq!(run["report"]["differences"], 1, "{run}");
    let found = world.differences("?status=open").await;
    let difference = &found[0]["difference"];
    assert_eq!((&difference["kind"], &difference["payment"]), (&json!("status"), &json!(payment)));
    assert_eq!(difference["theirs"], json!({ "amount_minor": 1000, "currency": "CZK" }));
    // Looked for again, it is the same one.
    world.compare().await;
    assert_eq!(world.differences("").await.len(), 1);
    let path = format!("/v1/differences/{}", found[0]["id"].as_str().unwrap());
    let owned = world.harbour.post(&format!("{path}/assign"), json!({ "owner": "olga" })).await;
    assert_eq!(owned.ok()["status"], "assigned");
    let nothing = json!({ "how": "written_off" });
    world.harbour.post(&format!("{path}/settle"), nothing).await.at(422, "invalid", "/note");
    let settled =
        world.harbour.post(&format!("{path}/settle"), json!({ "how": "asked_provider" })).await;
    assert_eq!(settled.ok()["status"], "settled");
    world.settle().await;
    let paid = world.harbour.get(&format!("/v1/payments/{payment}")).await.ok();
    assert_eq!(paid["status"], "paid");
    assert_eq!(world.differences("?status=open").await, [] as [Value; 0]);
    let run = world.compare().await;
    assert_eq!((&run["report"]["matched"], &run["report"]["differences"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_provider_without_a_list_and_a_day_that_is_none_are_told() {
    let mut world = World::new().await;
    let wish = json!({ "provider": "manual", "account": "main", "day": "2026-01-15" });
    let run = world.harbour.post("/v1/reconciliations", wish).await.ok();
    world.settle().await;
    let path = format!("/v1/reconciliations/{}", run["id"].as_str().unwrap());
    assert_eq!(world.harbour.get(&path).await.ok()["status"], "not_offered");
    let wish = json!({ "provider": "manual", "account": "main", "day": "2026-02-30" });
    world.harbour.post("/v1/reconciliations", wish).await.at(422, "invalid", "/day");
    let wish = json!({ "provider": "stripe", "account": "none" });
    world.harbour.post("/v1/reconciliations", wish).await.at(422, "invalid", "/account");
}

#[tokio::test]
async fn a_schedule_has_every_account_compared_about_the_day_before() {
    let mut world = World::new().await;
    let none = world.harbour.get("/v1/reconciliations/schedule").await.ok();
    assert!(none.get("plan").is_none(), "{none}");
    let daily = json!({ "cron": "30 4 * * *" });
    let put = world.harbour.put("/v1/reconciliations/schedule", daily).await.ok();
    assert_eq!((&put["plan"]["zone"], &put["runs"]), (&json!("Europe/Prague"), &json!(0)));
    let bad = json!({ "cron": "noon" });
    world.harbour.put("/v1/reconciliations/schedule", bad).await.at(422, "invalid", "/plan/cron");
    // The timers wake what is due; this is what the schedule tells then.
    let schedule = kontor_messages::EntityId::named("reconciliation");
    let fired = fired(&world, &schedule).await;
    world.follower.handle("lane", &[fired]).await.unwrap();
    world.settle().await;
    let runs = world.harbour.get("/v1/reconciliations").await.ok();
    assert_eq!(runs["items"][0]["provider"], "stripe", "{runs}");
    assert_eq!(runs["items"][0]["status"], "completed", "{runs}");
    assert_eq!(runs["items"][0]["day"], "2026-01-14");
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);
}

/// What a schedule tells when it is time.
async fn fired(world: &World, schedule: &kontor_messages::EntityId) -> Arc<StoredEvent> {
    let journal = &world.shop.intake.ground().journal;
    let events = journal.read(0, 0, 500).await.unwrap();
    let put = events.iter().rev().find(|event| event.entity == *schedule).unwrap();
    let payload = json!({ "type": "fired", "run": 1, "what": "reconciliation",
        "planned_for": "2026-01-15T04:30:00.000Z", "until": "2026-01-15T10:30:00.000Z" });
    let (name, payload) = ("schedule.fired".into(), payload.to_string().into());
    Arc::new(StoredEvent { name, payload, ..(**put).clone() })
}
