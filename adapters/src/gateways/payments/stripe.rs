//! Stripe: the payer pays on Stripe's page (Checkout Sessions) or on the shop's own (payment
//! intents); capture, refund and query are the same for both.

mod intent;
#[cfg(test)]
mod intent_tests;
mod money;
mod notification;
mod session;
mod settings;
mod signature;
mod statement;
mod status;
#[cfg(test)]
mod tests;
mod wire;

use super::{Provider, mode};
use crate::gateways::http::{Call, Http, Reply};
use async_trait::async_trait;
use kontor_actors::{
    ports::{
        Abilities, CancelPayment, CapturePayment, FaultCause, GatewayFault, Headers, Interpreted,
        NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
    },
    ports_statement::{StatementAsk, StatementPage},
};
use kontor_messages::{
    Money, Timestamp,
    payment::{CallFault, Observation, ObservationSource, Operation, Problem, RefundSeen},
    tenant::AccountMode,
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use settings::FIELDS;
pub use settings::{Flow, Settings};
use std::sync::Arc;
use url::Url;

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "stripe",
    needs_settings: true,
    calls: &["endpoint"],
    notify: None,
    fields: FIELDS,
    build,
    of_mode,
};

/// An account at Stripe.
pub struct Stripe {
    settings: Settings,
    http: Http,
    /// Whether money is real, if the key tells.
    livemode: Option<bool>,
}

/// The keys say whether money is real.
fn of_mode(settings: &Value, mode: AccountMode) -> Result<Value, String> {
    for member in ["secret_key", "publishable_key"] {
        let key = settings.get(member).and_then(Value::as_str).unwrap_or_default();
        if livemode(key).is_some_and(|live| live != (mode == AccountMode::Live)) {
            return Err(mode::other_mode(member, mode));
        }
    }
    Ok(settings.clone())
}

/// Whether money is real under a key, if it tells.
fn livemode(key: &str) -> Option<bool> {
    match key.split('_').nth(1) {
        Some("live") => Some(true),
        Some("test") => Some(false),
        _ => None,
    }
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    super::is_web("endpoint", &settings.endpoint)?;
    intent::check(&settings)?;
    let livemode = livemode(settings.secret_key.expose_secret());
    Ok(Arc::new(Stripe { settings, http: http.clone(), livemode }))
}

#[async_trait]
impl PaymentGateway for Stripe {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: self.settings.flow == Flow::Checkout,
            push: true,
            poll: true,
            hold: true,
            partial_capture: true,
            partial_refund: true,
            refund_reference: true,
            calls_per_second: 25,
        }
    }

    fn request_id(&self) -> &'static str {
        "request-id"
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        if self.flow(open.method.as_deref()) == Flow::PaymentIntent {
            return intent::open(self, open).await;
        }
        let form = session::form(open)?;
        let call = self.post(&["checkout", "sessions"], &form, &open.key);
        let session: wire::Session = self.read(call, Operation::Open).await?;
        Ok(Opened {
            provider_ref: session.id,
            references: session.payment_intent.iter().map(|found| found.id().to_owned()).collect(),
            redirect_url: session.url,
            transfer: None,
            client: None,
            expires_at: session.expires_at.map(status::at_second),
        })
    }

    async fn capture(&self, capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        let Some(intent) = with_prefix(&capture.references, "pi_") else {
            return Err(unnamed("a payment intent"));
        };
        let form = [("amount_to_capture".to_owned(), wire_amount(capture.amount)?.to_string())];
        let call = self.post(&["payment_intents", intent, "capture"], &form, &capture.key);
        let intent: wire::Intent = self.read(call, Operation::Capture).await?;
        let now = Timestamp::now();
        readable(status::intent(&intent, ObservationSource::Answer, now), Operation::Capture)
    }

    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        let (now, source) = (Timestamp::now(), ObservationSource::Answer);
        let intent = with_prefix(&cancel.references, "pi_");
        let session = with_prefix(&cancel.references, "cs_");
        match (intent, session) {
            // One that Checkout owns can be called off itself only while it holds money.
            (Some(intent), session) if cancel.held || session.is_none() => {
                let call = self.post(&["payment_intents", intent, "cancel"], &[], &cancel.key);
                let intent: wire::Intent = self.read(call, Operation::Cancel).await?;
                readable(status::intent(&intent, source, now), Operation::Cancel)
            }
            (_, Some(session)) => {
                let path = ["checkout", "sessions", session, "expire"];
                let call = self.post(&path, &[], &cancel.key);
                let session: wire::Session = self.read(call, Operation::Cancel).await?;
                readable(status::session(&session, source, now), Operation::Cancel)
            }
            _ => Err(unnamed("a session")),
        }
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let Some(intent) = with_prefix(&refund.references, "pi_") else {
            return Err(unnamed("a payment intent"));
        };
        let form = [
            ("payment_intent", intent.to_owned()),
            ("amount", wire_amount(refund.amount)?.to_string()),
            ("metadata[tenant]", refund.tenant.to_string()),
            ("metadata[payment]", refund.payment.to_string()),
            ("metadata[refund]", refund.refund.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let call = self.post(&["refunds"], &form, &refund.key);
        let made: wire::Refund = self.read(call, Operation::Refund).await?;
        let mut seen = readable(status::refund(&made), Operation::Refund)?;
        seen.refund = Some(refund.refund.clone());
        Ok(seen)
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let (now, source) = (Timestamp::now(), ObservationSource::Poll);
        let mut told = match with_prefix(&query.references, "cs_") {
            Some(session) => {
                let expand = [("expand[]", "payment_intent")];
                let call = self.get(&["checkout", "sessions", session], &expand);
                let session: wire::Session = self.read(call, Operation::Query).await?;
                readable(status::session(&session, source, now), Operation::Query)?
            }
            None => {
                let Some(intent) = with_prefix(&query.references, "pi_") else {
                    return Err(unnamed("a session"));
                };
                intent::query(self, intent, query.wanted, now).await?
            }
        };
        if let (true, Some(intent)) = (query.refunds, with_prefix(&told.references, "pi_")) {
            let filter = [("payment_intent", intent), ("limit", "100")];
            let call = self.get(&["refunds"], &filter);
            let list: wire::List<wire::Refund> = self.read(call, Operation::Query).await?;
            for made in &list.data {
                told.refunds.push(readable(status::refund(made), Operation::Query)?);
            }
        }
        Ok(told)
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
        let header = headers.get("stripe-signature").ok_or(NotificationError::Unsigned)?;
        let Settings { webhook_secrets, webhook_tolerance_s, .. } = &self.settings;
        if !signature::is_genuine(header, body, webhook_secrets, *webhook_tolerance_s, now) {
            return Err(NotificationError::Unsigned);
        }
        // A test's event at a live account, or the reverse, is nobody's business.
        if !self.is_of_mode(body) {
            return Err(NotificationError::Unsigned);
        }
        notification::read(body, now)
    }
}

