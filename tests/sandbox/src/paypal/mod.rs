//! A stand-in for PayPal: tokens, Orders v2, Payments v2, signed webhooks with a certificate of a
//! private root, and the verification interface. The key beside this file signs for tests only.

mod list;
mod payments;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::PayerAct;
use crate::stand::{Answer, Asked, Merchant, Notice, Stand, TillPayment};

/// The handle to a running PayPal stand-in.
pub type PayPal = Stand<PayPalApp>;

/// The root that the stand-in's certificate leads to.
pub const PAYPAL_ROOT: &str = include_str!("ca.pem");
const CERTIFICATE: &str = include_str!("leaf.pem");
const KEY: &[u8] = include_bytes!("leaf.pkcs8");

/// A REST application at PayPal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayPalApp {
    /// Its name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The id of its webhook.
    pub webhook_id: String,
    /// Where its webhook goes.
    pub webhook_url: Option<String>,
    /// What the payer pays with is declined.
    #[serde(default)]
    pub declines: bool,
}

impl Merchant for PayPalApp {
    const NAME: &'static str = "PayPal";

    fn key(&self) -> &str {
        &self.client_id
    }

    fn after(act: PayerAct, payment: &TillPayment) -> Option<&'static str> {
        match (act, &*payment.status) {
            (PayerAct::Pay, "PAYER_ACTION_REQUIRED") => Some("APPROVED"),
            (PayerAct::Abandon, "PAYER_ACTION_REQUIRED" | "APPROVED") => Some("VOIDED"),
            _ => None,
        }
    }

    fn is_taken(_status: &str) -> bool {
        // Approved is not taken.
        false
    }

    fn notice(&self, stand: &Stand<Self>, payment: &TillPayment) -> Option<Notice> {
        let (kind, resource) = match (&*payment.status, payment.refunds.last()) {
            (_, Some(refund)) => {
                ("PAYMENT.CAPTURE.REFUNDED", payments::refund_object(stand, payment, refund))
            }
            ("CAPTURED", None) => {
                ("PAYMENT.CAPTURE.COMPLETED", payments::capture_object(stand, payment))
            }
            ("AUTHORIZED", None) => {
                ("PAYMENT.AUTHORIZATION.CREATED", payments::hold_object(stand, payment))
            }
            ("APPROVED", None) => {
                ("CHECKOUT.ORDER.APPROVED", payments::order_object(stand, payment))
            }
            _ => return None,
        };
        let id = stand.id("");
        let body = json!({
            "id": format!("WH-{id}"), "event_type": kind, "resource": resource,
        });
        let body = body.to_string();
        let signed = if stand.switches().wrong_signature { "WEBHOOK_ID" } else { &self.webhook_id };
        let time = now();
        let text = format!("{id}|{time}|{signed}|{}", crc32fast::hash(body.as_bytes()));
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("PAYPAL-TRANSMISSION-ID", id),
            ("PAYPAL-TRANSMISSION-TIME", time),
            ("PAYPAL-TRANSMISSION-SIG", sign(&text)?),
            ("PAYPAL-CERT-URL", format!("{}/v1/notifications/certs/CERT-1", stand.base_url())),
            ("PAYPAL-AUTH-ALGO", "SHA256withRSA".to_owned()),
        ];
        Some(Notice { url: self.webhook_url.clone()?, headers, body })
    }

    fn answer(stand: &Stand<Self>, asked: &Asked) -> Answer {
        let parts = asked.parts();
        match (&asked.method, parts.as_slice()) {
            (&Method::GET, ["v1", "notifications", "certs", _]) => {
                let chain = format!("{CERTIFICATE}{PAYPAL_ROOT}");
                return Answer::text(200, "application/x-pem-file", chain);
            }
            (&Method::POST, ["v1", "oauth2", "token"]) => return token(stand, asked),
            _ => {}
        }
        let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let Some(app) = stand.some_account(|app| token_of(app) == bearer) else {
            return Answer::json(401, &json!({"name": "AUTHENTICATION_FAILURE"}));
        };
        match (&asked.method, parts.as_slice()) {
            (&Method::POST, ["v1", "notifications", "verify-webhook-signature"]) => {
                verify(&app, asked)
            }
            (&Method::GET, ["v1", "reporting", "transactions"]) => list::page(stand, &app, asked),
            (&Method::POST, ["v2", "checkout", "orders"]) => payments::create(stand, &app, asked),
            (method, ["v2", kind @ ("checkout" | "payments"), _, id, rest @ ..]) => {
                // Captures and holds are named after their order.
                let id = if *kind == "payments" { id.get(1..).unwrap_or_default() } else { id };
                let known = stand.payment(id).filter(|known| known.account == app.client_id);
                let Some(payment) = known else { return error(404, "RESOURCE_NOT_FOUND") };
                let step = rest.first().copied();
                match (method, *kind, step) {
                    (&Method::GET, "checkout", None) => {
                        let lags = payment.captured_minor > 0 && stand.lags();
                        Answer::json(200, &payments::order_told(stand, &payment, lags))
                    }
                    (&Method::POST, "checkout", Some(step)) => {
                        payments::finish(stand, &app, &payment, step)
                    }
                    (&Method::POST, "payments", Some("refund")) => {
                        payments::refund(stand, &payment, &asked.json())
                    }
                    (&Method::POST, "payments", Some(step)) => {
                        payments::settle(stand, &payment, step, &asked.json())
                    }
                    _ => error(404, "RESOURCE_NOT_FOUND"),
                }
            }
            _ => error(404, "RESOURCE_NOT_FOUND"),
        }
    }

    fn contradiction() -> Option<&'static str> {
        Some("APPROVED")
    }
}

