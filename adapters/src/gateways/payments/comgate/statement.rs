//! Transfers to the shop's bank account, which are ComGate's only list: by the day on which the
//! money was passed on, each with the payments and refunds that it is made of.
//!
//! The list of a day is documented; of a transfer's rows only their kinds are (1 payment, 2 refund,
//! 3 monthly fee, 4 other fees, chargebacks and corrections by hand, 5 sum). The names of the
//! columns are those of the file in the portal, in Czech. Where they differ, the account's settings
//! say so (`transfer_columns`). A row of a payment or refund that cannot be read fails the list: one
//! that is left out would look like money that is missing.

use super::{ComGate, Interface, Settings, status, wire};
use crate::gateways::{
    http::Reply,
    payments::{below, exact, told},
};
use chrono::{Days, NaiveDate, NaiveDateTime, TimeZone};
use kontor_actors::{
    ports::GatewayFault,
    ports_statement::{EntryKind, ProviderEntry, StatementAsk, StatementPage},
};
use kontor_messages::{EntityId, Money, Timestamp, payment::Operation};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// Transfers of one day that are read.
const TRANSFERS_MAX: usize = 50;
/// The columns, as settings call them, and what they are called.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("kind", &["typ", "type"]),
    ("id", &["ID ComGate", "ID Comgate", "transId"]),
    ("reference", &["ID od klienta", "refId"]),
    ("currency", &["Měna", "curr"]),
    ("amount", &["Potvrzená částka", "price"]),
    ("paid_at", &["Datum zaplacení", "Datum platby", "paidDate"]),
];
/// Longer waits for a transfer are none.
const SETTLED_AFTER_MAX: u16 = 40;

type Row = Map<String, Value>;

/// Says what is wrong with the settings that are meant for the list.
pub(super) fn check(settings: &Settings) -> Result<(), String> {
    if settings.settled_after_days > SETTLED_AFTER_MAX {
        return Err(format!("settled_after_days: expected 0 to {SETTLED_AFTER_MAX}"));
    }
    let known = |name: &String| COLUMNS.iter().any(|(column, _)| column == name);
    if !settings.transfer_columns.keys().all(known) {
        let names = COLUMNS.map(|(column, _)| column).join(", ");
        return Err(format!("transfer_columns: expected names out of {names}"));
    }
    Ok(())
}

/// The transfers of one day; what was paid in the time that is asked for may have been passed on
/// some days later.
pub(super) async fn page(
    comgate: &ComGate,
    ask: &StatementAsk,
) -> Result<StatementPage, GatewayFault> {
    let unreadable = || told::unreadable("list", Operation::Query);
    let first = ask.from.to_utc().date_naive();
    let day = match &ask.cursor {
        Some(cursor) => cursor.parse().map_err(|_| unreadable())?,
        None => first,
    };
    let lag = Days::new(comgate.settings.settled_after_days.into());
    let last = (ask.until.to_utc() + lag).min(Timestamp::now().to_utc()).date_naive();
    let mut entries = Vec::new();
    let transfers = ask_for(comgate, Asked::Day(day)).await?;
    if transfers.len() > TRANSFERS_MAX {
        return Err(told::refused("too_many", "more transfers of one day than can be read"));
    }
    for transfer in &transfers {
        let id = text(transfer, &["transferId"]).ok_or_else(unreadable)?;
        for row in ask_for(comgate, Asked::Transfer(&id)).await? {
            entries.extend(entry(&row, &comgate.settings, day).map_err(|()| unreadable())?);
        }
    }
    let next = day.succ_opt().filter(|next| *next <= last).map(|next| next.to_string());
    Ok(StatementPage { entries, next })
}

#[derive(Clone, Copy)]
enum Asked<'a> {
    Day(NaiveDate),
    Transfer(&'a str),
}

