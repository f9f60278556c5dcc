//! PayPal: orders that the payer approves and we then take, holds, refunds, disputes, signed
//! notifications.
//!
//! Formats: PayPal's REST interface, Orders v2, Payments v2 and Webhooks (developer.paypal.com).
//! Nothing is paid when the payer has approved: asking how an order stands takes the money then,
//! if it is still wanted.

mod certificate;
mod notification;
#[cfg(test)]
mod sandbox_tests;
mod settings;
mod signature;
mod statement;
#[cfg(test)]
mod statement_tests;
mod status;
#[cfg(test)]
mod tests;
mod wire;

use super::{
    Provider,
    mode::{self, Hosts},
    oauth::Tokens,
    told,
};
use crate::gateways::http::{Call, Http, HttpFault, Reply};
use async_trait::async_trait;
use certificate::Certificates;
use kontor_actors::{
    ports::{
        Abilities, CancelPayment, CapturePayment, GatewayFault, Headers, Interpreted,
        NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
    },
    ports_statement::{StatementAsk, StatementPage},
};
use kontor_messages::{
    Timestamp,
    payment::{CaptureMode, Observation, ObservationSource, ObservedStatus, Operation, RefundSeen},
    tenant::AccountMode,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::RawValue};
use settings::FIELDS;
pub use settings::{Settings, Verification};
use signature::Transmission;
use std::{sync::Arc, time::Duration};

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "paypal",
    needs_settings: true,
    calls: &["endpoint", "certificate_origins"],
    notify: None,
    fields: FIELDS,
    build,
    of_mode,
};

/// Three hours to send the payer, and three more to approve.
const OPEN_MAX: Duration = Duration::from_secs(6 * 3600);
/// For a call that moves money: the payer's bank is asked meanwhile.
const TAKING: Duration = Duration::from_secs(60);
/// Of what the payer reads.
const DESCRIPTION_MAX: usize = 127;

/// An account at PayPal.
pub struct PayPal {
    settings: Settings,
    http: Http,
    tokens: Tokens,
    certificates: Certificates,
}

fn of_mode(settings: &Value, mode: AccountMode) -> Result<Value, String> {
    let hosts = [Hosts {
        member: "endpoint",
        live: "https://api-m.paypal.com",
        test: "https://api-m.sandbox.paypal.com",
    }];
    mode::with_hosts(settings, mode, &hosts)
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    super::is_web("endpoint", &settings.endpoint)?;
    let (tokens, certificates) = (Tokens::default(), Certificates::default());
    Ok(Arc::new(PayPal { settings, http: http.clone(), tokens, certificates }))
}

