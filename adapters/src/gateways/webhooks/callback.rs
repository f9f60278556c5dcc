//! What a payment's callback says, in the shape of the payments service before, and what of that
//! shape its routes say as well. The same for the same event, however often it is made.

use crate::gateways::payments::exact;
use kontor_actors::{payment::PaymentDocument, policies::callbacks::News};
use kontor_messages::{EntityId, Money, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

/// What is posted, in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    payment_id: &'a EntityId,
    order_id: &'a str,
    application_id: &'a str,
    status: &'static str,
    event: &'static str,
    timestamp: Timestamp,
    amount: Box<RawValue>,
    currency: &'a str,
    payment_method: &'a str,
    metadata: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded_amount: Option<Box<RawValue>>,
}

/// The body of a callback; none for a payment that no application asked for.
pub fn body(
    payment: &EntityId,
    document: &PaymentDocument,
    (news, refunded): (News, Option<Money>),
    at: Timestamp,
) -> Option<String> {
    let client = document.plan.client.as_ref()?;
    let body = Body {
        payment_id: payment,
        order_id: &client.order,
        application_id: &client.application,
        status: news.status,
        event: news.event,
        timestamp: at,
        amount: decimal(document.amount()),
        currency: document.currency.as_str(),
        payment_method: &client.method,
        metadata: metadata(client.metadata.as_deref()),
        refunded_amount: refunded.map(decimal),
    };
    serde_json::to_string(&body).ok()
}

/// An amount as a JSON number in major units, written digit by digit.
pub fn decimal(money: Money) -> Box<RawValue> {
    raw(exact::decimal(money.amount_minor, money.currency.exponent()))
}

/// What the application wanted to hear again; nothing if it was erased meanwhile.
fn metadata(text: Option<&str>) -> Box<RawValue> {
    let told = text.and_then(|text| RawValue::from_string(text.to_owned()).ok());
    told.filter(|told| told.get().starts_with('{')).unwrap_or_else(|| raw("{}".to_owned()))
}

fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_actors::testing::{NOW, given};
    use kontor_actors::{
        payment::{Payment, PaymentState},
        policies::callbacks::news,
    };
    use kontor_messages::{
        Currency,
        payment::{
            CaptureMode, PaymentClient, PaymentCommand, PaymentEvent, PaymentPlan, PaymentStatus,
        },
    };
    use std::time::Duration;

    fn payment(currency: Currency, metadata: Option<&str>) -> (EntityId, Box<PaymentDocument>) {
        let id = EntityId::named("01977e4e-0000-7000-8000-000000000001");
        let client = PaymentClient {
            application: "shop".into(),
            order: "o-1".into(),
            method: "card".into(),
            callback_url: Some("https://shop.example/paid".into()),
            metadata: metadata.map(str::to_owned),
        };
        let request = PaymentCommand::Request {
            payment: id.clone(),
            order: None,
            amount: Money::new(129_950, currency),
            provider: "stripe".into(),
            account: "main".into(),
            capture: CaptureMode::Automatic,
            return_url: None,
            cancel_url: None,
            description: "Order".into(),
            until: NOW.plus(Duration::from_secs(60)),
            customer_email: None,
            plan: PaymentPlan { client: Some(Box::new(client)), ..PaymentPlan::default() },
        };
        let mut stage = given::<Payment>([]);
        stage.obey(request).unwrap();
        let PaymentState::Payment(document) = stage.state(&id) else { panic!("no payment") };
        (id, document)
    }

    #[test]
    fn a_callback_says_what_the_applications_read() {
        let (id, document) = payment(Currency::CZK, Some(r#"{"seat":12.10,"by":"Jana"}"#));
        let paid = PaymentEvent::Paid { order: None, paid: document.amount() };
        let body = body(&id, &document, (news(&paid).unwrap(), None), NOW).unwrap();
        let expected = r#"{"paymentId":"01977e4e-0000-7000-8000-000000000001","orderId":"o-1","applicationId":"shop","status":"completed","event":"completed","timestamp":"2026-01-15T10:00:00.000Z","amount":1299.50,"currency":"CZK","paymentMethod":"card","metadata":{"seat":12.10,"by":"Jana"}}"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency_and_what_was_erased_is_empty() {
        let (id, document) = payment(Currency::parse("JPY").unwrap(), Some("[erased]"));
        let refunded = Money::new(950, document.currency);
        let status = PaymentStatus::PartiallyRefunded;
        let event = PaymentEvent::Refunded { order: None, refunded, status };
        let told = (news(&event).unwrap(), Some(refunded));
        let body = body(&id, &document, told, NOW).unwrap();
        let end = r#""amount":129950,"currency":"JPY","paymentMethod":"card","metadata":{},"refundedAmount":950}"#;
        assert!(body.contains(r#""status":"completed","event":"refunded""#), "{body}");
        assert!(body.ends_with(end), "{body}");
    }
}
