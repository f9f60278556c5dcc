//! From a payment's event to a call, and from the call's outcome to the command that records it.
//!
//! Whoever hosts this follows the journal and gives each event once or more: an event whose call
//! has been answered meanwhile leads to nothing. No outcome is ever dropped.

use crate::gateways::{Account, Accounts, Ask, Made, Told, http::ADDRESS_REFUSED, record::Said};
use kontor_actors::{
    payment::{Attempt, Call, CallState, PaymentDocument},
    ports::{
        CancelPayment, CapturePayment, FaultCause, GatewayFault, OpenPayment, QueryPayment,
        RefundPayment,
    },
};
use kontor_messages::{
    EntityId, EventId, TenantId, Timestamp,
    payment::{
        Backoff, CallFault, CallOutcome, Observation, ObservationSource, Operation, PaymentCommand,
        PaymentEvent, PaymentStatus, Problem, ProviderCall,
    },
};
use std::time::Duration;

/// A refund that was asked for longer ago may have been made by a node that did not write down yet
/// what it begins.
const REFUND_FRESH: Duration = Duration::from_secs(120);

/// A call that an event asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Errand {
    /// For which attempt.
    pub attempt: u32,
    /// The call's key; empty for a query.
    pub key: String,
    /// What is asked; none if nobody wants it any more.
    ask: Option<Ask>,
    operation: Operation,
    /// Of which account.
    provider: String,
    account: String,
    /// Which try it is; of a query, which query.
    tries: u32,
    /// When it was asked for; none if it was made before and nobody knows what became of it.
    fresh_since: Option<Timestamp>,
    /// How long it waits if it is not done.
    backoff: Backoff,
}

/// What is to be recorded before the call that an event asks for is made: that it begins, where the
/// provider would do it twice and cannot be asked whether it did. So whoever dies while it is under
/// way leaves behind that it may have been done. The error is what to record in place of a call.
pub async fn begins(
    accounts: &Accounts,
    tenant: &TenantId,
    payment: &EntityId,
    event: &PaymentEvent,
    document: &PaymentDocument,
    now: Timestamp,
) -> Result<Option<PaymentCommand>, Box<PaymentCommand>> {
    let errand = errand(tenant, payment, event, document);
    let refund = |errand: &Errand| errand.operation == Operation::Refund && errand.is_fresh(now);
    let Some(mut errand) = errand.filter(refund) else { return Ok(None) };
    errand.backoff = accounts.backoff();
    let Some(attempt) = document.attempt(errand.attempt) else { return Ok(None) };
    let account = accounts.get(tenant, &attempt.provider, &attempt.account).await;
    let account =
        account.map_err(|fault| Box::new(without_account(&errand, payment, fault, now)))?;
    if !errand.is_blind(&account) {
        return Ok(None);
    }
    Ok(Some(PaymentCommand::RecordCallBegun { payment: payment.clone(), key: errand.key }))
}

impl Errand {
    /// A refund that may have been made once it was begun, and nobody could tell.
    fn is_blind(&self, account: &Account) -> bool {
        self.operation == Operation::Refund && !account.abilities().refund_reference
    }

    /// Whether it surely was not made yet.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fresh_since.is_some_and(|since| now.since(since) <= REFUND_FRESH)
    }
}

/// Looks the account up, calls it, and says what is to be recorded: the call, with what came of it.
/// None: nothing was to be done.
pub async fn run(
    accounts: &Accounts,
    tenant: &TenantId,
    payment: &EntityId,
    event: &PaymentEvent,
    document: &PaymentDocument,
    now: Timestamp,
) -> Option<PaymentCommand> {
    let mut errand = errand(tenant, payment, event, document)?;
    errand.backoff = accounts.backoff();
    let attempt = document.attempt(errand.attempt)?;
    match accounts.get(tenant, &attempt.provider, &attempt.account).await {
        Ok(account) => Some(call(&errand, payment, &account, now).await),
        Err(fault) => Some(without_account(&errand, payment, fault, now)),
    }
}

/// The payer waits in front of an opening that cannot be made, so the shop learns of it at once.
fn at_once(errand: &Errand, fault: GatewayFault) -> GatewayFault {
    match errand.operation {
        Operation::Open => GatewayFault { fault: CallFault::GiveUp, ..fault },
        _ => fault,
    }
}

/// The same with an account at hand.
pub async fn dispatch(
    payment: &EntityId,
    event: &PaymentEvent,
    document: &PaymentDocument,
    account: &Account,
    now: Timestamp,
) -> Option<PaymentCommand> {
    let errand = errand(account.tenant(), payment, event, document)?;
    Some(call(&errand, payment, account, now).await)
}

