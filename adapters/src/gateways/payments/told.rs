//! What most providers have in common in how they tell things: small pure functions.

use crate::gateways::http::{HttpFault, Reply};
use kontor_actors::ports::{FaultCause, GatewayFault, NotificationError};
use kontor_messages::{
    Currency, Money, Timestamp,
    payment::{CallFault, Observation, ObservationSource, Operation, Problem},
};
use sha2::{Digest, Sha256};

/// An observation that says nothing yet.
pub fn blank(source: ObservationSource, observed_at: Timestamp) -> Observation {
    Observation {
        attempt: None,
        references: Vec::new(),
        status: None,
        amount: None,
        authorized: None,
        captured: None,
        refunded: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        problem: None,
        source,
        provider_event: None,
        observed_at,
    }
}

/// What to do about a fault of the exchange. Opening and asking may be done again whatever became
/// of them: nobody can pay what nobody was sent to. Where money moves, the provider is asked.
pub fn fault(fault: HttpFault, operation: Operation) -> GatewayFault {
    match fault {
        HttpFault::Status(reply) => {
            let at = reply.retry_at(Timestamp::now());
            patient(soften(HttpFault::Status(reply).into_fault(), operation), at)
        }
        fault => soften(fault.into_fault(), operation),
    }
}

/// The same for a reply that tells a fault of the provider's own.
pub fn unclear(reply: &Reply, problem: Problem, operation: Operation) -> GatewayFault {
    let fault = soften(GatewayFault::ask_first(FaultCause::Provider, problem), operation);
    patient(fault, reply.retry_at(Timestamp::now()))
}

/// What is tried again is not tried before the provider wants it.
fn patient(mut fault: GatewayFault, not_before: Option<Timestamp>) -> GatewayFault {
    if let CallFault::Retry { at: at @ None, .. } = &mut fault.fault {
        *at = not_before;
    }
    fault
}

/// The same for a fault that is understood already.
pub fn soften(mut fault: GatewayFault, operation: Operation) -> GatewayFault {
    let harmless = matches!(operation, Operation::Open | Operation::Query);
    if let (true, CallFault::AskFirst { fresh_key }) = (harmless, fault.fault) {
        fault.fault = CallFault::Retry { at: None, fresh_key };
    }
    fault
}

/// A reply that was understood but for what it is about; the outcome is unknown.
pub fn unreadable(what: &str, operation: Operation) -> GatewayFault {
    let problem = Problem::new("unreadable", format!("the provider's {what} cannot be read"));
    soften(GatewayFault::ask_first(FaultCause::Provider, problem), operation)
}

/// The name that the call needs has not been told yet: asking how things stand brings it.
pub fn unnamed() -> GatewayFault {
    let problem = Problem::new("unnamed", "what the call is about is not known yet");
    GatewayFault::ask_first(FaultCause::Here, problem)
}

/// It cannot be asked of this provider, or not so.
pub fn refused(code: &str, text: &str) -> GatewayFault {
    GatewayFault::give_up(FaultCause::Refused, Problem::new(code, text))
}

/// It was signed, but cannot be read.
pub fn malformed(what: impl Into<String>) -> NotificationError {
    NotificationError::Malformed(what.into())
}

/// An id for a notification that has none: a digest of its body.
pub fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// A name that keeps how much was taken, for providers whose status goes on telling the amount
/// that was asked for.
pub fn captured_name(id: &str, amount: Money) -> String {
    format!("{id}/captured/{}", amount.amount_minor)
}

/// How much was taken, if that is not all.
pub fn captured(references: &[String], id: &str, currency: Currency) -> Option<Money> {
    let prefix = format!("{id}/captured/");
    let minor = references.iter().find_map(|name| name.strip_prefix(&prefix))?;
    Some(Money::new(minor.parse().ok()?, currency))
}

/// A sentence of a provider, bounded, without the secrets that it may repeat.
pub fn sentence(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}
