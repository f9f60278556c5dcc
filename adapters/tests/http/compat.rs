//! The routes of the payments service before, and the callbacks to who asked by them.

mod callbacks;

use crate::shop::{Answer, Asker, Shop};
use http::StatusCode;
use kontor_actors::{admission::Lane, intake::Caller, payment::Payment, request::Terms};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    payment::{Backoff, CallFault, Operation, PaymentCommand, Problem},
};
use serde_json::{Value, json};

const OURS: &str = "harbour-books";

/// A payment as the clients ask for it.
fn wish(order: &str, amount: Value) -> Value {
    json!({
        "orderId": order, "applicationId": "marathon", "amount": amount, "currency": "CZK",
        "paymentMethod": "manual", "callbackUrl": "http://127.0.0.1:9/callback",
        "customer": { "email": "jana@example.com", "name": "Jana" },
        "metadata": { "seat": 12 }, "successUrl": "https://shop.example/thanks",
    })
}

/// Somebody who shows the same key as those clients do.
async fn client(shop: &Shop, tenant: &str) -> Asker {
    let made = json!({ "name": "former", "scopes": ["payments:read", "payments:write"] });
    let made = shop.operator_for(tenant).post("/v1/keys", made).await.ok();
    shop.nobody().header("x-api-key", made["token"].as_str().unwrap())
}

/// The data of an answer in that service's envelope.
#[track_caller]
fn data(answer: Answer) -> Value {
    let told = answer.ok();
    assert_eq!(told["success"], true, "{told}");
    told["data"].clone()
}

/// It is no in the words of that service, and a problem as well.
#[track_caller]
fn no(answer: Answer, status: u16, error: &str, code: &str) -> Value {
    let told = answer.problem(status, code);
    assert_eq!((&told["success"], &told["statusCode"]), (&json!(false), &json!(status)));
    assert_eq!((&told["error"], &told["message"]), (&json!(error), &told["detail"]), "{told}");
    told
}

fn id(data: &Value) -> &str {
    data["paymentId"].as_str().unwrap_or_else(|| panic!("no payment: {data}"))
}

async fn tell(shop: &Shop, command: PaymentCommand) {
    let tenant = TenantId::parse(OURS).unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    shop.intake.tell::<Payment>(&caller, command, Terms::default()).await.unwrap();
}

/// What the provider's follower would record, for nobody follows the journal in most tests.
async fn opened(shop: &Shop, payment: &str) {
    let opened = PaymentCommand::RecordOpened {
        payment: EntityId::parse(payment).unwrap(),
        attempt: 1,
        provider_ref: format!("till-{payment}"),
        references: vec![],
        redirect_url: None,
        transfer: None,
        client: None,
        expires_at: None,
        by_hand: true,
    };
    tell(shop, opened).await;
}

async fn pay(shop: &Shop, harbour: &Asker, payment: &str, amount_minor: i64) {
    opened(shop, payment).await;
    let paid = json!({ "amount": { "amount_minor": amount_minor, "currency": "CZK" } });
    harbour.post(&format!("/v1/payments/{payment}/mark-paid"), paid).await.ok();
}

async fn refunds(harbour: &Asker, payment: &str) -> Vec<Value> {
    let payment = harbour.get(&format!("/v1/payments/{payment}")).await.ok();
    payment["refunds"].as_array().cloned().unwrap_or_default()
}

async fn mark(harbour: &Asker, payment: &str, refund: &Value, succeeded: bool) {
    let path = format!("/v1/payments/{payment}/refunds/{}/mark", refund.as_str().unwrap());
    harbour.post(&path, json!({ "succeeded": succeeded })).await.ok();
}

