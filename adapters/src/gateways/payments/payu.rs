//! PayU (Europe): payment page, holds, refunds, signed notifications.
//!
//! Formats: PayU's REST API 2.1 (developers.payu.com/europe) and its PHP SDK. A point of sale
//! (POS) has one currency, and says itself whether money is taken at once.

mod notification;
#[cfg(test)]
mod sandbox_tests;
mod signature;
mod status;
#[cfg(test)]
mod tests;
mod wire;

use super::{
    Provider, exact,
    mode::{self, Hosts},
    oauth::Tokens,
    told,
};
use crate::gateways::{
    fields::{Field, FieldKind},
    http::{Call, Http, HttpFault, Reply},
};
use async_trait::async_trait;
use kontor_actors::ports::{
    Abilities, CancelPayment, CapturePayment, GatewayFault, Headers, Interpreted,
    NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
};
use kontor_messages::{
    Money, Timestamp,
    payment::{Observation, ObservationSource, ObservedStatus, Operation, RefundSeen},
    tenant::AccountMode,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use signature::Algorithm;
use std::{sync::Arc, time::Duration};
use url::Url;

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "payu",
    needs_settings: true,
    calls: &["endpoint"],
    notify: Some("notify_url"),
    fields: FIELDS,
    build,
    of_mode,
};

/// The settings below, for forms.
const FIELDS: &[Field] = &[
    Field::text("pos_id", "The point of sale.").required(),
    Field::text("client_id", "Its name for tokens; mostly the same."),
    Field::secret("client_secret", "Its secret for tokens."),
    Field::secret("second_key", "The second key, which notifications are signed with."),
    Field::text("notify_url", "Where notifications are sent, if not to this node's own address."),
    Field::text("endpoint", "Where the interface is, if it is not PayU's own.").leads(),
    Field::switch("auto_receive", "Whether the point of sale takes money at once."),
    Field::text("algorithms", "The digests that notifications may be signed with, if only some.")
        .of(FieldKind::List),
    Field::text("customer_ip", "The payer's address that is told where it is not known."),
];

/// An order is open for a day unless it says less.
const OPEN_MIN: Duration = Duration::from_secs(15 * 60);
const OPEN_MAX: Duration = Duration::from_secs(24 * 3600);

/// What an account needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The point of sale.
    pub pos_id: String,
    /// Its name for tokens; mostly the same.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Its secret for tokens.
    pub client_secret: SecretString,
    /// The second key, which notifications are signed with.
    pub second_key: SecretString,
    /// Where this account's notifications are to be sent: its address of ours, seen from outside. The node
    /// knows it if `http.public_url` is set.
    pub notify_url: Url,
    /// Where the interface is.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
    /// Whether the point of sale takes money at once; otherwise it is held until it is captured.
    #[serde(default = "yes")]
    pub auto_receive: bool,
    /// The digests that notifications may be signed with.
    #[serde(default = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// The payer's address that is told where it is not known; PayU wants one.
    #[serde(default = "customer_ip")]
    pub customer_ip: String,
}

/// A point of sale at PayU.
pub struct PayU {
    settings: Settings,
    http: Http,
    tokens: Tokens,
}

fn endpoint() -> Url {
    Url::parse("https://secure.payu.com").unwrap_or_else(|_| unreachable!("it is well formed"))
}

const fn yes() -> bool {
    true
}

fn algorithms() -> Vec<Algorithm> {
    vec![Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512]
}

fn customer_ip() -> String {
    "127.0.0.1".to_owned()
}

fn of_mode(settings: &Value, mode: AccountMode) -> Result<Value, String> {
    let hosts = [Hosts {
        member: "endpoint",
        live: "https://secure.payu.com",
        test: "https://secure.snd.payu.com",
    }];
    mode::with_hosts(settings, mode, &hosts)
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    super::is_web("endpoint", &settings.endpoint)?;
    super::is_web("notify_url", &settings.notify_url)?;
    Ok(Arc::new(PayU { settings, http: http.clone(), tokens: Tokens::default() }))
}

