//! Recorded exchanges with Stripe.

use super::*;
use crate::gateways::tests::{Recorded, Server, http, tenant};
use kontor_actors::ports::PaymentGateway;
use kontor_messages::{
    Currency, EntityId,
    payment::{CallFault, CaptureMode, DisputeStatus, ObservedStatus, RefundStatus},
};
use serde_json::json;
use std::time::Duration;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub(super) fn reply(status: u16, body: Value) -> Recorded {
    (status, &[], body.to_string())
}

pub(super) fn stripe(server: &Server) -> Arc<dyn PaymentGateway> {
    let settings = json!({
        "secret_key": "sk_test_kontor",
        "webhook_secrets": ["whsec_kontor_vector_0001"],
        "endpoint": server.url,
        "connected_account": "acct_kontor"
    });
    build(&settings, &http()).unwrap()
}

pub(super) fn czk(amount: i64) -> Money {
    Money::new(amount, Currency::CZK)
}

pub(super) fn open() -> OpenPayment {
    OpenPayment {
        tenant: tenant(),
        payment: EntityId::named("01977e4e-0000-7000-8000-000000000001"),
        attempt: 1,
        amount: czk(129_900),
        capture: CaptureMode::Automatic,
        method: None,
        return_url: Some("https://shop.example/thanks?s={CHECKOUT_SESSION_ID}".into()),
        cancel_url: Some("https://shop.example/basket".into()),
        description: "Order 2026-000001".into(),
        until: NOW.plus(Duration::from_secs(7200)),
        customer_email: Some("ann@example.com".into()),
        requested_at: NOW,
        key: "kontor-1".into(),
    }
}

fn page(status: &str, payment_status: &str, intent: Value) -> Value {
    json!({
        "id": "cs_test_1", "object": "checkout.session", "status": status,
        "payment_status": payment_status, "amount_total": 129_900, "currency": "czk",
        "url": "https://checkout.stripe.com/c/pay/cs_test_1", "payment_intent": intent,
        "expires_at": 1_767_232_800, "metadata": {"attempt": "1"}
    })
}

pub(super) fn intent(status: &str, more: Value) -> Value {
    let mut intent = json!({
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 129_900,
        "amount_capturable": 0, "amount_received": 0, "currency": "czk", "metadata": {}
    });
    for (name, value) in more.as_object().unwrap() {
        intent[name] = value.clone();
    }
    intent
}

