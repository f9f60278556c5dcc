//! Tenants, for the platform's operator; and a tenant's own record.

use super::{
    Api,
    access::{Access, Operator},
    command::{Command, HowAsked, Nothing, Outcome, ask, etag},
    document::{Kind, Tenants, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::{
    domain::Domain,
    tenant::{Tenant, TenantDocument},
};
use kontor_messages::{
    TenantId,
    tenant::{TenantCommand, TenantSettings, tenant_entity},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A new tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTenant {
    /// Its short name, for ever.
    tenant: TenantId,
    /// What is set on it.
    settings: TenantSettings,
}

/// Why a tenant is suspended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Suspension {
    /// For people.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// When a tenant is deleted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Deletion {
    /// Days until then.
    #[serde(default = "month")]
    #[schema(minimum = 1, maximum = 365, default = 30)]
    days: u32,
}

fn month() -> u32 {
    30
}

/// What changes: the members of the settings that are named.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
struct SettingsPatch(serde_json::Map<String, serde_json::Value>);

pub(super) fn for_operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, patch))
        .routes(routes!(suspend))
        .routes(routes!(resume))
        .routes(routes!(archive))
        .routes(routes!(delete))
        .routes(routes!(keep))
}

pub(super) fn own() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_own))
}

/// All tenants, by name.
#[utoipa::path(get, path = "/v1/tenants", tag = "tenants", params(Paging),
    responses((status = OK, body = Page<Versioned<TenantDocument>>)))]
async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let asked = read::Asked::try_from(paging)?;
    let after = asked.cursor.as_deref().map(TenantId::parse).transpose();
    let after = after.map_err(|_| Problem::parameter("cursor", "expected a tenant's name"))?;
    let limit = asked.limit as u32 + 1;
    let entity = tenant_entity();
    let rows =
        api.store().list_across(Tenant::NAME, entity.as_str(), after.as_ref(), limit).await?;
    let mut items = Vec::with_capacity(asked.limit);
    for row in rows.iter().take(asked.limit) {
        let state = read::parse::<Tenants>(row)?;
        let document = Tenants::document(&state).map(|found| found.into_owned());
        let id = row.tenant.to_string();
        items.extend(document.map(|document| Versioned { id, version: row.version, document }));
    }
    let more = rows.len() > asked.limit;
    let next_cursor = items.last().filter(|_| more).map(|last| last.id.clone());
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// Opens a tenant's books. The same settings again: the same answer.
#[utoipa::path(post, path = "/v1/tenants", tag = "tenants", params(HowAsked),
    request_body = NewTenant,
    responses((status = CREATED, body = Versioned<TenantDocument>)))]
async fn create(operator: Operator, command: Command<NewTenant>) -> Result<Response, Problem> {
    let Command { body: NewTenant { tenant, settings }, terms, api } = command;
    let asked = TenantCommand::Create { settings };
    let outcome = ask::<Tenant>(&api, &operator.on(tenant.clone()), terms, asked).await?;
    outcome.show_as::<Tenants>(StatusCode::CREATED, tenant.to_string())
}

/// A tenant.
#[utoipa::path(get, path = "/v1/tenants/{tenant}", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn get(
    State(api): State<Api>,
    _operator: Operator,
    Named(tenant): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    one(&api, &tenant_id(&tenant)?, &headers).await
}

/// The tenant that the key belongs to.
#[utoipa::path(get, path = "/v1/tenant", tag = "tenants",
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn get_own(
    State(api): State<Api>,
    access: Access,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    one(&api, access.id(), &headers).await
}

/// Sets all of a tenant's settings.
#[utoipa::path(put, path = "/v1/tenants/{tenant}", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body = TenantSettings,
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn put(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<TenantSettings>,
) -> Result<Response, Problem> {
    let Command { body: settings, terms, api } = command;
    let told = Command { body: TenantCommand::Configure { settings }, terms, api };
    tell(operator, &tenant, told).await.map_err(|problem| problem.without_prefix("/settings"))
}

