//! What Halyk's words and codes mean.

use super::{
    Settings,
    wire::{Error, Standing, Transaction},
};
use crate::gateways::{
    http::{HttpFault, Reply},
    payments::{
        exact::{self, Whole},
        told,
    },
};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{
    Timestamp,
    payment::{CallFault, Observation, ObservationSource, ObservedStatus, Operation, Problem},
};

/// Before the name of a transaction.
pub const OPERATION: &str = "operation/";
/// The bank is not done with it.
const NOT_FINAL: i64 = 454;
/// A page was made under this number before.
const INVOICE_EXISTS: &str = "halyk_1269";

/// The answer to the question how an invoice stands, which may come with status 400.
pub fn standing(answer: Result<Reply, HttpFault>) -> Result<Standing, GatewayFault> {
    let unreadable = |fault| told::fault(fault, Operation::Query);
    match answer {
        Ok(reply) => reply.json().map_err(unreadable),
        Err(HttpFault::Status(reply)) if reply.status == 400 => {
            let read = reply.json();
            read.map_err(|_| fault(HttpFault::Status(reply), Operation::Query))
        }
        Err(other) => Err(fault(other, Operation::Query)),
    }
}

/// How an invoice stands. Anything new means: ask again later.
pub fn payment(
    settings: &Settings,
    invoice: &str,
    standing: &Standing,
    references: &[String],
    at: Timestamp,
) -> Result<Observation, GatewayFault> {
    let text = standing.result_message.as_deref().unwrap_or("halyk does not say why");
    let problem = |code: i64| Problem::new(format!("halyk_{code}"), told::sentence(text, &[]));
    let mut seen = told::blank(ObservationSource::Poll, at);
    seen.references = vec![invoice.to_owned()];
    match (standing.result_code.value(), &standing.transaction) {
        (Some(100), Some(found)) => {
            if found.invoice_id != invoice || is_foreign(settings, found) {
                return Err(told::refused("foreign", "the answer is about another invoice"));
            }
            transaction(settings, found, references, &mut seen)
                .ok_or_else(|| told::unreadable("amount", Operation::Query))?;
        }
        // The payer may try again on the page.
        (Some(code @ 101), _) => {
            seen.status = Some(ObservedStatus::Created);
            seen.problem = Some(problem(code));
        }
        // Nobody has paid yet: never a failure by itself.
        (Some(102), _) => seen.status = Some(ObservedStatus::Created),
        (Some(code @ (104 | 109)), _) => {
            return Err(GatewayFault::give_up(FaultCause::Refused, problem(code)));
        }
        (code, _) => {
            let code = code.unwrap_or_default();
            return Err(GatewayFault::retry(FaultCause::Provider, problem(code)));
        }
    }
    Ok(seen)
}

fn is_foreign(settings: &Settings, found: &Transaction) -> bool {
    found.terminal_id.as_ref().is_some_and(|terminal| *terminal != settings.terminal)
}

fn transaction(
    settings: &Settings,
    found: &Transaction,
    references: &[String],
    seen: &mut Observation,
) -> Option<()> {
    let amount = exact::money(found.amount.get(), &found.currency)?;
    seen.references.push(format!("{OPERATION}{}", found.id));
    seen.amount = Some(amount);
    seen.status = Some(match found.status_name.as_str() {
        "AUTH" if settings.two_step => {
            seen.authorized = Some(amount);
            ObservedStatus::Authorized
        }
        // What went back since is in our own books, refund by refund.
        "CHARGE" | "REFUND" | "PARTIAL_REFUND" => {
            let taken = told::captured(references, &found.id, amount.currency);
            seen.captured = taken.or(Some(amount));
            ObservedStatus::Paid
        }
        "CANCEL" | "CANCEL_OLD" => ObservedStatus::Cancelled,
        // The payer may try again on the page.
        "REJECT" | "FAILED" => {
            let code = found.reason_code.as_ref().and_then(Whole::value).unwrap_or_default();
            let text = found.reason.as_deref().unwrap_or("the payment was declined");
            let text = told::sentence(text, &[]);
            seen.problem = Some(Problem::new(format!("halyk_{code}"), text));
            ObservedStatus::Created
        }
        // NEW, 3D, AUTH of a terminal that takes at once, and what nobody knows.
        _ => ObservedStatus::Pending,
    });
    Some(())
}

/// The same for an opening, which takes another number where this one may have been used.
pub fn not_opened(told: HttpFault) -> GatewayFault {
    let used = !matches!(told, HttpFault::NotSent(_) | HttpFault::Refused(_));
    let mut fault = fault(told, Operation::Open);
    match fault.fault {
        CallFault::Retry { at, .. } if used => {
            fault.fault = CallFault::Retry { at, fresh_key: true };
        }
        // Its answer was lost with the node that had asked for it.
        CallFault::GiveUp if fault.code == INVOICE_EXISTS => {
            fault.fault = CallFault::Retry { at: None, fresh_key: true };
        }
        _ => {}
    }
    fault
}

/// What to do about a fault.
pub fn fault(fault: HttpFault, operation: Operation) -> GatewayFault {
    let HttpFault::Status(reply) = fault else { return told::fault(fault, operation) };
    let error: Error = reply.json().unwrap_or_default();
    let Some(code) = error.code.as_ref().and_then(Whole::value).filter(|_| reply.status < 500)
    else {
        return told::fault(HttpFault::Status(reply), operation);
    };
    let text = error.message.as_deref().unwrap_or("halyk answered with an error");
    let problem = Problem::new(format!("halyk_{code}"), told::sentence(text, &[]));
    match (reply.status, code) {
        (_, NOT_FINAL) => {
            told::soften(GatewayFault::ask_first(FaultCause::Provider, problem), operation)
        }
        (429, _) => reply.throttled(problem),
        _ => GatewayFault::give_up(FaultCause::Refused, problem),
    }
}
