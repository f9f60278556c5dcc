//! Payments, accounts and providers' notifications over HTTP.

use crate::shop::{Answer, Asker, Shop, order};
use hmac::{Hmac, KeyInit, Mac};
use kontor_adapters::http::HttpSettings;
use kontor_messages::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "whsec_test_secret";

async fn with_stripe() -> (Shop, Asker) {
    let (shop, harbour) = Shop::trading().await;
    let account = json!({ "mode": "test", "settings": {
        "secret_key": "sk_test_123", "webhook_secrets": [SECRET], "endpoint": "http://127.0.0.1:9" } });
    let put = harbour.put("/v1/accounts/stripe/main", account).await;
    assert_eq!(put.status, 200, "{}", put.text());
    (shop, harbour)
}

/// What Stripe sends, signed with a secret.
async fn send(shop: &Shop, body: &Value, secret: &str) -> Answer {
    let (body, at) = (body.to_string(), Timestamp::now().seconds());
    let stripe = shop.nobody().header("stripe-signature", &signature(at, &body, secret));
    stripe.raw(&shop.hook("harbour-books", "stripe", "main"), body, Some("application/json")).await
}

fn signature(at: i64, body: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

fn paid(event: &str) -> Value {
    json!({ "id": event, "object": "event", "type": "payment_intent.succeeded",
        "created": Timestamp::now().seconds(), "livemode": false,
        "data": { "object": { "id": "pi_1", "object": "payment_intent", "amount": 34900,
            "amount_received": 34900, "currency": "czk", "status": "succeeded",
            "metadata": {} } } })
}

#[tokio::test]
async fn an_account_s_secrets_go_in_and_never_come_out() {
    let (_shop, harbour) = with_stripe().await;
    let shown = harbour.get("/v1/accounts/stripe/main").await.ok();
    assert_eq!(shown["settings"]["secret_key"], "***");
    let all = harbour.get("/v1/accounts").await.text();
    assert!(!all.contains("sk_test_123") && !all.contains(SECRET), "{all}");
    let bad = json!({ "settings": { "secret_key": 5 } });
    harbour.put("/v1/accounts/stripe/other", bad).await.at(422, "invalid", "/settings");
    harbour.put("/v1/accounts/stripe/main", shown).await.problem(422, "invalid");
    assert_eq!(harbour.delete("/v1/accounts/stripe/main").await.status, 204);
    harbour.get("/v1/accounts/stripe/main").await.problem(404, "not_found");
    harbour.delete("/v1/accounts/stripe/main").await.problem(404, "not_found");
}

#[tokio::test]
async fn what_an_account_is_set_with_is_listed_with_what_is_needed_and_what_is_secret() {
    let (_shop, harbour) = with_stripe().await;
    let all = harbour.get("/v1/providers").await.ok();
    let items = all["items"].as_array().unwrap();
    let stripe = items.iter().find(|one| one["provider"] == "stripe").unwrap();
    assert_eq!(stripe["carries"], "money");
    let key = &stripe["settings"][0];
    assert_eq!(
        (&key["name"], &key["required"], &key["secret"]),
        (&json!("secret_key"), &json!(true), &json!(true))
    );
    assert!(items.iter().any(|one| one["provider"] == "smtp" && one["carries"] == "messages"));
}

#[tokio::test]
async fn what_is_masked_stays_as_it_is_unless_it_would_be_sent_elsewhere() {
    let (shop, harbour) = with_stripe().await;
    let shown = harbour.get("/v1/accounts/stripe/main").await.ok();
    let mut settings = shown["settings"].clone();
    settings["webhook_tolerance_s"] = json!(600);
    let put = json!({ "mode": shown["mode"], "settings": settings });
    harbour.put("/v1/accounts/stripe/main", put).await.ok();
    // What was kept is the secret itself: a notification that is signed with it is taken.
    assert_eq!(send(&shop, &paid("evt_kept"), SECRET).await.status, 200);
    settings["endpoint"] = json!("http://127.0.0.1:9/elsewhere");
    let put = json!({ "mode": shown["mode"], "settings": settings });
    let refused = harbour.put("/v1/accounts/stripe/main", put).await;
    refused.at(422, "invalid", "/settings/endpoint");
    let new = json!({ "settings": { "secret_key": "***" } });
    harbour.put("/v1/accounts/stripe/new", new).await.problem(422, "invalid");
}

#[tokio::test]
async fn an_account_leads_nowhere_inside() {
    let shop = Shop::with(|settings| settings.webhooks_to_private = false).await;
    let harbour = shop.tenant("harbour-books").await;
    let put = async |account: &str, settings: Value| {
        harbour.put(&format!("/v1/accounts/{account}"), json!({ "settings": settings })).await
    };
    for url in [
        "http://127.0.0.1:9",
        "https://127.0.0.1:9",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "http://1.1.1.1/",
        "ftp://1.1.1.1/",
        "x",
    ] {
        let stripe = json!({ "secret_key": "sk_test_123", "endpoint": url });
        put("stripe/main", stripe).await.at(422, "invalid", "/settings/endpoint");
        let origins = json!({ "certificate_origins": ["https://1.1.1.1/", url] });
        put("paypal/main", origins).await.at(422, "invalid", "/settings/certificate_origins");
        let token = json!({ "token_endpoint": url });
        put("halyk/main", token).await.at(422, "invalid", "/settings/token_endpoint");
    }
    for host in ["127.0.0.1", "localhost", "0x7f.1", "::1", "169.254.169.254"] {
        let smtp = json!({ "host": host, "from": "a@example.com" });
        put("smtp/main", smtp).await.at(422, "invalid", "/settings/host");
    }
    let typo = json!({ "host": "1.1.1.1", "from": "a@example.com", "username": "shop" });
    put("smtp/main", typo).await.at(422, "invalid", "/settings");
    assert_eq!(harbour.get("/v1/accounts").await.ok()["items"], json!([]));
    let public = json!({ "secret_key": "sk_test_123", "endpoint": "https://1.1.1.1/" });
    put("stripe/main", public).await.ok();
    put("smtp/main", json!({ "host": "1.1.1.1", "from": "a@example.com" })).await.ok();
}

#[tokio::test]
async fn a_payment_by_hand_is_asked_for_marked_and_given_back() {
    let (_shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let wish = json!({ "order": placed["id"], "provider": "manual", "account": "main" });
    let asked = harbour.post("/v1/payments", wish).await;
    assert_eq!(asked.status, 201, "{}", asked.text());
    let place = asked.head("location");
    let asked = asked.json();
    assert_eq!((&asked["amount_minor"], &asked["currency"]), (&json!(34900), &json!("CZK")));
    assert_eq!(
        harbour.get("/v1/payments?status=created").await.ok()["items"][0]["id"],
        asked["id"]
    );
    let refunded = harbour.act(&format!("{place}/refunds")).await;
    assert!(refunded.status.is_client_error(), "{}", refunded.text());
    let called_off = harbour.act(&format!("{place}/cancel")).await;
    assert!(called_off.status.is_success(), "{}", called_off.text());
}

#[tokio::test]
async fn a_payment_fits_its_order_and_its_account() {
    let (_shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let euros = json!({ "order": placed["id"], "provider": "manual", "account": "main",
        "amount": { "amount_minor": 100, "currency": "EUR" } });
    harbour.post("/v1/payments", euros).await.at(422, "invalid", "/amount/currency");
    let wish = |provider: &str, amount: i64| {
        json!({ "provider": provider, "account": "main",
            "amount": { "amount_minor": amount, "currency": "CZK" } })
    };
    harbour.post("/v1/payments", wish("beads", 1)).await.at(422, "invalid", "/provider");
    harbour.post("/v1/payments", wish("stripe", 1)).await.at(422, "invalid", "/account");
    let negative = harbour.post("/v1/payments", wish("manual", -1)).await;
    negative.at(422, "invalid", "/amount/amount_minor");
    let none = json!({ "provider": "manual", "account": "main" });
    harbour.post("/v1/payments", none).await.at(422, "invalid", "/amount");
    let foreign = json!({ "order": "019fffff-0000-7000-8000-000000000000", "provider": "manual",
        "account": "main" });
    harbour.post("/v1/payments", foreign).await.at(422, "invalid", "/order");
    assert_eq!(harbour.get("/v1/payments").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn what_the_provider_cannot_do_is_refused_before_it_is_asked() {
    let (_shop, harbour) = Shop::trading().await;
    let iban = "CZ9320100000002000145399";
    let account = json!({ "settings": { "token": "a-token", "iban": iban } });
    harbour.put("/v1/accounts/fio/main", account).await.ok();
    for provider in ["manual", "fio"] {
        let wish = json!({ "provider": provider, "account": "main", "capture": "manual",
            "amount": { "amount_minor": 100, "currency": "CZK" } });
        harbour.post("/v1/payments", wish).await.at(422, "not_supported", "/capture");
    }
    assert_eq!(harbour.get("/v1/payments").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn an_account_of_the_other_mode_is_refused() {
    let (_shop, harbour) = Shop::trading().await;
    let account = json!({ "mode": "live", "settings": { "secret_key": "sk_test_123" } });
    let refused = harbour.put("/v1/accounts/stripe/main", account).await.problem(422, "invalid");
    let text = refused["detail"].as_str().unwrap();
    assert!(text.contains("secret_key") && !text.contains("sk_test_123"), "{text}");
}

#[tokio::test]
async fn an_account_shows_where_its_provider_sends_notifications() {
    let (shop, harbour) = with_stripe().await;
    let hook = shop.hook("harbour-books", "stripe", "main");
    let shown = harbour.get("/v1/accounts/stripe/main").await.ok();
    assert_eq!((&shown["webhook_path"], shown.get("webhook_url")), (&json!(hook), None));
    assert_eq!(harbour.get("/v1/accounts").await.ok()["items"][0]["webhook_path"], json!(hook));
    let fio = json!({ "settings": { "token": "t", "iban": "CZ9320100000002000145399" } });
    let fio = harbour.put("/v1/accounts/fio/main", fio).await.ok();
    assert_eq!(fio.get("webhook_path"), None, "a bank that sends nothing: {fio}");
    let public = |settings: &mut HttpSettings| {
        settings.public_url = Some("https://pay.example.com/".parse().unwrap());
    };
    let shop = Shop::with(public).await;
    let harbour = shop.tenant("harbour-books").await;
    // Nothing needs to be said of where the notifications go: the node knows.
    let payu = json!({ "mode": "test", "settings": { "pos_id": "300746", "client_secret": "s",
        "second_key": "k" } });
    let shown = harbour.put("/v1/accounts/payu/main", payu.clone()).await.ok();
    let hook = format!("https://pay.example.com{}", shop.hook("harbour-books", "payu", "main"));
    assert_eq!(shown["webhook_url"], hook);
    let (_shop, harbour) = Shop::trading().await;
    let refused = harbour.put("/v1/accounts/payu/main", payu).await.problem(422, "invalid");
    assert!(refused["detail"].as_str().unwrap().contains("notify_url"), "{refused}");
}

#[tokio::test]
async fn a_notification_at_an_address_that_was_guessed_is_for_nobody() {
    let (shop, _harbour) = with_stripe().await;
    let commits = shop.store.commits();
    let hook = shop.hook("harbour-books", "stripe", "main");
    let other = shop.hook("harbour-books", "stripe", "second");
    let token = other.rsplit('/').next().unwrap();
    let (at, body) = (Timestamp::now().seconds(), paid("evt_1").to_string());
    let stripe = shop.nobody().header("stripe-signature", &signature(at, &body, SECRET));
    let base = "/webhooks/harbour-books/stripe/main";
    for path in [format!("{base}/{token}"), format!("{base}/x"), format!("{hook}A")] {
        stripe.raw(&path, body.clone(), None).await.problem(404, "not_found");
    }
    stripe.raw(base, body.clone(), None).await.problem(404, "unknown_route");
    assert_eq!(shop.store.commits(), commits);
    assert_eq!(stripe.raw(&hook, body, None).await.status, 200);
}

#[tokio::test]
async fn a_notification_with_the_right_signature_is_recorded_once() {
    let (shop, _harbour) = with_stripe().await;
    let first = send(&shop, &paid("evt_1"), SECRET).await;
    assert_eq!((first.status.as_u16(), first.text()), (200, String::new()));
    let commits = shop.store.commits();
    assert_eq!(send(&shop, &paid("evt_1"), SECRET).await.status, 200);
    assert_eq!(shop.store.commits(), commits);
    assert_eq!(send(&shop, &paid("evt_2"), SECRET).await.status, 200);
    assert_eq!(shop.store.commits(), commits + 1);
}

#[tokio::test]
async fn a_notification_with_a_bad_signature_is_refused_without_a_reason() {
    let (shop, _harbour) = with_stripe().await;
    let commits = shop.store.commits();
    let forged = send(&shop, &paid("evt_1"), "whsec_other").await.problem(400, "bad_notification");
    assert_eq!(forged["detail"], "the notification was not taken");
    let (nobody, hook) = (shop.nobody(), shop.hook("harbour-books", "stripe", "main"));
    let unsigned = nobody.raw(&hook, paid("evt_1").to_string(), Some("application/json")).await;
    unsigned.problem(400, "bad_notification");
    let garbage = nobody.header("stripe-signature", "t=1,v1=00");
    garbage.raw(&hook, "{", None).await.problem(400, "bad_notification");
    for (tenant, provider) in [("nobody", "stripe"), ("harbour-books", "beads")] {
        let path = shop.hook(tenant, provider, "main");
        shop.nobody().raw(&path, "{}", None).await.problem(404, "not_found");
    }
    assert_eq!(shop.store.commits(), commits);
}