/// What an event asks for, as the payment stands now. None: nothing, or nothing any more.
pub fn errand(
    tenant: &TenantId,
    payment: &EntityId,
    event: &PaymentEvent,
    document: &PaymentDocument,
) -> Option<Errand> {
    let key = match event {
        PaymentEvent::QueryRequested { attempt, query, .. } => {
            return question(document.attempt(*attempt)?, *query, document);
        }
        PaymentEvent::Requested { call, .. }
        | PaymentEvent::CaptureRequested { call, .. }
        | PaymentEvent::CancelRequested { call, .. }
        | PaymentEvent::RefundRequested { call, .. }
        | PaymentEvent::CallRepeated { call, .. } => &call.key,
        _ => return None,
    };
    let call = document.call(key).filter(|call| call.state == CallState::Sent)?;
    let attempt = document.attempt(call.attempt)?;
    let ask = ask(tenant, payment, document, attempt, call);
    // A repetition without a reason is that of a call which nobody has answered.
    let lost = matches!(event, PaymentEvent::CallRepeated { .. }) && call.problem.is_none();
    Some(Errand {
        attempt: attempt.attempt,
        key: call.key.clone(),
        ask,
        operation: call.operation,
        provider: attempt.provider.clone(),
        account: attempt.account.clone(),
        tries: call.tries,
        fresh_since: (!lost && !call.begun).then_some(call.sent_at),
        backoff: Backoff::default(),
    })
}

fn question(attempt: &Attempt, query: u32, document: &PaymentDocument) -> Option<Errand> {
    if attempt.references.is_empty() {
        return None;
    }
    let refunds = attempt.captured_seen > 0
        || document.refunds.iter().any(|refund| refund.attempt == attempt.attempt);
    let wanted = attempt.is_open() && !attempt.cancel_asked;
    let ours = document.refunds.iter().filter(|refund| refund.attempt == attempt.attempt);
    let ours = ours.map(|refund| refund.refund.clone()).collect();
    let asked = QueryPayment { references: attempt.references.clone(), refunds, ours, wanted };
    Some(Errand {
        attempt: attempt.attempt,
        key: String::new(),
        ask: Some(Ask::Query(asked)),
        operation: Operation::Query,
        provider: attempt.provider.clone(),
        account: attempt.account.clone(),
        tries: query,
        fresh_since: None,
        backoff: Backoff::default(),
    })
}

fn ask(
    tenant: &TenantId,
    payment: &EntityId,
    document: &PaymentDocument,
    attempt: &Attempt,
    call: &Call,
) -> Option<Ask> {
    let references = attempt.references.clone();
    let key = call.key.clone();
    match call.operation {
        Operation::Open => {
            let wanted = attempt.closed.is_none() && !attempt.cancel_asked;
            wanted.then(|| {
                Ask::Open(OpenPayment {
                    tenant: tenant.clone(),
                    payment: payment.clone(),
                    attempt: attempt.attempt,
                    amount: document.amount(),
                    capture: document.capture,
                    method: document.plan.method.clone(),
                    return_url: document.return_url.clone(),
                    cancel_url: document.cancel_url.clone(),
                    description: document.description.clone(),
                    until: attempt.until,
                    customer_email: document.customer_email.clone(),
                    requested_at: call.key_since,
                    key,
                })
            })
        }
        Operation::Capture => {
            let amount = call.amount?;
            Some(Ask::Capture(CapturePayment { references, amount, key }))
        }
        Operation::Cancel => {
            let held = attempt.status == PaymentStatus::Authorized;
            Some(Ask::Cancel(CancelPayment { references, held, key }))
        }
        Operation::Refund => Some(Ask::Refund(RefundPayment {
            tenant: tenant.clone(),
            payment: payment.clone(),
            refund: call.refund.clone()?,
            references,
            amount: call.amount?,
            key,
        })),
        Operation::Query => None,
    }
}

