//! The payment page of every stand-in, and its calls under `/_sandbox`.

use std::fmt::Write;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Merchant, Stand, StandSwitches, TillPayment};
use crate::PayerAct;
use crate::page::{escape, html};

pub(super) async fn register<A: Merchant>(
    State(stand): State<Stand<A>>,
    Json(account): Json<A>,
) -> Json<Value> {
    let key = account.key().to_owned();
    stand.register(account);
    Json(json!({ "account": key }))
}

pub(super) async fn switches<A: Merchant>(State(stand): State<Stand<A>>) -> Json<StandSwitches> {
    Json(stand.switches())
}

pub(super) async fn set_switches<A: Merchant>(
    State(stand): State<Stand<A>>,
    Json(patch): Json<Value>,
) -> Result<Json<StandSwitches>, (http::StatusCode, String)> {
    stand.patch_switches(patch).map(Json).map_err(|text| (http::StatusCode::BAD_REQUEST, text))
}

pub(super) async fn payments<A: Merchant>(State(stand): State<Stand<A>>) -> Json<Vec<TillPayment>> {
    Json(stand.payments())
}

pub(super) async fn page<A: Merchant>(
    State(stand): State<Stand<A>>,
    Path(id): Path<String>,
) -> Response {
    let Some(payment) = stand.payment(&id) else {
        return html(404, "<h1>Not found</h1><p>There is no such payment.</p>");
    };
    if A::after(PayerAct::Pay, &payment).is_none() {
        let text = "<h1>Done</h1><p>This payment cannot be acted on any more.</p>";
        return html(200, text);
    }
    html(200, &form::<A>(&payment))
}

fn form<A: Merchant>(payment: &TillPayment) -> String {
    let mut text = format!(
        "<h1>{} payment</h1><p class=amount>{}.{:02} {}</p><form method=post>\
         <button class=pay name=outcome value=pay>Pay</button>",
        A::NAME,
        payment.amount_minor / 100,
        payment.amount_minor % 100,
        escape(&payment.currency),
    );
    for (act, value, label) in [
        (PayerAct::Decline, "decline", "Decline"),
        (PayerAct::AsyncPay, "async_pay", "Pay by slow transfer"),
        (PayerAct::Abandon, "abandon", "Cancel"),
    ] {
        if A::after(act, payment).is_some() || act == PayerAct::Abandon {
            // Writing into a string cannot fail.
            let _ = write!(text, "<button name=outcome value={value}>{label}</button>");
        }
    }
    text.push_str("</form><p class=note>Test page. No money moves.</p>");
    text
}

pub(super) async fn submit<A: Merchant>(
    State(stand): State<Stand<A>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let mut form = url::form_urlencoded::parse(&body);
    let outcome = form.find(|(name, _)| name == "outcome").map(|(_, value)| value.into_owned());
    let act = serde_json::from_value(outcome.unwrap_or_default().into());
    let Ok(act) = act else {
        return html(
            400,
            "<h1>Unknown outcome</h1><p>One of pay, decline, async_pay, abandon.</p>",
        );
    };
    // Whoever walks away may change nothing, and whoever has paid is led back once more.
    let paid = |payment: TillPayment| act == PayerAct::Pay && payment.captured_minor > 0;
    let fine = act == PayerAct::Abandon || stand.payment(&id).is_some_and(paid);
    if !stand.act(&id, act).await && !fine {
        return html(409, "<h1>Too late</h1><p>This payment cannot be acted on any more.</p>");
    }
    match stand.payment(&id).and_then(|payment| payment.return_url) {
        Some(url) => Response::builder()
            .status(302)
            .header("Location", url)
            .body(Body::empty())
            .unwrap_or_default(),
        None => html(200, "<h1>Done</h1><p>You may close this page.</p>"),
    }
}
