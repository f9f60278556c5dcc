//! A tenant's accounts at providers. Secrets go in and never come out.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered, Outcome, etag},
    document::{Accounts, Kind, Versioned},
    kept::kept,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, StatusPaging},
};
use crate::gateways::{notifications, payments};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::tenant::{AccountDocument, Tenant, TenantState};
use kontor_messages::{
    TenantId,
    tenant::{AccountMode, AccountSettings, TenantCommand},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// An account as it is written; provider and name are in the path.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    /// Whether money and messages are real.
    #[serde(default)]
    mode: AccountMode,
    /// What the provider asks for (`GET /v1/providers`), secrets included.
    settings: AccountSettings,
}

/// An account as it is shown.
#[derive(Serialize, ToSchema)]
struct AccountView {
    /// The account, its secrets as `***`.
    #[serde(flatten)]
    document: AccountDocument,
    /// Where the provider sends its notifications, at this node: to be registered there. Only for
    /// providers that send some. Whoever knows it can send something there, so it is nobody else's
    /// business.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/webhooks/harbour-books/stripe/main/Zm9yIHRoZSBleGFtcGxlIG9ubHk")]
    webhook_path: Option<String>,
    /// The whole address, if the node knows where it is reached (`http.public_url`).
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put, remove))
}

/// The tenant's accounts, their secrets as `***`.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<AccountView>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    let page = read::page::<Accounts>(&api, &access, &Asked::try_from(paging)?, |_| true).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for Versioned { id, version, document } in page.items {
        items.push(Versioned { id, version, document: view(&api, access.id(), document).await });
    }
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor: page.next_cursor }))
}

/// An account, its secrets as `***`.
#[utoipa::path(get, path = "/v1/accounts/{provider}/{name}", tag = "accounts",
    params(("provider" = String, Path, max_length = 40), ("name" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<AccountView>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named((provider, name)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = format!("{provider}/{name}");
    let there = read::load::<Accounts>(&api, access.id(), &id).await?;
    let tag = etag(there.version);
    if read::is_known(&headers, tag.as_bytes()) {
        return Ok(read::not_modified(tag));
    }
    let document = document(&there.state)?;
    let document = view(&api, access.id(), document).await;
    let shown = Versioned { id, version: there.version, document };
    let mut response = super::json(StatusCode::OK, &shown);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// Creates or changes an account. All settings are given each time, secrets included; one that says
/// `***`, as answers show it, stays as it is. Then so does where the account's secrets are sent.
#[utoipa::path(put, path = "/v1/accounts/{provider}/{name}", tag = "accounts",
    params(("provider" = String, Path, max_length = 40), ("name" = String, Path, max_length = 40),
        HowAsked),
    request_body = AccountBody,
    responses((status = OK, body = Versioned<AccountView>)))]
async fn put(
    Named((provider, name)): Named<(String, String)>,
    ordered: Ordered<AccountBody>,
) -> Result<Response, Problem> {
    let Ordered { body: AccountBody { mode, settings }, mut asking } = ordered;
    let settings = kept(&mut asking, (&provider, &name), settings).await?;
    let (api, tenant) = (asking.api.clone(), asking.access.id().clone());
    check(&api, (&tenant, &provider, &name), mode, &settings).await?;
    let command = TenantCommand::PutAccount { provider, name, mode, settings };
    show(&api, &tenant, asking.ask::<Tenant>(command).await?).await
}

async fn show(api: &Api, tenant: &TenantId, outcome: Outcome<Tenant>) -> Result<Response, Problem> {
    let document = document(&outcome.done.state)?;
    let id = Accounts::id(&outcome.done.subject).to_owned();
    let document = view(api, tenant, document).await;
    let shown = Versioned { id, version: outcome.done.version, document };
    if outcome.dry_run {
        return Ok(outcome.would(shown));
    }
    let mut response = super::json(StatusCode::OK, &shown);
    outcome.label(&mut response);
    Ok(response)
}

fn document(state: &TenantState) -> Result<AccountDocument, Problem> {
    let document = Accounts::document(state).map(Cow::into_owned);
    document.ok_or_else(|| Problem::not_found(Accounts::WHAT))
}

async fn view(api: &Api, tenant: &TenantId, document: AccountDocument) -> AccountView {
    let AccountDocument { provider, name, .. } = &document;
    let known = payments::providers().iter().any(|known| known.name == provider);
    let hears = known
        && match api.accounts().get(tenant, provider, name).await {
            Ok(account) => account.abilities().push,
            Err(_) => false,
        };
    let hooks = api.hooks().filter(|_| hears);
    let webhook_path = hooks.as_ref().map(|hooks| hooks.path(tenant, provider, name));
    let webhook_url = hooks.and_then(|hooks| hooks.url(tenant, provider, name));
    AccountView { document, webhook_path, webhook_url }
}

/// Tries the settings, and refuses addresses that are not out in the world, so that nobody has this
/// node call inside.
async fn check(
    api: &Api,
    (tenant, provider, name): (&TenantId, &str, &str),
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
    let hook = api.hooks().and_then(|hooks| hooks.url(tenant, provider, name));
    let settings = maker.told_at(&settings.0, hook);
    maker.make(&settings, mode, client).map(drop).map_err(|fault| at("", fault))
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
