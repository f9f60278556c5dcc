//! A stand-in for Halyk's ePay: tokens bound to a payment, links, status, charge, cancel, refund,
//! callbacks that repeat the secret hash.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::PayerAct;
use crate::stand::{Answer, Asked, Merchant, Notice, Stand, TillPayment};

/// The handle to a running Halyk stand-in.
pub type Halyk = Stand<HalykTerminal>;

const UUID: &str = "0b7f2a52-8f3a-4f0e-9d53-";

/// A terminal of Halyk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HalykTerminal {
    /// The client's name.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// The terminal.
    pub terminal: String,
    /// Money is held first.
    pub two_step: bool,
}

/// What a payment's token is bound to, inside the token.
#[derive(Serialize, Deserialize)]
struct Bound {
    client: String,
    invoice: String,
    amount: String,
    hash: String,
}

impl Merchant for HalykTerminal {
    const NAME: &'static str = "Halyk ePay";

    fn key(&self) -> &str {
        &self.client_id
    }

    fn after(act: PayerAct, payment: &TillPayment) -> Option<&'static str> {
        match (act, &*payment.status) {
            (PayerAct::Pay, "" | "REJECT") if payment.hold => Some("AUTH"),
            (PayerAct::Pay, "" | "REJECT") => Some("CHARGE"),
            (PayerAct::Decline, "" | "REJECT") => Some("REJECT"),
            _ => None,
        }
    }

    fn is_taken(status: &str) -> bool {
        status == "CHARGE"
    }

    fn notice(&self, stand: &Stand<Self>, payment: &TillPayment) -> Option<Notice> {
        let wrong = stand.switches().wrong_signature;
        let hash = if wrong { "a60e975135ba3ca601d46ec30fa77e9c" } else { &payment.reference };
        let good = payment.status != "REJECT";
        let body = json!({
            "id": uuid(payment), "invoiceId": payment.id, "currency": payment.currency,
            "amount": number(payment.amount_minor), "terminal": 67, "code": if good { "ok" } else { "error" },
            "reason": if good { "success" } else { "declined" }, "reasonCode": 0,
            "secret_hash": hash,
        });
        let headers = vec![("Content-Type", "application/json".to_owned())];
        Some(Notice { url: payment.notify_url.clone()?, headers, body: body.to_string() })
    }

    fn answer(stand: &Stand<Self>, asked: &Asked) -> Answer {
        let parts = asked.parts();
        if parts.as_slice() == ["oauth2", "token"] {
            return token(stand, asked);
        }
        let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if let (&Method::POST, ["invoice"]) = (&asked.method, parts.as_slice()) {
            return link(stand, bearer, &asked.json());
        }
        let service = |terminal: &Self| service_token(terminal) == bearer;
        let Some(terminal) = stand.some_account(service) else {
            return error(401, 401, "unauthorised");
        };
        match (&asked.method, parts.as_slice()) {
            (&Method::GET, ["check-status", "payment", "transaction", invoice]) => {
                let known = stand.payment(invoice);
                standing(stand, &terminal, known.filter(|it| it.account == terminal.client_id))
            }
            (&Method::POST, ["operation", id, step]) => {
                let mut all = stand.payments().into_iter();
                match all.find(|it| uuid(it) == **id && it.account == terminal.client_id) {
                    Some(payment) => operate(stand, &payment, step, asked),
                    None => error(404, 1383, "no such transaction"),
                }
            }
            _ => error(404, 404, "no such path"),
        }
    }

    fn contradiction() -> Option<&'static str> {
        Some("REJECT")
    }
}

fn service_token(terminal: &HalykTerminal) -> String {
    let text = format!("{}{}", terminal.client_id, terminal.client_secret);
    hex::encode(Sha256::digest(text))
}

fn token(stand: &Halyk, asked: &Asked) -> Answer {
    let form = asked.form();
    let get = |name: &str| form.get(name).cloned().unwrap_or_default();
    let known = stand.account(&get("client_id"));
    let Some(terminal) = known.filter(|it| it.client_secret == get("client_secret")) else {
        return error(401, 401, "invalid client");
    };
    if get("terminal") != terminal.terminal || !get("scope").contains("webapi") {
        return error(400, 400, "the terminal does not allow that");
    }
    let token = if get("invoiceID").is_empty() {
        service_token(&terminal)
    } else {
        let bound = Bound {
            client: terminal.client_id,
            invoice: get("invoiceID"),
            amount: get("amount"),
            hash: get("secret_hash"),
        };
        hex::encode(serde_json::to_vec(&bound).unwrap_or_default())
    };
    // Its life is a text at times.
    Answer::json(200, &json!({"access_token": token, "expires_in": "7200", "token_type": "Bearer"}))
}

