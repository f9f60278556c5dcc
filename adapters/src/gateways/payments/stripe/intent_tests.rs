//! Recorded exchanges about payment intents of our own making.

use super::{
    tests::{czk, event, intent, open, reply},
    *,
};
use crate::gateways::tests::{Server, http, tenant};
use kontor_messages::{
    EntityId,
    payment::{CaptureMode, ObservedStatus, RefundStatus},
};
use serde_json::json;

const SECRET: &str = "pi_1_secret_hidden";

fn on_own_page(server: &Server, more: Value) -> Arc<dyn PaymentGateway> {
    let mut settings = json!({
        "secret_key": "sk_test_kontor", "endpoint": server.url, "flow": "payment_intent",
        "publishable_key": "pk_test_kontor",
    });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    build(&settings, &http()).unwrap()
}

fn made() -> Value {
    intent("requires_payment_method", json!({ "client_secret": SECRET }))
}

#[tokio::test]
async fn an_intent_is_made_once_for_its_key_and_tells_what_the_browser_needs() {
    let server = Server::new([reply(200, made())]).await;
    let gateway = on_own_page(&server, json!({}));
    assert!(!gateway.abilities().redirect);
    let opened = gateway.open(&open()).await.unwrap();
    assert_eq!((opened.provider_ref.as_str(), opened.redirect_url.clone()), ("pi_1", None));
    assert_eq!(opened.expires_at, Some(open().until));
    assert!(!format!("{opened:?}").contains(SECRET), "what is printed goes into logs");
    let client = opened.client.unwrap();
    assert_eq!(client.client_secret, SECRET);
    assert_eq!(client.publishable_key.as_deref(), Some("pk_test_kontor"));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /v1/payment_intents");
    assert_eq!(asked.header("idempotency-key"), Some("kontor-1"));
    for (name, value) in [
        ("amount", "129900"),
        ("currency", "czk"),
        ("automatic_payment_methods[enabled]", "true"),
        ("metadata[tenant]", "harbour-books"),
        ("metadata[payment]", "01977e4e-0000-7000-8000-000000000001"),
        ("metadata[attempt]", "1"),
        ("metadata[description]", "Order 2026-000001"),
        ("receipt_email", "ann@example.com"),
    ] {
        assert_eq!(asked.get(name), Some(value), "{name}");
    }
    assert_eq!(asked.get("capture_method"), None);
}

#[tokio::test]
async fn money_is_held_and_methods_are_named_if_that_is_wanted() {
    let server = Server::new([reply(200, made())]).await;
    let gateway = on_own_page(&server, json!({ "payment_method_types": ["card", "sepa_debit"] }));
    gateway.open(&OpenPayment { capture: CaptureMode::Manual, ..open() }).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.get("capture_method"), Some("manual"));
    assert_eq!(asked.get("payment_method_types[1]"), Some("sepa_debit"));
    assert_eq!(asked.get("automatic_payment_methods[enabled]"), None);
}

#[tokio::test]
async fn the_payer_s_method_chooses_the_page_before_the_account_does() {
    let server = Server::new([reply(200, made())]).await;
    let gateway = on_own_page(
        &server,
        json!({ "flow": "checkout", "flows": { "card_here": "payment_intent" } }),
    );
    assert!(gateway.abilities().redirect);
    let here = OpenPayment { method: Some("card_here".into()), return_url: None, ..open() };
    assert!(gateway.open(&here).await.unwrap().client.is_some());
    // On Stripe's page nobody can be paid who has none to come back to.
    let there = OpenPayment { return_url: None, ..open() };
    assert_eq!(gateway.open(&there).await.unwrap_err().code, "return_url_missing");
}

#[tokio::test]
async fn an_answer_without_its_secret_is_asked_for_again_under_the_same_key() {
    let server = Server::new([reply(200, intent("requires_payment_method", json!({})))]).await;
    let fault = on_own_page(&server, json!({})).open(&open()).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: false });
}

