//! How a payment's providers were called, over HTTP and against a stand-in.

use crate::shop::{Asker, Shop};
use kontor_actors::{
    admission::Lane,
    follower::Follow,
    intake::Caller,
    payment::Payment,
    ports::QueryPayment,
    request::Terms,
    store::{Store, StoredEvent},
};
use kontor_adapters::{
    dispatch::{accounts::TenantAccounts, payments::PaymentCalls},
    gateways::{Accounts, Ask, Told, http::Http},
    store::sealed::Known,
};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    payment::{CallOutcome, ObservationSource, PaymentCommand},
};
use kontor_sandbox::{PayerAct, PayerResult, Sandbox, SandboxConfig, StripeAccount};
use serde_json::{Value, json};
use std::sync::Arc;

const KEY: &str = "sk_test_harbour_books";
const EMAIL: &str = "jana@example.com";

/// A shop with an account at a stand-in for Stripe, and the one who calls it.
struct Stage {
    shop: Shop,
    harbour: Asker,
    sandbox: Sandbox,
    accounts: Arc<Accounts>,
    calls: PaymentCalls,
    read_to: i64,
}

impl Stage {
    async fn new() -> Self {
        let (shop, harbour) = Shop::trading().await;
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        sandbox.stripe().register(StripeAccount { api_key: KEY.into(), webhooks: vec![] });
        let settings = json!({ "secret_key": KEY, "endpoint": sandbox.stripe().base_url() });
        harbour.put("/v1/accounts/stripe/main", json!({ "settings": settings })).await.ok();
        let found = TenantAccounts::new(shop.intake.clone());
        let accounts = Arc::new(Accounts::new(Arc::new(found), Http::new(true).unwrap()));
        let calls = PaymentCalls::new(shop.intake.clone(), Arc::clone(&accounts));
        Self { shop, harbour, sandbox, accounts, calls, read_to: 0 }
    }

    /// Calls the provider as the journal asks for it, until it asks for nothing more.
    async fn follow(&mut self) {
        let store = Arc::clone(&self.shop.intake.ground().store);
        loop {
            let events = store.read(0, self.read_to, 100).await.unwrap();
            let Some(last) = events.last() else { return };
            self.read_to = last.seq;
            for event in events {
                if self.calls.lane(&event).is_some() {
                    self.calls.handle("", &[Arc::new(event)]).await.unwrap();
                }
            }
        }
    }

    /// A payment that is open; its path, and how it stands.
    async fn opened(&mut self) -> (String, Value) {
        let wish = json!({ "provider": "stripe", "account": "main", "customer_email": EMAIL,
            "return_url": "https://shop.example/thanks?secret=of-the-shop",
            "amount": { "amount_minor": 34900, "currency": "CZK" } });
        let made = self.harbour.post("/v1/payments", wish).await.ok();
        let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
        self.follow().await;
        let now = self.harbour.get(&path).await.ok();
        (path, now)
    }

    /// A payment of which Stripe has sent that it is paid; its path.
    async fn paid(&mut self) -> String {
        let (path, now) = self.opened().await;
        let references: Vec<String> =
            serde_json::from_value(now["attempts"][0]["references"].clone()).unwrap();
        let acted = self.sandbox.stripe().act(&references[0], PayerAct::Pay).await;
        assert_eq!(acted, PayerResult::Completed);
        let tenant = tenant();
        let account = self.accounts.get(&tenant, "stripe", "main").await.ok().unwrap();
        let ask =
            Ask::Query(QueryPayment { references, refunds: false, ours: Vec::new(), wanted: true });
        let payment = EntityId::named(now["id"].as_str().unwrap());
        let answer = account.call(&ask, &payment).await.answer.unwrap();
        let Told::Stands(mut observation) = answer else { panic!("it was asked how it stands") };
        observation.source = ObservationSource::Webhook;
        observation.attempt = Some(1);
        let told = PaymentCommand::RecordObservation { payment, observation };
        let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
        self.shop.intake.tell::<Payment>(&caller, told, Terms::default()).await.unwrap();
        path
    }

    /// A person asks how it stands.
    async fn asked(&mut self, path: &str) -> Value {
        self.harbour.act(&format!("{path}/query")).await.ok();
        self.follow().await;
        self.harbour.get(path).await.ok()
    }

