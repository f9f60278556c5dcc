//! Halyk Bank's ePay (Kazakhstan): payment links, holds, refunds, callbacks.
//!
//! Formats: the bank's pages for developers (epayment.kz/docs). A callback is signed by nobody: it
//! repeats a value that we made for the invoice, and only leads to a query.

mod notification;
#[cfg(test)]
mod sandbox_tests;
mod status;
#[cfg(test)]
mod tests;
mod wire;

use super::{
    Provider, exact,
    mode::{self, Hosts},
    oauth::{self, Tokens},
    told,
};
use crate::gateways::{
    fields::Field,
    http::{Call, Http, Reply},
};
use async_trait::async_trait;
use kontor_actors::ports::{
    Abilities, CancelPayment, CapturePayment, GatewayFault, Headers, Interpreted,
    NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
};
use kontor_messages::{
    Money, Timestamp,
    payment::{
        Observation, ObservationSource, ObservedStatus, Operation, RefundSeen, RefundStatus,
    },
    tenant::AccountMode,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "halyk",
    needs_settings: true,
    calls: &["endpoint", "token_endpoint"],
    notify: Some("notify_url"),
    fields: FIELDS,
    build,
    of_mode,
};

/// The settings below, for forms.
const FIELDS: &[Field] = &[
    Field::text("client_id", "The client's name.").required(),
    Field::secret("client_secret", "The client's secret."),
    Field::text("terminal", "The terminal, a UUID.").required(),
    Field::text("shop_id", "The shop, for payment links.").required(),
    Field::secret("hash_key", "Any long text of your own, known to nobody else."),
    Field::text("notify_url", "Where callbacks are sent, if not to this node's own address."),
    Field::switch("two_step", "Whether the terminal holds money first."),
    Field::text("token_endpoint", "Where tokens are granted, if not at the bank's own place.")
        .leads(),
    Field::text("endpoint", "Where the interface is, if it is not the bank's own.").leads(),
    Field::text("language", "The page's language: rus, kaz or eng."),
    Field::text("scope", "What the token may do, if it is something else."),
];

/// A shortened scope is refused on some terminals.
const SCOPE: &str = "webapi usermanagement email_send verification statement statistics payment";
const CURRENCIES: [&str; 2] = ["KZT", "USD"];
/// Of an invoice's number; the last six are unique by themselves.
const INVOICE_LEN: usize = 15;
const TAIL_LEN: usize = 6;
/// Nothing smaller goes back: ten units.
const REFUND_MIN: i64 = 1000;
/// Of what the payer reads.
const DESCRIPTION_MAX: usize = 125;
const DAY: u64 = 24 * 3600;

/// What an account needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The client's name.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: SecretString,
    /// The terminal, a UUID.
    pub terminal: String,
    /// The shop, for payment links.
    pub shop_id: String,
    /// What our value for an invoice is made with: any long text, known to nobody else.
    pub hash_key: SecretString,
    /// Where this account's callbacks are to be sent: its address of ours, seen from outside. The node
    /// knows it if `http.public_url` is set.
    pub notify_url: Url,
    /// Whether the terminal holds money first.
    #[serde(default)]
    pub two_step: bool,
    /// Where tokens are granted.
    #[serde(default = "token_endpoint")]
    pub token_endpoint: Url,
    /// Where the interface is.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
    /// The page's language: `rus`, `kaz` or `eng`.
    #[serde(default = "language")]
    pub language: String,
    /// What the token may do.
    #[serde(default = "scope")]
    pub scope: String,
}

/// A terminal of Halyk Bank.
pub struct Halyk {
    settings: Settings,
    http: Http,
    tokens: Tokens,
}

fn token_endpoint() -> Url {
    web("https://epay-oauth.homebank.kz/oauth2/token")
}

fn endpoint() -> Url {
    web("https://epay-api.homebank.kz")
}

fn web(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|_| unreachable!("it is well formed"))
}

fn language() -> String {
    "rus".to_owned()
}

fn scope() -> String {
    SCOPE.to_owned()
}

