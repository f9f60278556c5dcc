//! What has happened to a payment, with who did it and because of what.

use super::super::{
    Api,
    access::Access,
    document::Payments,
    happened::Happened,
    history,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{domain::Domain, payment::Payment, store::EntityRef};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(past))
}

/// What has happened to a payment, oldest first.
#[utoipa::path(get, path = "/v1/payments/{payment}/history", tag = "payments",
    params(("payment" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<Happened>)))]
async fn past(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let there = read::load::<Payments>(&api, access.id(), &payment).await?;
    let (tenant, domain) = (access.id().clone(), Payment::NAME.to_owned());
    let address = EntityRef { tenant, domain, entity: there.entity };
    let page = history::page(&api, &address, Asked::try_from(paging)?).await?;
    Ok(super::super::json(StatusCode::OK, &page))
}
