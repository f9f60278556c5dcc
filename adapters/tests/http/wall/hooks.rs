//! The one way in that shows no credentials: what providers send. Each comes to an address that
//! nobody guesses, and must prove what it is to the account that it names, and the proof that one tenant's account takes is none at another's.

use super::{OURS, THEIRS, trace_of};
use crate::shop::{Answer, Asker, Shop};
use hmac::{Hmac, KeyInit, Mac};
use kontor_adapters::gateways::payments::providers;
use kontor_messages::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

/// Settings of an account that nobody answers for.
fn account(provider: &str, secret: &str) -> Option<Value> {
    let nowhere = "http://127.0.0.1:9/";
    Some(match provider {
        "comgate" => json!({ "merchant": "123456", "secret": secret, "endpoint": nowhere }),
        "fio" => json!({ "token": secret, "iban": "CZ9320100000002000145399" }),
        "halyk" => json!({ "client_id": "shop", "client_secret": secret, "terminal": "t-1",
            "shop_id": "s-1", "notify_url": "https://shop.example/", "hash_key": secret }),
        "paypal" => json!({ "client_id": "shop", "client_secret": secret, "webhook_id": "wh-1",
            "endpoint": nowhere }),
        "payu" => json!({ "pos_id": "300746", "client_secret": secret, "second_key": secret,
            "notify_url": "https://shop.example/", "endpoint": nowhere }),
        "stripe" => json!({ "secret_key": format!("sk_test_{secret}"),
            "webhook_secrets": [secret], "endpoint": nowhere }),
        "manual" => return None,
        other => panic!("{other}: say in hooks.rs what its account needs"),
    })
}

/// Headers and a body that look right, signed with a secret or with nothing.
fn messages(provider: &str, secret: Option<&str>) -> (Vec<(&'static str, String)>, String) {
    let at = Timestamp::now().seconds();
    let signed = |text: &str| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.unwrap_or_default().as_bytes()).unwrap();
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    match provider {
        "stripe" => {
            let body = json!({ "id": "evt_1", "object": "event",
                "type": "payment_intent.succeeded", "created": at, "livemode": false,
                "data": { "object": { "id": "pi_1", "object": "payment_intent", "amount": 100,
                    "amount_received": 100, "currency": "czk", "status": "succeeded",
                    "metadata": {} } } });
            let body = body.to_string();
            let signature = signed(&format!("{at}.{body}"));
            let header = ("stripe-signature", format!("t={at},v1={signature}"));
            (secret.map(|_| header).into_iter().collect(), body)
        }
        "comgate" => {
            let told = secret.map(|secret| format!("&secret={secret}")).unwrap_or_default();
            let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
            let body =
                format!("merchant=123456&test=true{told}&transId=AB12-CD34-EF56&status=PAID");
            (vec![form], body)
        }
        "payu" => {
            let body = json!({ "order": { "orderId": "1", "status": "COMPLETED" } }).to_string();
            let signature = signed(&body);
            let header =
                format!("sender=checkout;signature={signature};algorithm=SHA-256;content=DOCUMENT");
            (secret.map(|_| ("openpayu-signature", header)).into_iter().collect(), body)
        }
        "paypal" => {
            let body = json!({ "id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED" });
            let time = Timestamp::now().to_string();
            let headers = [
                ("paypal-transmission-id", "1".to_owned()),
                ("paypal-transmission-time", time),
                ("paypal-auth-algo", "SHA256withRSA".to_owned()),
                // Whoever signs may not say where the proof is kept.
                ("paypal-cert-url", "https://evil.example/certificate".to_owned()),
                ("paypal-transmission-sig", signed("x")),
            ];
            let headers = if secret.is_some() { headers.to_vec() } else { Vec::new() };
            (headers, body.to_string())
        }
        _ => {
            let hash = secret.map(|_| signed("x")[..32].to_owned());
            let body = json!({ "invoiceId": "000001", "amount": 100, "currency": "KZT",
                "code": "ok", "id": "1", "secret_hash": hash });
            (Vec::new(), body.to_string())
        }
    }
}

async fn send(shop: &Shop, tenant: &str, provider: &str, secret: Option<&str>) -> Answer {
    let (headers, body) = messages(provider, secret);
    let sender = |asker: Asker, (name, value): (&'static str, String)| asker.header(name, &value);
    let sender = headers.into_iter().fold(shop.nobody(), sender);
    sender.raw(&shop.hook(tenant, provider, "main"), body, None).await
}

/// Both tenants have an account at every provider, each with secrets of its own.
async fn with_accounts() -> Shop {
    let shop = Shop::open().await;
    for (tenant, secret) in
        [(OURS, "our-secret-of-an-account"), (THEIRS, "their-secret-of-an-account")]
    {
        let key = shop.tenant(tenant).await;
        for provider in providers() {
            if let Some(settings) = account(provider.name, secret) {
                let path = format!("/v1/accounts/{}/main", provider.name);
                key.put(&path, json!({ "mode": "test", "settings": settings })).await.ok();
            }
        }
    }
    shop
}

#[tokio::test]
async fn no_account_takes_what_is_not_signed_or_is_signed_with_another_secret() {
    let shop = with_accounts().await;
    let before = (trace_of(&shop, OURS).await, trace_of(&shop, THEIRS).await);
    for provider in providers() {
        for secret in [None, Some("a guess"), Some("their-secret-of-an-account")] {
            let name = provider.name;
            let answer = send(&shop, OURS, name, secret).await;
            let (status, text) = (answer.status.as_u16(), answer.text());
            assert!([400, 404].contains(&status), "{name} with {secret:?}: {status} {text}");
            assert!(!text.contains("secret-of"), "{name}: {text}");
        }
    }
    assert_eq!((trace_of(&shop, OURS).await, trace_of(&shop, THEIRS).await), before);
}

#[tokio::test]
async fn what_proves_itself_to_one_tenant_s_account_is_recorded_there_alone() {
    let shop = with_accounts().await;
    for provider in ["stripe", "comgate"] {
        let before = (trace_of(&shop, OURS).await, trace_of(&shop, THEIRS).await);
        let taken = send(&shop, THEIRS, provider, Some("their-secret-of-an-account")).await;
        assert_eq!(taken.status, 200, "{provider}: {}", taken.text());
        assert_eq!(trace_of(&shop, OURS).await, before.0, "{provider}");
        assert_eq!(trace_of(&shop, THEIRS).await.0, before.1.0 + 1, "{provider}");
    }
}

#[tokio::test]
async fn a_notification_for_nobody_s_account_is_told_the_same_whoever_is_not_there() {
    let shop = with_accounts().await;
    let mut told = Vec::new();
    let guessed = "/webhooks/other-books/stripe/main/Zm9yIHRoZSBleGFtcGxlIG9ubHk";
    for path in [
        shop.hook("nobody", "stripe", "main"),
        shop.hook("other-books", "stripe", "second"),
        shop.hook("other-books", "beads", "main"),
        guessed.to_owned(),
    ] {
        let answer = shop.nobody().raw(&path, "{}", None).await;
        let mut body = answer.problem(404, "not_found");
        body["instance"].take();
        told.push(body);
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
}
