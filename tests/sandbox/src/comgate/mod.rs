//! A stand-in for ComGate: the form interface 1.0 and the JSON interface 2.0, and its push.

mod transfers;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::PayerAct;
use crate::stand::{Answer, Asked, Merchant, Notice, Stand, TillPayment};

/// The handle to a running ComGate stand-in.
pub type ComGate = Stand<ComGateShop>;

/// A shop at ComGate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ComGateShop {
    /// Its number.
    pub merchant: String,
    /// Its secret.
    pub secret: String,
    /// Where pushes go: the portal's setting.
    pub push_url: Option<String>,
}

const FORM: &str = "application/x-www-form-urlencoded";

type Fields = BTreeMap<String, String>;
type Wanted<'a> = (&'a str, Fields);

impl Merchant for ComGateShop {
    const NAME: &'static str = "ComGate";

    fn key(&self) -> &str {
        &self.merchant
    }

    fn after(act: PayerAct, payment: &TillPayment) -> Option<&'static str> {
        match (act, &*payment.status) {
            (PayerAct::Pay, "PENDING") if payment.hold => Some("AUTHORIZED"),
            (PayerAct::Pay, "PENDING") => Some("PAID"),
            (PayerAct::Decline | PayerAct::Abandon, "PENDING") => Some("CANCELLED"),
            _ => None,
        }
    }

    fn is_taken(status: &str) -> bool {
        status == "PAID"
    }

    fn notice(&self, stand: &Stand<Self>, payment: &TillPayment) -> Option<Notice> {
        let mut fields = status_fields(stand, payment);
        let secret = if stand.switches().wrong_signature { "guessed" } else { &self.secret };
        fields.insert("secret".into(), secret.to_owned());
        let headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        Some(Notice { url: self.push_url.clone()?, headers, body: encoded(&fields) })
    }

    fn answer(stand: &Stand<Self>, asked: &Asked) -> Answer {
        let parts = asked.parts();
        match parts.as_slice() {
            ["v1.0", operation @ ("transferList" | "singleTransfer")] => {
                let form = asked.form();
                let known = form.get("merchant").and_then(|key| stand.account(key));
                let known = known.filter(|shop| form.get("secret") == Some(&shop.secret));
                match known {
                    Some(shop) => transfers::answer(stand, &shop, operation, &form),
                    None => Answer::text(200, FORM, encoded(&error("1303", "unknown shop"))),
                }
            }
            ["v1.0", operation] => {
                let form = asked.form();
                let known = form.get("merchant").and_then(|key| stand.account(key));
                let (fields, changed) = match known {
                    Some(shop) if form.get("secret") == Some(&shop.secret) => {
                        operate(stand, &shop, &(operation, form))
                    }
                    _ => (error("1303", "unknown shop"), false),
                };
                let opened = opened(operation, &fields);
                Answer { changed, opened, ..Answer::text(200, FORM, encoded(&fields)) }
            }
            ["v2.0", path @ ..] => {
                let basic = |shop: &Self| {
                    let pair = STANDARD.encode(format!("{}:{}", shop.merchant, shop.secret));
                    asked.header("authorization") == format!("Basic {pair}")
                };
                let Some(shop) = stand.some_account(basic) else {
                    return Answer::json(401, &json!({"code": 1303, "message": "unknown shop"}));
                };
                if let [operation @ ("transferList" | "singleTransfer"), name, file] = path {
                    let value = file.strip_suffix(".json").unwrap_or(file).to_owned();
                    let form = Fields::from([((*name).to_owned(), value)]);
                    return transfers::answer(stand, &shop, operation, &form);
                }
                let Some(wanted) = wanted(asked, path) else {
                    return Answer::json(404, &json!({"code": 1100, "message": "no such path"}));
                };
                let (fields, changed) = operate(stand, &shop, &wanted);
                let status = if fields["code"] == "0" { 200 } else { 400 };
                let opened = opened(wanted.0, &fields);
                Answer { changed, opened, ..Answer::json(status, &numbers(&fields)) }
            }
            _ => Answer::text(404, "text/html", "<html>not found</html>".into()),
        }
    }

    fn outage() -> Answer {
        Answer::text(200, "text/html", "<html><h1>Down for maintenance</h1></html>".into())
    }

    fn contradiction() -> Option<&'static str> {
        Some("PENDING")
    }
}

/// The payment that a call made.
fn opened(operation: &str, fields: &Fields) -> Option<String> {
    fields.get("transId").filter(|_| operation == "create").cloned()
}

