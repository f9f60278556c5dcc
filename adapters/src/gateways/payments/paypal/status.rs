//! What PayPal's words mean, its amounts, and what to do about its errors.

use super::wire::{self, Amount, Capture, Dispute, Order, Payments, Refund};
use crate::gateways::{
    http::HttpFault,
    payments::{exact, told},
};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{
        DisputeSeen, DisputeStatus, Observation, ObservationSource, ObservedStatus, Operation,
        Problem, RefundSeen, RefundStatus,
    },
};

/// Before the name of a capture, for PayPal's names do not say what they name.
pub const CAPTURE: &str = "capture/";
/// Before the name of an authorization.
pub const AUTHORIZATION: &str = "authorization/";

/// Currencies that PayPal takes whole units of only.
const WHOLE: [&str; 3] = ["HUF", "JPY", "TWD"];

/// An amount as PayPal writes it.
pub fn to_wire(money: Money) -> Result<Amount, GatewayFault> {
    let currency_code = money.currency.as_str().to_owned();
    let places = if WHOLE.contains(&currency_code.as_str()) { 0 } else { 2 };
    let minor = exact::scaled(money.amount_minor, money.currency.exponent(), places);
    match minor.filter(|minor| *minor > 0) {
        Some(minor) => Ok(Amount { currency_code, value: exact::decimal(minor, places) }),
        None => Err(told::refused("amount_not_possible", "paypal cannot take such an amount")),
    }
}

fn money(amount: &Amount) -> Option<Money> {
    exact::money(&amount.value, &amount.currency_code)
}

/// How an order stands, with all that happened in it. Anything new means: ask again later.
pub fn order(order: &Order, source: ObservationSource, at: Timestamp) -> Option<Observation> {
    let mut seen = told::blank(source, at);
    seen.references = vec![order.id.clone()];
    let unit = order.purchase_units.first();
    seen.attempt = unit.and_then(|unit| attempt(unit.custom_id.as_deref()));
    seen.amount = match unit.and_then(|unit| unit.amount.as_ref()) {
        Some(amount) => Some(money(amount)?),
        None => None,
    };
    seen.status = Some(match order.status.as_str() {
        "VOIDED" => ObservedStatus::Cancelled,
        // The payer has done nothing, or is asked for more.
        "CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED" => ObservedStatus::Created,
        // APPROVED: nothing is paid yet. COMPLETED: what is inside says more.
        _ => ObservedStatus::Pending,
    });
    let none = Payments::default();
    let inside = unit.and_then(|unit| unit.payments.as_ref()).unwrap_or(&none);
    for part in inside.authorizations.iter().chain(&inside.captures) {
        // Captures come last: what they say is more than what the hold says.
        let is_capture = inside.captures.iter().any(|capture| capture.id == part.id);
        let read =
            if is_capture { capture(part, source, at)? } else { authorization(part, source, at)? };
        let own = read.references.into_iter().filter(|name| *name != order.id);
        seen.references.extend(own);
        seen.authorized = read.authorized.or(seen.authorized);
        seen.captured = match (seen.captured, read.captured) {
            (Some(sum), Some(more)) => Some(sum.plus(more).ok()?),
            (sum, more) => sum.or(more),
        };
        seen.problem = read.problem.or(seen.problem);
        let taken = seen.captured.is_some();
        seen.status = if taken { Some(ObservedStatus::Paid) } else { read.status };
    }
    for made in &inside.refunds {
        seen.refunds.push(refund(made)?);
    }
    Some(seen)
}

/// How a capture stands.
pub fn capture(capture: &Capture, source: ObservationSource, at: Timestamp) -> Option<Observation> {
    let mut seen = part(capture, CAPTURE, source, at);
    seen.status = Some(match capture.status.as_str() {
        "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => {
            seen.captured = Some(money(capture.amount.as_ref()?)?);
            ObservedStatus::Paid
        }
        "DECLINED" | "FAILED" => {
            let text = "the money could not be taken";
            seen.problem = Some(Problem::new(capture.status.to_ascii_lowercase(), text));
            ObservedStatus::Failed
        }
        _ => ObservedStatus::Pending,
    });
    Some(seen)
}

/// How a hold stands.
pub fn authorization(
    hold: &Capture,
    source: ObservationSource,
    at: Timestamp,
) -> Option<Observation> {
    let mut seen = part(hold, AUTHORIZATION, source, at);
    seen.status = Some(match hold.status.as_str() {
        "CREATED" => {
            seen.authorized = Some(money(hold.amount.as_ref()?)?);
            ObservedStatus::Authorized
        }
        "DENIED" => ObservedStatus::Failed,
        "VOIDED" => ObservedStatus::Cancelled,
        "EXPIRED" => ObservedStatus::Expired,
        // PENDING; CAPTURED, where the captures say more; and what nobody knows.
        _ => ObservedStatus::Pending,
    });
    Some(seen)
}