impl Stripe {
    /// Where a payer pays who chose a method.
    fn flow(&self, method: Option<&str>) -> Flow {
        let of_method = method.and_then(|method| self.settings.flows.get(method));
        of_method.copied().unwrap_or(self.settings.flow)
    }

    fn post(&self, path: &[&str], form: &[(String, String)], key: &str) -> Call {
        let call = self.http.post(self.url(path)).form(form).header("idempotency-key", key);
        self.signed(call)
    }

    fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Call {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.signed(self.http.get(url))
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.settings.endpoint.clone();
        // Only an address without a host has no path to add to, and settings refuse those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        url
    }

    /// Sends and reads; a reply of success that cannot be read leaves the outcome unknown.
    async fn read<T: DeserializeOwned>(
        &self,
        call: Call,
        operation: Operation,
    ) -> Result<T, GatewayFault> {
        let reply: Result<Reply, _> = call.send().await;
        let now = Timestamp::now();
        let fault = |fault| status::fault(fault, operation, now);
        let reply = reply.map_err(fault)?;
        if !self.is_of_mode(&reply.body) {
            let text = "stripe's answer is of the other mode: look there what was done";
            let problem = Problem::new("other_mode", text);
            return Err(GatewayFault::new(CallFault::LeaveToPerson, FaultCause::Refused, problem));
        }
        reply.json().map_err(fault)
    }

    /// What does not say of which mode it is, is of ours.
    fn is_of_mode(&self, body: &[u8]) -> bool {
        let told = serde_json::from_slice::<wire::Livemode>(body).ok();
        let told = told.and_then(|told| told.livemode);
        self.livemode.is_none() || told.is_none() || told == self.livemode
    }

    fn signed(&self, call: Call) -> Call {
        let call =
            call.bearer(&self.settings.secret_key).header("stripe-version", &self.settings.version);
        match &self.settings.connected_account {
            Some(account) => call.header("stripe-account", account),
            None => call,
        }
    }
}

fn readable<T>(read: Option<T>, operation: Operation) -> Result<T, GatewayFault> {
    read.ok_or_else(|| {
        let problem = Problem::new("unreadable_amount", "stripe's amount cannot be read");
        match operation {
            Operation::Query => GatewayFault::give_up(FaultCause::Provider, problem),
            _ => GatewayFault::ask_first(FaultCause::Provider, problem),
        }
    })
}

fn wire_amount(amount: Money) -> Result<i64, GatewayFault> {
    money::to_wire(amount).ok_or_else(|| {
        let problem = Problem::new("amount_not_possible", "stripe cannot take such an amount");
        GatewayFault::give_up(FaultCause::Refused, problem)
    })
}

fn with_prefix<'a>(references: &'a [String], prefix: &str) -> Option<&'a str> {
    references.iter().map(String::as_str).find(|name| name.starts_with(prefix))
}

/// The name that the call needs has not been told yet: asking how things stand brings it.
fn unnamed(what: &str) -> GatewayFault {
    let problem = Problem::new("unnamed", format!("{what} is not known yet"));
    GatewayFault::ask_first(FaultCause::Here, problem)
}
