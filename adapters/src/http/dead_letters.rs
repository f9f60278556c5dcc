//! What could not be done, kept with the reason: to be read, tried again, or dropped.

use super::{
    Api,
    access::{Access, Operator},
    command::{DryRun, HowAsked, Nothing, Ordered},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kontor_actors::{
    catalog::Catalog,
    domain::Domain,
    erasure::Erasure,
    notification::Notification,
    order::Order,
    payment::Payment,
    payout::Payout,
    reconciliation::Reconciliation,
    request::Terms,
    signing::Signing,
    stock::Stock,
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
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only of this source, such as `domain:order` or `follower:policies`.
    #[param(min_length = 1, max_length = 100)]
    source: Option<String>,
    /// Only what is tried again by itself; or, if `false`, only what waits for a person.
    parked: Option<bool>,
}

/// Which dead letters, of all tenants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct WantedOfAll {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
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

pub(super) fn for_operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_all))
}

/// What could not be done, oldest first.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "operation", params(Wanted),
    responses((status = OK, body = Page<Letter>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let asked = read::Asked::new(wanted.limit, wanted.cursor)?;
    let (tenant, source, parked) = (Some(access.id().clone()), wanted.source, wanted.parked);
    let which = LetterQuery { tenant, source, parked, ..Default::default() };
    let (letters, next_cursor) = page(&api, asked, which).await?;
    let items: Vec<_> = letters.into_iter().map(Letter::from).collect();
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// What could not be done for any tenant, by id: those of one follower's shard stand together, in the
/// order of the journal. What was to be done (`payload`) is never told here, for it holds what is the
/// tenant's: `GET /v1/dead-letters/{letter}` tells it for the tenant.
#[utoipa::path(get, path = "/v1/platform/dead-letters", tag = "operation", params(WantedOfAll),
    responses((status = OK, body = Page<Letter>)))]
async fn list_all(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(wanted): query::Asked<WantedOfAll>,
) -> Result<Response, Problem> {
    let asked = read::Asked::new(wanted.limit, wanted.cursor)?;
    let WantedOfAll { source, tenant, shard, parked, .. } = wanted;
    let shards = api.intake().ground().journal.shards();
    if shard.is_some_and(|shard| shards <= shard) {
        return Err(Problem::parameter("shard", format!("expected less than {shards}")));
    }
    let which = LetterQuery { source, tenant, shard, parked, ..Default::default() };
    let (letters, next_cursor) = page(&api, asked, which).await?;
    let items: Vec<_> = letters.into_iter().map(Letter::of_any_tenant).collect();
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// A page of letters, and what asks for the next one.
async fn page(
    api: &Api,
    asked: read::Asked,
    which: LetterQuery,
) -> Result<(Vec<DeadLetter>, Option<String>), Problem> {
    read::bounded("source", which.source.as_deref(), 100)?;
    // One more tells whether there is another page.
    let limit = asked.limit as u32 + 1;
    let query = LetterQuery { after: asked.cursor, limit, ..which };
    let mut letters = api.store().dead_letters(&query).await?;
    let more = letters.len() > asked.limit;
    letters.truncate(asked.limit);
    let next_cursor = letters.last().filter(|_| more).map(|letter| letter.id.clone());
    Ok((letters, next_cursor))
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
    let letter = load(&api, access.id(), letter).await?;
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
    let letter = load(&asking.api, asking.access.id(), letter).await?;
    if asking.terms.dry_run {
        return Ok(untouched(letter));
    }
    try_again(&asking.api, &asking.access, letter).await?;
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
    let letter = load(&asking.api, asking.access.id(), letter).await?;
    if asking.terms.dry_run {
        return Ok(untouched(letter));
    }
    tracing::warn!(letter = letter.id, source = letter.source, "a dead letter was dropped");
    asking.api.store().unbury(&letter.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn load(api: &Api, tenant: &TenantId, id: String) -> Result<DeadLetter, Problem> {
    let tenant = Some(tenant.clone());
    let query = LetterQuery { tenant, id: Some(id), limit: 1, ..Default::default() };
    let found = api.store().dead_letters(&query).await?.into_iter().next();
    found.ok_or_else(|| Problem::not_found("dead letter"))
}

async fn try_again(api: &Api, access: &Access, letter: DeadLetter) -> Result<(), Problem> {
    match letter.source.split_once(':') {
        Some(("follower", _)) => {
            let again = DeadLetter { retry_at: Some(Timestamp::now()), ..letter };
            api.store().bury(&again).await?;
        }
        Some(("domain", domain)) => {
            ask_again(api, access, domain, &letter.payload).await?;
            api.store().unbury(&letter.id).await?;
        }
        _ => {
            let detail = "whoever sent it has to send it again";
            return Err(Problem::new(StatusCode::CONFLICT, "not_retriable", detail));
        }
    }
    Ok(())
}

/// What a dry run answers.
fn untouched(letter: DeadLetter) -> Response {
    super::json(StatusCode::OK, &DryRun { would: Vec::new(), result: Letter::from(letter) })
}

async fn ask_again(api: &Api, access: &Access, domain: &str, command: &str) -> Result<(), Problem> {
    match domain {
        Order::NAME => again::<Order>(api, access, command).await,
        Stock::NAME => again::<Stock>(api, access, command).await,
        Payment::NAME => again::<Payment>(api, access, command).await,
        Payout::NAME => again::<Payout>(api, access, command).await,
        Notification::NAME => again::<Notification>(api, access, command).await,
        Webhook::NAME => again::<Webhook>(api, access, command).await,
        Tenant::NAME => again::<Tenant>(api, access, command).await,
        Erasure::NAME => again::<Erasure>(api, access, command).await,
        Reconciliation::NAME => again::<Reconciliation>(api, access, command).await,
        Supplier::NAME => again::<Supplier>(api, access, command).await,
        Catalog::NAME => again::<Catalog>(api, access, command).await,
        _ => Err(Problem::not_found("domain")),
    }
}

async fn again<D: Domain>(api: &Api, access: &Access, command: &str) -> Result<(), Problem> {
    let command: D::Command = super::body::parse(command.as_bytes())?;
    api.intake().ask::<D>(access.caller(), command, Terms::default()).await?;
    Ok(())
}

impl Letter {
    /// With its tenant, and without what is the tenant's.
    fn of_any_tenant(letter: DeadLetter) -> Self {
        let tenant = letter.tenant.clone();
        Self { tenant, payload: None, ..Self::from(letter) }
    }
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
