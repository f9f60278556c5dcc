//! What has happened to one entity, with who did it and because of what.

use super::{
    Api,
    access::Access,
    document::{Kind, Orders, Payments},
    happened::{Happened, happened},
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    store::{EntityRef, StoredEvent},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows read at a time.
const ROWS: u32 = 200;
/// Rows that one answer looks through at most for what is wanted.
const ROWS_MAX: usize = 2_000;

pub(super) fn of_orders() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(order))
}

pub(super) fn of_payments() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(payment))
}

/// What has happened to an order, oldest first.
#[utoipa::path(get, path = "/v1/orders/{order}/history", tag = "orders",
    params(("order" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<Happened>)))]
async fn order(
    State(api): State<Api>,
    access: Access,
    Named(order): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    past::<Orders>(&api, &access, &order, paging).await
}

/// What has happened to a payment, oldest first.
#[utoipa::path(get, path = "/v1/payments/{payment}/history", tag = "payments",
    params(("payment" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<Happened>)))]
async fn payment(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    past::<Payments>(&api, &access, &payment, paging).await
}

/// A page of what has happened to a thing that is there, oldest first.
pub(super) async fn past<K: Kind>(
    api: &Api,
    access: &Access,
    id: &str,
    paging: Paging,
) -> Result<Response, Problem> {
    let address = address::<K>(api, access, id).await?;
    let page = page(api, &address, Asked::try_from(paging)?).await?;
    Ok(super::json(StatusCode::OK, &page))
}

/// Where a thing that is there has its history.
pub(super) async fn address<K: Kind>(
    api: &Api,
    access: &Access,
    id: &str,
) -> Result<EntityRef, Problem> {
    let there = read::load::<K>(api, access.id(), id).await?;
    let (tenant, domain) = (access.id().clone(), K::Domain::NAME.to_owned());
    Ok(EntityRef { tenant, domain, entity: there.entity })
}

/// A page of what has changed an entity, oldest first.
pub(super) async fn page(
    api: &Api,
    address: &EntityRef,
    asked: Asked,
) -> Result<Page<Happened>, Problem> {
    let after = after(&asked)?;
    let limit = u32::try_from(asked.limit).unwrap_or(u32::MAX);
    let events = api.store().history(address, after, limit).await?;
    let last = events.last().filter(|_| events.len() == asked.limit).map(|event| event.version);
    let next_cursor = last.map(|version| version.to_string());
    Ok(Page { items: events.iter().map(happened).collect(), next_cursor })
}

/// A page of what has changed an entity that is at this version, newest first: each change has given it
/// the next one.
pub(super) async fn newest(
    api: &Api,
    address: &EntityRef,
    version: i64,
    asked: Asked,
) -> Result<Page<Happened>, Problem> {
    let before = match asked.cursor {
        Some(_) => after(&asked)?,
        None => version.saturating_add(1),
    };
    let limit = u32::try_from(asked.limit).unwrap_or(u32::MAX);
    let first = before.saturating_sub(1).saturating_sub(limit.into()).max(0);
    let events = api.store().history(address, first, limit).await?;
    let wanted = events.iter().rev().filter(|event| event.version < before);
    let next_cursor = (0 < first).then(|| (first + 1).to_string());
    Ok(Page { items: wanted.map(happened).collect(), next_cursor })
}

/// A page of those changes that `which` wants, newest first. It may hold few, or none, although more
/// follow: one answer looks through so much and no more.
pub(super) async fn newest_of(
    api: &Api,
    address: &EntityRef,
    version: i64,
    asked: Asked,
    which: impl Fn(&StoredEvent) -> bool,
) -> Result<Page<Happened>, Problem> {
    let mut before = match asked.cursor {
        Some(_) => after(&asked)?,
        None => version.saturating_add(1),
    };
    let mut items = Vec::new();
    for _ in 0..ROWS_MAX / ROWS as usize {
        let first = before.saturating_sub(1).saturating_sub(ROWS.into()).max(0);
        let events = api.store().history(address, first, ROWS).await?;
        for event in events.iter().rev().filter(|event| event.version < before) {
            if which(event) {
                items.push(happened(event));
            }
            if items.len() == asked.limit {
                let next_cursor = (1 < event.version).then(|| event.version.to_string());
                return Ok(Page { items, next_cursor });
            }
        }
        if first == 0 {
            return Ok(Page { items, next_cursor: None });
        }
        before = first + 1;
    }
    Ok(Page { items, next_cursor: Some(before.to_string()) })
}

/// A page of some of what has changed an entity, oldest first, each as `show` has it. It may hold
/// few, or none, although more follow: one answer looks through so much and no more.
pub(super) async fn some<T>(
    api: &Api,
    address: &EntityRef,
    asked: Asked,
    show: impl Fn(&StoredEvent) -> Result<Option<T>, Problem>,
) -> Result<Page<T>, Problem> {
    let (mut last, mut items) = (after(&asked)?, Vec::new());
    for _ in 0..ROWS_MAX / ROWS as usize {
        let events = api.store().history(address, last, ROWS).await?;
        for event in &events {
            last = event.version;
            items.extend(show(event)?);
            if items.len() == asked.limit {
                return Ok(Page { items, next_cursor: Some(last.to_string()) });
            }
        }
        if events.len() < ROWS as usize {
            return Ok(Page { items, next_cursor: None });
        }
    }
    Ok(Page { items, next_cursor: Some(last.to_string()) })
}

fn after(asked: &Asked) -> Result<i64, Problem> {
    let after = asked.cursor.as_deref().unwrap_or("0").parse();
    after.map_err(|_| Problem::parameter("cursor", "expected next_cursor"))
}
