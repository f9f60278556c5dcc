//! Pausing one domain of a tenant, for the platform's operator: it finishes what it has and takes up
//! nothing more, also after a restart of the node. Nothing is lost: commands are refused until it
//! goes on, and deadlines and what follows from events wait.

use super::{
    Api,
    access::Operator,
    command::{Command, HowAsked, Nothing, Outcome, ask},
    document::{Tenants, Versioned},
    path::Named,
    problem::Problem,
};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::tenant::{Tenant, TenantDocument, TenantState, pausing};
use kontor_messages::{TenantId, Timestamp};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(pause)).routes(routes!(resume))
}

/// Pauses one domain of a tenant. Its commands are refused with 503 `actor_paused` until it goes on;
/// reading goes on. `tenant`, `user` and `signing` are never paused (409 `not_pausable`).
#[utoipa::path(post, path = "/v1/actors/{tenant}/{domain}/pause", tag = "operation",
    params(("tenant" = String, Path, max_length = 40), ("domain" = String, Path, max_length = 40),
        HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn pause(
    operator: Operator,
    Named((tenant, domain)): Named<(String, String)>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    change(operator, (tenant, domain), command, true).await
}

/// Lets a paused domain of a tenant go on. What waited for it goes on within seconds.
#[utoipa::path(post, path = "/v1/actors/{tenant}/{domain}/resume", tag = "operation",
    params(("tenant" = String, Path, max_length = 40), ("domain" = String, Path, max_length = 40),
        HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn resume(
    operator: Operator,
    Named((tenant, domain)): Named<(String, String)>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    change(operator, (tenant, domain), command, false).await
}

async fn change(
    operator: Operator,
    (tenant, domain): (String, String),
    command: Command<Nothing>,
    pause: bool,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("actor");
    let tenant = TenantId::parse(&tenant).map_err(|_| unknown())?;
    let Command { api, terms, .. } = command;
    if api.intake().hosts().named(&domain).is_none() {
        return Err(unknown());
    }
    let (caller, id, dry_run) = (operator.on(tenant.clone()), tenant.to_string(), terms.dry_run);
    // Whoever asks may go away; what is written must be what the node does.
    let changing = tokio::spawn(async move {
        let asked = ask::<Tenant>(&api, &caller, terms, pausing(&domain, pause)).await;
        let outcome = asked.map_err(|problem| problem.without_prefix("/domain"))?;
        if !dry_run {
            follow(&api, &tenant, &domain, &outcome);
        }
        Ok::<_, Problem>(outcome)
    });
    let outcome = changing.await.map_err(|_| Problem::unavailable("the node is stopping"))??;
    outcome.show_as::<Tenants>(StatusCode::OK, id)
}

/// Has the node do what is written of the domain now.
fn follow(api: &Api, tenant: &TenantId, domain: &str, outcome: &Outcome<Tenant>) {
    // What is told again is long done, and may be over.
    if outcome.replayed {
        return;
    }
    let Some(host) = api.intake().hosts().named(domain) else { return };
    match &*outcome.done.state {
        TenantState::Tenant(known) if known.paused.contains_key(domain) => {
            host.pause(tenant, Timestamp::now());
            tracing::warn!(%tenant, domain, "a domain was paused by an operator");
        }
        _ => {
            host.resume(tenant);
            tracing::warn!(%tenant, domain, "a paused domain goes on");
        }
    }
}
