//! What PayU's words mean, and what to do about its errors.

use super::wire::{Error, ErrorReply, Order, Refund};
use crate::gateways::{
    http::HttpFault,
    payments::{
        exact::{self, Whole},
        told,
    },
};
use kontor_actors::ports::{FaultCause, GatewayFault, OpenPayment};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::{
        CallFault, Observation, ObservationSource, ObservedStatus, Operation, Problem, RefundSeen,
        RefundStatus,
    },
};

/// Our name of an order, unique for each key.
pub fn order_name(open: &OpenPayment) -> String {
    let key = told::digest(open.key.as_bytes());
    let key = key.get(..12).unwrap_or_default();
    format!("{}-{}-{key}", open.payment, open.attempt)
}

/// The payment and the attempt that an order is named after.
pub fn named_after(name: &str) -> Option<(EntityId, u32)> {
    let mut parts = name.rsplitn(3, '-');
    let (_key, attempt, payment) = (parts.next()?, parts.next()?, parts.next()?);
    Some((EntityId::parse(payment).ok()?, attempt.parse().ok()?))
}

/// Our name of a refund; it may hold letters, digits and dashes.
pub fn refund_name(id: &EntityId) -> String {
    id.as_str().replace('/', "--")
}

/// How an order stands. Anything new means: ask again later.
pub fn order(
    order: &Order,
    references: &[String],
    source: ObservationSource,
    at: Timestamp,
) -> Option<Observation> {
    let total = money(&order.total_amount, &order.currency_code)?;
    let mut seen = told::blank(source, at);
    seen.references = vec![order.order_id.clone()];
    seen.attempt = order.ext_order_id.as_deref().and_then(named_after).map(|(_, attempt)| attempt);
    seen.amount = Some(total);
    seen.status = Some(match order.status.as_str() {
        "NEW" => ObservedStatus::Created,
        "WAITING_FOR_CONFIRMATION" => {
            seen.authorized = Some(total);
            ObservedStatus::Authorized
        }
        "COMPLETED" => {
            let taken = told::captured(references, &order.order_id, total.currency);
            seen.captured = taken.or(Some(total));
            ObservedStatus::Paid
        }
        "CANCELED" => ObservedStatus::Cancelled,
        "REJECTED" => {
            let text = "money came after the order had been cancelled";
            seen.problem = Some(Problem::new("payu_rejected", text));
            ObservedStatus::Pending
        }
        // PENDING, and what nobody knows.
        _ => ObservedStatus::Pending,
    });
    Some(seen)
}

/// How a refund stands.
pub fn refund(refund: &Refund) -> Option<RefundSeen> {
    let status = match refund.status.as_str() {
        "FINALIZED" => RefundStatus::Succeeded,
        "CANCELED" => RefundStatus::Failed,
        // PENDING, and what nobody knows.
        _ => RefundStatus::Pending,
    };
    let failed = (status == RefundStatus::Failed).then(|| {
        let text = refund.reason_description.as_deref().unwrap_or("the refund was cancelled");
        Problem::new("payu_canceled", told::sentence(text, &[]))
    });
    let name = refund.ext_refund_id.as_ref().map(|name| name.replace("--", "/"));
    Some(RefundSeen {
        refund: name.and_then(|name| EntityId::parse(&name).ok()),
        reference: refund.refund_id.clone(),
        amount: money(&refund.amount, &refund.currency_code)?,
        status,
        problem: failed,
        transfer: None,
    })
}

/// Hundredths of the unit, of every currency.
fn money(amount: &Whole, currency: &str) -> Option<Money> {
    let currency = Currency::parse(currency).ok()?;
    Some(Money::new(exact::scaled(amount.value()?, 2, currency.exponent())?, currency))
}

/// What to do about a fault.
pub fn fault(fault: HttpFault, operation: Operation) -> GatewayFault {
    let HttpFault::Status(reply) = fault else { return told::fault(fault, operation) };
    let error = reply.json::<ErrorReply>().map_or_else(|_| Error::default(), |read| read.status);
    if error.status_code.is_empty() {
        return told::fault(HttpFault::Status(reply), operation);
    }
    let code = error.code_literal.as_deref().unwrap_or(&error.status_code);
    let text = error.status_desc.as_deref().unwrap_or("payu answered with an error");
    let problem = Problem::new(told::sentence(code, &[]), told::sentence(text, &[]));
    let twice = error.status_code == "ERROR_ORDER_NOT_UNIQUE"
        || error.code.as_ref().and_then(Whole::value) == Some(110);
    match reply.status {
        // Made before, without an answer that told its page: nobody was sent there, so a new one
        // under another name harms nobody.
        _ if operation == Operation::Open && twice => {
            let again = CallFault::Retry { at: None, fresh_key: true };
            GatewayFault::new(again, FaultCause::Refused, problem)
        }
        429 => reply.throttled(problem),
        408 | 500.. => told::unclear(&reply, problem, operation),
        _ => GatewayFault::give_up(FaultCause::Refused, problem),
    }
}
