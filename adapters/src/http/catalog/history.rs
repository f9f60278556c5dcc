//! What has happened to a product, with who did it and because of what.

use super::super::{
    Api,
    access::Access,
    document::Products,
    happened::Happened,
    history,
    path::Named,
    problem::Problem,
    query,
    read::{Page, Paging},
};
use axum::{extract::State, response::Response};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(past))
}

/// What has happened to a product, oldest first.
#[utoipa::path(get, path = "/v1/products/{product}/history", tag = "catalog",
    params(("product" = String, Path, max_length = 180), Paging),
    responses((status = OK, body = Page<Happened>)))]
async fn past(
    State(api): State<Api>,
    access: Access,
    Named(product): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    history::past::<Products>(&api, &access, &product, paging).await
}
