//! Who asks, and whether they may: API keys with their scopes, members with their roles, and the
//! platform's operators.
//!
//! A route belongs to a resource; reading it needs `<resource>:read`, everything else
//! `<resource>:write`. What a caller may not know of is answered as if it were not there.

mod granted;

use super::{
    Api,
    bearers::Bearer,
    client_address::ClientAddress,
    credentials::{Asker, TENANT, identify, known_key},
    edge::RequestId,
    known::{Credential, UnderWay},
    problem::Problem,
    rates::Tally,
};
use crate::telemetry::traceparent;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, request::Parts};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    tenant::{TenantDocument, allows, key::PresentedKey},
};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    tenant::{Scope, TenantStatus, member_entity},
};
use std::sync::Arc;

/// A caller that may do what they ask, for one tenant.
#[derive(Clone)]
pub(super) struct Access {
    caller: Arc<Caller>,
    tenant: Arc<TenantDocument>,
    who: Who,
    needed: Needed,
}

/// Somebody who may act for a tenant.
#[derive(Clone)]
enum Who {
    /// The platform's operator, who may do everything.
    Operator,
    /// The bearer of a key.
    Key(Arc<str>),
    /// A member, until their token ends.
    Member(EntityId, Timestamp),
}

/// The platform's operator, for no tenant in particular.
#[derive(Clone)]
pub(super) struct Operator {
    meta: Arc<Meta>,
}

/// A user who is signed in, for no tenant in particular.
#[derive(Clone)]
pub(super) struct SignedIn {
    /// Who.
    pub(super) bearer: Arc<Bearer>,
    meta: Arc<Meta>,
}

/// Which resource a group of routes belongs to.
#[derive(Clone)]
pub(super) struct Resource {
    pub(super) api: Api,
    pub(super) name: &'static str,
}

/// What a request needs to be let in.
#[derive(Clone, Copy)]
struct Needed {
    resource: &'static str,
    write: bool,
}