#[tokio::test]
async fn a_session_is_made_with_all_that_stripe_needs() {
    let server = Server::new([reply(200, page("open", "unpaid", Value::Null))]).await;
    let opened = stripe(&server).open(&open()).await.unwrap();
    assert_eq!(opened.provider_ref, "cs_test_1");
    assert!(opened.redirect_url.unwrap().starts_with("https://checkout.stripe.com/"));
    assert_eq!(opened.expires_at, Some(Timestamp::from_millis(1_767_232_800_000)));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /v1/checkout/sessions");
    for (name, value) in [
        ("authorization", "Bearer sk_test_kontor"),
        ("stripe-version", "2026-10-28.endive"),
        ("idempotency-key", "kontor-1"),
        ("stripe-account", "acct_kontor"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        assert_eq!(asked.header(name), Some(value), "{name}");
    }
    for (name, value) in [
        ("mode", "payment"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "czk"),
        ("line_items[0][price_data][unit_amount]", "129900"),
        ("line_items[0][price_data][product_data][name]", "Order 2026-000001"),
        ("success_url", "https://shop.example/thanks?s={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://shop.example/basket"),
        ("client_reference_id", "01977e4e-0000-7000-8000-000000000001"),
        ("metadata[tenant]", "harbour-books"),
        ("metadata[payment]", "01977e4e-0000-7000-8000-000000000001"),
        ("metadata[attempt]", "1"),
        ("payment_intent_data[metadata][payment]", "01977e4e-0000-7000-8000-000000000001"),
        ("expires_at", "1767232800"),
        ("customer_email", "ann@example.com"),
    ] {
        assert_eq!(asked.get(name), Some(value), "{name}");
    }
    assert_eq!(asked.get("payment_intent_data[capture_method]"), None);
}

#[test]
fn the_same_key_always_comes_with_the_same_bytes_and_an_end_that_stripe_takes() {
    let end = |seconds| {
        let form =
            session::form(&OpenPayment { until: NOW.plus(Duration::from_secs(seconds)), ..open() });
        let form = form.unwrap();
        let at = form.iter().find(|(name, _)| name == "expires_at").unwrap();
        at.1.parse::<i64>().unwrap() - NOW.seconds()
    };
    assert_eq!(end(60), 35 * 60);
    assert_eq!(end(3600), 3600);
    assert_eq!(end(7 * 86_400), 24 * 3600 - 300);
    assert_eq!(session::form(&open()).unwrap(), session::form(&open()).unwrap());
}

#[test]
fn a_session_without_a_way_back_cannot_be_made() {
    let fault = session::form(&OpenPayment { return_url: None, ..open() }).unwrap_err();
    assert_eq!(fault.fault, CallFault::GiveUp);
}

#[tokio::test]
async fn how_a_session_stands_is_read_with_its_payment_intent() {
    use ObservedStatus as S;
    let none = Value::Null;
    let held = intent("requires_capture", json!({"amount_capturable": 129_900}));
    let declined = json!({"last_payment_error": {"code": "card_declined", "message": "No."}});
    let lapsed = intent("canceled", json!({"cancellation_reason": "automatic"}));
    let void = intent("canceled", json!({"cancellation_reason": "requested_by_customer"}));
    for (answer, expected) in [
        (page("open", "unpaid", none.clone()), S::Created),
        (page("open", "unpaid", intent("requires_payment_method", declined)), S::Created),
        (page("open", "unpaid", intent("processing", json!({}))), S::Pending),
        (page("complete", "unpaid", intent("processing", json!({}))), S::Pending),
        (page("complete", "unpaid", held), S::Authorized),
        (page("complete", "unpaid", lapsed), S::Expired),
        (page("complete", "unpaid", void), S::Cancelled),
        (page("complete", "paid", json!("pi_1")), S::Paid),
        (page("expired", "unpaid", none.clone()), S::Expired),
        (page("something_new", "unpaid", none), S::Pending),
    ] {
        let text = answer.to_string();
        let server = Server::new([reply(200, answer)]).await;
        let references = vec!["cs_test_1".to_owned()];
        let told = stripe(&server)
            .query(&QueryPayment { references, refunds: false, ours: Vec::new(), wanted: true })
            .await;
        let told = told.unwrap();
        assert_eq!(told.status, Some(expected), "{text}");
        assert_eq!((told.amount, told.attempt), (Some(czk(129_900)), Some(1)));
        let line = "GET /v1/checkout/sessions/cs_test_1?expand%5B%5D=payment_intent";
        assert_eq!(server.asked()[0].line, line);
    }
}

#[tokio::test]
async fn refunds_are_asked_for_with_the_payment() {
    let list = json!({"object": "list", "has_more": false, "data": [
        {"id": "re_1", "amount": 900, "currency": "czk", "status": "succeeded",
         "payment_intent": "pi_1", "metadata": {"refund": "r"}},
        {"id": "re_2", "amount": 100, "currency": "czk", "status": "failed",
         "failure_reason": "lost_or_stolen_card", "payment_intent": "pi_1", "metadata": null}
    ]});
    let paid = intent("succeeded", json!({"amount_received": 129_900}));
    let server = Server::new([reply(200, page("complete", "paid", paid)), reply(200, list)]).await;
    let query = QueryPayment {
        references: vec!["cs_test_1".into()],
        refunds: true,
        ours: Vec::new(),
        wanted: true,
    };
    let told = stripe(&server).query(&query).await.unwrap();
    assert_eq!(told.captured, Some(czk(129_900)));
    assert_eq!(server.asked()[1].line, "GET /v1/refunds?payment_intent=pi_1&limit=100");
    assert_eq!(told.refunds[0].refund, Some(EntityId::named("r")));
    assert_eq!(told.refunds[0].status, RefundStatus::Succeeded);
    assert_eq!(told.refunds[1].problem.as_ref().unwrap().code, "lost_or_stolen_card");
}

#[tokio::test]
async fn captures_cancellations_and_refunds_go_where_stripe_wants_them() {
    let refund = json!({"id": "re_1", "amount": 400, "currency": "czk", "status": "pending"});
    let server = Server::new([
        reply(200, intent("succeeded", json!({"amount_received": 60_000}))),
        reply(200, intent("canceled", json!({}))),
        reply(200, page("expired", "unpaid", Value::Null)),
        reply(200, refund),
    ])
    .await;
    let gateway = stripe(&server);
    let references: Vec<String> = vec!["cs_test_1".into(), "pi_1".into()];
    let key = || "kontor-2".to_owned();
    let capture =
        CapturePayment { references: references.clone(), amount: czk(60_000), key: key() };
    let told = gateway.capture(&capture).await.unwrap();
    assert_eq!(told.captured, Some(czk(60_000)));
    let cancel = |held| CancelPayment { references: references.clone(), held, key: key() };
    let told = gateway.cancel(&cancel(true)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Cancelled));
    let told = gateway.cancel(&cancel(false)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Expired));
    let give = RefundPayment {
        tenant: tenant(),
        payment: EntityId::named("p"),
        refund: EntityId::named("r"),
        references,
        amount: czk(400),
        key: key(),
    };
    let seen = gateway.refund(&give).await.unwrap();
    assert_eq!((seen.status, seen.refund), (RefundStatus::Pending, Some(EntityId::named("r"))));
    let lines: Vec<_> = server.asked().iter().map(|asked| asked.line.clone()).collect();
    assert_eq!(
        lines,
        [
            "POST /v1/payment_intents/pi_1/capture",
            "POST /v1/payment_intents/pi_1/cancel",
            "POST /v1/checkout/sessions/cs_test_1/expire",
            "POST /v1/refunds",
        ]
    );
    let asked = server.asked();
    assert_eq!(asked[0].get("amount_to_capture"), Some("60000"));
    assert_eq!(asked[3].get("payment_intent"), Some("pi_1"));
    assert_eq!(asked[3].get("metadata[refund]"), Some("r"));
    assert!(asked.iter().all(|asked| asked.header("idempotency-key") == Some("kontor-2")));
}