#[async_trait]
impl PaymentGateway for PayPal {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: true,
            push: true,
            poll: true,
            hold: true,
            partial_capture: true,
            partial_refund: true,
            refund_reference: true,
            calls_per_second: 10,
        }
    }

    fn request_id(&self) -> &'static str {
        "paypal-debug-id"
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        let body = self.order_body(open)?;
        let call = || self.post(&["v2", "checkout", "orders"], &open.key).json(&body);
        let order: wire::Order = self.call(call, Operation::Open).await?;
        let page = ["payer-action", "approve"].iter().find_map(|rel| wire::link(&order.links, rel));
        let Some(page) = page else { return Err(told::unreadable("answer", Operation::Open)) };
        Ok(Opened {
            provider_ref: order.id.clone(),
            references: Vec::new(),
            redirect_url: Some(page.to_owned()),
            transfer: None,
            client: None,
            expires_at: Some(open.until.min(open.requested_at.plus(OPEN_MAX))),
        })
    }

    async fn capture(&self, capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        let id = named(&capture.references, status::AUTHORIZATION)?;
        let amount = status::to_wire(capture.amount)?;
        let body = json!({"amount": amount, "final_capture": true});
        let path = ["v2", "payments", "authorizations", id, "capture"];
        let call = || self.post(&path, &capture.key).json(&body).within(TAKING);
        let made: wire::Capture = self.call(call, Operation::Capture).await?;
        status::capture(&made, ObservationSource::Answer, Timestamp::now())
            .ok_or_else(|| told::unreadable("amount", Operation::Capture))
    }

    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        // An order that nobody has approved cannot be called off, only left to lapse: without our
        // word no money is taken.
        if cancel.held {
            let id = named(&cancel.references, status::AUTHORIZATION)?;
            let path = ["v2", "payments", "authorizations", id, "void"];
            // It answers with nothing at all.
            self.send(|| self.post(&path, &cancel.key).json(&json!({})), Operation::Cancel).await?;
        }
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        seen.status = Some(ObservedStatus::Cancelled);
        Ok(seen)
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let id = named(&refund.references, status::CAPTURE)?;
        let amount = status::to_wire(refund.amount)?;
        let body = json!({"amount": amount, "custom_id": refund.refund});
        let path = ["v2", "payments", "captures", id, "refund"];
        let call = || self.post(&path, &refund.key).json(&body);
        let made: wire::Refund = self.call(call, Operation::Refund).await?;
        let mut seen =
            status::refund(&made).ok_or_else(|| told::unreadable("amount", Operation::Refund))?;
        seen.refund = Some(refund.refund.clone());
        Ok(seen)
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let id = query.references.iter().find(|name| !name.contains('/'));
        let id = id.ok_or_else(told::unnamed)?;
        let source = ObservationSource::Poll;
        let mut order: wire::Order = match self.order(id).await {
            Ok(order) => order,
            // It is gone some time after its end.
            Err(fault) if fault.code == "RESOURCE_NOT_FOUND" => {
                let mut seen = told::blank(source, Timestamp::now());
                seen.status = Some(ObservedStatus::Expired);
                return Ok(seen);
            }
            Err(fault) => return Err(fault),
        };
        let mut declined = None;
        if order.status == "APPROVED" && query.wanted {
            match self.finish(&order).await {
                Ok(()) => order = self.order(id).await?,
                Err(fault) if status::is_done_already(&fault.code) => {
                    order = self.order(id).await?;
                }
                // The payer may choose another way to pay on the page.
                Err(fault) if status::is_payers_turn(&fault.code) => {
                    declined = Some(fault.problem());
                }
                Err(fault) => return Err(told::soften(fault, Operation::Query)),
            }
        }
        let mut seen = status::order(&order, source, Timestamp::now())
            .ok_or_else(|| told::unreadable("amount", Operation::Query))?;
        seen.problem = seen.problem.or(declined);
        Ok(seen)
    }

    async fn statement(&self, ask: &StatementAsk) -> Result<Option<StatementPage>, GatewayFault> {
        statement::page(self, ask).await.map(Some)
    }

    async fn interpret(
        &self,
        headers: &Headers,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        let unsigned = NotificationError::Unsigned;
        let webhook = self.settings.webhook_id.as_deref().ok_or(unsigned.clone())?;
        let sent = Transmission::read(headers, now).ok_or(unsigned.clone())?;
        let origins = &self.settings.certificate_origins;
        let url = certificate::allowed(sent.cert_url, origins).ok_or(unsigned.clone())?;
        let key = match self.settings.verification {
            Verification::Certificate => {
                self.certificates.key(&self.http, &self.settings, &url).await
            }
            Verification::Api => None,
        };
        let genuine = match key {
            Some(key) => signature::is_genuine(&sent, webhook, body, &key),
            None => self.ask_whether_genuine(&sent, webhook, body).await?,
        };
        if genuine { notification::read(body, now) } else { Err(unsigned) }
    }
}

impl PayPal {
    async fn order(&self, id: &str) -> Result<wire::Order, GatewayFault> {
        let url = super::below(&self.settings.endpoint, &["v2", "checkout", "orders", id]);
        self.call(|| self.http.get(url.clone()), Operation::Query).await
    }

