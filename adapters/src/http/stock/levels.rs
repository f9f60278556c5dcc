//! What there is of each product.

use super::super::read::Page;
use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{Skus, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Paging},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::stock::SkuState;
use kontor_messages::stock::{StockCommand, StockSettings};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(configure))
}

/// Products in stock, by name, last first.
#[utoipa::path(get, path = "/v1/stock", tag = "stock", params(Paging),
    responses((status = OK, body = Page<Versioned<SkuState>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    read::many::<Skus>(&api, &access, paging.try_into()).await
}

/// What there is of a product.
#[utoipa::path(get, path = "/v1/stock/{sku}", tag = "stock",
    params(("sku" = String, Path, max_length = 180)),
    responses((status = OK, body = Versioned<SkuState>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(sku): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Skus>(&api, &access, &headers, &sku).await
}

/// Sets what is to be known of a product's stock.
#[utoipa::path(put, path = "/v1/stock/{sku}/settings", tag = "stock",
    params(("sku" = String, Path, max_length = 180), HowAsked),
    request_body = StockSettings,
    responses((status = OK, body = Versioned<SkuState>)))]
async fn configure(
    Named(sku): Named<String>,
    ordered: Ordered<StockSettings>,
) -> Result<Response, Problem> {
    let Ordered { body: settings, asking } = ordered;
    let answer = asking.change::<Skus>(StockCommand::Configure { sku, settings }).await;
    answer.map_err(|problem| problem.without_prefix("/settings"))
}
