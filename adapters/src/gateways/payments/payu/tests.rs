//! Recorded exchanges with PayU.

use super::*;
use crate::gateways::{
    payments::testing::{NOW, PAYMENT, cancel, capture, money, open_in, query, refund},
    tests::{Recorded, Server, http},
};
use kontor_messages::{
    EntityId,
    payment::{CallFault, RefundStatus},
};

const TOKEN: &str = r#"{"access_token":"tok-1","token_type":"bearer","expires_in":43199,"grant_type":"client_credentials"}"#;
const ID: &str = "WZHF5FFDRJ140731GUEST000P01";

fn reply(status: u16, body: impl ToString) -> Recorded {
    (status, &[], body.to_string())
}

fn payu(server: &str, more: &Value) -> Arc<dyn PaymentGateway> {
    let mut settings = json!({
        "pos_id": "300746", "client_secret": "2ee86a66e5d97e3fadc400c9f19b065d",
        "second_key": "b6ca15b0d1020e8094d9b5f8d163db54", "endpoint": server,
        "notify_url": "https://kontor.example/webhooks/harbour-books/payu/main"
    });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    build(&settings, &http()).unwrap()
}

/// A server that grants a token first, and the gateway that asks it.
async fn with(replies: impl IntoIterator<Item = Recorded>) -> (Server, Arc<dyn PaymentGateway>) {
    let server = Server::new([reply(200, TOKEN)].into_iter().chain(replies)).await;
    let gateway = payu(&server.url, &json!({}));
    (server, gateway)
}

fn names() -> Vec<String> {
    vec![ID.into()]
}

fn order(status: &str) -> Value {
    json!({"orders": [{
        "orderId": ID, "extOrderId": format!("{PAYMENT}-2-0123456789ab"),
        "merchantPosId": "300746", "currencyCode": "PLN", "totalAmount": "129900",
        "status": status
    }], "status": {"statusCode": "SUCCESS"}})
}

fn error(name: &str, code: &str) -> Value {
    json!({"status": {"statusCode": name, "severity": "ERROR", "code": code, "codeLiteral": name}})
}

fn made() -> Value {
    json!({"status": {"statusCode": "SUCCESS"}, "orderId": ID,
           "redirectUri": "https://secure.payu.com/pay/?orderId=1&token=t"})
}

#[tokio::test]
async fn an_order_is_made_with_texts_and_its_page_is_read_from_a_redirect() {
    let page: &[_] = &[("location", "https://secure.payu.com/pay/?orderId=1&token=t")];
    let (server, gateway) = with([(302, page, made().to_string())]).await;
    let opened = gateway.open(&open_in("PLN")).await.unwrap();
    assert_eq!(opened.provider_ref, ID);
    assert!(opened.redirect_url.unwrap().starts_with("https://secure.payu.com/pay/"));
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /pl/standard/user/oauth/authorize");
    assert_eq!(asked[0].get("client_id"), Some("300746"));
    assert_eq!(asked[1].line, "POST /api/v2_1/orders");
    assert_eq!(asked[1].header("authorization"), Some("Bearer tok-1"));
    let gateway = PayU {
        settings: super::super::settings(&json!({
            "pos_id": "300746", "client_secret": "x", "second_key": "y",
            "notify_url": "https://kontor.example/hook"
        }))
        .unwrap(),
        http: http(),
        tokens: Tokens::default(),
    };
    let (body, expires_at) = gateway.order(&open_in("HUF")).unwrap();
    assert_eq!(
        (&body["totalAmount"], &body["merchantPosId"]),
        (&json!("129900"), &json!("300746"))
    );
    assert_eq!(body["products"][0]["quantity"], "1");
    assert_eq!(body["validityTime"], "7200");
    assert!(expires_at > Timestamp::now());
    let name = body["extOrderId"].as_str().unwrap();
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
    assert_eq!(status::named_after(name), Some((EntityId::named(PAYMENT), 1)));
}

