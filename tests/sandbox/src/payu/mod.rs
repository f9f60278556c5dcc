//! A stand-in for PayU's REST interface 2.1: tokens, orders, captures, refunds, notifications.

use http::Method;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::PayerAct;
use crate::stand::{Answer, Asked, Merchant, Notice, Stand, TillPayment};

/// The handle to a running PayU stand-in.
pub type PayU = Stand<PayUPos>;

/// A point of sale at PayU.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayUPos {
    /// Its number.
    pub pos_id: String,
    /// Its secret for tokens.
    pub client_secret: String,
    /// What notifications are signed with.
    pub second_key: String,
    /// The digest: `MD5`, or `SHA-256`.
    pub algorithm: String,
    /// Money is taken at once.
    pub auto_receive: bool,
}

impl Merchant for PayUPos {
    const NAME: &'static str = "PayU";

    fn key(&self) -> &str {
        &self.pos_id
    }

    fn after(act: PayerAct, payment: &TillPayment) -> Option<&'static str> {
        match (act, &*payment.status) {
            (PayerAct::Pay, "NEW" | "PENDING") if payment.hold => Some("WAITING_FOR_CONFIRMATION"),
            (PayerAct::Pay, "NEW" | "PENDING") => Some("COMPLETED"),
            (PayerAct::AsyncPay, "NEW") => Some("PENDING"),
            (PayerAct::Decline | PayerAct::Abandon, "NEW" | "PENDING") => Some("CANCELED"),
            _ => None,
        }
    }

    fn is_taken(status: &str) -> bool {
        status == "COMPLETED"
    }

    fn notice(&self, stand: &Stand<Self>, payment: &TillPayment) -> Option<Notice> {
        let body = match payment.refunds.last() {
            // That of a refund has no order in it.
            Some(refund) => json!({
                "orderId": payment.id, "extOrderId": payment.reference,
                "refund": refund_object(payment, refund),
            }),
            None => json!({
                "order": order_object(stand, payment),
                "properties": [{"name": "PAYMENT_ID", "value": "151471228"}],
            }),
        };
        let body = body.to_string();
        let key = if stand.switches().wrong_signature { "guessed" } else { &self.second_key };
        let signature = match &*self.algorithm {
            "SHA-256" => {
                hex::encode(Sha256::new().chain_update(&body).chain_update(key).finalize())
            }
            _ => hex::encode(Md5::new().chain_update(&body).chain_update(key).finalize()),
        };
        let header = format!(
            "sender=checkout;signature={signature};algorithm={};content=DOCUMENT",
            self.algorithm
        );
        let headers =
            vec![("Content-Type", "application/json".to_owned()), ("OpenPayu-Signature", header)];
        Some(Notice { url: payment.notify_url.clone()?, headers, body })
    }

    fn answer(stand: &Stand<Self>, asked: &Asked) -> Answer {
        let parts = asked.parts();
        if asked.path.ends_with("/oauth/authorize") {
            return token(stand, asked);
        }
        let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let Some(pos) = stand.some_account(|pos| token_of(pos) == bearer) else {
            return error(401, "UNAUTHORIZED", 103, "");
        };
        let ["api", "v2_1", "orders", rest @ ..] = parts.as_slice() else {
            return error(404, "DATA_NOT_FOUND", 102, "");
        };
        if rest.is_empty() && asked.method == Method::POST {
            return create(stand, &pos, &asked.json());
        }
        let known = rest.first().and_then(|id| stand.payment(id));
        let Some(payment) = known.filter(|payment| payment.account == pos.pos_id) else {
            return error(404, "DATA_NOT_FOUND", 102, "");
        };
        match (&asked.method, &rest[1..]) {
            (&Method::GET, []) => Answer::json(
                200,
                &json!({"orders": [order_object(stand, &stand.asked_about(payment))], "status": ok()}),
            ),
            (&Method::DELETE, []) => cancel(stand, &payment),
            (&Method::POST, ["captures"]) => capture(stand, &payment, &asked.json()),
            (&Method::GET, ["refunds"]) => {
                let made = payment.refunds.iter().map(|refund| refund_object(&payment, refund));
                Answer::json(200, &json!({"refunds": made.collect::<Vec<_>>()}))
            }
            (&Method::POST, ["refunds"]) => refund(stand, &payment, &asked.json()),
            _ => error(404, "DATA_NOT_FOUND", 102, ""),
        }
    }

    fn contradiction() -> Option<&'static str> {
        Some("CANCELED")
    }
}

fn token_of(pos: &PayUPos) -> String {
    hex::encode(Sha256::digest(format!("{}{}", pos.pos_id, pos.client_secret)))
}

fn token(stand: &PayU, asked: &Asked) -> Answer {
    let form = asked.form();
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    match stand.account(get("client_id")) {
        Some(pos)
            if pos.client_secret == get("client_secret")
                && get("grant_type") == "client_credentials" =>
        {
            let token = token_of(&pos);
            Answer::json(
                200,
                &json!({"access_token": token, "token_type": "bearer", "expires_in": 43_199,
                        "grant_type": "client_credentials"}),
            )
        }
        _ => Answer::json(401, &json!({"error": "invalid_client"})),
    }
}