/// The time, as RFC 3339 writes it.
fn now() -> String {
    at(crate::common::now_s())
}

/// A Unix second, as RFC 3339 writes it.
fn at(seconds: u64) -> String {
    let date = crate::common::date(seconds);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
}

fn sign(text: &str) -> Option<String> {
    let pair = RsaKeyPair::from_pkcs8(KEY).ok()?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
    Some(STANDARD.encode(signature))
}

fn token_of(app: &PayPalApp) -> String {
    hex::encode(Sha256::digest(format!("{}{}", app.client_id, app.client_secret)))
}

fn token(stand: &PayPal, asked: &Asked) -> Answer {
    let basic = |app: &PayPalApp| {
        let pair = STANDARD.encode(format!("{}:{}", app.client_id, app.client_secret));
        asked.header("authorization") == format!("Basic {pair}")
    };
    match stand.some_account(basic) {
        Some(app) => Answer::json(
            200,
            &json!({"access_token": token_of(&app), "token_type": "Bearer", "expires_in": 32_400}),
        ),
        None => Answer::json(401, &json!({"error": "invalid_client"})),
    }
}

/// Checks the raw text that came back: JSON that was written anew has another checksum.
fn verify(app: &PayPalApp, asked: &Asked) -> Answer {
    let question = asked.json();
    let text = String::from_utf8_lossy(&asked.body);
    let raw = text.split_once("\"webhook_event\":").map_or("", |(_, rest)| rest);
    let raw = raw.strip_suffix('}').unwrap_or(raw);
    let get = |name: &str| question[name].as_str().unwrap_or_default();
    let signed = format!(
        "{}|{}|{}|{}",
        get("transmission_id"),
        get("transmission_time"),
        get("webhook_id"),
        crc32fast::hash(raw.as_bytes())
    );
    let right = sign(&signed).is_some_and(|right| right == get("transmission_sig"));
    let fits = right && get("webhook_id") == app.webhook_id;
    let word = if fits { "SUCCESS" } else { "FAILURE" };
    Answer::json(200, &json!({"verification_status": word}))
}

fn error(status: u16, issue: &str) -> Answer {
    let name = if status == 404 { "RESOURCE_NOT_FOUND" } else { "UNPROCESSABLE_ENTITY" };
    let details = json!([{"issue": issue, "description": "the stand-in says no"}]);
    Answer::json(status, &json!({"name": name, "message": "no", "details": details}))
}

fn money(minor: i64, currency: &str) -> Value {
    let value = match currency {
        "HUF" | "JPY" | "TWD" => (minor / 100).to_string(),
        _ => format!("{}.{:02}", minor / 100, minor % 100),
    };
    json!({"currency_code": currency, "value": value})
}

/// Hundredths of an amount; none where it has more decimals than PayPal takes.
fn minor(amount: &Value) -> Option<i64> {
    let whole = matches!(amount["currency_code"].as_str()?, "HUF" | "JPY" | "TWD");
    let value = amount["value"].as_str()?;
    match value.split_once('.') {
        Some((units, cents)) if !whole && cents.len() == 2 => {
            Some(units.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?)
        }
        None => Some(value.parse::<i64>().ok()? * 100),
        Some(_) => None,
    }
}