fn of_mode(settings: &Value, mode: AccountMode) -> Result<Value, String> {
    let hosts = [
        Hosts {
            member: "endpoint",
            live: "https://epay-api.homebank.kz",
            test: "https://test-epay-api.epayment.kz",
        },
        Hosts {
            member: "token_endpoint",
            live: "https://epay-oauth.homebank.kz/oauth2/token",
            test: "https://test-epay-oauth.epayment.kz/oauth2/token",
        },
    ];
    mode::with_hosts(settings, mode, &hosts)
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    for (member, url) in [
        ("endpoint", &settings.endpoint),
        ("token_endpoint", &settings.token_endpoint),
        ("notify_url", &settings.notify_url),
    ] {
        super::is_web(member, url)?;
    }
    if settings.hash_key.expose_secret().trim().len() < 16 {
        return Err("hash_key: expected at least 16 characters".into());
    }
    Ok(Arc::new(Halyk { settings, http: http.clone(), tokens: Tokens::default() }))
}

#[async_trait]
impl PaymentGateway for Halyk {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: true,
            push: true,
            poll: true,
            hold: self.settings.two_step,
            partial_capture: true,
            partial_refund: true,
            // What a second refund under one reference does is not said.
            refund_reference: false,
            calls_per_second: 5,
        }
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        let invoice = invoice(&open.key);
        let link = self.link(open, &invoice)?;
        let unsent = |fault| told::fault(fault, Operation::Open);
        // A token for this payment alone; it is never the one that all else is done with.
        let form = token_form(&self.settings, Some((&invoice, open.amount)));
        let grant = self.http.post(self.settings.token_endpoint.clone()).form(&form);
        let (token, _life) = oauth::fetch(grant).await.map_err(unsent)?;
        let url = super::below(&self.settings.endpoint, &["invoice"]);
        let reply = self.http.post(url).bearer(&token).json(&link).send().await;
        // The number may have been used, and the page is known to nobody: another one then.
        let made: wire::Link = reply.and_then(|reply| reply.json()).map_err(status::not_opened)?;
        let tail = invoice.get(INVOICE_LEN - TAIL_LEN..).unwrap_or_default();
        Ok(Opened {
            references: vec![format!("tail/{tail}")],
            provider_ref: invoice,
            redirect_url: Some(made.invoice_url),
            transfer: None,
            client: None,
            expires_at: Some(open.until),
        })
    }

    async fn capture(&self, capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        let id = operation_id(&capture.references)?;
        let amount = [("amount", wire_amount(capture.amount)?)];
        self.operate(id, "charge", &amount, Operation::Capture).await?;
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        // Whether the status goes on telling the hold is not said, so the name keeps what was
        // taken.
        seen.references = vec![told::captured_name(id, capture.amount)];
        seen.status = Some(ObservedStatus::Paid);
        seen.captured = Some(capture.amount);
        Ok(seen)
    }

    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        // A link that nobody has used lapses by itself.
        if cancel.held {
            let id = operation_id(&cancel.references)?;
            self.operate(id, "cancel", &[], Operation::Cancel).await?;
        }
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        seen.status = Some(ObservedStatus::Cancelled);
        Ok(seen)
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let id = operation_id(&refund.references)?;
        if refund.amount.amount_minor < REFUND_MIN {
            return Err(told::refused("refund_too_small", "halyk gives back ten units at least"));
        }
        let query =
            [("amount", wire_amount(refund.amount)?), ("externalID", refund.refund.to_string())];
        self.operate(id, "refund", &query, Operation::Refund).await?;
        Ok(RefundSeen {
            refund: Some(refund.refund.clone()),
            reference: format!("{id}/refund/{}", refund.refund),
            amount: refund.amount,
            status: RefundStatus::Succeeded,
            problem: None,
            transfer: None,
        })
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let invoice = query.references.iter().find(|name| is_invoice(name));
        let invoice = invoice.ok_or_else(told::unnamed)?;
        let path = ["check-status", "payment", "transaction", invoice.as_str()];
        let url = super::below(&self.settings.endpoint, &path);
        let answer = self.tokens.send(|| self.grant(), || self.http.get(url.clone())).await;
        let found = status::standing(answer)?;
        status::payment(&self.settings, invoice, &found, &query.references, Timestamp::now())
    }

    async fn interpret(
        &self,
        _headers: &Headers,
        body: &[u8],
        _now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        notification::read(&self.settings, body)
    }

    fn thanks(&self) -> &'static str {
        r#"{"status":"ok"}"#
    }
}