#[tokio::test]
async fn every_status_is_understood_and_an_unknown_one_means_pending() {
    use ObservedStatus as S;
    for (status, expected) in [
        ("NEW", S::Created),
        ("PENDING", S::Pending),
        ("WAITING_FOR_CONFIRMATION", S::Authorized),
        ("COMPLETED", S::Paid),
        ("CANCELED", S::Cancelled),
        ("REJECTED", S::Pending),
        ("SOMETHING", S::Pending),
    ] {
        let (_server, gateway) =
            with([reply(200, order(status)), reply(200, json!({"refunds": []}))]).await;
        let told = gateway.query(&query(&names())).await.unwrap();
        assert_eq!(told.status, Some(expected), "{status}");
        assert_eq!((told.amount, told.attempt), (Some(money(129_900, "PLN")), Some(2)));
    }
}

#[tokio::test]
async fn captures_cancellations_and_refunds_go_where_payu_wants_them() {
    let said = json!({"status": {"statusCode": "SUCCESS"}});
    let back = json!({"orderId": ID, "refund": {"refundId": "5000000142", "amount": "400",
        "extRefundId": "r-1", "currencyCode": "PLN", "status": "PENDING"}});
    let list = json!({"refunds": [
        {"refundId": "5000000142", "amount": "400", "extRefundId": "a--1--1", "currencyCode": "PLN",
         "status": "FINALIZED"},
        {"refundId": "5000000143", "amount": 100, "currencyCode": "PLN", "status": "CANCELED"}]});
    let (server, gateway) = with([
        reply(200, &said),
        reply(200, &said),
        reply(200, &back),
        reply(200, order("COMPLETED")),
        reply(200, &list),
    ])
    .await;
    let taken = gateway.capture(&capture(&names(), money(60_000, "PLN"))).await.unwrap();
    gateway.cancel(&cancel(&names(), true)).await.unwrap();
    let seen = gateway.refund(&refund(&names(), "r-1", money(400, "PLN"))).await.unwrap();
    assert_eq!((seen.status, seen.refund), (RefundStatus::Pending, Some(EntityId::named("r-1"))));
    let told = gateway.query(&query(&taken.references)).await.unwrap();
    assert_eq!(told.captured, Some(money(60_000, "PLN")));
    assert_eq!(told.refunds[0].refund, Some(EntityId::named("a/1/1")));
    assert_eq!(told.refunds[0].status, RefundStatus::Succeeded);
    assert_eq!(told.refunds[1].status, RefundStatus::Failed);
    let lines: Vec<_> = server.asked().iter().skip(1).map(|asked| asked.line.clone()).collect();
    let of = |method: &str, rest: &str| format!("{method} /api/v2_1/orders/{ID}{rest}");
    assert_eq!(
        lines,
        [
            of("POST", "/captures"),
            of("DELETE", ""),
            of("POST", "/refunds"),
            of("GET", ""),
            of("GET", "/refunds"),
        ]
    );
}

#[tokio::test]
async fn errors_say_what_is_to_be_done() {
    let again = |fresh_key| CallFault::Retry { at: None, fresh_key };
    let ask = CallFault::AskFirst { fresh_key: false };
    let stop = CallFault::GiveUp;
    for (status, body, opening, refunding) in [
        (400, error("ERROR_ORDER_NOT_UNIQUE", "110").to_string(), again(true), stop),
        (400, error("ERROR_VALUE_INVALID", "108").to_string(), stop, stop),
        (403, error("UNAUTHORIZED_REQUEST", "104").to_string(), stop, stop),
        (429, "{}".into(), again(false), again(false)),
        (500, error("ERROR_INTERNAL", "1").to_string(), again(false), ask),
        (502, "<html>".into(), again(false), ask),
        (200, "<html>".into(), again(false), ask),
        (0, String::new(), again(false), ask),
    ] {
        let (_server, gateway) = with([reply(status, &body), reply(status, &body)]).await;
        let fault = gateway.open(&open_in("PLN")).await.unwrap_err();
        assert_eq!(fault.fault, opening, "opening: {status} {body}");
        let give = refund(&names(), "r", money(1, "PLN"));
        let fault = gateway.refund(&give).await.unwrap_err();
        assert_eq!(fault.fault, refunding, "refunding: {status} {body}");
    }
}

