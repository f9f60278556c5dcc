//! What providers send. Verified on the raw bytes, recorded, answered; acted on afterwards.
//!
//! The address is one that nobody guesses. A wrong one is answered like that of an account which is
//! not there, before anything is read or looked up.

use super::{Api, body, path::Named, problem::Problem};
use crate::hook_address;
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    payment::Payment,
    ports::{Headers, NotificationError},
    request::Terms,
};
use kontor_messages::{Meta, TenantId, Timestamp, payment::PaymentCommand};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(take))
}

/// Takes a payment provider's notification about one of the tenant's accounts. The account shows
/// its address, as `webhook_path`.
#[utoipa::path(post, path = "/webhooks/{tenant}/{provider}/{account}/{token}",
    tag = "provider webhooks",
    params(("tenant" = String, Path, max_length = 40), ("provider" = String, Path, max_length = 40),
        ("account" = String, Path, max_length = 40), ("token" = String, Path, max_length = 64)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = OK, description = "Recorded.")))]
async fn take(
    State(api): State<Api>,
    Named((tenant, provider, account, token)): Named<(String, String, String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("account");
    let tenant = TenantId::parse(&tenant).map_err(|_| unknown())?;
    let name = (&tenant, &*provider, &*account);
    if !api.secrets().is_some_and(|secrets| hook_address::is_genuine(secrets, name, &token)) {
        return Err(unknown());
    }
    let limit = api.settings().webhook_body_limit_bytes;
    let bytes = body::read(&headers, request.into_body(), limit).await?;
    let account = api.accounts().get(&tenant, &provider, &account).await.map_err(|_| unknown())?;
    let read = account.interpret(&told(&headers), &bytes, Timestamp::now()).await;
    let notification = read.map_err(|fault| not_taken(&tenant, &fault))?;
    let meta = Meta::by(format!("provider:{provider}")).because(notification.event_id.clone());
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    let command = PaymentCommand::RecordNotification { notification: Box::new(notification) };
    api.intake().ask::<Payment>(&caller, command, Terms::default()).await?;
    Ok(account.thanks().into_response())
}

/// The provider is told no more than no.
fn not_taken(tenant: &TenantId, fault: &NotificationError) -> Problem {
    tracing::info!(%fault, %tenant, "a notification was not taken");
    if *fault == NotificationError::NotNow {
        let (status, text) = (StatusCode::SERVICE_UNAVAILABLE, "send it again later");
        return Problem::new(status, "not_now", text);
    }
    Problem::new(StatusCode::BAD_REQUEST, "bad_notification", "the notification was not taken")
}

/// The headers as text; what is no text cannot be part of a signature.
fn told(headers: &HeaderMap) -> Headers {
    let texts =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    Headers::new(texts)
}