fn part(part: &Capture, kind: &str, source: ObservationSource, at: Timestamp) -> Observation {
    let mut seen = told::blank(source, at);
    let related = part.supplementary_data.as_ref().and_then(|more| more.related_ids.as_ref());
    seen.references.extend(related.and_then(|ids| ids.order_id.clone()));
    seen.references.push(format!("{kind}{}", part.id));
    seen.attempt = attempt(part.custom_id.as_deref());
    seen
}

/// How a refund stands.
pub fn refund(refund: &Refund) -> Option<RefundSeen> {
    let status = match refund.status.as_deref() {
        Some("COMPLETED") => RefundStatus::Succeeded,
        Some("FAILED") => RefundStatus::Failed,
        Some("CANCELLED") => RefundStatus::Cancelled,
        _ => RefundStatus::Pending,
    };
    Some(RefundSeen {
        refund: refund.custom_id.as_deref().and_then(|name| EntityId::parse(name).ok()),
        reference: refund.id.clone(),
        amount: money(refund.amount.as_ref()?)?,
        status,
        problem: None,
        transfer: None,
    })
}

/// How a dispute stands.
pub fn dispute(dispute: &Dispute) -> Option<DisputeSeen> {
    let outcome = dispute.dispute_outcome.as_ref().and_then(|told| told.outcome_code.as_deref());
    let status = match (dispute.status.as_deref(), outcome) {
        (Some("RESOLVED"), Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED")) => DisputeStatus::Lost,
        (
            Some("RESOLVED"),
            Some(
                "RESOLVED_SELLER_FAVOUR" | "CANCELED_BY_BUYER" | "DENIED" | "RESOLVED_WITH_PAYOUT",
            ),
        ) => DisputeStatus::Won,
        // What nobody knows stays open, for a person to see.
        _ => DisputeStatus::Open,
    };
    Some(DisputeSeen {
        reference: dispute.dispute_id.clone(),
        amount: money(dispute.dispute_amount.as_ref()?)?,
        status,
        reason: dispute.reason.clone(),
        respond_by: dispute.seller_response_due_date.as_deref().and_then(Timestamp::parse),
    })
}

/// The payment and the attempt that something is named after.
pub fn named_after(custom_id: Option<&str>) -> Option<(EntityId, u32)> {
    let (payment, attempt) = custom_id?.rsplit_once('/')?;
    Some((EntityId::parse(payment).ok()?, attempt.parse().ok()?))
}

fn attempt(custom_id: Option<&str>) -> Option<u32> {
    named_after(custom_id).map(|(_, attempt)| attempt)
}

/// Somebody was faster, and it is as wanted.
pub fn is_done_already(code: &str) -> bool {
    matches!(
        code,
        "ORDER_ALREADY_CAPTURED" | "ORDER_ALREADY_AUTHORIZED" | "ORDER_COMPLETION_IN_PROGRESS"
    )
}

/// The payer has to do something first.
pub fn is_payers_turn(code: &str) -> bool {
    matches!(code, "INSTRUMENT_DECLINED" | "ORDER_NOT_APPROVED" | "PAYER_ACTION_REQUIRED")
}

/// What to do about a fault.
pub fn fault(fault: HttpFault, operation: Operation) -> GatewayFault {
    let HttpFault::Status(reply) = fault else { return told::fault(fault, operation) };
    let error: wire::Error = reply.json().unwrap_or_default();
    let detail = error.details.first();
    let issue = detail.and_then(|detail| detail.issue.as_deref());
    let Some(code) = issue.filter(|_| reply.status != 404).or(error.name.as_deref()) else {
        return told::fault(HttpFault::Status(reply), operation);
    };
    let text = detail.and_then(|detail| detail.description.as_deref());
    let text = text.or(error.message.as_deref()).unwrap_or("paypal answered with an error");
    let problem = Problem::new(told::sentence(code, &[]), told::sentence(text, &[]));
    match (reply.status, code) {
        // The same call is under way, or it was too fast.
        (409, _) | (_, "PREVIOUS_REQUEST_IN_PROGRESS") => {
            GatewayFault::retry(FaultCause::Provider, problem)
        }
        (429, _) => reply.throttled(problem),
        (408 | 500.., _) => told::unclear(&reply, problem, operation),
        // Done before, perhaps by us: asking shows the refund.
        (_, "CAPTURE_FULLY_REFUNDED") if operation == Operation::Refund => {
            GatewayFault::ask_first(FaultCause::Refused, problem)
        }
        _ => GatewayFault::give_up(FaultCause::Refused, problem),
    }
}
