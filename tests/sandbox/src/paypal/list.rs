//! Transaction Search: what moved in an application's account.

use serde_json::{Value, json};

use super::{PayPal, PayPalApp, at, error, money};
use crate::stand::{Answer, Asked, TillPayment};

const PAGE_MAX: usize = 500;

pub(super) fn page(stand: &PayPal, app: &PayPalApp, asked: &Asked) -> Answer {
    let (Some(from), Some(until)) = (asked.in_query("start_date"), asked.in_query("end_date"))
    else {
        return error(400, "INVALID_REQUEST");
    };
    let number = |name: &str| asked.in_query(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("page_size").unwrap_or(100);
    let page = number("page").unwrap_or(1);
    if size == 0 || size > PAGE_MAX || page == 0 {
        return error(400, "INVALID_REQUEST");
    }
    let own = stand.payments().into_iter().filter(|one| one.account == app.client_id);
    let moved: Vec<Value> = own
        .filter(|one| one.captured_minor > 0)
        // All times have one length, so texts are ordered as times are.
        .filter(|one| (from.clone()..=until.clone()).contains(&at(one.changed_at_s)))
        .flat_map(|one| movements(&one))
        .collect();
    let pages = moved.len().div_ceil(size);
    let shown: Vec<_> = moved.into_iter().skip((page - 1) * size).take(size).collect();
    Answer::json(200, &json!({ "transaction_details": shown, "page": page, "total_pages": pages }))
}

fn movements(payment: &TillPayment) -> Vec<Value> {
    let capture = format!("C{}", payment.id);
    let taken = json!({
        "transaction_id": capture, "transaction_event_code": "T0006",
        "paypal_reference_id": payment.id, "paypal_reference_id_type": "ODR",
        "custom_field": payment.reference,
        "transaction_amount": money(payment.captured_minor, &payment.currency),
    });
    let back = payment.refunds.iter().map(|(id, name, amount)| {
        let mut amount = money(*amount, &payment.currency);
        amount["value"] = format!("-{}", amount["value"].as_str().unwrap_or_default()).into();
        json!({
            "transaction_id": id, "transaction_event_code": "T1107",
            "paypal_reference_id": capture, "paypal_reference_id_type": "TXN",
            "custom_field": name, "transaction_amount": amount,
        })
    });
    let time = at(payment.changed_at_s).replace('Z', "+0000");
    let told = |mut info: Value| {
        info["transaction_status"] = "S".into();
        info["transaction_initiation_date"] = time.as_str().into();
        json!({ "transaction_info": info })
    };
    std::iter::once(taken).chain(back).map(told).collect()
}