#[tokio::test]
async fn a_payment_is_asked_for_and_read_in_the_shape_of_the_service_before() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    let answer = client.post("/payments/create", wish("o-1", json!(349.5))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let made = data(answer);
    assert_eq!((&made["status"], &made["redirectUrl"]), (&json!("pending"), &json!(null)));
    let expires: Timestamp = serde_json::from_value(made["expiresAt"].clone()).unwrap();
    assert!(Timestamp::now() < expires, "{made}");
    let payment = id(&made);
    pay(&shop, &harbour, payment, 34_950).await;
    let answer = client.get(&format!("/payments/{payment}")).await;
    assert!(answer.text().contains(r#""amount":349.50,"#), "{}", answer.text());
    let told = data(answer);
    for (member, expected) in [
        ("paymentId", json!(payment)),
        ("orderId", json!("o-1")),
        ("applicationId", json!("marathon")),
        ("status", json!("completed")),
        ("currency", json!("CZK")),
        ("paymentMethod", json!("manual")),
        ("providerTransactionId", json!(format!("till-{payment}"))),
        ("refundedAt", json!(null)),
    ] {
        assert_eq!(told[member], expected, "{member}: {told}");
    }
    let at = |member: &str| serde_json::from_value::<Timestamp>(told[member].clone()).unwrap();
    assert!(at("createdAt") <= at("completedAt"), "{told}");
    let plan = harbour.get(&format!("/v1/payments/{payment}")).await.ok()["plan"].clone();
    assert_eq!(plan["client"]["metadata"], r#"{"seat":12}"#);
}

#[tokio::test]
async fn a_client_that_repeats_opens_no_second_payment() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    let ask = async |asker: &Asker, order: &str, amount: i64| {
        data(asker.post("/payments/create", wish(order, json!(amount))).await)
    };
    let first = ask(&client, "o-1", 100).await;
    let (one, two) = tokio::join!(ask(&client, "o-1", 100), ask(&client, "o-1", 100));
    assert_eq!((id(&one), id(&two)), (id(&first), id(&first)));
    assert_ne!(id(&ask(&client, "o-2", 100).await), id(&first));
    let mut elsewhere = wish("o-1", json!(100));
    elsewhere["applicationId"] = json!("leads");
    let elsewhere = data(client.post("/payments/create", elsewhere).await);
    assert_ne!(id(&elsewhere), id(&first), "another application's order is another order");
    let keyed = client.clone().header("idempotency-key", "k-1");
    let first = ask(&keyed, "o-3", 100).await;
    assert_eq!(id(&ask(&keyed, "o-3", 100).await), id(&first));
    let other = keyed.post("/payments/create", wish("o-3", json!(200))).await;
    no(other, 422, "PAYMENT_CREATION_FAILED", "idempotency_key_reused");
    let all = harbour.get("/v1/payments").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_order_has_one_payment_at_a_time() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    let ask = async |amount: i64| client.post("/payments/create", wish("o-1", json!(amount))).await;
    let first = data(ask(100).await);
    opened(&shop, id(&first)).await;
    // The basket has changed: what nobody has paid is called off.
    let second = data(ask(200).await);
    assert_ne!(id(&second), id(&first));
    let called_off = harbour.get(&format!("/v1/payments/{}", id(&first))).await.ok();
    assert_eq!(called_off["status"], "cancelled", "{called_off}");
    assert_eq!(id(&data(ask(200).await)), id(&second));
    opened(&shop, id(&second)).await;
    let path = format!("/v1/payments/{}/mark-failed", id(&second));
    harbour.post(&path, json!({})).await.ok();
    let third = data(ask(200).await);
    assert_ne!(id(&third), id(&second), "what has failed may be tried again");
    pay(&shop, &harbour, id(&third), 20_000).await;
    assert_eq!(data(ask(200).await)["status"], "completed");
    no(ask(300).await, 409, "PAYMENT_CREATION_FAILED", "payment_exists");
}

#[tokio::test]
async fn amounts_are_read_digit_by_digit_or_not_at_all() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    for (amount, minor) in [
        ("0.01", 1),
        ("0.29", 29),
        ("1.005e3", 100_500),
        ("\"19.90\"", 1990),
        ("9007199254740.93", 900_719_925_474_093_i64),
    ] {
        let body = wish(&format!("o-{minor}"), json!("AMOUNT")).to_string();
        let body = body.replace("\"AMOUNT\"", amount);
        let made = client.raw("/payments/create", body, Some("application/json")).await;
        let asked = harbour.get(&format!("/v1/payments/{}", id(&data(made)))).await.ok();
        assert_eq!(asked["amount_minor"], minor, "{amount}");
    }
    for amount in
        [json!(0), json!(-5), json!(1e15), json!(1.001), json!("x"), json!(null), json!([1])]
    {
        let answer = client.post("/payments/create", wish("o-1", amount)).await;
        let told = no(answer, 422, "PAYMENT_CREATION_FAILED", "invalid");
        assert_eq!(told["errors"][0]["pointer"], "/amount", "{told}");
    }
}

#[tokio::test]
async fn a_member_at_fault_is_named_and_nothing_is_asked_for() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    for (member, value) in [
        ("orderId", json!("")),
        ("applicationId", json!("a".repeat(101))),
        ("currency", json!("crowns")),
        ("paymentMethod", json!("webpay")),
        ("paymentMethod", json!("stripe")),
        ("callbackUrl", json!("shop.example/callback")),
        ("callbackUrl", json!("ftp://127.0.0.1/")),
        ("metadata", json!([1])),
        ("metadata", json!({ "long": "x".repeat(9000) })),
        ("successUrl", json!("javascript:alert(1)")),
        ("cancelUrl", json!("/basket")),
    ] {
        let mut wish = wish("o-1", json!(100));
        wish[member] = value.clone();
        let answer = client.post("/payments/create", wish).await;
        let told = no(answer, 422, "PAYMENT_CREATION_FAILED", "invalid");
        assert_eq!(told["errors"][0]["pointer"], format!("/{member}"), "{value}: {told}");
    }
    let answer = client.post("/payments/create", json!({ "orderId": "o-1" })).await;
    no(answer, 422, "PAYMENT_CREATION_FAILED", "invalid");
    assert_eq!(harbour.get("/v1/payments").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_callback_leads_nowhere_inside_and_only_to_named_hosts() {
    let shop = Shop::with(|settings| settings.webhooks_to_private = false).await;
    let harbour = shop.tenant(OURS).await;
    let client = client(&shop, OURS).await;
    let ask = async |url: &str| {
        let mut wish = wish("o-1", json!(100));
        wish["callbackUrl"] = json!(url);
        client.post("/payments/create", wish).await
    };
    for inside in [
        "http://1.1.1.1/callback",
        "https://127.0.0.1/callback",
        "https://localhost/callback",
        "https://169.254.169.254/latest",
        "https://user:secret@1.1.1.1/",
    ] {
        let told = no(ask(inside).await, 422, "PAYMENT_CREATION_FAILED", "invalid");
        assert_eq!(told["errors"][0]["pointer"], "/callbackUrl", "{inside}");
    }
    harbour.put("/v1/payment-callbacks", json!({ "hosts": ["1.1.1.1"] })).await.ok();
    let told = no(ask("https://1.0.0.1/").await, 422, "PAYMENT_CREATION_FAILED", "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/callbackUrl", "{told}");
    data(ask("https://1.1.1.1/callback").await);
}

#[tokio::test]
async fn a_key_is_its_tenant_s_and_of_nobody_else_s_payments() {
    let (shop, harbour) = Shop::trading().await;
    shop.tenant("other-books").await;
    let (ours, theirs) = (client(&shop, OURS).await, client(&shop, "other-books").await);
    let made = data(ours.post("/payments/create", wish("o-1", json!(100))).await);
    pay(&shop, &harbour, id(&made), 10_000).await;
    let path = format!("/payments/{}", id(&made));
    no(theirs.get(&path).await, 404, "PAYMENT_NOT_FOUND", "not_found");
    let refund = theirs.post(&format!("{path}/refund"), json!({})).await;
    no(refund, 404, "PAYMENT_NOT_FOUND", "not_found");
    let own = data(theirs.post("/payments/create", wish("o-1", json!(100))).await);
    assert_ne!(id(&own), id(&made), "an order of that name is another tenant's here");
    let nobody = shop.nobody();
    for stranger in [nobody.clone(), nobody.header("x-api-key", "anything")] {
        no(stranger.get(&path).await, 401, "UNAUTHORIZED", "unauthorized");
        let asked = stranger.post("/payments/create", wish("o-1", json!(100))).await;
        no(asked, 401, "UNAUTHORIZED", "unauthorized");
    }
    let reader = json!({ "name": "reader", "scopes": ["payments:read"] });
    let reader = shop.operator_for(OURS).post("/v1/keys", reader).await.ok();
    let reader = shop.nobody().header("x-api-key", reader["token"].as_str().unwrap());
    data(reader.get(&path).await);
    let refund = reader.post(&format!("{path}/refund"), json!({})).await;
    no(refund, 403, "REFUND_FAILED", "missing_scope");
}

#[tokio::test]
async fn a_refund_that_is_repeated_is_made_once_and_never_more_than_came() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    let made = data(client.post("/payments/create", wish("o-1", json!(100))).await);
    let payment = id(&made);
    let path = format!("/payments/{payment}/refund");
    let give = async |body: Value| client.post(&path, body).await;
    no(give(json!({})).await, 409, "REFUND_FAILED", "wrong_status");
    pay(&shop, &harbour, payment, 10_000).await;
    let part = data(give(json!({ "amount": 40.5, "reason": "torn" })).await);
    assert_eq!((&part["status"], &part["refundStatus"]), (&json!("completed"), &json!("pending")));
    assert_eq!(part["refundedAt"], json!(null));
    let again = data(give(json!({ "amount": 40.5, "reason": "torn" })).await);
    assert_eq!(again["refundId"], part["refundId"]);
    no(give(json!({ "amount": 60 })).await, 409, "REFUND_FAILED", "refund_too_large");
    no(give(json!({ "amount": 0.001 })).await, 422, "REFUND_FAILED", "invalid");
    mark(&harbour, payment, &part["refundId"], true).await;
    let done = data(give(json!({ "amount": 40.5, "reason": "torn" })).await);
    assert_eq!(done["refundStatus"], "succeeded");
    assert!(done["refundedAt"].is_string(), "{done}");
    let keyed = client.clone().header("idempotency-key", "r-1");
    let rest = data(keyed.post(&path, json!({})).await);
    assert_eq!(data(keyed.post(&path, json!({})).await)["refundId"], rest["refundId"]);
    let all = refunds(&harbour, payment).await;
    let minor: Vec<_> = all.iter().map(|refund| &refund["amount"]["amount_minor"]).collect();
    assert_eq!(minor, [4050, 5950]);
    mark(&harbour, payment, &rest["refundId"], true).await;
    let told = data(client.get(&format!("/payments/{payment}")).await);
    assert_eq!(told["status"], "refunded");
    assert!(told["refundedAt"].is_string() && told["completedAt"].is_string(), "{told}");
}

#[tokio::test]
async fn a_refund_that_has_failed_may_be_asked_for_again() {
    let (shop, harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    let made = data(client.post("/payments/create", wish("o-1", json!(100))).await);
    let payment = id(&made);
    pay(&shop, &harbour, payment, 10_000).await;
    let path = format!("/payments/{payment}/refund");
    let first = data(client.act(&path).await);
    mark(&harbour, payment, &first["refundId"], false).await;
    let second = data(client.act(&path).await);
    assert_ne!(second["refundId"], first["refundId"]);
    assert_eq!(data(client.act(&path).await)["refundId"], second["refundId"]);
}

#[tokio::test]
async fn a_payment_that_no_provider_takes_is_no_error_of_the_server() {
    let (shop, _harbour) = Shop::trading().await;
    let client = client(&shop, OURS).await;
    let keyed = client.header("idempotency-key", "k-1");
    let made = data(keyed.post("/payments/create", wish("o-1", json!(100))).await);
    let failed = PaymentCommand::RecordCallFailed {
        payment: EntityId::parse(id(&made)).unwrap(),
        operation: Operation::Open,
        attempt: 1,
        key: open_key(&shop, id(&made)).await,
        fault: CallFault::GiveUp,
        problem: Problem::new("no", "the shop is closed"),
        jitter_permille: 0,
        backoff: Backoff::default(),
    };
    tell(&shop, failed).await;
    let answer = keyed.post("/payments/create", wish("o-1", json!(100))).await;
    let told = no(answer, 422, "PAYMENT_CREATION_FAILED", "payment_creation_failed");
    assert_eq!(told["message"], "the shop is closed");
}

async fn open_key(shop: &Shop, payment: &str) -> String {
    let shown = shop.operator_for(OURS).get(&format!("/v1/payments/{payment}")).await.ok();
    shown["calls"][0]["key"].as_str().unwrap().to_owned()
}