#[async_trait]
impl PaymentGateway for PayU {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: true,
            push: true,
            poll: true,
            hold: !self.settings.auto_receive,
            partial_capture: true,
            partial_refund: true,
            refund_reference: true,
            calls_per_second: 10,
        }
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        let (order, expires_at) = self.order(open)?;
        let url = self.url(&["orders"]);
        let made: wire::Made =
            self.call(|| self.http.post(url.clone()).json(&order), Operation::Open).await?;
        let Some(redirect) = made.redirect_uri else {
            return Err(told::unreadable("answer", Operation::Open));
        };
        Ok(Opened {
            provider_ref: made.order_id,
            references: Vec::new(),
            redirect_url: Some(redirect),
            transfer: None,
            client: None,
            expires_at: Some(expires_at),
        })
    }

    async fn capture(&self, capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        let id = order_id(&capture.references)?;
        let body = json!({
            "amount": wire_amount(capture.amount)?,
            "currencyCode": capture.amount.currency.as_str()
        });
        let url = self.url(&["orders", id, "captures"]);
        let call = || self.http.post(url.clone()).json(&body);
        let _: wire::Said = self.call(call, Operation::Capture).await?;
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        // The order goes on telling its whole amount, so the name keeps what was taken.
        seen.references = vec![id.to_owned(), told::captured_name(id, capture.amount)];
        seen.status = Some(ObservedStatus::Paid);
        seen.captured = Some(capture.amount);
        Ok(seen)
    }

    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        let id = order_id(&cancel.references)?;
        let url = self.url(&["orders", id]);
        let call = || self.http.delete(url.clone());
        let _: wire::Said = self.call(call, Operation::Cancel).await?;
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        seen.references = vec![id.to_owned()];
        seen.status = Some(ObservedStatus::Cancelled);
        Ok(seen)
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let id = order_id(&refund.references)?;
        let body = json!({"refund": {
            "description": "Refund",
            "amount": wire_amount(refund.amount)?,
            "currencyCode": refund.amount.currency.as_str(),
            "extRefundId": status::refund_name(&refund.refund)
        }});
        let url = self.url(&["orders", id, "refunds"]);
        let call = || self.http.post(url.clone()).json(&body);
        let made: wire::RefundMade = self.call(call, Operation::Refund).await?;
        let mut seen = status::refund(&made.refund)
            .ok_or_else(|| told::unreadable("amount", Operation::Refund))?;
        seen.refund = Some(refund.refund.clone());
        Ok(seen)
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let id = order_id(&query.references)?;
        let unreadable = || told::unreadable("amount", Operation::Query);
        let url = self.url(&["orders", id]);
        let list: wire::Orders = self.call(|| self.http.get(url.clone()), Operation::Query).await?;
        let order = list.orders.first().filter(|order| order.order_id == id);
        let order = order.ok_or_else(unreadable)?;
        let (source, now) = (ObservationSource::Poll, Timestamp::now());
        let mut seen =
            status::order(order, &query.references, source, now).ok_or_else(unreadable)?;
        if query.refunds {
            let url = self.url(&["orders", id, "refunds"]);
            let list: wire::Refunds =
                self.call(|| self.http.get(url.clone()), Operation::Query).await?;
            for made in &list.refunds {
                seen.refunds.push(status::refund(made).ok_or_else(unreadable)?);
            }
        }
        Ok(seen)
    }

    async fn interpret(
        &self,
        headers: &Headers,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        let header = headers.get("openpayu-signature");
        let header = header.or_else(|| headers.get("x-openpayu-signature"));
        let Settings { second_key, algorithms, .. } = &self.settings;
        let genuine =
            header.is_some_and(|text| signature::is_genuine(text, body, second_key, algorithms));
        if !genuine {
            return Err(NotificationError::Unsigned);
        }
        notification::read(&self.settings, body, now)
    }
}

impl PayU {
    fn url(&self, path: &[&str]) -> Url {
        super::below(&self.settings.endpoint, &[&["api", "v2_1"], path].concat())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        call: impl Fn() -> Call,
        operation: Operation,
    ) -> Result<T, GatewayFault> {
        let path = ["pl", "standard", "user", "oauth", "authorize"];
        let url = super::below(&self.settings.endpoint, &path);
        let Settings { pos_id, client_id, client_secret, .. } = &self.settings;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id.as_ref().unwrap_or(pos_id)),
            ("client_secret", client_secret.expose_secret()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let grant = || self.http.post(url.clone()).form(&form);
        let answer = self.tokens.send(grant, call).await;
        let reply: Result<Reply, _> = match answer {
            // An order that was made sends on to the page, and says the rest in the body.
            Err(HttpFault::Status(reply)) if reply.status == 302 => Ok(*reply),
            answer => answer,
        };
        reply.and_then(|reply| reply.json()).map_err(|fault| status::fault(fault, operation))
    }

    /// An order as PayU wants it: amounts are texts. The same for the same key.
    fn order(&self, open: &OpenPayment) -> Result<(Value, Timestamp), GatewayFault> {
        let amount = wire_amount(open.amount)?;
        let soonest = open.requested_at.plus(OPEN_MIN);
        let latest = open.requested_at.plus(OPEN_MAX);
        let expires_at = open.until.max(soonest).min(latest);
        let mut order = json!({
            "customerIp": self.settings.customer_ip,
            "merchantPosId": self.settings.pos_id,
            "description": open.description,
            "currencyCode": open.amount.currency.as_str(),
            "totalAmount": amount,
            "extOrderId": status::order_name(open),
            "notifyUrl": self.settings.notify_url,
            "validityTime": expires_at.since(open.requested_at).as_secs().to_string(),
            "products": [{"name": open.description, "unitPrice": amount, "quantity": "1"}],
        });
        if let Some(url) = &open.return_url {
            order["continueUrl"] = url.as_str().into();
        }
        if let Some(email) = &open.customer_email {
            order["buyer"] = json!({ "email": email });
        }
        Ok((order, expires_at))
    }
}

/// Hundredths of the unit, of every currency, as a text.
fn wire_amount(amount: Money) -> Result<String, GatewayFault> {
    let hundredths = exact::scaled(amount.amount_minor, amount.currency.exponent(), 2);
    hundredths
        .filter(|hundredths| *hundredths > 0)
        .map(|hundredths| hundredths.to_string())
        .ok_or_else(|| told::refused("amount_not_possible", "payu cannot take such an amount"))
}

fn order_id(references: &[String]) -> Result<&str, GatewayFault> {
    let plain = |name: &&String| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    references.iter().find(plain).map(String::as_str).ok_or_else(told::unnamed)
}
