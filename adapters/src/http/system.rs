//! Whether the node is up, whether it can serve, and its figures.

use super::{Api, problem::Problem};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long the database may take to say that it is there.
const PING_MAX: Duration = Duration::from_secs(2);

/// How the node is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `up`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
}

/// Whether the node can serve.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Whether it can.
    ready: bool,
    /// Why not.
    #[schema(max_items = 10)]
    reasons: Vec<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(ping))
        .routes(routes!(metrics))
}

/// Whether the process is up.
#[utoipa::path(get, path = "/health", tag = "system", responses((status = OK, body = Health)))]
async fn health() -> Response {
    let health = Health { status: "up", version: env!("CARGO_PKG_VERSION") };
    super::json(StatusCode::OK, &health)
}

/// Whether the node can serve.
#[utoipa::path(get, path = "/ready", tag = "system",
    responses((status = OK, body = Readiness), (status = SERVICE_UNAVAILABLE, body = Readiness)))]
async fn ready(State(api): State<Api>) -> Response {
    let mut reasons = Vec::new();
    match tokio::time::timeout(PING_MAX, api.store().ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => {
            tracing::warn!(%fault, "not ready");
            reasons.push("the database does not answer".to_owned());
        }
        Err(_) => reasons.push("the database does not answer in time".to_owned()),
    }
    if api.intake().ground().journal.stopped().borrow().is_some() {
        reasons.push("the journal has stopped: another node writes it".to_owned());
    }
    if *api.inner.closing.borrow() {
        reasons.push("the node is stopping".to_owned());
    }
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    super::json(status, &Readiness { ready, reasons })
}

/// Answers, and that is all.
#[utoipa::path(get, path = "/ping", tag = "system",
    responses((status = OK, body = String, content_type = "text/plain")))]
async fn ping() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "pong").into_response()
}

/// The node's figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "system",
    responses((status = OK, body = String, content_type = "text/plain")))]
async fn metrics(State(api): State<Api>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.metrics()).into_response()
}

/// A path that nobody has.
pub(super) async fn unknown_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_route", "there is nothing at this path")
}

/// A method that the path does not take.
pub(super) async fn unknown_method() -> Problem {
    let detail = "the path does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
