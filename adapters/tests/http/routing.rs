//! How payments find their accounts, are waited for, and payers come back.

use crate::shop::{Asker, Shop};
use kontor_actors::{admission::Lane, intake::Caller, payment::Payment, request::Terms};
use kontor_messages::{
    Currency, EntityId, Meta, Money, TenantId, Timestamp,
    payment::{Observation, ObservationSource, ObservedStatus, PaymentCommand},
};
use serde_json::{Value, json};
use std::time::Duration;

const BACK: &str = "https://shop.example/thanks?order=1";

fn stripe(endpoint: &str) -> Value {
    json!({ "settings": {
        "secret_key": "sk_test_123", "webhook_secrets": ["whsec_1"], "endpoint": endpoint } })
}

fn name(provider: &str, account: &str) -> Value {
    json!({ "provider": provider, "account": account })
}

fn wish(method: &str, minor: i64) -> Value {
    json!({ "method": method, "country": "CZ",
        "amount": { "amount_minor": minor, "currency": "CZK" } })
}

async fn with_rules() -> (Shop, Asker) {
    let (shop, harbour) = Shop::trading().await;
    for account in ["main", "spare"] {
        let place = format!("/v1/accounts/stripe/{account}");
        let put = harbour.put(&place, stripe("http://127.0.0.1:9")).await;
        assert_eq!(put.status, 200);
    }
    let rules = json!({ "rules": [
        { "methods": ["card"], "countries": ["CZ"],
            "accounts": [name("stripe", "main"), name("stripe", "spare")] },
        { "methods": ["cash_on_delivery"], "accounts": [name("manual", "main")] },
    ] });
    let put = harbour.put("/v1/payment-routes", rules).await;
    assert_eq!(put.status, 200, "{}", put.text());
    (shop, harbour)
}

async fn tell(shop: &Shop, command: PaymentCommand) {
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    shop.intake.tell::<Payment>(&caller, command, Terms::default()).await.unwrap();
}

fn opened(payment: &str, attempt: u32) -> PaymentCommand {
    PaymentCommand::RecordOpened {
        payment: EntityId::parse(payment).unwrap(),
        attempt,
        provider_ref: format!("cs_{attempt}"),
        references: vec![],
        redirect_url: Some("https://pay.example/cs".into()),
        transfer: None,
        client: None,
        expires_at: None,
        by_hand: false,
    }
}

fn paid(payment: &str, attempt: u32) -> PaymentCommand {
    let observation = Observation {
        attempt: Some(attempt),
        references: Vec::new(),
        status: Some(ObservedStatus::Paid),
        amount: None,
        authorized: None,
        captured: Some(Money::new(100, Currency::CZK)),
        refunded: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        problem: None,
        source: ObservationSource::Webhook,
        provider_event: None,
        observed_at: Timestamp::now(),
    };
    let payment = EntityId::parse(payment).unwrap();
    PaymentCommand::RecordObservation { payment, observation: Box::new(observation) }
}

#[tokio::test]
async fn rules_are_written_as_a_whole_and_read_back() {
    let (_shop, harbour) = Shop::trading().await;
    assert_eq!(harbour.get("/v1/payment-routes").await.ok()["rules"], json!([]));
    let rules = json!({ "rules": [{ "accounts": [name("manual", "main")] }] });
    let put = harbour.put("/v1/payment-routes", rules.clone()).await.ok();
    assert_eq!(put["rules"], rules["rules"]);
    assert_eq!(harbour.get("/v1/payment-routes").await.ok()["rules"], rules["rules"]);
}

#[tokio::test]
async fn a_rule_at_fault_is_named_with_its_member() {
    let (_shop, harbour) = Shop::trading().await;
    let put = |rule: Value| {
        let harbour = harbour.clone();
        async move { harbour.put("/v1/payment-routes", json!({ "rules": [rule] })).await }
    };
    let bad = put(json!({ "accounts": [name("stripe", "main")] })).await;
    bad.at(422, "invalid", "/rules/0/accounts/0/account");
    let bad = put(json!({ "accounts": [name("beads", "main")] })).await;
    bad.at(422, "invalid", "/rules/0/accounts/0/provider");
    let bad = put(json!({ "amount_from_minor": 5, "accounts": [name("manual", "main")] })).await;
    bad.at(422, "invalid", "/rules/0/amount_from_minor");
    put(json!({ "accounts": [] })).await.at(422, "invalid", "/rules/0/accounts");
}