#[tokio::test]
async fn a_token_is_kept_and_fetched_anew_once_after_a_401() {
    let (server, gateway) = with([
        reply(302, made()),
        reply(401, error("UNAUTHORIZED", "103")),
        reply(200, TOKEN.replace("tok-1", "tok-2").replace("43199", "\"43199\"")),
        reply(302, made()),
    ])
    .await;
    gateway.open(&open_in("PLN")).await.unwrap();
    gateway.open(&open_in("PLN")).await.unwrap();
    let asked = server.asked();
    let with_tokens: Vec<_> =
        asked.iter().filter_map(|asked| asked.header("authorization")).collect();
    assert_eq!(with_tokens, ["Bearer tok-1", "Bearer tok-1", "Bearer tok-2"]);
    let server = Server::new([reply(401, "{}")]).await;
    let refused = payu(&server.url, &json!({})).open(&open_in("PLN")).await.unwrap_err();
    assert_eq!(refused.fault, again_later(), "without a token nothing was asked for");
}

fn again_later() -> CallFault {
    CallFault::Retry { at: None, fresh_key: false }
}

async fn notified(body: &str, more: Value) -> Result<Interpreted, NotificationError> {
    use md5::{Digest, Md5};
    let key = "b6ca15b0d1020e8094d9b5f8d163db54";
    let signature = hex::encode(Md5::new().chain_update(body).chain_update(key).finalize());
    let header = format!("sender=checkout;signature={signature};algorithm=MD5;content=DOCUMENT");
    let headers = Headers::new([("OpenPayU-Signature", header)]);
    payu("http://127.0.0.1:1", &more).interpret(&headers, body.as_bytes(), NOW).await
}

#[tokio::test]
async fn a_signed_notification_is_believed() {
    let body = json!({"order": order("COMPLETED")["orders"][0], "localReceiptDateTime": "x"});
    let read = notified(&body.to_string(), json!({})).await.unwrap();
    assert_eq!((read.event_id.len(), read.references), (64, names()));
    assert_eq!(read.payment, Some(EntityId::named(PAYMENT)));
    let told = read.observation.unwrap();
    assert_eq!((told.status, told.attempt), (Some(ObservedStatus::Paid), Some(2)));
    // What was taken of a hold it does not say.
    let read = notified(&body.to_string(), json!({"auto_receive": false})).await.unwrap();
    assert!(read.observation.is_none() && read.signature_ok);
}

#[tokio::test]
async fn a_refunds_notification_has_no_order_in_it() {
    let body = json!({"orderId": ID, "extOrderId": "x", "refund": {
        "refundId": "1", "extRefundId": "r-1", "amount": "400", "currencyCode": "PLN",
        "status": "FINALIZED", "reason": "refund"}});
    let read = notified(&body.to_string(), json!({})).await.unwrap();
    assert_eq!(read.references, names());
    let told = read.observation.unwrap();
    assert_eq!((told.status, told.refunds[0].status), (None, RefundStatus::Succeeded));
}

#[tokio::test]
async fn what_is_not_this_accounts_or_no_notification_is_refused() {
    let foreign = json!({"order": order("COMPLETED")["orders"][0]}).to_string();
    let foreign = foreign.replace("300746", "300747");
    assert_eq!(notified(&foreign, json!({})).await, Err(NotificationError::Unsigned));
    assert_eq!(notified("", json!({})).await, Err(NotificationError::Unsigned));
    for broken in ["{}", "[]", "{\"order\":{}}"] {
        let read = notified(broken, json!({})).await;
        assert!(matches!(read, Err(NotificationError::Malformed(_))), "{broken}");
    }
}
