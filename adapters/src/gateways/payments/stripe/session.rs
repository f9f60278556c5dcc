//! Checkout Sessions: the payer pays on Stripe's page.

use super::wire_amount;
use kontor_actors::ports::{FaultCause, GatewayFault, OpenPayment};
use kontor_messages::payment::{CaptureMode, Problem};
use std::time::Duration;

/// Stripe takes a session's end from half an hour to a day after its making; the minutes are for
/// the way there and for trying again.
const OPEN_MIN: Duration = Duration::from_secs(35 * 60);
const OPEN_MAX: Duration = Duration::from_secs(24 * 3600 - 300);

/// The form of a session. The same for the same key, whenever it is sent.
pub(super) fn form(open: &OpenPayment) -> Result<Vec<(String, String)>, GatewayFault> {
    let Some(success_url) = open.return_url.clone() else {
        let problem = Problem::new("return_url_missing", "stripe needs an address to return to");
        return Err(GatewayFault::give_up(FaultCause::Refused, problem));
    };
    let soonest = open.requested_at.plus(OPEN_MIN);
    let latest = open.requested_at.plus(OPEN_MAX);
    let expires_at = open.until.max(soonest).min(latest).seconds();
    let amount = wire_amount(open.amount)?.to_string();
    let currency = open.amount.currency.as_str().to_ascii_lowercase();
    let mut form: Vec<(&str, String)> = vec![
        ("mode", "payment".into()),
        ("line_items[0][quantity]", "1".into()),
        ("line_items[0][price_data][currency]", currency),
        ("line_items[0][price_data][unit_amount]", amount),
        ("line_items[0][price_data][product_data][name]", open.description.clone()),
        ("success_url", success_url),
        ("client_reference_id", open.payment.to_string()),
        ("expires_at", expires_at.to_string()),
    ];
    let attempt = open.attempt.to_string();
    for (name, value) in [
        ("metadata[tenant]", open.tenant.to_string()),
        ("metadata[payment]", open.payment.to_string()),
        ("metadata[attempt]", attempt.clone()),
        ("payment_intent_data[metadata][tenant]", open.tenant.to_string()),
        ("payment_intent_data[metadata][payment]", open.payment.to_string()),
        ("payment_intent_data[metadata][attempt]", attempt),
        ("payment_intent_data[description]", open.description.clone()),
    ] {
        form.push((name, value));
    }
    if open.capture == CaptureMode::Manual {
        form.push(("payment_intent_data[capture_method]", "manual".into()));
    }
    if let Some(url) = open.cancel_url.clone() {
        form.push(("cancel_url", url));
    }
    if let Some(email) = open.customer_email.clone() {
        form.push(("customer_email", email));
    }
    Ok(form.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
