//! ComGate: payment page, holds, refunds, push. The form interface 1.0 and the JSON interface 2.0
//! say the same in two notations; `wire` hides which is spoken.
//!
//! Formats: ComGate's API protocol 1.0 and 2.0 (apidoc.comgate.cz) and its PHP SDK. ComGate knows
//! no idempotency and lists no refunds, so a refund of unknown outcome is left to a person.

mod notification;
#[cfg(test)]
mod sandbox_tests;
mod statement;
#[cfg(test)]
mod statement_tests;
mod status;
#[cfg(test)]
mod tests;
mod wire;

use super::{Provider, mode, told};
use crate::gateways::{
    fields::{Field, FieldKind},
    http::Http,
};
use async_trait::async_trait;
use kontor_actors::{
    ports::{
        Abilities, CancelPayment, CapturePayment, GatewayFault, Headers, Interpreted,
        NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
    },
    ports_statement::{StatementAsk, StatementPage},
};
use kontor_messages::{
    Money, Timestamp,
    payment::{
        CaptureMode, Observation, ObservationSource, ObservedStatus, Operation, RefundSeen,
        RefundStatus,
    },
    tenant::AccountMode,
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use url::Url;
use wire::{Fields, Form};

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "comgate",
    needs_settings: true,
    calls: &["endpoint"],
    notify: None,
    fields: FIELDS,
    build,
    of_mode,
};

/// The settings below, for forms.
const FIELDS: &[Field] = &[
    Field::text("merchant", "The shop's number.").required(),
    Field::secret("secret", "The shop's secret for background communication."),
    Field::choice("interface", "Which interface is spoken; v1 if nothing is said.", &["v1", "v2"]),
    Field::switch("test", "Whether payments are tests; as the mode says, if nothing is said."),
    Field::text("endpoint", "Where the interface is, if it is not ComGate's own.").leads(),
    Field::text("method", "The methods offered, such as CARD_ALL; all if nothing is said."),
    Field::text("country", "The payer's country, such as CZ."),
    Field::text("language", "The page's language, such as cs."),
    Field::text("payer_email", "The address given for payers whose own is not known."),
    Field::number("settled_after_days", "Within how many days what was paid is passed on."),
    Field::text(
        "transfer_columns",
        "What the columns of a transfer's list are called, if otherwise.",
    )
    .of(FieldKind::Names),
];

/// Currencies that ComGate takes; all of them count hundredths.
const CURRENCIES: [&str; 9] = ["CZK", "EUR", "PLN", "HUF", "USD", "GBP", "RON", "NOK", "SEK"];
/// A payment is open from half an hour to seven days.
const OPEN_MIN: Duration = Duration::from_secs(30 * 60);
const OPEN_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Longer labels are refused.
const LABEL_MAX: usize = 16;

/// What an account needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The shop's number.
    pub merchant: String,
    /// The shop's secret for background communication.
    pub secret: SecretString,
    /// Which interface is spoken.
    #[serde(default)]
    pub interface: Interface,
    /// Whether payments are tests, as the mode says; one of the other kind is never taken for paid.
    #[serde(default)]
    pub test: bool,
    /// Where the interface is.
    #[serde(default = "endpoint")]
    pub endpoint: Url,
    /// The methods offered, such as `CARD_ALL` or `ALL-BANK_CZ_KB`.
    #[serde(default = "method")]
    pub method: String,
    /// The payer's country, such as `CZ`.
    #[serde(default)]
    pub country: Option<String>,
    /// The page's language, such as `cs`.
    #[serde(default)]
    pub language: Option<String>,
    /// The address given for payers whose own is not known; ComGate wants one.
    #[serde(default)]
    pub payer_email: Option<String>,
    /// Within how many days what was paid is passed on to the shop; the transfers are the list.
    #[serde(default = "settled_after_days")]
    pub settled_after_days: u16,
    /// What the columns of a transfer's list are called, where they are called otherwise: `kind`,
    /// `id`, `reference`, `currency`, `amount`, `paid_at`.
    #[serde(default)]
    pub transfer_columns: BTreeMap<String, String>,
}

/// Which interface is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// 1.0: forms both ways.
    #[default]
    V1,
    /// 2.0: JSON both ways.
    V2,
}

/// A shop at ComGate.
pub struct ComGate {
    settings: Settings,
    http: Http,
}

fn endpoint() -> Url {
    Url::parse("https://payments.comgate.cz").unwrap_or_else(|_| unreachable!("it is well formed"))
}

const fn settled_after_days() -> u16 {
    7
}

fn method() -> String {
    "ALL".to_owned()
}

/// Payments are tests if the mode says so.
fn of_mode(settings: &Value, mode: AccountMode) -> Result<Value, String> {
    let mut settings = settings.clone();
    let Some(members) = settings.as_object_mut() else { return Ok(settings) };
    let test = mode == AccountMode::Test;
    match members.entry("test").or_insert_with(|| test.into()).as_bool() {
        Some(told) if told != test => Err(mode::other_mode("test", mode)),
        _ => Ok(settings),
    }
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    super::is_web("endpoint", &settings.endpoint)?;
    statement::check(&settings)?;
    Ok(Arc::new(ComGate { settings, http: http.clone() }))
}

