//! Which category of ours a supplier's path is, what is not said yet, and what it could be.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::Sources,
    path::Named,
    problem::Problem,
    query,
    read::{self, Page},
};
use crate::dispatch::imports::suggest;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::supplier::{CategoriesDocument, CategoryEntry, Supplier, path_key};
use kontor_messages::supplier::{SupplierCommand, categories_entity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Suggestions for a path.
const SUGGESTIONS: usize = 3;

/// Which paths.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 500)]
    cursor: Option<String>,
    /// Only those of which nobody has said what they are, nor of a path above them.
    unmapped: bool,
}

/// A path of the supplier's.
#[derive(Serialize, ToSchema)]
struct ShownCategory {
    #[serde(flatten)]
    entry: CategoryEntry,
    /// Our category that its rows get, by this path or by one above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<String>,
    /// Our categories that look like it, the likeliest first; for paths that are not mapped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<suggest::Suggestion>,
}

/// Which category of ours a path is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMapping {
    /// The supplier's path.
    #[schema(min_length = 1, max_length = 400, example = "Tools > Drills")]
    path: String,
    /// Our category's id; none, if its products are to have none.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 180)]
    category: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, map))
}

/// The supplier's category paths with their rows in the last feed, and what each is. A path that
/// nobody has spoken of is what the nearest path above it is.
#[utoipa::path(get, path = "/v1/sources/{source}/categories", tag = "suppliers",
    params(("source" = String, Path, max_length = 40), Wanted),
    responses((status = OK, body = Page<ShownCategory>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(source): Named<String>,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    read::load::<Sources>(&api, access.id(), &source).await?;
    read::bounded("cursor", wanted.cursor.as_deref(), 500)?;
    let limit = read::Asked::new(wanted.limit, None)?.limit;
    let known = load(&api, &access, &source).await?;
    let after = wanted.cursor.as_deref().map(path_key);
    let rest =
        known.paths.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
    let mut entries: Vec<&CategoryEntry> = rest
        .map(|(_, entry)| entry)
        .filter(|entry| !wanted.unmapped || !known.is_mapped(&entry.path))
        .take(limit + 1)
        .collect();
    let more = limit < entries.len();
    entries.truncate(limit);
    let next_cursor = entries.last().filter(|_| more).map(|entry| entry.path.clone());
    let ours = suggest::ours(api.intake(), access.id()).await?;
    let items = entries.into_iter().map(|entry| ShownCategory {
        effective: known.resolve(&entry.path).map(str::to_owned),
        suggestions: match known.is_mapped(&entry.path) {
            true => Vec::new(),
            false => suggest::suggest(&entry.path, &ours, SUGGESTIONS),
        },
        entry: entry.clone(),
    });
    let page = Page { items: items.collect(), next_cursor };
    Ok(super::super::json(StatusCode::OK, &page))
}

/// Says which category of ours a path is. The next import follows it.
#[utoipa::path(put, path = "/v1/sources/{source}/categories", tag = "suppliers",
    params(("source" = String, Path, max_length = 40), HowAsked),
    request_body = NewMapping,
    responses((status = OK, body = CategoryEntry)))]
async fn map(
    Named(code): Named<String>,
    ordered: Ordered<NewMapping>,
) -> Result<Response, Problem> {
    let Ordered { body: NewMapping { path, category }, asking } = ordered;
    let key = path_key(&path);
    let map = SupplierCommand::MapCategory { code, path, category };
    let outcome = asking.ask::<Supplier>(map).await?;
    let known = outcome.done.state.categories().and_then(|known| known.paths.get(&key)).cloned();
    let entry = known.ok_or_else(|| Problem::not_found("path"))?;
    if outcome.dry_run {
        return Ok(outcome.would(entry));
    }
    let mut response = super::super::json(StatusCode::OK, &entry);
    outcome.label(&mut response);
    Ok(response)
}

async fn load(api: &Api, access: &Access, source: &str) -> Result<CategoriesDocument, Problem> {
    let found = api.intake().read::<Supplier>(access.id(), &categories_entity(source)).await?;
    Ok(found.and_then(|(state, _)| state.categories().cloned()).unwrap_or_default())
}
