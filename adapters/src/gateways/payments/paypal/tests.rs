//! Recorded exchanges with PayPal.

use super::*;
use crate::gateways::{
    payments::testing::{NOW, PAYMENT, capture, czk, money, open_in, query, refund},
    tests::{Recorded, Server, http},
};
use kontor_messages::{
    EntityId,
    payment::{CallFault, DisputeStatus, RefundStatus},
};

const TOKEN: &str = r#"{"access_token":"tok-1","token_type":"Bearer","expires_in":32400}"#;
const ID: &str = "5O190127TN364715T";

fn reply(status: u16, body: impl ToString) -> Recorded {
    (status, &[], body.to_string())
}

async fn with(replies: impl IntoIterator<Item = Recorded>) -> (Server, Arc<dyn PaymentGateway>) {
    let server = Server::new([reply(200, TOKEN)].into_iter().chain(replies)).await;
    let settings = json!({
        "client_id": "client", "client_secret": "secret", "endpoint": server.url,
        "brand_name": "Harbour Books"
    });
    let gateway = build(&settings, &http()).unwrap();
    (server, gateway)
}

fn names() -> Vec<String> {
    [ID, "authorization/0AW2184448108334S", "capture/3C679366HH908993F"].map(str::to_owned).into()
}

fn order(status: &str, payments: Value) -> Value {
    json!({"id": ID, "status": status, "intent": "CAPTURE", "purchase_units": [{
        "custom_id": format!("{PAYMENT}/2"), "payments": payments,
        "amount": {"currency_code": "CZK", "value": "1299.00"}}],
        "links": [{"rel": "self", "href": "https://api/"},
                  {"rel": "payer-action", "href": "https://www.paypal.com/checkoutnow?token=5O"}]})
}

fn part(id: &str, status: &str, value: &str) -> Value {
    json!({"id": id, "status": status, "amount": {"currency_code": "CZK", "value": value}})
}

#[tokio::test]
async fn an_order_is_made_and_the_payer_sent_where_its_link_says() {
    let (server, gateway) = with([reply(200, order("PAYER_ACTION_REQUIRED", Value::Null))]).await;
    let opened = gateway.open(&open_in("CZK")).await.unwrap();
    assert_eq!(opened.provider_ref, ID);
    let url = "https://www.paypal.com/checkoutnow?token=5O";
    assert_eq!(opened.redirect_url.as_deref(), Some(url));
    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), Some("Basic Y2xpZW50OnNlY3JldA=="));
    assert_eq!(asked[1].line, "POST /v2/checkout/orders");
    for (name, value) in [
        ("authorization", "Bearer tok-1"),
        ("paypal-request-id", "kontor-1"),
        ("prefer", "return=representation"),
    ] {
        assert_eq!(asked[1].header(name), Some(value), "{name}");
    }
}

#[test]
fn amounts_are_written_with_the_decimals_that_paypal_takes() {
    for (ours, expected) in [
        (czk(129_900), Some("1299.00")),
        (money(129_900, "HUF"), Some("1299")),
        (money(129_950, "HUF"), None),
        (money(1299, "JPY"), Some("1299")),
        (money(129_900, "TWD"), Some("1299")),
        (czk(0), None),
    ] {
        let wire = status::to_wire(ours).ok().map(|amount| amount.value);
        assert_eq!(wire.as_deref(), expected, "{ours}");
    }
}

#[tokio::test]
async fn every_status_is_understood_and_an_unknown_one_means_pending() {
    use ObservedStatus as S;
    let inside = |kind: &str, status: &str| json!({ kind: [part("X", status, "1299.00")] });
    let captures = |status| inside("captures", status);
    let holds = |status| inside("authorizations", status);
    for (status, payments, expected) in [
        ("CREATED", Value::Null, S::Created),
        ("SAVED", Value::Null, S::Created),
        ("PAYER_ACTION_REQUIRED", Value::Null, S::Created),
        ("VOIDED", Value::Null, S::Cancelled),
        ("SOMETHING", Value::Null, S::Pending),
        ("COMPLETED", Value::Null, S::Pending),
        ("COMPLETED", captures("COMPLETED"), S::Paid),
        ("COMPLETED", captures("REFUNDED"), S::Paid),
        ("COMPLETED", captures("PENDING"), S::Pending),
        ("COMPLETED", captures("DECLINED"), S::Failed),
        ("COMPLETED", holds("CREATED"), S::Authorized),
        ("COMPLETED", holds("PENDING"), S::Pending),
        ("COMPLETED", holds("DENIED"), S::Failed),
        ("COMPLETED", holds("VOIDED"), S::Cancelled),
        ("COMPLETED", holds("SOMETHING"), S::Pending),
    ] {
        let (_server, gateway) = with([reply(200, order(status, payments.clone()))]).await;
        let told = gateway.query(&query(&names())).await.unwrap();
        assert_eq!(told.status, Some(expected), "{status} {payments}");
        assert_eq!((told.amount, told.attempt), (Some(czk(129_900)), Some(2)));
    }
}

