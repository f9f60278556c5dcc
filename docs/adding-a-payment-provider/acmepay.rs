//! AcmePay: a payment page and a signed notification. It is made up, and compiled with the tests
//! of `kontor-adapters`, so that what it shows stays true.
//!
//! Formats: AcmePay's REST interface 2 (say where its documentation is). Amounts are integers of
//! minor units.

use super::{Provider, mode, told};
use crate::gateways::{
    fields::Field,
    http::{Call, Http, HttpFault},
};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use kontor_actors::ports::{
    Abilities, CancelPayment, CapturePayment, GatewayFault, Headers, Interpreted,
    NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::{
        Observation, ObservationSource, ObservedStatus, Operation, RefundSeen, RefundStatus,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use url::Url;

/// How it is registered: this constant goes into the list in `payments/mod.rs`.
pub const PROVIDER: Provider = Provider {
    name: "acmepay",
    needs_settings: true,
    calls: &["endpoint"],
    notify: None,
    fields: FIELDS,
    build,
    of_mode: mode::any,
};

/// The settings below, for forms: a test holds the two together.
const FIELDS: &[Field] = &[
    Field::secret("api_key", "The key of the interface."),
    Field::secret("webhook_secret", "What notifications are signed with."),
    Field::text("endpoint", "Where the interface is, if it is not AcmePay's own.").leads(),
];

/// What an account needs. Unknown members are refused; secrets are of a type that does not print.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The key of the interface.
    pub api_key: SecretString,
    /// What notifications are signed with.
    pub webhook_secret: SecretString,
    /// Where the interface is; a stand-in, in tests.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
}

/// An account at AcmePay.
pub struct AcmePay {
    settings: Settings,
    http: Http,
}

fn endpoint() -> Url {
    Url::parse("https://api.acmepay.example").unwrap_or_else(|_| unreachable!("it is well formed"))
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    super::is_web("endpoint", &settings.endpoint)?;
    Ok(Arc::new(AcmePay { settings, http: http.clone() }))
}

#[async_trait]
impl PaymentGateway for AcmePay {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: true,
            push: true,
            poll: true,
            hold: false,
            partial_capture: false,
            partial_refund: true,
            refund_reference: true,
            calls_per_second: 10,
        }
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        // Nothing here may depend on the clock: the same key comes with the same bytes.
        let body = json!({
            "amount": open.amount.amount_minor,
            "currency": open.amount.currency.as_str(),
            "reference": format!("{}/{}", open.payment, open.attempt),
            "description": open.description,
            "return_url": open.return_url,
        });
        let call = self.post(&["charges"], &open.key).json(&body);
        let charge: wire::Charge = read(call, Operation::Open).await?;
        Ok(Opened {
            provider_ref: charge.id,
            references: Vec::new(),
            redirect_url: charge.page,
            transfer: None,
            client: None,
            expires_at: Some(open.until),
        })
    }

    async fn capture(&self, _capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        Err(told::refused("no_hold", "acmepay takes money at once"))
    }

    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        let id = charge_id(&cancel.references)?;
        let call = self.post(&["charges", id, "cancel"], &cancel.key);
        let charge: wire::Charge = read(call, Operation::Cancel).await?;
        standing(&charge, ObservationSource::Answer, Timestamp::now())
            .ok_or_else(|| told::unreadable("amount", Operation::Cancel))
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let id = charge_id(&refund.references)?;
        let body = json!({"amount": refund.amount.amount_minor, "reference": refund.refund});
        let call = self.post(&["charges", id, "refunds"], &refund.key).json(&body);
        let made: wire::Refund = read(call, Operation::Refund).await?;
        Ok(refund_seen(&made, refund.amount.currency))
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let id = charge_id(&query.references)?;
        let url = super::below(&self.settings.endpoint, &["v2", "charges", id]);
        let call = self.http.get(url).bearer(&self.settings.api_key);
        let charge: wire::Charge = read(call, Operation::Query).await?;
        standing(&charge, ObservationSource::Poll, Timestamp::now())
            .ok_or_else(|| told::unreadable("amount", Operation::Query))
    }

    async fn interpret(
        &self,
        headers: &Headers,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        let claimed = headers.get("acme-signature").ok_or(NotificationError::Unsigned)?;
        let expected = sign(&self.settings.webhook_secret, body);
        if !bool::from(expected.as_bytes().ct_eq(claimed.as_bytes())) {
            return Err(NotificationError::Unsigned);
        }
        let charge: wire::Charge =
            serde_json::from_slice(body).map_err(|_| told::malformed("charge"))?;
        let seen = standing(&charge, ObservationSource::Webhook, now);
        Ok(Interpreted {
            event_id: told::digest(body),
            kind: charge.state.clone(),
            references: vec![charge.id.clone()],
            tenant: None,
            payment: named_after(&charge).map(|(payment, _)| payment),
            observation: seen.map(Box::new),
            signature_ok: true,
        })
    }
}

impl AcmePay {
    fn post(&self, path: &[&str], key: &str) -> Call {
        let url = super::below(&self.settings.endpoint, &[&["v2"], path].concat());
        self.http.post(url).bearer(&self.settings.api_key).header("idempotency-key", key)
    }
}

