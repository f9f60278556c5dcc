//! What Stripe's words mean, and what to do about its errors.

use super::{
    money::from_wire,
    wire::{Charge, Dispute, Error, ErrorReply, Expandable, Intent, Metadata, Refund, Session},
};
use crate::gateways::http::{HttpFault, Reply};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{
        CallFault, DisputeSeen, DisputeStatus, Observation, ObservationSource, ObservedStatus,
        Operation, Problem, RefundSeen, RefundStatus,
    },
};

/// A session's state. Anything new means: ask again later.
pub fn session(session: &Session, source: ObservationSource, at: Timestamp) -> Option<Observation> {
    let currency = session.currency.as_deref();
    let total = session.amount_total.zip(currency).map(|(total, code)| from_wire(total, code));
    // An amount that cannot be read must not pass for one that was not told.
    let amount = match total {
        Some(money) => Some(money?),
        None => None,
    };
    let mut told = match &session.payment_intent {
        Some(Expandable::Object(found)) => intent(found, source, at)?,
        Some(Expandable::Id(_)) | None => blank(source, at),
    };
    let mut references = vec![session.id.clone()];
    references.extend(session.payment_intent.as_ref().map(|found| found.id().to_owned()));
    told.references = references;
    told.attempt = attempt(session.metadata.as_ref());
    told.amount = amount;
    told.status = Some(match (session.status.as_deref(), session.payment_status.as_deref()) {
        (Some("expired"), _) => ObservedStatus::Expired,
        (Some("complete") | None, Some("paid" | "no_payment_required")) => {
            told.captured = told.captured.filter(|money| !money.is_zero()).or(amount);
            ObservedStatus::Paid
        }
        // Async method or manual capture: only the payment intent knows.
        (Some("complete"), Some("unpaid")) => match told.status {
            Some(ObservedStatus::Created) | None => ObservedStatus::Pending,
            Some(known) => known,
        },
        (Some("open"), _) => match told.status {
            // A declined try ends nothing while the page is open.
            Some(ObservedStatus::Failed) | None => ObservedStatus::Created,
            Some(known) => known,
        },
        _ => ObservedStatus::Pending,
    });
    Some(told)
}

/// A payment intent's state. Anything new means: ask again later.
pub fn intent(intent: &Intent, source: ObservationSource, at: Timestamp) -> Option<Observation> {
    let money = |amount| from_wire(amount, &intent.currency);
    let mut told = blank(source, at);
    told.references = vec![intent.id.clone()];
    told.attempt = attempt(intent.metadata.as_ref());
    told.amount = Some(money(intent.amount)?);
    told.problem = intent.last_payment_error.as_ref().map(problem);
    told.status = Some(match intent.status.as_str() {
        "requires_payment_method" => ObservedStatus::Created,
        "requires_capture" => {
            told.authorized = readable(intent.amount_capturable.map(money))?;
            ObservedStatus::Authorized
        }
        "succeeded" => {
            told.captured = readable(intent.amount_received.map(money))?;
            ObservedStatus::Paid
        }
        "canceled" => match intent.cancellation_reason.as_deref() {
            Some("automatic" | "abandoned" | "expired") => ObservedStatus::Expired,
            _ => ObservedStatus::Cancelled,
        },
        // requires_confirmation, requires_action, processing, and what nobody knows.
        _ => ObservedStatus::Pending,
    });
    Some(told)
}

/// A charge's state: the money that one try at an intent has moved.
pub fn charge(charge: &Charge, source: ObservationSource, at: Timestamp) -> Option<Observation> {
    let money = |amount| from_wire(amount, &charge.currency);
    let mut told = blank(source, at);
    let intent = charge.payment_intent.as_ref().map(|named| named.id());
    told.references = vec![intent.unwrap_or(&charge.id).to_owned()];
    told.attempt = attempt(charge.metadata.as_ref());
    told.amount = Some(money(charge.amount)?);
    told.status = Some(match (charge.status.as_deref(), charge.captured) {
        (Some("succeeded"), Some(true)) => {
            told.captured = readable(charge.amount_captured.map(money))?;
            ObservedStatus::Paid
        }
        (Some("succeeded"), Some(false)) => {
            told.authorized = told.amount;
            ObservedStatus::Authorized
        }
        // Another try may follow.
        (Some("failed"), _) => {
            let text = charge.failure_message.as_deref().unwrap_or("the payment was declined");
            let code = charge.failure_code.as_deref().unwrap_or("unknown");
            told.problem = Some(Problem::new(code, text));
            ObservedStatus::Created
        }
        _ => ObservedStatus::Pending,
    });
    Some(told)
}

/// What was told and cannot be read must not pass for what was not told.
fn readable<T>(told: Option<Option<T>>) -> Option<Option<T>> {
    match told {
        Some(None) => None,
        Some(read) => Some(read),
        None => Some(None),
    }
}