/// The rows of an answer. No transfers at all are told by an empty list or by plain success.
async fn ask_for(comgate: &ComGate, asked: Asked<'_>) -> Result<Vec<Row>, GatewayFault> {
    let settings = &comgate.settings;
    let secret = settings.secret.expose_secret();
    let (name, value, verb) = match asked {
        Asked::Day(day) => ("date", day.to_string(), "transferList"),
        Asked::Transfer(id) => ("transferId", id.to_owned(), "singleTransfer"),
    };
    let call = match settings.interface {
        Interface::V1 => {
            let form = [("merchant", &*settings.merchant), ("secret", secret), (name, &*value)];
            let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
            comgate.http.post(below(&settings.endpoint, &["v1.0", verb])).form(&form)
        }
        Interface::V2 => {
            let file = format!("{value}.json");
            let url = below(&settings.endpoint, &["v2.0", verb, name, &file]);
            let call = comgate.http.get(url).basic(&settings.merchant, &settings.secret);
            call.header("accept", "application/json")
        }
    };
    let answer = call.send().await;
    if let Ok(reply) = &answer
        && let Some(rows) = rows(reply)
    {
        return Ok(rows);
    }
    status::understood(answer, &settings.secret, Operation::Query).map(|_| Vec::new())
}

fn rows(reply: &Reply) -> Option<Vec<Row>> {
    serde_json::from_slice(&reply.body).ok()
}

/// What a row tells; nothing of money that is no payment's.
fn entry(row: &Row, settings: &Settings, day: NaiveDate) -> Result<Option<ProviderEntry>, ()> {
    let column = |name: &str| {
        let own = settings.transfer_columns.get(name).map(|own| [own.as_str()]);
        let known = COLUMNS.iter().find(|(column, _)| *column == name);
        let names = known.map_or(&[][..], |(_, names)| *names);
        own.and_then(|own| text(row, &own)).or_else(|| text(row, names))
    };
    let id = column("id").filter(|id| wire::is_transaction(id));
    let kind = match (column("kind").as_deref(), &id) {
        (Some("1"), _) => EntryKind::In,
        // Of the other moves those that name a payment are its chargebacks.
        (Some("2"), _) | (Some("4"), Some(_)) => EntryKind::Out,
        (Some("3" | "4" | "5"), _) => return Ok(None),
        // Nobody knows what it is.
        (Some(_) | None, _) => return Err(()),
    };
    let told = column("amount").unwrap_or_default();
    if told.is_empty() && column("kind").as_deref() == Some("4") {
        return Ok(None);
    }
    // `1 299,00` there, `1299.00` here.
    let plain: String = told.chars().filter(|letter| !letter.is_whitespace()).collect();
    let currency = column("currency").unwrap_or_else(|| "CZK".to_owned());
    let amount = exact::money(&plain.replace(',', "."), &currency).ok_or(())?;
    let amount = match kind {
        // A refund is told as money that went, or as money.
        EntryKind::Out => Money::new(amount.amount_minor.checked_abs().ok_or(())?, amount.currency),
        EntryKind::In | EntryKind::Fee => amount,
    };
    let id = id.ok_or(())?;
    let at = column("paid_at").and_then(|text| instant(&text)).or_else(|| noon(day)).ok_or(())?;
    let reference = column("reference").and_then(|text| EntityId::parse(&text).ok());
    Ok(Some(ProviderEntry {
        reference: id.clone(),
        names: vec![id],
        // A refund's own number is no payment's.
        payment: reference.filter(|_| kind == EntryKind::In),
        kind,
        amount,
        at,
    }))
}

/// The first of these members, as a text.
fn text(row: &Row, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match row.get(*name)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A time in Prague, or a day, which is its noon.
fn instant(text: &str) -> Option<Timestamp> {
    for format in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"]
    {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return in_prague(time);
        }
    }
    ["%Y-%m-%d", "%d.%m.%Y"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .and_then(noon)
}

fn noon(day: NaiveDate) -> Option<Timestamp> {
    in_prague(day.and_hms_opt(12, 0, 0)?)
}

fn in_prague(time: NaiveDateTime) -> Option<Timestamp> {
    let there = chrono_tz::Europe::Prague.from_local_datetime(&time).earliest()?;
    Some(Timestamp::from_millis(there.timestamp_millis()))
}