#[tokio::test]
async fn several_captures_add_up_and_refunds_are_told_by_name() {
    let payments = json!({
        "authorizations": [part("A", "PARTIALLY_CAPTURED", "1299.00")],
        "captures": [part("C1", "PARTIALLY_REFUNDED", "600.00"), part("C2", "COMPLETED", "99.01"),
                     part("C3", "DECLINED", "1.00")],
        "refunds": [{"id": "R1", "status": "COMPLETED", "custom_id": "r/1",
                     "amount": {"currency_code": "CZK", "value": "4.00"}}]});
    let (_server, gateway) = with([reply(200, order("COMPLETED", payments))]).await;
    let told = gateway.query(&query(&names())).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(69_901))));
    assert_eq!(told.references, [ID, "authorization/A", "capture/C1", "capture/C2", "capture/C3"]);
    assert_eq!(told.refunds[0].refund, Some(EntityId::named("r/1")));
    assert_eq!(
        (told.refunds[0].status, told.refunds[0].amount),
        (RefundStatus::Succeeded, czk(400))
    );
}

#[tokio::test]
async fn an_order_that_is_gone_has_expired() {
    let gone = json!({"name": "RESOURCE_NOT_FOUND", "details": [{"issue": "INVALID_RESOURCE_ID"}]});
    let (_server, gateway) = with([reply(404, gone)]).await;
    let told = gateway.query(&query(&names())).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Expired));
}

#[tokio::test]
async fn calls_go_to_what_was_named_and_wait_for_its_name() {
    let back = json!({"id": "R1", "status": "PENDING",
                      "amount": {"currency_code": "CZK", "value": "4.00"}});
    let (server, gateway) =
        with([reply(201, part("C1", "PENDING", "600.00")), reply(201, back)]).await;
    let told = gateway.capture(&capture(&names(), czk(60_000))).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Pending), None));
    let seen = gateway.refund(&refund(&names(), "r-1", czk(400))).await.unwrap();
    assert_eq!(seen.status, RefundStatus::Pending);
    let asked = server.asked();
    assert_eq!(asked[1].line, "POST /v2/payments/authorizations/0AW2184448108334S/capture");
    assert_eq!(asked[2].line, "POST /v2/payments/captures/3C679366HH908993F/refund");
    assert_eq!(asked[2].header("paypal-request-id"), Some("kontor-r-1"));
    let only_order = [ID.to_owned()];
    let fault = gateway.refund(&refund(&only_order, "r-1", czk(400))).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
}

#[tokio::test]
async fn errors_say_what_is_to_be_done() {
    let again = CallFault::Retry { at: None, fresh_key: false };
    let ask = CallFault::AskFirst { fresh_key: false };
    let stop = CallFault::GiveUp;
    let error =
        |issue: &str| json!({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]});
    for (status, body, opening, refunding) in [
        (409, error("PREVIOUS_REQUEST_IN_PROGRESS").to_string(), again, again),
        (422, error("REFUND_AMOUNT_EXCEEDED").to_string(), stop, stop),
        (422, error("CAPTURE_FULLY_REFUNDED").to_string(), stop, ask),
        (429, json!({"name": "RATE_LIMIT_REACHED"}).to_string(), again, again),
        (500, json!({"name": "INTERNAL_SERVER_ERROR"}).to_string(), again, ask),
        (503, "<html>".into(), again, ask),
        (200, "{\"id\":".into(), again, ask),
        (0, String::new(), again, ask),
    ] {
        let (_server, gateway) = with([reply(status, &body), reply(status, &body)]).await;
        let fault = gateway.open(&open_in("CZK")).await.unwrap_err();
        assert_eq!(fault.fault, opening, "opening: {status} {body}");
        let fault = gateway.refund(&refund(&names(), "r", czk(1))).await.unwrap_err();
        assert_eq!(fault.fault, refunding, "refunding: {status} {body}");
    }
}