#[tokio::test]
async fn a_payment_by_method_goes_to_the_accounts_of_the_first_rule_that_fits() {
    let (_shop, harbour) = with_rules().await;
    let asked = harbour.post("/v1/payments", wish("card", 100)).await.ok();
    assert_eq!(asked["attempts"][0]["provider"], "stripe");
    assert_eq!(asked["attempts"][0]["account"], "main");
    assert_eq!(asked["plan"]["method"], "card");
    assert_eq!(asked["plan"]["fallback"], json!([name("stripe", "spare")]));
    let cash = harbour.post("/v1/payments", wish("cash_on_delivery", 100)).await.ok();
    assert_eq!(cash["attempts"][0]["provider"], "manual");
    // An account that is not there any more is passed over.
    assert_eq!(harbour.delete("/v1/accounts/stripe/main").await.status, 204);
    let asked = harbour.post("/v1/payments", wish("card", 100)).await.ok();
    assert_eq!(asked["attempts"][0]["account"], "spare");
}

#[tokio::test]
async fn a_payment_says_either_a_method_or_an_account() {
    let (_shop, harbour) = with_rules().await;
    harbour.post("/v1/payments", wish("wallet", 100)).await.at(422, "invalid", "/method");
    harbour.post("/v1/payments", wish("By Card", 100)).await.at(422, "invalid", "/method");
    let with = |member: &str, value: Value| {
        let mut wish = wish("card", 100);
        wish[member] = value;
        wish
    };
    let bad = harbour.post("/v1/payments", with("country", json!("cz"))).await;
    bad.at(422, "invalid", "/country");
    let bad = harbour.post("/v1/payments", with("provider", json!("manual"))).await;
    bad.at(422, "invalid", "/account");
    let bad = harbour.post("/v1/payments", with("account", json!("main"))).await;
    bad.at(422, "invalid", "/provider");
    let bad = harbour.post("/v1/payments", with("method", Value::Null)).await;
    bad.at(422, "invalid", "/provider");
}

#[tokio::test]
async fn the_answer_waits_until_the_payment_can_be_paid() {
    let (shop, harbour) = with_rules().await;
    let waiting = harbour.clone().header("prefer", "wait=20");
    let asking = tokio::spawn(async move { waiting.post("/v1/payments", wish("card", 100)).await });
    let id = loop {
        let listed = harbour.get("/v1/payments").await.ok();
        match listed["items"][0]["id"].as_str() {
            Some(id) => break id.to_owned(),
            None => tokio::task::yield_now().await,
        }
    };
    tell(&shop, opened(&id, 1)).await;
    let asked = asking.await.unwrap();
    assert_eq!(asked.status, 201);
    let asked = asked.json();
    assert_eq!(asked["status"], "pending");
    assert_eq!(asked["attempts"][0]["redirect_url"], "https://pay.example/cs");
}

#[tokio::test]
async fn who_repeats_a_request_gets_the_page_that_the_first_answer_did_not_have_yet() {
    let (shop, harbour) = with_rules().await;
    let keyed = harbour.clone().header("idempotency-key", "pay-1");
    let waiting = keyed.clone().header("prefer", "wait=1");
    let first = keyed.post("/v1/payments", wish("card", 100)).await.ok();
    assert_eq!(first["status"], "created");
    tell(&shop, opened(first["id"].as_str().unwrap(), 1)).await;
    let again = waiting.post("/v1/payments", wish("card", 100)).await.ok();
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("pending")));
}

