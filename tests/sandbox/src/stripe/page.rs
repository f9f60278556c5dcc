//! The hosted payment page: what a payer sees and does.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

use super::Inner;
use super::book::{PayerAct, PayerResult};
use super::objects::SessionStatus;
use super::params::Params;
use crate::common::lock;
use crate::page::{escape, html};

const NO_DECIMALS: [&str; 15] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
];

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new().route("/pay/{session}", get(show).post(submit)).with_state(inner)
}

async fn show(State(inner): State<Arc<Inner>>, Path(id): Path<String>) -> Response {
    inner.show(&id, None)
}

async fn submit(State(inner): State<Arc<Inner>>, Path(id): Path<String>, body: Bytes) -> Response {
    let form = Params::parse(&body).unwrap_or_default();
    let outcome = form.text("outcome").unwrap_or_default();
    let Ok(act) = serde_json::from_value::<PayerAct>(outcome.into()) else {
        let text = "outcome is one of pay, decline, async_pay, async_fail, abandon";
        return message(400, "Unknown outcome", text);
    };
    match inner.act(&id, act).await {
        PayerResult::Completed => inner.leave(&id, true),
        PayerResult::Left => inner.leave(&id, false),
        PayerResult::Declined => inner.show(&id, Some("Your card was declined. Try again.")),
        PayerResult::Expired | PayerResult::Unknown => inner.show(&id, None),
    }
}

impl Inner {
    fn show(&self, id: &str, note: Option<&str>) -> Response {
        let book = lock(&self.book);
        if let Some(intent) = book.intents.get(id).filter(|intent| intent.session.is_none()) {
            return match intent.status() {
                "requires_payment_method" | "requires_action" => {
                    let about = intent.metadata.get("description").map(String::as_str);
                    html(200, &form((intent.amount, &intent.currency), about, note))
                }
                "canceled" => message(410, "Expired", "This payment was called off."),
                _ => message(200, "Paid", "This payment is complete."),
            };
        }
        match book.sessions.get(id) {
            None => message(404, "Not found", "There is no such payment page."),
            Some(session) => match session.status {
                SessionStatus::Open => {
                    let asked = &session.asked;
                    let about = asked.client_reference_id.as_deref();
                    html(200, &form((asked.amount_total, &asked.currency), about, note))
                }
                SessionStatus::Complete => message(200, "Paid", "This payment is complete."),
                SessionStatus::Expired => message(410, "Expired", "This payment page has expired."),
            },
        }
    }

    /// Sends the payer back to the shop.
    fn leave(&self, id: &str, success: bool) -> Response {
        let book = lock(&self.book);
        let asked = book.sessions.get(id).map(|session| session.asked.clone());
        let own = book.intents.get(id).and_then(|intent| intent.return_url.clone());
        drop(book);
        let target = asked.map_or(own, |asked| match success {
            true => Some(asked.success_url.replace("{CHECKOUT_SESSION_ID}", id)),
            false => asked.cancel_url,
        });
        let Some(target) = target else {
            return message(200, "Left", "The payer has left the page.");
        };
        let response = Response::builder().status(302).header("Location", target);
        response.body(Body::empty()).unwrap_or_default()
    }
}

fn form((minor, currency): (i64, &str), about: Option<&str>, note: Option<&str>) -> String {
    let amount = money(minor, currency);
    let about = about.unwrap_or("your order");
    let note = note.map(|text| format!("<p class=declined role=alert>{}</p>", escape(text)));
    format!(
        "<h1>Pay for {}</h1><p class=amount>{}</p>{}<form method=post>\
         <button class=pay name=outcome value=pay>Pay</button>\
         <button name=outcome value=decline>Decline</button>\
         <button name=outcome value=async_pay>Pay by slow transfer</button>\
         <button name=outcome value=async_fail>Slow transfer that fails</button>\
         <button name=outcome value=abandon>Back to the shop</button></form>\
         <p class=note>Test page. No money moves.</p>",
        escape(about),
        escape(&amount),
        note.unwrap_or_default(),
    )
}

fn money(minor: i64, currency: &str) -> String {
    let code = currency.to_uppercase();
    if NO_DECIMALS.contains(&currency) {
        return format!("{minor} {code}");
    }
    format!("{}.{:02} {code}", minor / 100, minor % 100)
}

fn message(status: u16, title: &str, text: &str) -> Response {
    html(status, &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text)))
}