/// The operation of interface 1.0 that a path of interface 2.0 means, and its members.
fn wanted<'a>(asked: &Asked, path: &[&str]) -> Option<Wanted<'a>> {
    let mut fields = Fields::new();
    if let Value::Object(members) = asked.json() {
        for (name, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            fields.insert(name, text);
        }
    }
    let mut of = |file: &str| {
        fields.insert("transId".into(), file.strip_suffix(".json").unwrap_or(file).to_owned());
    };
    let operation = match (&asked.method, path) {
        (&Method::POST, ["payment.json"]) => "create",
        (&Method::POST, ["refund.json"]) => "refund",
        (method, [kind, "transId", file]) => {
            of(file);
            match (method, *kind) {
                (&Method::GET, "payment") => "status",
                (&Method::DELETE, "payment") => "cancel",
                (&Method::PUT, "preauth") => "capturePreauth",
                (&Method::DELETE, "preauth") => "cancelPreauth",
                _ => return None,
            }
        }
        _ => return None,
    };
    Some((operation, fields))
}

/// Does the work, and says whether it changed something.
fn operate(stand: &ComGate, shop: &ComGateShop, (operation, form): &Wanted<'_>) -> (Fields, bool) {
    if *operation == "create" {
        return (create(stand, shop, form), true);
    }
    let id = form.get("transId").cloned().unwrap_or_default();
    let known = stand.payment(&id).filter(|payment| payment.account == shop.merchant);
    let Some(payment) = known else { return (error("1400", "Payment not found"), false) };
    let amount = form.get("amount").and_then(|text| text.parse().ok());
    let done = match (*operation, &*payment.status) {
        ("status", _) => {
            let mut fields = status_fields(stand, &stand.asked_about(payment));
            fields.insert("code".into(), "0".into());
            fields.insert("message".into(), "OK".into());
            fields.insert("secret".into(), shop.secret.clone());
            return (fields, false);
        }
        ("cancel", "PENDING") | ("cancelPreauth", "AUTHORIZED") => {
            stand.change(&id, |payment| payment.status = "CANCELLED".into())
        }
        ("capturePreauth", "AUTHORIZED") => {
            let amount = amount.unwrap_or(payment.amount_minor);
            if amount > payment.amount_minor {
                return (error("1399", "amount too high"), false);
            }
            stand.change(&id, |payment| {
                payment.status = "PAID".into();
                payment.captured_minor = amount;
            })
        }
        ("refund", "PAID") => {
            let amount = amount.unwrap_or(0);
            if amount <= 0 || amount > payment.refundable() {
                return (error("1402", "refund above the paid amount"), false);
            }
            let theirs = form.get("refId").cloned().unwrap_or_default();
            stand.change(&id, |payment| payment.refunds.push((String::new(), theirs, amount)))
        }
        _ => None,
    };
    match done {
        Some(()) => (error("0", "OK"), true),
        None => (error("1401", "not possible in this state"), false),
    }
}

fn create(stand: &ComGate, shop: &ComGateShop, form: &Fields) -> Fields {
    let get = |name: &str| form.get(name).cloned().unwrap_or_default();
    let label = get("label").chars().count();
    if !(1..=16).contains(&label) {
        // It repeats what was asked, the secret included, as the real one was seen to do.
        return error("1306", &format!("label is wrong: {}", encoded(form)));
    }
    let Some(amount_minor) = get("price").parse().ok().filter(|price: &i64| *price >= 100) else {
        return error("1309", "incorrect amount");
    };
    if get("email").is_empty() || get("refId").is_empty() || get("method").is_empty() {
        return error("1303", "a member is missing");
    }
    let raw = stand.id("").to_ascii_uppercase();
    let id = format!("{}-{}-{}", &raw[0..4], &raw[4..8], &raw[8..12]);
    let kept = stand.keep(TillPayment {
        id: id.clone(),
        account: shop.merchant.clone(),
        reference: get("refId"),
        amount_minor,
        currency: get("curr"),
        status: "PENDING".into(),
        hold: get("preauth") == "true",
        return_url: form.get("url_paid").cloned(),
        ..TillPayment::default()
    });
    if !kept {
        return error("1500", "unexpected error");
    }
    let redirect = format!("{}/pay/{id}", stand.base_url());
    let mut fields = error("0", "OK");
    fields.insert("transId".into(), id);
    fields.insert("redirect".into(), redirect);
    fields
}

fn status_fields(stand: &ComGate, payment: &TillPayment) -> Fields {
    [
        ("transId", payment.id.clone()),
        ("merchant", payment.account.clone()),
        ("test", "true".into()),
        ("price", stand.told_amount(payment).to_string()),
        ("curr", payment.currency.clone()),
        ("label", "Order".into()),
        ("refId", payment.reference.clone()),
        ("status", stand.told_status(payment)),
        ("fee", "unknown".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn error(code: &str, message: &str) -> Fields {
    [("code", code), ("message", message)].map(|(name, text)| (name.into(), text.into())).into()
}

fn encoded(fields: &Fields) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// As JSON, with the numbers as numbers.
fn numbers(fields: &Fields) -> Value {
    let member = |(name, text): (&String, &String)| {
        let value = match (name.as_str(), text.parse::<i64>()) {
            ("code" | "price", Ok(number)) => number.into(),
            _ => text.as_str().into(),
        };
        (name.clone(), value)
    };
    Value::Object(fields.iter().map(member).collect())
}