    /// Takes or holds what the payer has approved. The name is the order's own, so that asking
    /// twice takes once.
    async fn finish(&self, order: &wire::Order) -> Result<(), GatewayFault> {
        let hold = order.intent.as_deref() == Some("AUTHORIZE");
        let step = if hold { "authorize" } else { "capture" };
        let key = format!("{}-{step}", order.id);
        let path = ["v2", "checkout", "orders", order.id.as_str(), step];
        let call = || self.post(&path, &key).json(&json!({})).within(TAKING);
        self.send(call, Operation::Capture).await.map(|_| ())
    }

    /// PayPal's own word on a notification, which goes back as it came: another notation of the
    /// same JSON has another checksum.
    async fn ask_whether_genuine(
        &self,
        sent: &Transmission<'_>,
        webhook: &str,
        body: &[u8],
    ) -> Result<bool, NotificationError> {
        let raw = String::from_utf8(body.to_vec()).map_err(|_| NotificationError::Unsigned)?;
        let raw = RawValue::from_string(raw).map_err(|_| NotificationError::Unsigned)?;
        let question = wire::Question {
            auth_algo: sent.algorithm,
            cert_url: sent.cert_url,
            transmission_id: sent.id,
            transmission_sig: sent.signature,
            transmission_time: sent.time,
            webhook_id: webhook,
            webhook_event: &raw,
        };
        let path = ["v1", "notifications", "verify-webhook-signature"];
        let url = super::below(&self.settings.endpoint, &path);
        let call = || self.http.post(url.clone()).json(&question);
        let answer: Result<wire::Verified, _> = self.call(call, Operation::Query).await;
        answer
            .map(|answer| answer.verification_status == "SUCCESS")
            .map_err(|_| NotificationError::NotNow)
    }

    fn post(&self, path: &[&str], key: &str) -> Call {
        let url = super::below(&self.settings.endpoint, path);
        let call = self.http.post(url).header("paypal-request-id", key);
        call.header("prefer", "return=representation")
    }

    async fn call<T: DeserializeOwned>(
        &self,
        call: impl Fn() -> Call,
        operation: Operation,
    ) -> Result<T, GatewayFault> {
        let reply = self.send(call, operation).await?;
        reply.json().map_err(|fault: HttpFault| status::fault(fault, operation))
    }

    async fn send(
        &self,
        call: impl Fn() -> Call,
        operation: Operation,
    ) -> Result<Reply, GatewayFault> {
        let Settings { client_id, client_secret, endpoint, .. } = &self.settings;
        let url = super::below(endpoint, &["v1", "oauth2", "token"]);
        let form = [("grant_type".to_owned(), "client_credentials".to_owned())];
        let grant = || self.http.post(url.clone()).basic(client_id, client_secret).form(&form);
        self.tokens.send(grant, call).await.map_err(|fault| status::fault(fault, operation))
    }

    /// The same for the same key.
    fn order_body(&self, open: &OpenPayment) -> Result<Value, GatewayFault> {
        let Some(return_url) = &open.return_url else {
            let text = "paypal needs an address to return to";
            return Err(told::refused("return_url_missing", text));
        };
        let hold = open.capture == CaptureMode::Manual;
        let description: String = open.description.chars().take(DESCRIPTION_MAX).collect();
        let name = format!("{}/{}", open.payment, open.attempt);
        let mut experience = json!({
            "return_url": return_url,
            "cancel_url": open.cancel_url.as_ref().unwrap_or(return_url),
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        });
        for (member, value) in
            [("brand_name", &self.settings.brand_name), ("locale", &self.settings.locale)]
        {
            if let Some(value) = value {
                experience[member] = value.as_str().into();
            }
        }
        Ok(json!({
            "intent": if hold { "AUTHORIZE" } else { "CAPTURE" },
            "purchase_units": [{
                "custom_id": name,
                "invoice_id": name,
                "description": description,
                "amount": status::to_wire(open.amount)?,
            }],
            "payment_source": {"paypal": {"experience_context": experience}},
        }))
    }
}

/// What PayPal calls something of a kind.
fn named<'a>(references: &'a [String], kind: &str) -> Result<&'a str, GatewayFault> {
    references.iter().find_map(|name| name.strip_prefix(kind)).ok_or_else(told::unnamed)
}