impl Halyk {
    fn grant(&self) -> Call {
        let form = token_form(&self.settings, None);
        self.http.post(self.settings.token_endpoint.clone()).form(&form)
    }

    async fn operate(
        &self,
        id: &str,
        step: &str,
        query: &[(&str, String)],
        operation: Operation,
    ) -> Result<Reply, GatewayFault> {
        let mut url = super::below(&self.settings.endpoint, &["operation", id, step]);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.tokens.send(|| self.grant(), || self.http.post(url.clone())).await;
        answer.map_err(|fault| status::fault(fault, operation))
    }

    fn link(&self, open: &OpenPayment, invoice: &str) -> Result<wire::NewLink, GatewayFault> {
        let amount = wire_amount(open.amount)?;
        let unreadable = |_| told::unreadable("amount", Operation::Open);
        let days = open.until.since(open.requested_at).as_secs().div_ceil(DAY).max(1);
        let Settings { shop_id, notify_url, language, .. } = &self.settings;
        Ok(wire::NewLink {
            shop_id: shop_id.clone(),
            account_id: open.payment.to_string(),
            invoice_id: invoice.to_owned(),
            amount: serde_json::value::RawValue::from_string(amount).map_err(unreadable)?,
            language: language.clone(),
            description: open.description.chars().take(DESCRIPTION_MAX).collect(),
            expire_period: format!("{days}d"),
            recipient_contact: open.customer_email.clone().unwrap_or_default(),
            recipient_contact_sms: String::new(),
            notifier_contact_sms: String::new(),
            currency: open.amount.currency.as_str().to_owned(),
            post_link: notify_url.clone(),
            failure_post_link: notify_url.clone(),
            back_link: open.return_url.clone(),
            failure_back_link: open.cancel_url.clone().or_else(|| open.return_url.clone()),
        })
    }
}

/// A token's form: for one payment, or for all that is done later.
fn token_form(settings: &Settings, payment: Option<(&str, Money)>) -> Vec<(String, String)> {
    let mut form = vec![
        ("grant_type", "client_credentials".to_owned()),
        ("scope", settings.scope.clone()),
        ("client_id", settings.client_id.clone()),
        ("client_secret", settings.client_secret.expose_secret().to_owned()),
    ];
    if let Some((invoice, amount)) = payment {
        let hash =
            notification::secret_hash(&settings.hash_key, &settings.terminal, invoice, amount);
        form.push(("invoiceID", invoice.to_owned()));
        form.push(("secret_hash", hash));
        form.push(("amount", exact::plain(amount.amount_minor, amount.currency.exponent())));
        form.push(("currency", amount.currency.as_str().to_owned()));
    }
    form.push(("terminal", settings.terminal.clone()));
    if payment.is_some() {
        form.push(("postLink", settings.notify_url.to_string()));
        form.push(("failurePostLink", settings.notify_url.to_string()));
    }
    form.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The number of a key: fifteen digits. The journal sees to it that no two payments of an account
/// have the same tail: then another key is used.
fn invoice(key: &str) -> String {
    let digest = told::digest(key.as_bytes());
    let number = digest.get(..15).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0);
    format!("{:015}", number % 1_000_000_000_000_000)
}

fn is_invoice(name: &str) -> bool {
    (TAIL_LEN..=INVOICE_LEN).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_digit())
}

/// Major units.
fn wire_amount(amount: Money) -> Result<String, GatewayFault> {
    if CURRENCIES.contains(&amount.currency.as_str()) && amount.amount_minor > 0 {
        return Ok(exact::plain(amount.amount_minor, amount.currency.exponent()));
    }
    Err(told::refused("amount_not_possible", "halyk cannot take such an amount"))
}

fn operation_id(references: &[String]) -> Result<&str, GatewayFault> {
    let found = references.iter().find_map(|name| name.strip_prefix(status::OPERATION));
    found.ok_or_else(told::unnamed)
}
