//! The customers' bank, and the internet banking of the account's holder, as one page: transfers by
//! hand or by the text of a QR code, and orders that wait for somebody to authorise them.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};

use super::Fio;
use crate::page::{escape, html};

const WRONG_BY: i64 = 100;
const SHOWN_MAX: usize = 100;

type Fields = BTreeMap<String, String>;

/// `GET /bank?qr=SPD*1.0*...`, or `iban`, `symbol`, `amount` and `message` one by one.
pub(super) fn pages() -> Router<Fio> {
    Router::new()
        .route("/bank", get(show))
        .route("/bank/transfer", post(transfer))
        .route("/bank/authorise", post(authorise))
}

async fn show(State(bank): State<Fio>, RawQuery(query): RawQuery) -> Response {
    let mut asked = fields(query.unwrap_or_default().as_bytes());
    if let Some(text) = asked.remove("qr") {
        asked.extend(scanned(&text));
    }
    let mut text = String::from("<h1>Your bank</h1><form method=post action=bank/transfer>");
    for (name, label) in [
        ("iban", "To the account"),
        ("symbol", "Variable symbol"),
        ("amount", "Amount in CZK"),
        ("message", "Message"),
    ] {
        let value = asked.get(name).map_or("", String::as_str);
        // Writing into a string cannot fail.
        let _ =
            write!(text, "<label>{label}<input name={name} value=\"{}\"></label>", escape(value));
    }
    text.push_str(
        "<button class=pay name=outcome value=pay>Pay</button>\
         <button name=outcome value=too_little>Pay 1.00 too little</button>\
         <button name=outcome value=too_much>Pay 1.00 too much</button>\
         <button name=outcome value=cancel>Cancel</button></form>",
    );
    text.push_str(&waiting(&bank));
    text.push_str("<p class=note>Test page. No money moves.</p>");
    html(200, &text)
}

/// The orders that wait, with a button each.
fn waiting(bank: &Fio) -> String {
    let orders = bank.payments().into_iter().filter(|order| order.status == "ORDERED");
    let mut text = String::new();
    for order in orders.take(SHOWN_MAX) {
        let amount = -order.amount_minor;
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "<form method=post action=bank/authorise><input type=hidden name=order value={}>\
             <button>Authorise {}.{:02} {} for {}</button></form>",
            escape(&order.id),
            amount / 100,
            amount % 100,
            escape(&order.currency),
            escape(&order.reference),
        );
    }
    if text.is_empty() { text } else { format!("<h1>Orders to authorise</h1>{text}") }
}

async fn transfer(State(bank): State<Fio>, body: Bytes) -> Response {
    let form = fields(&body);
    let get = |name: &str| form.get(name).map_or("", |text| text.trim());
    let by = match get("outcome") {
        "pay" => 0,
        "too_little" => -WRONG_BY,
        "too_much" => WRONG_BY,
        "cancel" => return html(200, "<h1>Left</h1><p>Nothing was paid.</p>"),
        _ => return html(400, "<h1>Unknown outcome</h1><p>One of pay, too_little, too_much.</p>"),
    };
    let Some(account) = bank.some_account(|account| account.iban == get("iban")) else {
        return html(404, "<h1>Not paid</h1><p>There is no such account at this bank.</p>");
    };
    let Some(amount) = minor(get("amount")).map(|minor| minor + by).filter(|minor| *minor > 0)
    else {
        return html(400, "<h1>Not paid</h1><p>The amount is a number such as 1299.00.</p>");
    };
    let id = bank.transfer(&account.token, get("symbol"), amount, get("message"));
    html(200, &format!("<h1>Paid</h1><p>The transfer {id} is on its way.</p>"))
}

async fn authorise(State(bank): State<Fio>, body: Bytes) -> Response {
    let form = fields(&body);
    match form.get("order").is_some_and(|order| bank.authorise_order(order)) {
        true => html(200, "<h1>Authorised</h1><p>The money has left.</p>"),
        false => html(404, "<h1>Not found</h1><p>There is no such order waiting.</p>"),
    }
}

/// What a QR code's text says: `SPD*1.0*ACC:IBAN+BIC*AM:1299.00*CC:CZK*X-VS:2026000014*MSG:...`.
fn scanned(text: &str) -> Fields {
    let mut fields = Fields::new();
    for part in text.split('*') {
        let Some((name, value)) = part.split_once(':') else { continue };
        let (name, value) = match name {
            "ACC" => ("iban", value.split('+').next().unwrap_or(value)),
            "AM" => ("amount", value),
            "X-VS" => ("symbol", value),
            "MSG" => ("message", value),
            _ => continue,
        };
        fields.insert(name.to_owned(), value.to_owned());
    }
    fields
}

fn fields(text: &[u8]) -> Fields {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn minor(text: &str) -> Option<i64> {
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(cents) || cents.len() > 2 {
        return None;
    }
    format!("{whole}{cents:0<2}").parse().ok()
}