async fn call(
    errand: &Errand,
    payment: &EntityId,
    account: &Account,
    now: Timestamp,
) -> PaymentCommand {
    let Some(ask) = &errand.ask else {
        let problem = Problem::new("withdrawn", "nobody wants it any more");
        return failed(errand, payment, GatewayFault::give_up(FaultCause::Here, problem));
    };
    if let Ask::Cancel(cancel) = ask
        && cancel.references.is_empty()
    {
        // The answer to the opening is under way, and it brings the name.
        let problem = Problem::new("unnamed", "the provider has not named it yet");
        return failed(errand, payment, GatewayFault::retry(FaultCause::Here, problem));
    }
    let blind = errand.is_blind(account);
    if blind && !errand.is_fresh(now) {
        return failed(errand, payment, perhaps_given_back());
    }
    let mut made = account.call(ask, payment).await;
    let record = record(errand, &mut made);
    let told = match made.answer {
        Err(fault) if blind && matches!(fault.fault, CallFault::AskFirst { .. }) => {
            failed(errand, payment, perhaps_given_back())
        }
        Ok(told) => recorded(errand, payment, told, account.abilities().by_hand(), now),
        // As with settings that are wrong.
        Err(fault) if fault.code == ADDRESS_REFUSED => {
            failed(errand, payment, at_once(errand, fault))
        }
        Err(fault) => failed(errand, payment, fault),
    };
    with(payment, record, told)
}

/// The record of a call, and what came of it, in one command.
fn with(payment: &EntityId, call: ProviderCall, told: PaymentCommand) -> PaymentCommand {
    let (payment, call, told) = (payment.clone(), Box::new(call), Box::new(told));
    PaymentCommand::RecordCall { payment, call, told }
}

fn record<T>(errand: &Errand, made: &mut Made<T>) -> ProviderCall {
    let Said { exchanges, left_out, .. } = std::mem::take(&mut made.said);
    ProviderCall {
        id: EventId::fresh(made.started_at),
        operation: errand.operation,
        attempt: errand.attempt,
        provider: errand.provider.clone(),
        account: errand.account.clone(),
        key: errand.key.clone(),
        tries: errand.tries,
        started_at: made.started_at,
        duration_ms: made.duration_ms,
        outcome: made.outcome,
        problem: made.answer.as_ref().err().map(GatewayFault::problem),
        exchanges,
        exchanges_left_out: left_out,
    }
}

/// What is to be recorded of a call that found no account to be made with.
fn without_account(
    errand: &Errand,
    payment: &EntityId,
    fault: GatewayFault,
    now: Timestamp,
) -> PaymentCommand {
    let mut made = Made::<()> {
        answer: Err(fault.clone()),
        outcome: CallOutcome::NotSent,
        started_at: now,
        duration_ms: 0,
        said: Said::default(),
    };
    let record = record(errand, &mut made);
    with(payment, record, failed(errand, payment, at_once(errand, fault)))
}

/// The provider cannot be asked whether it did it, and would do it again: a person looks there.
fn perhaps_given_back() -> GatewayFault {
    let text = "the refund may have been made: look at the provider, and mark it as done or failed";
    let problem = Problem::new("refund_unknown", text);
    GatewayFault::new(CallFault::LeaveToPerson, FaultCause::Provider, problem)
}

fn recorded(
    errand: &Errand,
    payment: &EntityId,
    told: Told,
    by_hand: bool,
    now: Timestamp,
) -> PaymentCommand {
    let payment = payment.clone();
    match told {
        Told::Opened(opened) => PaymentCommand::RecordOpened {
            payment,
            attempt: errand.attempt,
            provider_ref: opened.provider_ref,
            references: opened.references,
            redirect_url: opened.redirect_url,
            transfer: opened.transfer,
            client: opened.client,
            expires_at: opened.expires_at,
            by_hand,
        },
        Told::Stands(mut observation) => {
            observation.attempt = Some(errand.attempt);
            PaymentCommand::RecordObservation { payment, observation }
        }
        Told::Refund(seen) => {
            let observation = Observation {
                attempt: Some(errand.attempt),
                references: Vec::new(),
                status: None,
                amount: None,
                authorized: None,
                captured: None,
                refunded: None,
                refunds: vec![*seen],
                disputes: Vec::new(),
                problem: None,
                source: ObservationSource::Answer,
                provider_event: None,
                observed_at: now,
            };
            PaymentCommand::RecordObservation { payment, observation: Box::new(observation) }
        }
    }
}

fn failed(errand: &Errand, payment: &EntityId, fault: GatewayFault) -> PaymentCommand {
    let problem = fault.problem();
    let fault = match (errand.operation, fault.fault) {
        // A question can always be asked again.
        (Operation::Query, CallFault::AskFirst { .. }) => {
            CallFault::Retry { at: None, fresh_key: false }
        }
        (_, fault) => fault,
    };
    PaymentCommand::RecordCallFailed {
        payment: payment.clone(),
        operation: errand.operation,
        attempt: errand.attempt,
        key: errand.key.clone(),
        fault,
        problem,
        jitter_permille: fastrand::u16(0..1000),
        backoff: errand.backoff,
    }
}

#[cfg(test)]
mod tests;
