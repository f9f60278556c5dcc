//! What ComGate's words and codes mean.

use super::wire::{self, Fields};
use crate::gateways::{
    http::{HttpFault, Reply},
    payments::told,
};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{
    Currency, Money, Timestamp,
    payment::{Observation, ObservationSource, ObservedStatus, Operation, Problem},
};
use secrecy::{ExposeSecret, SecretString};

/// How a payment stands. Anything new means: ask again later.
pub fn payment(
    fields: &Fields,
    references: &[String],
    source: ObservationSource,
    at: Timestamp,
) -> Option<Observation> {
    let id = fields.get("transId")?;
    let currency = Currency::parse(fields.get("curr")?).ok()?;
    let price = Money::new(fields.get("price")?.parse().ok()?, currency);
    let mut seen = told::blank(source, at);
    seen.references = vec![id.clone()];
    seen.amount = Some(price);
    let reason = fields.get("paymentErrorReason").filter(|reason| !reason.is_empty());
    seen.status = Some(match fields.get("status").map(String::as_str) {
        Some("PAID") => {
            seen.captured = told::captured(references, id, currency).or(Some(price));
            ObservedStatus::Paid
        }
        Some("AUTHORIZED") => {
            seen.authorized = Some(price);
            ObservedStatus::Authorized
        }
        Some("CANCELLED") => match reason {
            Some(reason) => {
                seen.problem = Some(Problem::new(reason.clone(), "the payment did not succeed"));
                ObservedStatus::Failed
            }
            None => ObservedStatus::Cancelled,
        },
        // PENDING, and what nobody knows.
        _ => ObservedStatus::Pending,
    });
    Some(seen)
}

/// The members of an answer of success. ComGate tells errors with status 200 as well.
pub fn understood(
    answer: Result<Reply, HttpFault>,
    secret: &SecretString,
    operation: Operation,
) -> Result<Fields, GatewayFault> {
    let reply = match answer {
        Ok(reply) => reply,
        Err(HttpFault::Status(reply)) => *reply,
        Err(fault) => return Err(told::fault(fault, operation)),
    };
    let mut fields = wire::fields(&reply);
    // Its status tells the secret, which is not to go any further.
    fields.remove("secret");
    let code = fields.get("code").map(String::as_str);
    let Some(code) = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit())) else {
        // A firewall's or an outage's page.
        let success = (200..300).contains(&reply.status);
        let fault = if success {
            HttpFault::Unknown("the answer is not comgate's".into())
        } else {
            HttpFault::Status(Box::new(reply))
        };
        return Err(told::fault(fault, operation));
    };
    if code == "0" {
        return Ok(fields);
    }
    let message = fields.get("message").map_or("", String::as_str);
    let encoded = urlencoded(secret);
    let text = told::sentence(message, &[secret.expose_secret(), &encoded]);
    let problem = Problem::new(format!("comgate_{code}"), text);
    Err(match code {
        // Unexpected, database: nobody knows what was done.
        "1100" | "1200" | "1399" | "1500" => {
            told::soften(GatewayFault::ask_first(FaultCause::Provider, problem), operation)
        }
        _ if reply.status == 429 => reply.throttled(problem),
        _ => GatewayFault::give_up(FaultCause::Refused, problem),
    })
}

fn urlencoded(secret: &SecretString) -> String {
    url::form_urlencoded::byte_serialize(secret.expose_secret().as_bytes()).collect()
}
