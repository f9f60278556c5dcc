//! Fio banka: the payer transfers the money to the shop's account under a variable symbol, and
//! the account's movements are asked for. Refunds go out as an order that a person authorises.
//!
//! Formats: Fio's API for accounts (fio.cz/docs/cz/API_Bankovnictvi.pdf) and the Short Payment
//! Descriptor (qr-platba.cz). The bank sends nothing, and answers one call in thirty seconds.

mod import;
mod movements;
#[cfg(test)]
mod sandbox_tests;
mod settings;
mod statement;
mod symbol;
#[cfg(test)]
mod tests;

use super::{Provider, exact, mode, told};
use crate::gateways::{
    http::{Call, Http, HttpFault, Reply},
    turns::Turn,
};
use async_trait::async_trait;
use kontor_actors::{
    ports::{
        Abilities, CancelPayment, CapturePayment, FaultCause, GatewayFault, Headers, Interpreted,
        NotificationError, OpenPayment, Opened, PaymentGateway, PayoutFile, QueryPayment,
        RefundPayment,
    },
    ports_statement::{StatementAsk, StatementPage},
};
use kontor_messages::{
    Currency, Money, Timestamp,
    payment::{
        CallFault, Observation, ObservationSource, ObservedStatus, Operation, Problem, RefundSeen,
        RefundStatus, TransferInstructions,
    },
    payout::Transfer,
};
use movements::{Movement, Statement};
use secrecy::ExposeSecret;
use serde_json::Value;
use settings::FIELDS;
pub use settings::{Refunds, Settings};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use url::Url;

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "fio",
    needs_settings: true,
    calls: &["endpoint"],
    notify: None,
    fields: FIELDS,
    build,
    of_mode: mode::any,
};

/// What was fetched so recently is not fetched again for a refund.
const KEPT: Duration = Duration::from_secs(600);
/// A call takes its time, and the pause begins after it.
const SLACK: Duration = Duration::from_secs(30);
/// Older movements need a person's leave at the bank.
const DAYS_MAX: u16 = 89;

/// A bank account at Fio.
pub struct Fio {
    settings: Settings,
    http: Http,
    /// The token's turn, shared by all accounts that have it.
    turn: Turn,
    /// What it brought last.
    last: Mutex<Option<Arc<Statement>>>,
}

fn build(value: &Value, http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    let settings: Settings = super::settings(value)?;
    super::is_web("endpoint", &settings.endpoint)?;
    if symbol::account(&settings.iban).is_none() {
        return Err("iban: expected a Czech or Slovak IBAN without spaces".into());
    }
    if !(1..=DAYS_MAX).contains(&settings.days) {
        return Err(format!("days: expected 1 to {DAYS_MAX}"));
    }
    let turn = http.turn(settings.token.expose_secret());
    Ok(Arc::new(Fio { settings, http: http.clone(), turn, last: Mutex::default() }))
}