#[tokio::test]
async fn how_an_intent_stands_is_what_stripe_says_of_it() {
    use ObservedStatus as S;
    let declined = json!({"last_payment_error": {"code": "card_declined", "message": "No."}});
    let reason = |word: &str| json!({ "cancellation_reason": word });
    for (status, more, expected) in [
        ("requires_payment_method", json!({}), S::Created),
        ("requires_payment_method", declined, S::Created),
        ("requires_confirmation", json!({}), S::Pending),
        ("requires_action", json!({}), S::Pending),
        ("processing", json!({}), S::Pending),
        ("requires_capture", json!({"amount_capturable": 129_900}), S::Authorized),
        ("succeeded", json!({"amount_received": 129_900}), S::Paid),
        ("canceled", reason("automatic"), S::Expired),
        ("canceled", reason("abandoned"), S::Expired),
        ("canceled", reason("expired"), S::Expired),
        ("canceled", reason("duplicate"), S::Cancelled),
        ("canceled", reason("failed_invoice"), S::Cancelled),
        ("canceled", reason("fraudulent"), S::Cancelled),
        ("canceled", reason("requested_by_customer"), S::Cancelled),
        ("canceled", reason("void_invoice"), S::Cancelled),
        ("something_new", json!({}), S::Pending),
    ] {
        let server = Server::new([reply(200, intent(status, more.clone()))]).await;
        let references = vec!["pi_1".to_owned()];
        let asked = QueryPayment { references, refunds: false, ours: Vec::new(), wanted: true };
        let told = on_own_page(&server, json!({})).query(&asked).await.unwrap();
        assert_eq!(told.status, Some(expected), "{status} {more}");
        assert_eq!(told.amount, Some(czk(129_900)));
        assert_eq!(server.asked()[0].line, "GET /v1/payment_intents/pi_1");
        assert_eq!(server.asked().len(), 1, "who is wanted is not called off");
    }
}

#[tokio::test]
async fn an_intent_that_nobody_wants_any_more_is_called_off_unless_the_payer_was_faster() {
    let lapsed = intent("canceled", json!({ "cancellation_reason": "abandoned" }));
    let late = (
        400,
        &[][..],
        json!({"error": {"type": "invalid_request_error",
        "code": "payment_intent_unexpected_state"}})
        .to_string(),
    );
    for (answer, expected) in
        [(reply(200, lapsed), ObservedStatus::Expired), (late, ObservedStatus::Created)]
    {
        let server = Server::new([reply(200, made()), answer]).await;
        let references = vec!["pi_1".to_owned()];
        let asked = QueryPayment { references, refunds: false, ours: Vec::new(), wanted: false };
        let told = on_own_page(&server, json!({})).query(&asked).await.unwrap();
        assert_eq!(told.status, Some(expected));
        let cancel = &server.asked()[1];
        assert_eq!(cancel.line, "POST /v1/payment_intents/pi_1/cancel");
        assert_eq!(cancel.get("cancellation_reason"), Some("abandoned"));
        assert_eq!(cancel.header("idempotency-key"), Some("pi_1-abandoned"));
    }
    let taken = intent("succeeded", json!({ "amount_received": 129_900 }));
    let server = Server::new([reply(200, taken)]).await;
    let asked = QueryPayment {
        references: vec!["pi_1".into()],
        refunds: false,
        ours: Vec::new(),
        wanted: false,
    };
    let told = on_own_page(&server, json!({})).query(&asked).await.unwrap();
    assert_eq!((told.captured, server.asked().len()), (Some(czk(129_900)), 1));
}

