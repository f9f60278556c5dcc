//! What a command must look like, whatever the state.

use crate::domain::{Stop, refuse};
use kontor_messages::{
    Currency, Money, Timestamp,
    payment::{PaymentClient, PaymentEvent, PaymentRefusal as R},
};

type Valid = Result<(), Stop<R>>;

/// More than anybody pays at once, and far from where sums would not fit.
const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
/// Of what an application wants to hear again.
pub const METADATA_LEN_MAX: usize = 8 * 1024;

/// An attempt as it is asked for.
pub fn request(event: &PaymentEvent, now: Timestamp) -> Valid {
    let PaymentEvent::Requested {
        amount,
        provider,
        account,
        return_url,
        cancel_url,
        description,
        until,
        customer_email,
        plan,
        ..
    } = event
    else {
        return Ok(());
    };
    positive(*amount, amount.currency)?;
    name("/provider", provider)?;
    name("/account", account)?;
    url("/return_url", return_url.as_deref())?;
    url("/cancel_url", cancel_url.as_deref())?;
    text("/description", description, 500)?;
    text("/customer_email", customer_email.as_deref().unwrap_or("-"), 254)?;
    if let Some(client) = &plan.client {
        told(client)?;
    }
    if *until <= now {
        return invalid("/until", "expected an instant in the future");
    }
    Ok(())
}

/// What an application says of its payment.
fn told(client: &PaymentClient) -> Valid {
    let PaymentClient { application, order, method, callback_url, metadata } = client;
    text("/plan/client/application", application, 100)?;
    text("/plan/client/order", order, 200)?;
    text("/plan/client/method", method, 40)?;
    url("/plan/client/callback_url", callback_url.as_deref())?;
    if metadata.as_ref().is_some_and(|text| text.len() > METADATA_LEN_MAX) {
        let expected = format!("expected {METADATA_LEN_MAX} bytes at most");
        return invalid("/plan/client/metadata", expected);
    }
    Ok(())
}

/// More than nothing, and in this currency.
pub fn positive(amount: Money, currency: Currency) -> Valid {
    if amount.currency != currency {
        return invalid("/amount/currency", format!("expected the payment's currency, {currency}"));
    }
    if !(1..=AMOUNT_MAX).contains(&amount.amount_minor) {
        return invalid("/amount/amount_minor", format!("expected 1 to {AMOUNT_MAX}"));
    }
    Ok(())
}

/// 1 to `max` characters.
pub fn text(pointer: &str, text: &str, max: usize) -> Valid {
    if text.is_empty() || text.chars().count() > max {
        return invalid(pointer, format!("expected 1 to {max} characters"));
    }
    Ok(())
}

/// A provider's or account's name: it goes into keys, never into a host or a path.
fn name(pointer: &str, name: &str) -> Valid {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
        return invalid(pointer, "expected 1 to 40 characters of a-z, 0-9, '-' and '_'");
    }
    Ok(())
}

/// An address of somebody else's. Where it leads is seen by whoever calls it, if anybody does.
fn url(pointer: &str, url: Option<&str>) -> Valid {
    let Some(url) = url else { return Ok(()) };
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let plain = !url.chars().any(|c| c.is_control() || c.is_whitespace()) && url.len() <= 2000;
    match host {
        Some(host) if plain && !host.is_empty() && !host.contains('@') => Ok(()),
        _ => invalid(pointer, "expected an http(s) address of at most 2000 characters"),
    }
}

fn invalid(pointer: &str, expected: impl Into<String>) -> Valid {
    refuse(R::Invalid { pointer: pointer.into(), expected: expected.into() })
}