    async fn log(&self, path: &str) -> Vec<Value> {
        let page = self.harbour.get(&format!("{path}/calls")).await.ok();
        assert!(page.get("next_cursor").is_none());
        page["items"].as_array().unwrap().clone()
    }
}

fn tenant() -> TenantId {
    TenantId::parse("harbour-books").unwrap()
}

/// What was asked, how it ended, and the statuses of its requests.
fn told(call: &Value) -> (&str, &str, Vec<u64>) {
    let exchanges = call["exchanges"].as_array().unwrap();
    let statuses = exchanges.iter().filter_map(|made| made["status"].as_u64()).collect();
    (call["operation"].as_str().unwrap(), call["outcome"].as_str().unwrap(), statuses)
}

#[tokio::test]
async fn a_call_that_is_under_way_is_not_begun_by_another() {
    let stage = Stage::new().await;
    let wish = json!({ "provider": "stripe", "account": "main",
        "return_url": "https://shop.example/thanks",
        "amount": { "amount_minor": 34900, "currency": "CZK" } });
    stage.harbour.post("/v1/payments", wish).await.ok();
    let events = stage.shop.intake.ground().store.read(0, 0, 100).await.unwrap();
    let asks = events.into_iter().find(|event| &*event.name == "payment.requested").unwrap();
    let asks = [Arc::new(asks)];
    let (first, second) =
        tokio::join!(stage.calls.handle("", &asks), stage.calls.handle("", &asks));
    first.unwrap();
    assert_eq!(second.unwrap_err().reason, "a call of this payment is under way");
    stage.calls.handle("", &asks).await.unwrap();
}

#[tokio::test]
async fn a_refund_that_fails_after_it_was_done_is_in_the_log_with_the_question_that_finds_it() {
    let mut stage = Stage::new().await;
    let path = stage.paid().await;
    stage.sandbox.stripe().set_switches(|switches| switches.fail_after_rate_percent = 100);
    let refund = json!({ "amount": { "amount_minor": 10000, "currency": "CZK" } });
    stage.harbour.post(&format!("{path}/refunds"), refund).await.ok();
    stage.follow().await;
    let now = stage.harbour.get(&path).await.ok();
    assert_eq!(now["refunds"][0]["status"], "unknown");
    stage.sandbox.stripe().set_switches(|switches| *switches = Default::default());
    let now = stage.asked(&path).await;
    assert_eq!(now["status"], "partially_refunded", "{now}");
    let log = stage.log(&path).await;
    // By chance the answer is cut, or says 500: either way nobody knows what was done.
    let lost = &log[1]["exchanges"][0];
    let statuses = match lost["outcome"].as_str().unwrap() {
        "failed" => vec![500],
        "unknown" => vec![],
        other => panic!("{other}: {lost}"),
    };
    let all: Vec<_> = log.iter().map(told).collect();
    let query = ("query", "answered", vec![200, 200]);
    assert_eq!(all, [("open", "answered", vec![200]), ("refund", "unknown", statuses), query]);
    for (place, call) in log.iter().enumerate() {
        let made = &call["exchanges"][0];
        let named = made["request_id"].as_str().is_some_and(|id| id.starts_with("req_"));
        assert_eq!(named, made["status"].is_u64(), "{made}");
        assert!(made["address"].as_str().unwrap().contains("/v1/"), "{made}");
        assert_eq!((&call["provider"], &call["account"]), (&json!("stripe"), &json!("main")));
        let instants = [&call["started_at"], &made["started_at"]];
        let instants = instants.map(|at| Timestamp::parse(at.as_str().unwrap()).unwrap());
        assert!(instants[0] <= instants[1], "{call}");
        assert!(made["duration_ms"].as_u64() <= call["duration_ms"].as_u64(), "{call}");
        assert!(place == 1 || call.get("problem").is_none(), "{call}");
    }
    let sent = log[1]["exchanges"][0]["request_body"].as_str().unwrap();
    assert!(sent.contains("amount=10000") && sent.contains("metadata[refund]="), "{sent}");
    assert!(log[2]["exchanges"][1]["response_body"].as_str().unwrap().contains("re_"));
}

