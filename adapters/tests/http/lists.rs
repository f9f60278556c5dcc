//! Our ledger against the lists of the other providers that have one, each at its stand-in; and a
//! comparison that is cut short.

use crate::shop::{Asker, Shop};
use kontor_actors::{follower::Follow, store::StoredEvent};
use kontor_adapters::{
    dispatch::{accounts::TenantAccounts, payments::PaymentCalls, reconciliation::Reconciliations},
    gateways::{Accounts, http::Http},
};
use kontor_messages::Timestamp;
use kontor_sandbox::{
    ComGateShop, FioAccount, PayPalApp, PayerAct, Sandbox, SandboxConfig, StripeAccount,
};
use serde_json::{Value, json};
use std::sync::Arc;

const IBAN: &str = "CZ9320100000002000145399";

struct World {
    shop: Shop,
    harbour: Asker,
    sandbox: Sandbox,
    calls: PaymentCalls,
    follower: Arc<Reconciliations>,
    provider: &'static str,
    seen: i64,
}

impl World {
    async fn at(provider: &'static str) -> Self {
        let (shop, harbour) = Shop::trading().await;
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let settings = settings(&sandbox, provider);
        let path = format!("/v1/accounts/{provider}/main");
        harbour.put(&path, json!({ "settings": settings })).await.ok();
        let accounts = Arc::new(TenantAccounts::new(shop.intake.clone()));
        let accounts = Arc::new(Accounts::new(accounts, Http::new(true).unwrap()));
        let calls = PaymentCalls::new(shop.intake.clone(), accounts.clone());
        let follower = Arc::new(Reconciliations::new(shop.intake.clone(), accounts));
        Self { shop, harbour, sandbox, calls, follower, provider, seen: 0 }
    }

    /// The events that have come since this was asked last.
    async fn news(&mut self) -> Vec<Arc<StoredEvent>> {
        let journal = &self.shop.intake.ground().journal;
        let events = journal.read(0, self.seen, 500).await.unwrap();
        self.seen = events.last().map_or(self.seen, |last| last.seq);
        events
    }

    /// Lets both followers see what has happened, until nothing more does.
    async fn settle(&mut self) {
        loop {
            let events = self.news().await;
            if events.is_empty() {
                return;
            }
            for event in events {
                for follower in [&self.calls as &dyn Follow, &*self.follower] {
                    if let Some(lane) = follower.lane(&event) {
                        follower.handle(&lane, std::slice::from_ref(&event)).await.unwrap();
                    }
                }
            }
        }
    }

    /// Asks once more, as if the last question had come again: a person's second one so soon is none.
    async fn ask_again(&mut self, payment: &str) {
        let journal = &self.shop.intake.ground().journal;
        let events = journal.read(0, 0, 5_000).await.unwrap();
        let asked = events.iter().rev().find(|event| {
            &*event.name == "payment.query_requested" && event.entity.as_str() == payment
        });
        let asked = asked.unwrap();
        let lane = self.calls.lane(asked).unwrap();
        self.calls.handle(&lane, std::slice::from_ref(asked)).await.unwrap();
        self.settle().await;
    }

    async fn query(&mut self, payment: &str) -> Value {
        self.harbour.act(&format!("/v1/payments/{payment}/query")).await.ok();
        self.settle().await;
        self.ask_again(payment).await;
        self.harbour.get(&format!("/v1/payments/{payment}")).await.ok()
    }

    /// A payment of 1000.00 that can be paid: its id, and the provider's name of it.
    async fn opened(&mut self) -> (String, String) {
        let wish = json!({ "provider": self.provider, "account": "main",
            "amount": { "amount_minor": 100_000, "currency": "CZK" },
            "return_url": "https://shop.example/thanks" });
        let asked = self.harbour.post("/v1/payments", wish).await.ok();
        let payment = asked["id"].as_str().unwrap().to_owned();
        self.settle().await;
        let known = self.harbour.get(&format!("/v1/payments/{payment}")).await.ok();
        let name = known["attempts"][0]["references"][0].as_str().unwrap().to_owned();
        (payment, name)
    }

    /// One that its payer has paid, and of which we have learned.
    async fn paid(&mut self) -> String {
        let (payment, name) = self.opened().await;
        self.pays(&name).await;
        assert_eq!(self.query(&payment).await["status"], "paid", "{}", self.provider);
        payment
    }

    async fn pays(&self, name: &str) {
        let at = self.sandbox.providers();
        let _ = match self.provider {
            "paypal" => at.paypal.act(name, PayerAct::Pay).await,
            "comgate" => at.comgate.act(name, PayerAct::Pay).await,
            "fio" => at.fio.transfer("token", name, 100_000, "").is_empty(),
            _ => {
                self.sandbox.stripe().act(name, PayerAct::Pay).await;
                true
            }
        };
    }

    async fn refund(&mut self, payment: &str) {
        let part = json!({ "amount": { "amount_minor": 30_000, "currency": "CZK" } });
        self.harbour.post(&format!("/v1/payments/{payment}/refunds"), part).await.ok();
        self.settle().await;
        if self.provider == "fio" {
            self.sandbox.providers().fio.authorise();
        }
        let known = self.query(payment).await;
        assert_eq!(known["status"], "partially_refunded", "{}: {known}", self.provider);
    }

    async fn request(&self, days_ago: u64) -> String {
        let day = day(Timestamp::now(), days_ago);
        let wish = json!({ "provider": self.provider, "account": "main", "day": day });
        let run = self.harbour.post("/v1/reconciliations", wish).await.ok();
        format!("/v1/reconciliations/{}", run["id"].as_str().unwrap())
    }

