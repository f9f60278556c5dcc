//! Where payers come back to. Coming back proves nothing: the provider is asked, and the payer goes
//! on to the page that the payment itself names.

use super::super::{Api, credentials::digest, path::Named, problem::Problem};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    payment::{Payment, PaymentDocument},
    request::Terms,
};
use kontor_messages::{EntityId, Meta, TenantId, payment::PaymentCommand};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(in super::super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(returned)).routes(routes!(cancelled))
}

/// A payer who comes back from the provider; goes on to the payment's `return_url`.
#[utoipa::path(get, path = "/pay/return/{tenant}/{payment}/{token}", tag = "payers",
    params(("tenant" = String, Path, max_length = 40), ("payment" = String, Path, max_length = 200),
        ("token" = String, Path, max_length = 100)),
    responses((status = SEE_OTHER, description = "To the shop.")))]
async fn returned(
    State(api): State<Api>,
    Named((tenant, payment, token)): Named<(String, String, String)>,
) -> Result<Response, Problem> {
    let document = record(&api, &tenant, &payment, &token).await?;
    onwards(document.return_url)
}

/// A payer who comes back without having paid; goes on to the payment's `cancel_url`.
#[utoipa::path(get, path = "/pay/cancel/{tenant}/{payment}/{token}", tag = "payers",
    params(("tenant" = String, Path, max_length = 40), ("payment" = String, Path, max_length = 200),
        ("token" = String, Path, max_length = 100)),
    responses((status = SEE_OTHER, description = "To the shop.")))]
async fn cancelled(
    State(api): State<Api>,
    Named((tenant, payment, token)): Named<(String, String, String)>,
) -> Result<Response, Problem> {
    let document = record(&api, &tenant, &payment, &token).await?;
    onwards(document.cancel_url.or(document.return_url))
}

/// Records that the payer is back, if the address is one that this node gave out.
async fn record(
    api: &Api,
    tenant: &str,
    payment: &str,
    token: &str,
) -> Result<PaymentDocument, Problem> {
    let tenant = TenantId::parse(tenant).map_err(|_| unknown())?;
    let payment = EntityId::parse(payment).map_err(|_| unknown())?;
    let (state, _) = api.intake().read::<Payment>(&tenant, &payment).await?.ok_or_else(unknown)?;
    let document = state.payment().cloned().ok_or_else(unknown)?;
    let right = document.plan.return_token.as_deref().map(digest) == Some(digest(token));
    if !right {
        return Err(unknown());
    }
    let meta = Meta::by("payer");
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    let command = PaymentCommand::RecordReturn { payment };
    // The payer goes on in any case: the provider is asked by schedule as well.
    if let Err(fault) = api.intake().ask::<Payment>(&caller, command, Terms::default()).await {
        tracing::warn!(tenant = %caller.tenant, %fault, "a payer's return was not recorded");
    }
    Ok(document)
}

fn onwards(to: Option<String>) -> Result<Response, Problem> {
    let to = to.ok_or_else(unknown)?;
    let mut response = Redirect::to(&to).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn unknown() -> Problem {
    Problem::not_found("payment")
}
