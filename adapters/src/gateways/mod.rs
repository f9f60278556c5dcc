//! Providers behind their ports. An [`Account`] is one tenant's account at one provider: it
//! paces, bounds, times and counts the calls of all providers alike, so that a provider only
//! translates.

mod accounts;
mod breaker;
mod copy;
pub mod fields;
pub mod guard;
pub mod health;
pub mod http;
pub mod notifications;
pub mod payments;
pub mod record;
pub mod redact;
mod retry_after;
mod settings;
pub mod turns;
pub mod webhooks;

pub use accounts::Accounts;
pub use copy::NOTIFICATION_MAX;
pub use settings::GatewaySettings;

use breaker::{Breaker, Rest};
use copy::bounded;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use health::{Health, LastCall, Seen, UnderWay};
use kontor_actors::{
    ports::{
        Abilities, CancelPayment, CapturePayment, FaultCause, GatewayFault, Headers,
        NotificationError, OpenPayment, Opened, PaymentGateway, PayoutFile, QueryPayment,
        RefundPayment,
    },
    ports_statement::{StatementAsk, StatementPage},
};
use kontor_messages::{
    EntityId, TenantId, Timestamp,
    payment::{CallFault, CallOutcome, Notification, Observation, Operation, Problem, RefundSeen},
    payout::Transfer,
};
use record::{Recorder, Said};
use redact::Redactor;
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::Instant};
use tracing::Instrument;

/// Calls of one account that are under way at once.
const IN_FLIGHT_MAX: usize = 8;
/// For a call with all its requests; one of them may take a minute.
const CALL_MAX: Duration = Duration::from_secs(90);
/// To get a turn; a call that gets none was not made.
const TURN_MAX: Duration = Duration::from_secs(20);
/// To verify a notification; most need nothing from outside for that.
const INTERPRET_MAX: Duration = Duration::from_secs(15);

/// What is asked of an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Make it payable.
    Open(OpenPayment),
    /// Take held money.
    Capture(CapturePayment),
    /// Call it off.
    Cancel(CancelPayment),
    /// Give money back.
    Refund(RefundPayment),
    /// Say how it stands.
    Query(QueryPayment),
}

/// What an account answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It can be paid.
    Opened(Box<Opened>),
    /// How it stands.
    Stands(Box<Observation>),
    /// How its refund stands.
    Refund(Box<RefundSeen>),
}

/// One tenant's account at one provider.
pub struct Account {
    tenant: TenantId,
    name: String,
    gateway: Arc<dyn PaymentGateway>,
    limits: Arc<Limits>,
    redactor: Arc<Redactor>,
}

/// A call as it was made.
pub struct Made<T> {
    /// What came of it.
    pub answer: Result<T, GatewayFault>,
    /// The same in a word.
    pub outcome: CallOutcome,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, with the wait for its turn.
    pub duration_ms: u64,
    /// What was said in it.
    pub said: Said,
}

/// What holds the calls of an account back. It outlives a change of settings.
struct Limits {
    pace: DefaultDirectRateLimiter,
    in_flight: Semaphore,
    breaker: Breaker,
    health: Health,
}

impl Account {
    /// An account over a provider.
    pub fn new(
        tenant: TenantId,
        name: impl Into<String>,
        gateway: Arc<dyn PaymentGateway>,
    ) -> Self {
        let limits = Arc::new(Limits::of(gateway.name(), gateway.abilities(), Rest::default()));
        Self { tenant, name: name.into(), gateway, limits, redactor: Arc::default() }
    }

    /// The account with the secrets of its settings, which no record of a call shows.
    pub fn hiding(self, secrets: Vec<String>) -> Self {
        Self { redactor: Arc::new(Redactor::hiding(secrets)), ..self }
    }

    /// The same, which nobody has called yet, with other rests.
    fn resting(self, rest: Rest) -> Self {
        Self { limits: Arc::new(Limits::of(self.provider(), self.abilities(), rest)), ..self }
    }