#[tokio::test]
async fn the_log_shows_no_secret_and_nobody_and_is_sealed_and_told_to_no_one() {
    let mut stage = Stage::new().await;
    let (path, now) = stage.opened().await;
    let page = now["attempts"][0]["redirect_url"].as_str().unwrap();
    let log = stage.harbour.get(&format!("{path}/calls")).await.text();
    let past = stage.harbour.get(&format!("{path}/history")).await.text();
    assert!(log.contains("checkout/sessions") && past.contains("payment.called"));
    for secret in [KEY, EMAIL, page, "of-the-shop"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    // What stands in the database is sealed.
    let called = |event: &StoredEvent| &*event.name == "payment.called";
    let plain = stage.shop.intake.ground().store.read(0, 0, 500).await.unwrap();
    let plain = plain.into_iter().find(called).unwrap().payload;
    let sealed = stage.shop.store.read(0, 0, 500).await.unwrap();
    let sealed = sealed.into_iter().find(called).unwrap().payload;
    for shown in ["amount_total", "line_items[0][quantity]"] {
        assert!(plain.contains(shown) && !sealed.contains(shown), "{shown} in {sealed}");
    }
    assert!(sealed.contains("checkout/sessions"), "{sealed}");
    let told = stage.harbour.get("/v1/events").await.text();
    assert!(told.contains("payment.opened") && !told.contains("payment.called"), "{told}");
    // Erased, it says still that there was a call, and no more what was said.
    let (person, store) = (Known::Email(EMAIL).person(), &stage.shop.intake.ground().store);
    store.erase_person(&tenant(), Some(&person), Timestamp::now()).await.unwrap();
    let log = stage.log(&path).await;
    assert_eq!(log[0]["exchanges"][0]["request_body"], "[erased]");
    assert_eq!(log[0]["exchanges"][0]["status"], 200);
}

#[tokio::test]
async fn a_call_and_what_it_brought_are_one_commit() {
    let mut stage = Stage::new().await;
    let (path, _) = stage.opened().await;
    let commits = stage.shop.store.commits();
    stage.harbour.act(&format!("{path}/query")).await.ok();
    stage.follow().await;
    assert_eq!(stage.shop.store.commits(), commits + 2, "the question, and its answer");
    // Nobody asked for more by it.
    stage.follow().await;
    assert_eq!(stage.shop.store.commits(), commits + 2);
}

#[tokio::test]
async fn the_log_is_read_by_pages() {
    let mut stage = Stage::new().await;
    let (path, _) = stage.opened().await;
    stage.asked(&path).await;
    let first = stage.harbour.get(&format!("{path}/calls?limit=1")).await.ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    assert_eq!(first["items"][0]["operation"], "open");
    let next = first["next_cursor"].as_str().unwrap();
    let rest = stage.harbour.get(&format!("{path}/calls?cursor={next}")).await.ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["items"][0]["operation"], "query");
    assert!(rest["items"][0]["version"].as_i64() > first["items"][0]["version"].as_i64());
    let bad = stage.harbour.get(&format!("{path}/calls?cursor=x")).await;
    bad.at(400, "invalid_parameter", "cursor");
    let bad = stage.harbour.get(&format!("{path}/calls?limit=0")).await;
    bad.at(400, "invalid_parameter", "limit");
    stage.harbour.get("/v1/payments/none/calls").await.problem(404, "not_found");
}

#[tokio::test]
async fn an_account_keeps_its_last_calls_with_the_payment_that_each_was_for() {
    let mut stage = Stage::new().await;
    let path = stage.paid().await;
    let account = stage.accounts.get(&tenant(), "stripe", "main").await.ok().unwrap();
    let calls = account.last_calls(Timestamp::now());
    let told: Vec<_> = calls.iter().map(|call| (call.operation, call.outcome)).collect();
    let answered = Some(CallOutcome::Answered);
    assert_eq!(told, [("query", answered), ("open", answered)], "newest first");
    for call in &calls {
        assert_eq!(format!("/v1/payments/{}", call.payment.as_ref().unwrap()), path);
        assert!(call.took_ms.is_some() && call.waited_ms.is_some() && !call.put_off);
    }
}