#[tokio::test]
async fn errors_say_what_is_to_be_done() {
    type Headers = &'static [(&'static str, &'static str)];
    let again = |fresh_key| CallFault::Retry { at: None, fresh_key };
    let ask = |fresh_key| CallFault::AskFirst { fresh_key };
    let replayed: Headers = &[("idempotent-replayed", "true")];
    let (yes, no): (Headers, Headers) =
        (&[("stripe-should-retry", "true")], &[("stripe-should-retry", "false")]);
    let error = |kind: &str, code: &str| json!({"error": {"type": kind, "code": code}}).to_string();
    let api = || error("api_error", "");
    for (status, headers, body, opening, refunding) in [
        (400, &[][..], error("idempotency_error", ""), again(true), ask(true)),
        (
            409,
            &[][..],
            error("idempotency_error", "idempotency_key_in_use"),
            again(false),
            again(false),
        ),
        (429, &[][..], error("invalid_request_error", "lock_timeout"), again(false), again(false)),
        (500, &[][..], api(), again(false), ask(false)),
        (500, replayed, api(), again(true), ask(true)),
        (503, no, api(), again(true), ask(true)),
        (500, yes, api(), again(false), again(false)),
        (502, &[][..], "<html>".into(), again(false), ask(false)),
        (401, &[][..], error("invalid_request_error", ""), CallFault::GiveUp, CallFault::GiveUp),
        (402, &[][..], error("card_error", "card_declined"), CallFault::GiveUp, CallFault::GiveUp),
        (
            400,
            &[][..],
            error("invalid_request_error", "charge_already_refunded"),
            CallFault::GiveUp,
            ask(true),
        ),
        (200, &[][..], "{\"id\":".into(), again(false), ask(false)),
        (0, &[][..], String::new(), again(false), ask(false)),
    ] {
        let text = format!("{status} {headers:?} {body}");
        let recorded: Recorded = (status, headers, body);
        let server = Server::new([recorded.clone(), recorded]).await;
        let fault = stripe(&server).open(&open()).await.unwrap_err();
        assert_eq!(fault.fault, opening, "opening: {text}");
        let give = RefundPayment {
            tenant: tenant(),
            payment: EntityId::named("p"),
            refund: EntityId::named("r"),
            references: vec!["pi_1".into()],
            amount: czk(1),
            key: "k".into(),
        };
        let fault = stripe(&server).refund(&give).await.unwrap_err();
        assert_eq!(fault.fault, refunding, "refunding: {text}");
    }
}

