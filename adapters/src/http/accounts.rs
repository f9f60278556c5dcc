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
use crate::gateways::{notifications, payments};
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
    check(&asking.api, &provider, mode, &settings).await?;
    asking.change::<Accounts>(TenantCommand::PutAccount { provider, name, mode, settings }).await
}

/// Tries the settings, and refuses addresses that are not out in the world, so that nobody has this
/// node call inside.
async fn check(
    api: &Api,
    provider: &str,
    mode: AccountMode,
    settings: &AccountSettings,
) -> Result<(), Problem> {
    let client = api.client();
    if provider == "smtp" {
        let checked = notifications::check(settings, client.allows_private()).await;
        return checked.map_err(|(member, fault)| at(member, fault));
    }
    if let Some(maker) = notifications::sms_providers().iter().find(|known| known.name == provider)
    {
        return maker.check(settings, client).await.map_err(|(member, fault)| at(member, fault));
    }
    let known = payments::providers().iter().find(|known| known.name == provider);
    let Some(maker) = known else { return Ok(()) };
    // First where the addresses lead: that fault has a member of its own.
    maker.check(&settings.0, client).await.map_err(|fault| at(fault.member, fault.expected))?;
    maker.make(&settings.0, mode, client).map(drop).map_err(|fault| at("", fault))
}

fn at(member: &str, expected: String) -> Problem {
    match member {
        "" => Problem::invalid("/settings", expected),
        member => Problem::invalid(format!("/settings/{member}"), expected),
    }
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
