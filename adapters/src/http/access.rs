//! Who asks, and whether they may: keys with their scopes, and the platform's operator.
//!
//! A route belongs to a resource; reading it needs `<resource>:read`, everything else
//! `<resource>:write`. What a caller may not know of is answered as if it were not there.

use super::{
    Api,
    edge::RequestId,
    known::{KnownTenant, UnderWay},
    problem::Problem,
};
use crate::telemetry::traceparent;
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    tenant::{KeyDocument, TenantDocument, allows, key},
};
use kontor_messages::{
    Meta, TenantId, Timestamp,
    tenant::{Scope, TenantSettings, TenantStatus},
};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The header by which the operator says for which tenant.
pub(super) const TENANT: &str = "x-kontor-tenant";

/// A caller that may do what they ask, for one tenant.
#[derive(Clone)]
pub(super) struct Access {
    caller: Arc<Caller>,
    tenant: Arc<TenantDocument>,
    /// None for the operator, who may do everything.
    key: Option<Arc<KeyDocument>>,
    key_id: Option<Arc<str>>,
}

/// The platform's operator, for no tenant in particular.
#[derive(Clone)]
pub(super) struct Operator {
    meta: Arc<Meta>,
}

/// Which resource a group of routes belongs to.
#[derive(Clone)]
pub(super) struct Resource {
    pub(super) api: Api,
    pub(super) name: &'static str,
}

/// Lets through who may read, or write, a tenant's resource.
pub(super) async fn guard(
    State(resource): State<Resource>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match enter(&resource, &parts).await {
        Ok((access, _under_way)) => {
            parts.extensions.insert(access);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Lets the platform's operator through.
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
        Err(problem) => problem.into_response(),
    }
}

async fn operate(api: &Api, parts: &Parts) -> Result<Operator, Problem> {
    let token = bearer(&parts.headers).ok_or_else(unauthorized)?;
    if is_operator(api, token) {
        return Ok(Operator { meta: Arc::new(meta("operator".to_owned(), parts)) });
    }
    known_key(api, token).await?;
    let detail = "only the platform's operator may do this";
    Err(Problem::new(StatusCode::FORBIDDEN, "operator_only", detail))
}

async fn enter(resource: &Resource, parts: &Parts) -> Result<(Access, Option<UnderWay>), Problem> {
    let Resource { api, name } = resource;
    let write = !matches!(parts.method, Method::GET | Method::HEAD);
    let token = bearer(&parts.headers).ok_or_else(unauthorized)?;
    if is_operator(api, token) {
        let (id, known) = named(api, &parts.headers).await?;
        // A key can be ended, and what could not be done be seen to, whatever the tenant's state.
        if !matches!(*name, "keys" | "dead-letters") {
            open(&known.tenant, write)?;
        }
        let meta = meta("operator".to_owned(), parts);
        return Ok((Access::new(id, None, known, meta, lane(name)), None));
    }
    let (id, key_id, known) = known_key(api, token).await?;
    if parts.headers.get(TENANT).is_some_and(|name| name.as_bytes() != id.as_str().as_bytes()) {
        return Err(Problem::not_found("tenant"));
    }
    let Some(key) = &known.key else { return Err(unauthorized()) };
    if !key.grants(name, write) {
        let needed = format!("{name}:{}", if write { "write" } else { "read" });
        let detail = format!("this key has no scope {needed}");
        return Err(Problem::new(StatusCode::FORBIDDEN, "missing_scope", detail));
    }
    open(&known.tenant, write)?;
    let under_way = api.known().pace(&id, &known.tenant).begin().ok_or_else(too_fast)?;
    let meta = meta(format!("key:{key_id}"), parts);
    Ok((Access::new(id, Some(key_id), known, meta, lane(name)), Some(under_way)))
}

/// Sales come before what a person does at a screen.
fn lane(resource: &str) -> Lane {
    match resource {
        "orders" | "stock" | "payments" => Lane::Realtime,
        _ => Lane::Interactive,
    }
}

/// The tenant and the key that a token proves.
async fn known_key<'t>(
    api: &Api,
    token: &'t str,
) -> Result<(TenantId, &'t str, KnownTenant), Problem> {
    let presented = key::parse(token).ok_or_else(unauthorized)?;
    let known = api.known().tenant(&presented.tenant, Some(presented.id)).await?;
    let known = known.ok_or_else(unauthorized)?;
    let counts = known.key.as_ref().is_some_and(|key| {
        key::matches(&key.hash, presented.secret) && key.counts_at(Timestamp::now())
    });
    if !counts {
        return Err(unauthorized());
    }
    Ok((presented.tenant, presented.id, known))
}

