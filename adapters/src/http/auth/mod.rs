//! The routes of users: becoming one, coming in, going out, and one's own account.
//!
//! Nothing here tells whether there is an account: whoever has proved nothing gets the same
//! status, the same body and much the same time.

pub(in crate::http) mod client;
mod close;
mod flow;
mod legacy;
mod login;
mod me;
pub(in crate::http) mod pace;
pub(in crate::http) mod register;
mod roles;
pub(in crate::http) mod view;
mod views;

use super::{Api, Problem};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(register::routes())
        .merge(login::routes())
        .merge(me::routes())
        .merge(close::routes())
        .merge(views::routes())
        .merge(legacy::routes())
        .routes(routes!(published_keys))
}

/// The keys that access tokens are signed with (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth",
    responses((status = OK, body = serde_json::Value)))]
async fn published_keys(State(api): State<Api>) -> Result<Response, Problem> {
    let keys = api.identity().published_keys().await.map_err(client::no_token)?;
    // A key is published for longer than this before it signs.
    let cache = HeaderValue::from_static("public, max-age=300");
    Ok(([(header::CACHE_CONTROL, cache)], super::json(StatusCode::OK, &keys)).into_response())
}