/// A refund's state.
pub fn refund(refund: &Refund) -> Option<RefundSeen> {
    let status = match refund.status.as_deref() {
        Some("succeeded") => RefundStatus::Succeeded,
        Some("failed") => RefundStatus::Failed,
        Some("canceled") => RefundStatus::Cancelled,
        // pending, requires_action, and what nobody knows.
        _ => RefundStatus::Pending,
    };
    let failed = refund.failure_reason.as_ref();
    Some(RefundSeen {
        refund: refund.metadata.as_ref().and_then(|texts| entity(texts, "refund")),
        reference: refund.id.clone(),
        amount: from_wire(refund.amount, &refund.currency)?,
        status,
        problem: failed.map(|reason| Problem::new(reason, "the refund failed")),
        transfer: None,
    })
}

/// A dispute's state.
pub fn dispute(dispute: &Dispute) -> Option<DisputeSeen> {
    let status = match dispute.status.as_str() {
        "won" | "warning_closed" | "prevented" => DisputeStatus::Won,
        "lost" => DisputeStatus::Lost,
        _ => DisputeStatus::Open,
    };
    let due = dispute.evidence_details.as_ref().and_then(|evidence| evidence.due_by);
    Some(DisputeSeen {
        reference: dispute.id.clone(),
        amount: from_wire(dispute.amount, &dispute.currency)?,
        status,
        reason: dispute.reason.clone(),
        respond_by: due.map(at_second),
    })
}

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

/// An id that we gave to an object.
pub fn entity(texts: &Metadata, name: &str) -> Option<EntityId> {
    EntityId::parse(texts.get(name)?).ok()
}

/// Stripe's seconds.
pub fn at_second(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

fn attempt(texts: Option<&Metadata>) -> Option<u32> {
    texts?.get("attempt")?.parse().ok()
}

fn problem(error: &Error) -> Problem {
    let code = error.decline_code.as_ref().or(error.code.as_ref()).or(error.kind.as_ref());
    Problem::new(
        code.map_or("unknown", String::as_str),
        error.message.as_deref().unwrap_or("the payment was declined"),
    )
}

/// What to do about a fault. Opening may be sent again under its key whatever became of it, for
/// nobody can pay what nobody was sent to; where money moves, Stripe is asked first.
pub fn fault(fault: HttpFault, operation: Operation, now: Timestamp) -> GatewayFault {
    let harmless = matches!(operation, Operation::Open | Operation::Query);
    let reply = match fault {
        HttpFault::Status(reply) => reply,
        HttpFault::Unknown(text) if harmless => {
            return GatewayFault::retry(FaultCause::Provider, Problem::new("no_answer", text));
        }
        other => return other.into_fault(),
    };
    let error = match reply.json::<ErrorReply>() {
        Ok(read) => read.error,
        Err(_) => Error::default(),
    };
    let words = Problem::new(
        error.code.as_ref().or(error.kind.as_ref()).map_or("unknown", String::as_str),
        error.message.as_deref().unwrap_or("stripe answered with an error"),
    );
    let cause = match reply.status {
        429 => FaultCause::Throttled,
        500.. => FaultCause::Provider,
        _ => FaultCause::Refused,
    };
    GatewayFault::new(action(&reply, &error, harmless, now), cause, words)
}

fn action(reply: &Reply, error: &Error, harmless: bool, now: Timestamp) -> CallFault {
    // Stripe keeps the answer under the key, so the same key brings the same error again.
    let saved = reply.header("idempotent-replayed") == Some("true");
    let again = |fresh_key| CallFault::Retry { at: reply.retry_at(now), fresh_key };
    let unclear = |fresh_key| {
        if harmless { again(fresh_key) } else { CallFault::AskFirst { fresh_key } }
    };
    if error.kind.as_deref() == Some("idempotency_error") && reply.status != 409 {
        return unclear(true);
    }
    if error.param.as_deref() == Some("expires_at") {
        return again(true);
    }
    match (reply.header("stripe-should-retry"), reply.status) {
        (Some("true"), _) => again(false),
        (Some("false"), 500..) => unclear(true),
        (_, 409 | 429) => again(false),
        (_, 408 | 500..) => unclear(saved),
        (_, _) if !harmless && is_about_state(error) => CallFault::AskFirst { fresh_key: true },
        _ => CallFault::GiveUp,
    }
}

/// Somebody or something else was faster: how it stands now says whether that is as wanted.
fn is_about_state(error: &Error) -> bool {
    matches!(
        error.code.as_deref(),
        Some(
            "payment_intent_unexpected_state"
                | "charge_already_captured"
                | "charge_already_refunded"
                | "checkout_session_not_open"
        )
    )
}
