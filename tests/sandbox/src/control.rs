//! The sandbox's own endpoints under `/_sandbox`, served beside Stripe and beside the receiver.

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::providers::Providers;
use crate::receiver::Receiver;
use crate::smtp::Smtp;
use crate::stripe::{Stripe, StripeAccount, StripeSummary};

const PAGE: usize = 1_000;

#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) stripe: Stripe,
    pub(crate) smtp: Smtp,
    pub(crate) receiver: Receiver,
    pub(crate) providers: Providers,
}

type Refused = (StatusCode, Json<Value>);

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/_sandbox/switches", get(switches).post(set_switches))
        .route("/_sandbox/stripe/summary", get(summary))
        .route("/_sandbox/stripe/accounts", post(register))
        .route("/_sandbox/mail", get(mail).delete(clear_mail))
        .route("/_sandbox/receiver/{name}", get(hook).post(set_hook))
        .with_state(control)
}

/// Where a page of kept items begins.
#[derive(Deserialize)]
struct From {
    #[serde(default)]
    from: usize,
    /// Only mail to this recipient.
    to: Option<String>,
}

async fn switches(State(control): State<Control>) -> Json<Value> {
    Json(all_switches(&control))
}

/// `{"stripe": {...}, "comgate": {...}}`; what is not named stays as it is.
async fn set_switches(
    State(control): State<Control>,
    Json(patch): Json<Value>,
) -> Result<Json<Value>, Refused> {
    let Value::Object(parts) = patch else {
        return Err(refused("switches are a JSON object".to_owned()));
    };
    for (name, part) in parts {
        match name.as_str() {
            "stripe" => control.stripe.patch_switches(part).map_err(refused)?,
            "smtp" => control.smtp.patch_switches(part).map_err(refused)?,
            other => match control.providers.patch(other, part) {
                Some(patched) => {
                    patched.map_err(refused)?;
                }
                None => return Err(refused(format!("there are no switches for {name}"))),
            },
        }
    }
    Ok(Json(all_switches(&control)))
}

fn all_switches(control: &Control) -> Value {
    let mut all = control.providers.switches();
    all["stripe"] = json!(control.stripe.switches());
    all["smtp"] = json!(control.smtp.switches());
    all
}

async fn summary(State(control): State<Control>) -> Json<StripeSummary> {
    Json(control.stripe.summary())
}

async fn register(
    State(control): State<Control>,
    Json(account): Json<StripeAccount>,
) -> Json<Value> {
    Json(json!({"account": control.stripe.register(account)}))
}

async fn mail(State(control): State<Control>, Query(page): Query<From>) -> Json<Value> {
    let mails = match &page.to {
        Some(recipient) => control.smtp.to(recipient),
        None => control.smtp.messages(),
    };
    let shown: Vec<_> = mails.iter().skip(page.from).take(PAGE).map(|mail| &**mail).collect();
    Json(json!({
        "count": mails.len(), "duplicates": control.smtp.duplicates(), "messages": shown,
    }))
}

async fn clear_mail(State(control): State<Control>) -> StatusCode {
    control.smtp.clear();
    StatusCode::NO_CONTENT
}

async fn hook(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(page): Query<From>,
) -> Json<Value> {
    let receiver = &control.receiver;
    let deliveries = receiver.deliveries(&name);
    let shown: Vec<_> = deliveries.iter().skip(page.from).take(PAGE).map(|one| &**one).collect();
    Json(json!({
        "settings": receiver.settings(&name), "count": deliveries.len(),
        "accepted": receiver.accepted_count(&name), "duplicates": receiver.duplicates(&name),
        "out_of_order": receiver.out_of_order(&name), "deliveries": shown,
    }))
}

async fn set_hook(
    State(control): State<Control>,
    Path(name): Path<String>,
    Json(patch): Json<Value>,
) -> Result<Json<Value>, Refused> {
    control.receiver.patch(&name, patch).map_err(refused)?;
    Ok(Json(json!(control.receiver.settings(&name))))
}

fn refused(message: String) -> Refused {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": message })))
}
