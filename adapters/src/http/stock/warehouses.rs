//! Warehouses. All of a tenant's are one entity; each is shown by itself.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered, etag},
    document::Versioned,
    path::Named,
    problem::Problem,
    read::{self, Page},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::stock::{Stock, StockState};
use kontor_messages::stock::{StockCommand, Warehouse, WarehouseKind, register_entity};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A warehouse as it is written; its code is in the path.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WarehouseBody {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Whose goods it holds.
    #[serde(default)]
    kind: WarehouseKind,
    /// Higher is taken from first.
    #[serde(default)]
    priority: i32,
    /// An inactive one gives nothing to new reservations.
    #[serde(default = "yes")]
    active: bool,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    country: Option<String>,
}

fn yes() -> bool {
    true
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put))
}

/// The tenant's warehouses, by code.
#[utoipa::path(get, path = "/v1/warehouses", tag = "stock",
    responses((status = OK, body = Page<Warehouse>)))]
async fn list(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let (items, _) = all(&api, &access).await?;
    Ok(super::super::json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// A warehouse. Its version is that of all the tenant's warehouses.
#[utoipa::path(get, path = "/v1/warehouses/{code}", tag = "stock",
    params(("code" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<Warehouse>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(code): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (all, version) = all(&api, &access).await?;
    let found = all.into_iter().find(|warehouse| warehouse.code == code);
    let found = found.ok_or_else(|| Problem::not_found("warehouse"))?;
    let tag = etag(version);
    if read::is_known(&headers, tag.as_bytes()) {
        return Ok(read::not_modified(tag));
    }
    let shown = Versioned { id: code, version, document: found };
    let mut response = super::super::json(StatusCode::OK, &shown);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// Creates or changes a warehouse.
#[utoipa::path(put, path = "/v1/warehouses/{code}", tag = "stock",
    params(("code" = String, Path, max_length = 40), HowAsked),
    request_body = WarehouseBody,
    responses((status = OK, body = Versioned<Warehouse>)))]
async fn put(
    Named(code): Named<String>,
    ordered: Ordered<WarehouseBody>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let WarehouseBody { name, kind, priority, active, country } = body;
    let warehouse = Warehouse { code: code.clone(), name, kind, priority, active, country };
    let command = StockCommand::PutWarehouse { warehouse };
    let outcome = asking.ask::<Stock>(command).await;
    let outcome = outcome.map_err(|problem| problem.without_prefix("/warehouse"))?;
    let known = outcome.done.state.as_warehouses().and_then(|all| all.get(&code)).cloned();
    let document = known.ok_or_else(|| Problem::not_found("warehouse"))?;
    let shown = Versioned { id: code, version: outcome.done.version, document };
    if outcome.dry_run {
        return Ok(outcome.would(shown));
    }
    let mut response = super::super::json(StatusCode::OK, &shown);
    outcome.label(&mut response);
    Ok(response)
}

async fn all(api: &Api, access: &Access) -> Result<(Vec<Warehouse>, i64), Problem> {
    let found = api.intake().read::<Stock>(access.id(), &register_entity()).await?;
    Ok(match found {
        Some((StockState::Warehouses(all), version)) => (all.warehouses, version),
        _ => (Vec::new(), 0),
    })
}
