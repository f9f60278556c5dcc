//! Views of a tenant's orders that a user keeps under names.

use super::client::{Asked, Signed};
use crate::http::{Api, Problem, access, json, orders, path::Named};
use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kontor_actors::user::{SavedView, User};
use kontor_messages::{
    TenantId,
    user::{PlatformRole, UserCommand, views_entity},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(save, remove))
}

/// A user at a tenant that is theirs.
struct At {
    signed: Signed,
    tenant: TenantId,
}

impl FromRequestParts<Api> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let signed = Signed::from_request_parts(parts, api).await?;
        let operates = signed.user.role == PlatformRole::Operator;
        let user = signed.bearer.user.to_string();
        let tenant = access::tenant_of(api, &parts.headers, &user, operates).await?;
        Ok(Self { signed, tenant })
    }
}

/// The views that are kept.
#[derive(Serialize, ToSchema)]
struct Views {
    /// In the order in which they were made.
    #[schema(max_items = 20)]
    items: Vec<SavedView>,
}

/// What a view stands for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Narrowed {
    /// What the list is narrowed by, as the query of `GET /v1/orders`: `status`, `channel`,
    /// `placed_from`, `placed_to`, `currency`, `cancelled`, `paid`, `sku` and `q`. A customer's
    /// address is kept in no view.
    #[schema(min_length = 1, max_length = 500, example = "status=confirmed&channel=web")]
    query: String,
}

/// The views that who asks keeps of the tenant's orders.
#[utoipa::path(get, path = "/v1/auth/me/views", tag = "auth",
    responses((status = OK, body = Views)))]
async fn list(at: At) -> Result<Response, Problem> {
    let At { signed, tenant } = at;
    let entity = views_entity(signed.bearer.user, &tenant);
    let intake = signed.client.api.intake();
    let found = intake.read::<User>(&TenantId::platform(), &entity).await?;
    let items = found.map(|(state, _)| state.views().to_vec()).unwrap_or_default();
    Ok(json(StatusCode::OK, &Views { items }))
}

/// Keeps a view under a name, 20 at most; one of that name is replaced.
#[utoipa::path(put, path = "/v1/auth/me/views/{name}", tag = "auth",
    params(("name" = String, Path, max_length = 40)),
    request_body = Narrowed, responses((status = OK, body = SavedView)))]
async fn save(
    at: At,
    Named(name): Named<String>,
    Asked(Narrowed { query }): Asked<Narrowed>,
) -> Result<Response, Problem> {
    orders::check_view(&query)?;
    let At { signed, tenant } = at;
    let (user, view) = (signed.bearer.user, SavedView { name: name.clone(), query: query.clone() });
    signed.client.ask(UserCommand::SaveView { user, tenant, name, query }).await?;
    Ok(json(StatusCode::OK, &view))
}

/// Keeps a view no longer; one that is not there is gone already.
#[utoipa::path(delete, path = "/v1/auth/me/views/{name}", tag = "auth",
    params(("name" = String, Path, max_length = 40)),
    responses((status = NO_CONTENT)))]
async fn remove(at: At, Named(name): Named<String>) -> Result<Response, Problem> {
    let At { signed, tenant } = at;
    let user = signed.bearer.user;
    signed.client.ask(UserCommand::RemoveView { user, tenant, name }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
