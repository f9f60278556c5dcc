//! Orders, holds, captures and refunds, and their objects on the wire.

use serde_json::{Value, json};

use super::{PayPal, PayPalApp, error, minor, money};
use crate::stand::{Answer, Asked, TillPayment};

pub(super) fn create(stand: &PayPal, app: &PayPalApp, asked: &Asked) -> Answer {
    let body = asked.json();
    let key = asked.header("paypal-request-id");
    if key.is_empty() {
        return error(400, "PAYPAL_REQUEST_ID_REQUIRED");
    }
    let unit = &body["purchase_units"][0];
    // The same key means the same order.
    let id = format!("O{}", hex::encode(key).to_ascii_uppercase());
    if stand.payment(&id).is_none() {
        let Some(amount_minor) = minor(&unit["amount"]) else {
            return error(422, "DECIMALS_NOT_SUPPORTED");
        };
        let context = &body["payment_source"]["paypal"]["experience_context"];
        let kept = stand.keep(TillPayment {
            id: id.clone(),
            account: app.client_id.clone(),
            reference: unit["custom_id"].as_str().unwrap_or_default().to_owned(),
            amount_minor,
            currency: unit["amount"]["currency_code"].as_str().unwrap_or_default().to_owned(),
            status: "PAYER_ACTION_REQUIRED".into(),
            hold: body["intent"] == "AUTHORIZE",
            return_url: context["return_url"].as_str().map(str::to_owned),
            ..TillPayment::default()
        });
        if !kept {
            return error(503, "INTERNAL_SERVER_ERROR");
        }
    }
    match stand.payment(&id) {
        Some(payment) => {
            let answer = Answer::json(200, &order_object(stand, &payment)).changed();
            Answer { opened: Some(id), ..answer }
        }
        None => error(500, "INTERNAL_SERVER_ERROR"),
    }
}

/// Takes or holds what the payer has approved.
pub(super) fn finish(stand: &PayPal, app: &PayPalApp, payment: &TillPayment, step: &str) -> Answer {
    match (&*payment.status, step, payment.hold) {
        ("APPROVED", "capture", false) | ("APPROVED", "authorize", true) => {}
        ("CAPTURED", _, _) => return error(422, "ORDER_ALREADY_CAPTURED"),
        ("AUTHORIZED", _, _) => return error(422, "ORDER_ALREADY_AUTHORIZED"),
        _ => return error(422, "ORDER_NOT_APPROVED"),
    }
    if app.declines {
        return error(422, "INSTRUMENT_DECLINED");
    }
    stand.change(&payment.id, |payment| {
        payment.status = if payment.hold { "AUTHORIZED" } else { "CAPTURED" }.into();
        payment.captured_minor = if payment.hold { 0 } else { payment.amount_minor };
    });
    // A minimal reply, as without the header that asks for more.
    let body = json!({"id": payment.id, "status": "COMPLETED"});
    Answer { notify: Some(payment.id.clone()), ..Answer::json(201, &body) }.changed()
}

/// Takes a hold's money, or lets it go.
pub(super) fn settle(stand: &PayPal, payment: &TillPayment, step: &str, asked: &Value) -> Answer {
    if payment.status != "AUTHORIZED" {
        return error(422, "AUTHORIZATION_ALREADY_CAPTURED");
    }
    if step == "void" {
        stand.change(&payment.id, |payment| payment.status = "VOIDED".into());
        return Answer::text(204, "application/json", String::new()).changed();
    }
    let Some(amount) = minor(&asked["amount"]).filter(|sum| *sum <= payment.amount_minor) else {
        return error(422, "MAX_CAPTURE_AMOUNT_EXCEEDED");
    };
    stand.change(&payment.id, |payment| {
        payment.status = "CAPTURED".into();
        payment.captured_minor = amount;
    });
    let Some(payment) = stand.payment(&payment.id) else { return error(404, "") };
    let body = capture_object(stand, &payment);
    Answer { notify: Some(payment.id), ..Answer::json(201, &body) }.changed()
}

