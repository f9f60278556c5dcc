//! What the payer's browser needs goes to who asked for the payment, and to nobody else.

use crate::shop::{Asker, Shop};
use kontor_actors::{admission::Lane, intake::Caller, payment::Payment, request::Terms};
use kontor_messages::{
    EntityId, Meta, TenantId,
    payment::{ClientInstructions, PaymentCommand},
};
use serde_json::{Value, json};

const CLIENT_SECRET: &str = "pi_1_secret_for_the_payer";

/// A payment that is paid on the shop's own page.
async fn payable() -> (Shop, Asker, String) {
    let (shop, harbour) = Shop::trading().await;
    let settings = json!({ "secret_key": "sk_test_123", "endpoint": "http://127.0.0.1:9",
        "flow": "payment_intent", "publishable_key": "pk_test_123" });
    harbour.put("/v1/accounts/stripe/main", json!({ "settings": settings })).await.ok();
    let wish = json!({ "provider": "stripe", "account": "main",
        "amount": { "amount_minor": 100, "currency": "CZK" } });
    let asked = harbour.post("/v1/payments", wish).await.ok();
    let payment = asked["id"].as_str().unwrap().to_owned();
    let opened = PaymentCommand::RecordOpened {
        payment: EntityId::parse(&payment).unwrap(),
        attempt: 1,
        provider_ref: "pi_1".into(),
        references: Vec::new(),
        redirect_url: None,
        transfer: None,
        client: Some(ClientInstructions {
            client_secret: CLIENT_SECRET.into(),
            publishable_key: Some("pk_test_123".into()),
        }),
        expires_at: None,
        by_hand: false,
    };
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    shop.intake.tell::<Payment>(&caller, opened, Terms::default()).await.unwrap();
    (shop, harbour, payment)
}

fn client(payment: &Value) -> &Value {
    &payment["attempts"][0]["client"]
}

#[tokio::test]
async fn who_may_ask_for_payments_is_shown_what_the_browser_needs() {
    let (shop, harbour, payment) = payable().await;
    let place = format!("/v1/payments/{payment}");
    let shown = json!({ "client_secret": CLIENT_SECRET, "publishable_key": "pk_test_123" });
    assert_eq!(client(&harbour.get(&place).await.ok()), &shown);
    let reader = shop.key("harbour-books", &["payments:read"]).await;
    let read = reader.get(&place).await.ok();
    assert_eq!((read["status"].as_str(), client(&read)), (Some("pending"), &Value::Null));
    let writer = shop.key("harbour-books", &["payments:read", "payments:write"]).await;
    assert_eq!(client(&writer.get(&place).await.ok()), &shown);
    let accountant = shop.member("olga", "harbour-books", "viewer").await;
    assert_eq!(client(&accountant.get(&place).await.ok()), &Value::Null);
}

#[tokio::test]
async fn it_stands_in_no_list_no_history_no_audit_and_no_export() {
    let (_shop, harbour, payment) = payable().await;
    for path in [
        "/v1/payments".to_owned(),
        format!("/v1/payments/{payment}/history"),
        "/v1/audit?domain=payment".to_owned(),
        "/v1/events".to_owned(),
        "/v1/export".to_owned(),
    ] {
        let told = harbour.get(&path).await;
        assert_eq!(told.status, 200, "{path}");
        let text = told.text();
        assert!(text.contains(&payment), "{path}: {text}");
        assert!(!text.contains(CLIENT_SECRET), "{path}: {text}");
    }
}