async fn returning(harbour: &Asker, shop: &Shop) -> (String, String) {
    let mut wish = wish("card", 100);
    wish["return_url"] = BACK.into();
    wish["cancel_url"] = "https://shop.example/basket".into();
    let asked = harbour.post("/v1/payments", wish).await.ok();
    let id = asked["id"].as_str().unwrap().to_owned();
    tell(shop, opened(&id, 1)).await;
    let token = asked["plan"]["return_token"].as_str().unwrap();
    assert!(token.len() >= 32, "{token}");
    (id.clone(), format!("harbour-books/{id}/{token}"))
}

#[tokio::test]
async fn a_payer_who_comes_back_goes_on_to_the_shop_and_the_provider_is_asked() {
    let (shop, harbour) = with_rules().await;
    let (id, place) = returning(&harbour, &shop).await;
    let back = shop.nobody().get(&format!("/pay/return/{place}?session_id=cs_1")).await;
    assert_eq!((back.status.as_u16(), back.head("location")), (303, BACK.to_owned()));
    assert_eq!(back.head("cache-control"), "no-store");
    let now = harbour.get(&format!("/v1/payments/{id}")).await.ok();
    assert_eq!((&now["watch"]["dense"], &now["queries"]), (&json!(true), &json!(1)));
    assert_eq!(now["status"], "pending", "coming back proves nothing");
    let back = shop.nobody().get(&format!("/pay/cancel/{place}")).await;
    assert_eq!(back.head("location"), "https://shop.example/basket");
}

#[tokio::test]
async fn nobody_comes_back_by_an_address_that_was_not_given_out() {
    let (shop, harbour) = with_rules().await;
    let (id, _) = returning(&harbour, &shop).await;
    let commits = shop.store.commits();
    for place in [
        format!("harbour-books/{id}/00000000000000000000000000000000"),
        format!("other-books/{id}/00000000000000000000000000000000"),
        "harbour-books/nothing/0".to_owned(),
    ] {
        shop.nobody().get(&format!("/pay/return/{place}")).await.problem(404, "not_found");
    }
    assert_eq!(shop.store.commits(), commits);
}

#[tokio::test]
async fn a_second_payment_waits_for_a_person_where_the_tenant_wants_that() {
    let (shop, harbour) = with_rules().await;
    let choices = json!({ "payments": { "second_payment": "queue" } });
    shop.operator().patch("/v1/tenants/harbour-books", choices).await.ok();
    let asked = harbour.post("/v1/payments", wish("card", 100)).await.ok();
    let id = asked["id"].as_str().unwrap().to_owned();
    tell(&shop, opened(&id, 1)).await;
    let place = format!("/v1/payments/{id}");
    harbour.post(&format!("{place}/attempts"), name("stripe", "spare")).await.ok();
    tell(&shop, opened(&id, 2)).await;
    tell(&shop, paid(&id, 1)).await;
    tell(&shop, paid(&id, 2)).await;
    let waiting = harbour.get("/v1/payments?status=second_payment").await.ok();
    assert_eq!(waiting["items"][0]["id"], json!(id));
    let decided = json!({ "attempt": 2, "decision": "refund" });
    let decide = format!("{place}/second-payment");
    let given_back = harbour.post(&decide, decided).await.ok();
    assert_eq!(given_back["refunds"][0]["amount"]["amount_minor"], 100);
    let waiting = harbour.get("/v1/payments?status=second_payment").await.ok();
    assert_eq!(waiting["items"], json!([]));
    let other = json!({ "attempt": 2, "decision": "keep" });
    harbour.post(&decide, other).await.problem(409, "nothing_to_decide");
}

/// The node's own measure is used where nobody says how long to wait.
#[tokio::test]
async fn without_an_answer_the_wait_ends() {
    let shop = Shop::with(|settings| settings.payment_wait_ms = 60).await;
    let harbour = shop.tenant("harbour-books").await;
    let begun = tokio::time::Instant::now();
    let wish = json!({ "provider": "manual", "account": "main",
        "amount": { "amount_minor": 1, "currency": "CZK" } });
    let asked = harbour.post("/v1/payments", wish).await.ok();
    assert_eq!(asked["status"], "created");
    assert!(begun.elapsed() >= Duration::from_millis(60));
}