    /// The same account over other settings, which goes on as it was held back before.
    fn changed(&self, gateway: Arc<dyn PaymentGateway>) -> Self {
        let (tenant, name) = (self.tenant.clone(), self.name.clone());
        let limits = Arc::clone(&self.limits);
        Self { tenant, name, gateway, limits, redactor: Arc::default() }
    }

    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The provider's name.
    pub fn provider(&self) -> &'static str {
        self.gateway.name()
    }

    /// What the provider can do.
    pub fn abilities(&self) -> Abilities {
        self.gateway.abilities()
    }

    /// The file by which the bank pays these out; none if the provider takes none.
    pub fn payout_file(&self, orders: &[&Transfer], at: Timestamp) -> Option<PayoutFile> {
        self.gateway.payout_file(orders, at)
    }

    /// After how many whole days the provider's list has all of a day.
    pub fn statement_lag_days(&self) -> u16 {
        self.gateway.statement_lag_days()
    }

    /// How it is, as this node has seen it.
    pub fn seen(&self, now: Timestamp) -> Seen {
        Seen {
            provider: self.provider(),
            account: self.name.clone(),
            breaker: self.limits.breaker.stand(now),
            under_way: self.limits.health.under_way(),
            lately: self.limits.health.lately(now),
        }
    }

    /// What the provider wants to read when its notification has been taken.
    pub fn thanks(&self) -> &'static str {
        self.gateway.thanks()
    }

    /// The calls under way and the last ones of the hour, each newest first.
    pub fn last_calls(&self, now: Timestamp) -> Vec<LastCall> {
        self.limits.health.last_calls(now)
    }

    /// How it is, and its last calls: as many of them are under way as it says.
    pub fn seen_with_calls(&self, now: Timestamp) -> (Seen, Vec<LastCall>) {
        let calls = self.last_calls(now);
        let under_way = calls.iter().filter(|call| call.outcome.is_none()).count() as u64;
        (Seen { under_way, ..self.seen(now) }, calls)
    }

    /// Calls the provider once, for a payment. Waits for its turn, never for another try.
    pub async fn call(&self, ask: &Ask, payment: &EntityId) -> Made<Told> {
        self.timed((ask.operation(), Some(payment.clone())), self.translate(ask)).await
    }

    /// Asks for a page of what came and went; none if the provider has no such list.
    pub async fn statement(
        &self,
        ask: &StatementAsk,
    ) -> Result<Option<StatementPage>, GatewayFault> {
        self.timed(("statement", None), self.gateway.statement(ask)).await.answer
    }

    async fn timed<T>(
        &self,
        (operation, payment): (&'static str, Option<EntityId>),
        call: impl Future<Output = Result<T, GatewayFault>>,
    ) -> Made<T> {
        let (begun, started_at) = (Instant::now(), Timestamp::now());
        let mut under_way = self.limits.health.begin(operation, payment, started_at);
        let (provider, account) = (self.provider(), &*self.name);
        let span = tracing::debug_span!("gateway", provider, account, operation);
        let recorder = Recorder::new(provider, self.gateway.request_id(), &self.redactor);
        let answer = self.in_turn(&mut under_way, recorder.during(call)).instrument(span).await;
        let said = recorder.said();
        let outcome = outcome(&answer, said.timed_out);
        let duration_ms = record::millis(begun);
        let (fault, took) = (answer.as_ref().err(), begun.elapsed());
        under_way.ended(outcome, fault, took, Timestamp::now());
        self.count(operation, fault, outcome, took);
        Made { answer, outcome, started_at, duration_ms, said }
    }

    /// Verifies and reads what the provider sent. The provider learns no more than yes or no.
    pub async fn interpret(
        &self,
        headers: &Headers,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notification, NotificationError> {
        let reading = self.gateway.interpret(headers, body, now);
        let read = tokio::time::timeout(INTERPRET_MAX, reading).await;
        let read = read.unwrap_or(Err(NotificationError::NotNow));
        self.limits.health.note_notification(&read, now);
        let outcome = read.as_ref().err().map_or("taken", health::reason);
        metrics::counter!("kontor_gateway_notifications_total",
            "provider" => self.provider(), "outcome" => outcome)
        .increment(1);
        let read = read?;
        Ok(Notification {
            provider: self.provider().to_owned(),
            account: self.name.clone(),
            event_id: read.event_id,
            kind: read.kind.chars().take(100).collect(),
            references: read.references,
            tenant: read.tenant,
            payment: read.payment,
            observation: read.observation,
            body: bounded(body),
            signature_ok: read.signature_ok,
            received_at: now,
        })
    }

    async fn in_turn<'a, T>(
        &'a self,
        under_way: &mut UnderWay<'a>,
        call: impl Future<Output = Result<T, GatewayFault>>,
    ) -> Result<T, GatewayFault> {
        let permit = self.limits.breaker.admit(Timestamp::now()).map_err(breaker_open)?;
        let turn = async {
            let slot = self.limits.in_flight.acquire().await;
            self.limits.pace.until_ready().await;
            slot
        };
        let asked = Instant::now();
        let turn = tokio::time::timeout(TURN_MAX, turn).await;
        let Ok(Ok(slot)) = turn else {
            under_way.has_no_turn(asked.elapsed(), Timestamp::now());
            let problem = Problem::new("busy", "too many calls of this account are under way");
            return Err(GatewayFault::retry(FaultCause::Here, problem));
        };
        under_way.has_its_turn(slot, asked.elapsed(), Timestamp::now());
        let _in_flight = InFlight::of(self.provider());
        let answer = match tokio::time::timeout(CALL_MAX, call).await {
            Ok(answer) => answer,
            Err(_) => {
                let problem = Problem::new("no_answer", "the provider did not answer in time");
                Err(GatewayFault::ask_first(FaultCause::Provider, problem))
            }
        };
        permit.report(&answer, Timestamp::now());
        answer
    }

    async fn translate(&self, ask: &Ask) -> Result<Told, GatewayFault> {
        let stands = |told| Told::Stands(Box::new(told));
        match ask {
            Ask::Open(open) => {
                self.gateway.open(open).await.map(|opened| Told::Opened(Box::new(opened)))
            }
            Ask::Capture(capture) => self.gateway.capture(capture).await.map(stands),
            Ask::Cancel(cancel) => self.gateway.cancel(cancel).await.map(stands),
            Ask::Refund(refund) => {
                self.gateway.refund(refund).await.map(|seen| Told::Refund(Box::new(seen)))
            }
            Ask::Query(query) => self.gateway.query(query).await.map(stands),
        }
    }

    fn count(
        &self,
        operation: &'static str,
        fault: Option<&GatewayFault>,
        outcome: CallOutcome,
        took: Duration,
    ) {
        let (provider, word) = (self.provider(), outcome.word());
        metrics::counter!("kontor_gateway_calls_total", "provider" => provider,
            "operation" => operation, "outcome" => word)
        .increment(1);
        metrics::histogram!("kontor_gateway_call_seconds", "provider" => provider,
            "operation" => operation, "outcome" => word)
        .record(took);
        if let Some(fault) = fault {
            tracing::warn!(tenant = %self.tenant, provider, account = %self.name,
                operation, outcome = word, code = %fault.code, "gateway call failed");
        }
    }
}