#[async_trait]
impl PaymentGateway for Fio {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: false,
            push: false,
            poll: true,
            hold: false,
            partial_capture: false,
            partial_refund: true,
            // Where nothing is sent, nothing is sent twice.
            refund_reference: self.settings.refunds == Refunds::File,
            // Most are answered from what the last one brought.
            calls_per_second: 100,
        }
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        let Settings { iban, bic, currency, .. } = &self.settings;
        if open.amount.currency != *currency || open.amount.amount_minor <= 0 {
            return Err(told::refused("amount_not_possible", "the account cannot take it"));
        }
        let symbol = symbol::of(&open.key);
        let account = symbol::account(iban).unwrap_or_default();
        let qr_text = symbol::qr_text(iban, bic, open.amount, &symbol, &open.description);
        Ok(Opened {
            references: vec![asked_name(&symbol, open.amount)],
            provider_ref: symbol.clone(),
            redirect_url: None,
            transfer: Some(TransferInstructions {
                account,
                iban: iban.clone(),
                variable_symbol: symbol,
                amount: open.amount,
                qr_text,
            }),
            client: None,
            expires_at: Some(open.until),
        })
    }

    async fn capture(&self, _capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        Err(told::refused("no_hold", "a transfer is not held"))
    }

    async fn cancel(&self, _cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        // Nobody can call a symbol off; what still comes under it is a late payment.
        let mut seen = told::blank(ObservationSource::Answer, Timestamp::now());
        seen.status = Some(ObservedStatus::Cancelled);
        Ok(seen)
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        let symbol = symbol_of(&refund.references)?;
        let tag = import::tag(&refund.refund);
        if self.settings.refunds == Refunds::ByHand {
            let text = format!("transfer it back with the message {tag}, and mark it as done");
            return Err(by_hand("transfer_by_hand", text));
        }
        let statement = self.statement(Operation::Refund, KEPT).await?;
        let came = statement.incoming(symbol);
        let Some((account, bank)) = came.iter().find_map(|movement| movement.sender()) else {
            let text = format!("the payer's account is not known: transfer it with message {tag}");
            return Err(by_hand("payer_unknown", text));
        };
        let transfer = Transfer {
            payee_account: account.to_owned(),
            payee_bank: bank.to_owned(),
            amount: refund.amount,
            variable_symbol: symbol.to_owned(),
            message: tag.clone(),
        };
        let by_file = self.settings.refunds == Refunds::File;
        if !by_file {
            let file = self.file(&[&transfer], Timestamp::now());
            let reply = self
                .import(
                    &file.ok_or_else(|| told::unreadable("payer's account", Operation::Refund))?,
                )
                .await?;
            import::accepted(&reply)?;
        }
        Ok(RefundSeen {
            refund: Some(refund.refund.clone()),
            reference: import::reference(symbol, &tag),
            amount: refund.amount,
            status: RefundStatus::Pending,
            problem: None,
            transfer: by_file.then(|| Box::new(transfer)),
        })
    }

    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault> {
        let symbol = symbol_of(&query.references)?;
        let pause = Duration::from_secs(self.settings.pause_s.into());
        let statement = self.statement(Operation::Query, pause).await?;
        let mut seen = told::blank(ObservationSource::Poll, statement.at);
        seen.references = vec![symbol.to_owned()];
        let came = sum(&statement.incoming(symbol), self.settings.currency);
        let asked = asked(&query.references, symbol, self.settings.currency);
        match (came, asked) {
            (None, _) => seen.status = Some(ObservedStatus::Created),
            (Some(came), Some(asked)) if came.amount_minor < asked.amount_minor => {
                seen.status = Some(ObservedStatus::Pending);
                let text = format!("{came} of {asked} has come");
                seen.problem = Some(Problem::new("underpaid", text));
            }
            (Some(came), _) => {
                seen.status = Some(ObservedStatus::Paid);
                seen.captured = Some(came);
            }
        }
        let paid_back = |movement: &&Movement| import::tag_in(movement).is_some();
        for movement in statement.outgoing(symbol).iter().filter(|it| paid_back(it)) {
            let tag = import::tag_in(movement).unwrap_or_default();
            seen.refunds.push(RefundSeen {
                refund: query.ours.iter().find(|id| import::tag(id) == tag).cloned(),
                reference: import::reference(symbol, &tag),
                amount: Money::new(-movement.amount_minor, self.settings.currency),
                status: RefundStatus::Succeeded,
                problem: None,
                transfer: None,
            });
        }
        Ok(seen)
    }

    fn payout_file(&self, orders: &[&Transfer], at: Timestamp) -> Option<PayoutFile> {
        let text = self.file(orders, at)?;
        Some(PayoutFile { content_type: "application/xml", extension: "xml", text })
    }

    async fn statement(&self, ask: &StatementAsk) -> Result<Option<StatementPage>, GatewayFault> {
        statement::page(self, ask).await.map(Some)
    }

    async fn interpret(
        &self,
        _headers: &Headers,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        Err(NotificationError::Unsupported)
    }
}

impl Fio {
    /// An import file of orders that are to be paid on a day; none if one cannot be written.
    fn file(&self, orders: &[&Transfer], at: Timestamp) -> Option<String> {
        import::file(&symbol::number(&self.settings.iban)?, orders, &movements::day(at, 0))
    }