/// Lets through who may read, or write, a tenant's resource.
pub(super) async fn guard(
    State(resource): State<Resource>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let entered = match enter(&resource, &parts).await {
        Ok((access, under_way)) => match room(&resource.api, &access, &parts).await {
            Ok(()) => Ok((access, under_way)),
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    match entered {
        Ok((access, under_way)) => {
            parts.extensions.insert(access);
            let response = next.run(Request::from_parts(parts, body)).await;
            drop(under_way);
            response
        }
        Err(problem) => refuse(&resource.api, &parts, problem),
    }
}

/// Refuses to make something new for a tenant that has as many things as it may. Placing orders
/// looks for itself.
async fn room(api: &Api, access: &Access, parts: &Parts) -> Result<(), Problem> {
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let makes = parts.method == Method::POST && !route.contains('{') && route != "/v1/orders";
    let max = access.settings().limits.entities;
    if !makes || !api.intake().census().is_full(access.id(), max).await? {
        return Ok(());
    }
    let detail = format!("the tenant's limit of {} entities is reached", max.unwrap_or_default());
    let status = StatusCode::TOO_MANY_REQUESTS;
    Err(Problem::new(status, "entities_limit_reached", detail).retry_after(3600))
}

/// A no. Who is told too often that nobody knows them is told to come back later.
fn refuse(api: &Api, parts: &Parts, problem: Problem) -> Response {
    if problem.status() != StatusCode::UNAUTHORIZED {
        return problem.into_response();
    }
    let tally = Tally::of(&parts.extensions);
    let Err(too_fast) = api.rates().stranger(&tally, client_address(parts).0) else {
        return problem.into_response();
    };
    let detail = "too many requests from this address did not show who asks";
    let busy = Problem::new(StatusCode::TOO_MANY_REQUESTS, "address_busy", detail);
    busy.retry_after(too_fast.wait_s).into_response()
}

/// Lets the platform's operators through.
pub(super) async fn guard_operator(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match operate(&api, &parts).await {
        Ok(operator) => {
            parts.extensions.insert(operator);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => refuse(&api, &parts, problem),
    }
}

/// Lets users through who are signed in, whatever tenants they belong to.
pub(super) async fn guard_user(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match sign_in(&api, &parts).await {
        Ok(user) => {
            parts.extensions.insert(user);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => refuse(&api, &parts, problem),
    }
}

async fn operate(api: &Api, parts: &Parts) -> Result<Operator, Problem> {
    match identify(api, &parts.headers).await? {
        Asker::Operator(by) => return Ok(Operator { meta: Arc::new(meta(actor(by), parts)) }),
        Asker::Key(presented) => drop(known_key(api, &presented).await?),
        Asker::User(_) => {}
    }
    let detail = "only the platform's operator may do this";
    Err(Problem::new(StatusCode::FORBIDDEN, "operator_only", detail))
}

async fn sign_in(api: &Api, parts: &Parts) -> Result<SignedIn, Problem> {
    let bearer = match identify(api, &parts.headers).await? {
        Asker::User(bearer) | Asker::Operator(Some(bearer)) => bearer,
        Asker::Operator(None) => return Err(users_only()),
        Asker::Key(presented) => {
            known_key(api, &presented).await?;
            return Err(users_only());
        }
    };
    let meta = Arc::new(meta(format!("user:{}", bearer.user), parts));
    Ok(SignedIn { bearer: Arc::new(bearer), meta })
}

async fn enter(resource: &Resource, parts: &Parts) -> Result<(Access, Option<UnderWay>), Problem> {
    let Resource { api, name } = resource;
    let write = !matches!(parts.method, Method::GET | Method::HEAD);
    let needed = Needed { resource: name, write };
    match identify(api, &parts.headers).await? {
        Asker::Operator(by) => {
            let id = named(&parts.headers)?;
            let known = api.known().tenant(&id, None).await?.ok_or_else(unknown_tenant)?;
            // A key can be ended, and what could not be done be seen to, whatever the tenant's
            // state.
            if !matches!(*name, "keys" | "dead-letters") {
                open(&known.tenant, write)?;
            }
            let caller = Caller { tenant: id, meta: meta(actor(by), parts), lane: lane(name) };
            Ok((Access::new(caller, known, Who::Operator, needed), None))
        }
        Asker::Key(presented) => enter_by_key(api, &presented, parts, needed).await,
        Asker::User(bearer) => enter_as_member(api, bearer, parts, needed).await,
    }
}

async fn enter_by_key(
    api: &Api,
    presented: &PresentedKey<'_>,
    parts: &Parts,
    needed: Needed,
) -> Result<(Access, Option<UnderWay>), Problem> {
    let (known, key) = known_key(api, presented).await?;
    let id = &presented.tenant;
    let from = client_address(parts);
    if !key.counts_from(from.0) {
        let detail = "this key may not be used from this address";
        return Err(Problem::new(StatusCode::FORBIDDEN, "address_not_allowed", detail));
    }
    if parts.headers.get(TENANT).is_some_and(|name| name.as_bytes() != id.as_str().as_bytes()) {
        return Err(unknown_tenant());
    }
    needed.of(&key.scopes, "this key has")?;
    open(&known.tenant, needed.write)?;
    let tally = Tally::of(&parts.extensions);
    let within = api.rates().key(&tally, presented.id);
    within.map_err(|too_fast| busy("key_busy", "the key's", too_fast.wait_s))?;
    let under_way = api.known().pace(id, &known.tenant).begin(&tally).ok_or_else(tenant_busy)?;
    api.uses().note(api, id, presented.id, &key, from);
    let meta = meta(format!("key:{}", presented.id), parts);
    let caller = Caller { tenant: id.clone(), meta, lane: lane(needed.resource) };
    let who = Who::Key(presented.id.into());
    Ok((Access::new(caller, known, who, needed), Some(under_way)))
}

async fn enter_as_member(
    api: &Api,
    bearer: Bearer,
    parts: &Parts,
    needed: Needed,
) -> Result<(Access, Option<UnderWay>), Problem> {
    let id = named(&parts.headers)?;
    let member = member_entity(bearer.user.as_str());
    let known = api.known().tenant(&id, Some(&member)).await?.ok_or_else(unknown_tenant)?;
    let Some(Credential::Member(scopes)) = &known.credential else { return Err(unknown_tenant()) };
    needed.of(scopes, "your role has")?;
    open(&known.tenant, needed.write)?;
    let tally = Tally::of(&parts.extensions);
    let within = api.rates().user(&tally, bearer.user.as_str());
    within.map_err(|too_fast| busy("user_busy", "the user's", too_fast.wait_s))?;
    let under_way = api.known().pace(&id, &known.tenant).begin(&tally).ok_or_else(tenant_busy)?;
    let meta = meta(format!("user:{}", bearer.user), parts);
    let caller = Caller { tenant: id, meta, lane: lane(needed.resource) };
    let who = Who::Member(bearer.user, bearer.expires_at);
    Ok((Access::new(caller, known, who, needed), Some(under_way)))
}

impl Needed {
    fn is_in(self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| scope.grants(self.resource, self.write))
    }

    fn of(self, scopes: &[Scope], whose: &str) -> Result<(), Problem> {
        if self.is_in(scopes) {
            return Ok(());
        }
        let access = if self.write { "write" } else { "read" };
        let detail = format!("{whose} no scope {}:{access}", self.resource);
        Err(Problem::new(StatusCode::FORBIDDEN, "missing_scope", detail))
    }
}

/// Sales come before what a person does at a screen.
fn lane(resource: &str) -> Lane {
    match resource {
        "orders" | "stock" | "payments" => Lane::Realtime,
        _ => Lane::Interactive,
    }
}

/// The tenant that an operator or a user names.
fn named(headers: &HeaderMap) -> Result<TenantId, Problem> {
    let Some(name) = headers.get(TENANT) else {
        let expected = "expected the tenant for which you ask";
        return Err(Problem::parameter("X-Kontor-Tenant", expected));
    };
    let id = name.to_str().ok().and_then(|name| TenantId::parse(name).ok());
    id.ok_or_else(unknown_tenant)
}

/// The tenant that a user names, who is a member of it or runs the platform.
pub(super) async fn tenant_of(
    api: &Api,
    headers: &HeaderMap,
    user: &str,
    operates: bool,
) -> Result<TenantId, Problem> {
    let id = named(headers)?;
    let member = (!operates).then(|| member_entity(user));
    let known = api.known().tenant(&id, member.as_ref()).await?.ok_or_else(unknown_tenant)?;
    let belongs = operates || matches!(known.credential, Some(Credential::Member(_)));
    if belongs { Ok(id) } else { Err(unknown_tenant()) }
}

/// Refuses to write for a tenant that may only read.
pub(super) fn open(tenant: &TenantDocument, write: bool) -> Result<(), Problem> {
    if allows(tenant.status, write) {
        return Ok(());
    }
    let (code, detail) = match tenant.status {
        TenantStatus::Deleted => return Err(unknown_tenant()),
        TenantStatus::Archived => ("tenant_archived", "the tenant is archived: it may read only"),
        TenantStatus::Deleting => {
            ("tenant_deleting", "the tenant is being deleted: it may read only")
        }
        _ => ("tenant_suspended", "the tenant is suspended: it may read only"),
    };
    Err(Problem::new(StatusCode::FORBIDDEN, code, detail))
}

fn unknown_tenant() -> Problem {
    Problem::not_found("tenant")
}

fn users_only() -> Problem {
    let detail = "only a user who is signed in may do this";
    Problem::new(StatusCode::FORBIDDEN, "users_only", detail)
}

fn tenant_busy() -> Problem {
    busy("tenant_busy", "the tenant's", 1)
}

fn busy(code: &'static str, whose: &str, wait_s: u32) -> Problem {
    let detail = format!("{whose} limit of requests is reached");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(wait_s)
}

fn client_address(parts: &Parts) -> ClientAddress {
    parts.extensions.get::<ClientAddress>().copied().unwrap_or_default()
}

/// What the operator is called in the journal: a person by name, the token's bearer without.
fn actor(by: Option<Bearer>) -> String {
    by.map_or_else(|| "operator".to_owned(), |bearer| format!("user:{}", bearer.user))
}

/// Who asks, from where, because of which request, in which trace.
pub(super) fn meta(actor: String, parts: &Parts) -> Meta {
    let mut meta = Meta::by(actor).asked_from(client_address(parts).text());
    meta.cause = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
    let trace = parts.headers.get("traceparent").and_then(|trace| trace.to_str().ok());
    meta.trace = traceparent(trace);
    meta
}
