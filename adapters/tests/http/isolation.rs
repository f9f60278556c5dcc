//! One account of a provider that does not answer keeps nobody else waiting.

use crate::shop::{Asker, Shop};
use kontor_actors::follower::{Follow, Follower};
use kontor_adapters::{
    dispatch::{accounts::TenantAccounts, payments::PaymentCalls},
    gateways::{Accounts, http::Http},
};
use kontor_sandbox::{Sandbox, SandboxConfig};
use ractor::Actor;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// Payments at the account that stands: more than its lanes hold.
const BACKLOG: usize = 400;

/// Calls the providers for a shop, as a node does.
async fn follow(shop: &Shop) {
    let intake = shop.intake.clone();
    let settings = Arc::new(TenantAccounts::new(intake.clone()));
    let accounts = Arc::new(Accounts::new(settings, Http::new(true).unwrap()));
    let ground = intake.ground();
    let (journal, store) = (ground.journal.clone(), Arc::clone(&ground.store));
    let calls: Arc<dyn Follow> = Arc::new(PaymentCalls::new(intake, accounts));
    Actor::spawn(None, Follower::new(0, calls, journal, store), 0).await.unwrap();
}

async fn account(asker: &Asker, name: &str, endpoint: &str) {
    let settings = json!({ "secret_key": "sk_test_shop", "endpoint": endpoint });
    let account = json!({ "mode": "test", "settings": settings });
    asker.put(&format!("/v1/accounts/stripe/{name}"), account).await.ok();
}

async fn pay(asker: &Asker, account: &str) -> String {
    let wish = json!({ "provider": "stripe", "account": account, "description": "a book",
        "return_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/basket",
        "amount": { "amount_minor": 34900, "currency": "CZK" } });
    let made = asker.post("/v1/payments", wish).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

async fn read(asker: &Asker, payment: &str) -> Value {
    asker.get(&format!("/v1/payments/{payment}")).await.ok()
}

async fn opens(asker: &Asker, payment: &str) {
    for _ in 0..3_000 {
        if read(asker, payment).await["attempts"][0]["redirect_url"].is_string() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not open: {}", read(asker, payment).await);
}

#[tokio::test]
async fn an_account_whose_provider_never_answers_keeps_no_other_account_waiting() {
    let (shop, harbour) = Shop::trading().await;
    let other = shop.tenant("other-books").await;
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    // Connections wait in its backlog, and nobody takes them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    account(&harbour, "slow", &format!("http://{}", silent.local_addr().unwrap())).await;
    account(&harbour, "main", sandbox.stripe().base_url()).await;
    account(&other, "main", sandbox.stripe().base_url()).await;
    let mut waiting = Vec::with_capacity(BACKLOG);
    for _ in 0..BACKLOG {
        waiting.push(pay(&harbour, "slow").await);
    }
    let (own, foreign) = (pay(&harbour, "main").await, pay(&other, "main").await);
    follow(&shop).await;
    opens(&harbour, &own).await;
    opens(&other, &foreign).await;
    for payment in waiting {
        let status = read(&harbour, &payment).await["status"].clone();
        assert_eq!(status, "created", "its call still stands, or has not been made");
    }
    sandbox.shutdown().await;
}
