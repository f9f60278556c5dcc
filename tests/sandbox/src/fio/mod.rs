//! A stand-in for Fio banka's API: movements of an account in JSON, orders as import files, one
//! call a token and pause. Payers and the account's holder act on the page of the customers' bank,
//! or by calls of the handle.

mod bank;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::PayerAct;
use crate::common::{date, lock, now_s};
use crate::stand::{Answer, Asked, Merchant, Notice, Stand, TillPayment};

/// The handle to a running Fio stand-in.
pub type Fio = Stand<FioAccount>;

const FIRST: u64 = 26_512_345_678;
const DAY_S: u64 = 86_400;

/// A bank account at Fio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FioAccount {
    /// The token.
    pub token: String,
    /// The account.
    pub iban: String,
    /// Milliseconds between two calls; sooner is answered 409.
    pub pause_ms: u64,
    #[serde(skip)]
    last: Arc<Mutex<Option<Instant>>>,
}

impl FioAccount {
    /// An account.
    pub fn new(token: &str, iban: &str, pause_ms: u64) -> Self {
        let (token, iban) = (token.to_owned(), iban.to_owned());
        Self { token, iban, pause_ms, last: Arc::default() }
    }
}

impl Stand<FioAccount> {
    /// A payer transfers money under a symbol (or none), with a message. Answers the movement.
    pub fn transfer(&self, token: &str, symbol: &str, amount_minor: i64, message: &str) -> String {
        let id = (FIRST + self.number()).to_string();
        self.keep(TillPayment {
            id: id.clone(),
            account: token.to_owned(),
            reference: symbol.to_owned(),
            amount_minor,
            currency: "CZK".into(),
            status: "MOVED".into(),
            notify_url: Some(message.to_owned()),
            ..TillPayment::default()
        });
        id
    }

    /// The account's holder brings an import file to the internet banking; says whether the bank
    /// takes it.
    pub fn upload(&self, token: &str, file: &str) -> bool {
        self.account(token).is_some_and(|account| keep_orders(self, &account, file))
    }

    /// The account's holder authorises all orders that wait for it.
    pub fn authorise(&self) {
        for order in self.payments() {
            self.authorise_order(&order.id);
        }
    }

    /// The account's holder authorises one order; says whether it waited for that.
    pub fn authorise_order(&self, id: &str) -> bool {
        let authorised = |order: &mut TillPayment| {
            let waits = order.status == "ORDERED";
            if waits {
                order.status = "MOVED".into();
            }
            waits
        };
        self.change(id, authorised) == Some(true)
    }
}

impl Merchant for FioAccount {
    const NAME: &'static str = "Fio";

    fn key(&self) -> &str {
        &self.token
    }

    fn after(_act: PayerAct, _payment: &TillPayment) -> Option<&'static str> {
        None
    }

    fn is_taken(_status: &str) -> bool {
        false
    }

    fn notice(&self, _stand: &Stand<Self>, _payment: &TillPayment) -> Option<Notice> {
        None
    }

    fn answer(stand: &Stand<Self>, asked: &Asked) -> Answer {
        let parts = asked.parts();
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let token = match (&asked.method, parts.as_slice()) {
            (&Method::GET, ["periods", token, _, _, "transactions.json"]) => (*token).to_owned(),
            (&Method::POST, ["import"]) => part(&body, "name=\"token\"\r\n\r\n", "\r\n"),
            _ => return Answer::text(404, "text/html", String::new()),
        };
        let Some(account) = stand.account(&token) else {
            return Answer::text(500, "text/html", String::new());
        };
        let now = Instant::now();
        let last = lock(&account.last).replace(now);
        let pause = Duration::from_millis(account.pause_ms);
        if last.is_some_and(|last| now.duration_since(last) < pause) {
            return Answer::text(409, "text/html", String::new());
        }
        if asked.method == Method::POST {
            return import(stand, &account, &body).changed();
        }
        Answer::json(200, &statement(stand, &account)).changed()
    }

    fn outage() -> Answer {
        let text = "<?xml version=\"1.0\"?><Response><result><errorCode>15</errorCode>\
                    </result></Response>";
        Answer::text(200, "text/xml;charset=UTF-8", text.into())
    }

    fn pages() -> Router<Fio> {
        bank::pages()
    }
}

