//! What could not be done, kept with the reason: to be read, tried again, or dropped.

mod again;
mod found;
mod platform;

pub(super) use platform::for_operator;

use super::{
    Api,
    access::Access,
    command::{DryRun, HowAsked, Nothing, Ordered},
    path::Named,
    problem::Problem,
    query,
    read::Page,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use found::{Asked, load, page};
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    signing::Signing,
    store::{DeadLetter, LetterQuery},
    supplier::Supplier,
    tenant::Tenant,
    user::User,
    webhook::Webhook,
};
use kontor_messages::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Domains whose commands and events hold secrets: accounts' settings and endpoints' secrets, hashes of
/// passwords, tickets and addresses of users, keys that tokens are signed with, and what proves to a
/// supplier who fetches its feed.
const SECRET: [&str; 5] = [Tenant::NAME, Webhook::NAME, User::NAME, Signing::NAME, Supplier::NAME];

/// Which dead letters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 300)]
    cursor: Option<String>,
    /// Only of this source, such as `domain:order` or `follower:policies`.
    #[param(min_length = 1, max_length = 100)]
    source: Option<String>,
    /// Only what is tried again by itself; or, if `false`, only what waits for a person.
    parked: Option<bool>,
}

/// Something that could not be done.
#[derive(Serialize, ToSchema)]
struct Letter {
    /// Its id.
    id: String,
    /// Whose; told where it is asked for all tenants, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    /// Who could not do it.
    #[schema(example = "follower:policies")]
    source: String,
    /// What waits behind it, in order.
    lane: String,
    /// The event concerned, as a cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// Why.
    reason: String,
    /// What was to be done; not shown where it may hold secrets, and never where letters of all tenants
    /// are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    /// When it was buried first.
    at: Timestamp,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, drop_it)).routes(routes!(retry))
}

/// What could not be done, by id: those of one follower's shard stand together, in the order of the
/// journal. An answer looks through 2,000 of them at most, so with `source` or `parked` it may be short,
/// or empty, while there are more: `next_cursor` tells.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "operation", params(Wanted),
    responses((status = OK, body = Page<Letter>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let asked = Asked::new(wanted.limit, wanted.cursor)?;
    let (tenant, source, parked) = (Some(access.id().clone()), wanted.source, wanted.parked);
    let which = LetterQuery { tenant, source, parked, ..Default::default() };
    let (letters, next_cursor) = page(&api, asked, which).await?;
    let items: Vec<_> = letters.into_iter().map(Letter::from).collect();
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// A dead letter.
#[utoipa::path(get, path = "/v1/dead-letters/{letter}", tag = "operation",
    params(("letter" = String, Path, max_length = 300)),
    responses((status = OK, body = Letter)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(letter): Named<String>,
) -> Result<Response, Problem> {
    let letter = load(&api, Some(access.id()), letter).await?;
    Ok(super::json(StatusCode::OK, &Letter::from(letter)))
}

/// Tries it again: what a follower could not do at once, a command here and now.
#[utoipa::path(post, path = "/v1/dead-letters/{letter}/retry", tag = "operation",
    params(("letter" = String, Path, max_length = 300), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = NO_CONTENT)))]
async fn retry(
    Named(letter): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let asking = ordered.asking;
    let letter = load(&asking.api, Some(asking.access.id()), letter).await?;
    if asking.terms.dry_run {
        return Ok(untouched(Letter::from(letter)));
    }
    again::try_again(&asking.api, Some(asking.access.caller()), letter).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Drops it: it will not be done.
#[utoipa::path(delete, path = "/v1/dead-letters/{letter}", tag = "operation",
    params(("letter" = String, Path, max_length = 300), HowAsked),
    responses((status = NO_CONTENT)))]
async fn drop_it(
    Named(letter): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let asking = ordered.asking;
    let letter = load(&asking.api, Some(asking.access.id()), letter).await?;
    if asking.terms.dry_run {
        return Ok(untouched(Letter::from(letter)));
    }
    found::forget(&asking.api, &letter).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a dry run answers.
fn untouched(letter: Letter) -> Response {
    super::json(StatusCode::OK, &DryRun { would: Vec::new(), result: letter })
}

/// Whether what was to be done may be shown to the tenant. What is of a domain that cannot be told is
/// not shown.
fn is_shown(letter: &DeadLetter) -> bool {
    let open = |domain: &str| !SECRET.contains(&domain);
    match &*letter.source {
        // These have a lane for each entity, `tenant/domain/entity`, whatever its domain.
        "follower:policies" | "follower:webhooks" => {
            letter.lane.split('/').nth(1).is_some_and(open)
        }
        // These see events of domains that hold no secrets.
        "follower:payments"
        | "follower:notifications"
        | "follower:reconciliation"
        | "follower:search" => true,
        source => match source.split_once(':') {
            Some(("domain", domain)) => open(domain),
            Some(("follower", _)) => false,
            _ => true,
        },
    }
}

impl From<DeadLetter> for Letter {
    fn from(letter: DeadLetter) -> Self {
        let shown = is_shown(&letter);
        Self {
            id: letter.id,
            tenant: None,
            source: letter.source,
            lane: letter.lane,
            event: letter.event.map(|(shard, seq)| format!("{shard}-{seq}")),
            reason: letter.reason,
            payload: shown.then_some(letter.payload),
            attempts: letter.attempts,
            retry_at: letter.retry_at,
            at: letter.at,
        }
    }
}
