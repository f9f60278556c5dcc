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
    read::{self, Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{catalog::Catalog, domain::Domain, store::EntityRef};
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
    let there = read::load::<Products>(&api, access.id(), &product).await?;
    let (tenant, domain) = (access.id().clone(), Catalog::NAME.to_owned());
    let address = EntityRef { tenant, domain, entity: there.entity };
    let page = history::page(&api, &address, Asked::try_from(paging)?).await?;
    Ok(super::super::json(StatusCode::OK, &page))
}
