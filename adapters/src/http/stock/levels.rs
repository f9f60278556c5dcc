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
    read::{self, Asked},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::stock::{LOW, SkuState};
use kontor_messages::stock::{StockCommand, StockSettings};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Which products.
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
    /// Only those whose sellable total is at or under the `low_threshold` in their settings.
    #[param(default = false)]
    low: Option<bool>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(configure))
}

/// Products in stock, by name, last first.
#[utoipa::path(get, path = "/v1/stock", tag = "stock", params(Wanted),
    responses((status = OK, body = Page<Versioned<SkuState>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let label = wanted.low.unwrap_or(false).then(|| LOW.to_owned());
    let asked = Asked { label, ..Asked::new(wanted.limit, wanted.cursor)? };
    read::some::<Skus>(&api, &access, &asked, |_| true).await
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
