//! Which accounts take which payment: a tenant's rules.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered, etag},
    document::{PaymentRoutes, Versioned},
    problem::Problem,
    read,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::tenant::{PaymentRoutesDocument, Tenant};
use kontor_messages::tenant::{PaymentRule, TenantCommand, payment_routes_entity};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The rules as they are written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentRoutesBody {
    /// In order: the first that fits counts.
    #[schema(max_items = 100)]
    rules: Vec<PaymentRule>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get, put))
}

/// The rules by which payments find their accounts; none at first.
#[utoipa::path(get, path = "/v1/payment-routes", tag = "payments",
    responses((status = OK, body = Versioned<PaymentRoutesDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = payment_routes_entity();
    match read::one::<PaymentRoutes>(&api, &access, &headers, id.as_str()).await {
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            let document = PaymentRoutesDocument::default();
            let shown = Versioned { id: id.to_string(), version: 0, document };
            let mut response = super::json(StatusCode::OK, &shown);
            response.headers_mut().insert(header::ETAG, etag(0));
            Ok(response)
        }
        answer => answer,
    }
}

/// Writes the rules, all of them.
#[utoipa::path(put, path = "/v1/payment-routes", tag = "payments", params(HowAsked),
    request_body = PaymentRoutesBody,
    responses((status = OK, body = Versioned<PaymentRoutesDocument>)))]
async fn put(ordered: Ordered<PaymentRoutesBody>) -> Result<Response, Problem> {
    let Ordered { body: PaymentRoutesBody { rules }, asking } = ordered;
    let (api, access) = (&asking.api, &asking.access);
    for (place, rule) in rules.iter().enumerate() {
        for (account, name) in rule.accounts.iter().enumerate() {
            let found = api.accounts().get(access.id(), &name.provider, &name.account).await;
            if let Err(fault) = found {
                let member = if fault.code == "unknown_provider" { "provider" } else { "account" };
                let pointer = format!("/rules/{place}/accounts/{account}/{member}");
                return Err(Problem::invalid(&pointer, fault.message));
            }
        }
    }
    let outcome = asking.ask::<Tenant>(TenantCommand::PutPaymentRoutes { rules }).await?;
    // Nothing written, and nothing there: the empty rules, as they are read.
    if outcome.done.version == 0 && !outcome.dry_run {
        let document = PaymentRoutesDocument::default();
        let id = payment_routes_entity().to_string();
        return Ok(super::json(StatusCode::OK, &Versioned { id, version: 0, document }));
    }
    outcome.show::<PaymentRoutes>(StatusCode::OK)
}