#[tokio::test]
async fn stripe_says_when_to_come_again() {
    let server = Server::new([(429, &[("retry-after", "7")][..], "{}".to_owned())]).await;
    let fault = stripe(&server).open(&open()).await.unwrap_err();
    let CallFault::Retry { at: Some(at), fresh_key: false } = fault.fault else {
        panic!("{fault:?}")
    };
    let wait = at.since(Timestamp::now());
    assert!(wait <= Duration::from_secs(7) && wait > Duration::from_secs(3), "{wait:?}");
    assert_eq!(fault.cause, FaultCause::Throttled);
}

pub(super) fn event(kind: &str, object: Value) -> Interpreted {
    let body = json!({
        "id": "evt_1", "object": "event", "type": kind, "created": 1_767_225_600,
        "data": {"object": object}
    });
    notification::read(body.to_string().as_bytes(), NOW).unwrap()
}

#[test]
fn every_event_that_is_subscribed_to_is_understood() {
    use ObservedStatus as S;
    let pi = json!("pi_1");
    let held = intent("requires_capture", json!({"amount_capturable": 129_900}));
    for (kind, object, expected) in [
        ("checkout.session.completed", page("complete", "paid", pi.clone()), S::Paid),
        ("checkout.session.completed", page("complete", "unpaid", pi.clone()), S::Pending),
        ("checkout.session.async_payment_succeeded", page("complete", "paid", pi.clone()), S::Paid),
        ("checkout.session.async_payment_failed", page("complete", "unpaid", pi), S::Failed),
        ("checkout.session.expired", page("expired", "unpaid", Value::Null), S::Expired),
        ("payment_intent.processing", intent("processing", json!({})), S::Pending),
        ("payment_intent.amount_capturable_updated", held, S::Authorized),
        (
            "payment_intent.succeeded",
            intent("succeeded", json!({"amount_received": 129_900})),
            S::Paid,
        ),
        ("payment_intent.payment_failed", intent("requires_payment_method", json!({})), S::Created),
        ("payment_intent.canceled", intent("canceled", json!({})), S::Cancelled),
    ] {
        let read = event(kind, object);
        let told = read.observation.unwrap();
        assert_eq!(told.status, Some(expected), "{kind}");
        assert_eq!(told.provider_event.as_deref(), Some("evt_1"));
        assert_eq!(told.observed_at, NOW);
    }
}

#[test]
fn a_refund_that_comes_with_its_payment_intent_only_is_understood() {
    for kind in ["refund.created", "refund.updated", "refund.failed"] {
        let read = event(
            kind,
            json!({"id": "re_1", "object": "refund", "amount": 400, "currency": "czk",
                   "status": "failed", "payment_intent": "pi_1"}),
        );
        assert_eq!(read.references, ["pi_1"]);
        let told = read.observation.unwrap();
        assert_eq!((told.status, told.refunds[0].status), (None, RefundStatus::Failed));
    }
}