#[tokio::test]
async fn taking_calling_off_and_giving_back_go_to_the_intent() {
    let server = Server::new([
        reply(200, intent("succeeded", json!({"amount_received": 60_000}))),
        reply(200, intent("canceled", json!({}))),
        reply(200, json!({"id": "re_1", "amount": 400, "currency": "czk", "status": "succeeded"})),
    ])
    .await;
    let gateway = on_own_page(&server, json!({}));
    let references = || vec!["pi_1".to_owned()];
    let key = || "kontor-2".to_owned();
    let taking = CapturePayment { references: references(), amount: czk(60_000), key: key() };
    assert_eq!(gateway.capture(&taking).await.unwrap().captured, Some(czk(60_000)));
    // One that is not held either, for no session owns it.
    let off = CancelPayment { references: references(), held: false, key: key() };
    assert_eq!(gateway.cancel(&off).await.unwrap().status, Some(ObservedStatus::Cancelled));
    let give = RefundPayment {
        tenant: tenant(),
        payment: EntityId::named("p"),
        refund: EntityId::named("r"),
        references: references(),
        amount: czk(400),
        key: key(),
    };
    assert_eq!(gateway.refund(&give).await.unwrap().status, RefundStatus::Succeeded);
    let lines: Vec<_> = server.asked().iter().map(|asked| asked.line.clone()).collect();
    assert_eq!(
        lines,
        [
            "POST /v1/payment_intents/pi_1/capture",
            "POST /v1/payment_intents/pi_1/cancel",
            "POST /v1/refunds",
        ]
    );
}

fn charge(more: Value) -> Value {
    let mut charge = json!({
        "id": "ch_1", "object": "charge", "amount": 129_900, "amount_captured": 0,
        "captured": false, "currency": "czk", "payment_intent": "pi_1", "status": "succeeded",
        "metadata": { "payment": "p-1", "attempt": "1" },
    });
    for (name, value) in more.as_object().unwrap() {
        charge[name] = value.clone();
    }
    charge
}

#[test]
fn charges_say_what_one_try_has_moved() {
    use ObservedStatus as S;
    let taken = |amount: i64| json!({ "captured": true, "amount_captured": amount });
    let declined = json!({"status": "failed", "failure_code": "card_declined"});
    for (kind, more, status, captured) in [
        ("charge.succeeded", taken(129_900), S::Paid, Some(129_900)),
        ("charge.succeeded", json!({}), S::Authorized, None),
        ("charge.captured", taken(60_000), S::Paid, Some(60_000)),
        ("charge.updated", taken(129_900), S::Paid, Some(129_900)),
        ("charge.pending", json!({ "status": "pending" }), S::Pending, None),
        ("charge.failed", declined, S::Created, None),
        ("charge.expired", json!({}), S::Expired, None),
    ] {
        let read = event(kind, charge(more));
        assert_eq!(read.references, ["pi_1"], "{kind}");
        assert_eq!(read.payment, Some(EntityId::named("p-1")), "{kind}");
        let told = read.observation.unwrap();
        assert_eq!((told.status, told.attempt), (Some(status), Some(1)), "{kind}");
        assert_eq!(told.captured, captured.map(czk), "{kind}");
        assert_eq!(told.problem.is_some(), kind == "charge.failed", "{kind}");
    }
}

#[test]
fn a_charge_that_was_given_back_tells_a_total_and_so_stripe_is_asked() {
    let read = event("charge.refunded", charge(json!({ "amount_refunded": 400 })));
    assert_eq!(read.observation, None);
    assert!(read.references.contains(&"pi_1".to_owned()));
    assert_eq!(read.payment, Some(EntityId::named("p-1")));
}

#[test]
fn settings_that_fit_no_flow_are_refused() {
    for (more, member) in [
        (json!({ "publishable_key": "sk_test_1" }), "publishable_key"),
        (json!({ "publishable_key": "pk_test_1", "flow": "checkout" }), "publishable_key"),
        (json!({ "payment_method_types": ["Card!"] }), "payment_method_types"),
        (json!({ "flow": "somewhere" }), "flow"),
    ] {
        let mut settings = json!({ "secret_key": "sk_test_1", "flow": "payment_intent" });
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        let error = build(&settings, &http()).err().unwrap();
        assert!(error.starts_with(member), "{error}");
    }
    let live = json!({ "secret_key": "sk_test_1", "publishable_key": "pk_live_1" });
    assert!(of_mode(&live, AccountMode::Test).unwrap_err().starts_with("publishable_key"));
}
