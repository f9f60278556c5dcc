//! Transaction Search: what moved in the account, a few hours after it moved.
//!
//! PayPal names each movement by a code of five letters: T00 are payments, T11 what went back, T12
//! what a bank took back. The rest are fees, holds, conversions and the account's own money.

use super::{PayPal, status, wire::Amount};
use crate::gateways::payments::{exact, told};
use kontor_actors::{
    ports::{FaultCause, GatewayFault},
    ports_statement::{EntryKind, ProviderEntry, StatementAsk, StatementPage},
};
use kontor_messages::{
    Money, Timestamp,
    payment::{CallFault, Operation, Problem},
};
use serde::Deserialize;
use std::time::Duration;

/// Movements of one page; as many as PayPal gives.
const PAGE: &str = "500";
/// So long a movement may be missing from the list.
const LATE: Duration = Duration::from_secs(3 * 3600);

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    transaction_details: Vec<Detail>,
    #[serde(default)]
    total_pages: u32,
}

#[derive(Deserialize)]
struct Detail {
    transaction_info: Movement,
}

#[derive(Deserialize)]
struct Movement {
    transaction_id: String,
    /// What it follows from, such as a refund from its capture.
    paypal_reference_id: Option<String>,
    paypal_reference_id_type: Option<String>,
    transaction_event_code: Option<String>,
    transaction_initiation_date: Option<String>,
    transaction_amount: Option<Amount>,
    transaction_status: Option<String>,
    /// What we gave it when we made it.
    custom_field: Option<String>,
}

/// A page of the list.
pub(super) async fn page(
    paypal: &PayPal,
    ask: &StatementAsk,
) -> Result<StatementPage, GatewayFault> {
    let now = Timestamp::now();
    let whole = ask.until.plus(LATE);
    // The end of what is asked for may still be on its way into the list.
    if ask.until <= now && now < whole {
        let fault = CallFault::Retry { at: Some(whole), fresh_key: false };
        let problem = Problem::new("not_yet", "the list is not whole for three hours");
        return Err(GatewayFault::new(fault, FaultCause::Here, problem));
    }
    let number: u32 = ask.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(1);
    let mut url = crate::gateways::payments::below(
        &paypal.settings.endpoint,
        &["v1", "reporting", "transactions"],
    );
    // The end belongs to what is listed.
    let last = Timestamp::from_millis(ask.until.millis().saturating_sub(1000));
    url.query_pairs_mut()
        .append_pair("start_date", &second(ask.from))
        .append_pair("end_date", &second(last))
        .append_pair("fields", "transaction_info")
        .append_pair("page_size", PAGE)
        .append_pair("page", &number.to_string());
    let list: List = paypal.call(|| paypal.http.get(url.clone()), Operation::Query).await?;
    let unreadable = || told::unreadable("list", Operation::Query);
    let moved = list.transaction_details.iter().map(|detail| &detail.transaction_info);
    // Denied and pending ones have moved nothing.
    let moved = moved.filter(|info| !matches!(info.transaction_status.as_deref(), Some("D" | "P")));
    let entries = moved.map(|info| entry(info).ok_or_else(unreadable));
    let next = (number < list.total_pages).then(|| (number + 1).to_string());
    Ok(StatementPage { entries: entries.collect::<Result<_, _>>()?, next })
}

/// A movement as an entry; none if it cannot be read.
fn entry(info: &Movement) -> Option<ProviderEntry> {
    let amount = info.transaction_amount.as_ref()?;
    let amount = exact::money(&amount.value, &amount.currency_code)?;
    let code = info.transaction_event_code.as_deref().unwrap_or_default();
    let kind = match code {
        // What we pay to others is nobody's payment to us.
        _ if code.starts_with("T00") && amount.amount_minor > 0 => EntryKind::In,
        // A refund, or one that PayPal made; a chargeback, or one that came back.
        "T1106" | "T1107" | "T1201" | "T1202" => EntryKind::Out,
        _ => EntryKind::Fee,
    };
    // What went out is negative there, and so positive here.
    let amount = match kind {
        EntryKind::Out => Money::new(amount.amount_minor.checked_neg()?, amount.currency),
        EntryKind::In | EntryKind::Fee => amount,
    };
    let mut names = Vec::new();
    match (kind, info.paypal_reference_id.clone()) {
        (EntryKind::In, reference) => {
            names.push(format!("{}{}", status::CAPTURE, info.transaction_id));
            let order = info.paypal_reference_id_type.as_deref() == Some("ODR");
            names.extend(reference.filter(|_| order));
        }
        (EntryKind::Out, Some(capture)) => names.push(format!("{}{capture}", status::CAPTURE)),
        _ => {}
    }
    let named = status::named_after(info.custom_field.as_deref());
    Some(ProviderEntry {
        reference: info.transaction_id.clone(),
        names,
        payment: named.map(|(payment, _)| payment),
        kind,
        amount,
        at: Timestamp::parse(&offset(info.transaction_initiation_date.as_deref()?))?,
    })
}

/// `2026-01-15T04:30:00Z`: PayPal takes no fractions of a second.
fn second(at: Timestamp) -> String {
    at.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// PayPal writes an offset without a colon, `2026-01-15T04:30:00+0000`.
fn offset(text: &str) -> String {
    let zone = text.len().checked_sub(5).and_then(|at| text.get(at..));
    let zone = zone.filter(|zone| zone.starts_with(['+', '-']) && zone.is_ascii());
    let (Some(zone), Some(time)) = (zone, text.get(..text.len().saturating_sub(5))) else {
        return text.to_owned();
    };
    let (hours, minutes) = zone.split_at(3);
    format!("{time}{hours}:{minutes}")
}