fn event(kind: &str, resource: Value) -> Interpreted {
    let body = json!({"id": "WH-1", "event_type": kind, "create_time": "2026-01-01T00:00:00.000Z",
                      "resource": resource});
    notification::read(body.to_string().as_bytes(), NOW).unwrap()
}

#[test]
fn every_event_that_is_subscribed_to_is_understood() {
    use ObservedStatus as S;
    let mut taken = part("C1", "COMPLETED", "1299.00");
    taken["custom_id"] = format!("{PAYMENT}/2").into();
    taken["supplementary_data"] = json!({"related_ids": {"order_id": ID}});
    let read = event("PAYMENT.CAPTURE.COMPLETED", taken);
    assert_eq!(read.references, [ID, "capture/C1"]);
    assert_eq!(read.payment, Some(EntityId::named(PAYMENT)));
    let told = read.observation.unwrap();
    assert_eq!((told.status, told.captured), (Some(S::Paid), Some(czk(129_900))));
    for (kind, status, expected) in [
        ("PAYMENT.CAPTURE.PENDING", "PENDING", S::Pending),
        ("PAYMENT.CAPTURE.DECLINED", "DECLINED", S::Failed),
        ("PAYMENT.AUTHORIZATION.CREATED", "CREATED", S::Authorized),
        ("PAYMENT.AUTHORIZATION.VOIDED", "VOIDED", S::Cancelled),
    ] {
        let told = event(kind, part("X", status, "1299.00")).observation.unwrap();
        assert_eq!(told.status, Some(expected), "{kind}");
    }
    for kind in ["CHECKOUT.ORDER.APPROVED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED", "SOMETHING"] {
        assert_eq!(event(kind, json!({"id": ID})).observation, None, "{kind}");
    }
}

#[test]
fn a_refunds_capture_is_only_in_its_link() {
    let resource = json!({"id": "R1", "status": "COMPLETED", "custom_id": "r/1",
        "amount": {"currency_code": "CZK", "value": "4.00"},
        "links": [{"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/C1"}]});
    let read = event("PAYMENT.CAPTURE.REFUNDED", resource.clone());
    assert_eq!((read.references, read.payment), (vec!["capture/C1".to_owned()], None));
    assert_eq!(read.observation.unwrap().refunds[0].refund, Some(EntityId::named("r/1")));
    let reversed = event("PAYMENT.CAPTURE.REVERSED", resource).observation.unwrap();
    assert_eq!(reversed.disputes[0].status, DisputeStatus::Lost);
}

#[test]
fn disputes_are_understood() {
    for (status, outcome, expected) in [
        ("WAITING_FOR_SELLER_RESPONSE", None, DisputeStatus::Open),
        ("RESOLVED", Some("RESOLVED_BUYER_FAVOUR"), DisputeStatus::Lost),
        ("RESOLVED", Some("ACCEPTED"), DisputeStatus::Lost),
        ("RESOLVED", Some("RESOLVED_SELLER_FAVOUR"), DisputeStatus::Won),
        ("RESOLVED", Some("CANCELED_BY_BUYER"), DisputeStatus::Won),
        ("RESOLVED", Some("SOMETHING"), DisputeStatus::Open),
    ] {
        let resource = json!({"dispute_id": "PP-D-1", "status": status, "reason": "UNAUTHORISED",
            "dispute_amount": {"currency_code": "CZK", "value": "1299.00"},
            "dispute_outcome": {"outcome_code": outcome},
            "disputed_transactions": [{"seller_transaction_id": "C1"}]});
        let read = event("CUSTOMER.DISPUTE.UPDATED", resource);
        assert_eq!(read.references, ["capture/C1"]);
        assert_eq!(read.observation.unwrap().disputes[0].status, expected, "{outcome:?}");
    }
}
