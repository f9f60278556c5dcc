//! API keys. A key's text is shown once, when it is made.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Keys, Kind, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::tenant::{KeyDocument, Tenant, key};
use kontor_messages::{
    AddressRange, Timestamp,
    tenant::{Scope, TenantCommand},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do; no more than whoever asks.
    #[schema(min_items = 1, max_items = 29)]
    scopes: Vec<Scope>,
    /// When it ends by itself.
    #[serde(default)]
    expires_at: Option<Timestamp>,
    /// From where it counts: addresses and networks, IPv4 or IPv6; from everywhere if absent.
    #[serde(default)]
    #[schema(max_items = 50)]
    allowed_addresses: Vec<AddressRange>,
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
struct MadeKey<'a> {
    /// Its id.
    id: &'a str,
    /// How many changes it has seen.
    version: i64,
    /// The whole key, for its bearer. Shown this once; a repeated request does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The key.
    #[serde(flatten)]
    document: KeyDocument,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, revoke))
}

/// The tenant's keys.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<KeyDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Keys>(&api, &access, paging.try_into()).await
}

/// Makes a key, with no more scopes than whoever asks.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", params(HowAsked), request_body = NewKey,
    responses((status = CREATED, body = MadeKey<'static>)))]
async fn create(ordered: Ordered<NewKey>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let NewKey { name, scopes, expires_at, allowed_addresses } = body;
    let issued = key::issue(asking.access.id()).map_err(|fault| {
        tracing::error!(%fault, "no key can be made");
        Problem::unavailable("no key can be made now")
    })?;
    let key::IssuedKey { id: key, text, hash } = issued;
    let by = asking.access.giver();
    let command =
        TenantCommand::CreateKey { key, name, scopes, hash, expires_at, allowed_addresses, by };
    let outcome = asking.ask::<Tenant>(command).await?;
    let document = Keys::document(&outcome.done.state).ok_or_else(|| Problem::not_found("key"))?;
    let (id, version) = (Keys::id(&outcome.done.subject), outcome.done.version);
    let token = (!outcome.replayed && !outcome.dry_run).then_some(text);
    let made = MadeKey { id, version, token, document: document.into_owned() };
    if outcome.dry_run {
        return Ok(outcome.would(made));
    }
    let mut response = super::json(StatusCode::CREATED, &made);
    outcome.label(&mut response);
    Ok(response)
}

/// A key.
#[utoipa::path(get, path = "/v1/keys/{key}", tag = "keys",
    params(("key" = String, Path, max_length = 100)),
    responses((status = OK, body = Versioned<KeyDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(key): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Keys>(&api, &access, &headers, &key).await
}

/// Ends a key; from the answer on it counts no longer.
#[utoipa::path(delete, path = "/v1/keys/{key}", tag = "keys",
    params(("key" = String, Path, max_length = 100), HowAsked),
    responses((status = OK, body = Versioned<KeyDocument>)))]
async fn revoke(Named(key): Named<String>, ordered: Ordered<Nothing>) -> Result<Response, Problem> {
    if !key::is_key_id(&key) {
        return Err(Problem::not_found("key"));
    }
    ordered.asking.change::<Keys>(TenantCommand::RevokeKey { key }).await
}
