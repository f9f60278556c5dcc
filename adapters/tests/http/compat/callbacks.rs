//! With followers at work: the provider's page in the answer, and the callbacks.

use super::{OURS, client, data, id, mark, wish};
use crate::shop::{Asker, Shop};
use axum::{Router, body::Bytes, extract::State, routing::post};
use http::{HeaderMap, StatusCode};
use kontor_actors::follower::{Follow, Follower};
use kontor_adapters::{
    dispatch::{
        accounts::TenantAccounts,
        payments::PaymentCalls,
        webhooks::{WebhookChoice, WebhookPosts},
    },
    gateways::{
        Accounts,
        http::Http,
        webhooks::{Sender, SenderSettings, sign},
    },
};
use kontor_messages::webhook::SigningSecret;
use kontor_sandbox::{Sandbox, SandboxConfig};
use ractor::Actor;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What a shop's address has heard, and what it answers.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Ear {
    /// An address that listens.
    async fn open() -> (String, Self) {
        let ear = Self::default();
        let hear = |State(ear): State<Self>, headers: HeaderMap, body: Bytes| async move {
            ear.heard.lock().unwrap().push((headers, body));
            if *ear.refuses.lock().unwrap() { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
        };
        let app = Router::new().route("/callback", post(hear)).with_state(ear.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (url, ear)
    }

    /// What it has heard, once that is so much.
    async fn hears(&self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        for _ in 0..4000 {
            let heard = self.heard.lock().unwrap().clone();
            if heard.len() >= count {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("only heard {:?}", self.heard.lock().unwrap());
    }
}

/// Follows the journal as a node does, as far as payments and their callbacks go.
async fn follow(shop: &Shop) {
    let intake = shop.intake.clone();
    let settings = Arc::new(TenantAccounts::new(intake.clone()));
    let accounts = Arc::new(Accounts::new(settings, Http::new(true).unwrap()));
    let ground = intake.ground();
    let sender = SenderSettings { allow_private: true, ..SenderSettings::default() };
    let sender = Arc::new(Sender::new(&sender).unwrap());
    let follows: [Arc<dyn Follow>; 3] = [
        Arc::new(PaymentCalls::new(intake.clone(), accounts)),
        Arc::new(WebhookChoice::new(intake.clone())),
        Arc::new(WebhookPosts::new(intake.clone(), sender)),
    ];
    for follow in follows {
        let (journal, store) = (ground.journal.clone(), Arc::clone(&ground.store));
        Actor::spawn(None, Follower::new(0, follow, journal, store), 0).await.unwrap();
    }
}

/// The body of a callback, if it is signed with the secret.
fn signed((headers, body): &(HeaderMap, Bytes), secret: &str) -> Value {
    let told = |name: &str| headers[name].to_str().unwrap();
    let secret = SigningSecret(secret.to_owned());
    let seconds = told("webhook-timestamp").parse().unwrap();
    let expected = sign::signatures(&[secret], told("webhook-id"), seconds, body).unwrap();
    assert_eq!(told("webhook-signature"), expected);
    serde_json::from_slice(body).unwrap()
}

async fn waiting_shop() -> (Shop, Asker, Asker) {
    let shop = Shop::with(|settings| settings.payment_wait_ms = 10_000).await;
    let harbour = shop.tenant(OURS).await;
    let client = client(&shop, OURS).await;
    (shop, harbour, client)
}

#[tokio::test]
async fn the_answer_to_a_payment_by_card_has_the_provider_s_page() {
    let (shop, harbour, client) = waiting_shop().await;
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let endpoint = sandbox.stripe().base_url();
    let settings = json!({ "secret_key": "sk_test_shop", "endpoint": endpoint });
    let account = json!({ "mode": "test", "settings": settings });
    harbour.put("/v1/accounts/stripe/main", account).await.ok();
    follow(&shop).await;
    let mut wish = wish("o-1", json!(349.5));
    wish["paymentMethod"] = json!("card");
    wish.as_object_mut().unwrap().remove("successUrl");
    let made = data(client.post("/payments/create", wish).await);
    assert_eq!(made["status"], "processing", "{made}");
    assert!(made["redirectUrl"].as_str().unwrap().starts_with(endpoint), "{made}");
    let told = data(client.get(&format!("/payments/{}", id(&made))).await);
    assert_eq!(told["paymentMethod"], "card");
    assert!(told["providerTransactionId"].as_str().unwrap().starts_with("cs_"), "{told}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn who_asked_for_a_payment_hears_how_it_goes() {
    let (shop, harbour, client) = waiting_shop().await;
    let (url, ear) = Ear::open().await;
    let setting = json!({ "api_key": "the-shop-s-own", "hosts": ["127.0.0.1"] });
    let put = harbour.put("/v1/payment-callbacks", setting).await.ok();
    assert_eq!((&put["api_key"], &put["secret"]), (&json!("***"), &json!("***")));
    let secret = put["signing_secret"].as_str().unwrap().to_owned();
    let shown = harbour.get("/v1/webhook-endpoints/callbacks").await.text();
    assert!(!shown.contains(&secret) && !shown.contains("the-shop-s-own"), "{shown}");
    follow(&shop).await;
    let mut asked = wish("o-1", json!(349.5));
    asked["callbackUrl"] = json!(url);
    let made = data(client.post("/payments/create", asked).await);
    assert_eq!(made["status"], "processing", "{made}");
    let payment = id(&made);
    let paid = json!({ "amount": { "amount_minor": 34_950, "currency": "CZK" } });
    harbour.post(&format!("/v1/payments/{payment}/mark-paid"), paid).await.ok();
    let heard = ear.hears(1).await;
    assert_eq!(heard[0].0["x-api-key"], "the-shop-s-own");
    let text = String::from_utf8(heard[0].1.to_vec()).unwrap();
    assert!(text.contains(r#""amount":349.50,"#), "{text}");
    let mut told = signed(&heard[0], &secret);
    assert!(told["timestamp"].take().is_string());
    let expected = json!({ "paymentId": payment, "orderId": "o-1", "applicationId": "marathon",
        "status": "completed", "event": "completed", "timestamp": null, "amount": 349.5,
        "currency": "CZK", "paymentMethod": "manual", "metadata": { "seat": 12 } });
    assert_eq!(told, expected);
    let refund =
        data(client.header("prefer", "wait=0").act(&format!("/payments/{payment}/refund")).await);
    mark(&harbour, payment, &refund["refundId"], true).await;
    let heard = ear.hears(2).await;
    let told = signed(&heard[1], &secret);
    assert_eq!((&told["status"], &told["event"]), (&json!("refunded"), &json!("refunded")));
    assert_ne!(heard[0].0["webhook-id"], heard[1].0["webhook-id"]);
}

#[tokio::test]
async fn a_callback_that_is_not_taken_is_logged_and_tried_again() {
    let (shop, harbour, client) = waiting_shop().await;
    let (url, ear) = Ear::open().await;
    *ear.refuses.lock().unwrap() = true;
    follow(&shop).await;
    let mut asked = wish("o-1", json!(100));
    asked["callbackUrl"] = json!(url);
    let made = data(client.post("/payments/create", asked).await);
    harbour.act(&format!("/v1/payments/{}/mark-failed", id(&made))).await.ok();
    ear.hears(1).await;
    let list = "/v1/webhook-endpoints/callbacks/deliveries";
    let waiting = loop {
        let all = harbour.get(list).await.ok();
        if all["items"][0]["status"] == "waiting" {
            break all["items"][0].clone();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(waiting["attempts"][0]["status"], 502, "{waiting}");
    assert_eq!(waiting["subject"], format!("payment/{}", id(&made)));
    assert!(!waiting.to_string().contains("127.0.0.1"), "an address may hold a secret: {waiting}");
    let told: Value = serde_json::from_slice(&ear.hears(1).await[0].1).unwrap();
    assert_eq!((&told["status"], &told["event"]), (&json!("failed"), &json!("failed")));
    // Nobody had said how callbacks are made: they are signed all the same, and who wants to check
    // that has another secret made.
    let rotated = harbour.act("/v1/webhook-endpoints/callbacks/rotate").await.ok();
    assert!(rotated["signing_secret"].as_str().unwrap().starts_with("whsec_"));
}

#[tokio::test]
async fn only_who_asked_by_these_routes_is_called_back() {
    let (shop, harbour, client) = waiting_shop().await;
    let (url, ear) = Ear::open().await;
    follow(&shop).await;
    let own = json!({ "provider": "manual", "account": "main",
        "amount": { "amount_minor": 100, "currency": "CZK" } });
    let own = harbour.post("/v1/payments", own).await.ok();
    let path = format!("/v1/payments/{}/mark-failed", own["id"].as_str().unwrap());
    harbour.act(&path).await.ok();
    let mut asked = wish("o-1", json!(100));
    asked["callbackUrl"] = json!(url);
    let made = data(client.post("/payments/create", asked).await);
    harbour.act(&format!("/v1/payments/{}/cancel", id(&made))).await.ok();
    let heard = ear.hears(1).await;
    let told: Value = serde_json::from_slice(&heard[0].1).unwrap();
    assert_eq!((&told["paymentId"], &told["status"]), (&made["paymentId"], &json!("cancelled")));
    assert_eq!(heard[0].0.get("x-api-key"), None);
    let all = harbour.get("/v1/webhook-endpoints/callbacks/deliveries").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}