#[async_trait]
impl PaymentGateway for ComGate {
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
            refund_reference: false,
            calls_per_second: 10,
        }
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        let (form, expires_at) = self.form(open)?;
        let made = self.call(wire::Verb::Create, None, form, Operation::Open).await?;
        let (Some(id), Some(redirect)) = (made.get("transId"), made.get("redirect")) else {
            return Err(told::unreadable("answer", Operation::Open));
        };
        Ok(Opened {
            provider_ref: id.clone(),
            references: Vec::new(),
            redirect_url: Some(redirect.clone()),
            transfer: None,
            client: None,
            expires_at: Some(expires_at),
        })
    }

    async fn capture(&self, capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        let id = transaction(&capture.references)?;
        let form = vec![("amount", price(capture.amount)?)];
        self.call(wire::Verb::Capture, Some(id), form, Operation::Capture).await?;
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        // The status goes on telling the amount of the hold, so the name keeps what was taken.
        seen.references = vec![id.to_owned(), told::captured_name(id, capture.amount)];
        seen.status = Some(ObservedStatus::Paid);
        seen.captured = Some(capture.amount);
        Ok(seen)
    }

    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        let id = transaction(&cancel.references)?;
        let verb = if cancel.held { wire::Verb::Release } else { wire::Verb::Cancel };
        self.call(verb, Some(id), Vec::new(), Operation::Cancel).await?;
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        seen.references = vec![id.to_owned()];
        seen.status = Some(ObservedStatus::Cancelled);
        Ok(seen)
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let id = transaction(&refund.references)?;
        let form = vec![
            ("amount", price(refund.amount)?),
            ("curr", refund.amount.currency.as_str().to_owned()),
            ("test", self.settings.test.to_string()),
            ("refId", refund.refund.to_string()),
        ];
        self.call(wire::Verb::Refund, Some(id), form, Operation::Refund).await?;
        Ok(RefundSeen {
            refund: Some(refund.refund.clone()),
            // ComGate gives refunds no name.
            reference: format!("{id}/refund/{}", refund.refund),
            amount: refund.amount,
            status: RefundStatus::Succeeded,
            problem: None,
            transfer: None,
        })
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let id = transaction(&query.references)?;
        let fields = self.call(wire::Verb::Status, Some(id), Vec::new(), Operation::Query).await?;
        if fields.get("transId").map(String::as_str) != Some(id) || !self.is_ours(&fields) {
            return Err(told::refused("foreign", "the answer is about another shop or mode"));
        }
        let now = Timestamp::now();
        status::payment(&fields, &query.references, ObservationSource::Poll, now)
            .ok_or_else(|| told::unreadable("amount", Operation::Query))
    }

    async fn statement(&self, ask: &StatementAsk) -> Result<Option<StatementPage>, GatewayFault> {
        statement::page(self, ask).await.map(Some)
    }

    fn statement_lag_days(&self) -> u16 {
        self.settings.settled_after_days
    }

    async fn interpret(
        &self,
        headers: &Headers,
        body: &[u8],
        _now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        notification::read(&self.settings, headers, body)
    }

    /// A push that is answered otherwise comes again, a thousand times.
    fn thanks(&self) -> &'static str {
        "code=0&message=OK"
    }
}

impl ComGate {
    /// Of the shop and of the mode that the settings name.
    fn is_ours(&self, fields: &Fields) -> bool {
        let is = |name: &str, value: &str| fields.get(name).is_none_or(|told| told == value);
        is("merchant", &self.settings.merchant) && is("test", &self.settings.test.to_string())
    }

    async fn call(
        &self,
        verb: wire::Verb,
        id: Option<&str>,
        form: Form,
        operation: Operation,
    ) -> Result<Fields, GatewayFault> {
        let call = wire::call(&self.http, &self.settings, verb, id, &form);
        let answer = call.send().await;
        status::understood(answer, &self.settings.secret, operation)
    }

    /// What a payment is made with, and until when it is open.
    fn form(&self, open: &OpenPayment) -> Result<(Form, Timestamp), GatewayFault> {
        let Settings { method, country, language, payer_email, test, .. } = &self.settings;
        let Some(email) = open.customer_email.clone().or_else(|| payer_email.clone()) else {
            return Err(told::refused("email_missing", "comgate needs the payer's address"));
        };
        let soonest = open.requested_at.plus(OPEN_MIN);
        let latest = open.requested_at.plus(OPEN_MAX);
        let expires_at = open.until.max(soonest).min(latest);
        let minutes = expires_at.since(open.requested_at).as_secs() / 60;
        let label: String = open.description.trim().chars().take(LABEL_MAX).collect();
        let mut form = vec![
            ("test", test.to_string()),
            ("price", price(open.amount)?),
            ("curr", open.amount.currency.as_str().to_owned()),
            ("label", if label.is_empty() { "Order".to_owned() } else { label }),
            ("refId", open.payment.to_string()),
            ("method", method.clone()),
            ("email", email),
            ("expirationTime", format!("{minutes}m")),
            ("prepareOnly", "true".to_owned()),
        ];
        if open.capture == CaptureMode::Manual {
            form.push(("preauth", "true".to_owned()));
        }
        let cancel_url = open.cancel_url.as_ref().or(open.return_url.as_ref());
        for (name, value) in [
            ("country", country.as_ref()),
            ("lang", language.as_ref()),
            ("url_paid", open.return_url.as_ref()),
            ("url_pending", open.return_url.as_ref()),
            ("url_cancelled", cancel_url),
        ] {
            form.extend(value.map(|value| (name, value.clone())));
        }
        Ok((form, expires_at))
    }
}

fn price(amount: Money) -> Result<String, GatewayFault> {
    if CURRENCIES.contains(&amount.currency.as_str()) && amount.amount_minor > 0 {
        return Ok(amount.amount_minor.to_string());
    }
    Err(told::refused("amount_not_possible", "comgate cannot take such an amount"))
}

/// `AB12-CD34-EF56`.
fn transaction(references: &[String]) -> Result<&str, GatewayFault> {
    let found = references.iter().find(|name| wire::is_transaction(name));
    found.map(String::as_str).ok_or_else(told::unnamed)
}