fn link(stand: &Halyk, bearer: &str, asked: &Value) -> Answer {
    let bound = hex::decode(bearer).ok();
    let bound = bound.and_then(|bytes| serde_json::from_slice::<Bound>(&bytes).ok());
    let Some(bound) = bound else { return error(401, 401, "not a payment's token") };
    let Some(terminal) = stand.account(&bound.client) else { return error(401, 401, "") };
    let amount = asked["amount"].to_string();
    let digits = bound.invoice.bytes().all(|byte| byte.is_ascii_digit());
    let fits = asked["invoice_id"] == *bound.invoice && amount == bound.amount;
    if !fits || !digits || !(6..=15).contains(&bound.invoice.len()) {
        return error(400, 400, "the token is another payment's");
    }
    if stand.payment(&bound.invoice).is_some() {
        return error(400, 1269, "the invoice exists");
    }
    let kept = stand.keep(TillPayment {
        id: bound.invoice.clone(),
        account: terminal.client_id,
        reference: bound.hash,
        amount_minor: minor(&amount),
        currency: asked["currency"].as_str().unwrap_or_default().to_owned(),
        hold: terminal.two_step,
        notify_url: asked["post_link"].as_str().map(str::to_owned),
        return_url: asked["back_link"].as_str().map(str::to_owned),
        ..TillPayment::default()
    });
    if !kept {
        return error(503, 503, "full");
    }
    let url = format!("{}/pay/{}", stand.base_url(), bound.invoice);
    let opened = Some(bound.invoice);
    Answer { opened, ..Answer::json(200, &json!({"invoice_url": url})) }.changed()
}

fn standing(stand: &Halyk, terminal: &HalykTerminal, payment: Option<TillPayment>) -> Answer {
    let Some(payment) = payment.filter(|payment| !payment.status.is_empty()) else {
        let body = json!({"resultCode": "102", "resultMessage": "invoice not found"});
        return Answer::json(400, &body);
    };
    let lags = stand.lags();
    let status = if lags { "REJECT".to_owned() } else { stand.told_status(&payment) };
    let (code, reason) = if lags { ("454", "not final") } else { ("484", "no funds") };
    Answer::json(
        200,
        &json!({
            "resultCode": "100", "resultMessage": "success",
            "transaction": {
                "id": uuid(&payment), "invoiceID": payment.id, "currency": payment.currency,
                "amount": number(stand.told_amount(&payment)), "payoutAmount": 0,
                "terminal": "67", "terminalID": terminal.terminal, "statusID": "4",
                "statusName": status, "reasonCode": code, "reason": reason,
            },
        }),
    )
}

fn operate(stand: &Halyk, payment: &TillPayment, step: &str, asked: &Asked) -> Answer {
    let amount = asked.in_query("amount").map(|text| minor(&text));
    let done = match (step, &*payment.status) {
        ("charge", "AUTH") => {
            let amount = amount.unwrap_or(payment.amount_minor);
            (amount <= payment.amount_minor).then(|| {
                stand.change(&payment.id, |payment| {
                    payment.status = "CHARGE".into();
                    payment.captured_minor = amount;
                })
            })
        }
        ("cancel", "AUTH") => {
            Some(stand.change(&payment.id, |payment| payment.status = "CANCEL".into()))
        }
        ("refund", "CHARGE" | "PARTIAL_REFUND") => {
            let amount = amount.unwrap_or_else(|| payment.refundable());
            let name = asked.in_query("externalID").unwrap_or_default();
            ((1000..=payment.refundable()).contains(&amount)).then(|| {
                stand.change(&payment.id, |payment| {
                    payment.refunds.push((String::new(), name, amount));
                    let word = if payment.refundable() == 0 { "REFUND" } else { "PARTIAL_REFUND" };
                    word.clone_into(&mut payment.status);
                })
            })
        }
        _ => None,
    };
    match done {
        Some(_) => Answer::json(200, &json!({"code": 0, "message": "ok"})).changed(),
        None => error(400, 465, "not possible"),
    }
}

fn uuid(payment: &TillPayment) -> String {
    let tail = payment.id.get(payment.id.len().saturating_sub(12)..).unwrap_or_default();
    format!("{UUID}{tail:0>12}")
}

fn minor(text: &str) -> i64 {
    let (whole, cents) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{cents:0<2}").parse().unwrap_or(0)
}

fn number(minor: i64) -> Value {
    let text = format!("{}.{:02}", minor / 100, minor % 100);
    serde_json::from_str(&text).unwrap_or_default()
}

fn error(status: u16, code: u32, message: &str) -> Answer {
    Answer::json(status, &json!({"code": code, "message": message}))
}