pub(super) fn refund(stand: &PayPal, payment: &TillPayment, asked: &Value) -> Answer {
    let name = asked["custom_id"].as_str().unwrap_or_default().to_owned();
    if let Some(known) = payment.refunds.iter().find(|known| known.1 == name) {
        return Answer::json(200, &refund_object(stand, payment, known)).changed();
    }
    let Some(amount) = minor(&asked["amount"]).filter(|sum| *sum <= payment.refundable()) else {
        return error(422, "REFUND_AMOUNT_EXCEEDED");
    };
    let made = (stand.id("R"), name, amount);
    stand.change(&payment.id, |payment| payment.refunds.push(made.clone()));
    let body = refund_object(stand, payment, &made);
    Answer { notify: Some(payment.id.clone()), ..Answer::json(201, &body) }.changed()
}

pub(super) fn order_object(stand: &PayPal, payment: &TillPayment) -> Value {
    order_told(stand, payment, false)
}

/// An order; the money is on its way only, if the answer lags.
pub(super) fn order_told(stand: &PayPal, payment: &TillPayment, lags: bool) -> Value {
    let told = stand.told_status(payment);
    let status = match &*told {
        "CAPTURED" | "AUTHORIZED" => "COMPLETED",
        other => other,
    };
    let mut inside = json!({});
    if payment.hold && matches!(&*payment.status, "CAPTURED" | "AUTHORIZED" | "VOIDED") {
        inside["authorizations"] = json!([hold_object(stand, payment)]);
    }
    if payment.status == "CAPTURED" {
        inside["captures"] = json!([capture_object(stand, payment)]);
        if lags {
            inside["captures"][0]["status"] = "PENDING".into();
            inside["captures"][0]["status_details"] = json!({"reason": "PENDING_REVIEW"});
        }
        let made = payment.refunds.iter().map(|refund| refund_object(stand, payment, refund));
        inside["refunds"] = made.collect();
    }
    json!({
        "id": payment.id, "status": status,
        "intent": if payment.hold { "AUTHORIZE" } else { "CAPTURE" },
        "purchase_units": [{
            "custom_id": payment.reference, "payments": inside,
            "amount": money(stand.told_amount(payment), &payment.currency),
        }],
        "links": [{"rel": "payer-action", "method": "GET",
                   "href": format!("{}/pay/{}", stand.base_url(), payment.id)}],
    })
}

pub(super) fn capture_object(stand: &PayPal, payment: &TillPayment) -> Value {
    let wrong = stand.told_amount(payment) - payment.amount_minor;
    let status = match payment.refunds.is_empty() {
        _ if stand.switches().unknown_status => "UNHEARD_OF",
        true => "COMPLETED",
        false => "PARTIALLY_REFUNDED",
    };
    part(payment, "C", status, payment.captured_minor + wrong)
}

pub(super) fn hold_object(stand: &PayPal, payment: &TillPayment) -> Value {
    let told = stand.told_status(payment);
    let status = match &*told {
        "AUTHORIZED" => "CREATED",
        other => other,
    };
    part(payment, "A", status, stand.told_amount(payment))
}

fn part(payment: &TillPayment, prefix: &str, status: &str, amount: i64) -> Value {
    json!({
        "id": format!("{prefix}{}", payment.id), "status": status,
        "amount": money(amount, &payment.currency), "custom_id": payment.reference,
        "supplementary_data": {"related_ids": {"order_id": payment.id}},
    })
}

pub(super) fn refund_object(
    stand: &PayPal,
    payment: &TillPayment,
    (id, name, amount): &(String, String, i64),
) -> Value {
    let up = format!("{}/v2/payments/captures/C{}", stand.base_url(), payment.id);
    json!({
        "id": id, "status": "COMPLETED", "amount": money(*amount, &payment.currency),
        "custom_id": name, "links": [{"rel": "up", "href": up, "method": "GET"}],
    })
}
