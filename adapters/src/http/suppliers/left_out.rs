//! Rows that an import left out: the first of them, and why each was.

use super::super::{
    Api,
    access::Access,
    document::Imports,
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::supplier::Supplier;
use kontor_messages::supplier::{LeftOutRow, left_out_entity};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Rows that an import left out, in the order of the feed: by a filter, as a second row of a code, or
/// as news that something is gone which was never known. The first 500 are kept; `counts.skipped`
/// says how many there were.
#[utoipa::path(get, path = "/v1/imports/{import}/left-out", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Paging),
    responses((status = OK, body = Page<LeftOutRow>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let limit = read::Asked::new(paging.limit, None)?.limit;
    let done: usize = paging
        .cursor
        .as_deref()
        .unwrap_or("0")
        .parse()
        .map_err(|_| Problem::parameter("cursor", "expected next_cursor of the page before"))?;
    let there = read::load::<Imports>(&api, access.id(), &import).await?;
    let entity = left_out_entity(&there.entity);
    let found = api.intake().read::<Supplier>(access.id(), &entity).await?;
    let rows = found.as_ref().map_or(&[][..], |(state, _)| state.left_out());
    let items: Vec<LeftOutRow> = rows.iter().skip(done).take(limit).cloned().collect();
    let place = done.saturating_add(items.len());
    let next_cursor = (place < rows.len()).then(|| place.to_string());
    Ok(super::super::json(StatusCode::OK, &Page { items, next_cursor }))
}