/// Sets some of a tenant's settings (RFC 7396).
#[utoipa::path(patch, path = "/v1/tenants/{tenant}", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body = SettingsPatch,
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn patch(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<SettingsPatch>,
) -> Result<Response, Problem> {
    let Command { body: SettingsPatch(changes), mut terms, api } = command;
    let (known, version) = load(&api, &tenant_id(&tenant)?).await?;
    let mut settings = serde_json::to_value(&known.settings).unwrap_or_default();
    merge(&mut settings, serde_json::Value::Object(changes));
    let settings = super::body::parse(settings.to_string().as_bytes())?;
    terms.if_version = terms.if_version.or(Some(version));
    let told = Command { body: TenantCommand::Configure { settings }, terms, api };
    tell(operator, &tenant, told).await.map_err(|problem| problem.without_prefix("/settings"))
}

/// Lets a tenant read only.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/suspend", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body = Suspension,
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn suspend(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<Suspension>,
) -> Result<Response, Problem> {
    let Command { body: Suspension { reason }, terms, api } = command;
    tell(operator, &tenant, Command { body: TenantCommand::Suspend { reason }, terms, api }).await
}

/// Lets a suspended tenant do business again.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/resume", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn resume(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let Command { terms, api, .. } = command;
    tell(operator, &tenant, Command { body: TenantCommand::Resume, terms, api }).await
}

/// Closes a tenant's books for good.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/archive", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn archive(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let Command { terms, api, .. } = command;
    tell(operator, &tenant, Command { body: TenantCommand::Archive, terms, api }).await
}

/// Deletes a tenant after some days; until then it may read, and can be kept. What it sold stays in
/// the journal without names.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/delete", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body = Deletion,
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn delete(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<Deletion>,
) -> Result<Response, Problem> {
    let Command { body: Deletion { days }, terms, api } = command;
    tell(operator, &tenant, Command { body: TenantCommand::Delete { days }, terms, api }).await
}

/// Keeps a tenant that was to be deleted.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/keep", tag = "tenants",
    params(("tenant" = String, Path, max_length = 40), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<TenantDocument>)))]
async fn keep(
    operator: Operator,
    Named(tenant): Named<String>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let Command { terms, api, .. } = command;
    tell(operator, &tenant, Command { body: TenantCommand::CancelDeletion, terms, api }).await
}

async fn tell(
    operator: Operator,
    tenant: &str,
    command: Command<TenantCommand>,
) -> Result<Response, Problem> {
    let tenant = tenant_id(tenant)?;
    let Command { body, terms, api } = command;
    let caller = operator.on(tenant.clone());
    let outcome: Outcome<Tenant> = ask(&api, &caller, terms, body).await?;
    outcome.show_as::<Tenants>(StatusCode::OK, tenant.to_string())
}

async fn one(api: &Api, tenant: &TenantId, headers: &HeaderMap) -> Result<Response, Problem> {
    let (document, version) = load(api, tenant).await?;
    let tag = etag(version);
    if read::is_known(headers, tag.as_bytes()) {
        return Ok(read::not_modified(tag));
    }
    let shown = Versioned { id: tenant.to_string(), version, document };
    let mut response = super::json(StatusCode::OK, &shown);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

async fn load(api: &Api, tenant: &TenantId) -> Result<(TenantDocument, i64), Problem> {
    let there = read::load::<Tenants>(api, tenant, tenant_entity().as_str()).await?;
    let document = Tenants::document(&there.state).map(|found| found.into_owned());
    Ok((document.ok_or_else(|| Problem::not_found("tenant"))?, there.version))
}

fn tenant_id(name: &str) -> Result<TenantId, Problem> {
    TenantId::parse(name).map_err(|_| Problem::not_found("tenant"))
}

/// JSON merge patch: null takes a member away, an object is merged, anything else replaces.
fn merge(target: &mut serde_json::Value, patch: serde_json::Value) {
    match (target, patch) {
        (serde_json::Value::Object(members), serde_json::Value::Object(changes)) => {
            for (name, change) in changes {
                if change.is_null() {
                    members.remove(&name);
                } else {
                    merge(members.entry(name).or_insert(serde_json::Value::Null), change);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}
