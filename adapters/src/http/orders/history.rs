//! What has happened to an order, with who did it and because of what.

use super::super::{
    Api,
    access::Access,
    document::Orders,
    happened::Happened,
    history,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{domain::Domain, order::Order, store::EntityRef};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(past))
}

/// What has happened to an order, oldest first.
#[utoipa::path(get, path = "/v1/orders/{order}/history", tag = "orders",
    params(("order" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<Happened>)))]
async fn past(
    State(api): State<Api>,
    access: Access,
    Named(order): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let there = read::load::<Orders>(&api, access.id(), &order).await?;
    let (tenant, domain) = (access.id().clone(), Order::NAME.to_owned());
    let address = EntityRef { tenant, domain, entity: there.entity };
    let page = history::page(&api, &address, Asked::try_from(paging)?).await?;
    Ok(super::super::json(StatusCode::OK, &page))
}
