//! A tenant's accounts at providers. Secrets go in and never come out.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Accounts, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::tenant::{AccountDocument, Tenant};
use kontor_messages::tenant::{AccountMode, AccountSettings, TenantCommand};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// An account as it is written; provider and name are in the path.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    /// Whether money and messages are real.
    #[serde(default)]
    mode: AccountMode,
    /// What the provider asks for, secrets included.
    settings: AccountSettings,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put, remove))
}

/// The tenant's accounts, their secrets as `***`.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<AccountDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Accounts>(&api, &access, paging.try_into()).await
}

/// An account, its secrets as `***`.
#[utoipa::path(get, path = "/v1/accounts/{provider}/{name}", tag = "accounts",
    params(("provider" = String, Path, max_length = 40), ("name" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<AccountDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named((provider, name)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Accounts>(&api, &access, &headers, &format!("{provider}/{name}")).await
}

/// Creates or changes an account. All settings are given each time, secrets included.
#[utoipa::path(put, path = "/v1/accounts/{provider}/{name}", tag = "accounts",
    params(("provider" = String, Path, max_length = 40), ("name" = String, Path, max_length = 40),
        HowAsked),
    request_body = AccountBody,
    responses((status = OK, body = Versioned<AccountDocument>)))]
async fn put(
    Named((provider, name)): Named<(String, String)>,
    ordered: Ordered<AccountBody>,
) -> Result<Response, Problem> {
    let Ordered { body: AccountBody { mode, settings }, asking } = ordered;
    let known = crate::gateways::payments::providers();
    if let Some(maker) = known.iter().find(|known| known.name == provider) {
        (maker.build)(&settings.0, asking.api.client())
            .map_err(|fault| Problem::invalid("/settings", fault))?;
    }
    let texting = crate::gateways::notifications::sms_providers();
    if let Some(maker) = texting.iter().find(|known| known.name == provider) {
        (maker.build)(&settings, asking.api.client())
            .map_err(|fault| Problem::invalid("/settings", fault.to_string()))?;
    }
    asking.change::<Accounts>(TenantCommand::PutAccount { provider, name, mode, settings }).await
}

/// Forgets an account and its secrets.
#[utoipa::path(delete, path = "/v1/accounts/{provider}/{name}", tag = "accounts",
    params(("provider" = String, Path, max_length = 40), ("name" = String, Path, max_length = 40),
        HowAsked),
    responses((status = NO_CONTENT)))]
async fn remove(
    Named((provider, name)): Named<(String, String)>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let command = TenantCommand::RemoveAccount { provider, name };
    Ok(ordered.asking.ask::<Tenant>(command).await?.gone())
}