fn create(stand: &PayU, pos: &PayUPos, asked: &Value) -> Answer {
    // A text that is sent as a number is refused.
    let get = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let amount_minor: i64 = get("totalAmount").parse().unwrap_or(0);
    let complete = ["customerIp", "description", "currencyCode", "notifyUrl", "extOrderId"];
    if complete.iter().any(|name| get(name).is_empty())
        || get("merchantPosId") != pos.pos_id
        || amount_minor <= 0
        || asked["products"][0]["unitPrice"] != asked["totalAmount"]
    {
        return error(400, "ERROR_VALUE_INVALID", 101, "");
    }
    let twice = stand.payments().into_iter().find(|known| known.reference == get("extOrderId"));
    if let Some(known) = twice {
        return error(400, "ERROR_ORDER_NOT_UNIQUE", 110, &known.id).changed();
    }
    let id = stand.id("").to_ascii_uppercase();
    let kept = stand.keep(TillPayment {
        id: id.clone(),
        account: pos.pos_id.clone(),
        reference: get("extOrderId"),
        amount_minor,
        currency: get("currencyCode"),
        status: "NEW".into(),
        hold: !pos.auto_receive,
        notify_url: asked["notifyUrl"].as_str().map(str::to_owned),
        return_url: asked["continueUrl"].as_str().map(str::to_owned),
        ..TillPayment::default()
    });
    if !kept {
        return error(503, "ERROR_INTERNAL", 500, "");
    }
    let page = format!("{}/pay/{id}", stand.base_url());
    let body = json!({"status": ok(), "redirectUri": page, "orderId": id,
                      "extOrderId": asked["extOrderId"]});
    let mut answer = Answer::json(302, &body).changed();
    answer.headers.push(("Location", page));
    answer.opened = Some(id);
    answer
}

fn cancel(stand: &PayU, payment: &TillPayment) -> Answer {
    if matches!(&*payment.status, "COMPLETED" | "CANCELED") {
        return error(400, "ERROR_ORDER_NOT_CANCELABLE", 108, &payment.id);
    }
    stand.change(&payment.id, |payment| payment.status = "CANCELED".into());
    Answer::json(200, &json!({"orderId": payment.id, "status": ok()})).changed()
}

fn capture(stand: &PayU, payment: &TillPayment, asked: &Value) -> Answer {
    let amount = asked["amount"].as_str().and_then(|text| text.parse().ok());
    let amount: i64 = amount.unwrap_or(payment.amount_minor);
    if payment.status != "WAITING_FOR_CONFIRMATION" || amount > payment.amount_minor {
        return error(400, "ERROR_VALUE_INVALID", 108, &payment.id);
    }
    stand.change(&payment.id, |payment| {
        payment.status = "COMPLETED".into();
        payment.captured_minor = amount;
    });
    Answer { notify: Some(payment.id.clone()), ..Answer::json(200, &json!({"status": ok()})) }
        .changed()
}

fn refund(stand: &PayU, payment: &TillPayment, asked: &Value) -> Answer {
    let asked = &asked["refund"];
    let name = asked["extRefundId"].as_str().unwrap_or_default().to_owned();
    let amount = asked["amount"].as_str().and_then(|text| text.parse().ok());
    let amount = amount.unwrap_or_else(|| payment.refundable());
    let same = |(_, known, sum): &&(String, String, i64)| *known == name && *sum == amount;
    if let Some(known) = payment.refunds.iter().find(same) {
        let body = json!({"orderId": payment.id, "refund": refund_object(payment, known),
                          "status": ok()});
        return Answer::json(200, &body).changed();
    }
    if amount <= 0 || amount > payment.refundable() {
        return error(400, "ERROR_VALUE_INVALID", 9103, &payment.id);
    }
    let made = (stand.id(""), name, amount);
    stand.change(&payment.id, |payment| payment.refunds.push(made.clone()));
    let mut object = refund_object(payment, &made);
    object["status"] = "PENDING".into();
    let body = json!({"orderId": payment.id, "refund": object, "status": ok()});
    Answer { notify: Some(payment.id.clone()), ..Answer::json(200, &body) }.changed()
}

fn order_object(stand: &PayU, payment: &TillPayment) -> Value {
    json!({
        "orderId": payment.id, "extOrderId": payment.reference,
        "merchantPosId": payment.account, "currencyCode": payment.currency,
        "totalAmount": stand.told_amount(payment).to_string(), "status": stand.told_status(payment),
    })
}

fn refund_object(payment: &TillPayment, (id, name, amount): &(String, String, i64)) -> Value {
    json!({
        "refundId": id, "extRefundId": name, "amount": amount.to_string(),
        "currencyCode": payment.currency, "status": "FINALIZED",
    })
}

fn ok() -> Value {
    json!({"statusCode": "SUCCESS"})
}

fn error(status: u16, name: &str, code: u32, order: &str) -> Answer {
    let body = json!({
        "orderId": order,
        "status": {"statusCode": name, "severity": "ERROR", "code": code.to_string(),
                   "codeLiteral": name, "statusDesc": "the stand-in says no"},
    });
    Answer::json(status, &body)
}