/// The status table. Only a plain yes is money; what nobody knows means "ask again later".
fn standing(
    charge: &wire::Charge,
    source: ObservationSource,
    at: Timestamp,
) -> Option<Observation> {
    let currency = Currency::parse(&charge.currency).ok()?;
    let amount = Money::new(charge.amount, currency);
    let mut seen = told::blank(source, at);
    seen.references = vec![charge.id.clone()];
    seen.attempt = named_after(charge).map(|(_, attempt)| attempt);
    // Always tell the amount: the domain compares it with what was asked for.
    seen.amount = Some(amount);
    seen.status = Some(match charge.state.as_str() {
        "open" => ObservedStatus::Created,
        "captured" => {
            seen.captured = Some(amount);
            ObservedStatus::Paid
        }
        "declined" => ObservedStatus::Failed,
        "cancelled" => ObservedStatus::Cancelled,
        _ => ObservedStatus::Pending,
    });
    seen.refunds = charge.refunds.iter().map(|made| refund_seen(made, currency)).collect();
    Some(seen)
}

fn refund_seen(refund: &wire::Refund, currency: Currency) -> RefundSeen {
    let status = match refund.state.as_str() {
        "done" => RefundStatus::Succeeded,
        "failed" => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    };
    RefundSeen {
        refund: EntityId::parse(&refund.reference).ok(),
        reference: refund.id.clone(),
        amount: Money::new(refund.amount, currency),
        status,
        problem: None,
        transfer: None,
    }
}

fn named_after(charge: &wire::Charge) -> Option<(EntityId, u32)> {
    let (payment, attempt) = charge.reference.rsplit_once('/')?;
    Some((EntityId::parse(payment).ok()?, attempt.parse().ok()?))
}

fn charge_id(references: &[String]) -> Result<&str, GatewayFault> {
    references.first().map(String::as_str).ok_or_else(told::unnamed)
}

async fn read<T: DeserializeOwned>(call: Call, operation: Operation) -> Result<T, GatewayFault> {
    let answer = call.send().await.and_then(|reply| reply.json());
    answer.map_err(|fault: HttpFault| told::fault(fault, operation))
}

fn sign(secret: &SecretString, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// AcmePay's objects, as far as Kontor reads them; they never leave this file.
mod wire {
    use serde::Deserialize;

    #[derive(Deserialize)]
    pub struct Charge {
        pub id: String,
        pub state: String,
        pub amount: i64,
        pub currency: String,
        pub reference: String,
        pub page: Option<String>,
        #[serde(default)]
        pub refunds: Vec<Refund>,
    }

    #[derive(Deserialize)]
    pub struct Refund {
        pub id: String,
        pub state: String,
        pub amount: i64,
        pub reference: String,
    }
}

/// Tests on recorded exchanges; in a provider that grows, a file of its own.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::{
        payments::testing::{NOW, PAYMENT, czk, open_in, query, refund},
        tests::{Recorded, Server, http},
    };
    use kontor_messages::payment::CallFault;

    fn reply(status: u16, body: Value) -> Recorded {
        (status, &[], body.to_string())
    }

    fn charge(state: &str) -> Value {
        json!({"id": "ch_1", "state": state, "amount": 129_900, "currency": "CZK",
               "reference": format!("{PAYMENT}/1"), "page": "https://pay.acmepay.example/ch_1"})
    }

    fn acmepay(endpoint: &str) -> Arc<dyn PaymentGateway> {
        let settings = json!({
            "api_key": "key", "webhook_secret": "secret of the webhook", "endpoint": endpoint
        });
        build(&settings, &http()).unwrap()
    }

    #[tokio::test]
    async fn a_charge_is_made_asked_about_and_given_back_in_part() {
        let back = json!({"id": "re_1", "state": "pending", "amount": 400, "reference": "r-1"});
        let server = Server::new([
            reply(201, charge("open")),
            reply(200, charge("captured")),
            reply(201, back),
        ])
        .await;
        let gateway = acmepay(&server.url);
        let opened = gateway.open(&open_in("CZK")).await.unwrap();
        assert_eq!(opened.provider_ref, "ch_1");
        let names = [opened.provider_ref];
        let told = gateway.query(&query(&names)).await.unwrap();
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(129_900))));
        let seen = gateway.refund(&refund(&names, "r-1", czk(400))).await.unwrap();
        assert_eq!((seen.status, seen.amount), (RefundStatus::Pending, czk(400)));
        let asked = server.asked();
        assert_eq!(asked[0].header("idempotency-key"), Some("kontor-1"));
        assert_eq!(asked[2].line, "POST /v2/charges/ch_1/refunds");
    }

    #[tokio::test]
    async fn a_status_that_nobody_knows_means_pending() {
        let server = Server::new([reply(200, charge("something_new"))]).await;
        let told = acmepay(&server.url).query(&query(&["ch_1".into()])).await.unwrap();
        assert_eq!(told.status, Some(ObservedStatus::Pending));
    }

    #[tokio::test]
    async fn an_outcome_that_nobody_told_is_asked_for_and_not_tried_again() {
        let hangs_up: Recorded = (0, &[], String::new());
        let server = Server::new([hangs_up]).await;
        let give = refund(&["ch_1".into()], "r-1", czk(400));
        let fault = acmepay(&server.url).refund(&give).await.unwrap_err();
        assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
    }

    #[tokio::test]
    async fn only_what_was_signed_over_the_raw_body_is_taken() {
        let gateway = acmepay("http://127.0.0.1:1");
        let body = charge("captured").to_string();
        let signature = sign(&"secret of the webhook".into(), body.as_bytes());
        let headers = Headers::new([("Acme-Signature", signature)]);
        let read = gateway.interpret(&headers, body.as_bytes(), NOW).await.unwrap();
        assert_eq!(read.payment, Some(EntityId::named(PAYMENT)));
        assert_eq!(read.observation.unwrap().status, Some(ObservedStatus::Paid));
        let longer = format!("{body} ");
        let read = gateway.interpret(&headers, longer.as_bytes(), NOW).await;
        assert_eq!(read, Err(NotificationError::Unsigned));
    }
}