    /// The account's movements, not older than `age`; asked for if it is the token's turn.
    async fn statement(
        &self,
        operation: Operation,
        age: Duration,
    ) -> Result<Arc<Statement>, GatewayFault> {
        let mut turn = self.turn.lock().await;
        let now = Timestamp::now();
        if let Some(last) = self.last(now, age) {
            return Ok(last);
        }
        if let Err(fault) = wait_for(*turn, now) {
            // Between the age and the turn there are moments; what came last serves them too.
            return self.last(now, age + SLACK).ok_or(fault);
        }
        let (from, to) = (movements::day(now, self.settings.days), movements::day(now, 0));
        let call = self.http.get(self.movements(&from, &to));
        let reply = self.send(&mut turn, call, operation).await?;
        let statement = Statement::read(&reply, &self.settings, Timestamp::now())?;
        let statement = Arc::new(statement);
        *self.kept() = Some(Arc::clone(&statement));
        Ok(statement)
    }

    /// What came last, if it is younger than that.
    fn last(&self, now: Timestamp, age: Duration) -> Option<Arc<Statement>> {
        self.kept().clone().filter(|last| now.since(last.at) < age)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<Statement>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the movements between two days are. The token stands in it: it goes into no log.
    fn movements(&self, from: &str, to: &str) -> Url {
        let token = self.settings.token.expose_secret();
        let path = ["periods", token, from, to, "transactions.json"];
        super::below(&self.settings.endpoint, &path)
    }

    /// Sends an order to the bank.
    async fn import(&self, file: &str) -> Result<Reply, GatewayFault> {
        let mut turn = self.turn.lock().await;
        wait_for(*turn, Timestamp::now())?;
        let (kind, body) = import::multipart(self.settings.token.expose_secret(), file);
        let url = super::below(&self.settings.endpoint, &["import", ""]);
        let call = self.http.post(url).body(&kind, body);
        self.send(&mut turn, call, Operation::Refund).await
    }

    async fn send(
        &self,
        turn: &mut Option<Timestamp>,
        call: Call,
        operation: Operation,
    ) -> Result<Reply, GatewayFault> {
        let answer = call.send().await;
        let pause = Duration::from_secs(self.settings.pause_s.into());
        let next = Timestamp::now().plus(pause);
        *turn = Some(next);
        match answer {
            Ok(reply) => Ok(reply),
            // Somebody else uses the token, or we did before a restart.
            Err(HttpFault::Status(reply)) if reply.status == 409 => {
                Err(not_now(FaultCause::Throttled, Some(next)))
            }
            Err(HttpFault::Status(reply)) if matches!(reply.status, 413 | 422) => {
                let text = "so many or so old movements need a leave in the internet banking";
                Err(told::refused("fio_period", text))
            }
            Err(fault) => Err(told::fault(fault, operation)),
        }
    }
}

/// Whose turn it is not comes back when it is: nothing was asked for.
fn wait_for(next: Option<Timestamp>, now: Timestamp) -> Result<(), GatewayFault> {
    match next.filter(|next| now < *next) {
        Some(next) => Err(not_now(FaultCause::Here, Some(next))),
        None => Ok(()),
    }
}

fn not_now(cause: FaultCause, at: Option<Timestamp>) -> GatewayFault {
    let fault = CallFault::Retry { at, fresh_key: false };
    GatewayFault::new(fault, cause, Problem::new("fio_pause", "it is not the token's turn"))
}

/// A person transfers it, and says so.
fn by_hand(code: &str, text: String) -> GatewayFault {
    let problem = Problem::new(code, text);
    GatewayFault::new(CallFault::LeaveToPerson, FaultCause::Refused, problem)
}

/// A name that keeps how much was asked for, which the bank does not know.
fn asked_name(symbol: &str, amount: Money) -> String {
    format!("{symbol}/asked/{}", amount.amount_minor)
}

fn asked(references: &[String], symbol: &str, currency: Currency) -> Option<Money> {
    let prefix = format!("{symbol}/asked/");
    let minor = references.iter().find_map(|name| name.strip_prefix(&prefix))?;
    Some(Money::new(minor.parse().ok()?, currency))
}

fn symbol_of(references: &[String]) -> Result<&str, GatewayFault> {
    let found = references.iter().find(|name| !name.contains('/'));
    found.map(String::as_str).ok_or_else(told::unnamed)
}

fn sum(movements: &[&Movement], currency: Currency) -> Option<Money> {
    let add = |sum: i64, movement: &&Movement| sum.saturating_add(movement.amount_minor);
    let sum = movements.iter().fold(0, add);
    (sum > 0).then_some(Money::new(sum, currency))
}

/// What the bank writes as a decimal.
fn minor(text: &str, currency: Currency) -> Option<i64> {
    exact::minor(text, currency.exponent())
}