fn statement(stand: &Fio, account: &FioAccount) -> Value {
    let own =
        |movement: &TillPayment| movement.account == account.token && movement.status == "MOVED";
    let mut movements: Vec<_> = stand.payments().into_iter().filter(own).collect();
    // The last one is booked later, under the date of the day before.
    if stand.lags() {
        movements.pop();
    }
    let sum: i64 = movements.iter().map(|movement| told(stand, movement)).sum();
    let list: Vec<_> = movements.iter().map(|movement| columns(stand, movement)).collect();
    let list = if list.is_empty() { Value::Null } else { list.into() };
    json!({"accountStatement": {
        "info": {"accountId": "2000145399", "bankId": "2010", "currency": "CZK",
                 "iban": account.iban, "openingBalance": decimal(10_010),
                 "closingBalance": decimal(10_010 + sum), "idLastDownload": null},
        "transactionList": {"transaction": list},
    }})
}

fn told(stand: &Fio, movement: &TillPayment) -> i64 {
    if movement.amount_minor > 0 { stand.told_amount(movement) } else { movement.amount_minor }
}

fn columns(stand: &Fio, movement: &TillPayment) -> Value {
    let cell = |id: u32, value: Value| json!({"value": value, "name": "", "id": id});
    let number: u64 = movement.id.parse().unwrap_or(0);
    let mut columns = json!({
        "column22": cell(22, number.into()),
        "column0": cell(0, format!("{}+0100", date(now_s() - DAY_S)).into()),
        "column1": cell(1, decimal(told(stand, movement))),
        "column14": cell(14, "CZK".into()),
        "column2": cell(2, "2900000005".into()),
        "column3": cell(3, "2010".into()),
        "column16": cell(16, movement.notify_url.clone().into()),
        "column5": null,
    });
    if !movement.reference.is_empty() {
        columns["column5"] = cell(5, movement.reference.as_str().into());
    }
    columns
}

/// A number with decimals, made of its text.
fn decimal(minor: i64) -> Value {
    let sign = if minor < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100);
    serde_json::from_str(&text).unwrap_or_default()
}

fn import(stand: &Fio, account: &FioAccount, body: &str) -> Answer {
    let good = keep_orders(stand, account, body);
    let (code, status) = if good { (0, "ok") } else { (1, "error") };
    Answer::text(
        200,
        "text/xml",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><responseImport><result>\
             <errorCode>{code}</errorCode><idInstruction>4567</idInstruction>\
             <status>{status}</status></result></responseImport>"
        ),
    )
}

/// Keeps a file's orders until they are authorised: all of them, or none.
fn keep_orders(stand: &Fio, account: &FioAccount, file: &str) -> bool {
    let orders: Vec<_> = file.split("<DomesticTransaction>").skip(1).collect();
    let amount = |order: &str| part(order, "<amount>", "<").replace('.', "").parse::<i64>();
    let good = |order: &&str| {
        amount(order).is_ok_and(|amount| amount > 0)
            && part(order, "<accountTo>", "<") == "2900000005"
            && part(order, "<bankCode>", "<") == "2010"
    };
    if orders.is_empty() || !orders.iter().all(good) {
        return false;
    }
    for order in orders {
        let get = |name: &str| part(order, &format!("<{name}>"), "<");
        stand.keep(TillPayment {
            id: (FIRST + stand.number()).to_string(),
            account: account.token.clone(),
            reference: get("vs"),
            amount_minor: -amount(order).unwrap_or(0),
            currency: get("currency"),
            status: "ORDERED".into(),
            notify_url: Some(get("messageForRecipient")),
            ..TillPayment::default()
        });
    }
    true
}

/// What stands between two texts.
fn part(text: &str, from: &str, to: &str) -> String {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    rest.split_once(to).map_or("", |(part, _)| part).to_owned()
}
