//! Domains of tenants that crashed again and again, for the platform's operator.

use super::{
    Api,
    access::Operator,
    command::{Command, DryRun, HowAsked, Nothing},
    path::Named,
    problem::Problem,
    read::Page,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kontor_messages::{TenantId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A domain of a tenant that is out of service.
#[derive(Serialize, ToSchema)]
struct Quarantined {
    /// Whose.
    tenant: TenantId,
    /// Which domain.
    domain: &'static str,
    /// Since when.
    since: Timestamp,
    /// The last crash.
    reason: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(release))
}

/// What is out of service on this node.
#[utoipa::path(get, path = "/v1/quarantine", tag = "operation",
    responses((status = OK, body = Page<Quarantined>)))]
async fn list(State(api): State<Api>, _operator: Operator) -> Response {
    let all = api.intake().hosts().all().flat_map(|host| host.quarantined());
    let items = all.map(|held| Quarantined {
        tenant: held.tenant,
        domain: held.domain,
        since: held.since,
        reason: held.reason,
    });
    super::json(StatusCode::OK, &Page { items: items.collect(), next_cursor: None })
}

/// Lets a domain serve again.
#[utoipa::path(post, path = "/v1/quarantine/{tenant}/{domain}/release", tag = "operation",
    params(("tenant" = String, Path, max_length = 40), ("domain" = String, Path, max_length = 40),
        HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = NO_CONTENT)))]
async fn release(
    _operator: Operator,
    Named((tenant, domain)): Named<(String, String)>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("quarantine");
    let tenant = TenantId::parse(&tenant).map_err(|_| unknown())?;
    let held = || command.api.intake().hosts().all().flat_map(|host| host.quarantined());
    if command.terms.dry_run {
        let there = held().any(|held| held.tenant == tenant && held.domain == domain);
        let would = DryRun { would: Vec::new(), result: serde_json::json!({}) };
        return there.then(|| super::json(StatusCode::OK, &would)).ok_or_else(unknown);
    }
    if command.api.release(&tenant, &domain) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(unknown())
}