/// The tenant that the operator names.
async fn named(api: &Api, headers: &HeaderMap) -> Result<(TenantId, KnownTenant), Problem> {
    let Some(name) = headers.get(TENANT) else {
        return Err(Problem::parameter(
            "X-Kontor-Tenant",
            "expected the tenant for which the operator asks",
        ));
    };
    let unknown = || Problem::not_found("tenant");
    let id = name.to_str().ok().and_then(|name| TenantId::parse(name).ok()).ok_or_else(unknown)?;
    let known = api.known().tenant(&id, None).await?.ok_or_else(unknown)?;
    Ok((id, known))
}

/// Refuses to write for a tenant that may only read.
fn open(tenant: &TenantDocument, write: bool) -> Result<(), Problem> {
    if allows(tenant.status, write) {
        return Ok(());
    }
    let (code, detail) = match tenant.status {
        TenantStatus::Archived => ("tenant_archived", "the tenant is archived: it may read only"),
        _ => ("tenant_suspended", "the tenant is suspended: it may read only"),
    };
    Err(Problem::new(StatusCode::FORBIDDEN, code, detail))
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a token is the operator's, in the same time wherever they differ.
fn is_operator(api: &Api, token: &str) -> bool {
    api.operator().is_some_and(|expected| digest(token).ct_eq(expected).into())
}

pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn unauthorized() -> Problem {
    let detail = "expected the header Authorization: Bearer <API key> with a key that counts";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}

fn too_fast() -> Problem {
    let detail = "the tenant's limit of requests is reached";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "tenant_busy", detail).retry_after(1)
}

/// Who asks, because of which request, in which trace.
pub(super) fn meta(actor: String, parts: &Parts) -> Meta {
    let mut meta = Meta::by(actor);
    meta.cause = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
    let trace = parts.headers.get("traceparent").and_then(|trace| trace.to_str().ok());
    meta.trace = traceparent(trace);
    meta
}

impl Access {
    fn new(id: TenantId, key_id: Option<&str>, known: KnownTenant, meta: Meta, lane: Lane) -> Self {
        let caller = Arc::new(Caller { tenant: id, meta, lane });
        Self { caller, tenant: known.tenant, key: known.key, key_id: key_id.map(Arc::from) }
    }

    /// Whether the key, if it was one, counts still: for answers that go on for long.
    pub(super) async fn still_counts(&self, api: &Api) -> bool {
        let Some(key_id) = &self.key_id else { return true };
        let known = api.known().tenant(self.id(), Some(key_id)).await;
        let key = known.ok().flatten().and_then(|known| known.key);
        key.is_some_and(|key| key.counts_at(Timestamp::now()))
    }

    /// Whether the caller has a scope, and so may give it to a key.
    pub(super) fn has(&self, scope: Scope) -> bool {
        let Some(key) = &self.key else { return true };
        let within = |own: &Scope| match scope.as_str().split_once(':') {
            Some((resource, access)) => own.grants(resource, access == "write"),
            None => *own == Scope::ALL,
        };
        key.scopes.iter().any(within)
    }

    /// For which tenant.
    pub(super) fn id(&self) -> &TenantId {
        &self.caller.tenant
    }

    /// What is set on the tenant.
    pub(super) fn settings(&self) -> &TenantSettings {
        &self.tenant.settings
    }

    /// As the intake wants it.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Operator {
    /// The operator at work on a tenant.
    pub(super) fn on(&self, tenant: TenantId) -> Caller {
        Caller { tenant, meta: Meta::clone(&self.meta), lane: Lane::Interactive }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}
