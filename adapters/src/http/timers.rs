//! What waits for something, with its deadline: nothing is stuck without being seen here.

use super::{
    Api,
    access::{Access, Operator},
    problem::Problem,
    query,
    read::{PAGES_MAX, Page, bounded},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::store::{EntityRef, StoredEntity, WaitQuery};
use kontor_messages::{EntityId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Items of a page at most, and rows that are read at once where some are passed over.
const LIMIT_MAX: u32 = 500;
/// Thirty days, in seconds: what is overdue by longer is found among what is overdue by so much.
const LATE_MAX: u32 = 2_592_000;
/// Between the parts of a cursor; no tenant and no domain has it in its name.
const APART: char = '~';

/// Which deadlines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 400)]
    cursor: Option<String>,
    /// Only what is overdue; or, if `false`, only what is due next.
    overdue: Option<bool>,
    /// Only what is overdue by more than so many seconds; not with `overdue=false`.
    #[param(minimum = 1, maximum = 2_592_000, example = 60)]
    late_s: Option<u32>,
    /// Only what waits in this domain. A page may then hold fewer than asked for, or nothing,
    /// although more follow.
    #[param(min_length = 1, max_length = 40, example = "order")]
    domain: Option<String>,
}

/// Something that waits.
#[derive(Serialize, ToSchema)]
struct Waiting {
    /// Whose; told where it is asked for all tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    /// Which domain's.
    #[schema(value_type = String, example = "order")]
    domain: Arc<str>,
    /// Its name there.
    entity: EntityId,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    status: Option<Arc<str>>,
    /// How many changes it has seen.
    version: i64,
    /// When it is looked at.
    due: Option<Timestamp>,
    /// Whether that time has passed.
    overdue: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

pub(super) fn for_operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_all))
}

/// What waits for something, earliest deadline first.
#[utoipa::path(get, path = "/v1/timers", tag = "operation", params(Which),
    responses((status = OK, body = Page<Waiting>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    Ok(super::json(StatusCode::OK, &page(&api, Some(access.id()), which).await?))
}

/// What waits for something, of all tenants, earliest deadline first.
#[utoipa::path(get, path = "/v1/platform/timers", tag = "operation", params(Which),
    responses((status = OK, body = Page<Waiting>)))]
async fn list_all(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    Ok(super::json(StatusCode::OK, &page(&api, None, which).await?))
}

/// Looks through a bounded number of rows: there is no index by domain.
async fn page(
    api: &Api,
    tenant: Option<&TenantId>,
    which: Which,
) -> Result<Page<Waiting>, Problem> {
    let limit = which.limit.unwrap_or(100);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    bounded("domain", which.domain.as_deref(), 40)?;
    let after = which.cursor.as_deref().map(|cursor| place_of(cursor, tenant)).transpose()?;
    let now = Timestamp::now();
    let (from, before) = which.due(now)?;
    let mut wanted = WaitQuery {
        tenant: tenant.cloned(),
        from,
        before,
        after,
        // One more tells whether there is another page.
        limit: if which.domain.is_some() { LIMIT_MAX } else { limit + 1 },
    };
    let mut items = Vec::new();
    for _ in 0..PAGES_MAX {
        let rows = api.store().waiting(&wanted).await?;
        let full = rows.len() >= wanted.limit as usize;
        for row in rows {
            if items.len() == limit as usize {
                return Ok(Page { items, next_cursor: cursor_of(&wanted) });
            }
            wanted.after = row.due.map(|due| (due, address(&row)));
            if which.domain.as_deref().is_none_or(|domain| *row.domain == *domain) {
                items.push(shown(row, tenant.is_none(), now));
            }
        }
        if !full {
            return Ok(Page { items, next_cursor: None });
        }
    }
    Ok(Page { items, next_cursor: cursor_of(&wanted) })
}

impl Which {
    /// From when and before when it is due.
    fn due(&self, now: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        let Some(late) = self.late_s else {
            let (due_next, over) = (self.overdue == Some(false), self.overdue == Some(true));
            return Ok((due_next.then_some(now), over.then_some(now)));
        };
        if !(1..=LATE_MAX).contains(&late) {
            return Err(Problem::parameter("late_s", format!("expected 1 to {LATE_MAX}")));
        }
        if self.overdue == Some(false) {
            return Err(Problem::parameter("late_s", "expected no overdue=false beside it"));
        }
        Ok((None, Some(Timestamp::from_millis(now.millis() - i64::from(late) * 1_000))))
    }
}

fn shown(row: StoredEntity, across: bool, now: Timestamp) -> Waiting {
    Waiting {
        tenant: across.then_some(row.tenant),
        domain: row.domain,
        entity: row.entity,
        status: row.status,
        version: row.version,
        due: row.due,
        overdue: row.due.is_some_and(|due| due < now),
    }
}

fn address(row: &StoredEntity) -> EntityRef {
    let (tenant, domain) = (row.tenant.clone(), row.domain.to_string());
    EntityRef { tenant, domain, entity: row.entity.clone() }
}

/// Where a page ends: when that was due, whose it is, its domain, its name.
fn cursor_of(wanted: &WaitQuery) -> Option<String> {
    let (due, last) = wanted.after.as_ref()?;
    let EntityRef { tenant, domain, entity } = last;
    Some(format!("{}{APART}{tenant}{APART}{domain}{APART}{entity}", due.millis()))
}

/// The same, read again; of no tenant but the one that is asked for.
fn place_of(cursor: &str, of: Option<&TenantId>) -> Result<(Timestamp, EntityRef), Problem> {
    let place = || {
        let mut parts = cursor.splitn(4, APART);
        let due = Timestamp::from_millis(parts.next()?.parse().ok()?);
        let tenant = TenantId::parse(parts.next()?).ok()?;
        let domain = parts.next().filter(|domain| domain.len() <= 40)?.to_owned();
        let entity = EntityId::parse(parts.next()?).ok()?;
        let own = of.is_none_or(|of| *of == tenant);
        own.then_some((due, EntityRef { tenant, domain, entity }))
    };
    place().ok_or_else(|| Problem::parameter("cursor", "expected next_cursor of the page before"))
}