    async fn compare(&mut self, days_ago: u64) -> Value {
        let run = self.request(days_ago).await;
        self.settle().await;
        let run = self.harbour.get(&run).await.ok();
        assert_eq!(run["status"], "completed", "{}: {run}", self.provider);
        run["report"].clone()
    }

    async fn differences(&self) -> Vec<Value> {
        let page = self.harbour.get("/v1/differences").await.ok();
        page["items"].as_array().unwrap().clone()
    }
}

fn settings(sandbox: &Sandbox, provider: &str) -> Value {
    let at = sandbox.providers();
    match provider {
        "paypal" => {
            at.paypal.register(PayPalApp {
                client_id: "client".into(),
                client_secret: "secret".into(),
                webhook_id: "9KONTOR0WEBHOOK001".into(),
                webhook_url: None,
                declines: false,
            });
            json!({ "client_id": "client", "client_secret": "secret",
                "endpoint": at.paypal.base_url() })
        }
        "comgate" => {
            let (merchant, secret) = ("123456".to_owned(), "a-secret".to_owned());
            at.comgate.register(ComGateShop { merchant, secret, push_url: None });
            json!({ "merchant": "123456", "secret": "a-secret", "settled_after_days": 0,
                "payer_email": "ann@example.com", "endpoint": at.comgate.base_url() })
        }
        "fio" => {
            at.fio.register(FioAccount::new("token", IBAN, 0));
            json!({ "token": "token", "iban": IBAN, "endpoint": at.fio.base_url(), "pause_s": 0,
                "refunds": "import" })
        }
        _ => {
            let api_key = "sk_test_lists".to_owned();
            sandbox.stripe().register(StripeAccount { api_key, webhooks: Vec::new() });
            json!({ "secret_key": "sk_test_lists", "endpoint": sandbox.stripe().base_url() })
        }
    }
}

fn day(now: Timestamp, days_ago: u64) -> String {
    (now.to_utc().date_naive() - chrono::Days::new(days_ago)).to_string()
}

const LISTED: [&str; 4] = ["stripe", "paypal", "comgate", "fio"];

#[tokio::test]
async fn lists_that_say_the_same_have_no_differences_refunds_included() {
    for provider in LISTED {
        let mut world = World::at(provider).await;
        world.paid().await;
        let payment = world.paid().await;
        world.refund(&payment).await;
        let report = world.compare(0).await;
        assert_eq!(
            (&report["matched"], &report["differences"]),
            (&json!(2), &json!(0)),
            "{provider}"
        );
        assert_eq!(report["ours"], 3, "{provider}");
        assert_eq!(world.differences().await, [] as [Value; 0], "{provider}");
    }
}

#[tokio::test]
async fn money_that_we_have_not_learned_of_is_a_difference_on_the_day_of_the_list() {
    // PayPal takes money on our word only; a bank tells of the day, and here it is yesterday's.
    for (provider, days_ago) in [("stripe", 0), ("comgate", 0), ("fio", 1)] {
        let mut world = World::at(provider).await;
        world.paid().await;
        let (payment, name) = world.opened().await;
        world.pays(&name).await;
        let report = world.compare(days_ago).await;
        assert_eq!(report["differences"], 1, "{provider}: {report}");
        let found = world.differences().await;
        let difference = &found[0]["difference"];
        assert_eq!(difference["kind"], "status", "{provider}");
        assert_eq!(difference["payment"], payment, "{provider}");
        assert_eq!(difference["theirs"]["amount_minor"], 100_000, "{provider}");
        // Asked about it, we learn of it, and there is none any more.
        assert_eq!(world.query(&payment).await["status"], "paid", "{provider}");
        assert_eq!(world.compare(days_ago).await["differences"], 0, "{provider}");
    }
}

#[tokio::test]
async fn a_comparison_that_is_cut_short_is_begun_again_and_ends_as_if_it_had_not_been() {
    let mut world = World::at("stripe").await;
    world.paid().await;
    let run = world.request(0).await;
    let events = world.news().await;
    let event = events.iter().find(|event| &*event.name == "reconciliation.requested").unwrap();
    let event = Arc::clone(event);
    // Stripe stands, and the process ends in the middle of it.
    world.sandbox.stripe().set_switches(|switches| switches.latency_ms = 600_000);
    let (follower, asked) = (Arc::clone(&world.follower), Arc::clone(&event));
    let task = tokio::spawn(async move { follower.handle("lane", &[asked]).await });
    while world.harbour.get(&run).await.ok()["status"] != "running" {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    world.sandbox.stripe().set_switches(|switches| switches.latency_ms = 0);
    // The cursor has not moved, so the follower is given the same event in its next life.
    world.follower.handle("lane", &[event]).await.unwrap();
    let ended = world.harbour.get(&run).await.ok();
    assert_eq!(ended["status"], "completed", "{ended}");
    assert_eq!(ended["report"], json!({ "theirs": 1, "ours": 1, "matched": 1, "differences": 0 }));
    assert_eq!(world.differences().await, [] as [Value; 0]);
}

#[tokio::test]
async fn the_day_that_is_compared_by_itself_is_the_last_of_which_the_list_has_all() {
    for (provider, lag, days) in [("stripe", None, 1), ("comgate", Some(7), 8)] {
        let world = World::at(provider).await;
        if let Some(lag) = lag {
            let path = format!("/v1/accounts/{provider}/main");
            let mut settings = settings(&world.sandbox, provider);
            settings["settled_after_days"] = json!(lag);
            world.harbour.put(&path, json!({ "settings": settings })).await.ok();
        }
        let wish = json!({ "provider": provider, "account": "main" });
        let before = Timestamp::now();
        let run = world.harbour.post("/v1/reconciliations", wish).await.ok();
        let expected = [day(before, days), day(Timestamp::now(), days)];
        assert!(expected.iter().any(|day| run["day"] == *day), "{run}");
    }
}
