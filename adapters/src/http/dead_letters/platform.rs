//! What could not be done for any tenant, or for none, for the platform's operator. What was to be done is
//! never told here: it is the tenant's.

use super::{
    super::{
        Api,
        access::Operator,
        command::{Command, HowAsked, Nothing},
        path::Named,
        problem::Problem,
        query,
        read::Page,
    },
    Letter, again,
    found::{self, Asked, load, page},
    untouched,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kontor_actors::store::{DeadLetter, LetterQuery};
use kontor_messages::TenantId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Which dead letters, of all tenants.
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
    /// Only this tenant's.
    #[param(value_type = Option<String>, max_length = 40)]
    tenant: Option<TenantId>,
    /// Only those about an event of this shard.
    #[param(minimum = 0)]
    shard: Option<u32>,
}

pub(in crate::http) fn for_operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_all))
        .routes(routes!(get_any, drop_any))
        .routes(routes!(retry_any))
}

/// What could not be done for any tenant, by id: those of one follower's shard stand together, in the
/// order of the journal. What was to be done (`payload`) is never told here, for it holds what is the
/// tenant's: `GET /v1/dead-letters/{letter}` tells it for the tenant. An answer looks through 2,000 of
/// them at most, so with `source`, `shard` or `parked` it may be short, or empty, while there are more:
/// `next_cursor` tells.
#[utoipa::path(get, path = "/v1/platform/dead-letters", tag = "operation", params(Wanted),
    responses((status = OK, body = Page<Letter>)))]
async fn list_all(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let asked = Asked::new(wanted.limit, wanted.cursor)?;
    let Wanted { source, tenant, shard, parked, .. } = wanted;
    let shards = api.intake().ground().journal.shards();
    if shard.is_some_and(|shard| shards <= shard) {
        return Err(Problem::parameter("shard", format!("expected less than {shards}")));
    }
    let which = LetterQuery { source, tenant, shard, parked, ..Default::default() };
    let (letters, next_cursor) = page(&api, asked, which).await?;
    let items: Vec<_> = letters.into_iter().map(shown).collect();
    Ok(super::super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// A dead letter of any tenant, or of none, without what was to be done.
#[utoipa::path(get, path = "/v1/platform/dead-letters/{letter}", tag = "operation",
    params(("letter" = String, Path, max_length = 300)),
    responses((status = OK, body = Letter)))]
async fn get_any(
    State(api): State<Api>,
    _operator: Operator,
    Named(letter): Named<String>,
) -> Result<Response, Problem> {
    let letter = load(&api, None, letter).await?;
    Ok(super::super::json(StatusCode::OK, &shown(letter)))
}

/// Tries again what a follower could not do, of whatever tenant. A command to a domain is tried again for
/// its tenant, by `POST /v1/dead-letters/{letter}/retry`, and not here (409 `not_retriable`).
#[utoipa::path(post, path = "/v1/platform/dead-letters/{letter}/retry", tag = "operation",
    params(("letter" = String, Path, max_length = 300), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = NO_CONTENT)))]
async fn retry_any(
    _operator: Operator,
    Named(letter): Named<String>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let letter = load(&command.api, None, letter).await?;
    if command.terms.dry_run {
        return Ok(untouched(shown(letter)));
    }
    again::try_again(&command.api, None, letter).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Drops one of any tenant, or of none: it will not be done.
#[utoipa::path(delete, path = "/v1/platform/dead-letters/{letter}", tag = "operation",
    params(("letter" = String, Path, max_length = 300), HowAsked),
    responses((status = NO_CONTENT)))]
async fn drop_any(
    _operator: Operator,
    Named(letter): Named<String>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let letter = load(&command.api, None, letter).await?;
    if command.terms.dry_run {
        return Ok(untouched(shown(letter)));
    }
    found::forget(&command.api, &letter).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// With its tenant, and without what is the tenant's.
fn shown(letter: DeadLetter) -> Letter {
    let tenant = letter.tenant.clone();
    Letter { tenant, payload: None, ..Letter::from(letter) }
}
