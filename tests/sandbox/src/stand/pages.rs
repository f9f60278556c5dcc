//! The payment page of every stand-in, and its calls under `/_sandbox`.

use std::fmt::Write;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Merchant, Stand, StandSwitches, TillPayment};
use crate::common::merged;

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
    let refused = |text| (http::StatusCode::BAD_REQUEST, text);
    let new = merged(&stand.switches(), patch).map_err(refused)?;
    stand.set_switches(|old| old.clone_from(&new));
    Ok(Json(new))
}

pub(super) async fn payments<A: Merchant>(State(stand): State<Stand<A>>) -> Json<Vec<TillPayment>> {
    Json(stand.payments())
}

pub(super) async fn page<A: Merchant>(
    State(stand): State<Stand<A>>,
    Path(id): Path<String>,
) -> Response {
    let Some(payment) = stand.payment(&id) else { return html(404, "There is no such payment.") };
    let mut text = format!(
        "<p>{} {}.{:02} ({})</p><form method=post>",
        payment.currency,
        payment.amount_minor / 100,
        payment.amount_minor % 100,
        payment.status
    );
    for outcome in ["pay", "decline", "abandon"] {
        // Writing into a string cannot fail.
        let _ = write!(text, "<button name=outcome value={outcome}>{outcome}</button>");
    }
    html(200, &text)
}

pub(super) async fn submit<A: Merchant>(
    State(stand): State<Stand<A>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let mut form = url::form_urlencoded::parse(&body);
    let outcome = form.find(|(name, _)| name == "outcome").map(|(_, value)| value.into_owned());
    let act = serde_json::from_value(outcome.unwrap_or_default().into());
    let Ok(act) = act else { return html(400, "outcome is one of pay, decline, abandon") };
    if !stand.act(&id, act).await {
        return html(409, "This payment cannot be acted on any more.");
    }
    match stand.payment(&id).and_then(|payment| payment.return_url) {
        Some(url) => Response::builder()
            .status(302)
            .header("Location", url)
            .body(Body::empty())
            .unwrap_or_default(),
        None => html(200, "Done."),
    }
}

fn html(status: u16, text: &str) -> Response {
    let response = Response::builder().status(status).header("Content-Type", "text/html");
    response.body(Body::from(format!("<!doctype html><main>{text}</main>"))).unwrap_or_default()
}