#[test]
fn disputes_are_understood() {
    for (status, expected) in [
        ("needs_response", DisputeStatus::Open),
        ("warning_under_review", DisputeStatus::Open),
        ("won", DisputeStatus::Won),
        ("warning_closed", DisputeStatus::Won),
        ("lost", DisputeStatus::Lost),
    ] {
        let read = event(
            "charge.dispute.updated",
            json!({"id": "dp_1", "object": "dispute", "amount": 129_900, "currency": "czk",
                   "status": status, "payment_intent": "pi_1", "charge": "ch_1",
                   "evidence_details": {"due_by": 1_767_225_600}}),
        );
        let told = read.observation.unwrap();
        assert_eq!(told.disputes[0].status, expected, "{status}");
        assert_eq!(told.disputes[0].respond_by, Some(NOW));
    }
}

#[tokio::test]
async fn w75_only_what_stripe_signed_over_the_raw_body_is_taken() {
    let settings = json!({"secret_key": "sk", "webhook_secrets": ["whsec_kontor_vector_0001"]});
    let gateway = build(&settings, &http()).unwrap();
    let body = br#"{"id":"evt_kontor_0001","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_test_kontor_0001","object":"checkout.session","payment_status":"paid","amount_total":129900,"currency":"czk"}}}"#;
    let signature =
        "t=1767225600,v1=fe49753e02618ae1926f1e86cec371910d7e21a3b42137367d3cf0015cdd3693";
    let headers = Headers::new([("Stripe-Signature", signature)]);
    let read = gateway.interpret(&headers, body, NOW).await.unwrap();
    assert_eq!(read.references, ["cs_test_kontor_0001"]);
    assert_eq!(read.observation.unwrap().captured, Some(czk(129_900)));
    let none = gateway.interpret(&Headers::default(), body, NOW).await;
    assert_eq!(none, Err(NotificationError::Unsigned));
}

#[test]
fn a_genuine_event_that_cannot_be_read_is_kept_and_stripe_is_asked() {
    let broken = json!({"id": "pi_1", "object": "payment_intent", "amount": "a lot"});
    let read = event("payment_intent.succeeded", broken);
    assert_eq!((read.observation, read.references), (None, vec!["pi_1".to_owned()]));
    let thin = br#"{"id":"evt_1","object":"v2.core.event","type":"x"}"#;
    assert!(matches!(notification::read(thin, NOW), Err(NotificationError::Malformed(_))));
}

#[tokio::test]
async fn what_is_of_the_other_mode_is_not_believed() {
    let mut live = page("complete", "paid", json!("pi_1"));
    live["livemode"] = true.into();
    let server = Server::new([reply(200, live)]).await;
    let gateway = stripe(&server);
    let references = vec!["cs_test_1".to_owned()];
    let asked = QueryPayment { references, refunds: false, ours: Vec::new(), wanted: true };
    let fault = gateway.query(&asked).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.fault), ("other_mode", CallFault::LeaveToPerson));
    let body = r#"{"id":"evt_1","object":"event","type":"x","livemode":true,"data":{"object":{}}}"#;
    for (body, taken) in [(body.to_owned(), false), (body.replace("true", "false"), true)] {
        let headers = signed(&body);
        let read = gateway.interpret(&headers, body.as_bytes(), NOW).await;
        assert_eq!(read.is_ok(), taken, "{read:?}");
    }
}

fn signed(body: &str) -> Headers {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"whsec_kontor_vector_0001").unwrap();
    mac.update(format!("{}.{body}", NOW.seconds()).as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    Headers::new([("Stripe-Signature", format!("t={},v1={signature}", NOW.seconds()).as_str())])
}