/// What came of a call, in a word.
fn outcome<T>(answer: &Result<T, GatewayFault>, timed_out: bool) -> CallOutcome {
    let Err(fault) = answer else { return CallOutcome::Answered };
    match (fault.cause, fault.fault) {
        (FaultCause::Here, _) => CallOutcome::NotSent,
        (FaultCause::Throttled, _) => CallOutcome::Throttled,
        (_, CallFault::LeaveToPerson) => CallOutcome::LeftToPerson,
        (FaultCause::Provider, _) if timed_out => CallOutcome::TimedOut,
        (_, CallFault::Retry { .. }) => CallOutcome::Failed,
        (_, CallFault::AskFirst { .. }) => CallOutcome::Unknown,
        (_, CallFault::GiveUp) => CallOutcome::Refused,
    }
}

/// A call that is under way, in the figures.
struct InFlight(&'static str);

impl InFlight {
    fn of(provider: &'static str) -> Self {
        metrics::gauge!("kontor_gateway_calls_in_flight", "provider" => provider).increment(1.0);
        Self(provider)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("kontor_gateway_calls_in_flight", "provider" => self.0).decrement(1.0);
    }
}

impl Limits {
    fn of(provider: &'static str, abilities: Abilities, rest: Rest) -> Self {
        let rate = NonZeroU32::new(abilities.calls_per_second).unwrap_or(NonZeroU32::MIN);
        Self {
            pace: RateLimiter::direct(Quota::per_second(rate)),
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            breaker: Breaker::new(provider, rest),
            health: Health::default(),
        }
    }
}

impl Ask {
    /// The operation's name in metrics.
    fn operation(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Capture(_) => "capture",
            Self::Cancel(_) => "cancel",
            Self::Refund(_) => "refund",
            Self::Query(_) => "query",
        }
    }

    /// The operation.
    pub fn kind(&self) -> Operation {
        match self {
            Self::Open(_) => Operation::Open,
            Self::Capture(_) => Operation::Capture,
            Self::Cancel(_) => Operation::Cancel,
            Self::Refund(_) => Operation::Refund,
            Self::Query(_) => Operation::Query,
        }
    }
}

fn breaker_open(until: Timestamp) -> GatewayFault {
    let fault = CallFault::Retry { at: Some(until), fresh_key: false };
    let problem = Problem::new(health::RESTS, "the provider has been failing and gets a rest");
    GatewayFault::new(fault, FaultCause::Here, problem)
}

#[cfg(test)]
mod tests;
