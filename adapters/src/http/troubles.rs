//! Whose books need a look: the tenants whose domains fail or are paused, for whom something could not
//! be done, or whose deadlines have passed. For the platform's operator, the worst first.

use super::{Api, access::Operator, problem::Problem, query, read::LIMIT_MAX};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    lives::ActorStatus,
    store::{EntityRef, LetterQuery, WaitQuery},
};
use kontor_messages::{TenantId, Timestamp, tenant::TenantStatus};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Of letters and of deadlines, each: so many are looked at, of all tenants together.
const LOOKED_MAX: usize = 1_000;
/// They are read so many at a time.
const CHUNK: u32 = 200;
/// A deadline that has just passed is being seen to.
const LATE: Duration = Duration::from_secs(60);
/// A crash longer ago is past.
const LATELY: Duration = Duration::from_secs(3600);

/// How many tenants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Tenants at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A tenant that needs a look.
#[derive(Serialize, ToSchema)]
struct TroubledTenant {
    /// Which.
    tenant: TenantId,
    /// What people call it.
    name: String,
    /// Where it stands.
    status: TenantStatus,
    /// What is the matter.
    #[serde(flatten)]
    trouble: Trouble,
}

/// What is the matter with a tenant on this node, and in what all nodes share.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = TenantTrouble)]
struct Trouble {
    /// Domains that crashed again and again, and are out of service.
    quarantined: BTreeSet<&'static str>,
    /// Domains that crashed within the last hour.
    crashed: BTreeSet<&'static str>,
    /// Domains that an operator paused.
    paused: BTreeSet<&'static str>,
    /// What could not be done and waits for a person.
    dead_letters: u32,
    /// What could not be done and is tried again by itself.
    parked: u32,
    /// What waits although its deadline passed more than a minute ago.
    overdue: u32,
    /// The earliest of these deadlines.
    #[serde(skip_serializing_if = "Option::is_none")]
    overdue_since: Option<Timestamp>,
}

/// Tenants that need a look, the worst first.
#[derive(Serialize, ToSchema)]
struct Troubles {
    /// The tenants.
    #[schema(max_items = 200)]
    items: Vec<TroubledTenant>,
    /// Whether all was looked at; else there are more letters or deadlines than one answer looks at,
    /// and counts are of those that were.
    complete: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Tenants that need a look, the worst first: those with domains out of service, then those for whom
/// something was not done or is overdue, then those with crashes or with what is tried again by itself,
/// then those with paused domains. Looks at 1,000 dead letters and at 1,000 deadlines.
#[utoipa::path(get, path = "/v1/platform/troubles", tag = "operation", params(Which),
    responses((status = OK, body = Troubles)))]
async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    let limit = which.limit.unwrap_or(50);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    let mut found = BTreeMap::new();
    actors(&api, &mut found);
    let letters = letters(&api, &mut found).await?;
    let deadlines = deadlines(&api, &mut found).await?;
    let mut all: Vec<_> = found.into_iter().collect();
    // The sort is stable: within a place they stay by name.
    all.sort_by_key(|(_, trouble)| trouble.place());
    let complete = letters && deadlines && all.len() <= limit as usize;
    let mut items = Vec::new();
    for (tenant, trouble) in all.into_iter().take(limit as usize) {
        // What is left of a tenant that is gone is nobody's trouble.
        let Some(known) = api.known().tenant(&tenant, None).await? else { continue };
        let (name, status) = (known.tenant.settings.name.clone(), known.tenant.status);
        items.push(TroubledTenant { tenant, name, status, trouble });
    }
    Ok(super::json(StatusCode::OK, &Troubles { items, complete }))
}

impl Trouble {
    /// Where it stands in the list.
    fn place(&self) -> u8 {
        match self {
            Self { quarantined, .. } if !quarantined.is_empty() => 0,
            Self { dead_letters: 1.., .. } | Self { overdue: 1.., .. } => 1,
            Self { crashed, parked, .. } if 0 < *parked || !crashed.is_empty() => 2,
            _ => 3,
        }
    }
}

type Found = BTreeMap<TenantId, Trouble>;

/// What this node's actors tell.
fn actors(api: &Api, found: &mut Found) {
    let now = Timestamp::now();
    for seen in api.intake().hosts().all().flat_map(|host| host.actors(None)) {
        let crashed = seen.crashes.last.is_some_and(|(at, _)| now.since(at) < LATELY);
        let held = matches!(seen.status, ActorStatus::Quarantined | ActorStatus::Paused);
        if !crashed && !held {
            continue;
        }
        let trouble = found.entry(seen.tenant).or_default();
        match seen.status {
            ActorStatus::Quarantined => drop(trouble.quarantined.insert(seen.domain)),
            ActorStatus::Paused => drop(trouble.paused.insert(seen.domain)),
            _ => {}
        }
        if crashed {
            trouble.crashed.insert(seen.domain);
        }
    }
}

/// Counts what could not be done; whether that was all of it.
async fn letters(api: &Api, found: &mut Found) -> Result<bool, Problem> {
    let mut query = LetterQuery { limit: CHUNK, ..Default::default() };
    for _ in 0..LOOKED_MAX / CHUNK as usize {
        let letters = api.store().dead_letters(&query).await?;
        let full = letters.len() >= CHUNK as usize;
        query.after = letters.last().map(|last| last.id.clone());
        for letter in letters {
            let Some(tenant) = letter.tenant else { continue };
            let trouble = found.entry(tenant).or_default();
            match letter.retry_at {
                Some(_) => trouble.parked += 1,
                None => trouble.dead_letters += 1,
            }
        }
        if !full {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts what is overdue; whether that was all of it.
async fn deadlines(api: &Api, found: &mut Found) -> Result<bool, Problem> {
    let late = i64::try_from(LATE.as_millis()).unwrap_or_default();
    let before = Timestamp::from_millis(Timestamp::now().millis() - late);
    let mut query =
        WaitQuery { tenant: None, from: None, before: Some(before), after: None, limit: CHUNK };
    for _ in 0..LOOKED_MAX / CHUNK as usize {
        let rows = api.store().waiting(&query).await?;
        let full = rows.len() >= CHUNK as usize;
        for row in rows {
            let Some(due) = row.due else { continue };
            let (tenant, domain) = (row.tenant.clone(), row.domain.to_string());
            query.after = Some((due, EntityRef { tenant, domain, entity: row.entity }));
            let trouble = found.entry(row.tenant).or_default();
            trouble.overdue += 1;
            // Earliest first: the first one that is seen is the earliest.
            trouble.overdue_since.get_or_insert(due);
        }
        if !full {
            return Ok(true);
        }
    }
    Ok(false)
}
