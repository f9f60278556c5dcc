//! Imports: started, looked at, stopped, repeated and undone.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Imports, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page},
};
use super::ImportView;
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_messages::{
    EntityId, Timestamp,
    supplier::{SupplierCommand, Trigger, import_entity},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is to be imported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewImport {
    /// The source's code.
    #[schema(min_length = 1, max_length = 40, example = "acme-full")]
    source: String,
    /// Whether it only says what it would change, with samples.
    #[serde(default)]
    trial: bool,
}

/// Which imports.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    pub(super) cursor: Option<String>,
    /// Only those that stand so; a word that none of them can have is refused.
    #[param(min_length = 1, max_length = 40)]
    pub(super) status: Option<String>,
    /// Only from this source.
    #[param(min_length = 1, max_length = 40)]
    pub(super) source: Option<String>,
    /// Only of this supplier.
    #[param(min_length = 1, max_length = 40)]
    pub(super) supplier: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(get))
        .routes(routes!(cancel))
        .routes(routes!(retry))
        .routes(routes!(undo))
}

/// Imports with what they did, newest first.
#[utoipa::path(get, path = "/v1/imports", tag = "suppliers", params(Wanted),
    responses((status = OK, body = Page<Versioned<ImportView>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let Wanted { limit, cursor, status, source, supplier } = wanted;
    for (name, value, max) in
        [("status", &status, 40), ("source", &source, 40), ("supplier", &supplier, 40)]
    {
        read::bounded(name, value.as_deref(), max)?;
    }
    let asked = Asked { status, ..Asked::new(limit, cursor)? };
    read::some::<Imports>(&api, &access, &asked, |view| {
        view.is_of(source.as_deref(), supplier.as_deref())
    })
    .await
}

/// Imports from a source, or says what that would change. Of one source one import runs at a time.
#[utoipa::path(post, path = "/v1/imports", tag = "suppliers", params(HowAsked),
    request_body = NewImport,
    responses((status = CREATED, body = Versioned<ImportView>)))]
async fn start(ordered: Ordered<NewImport>) -> Result<Response, Problem> {
    let Ordered { body: NewImport { source, trial }, asking } = ordered;
    let start = SupplierCommand::Start {
        import: fresh(),
        code: source,
        trigger: Trigger::Request,
        dry_run: trial,
    };
    asking.create::<Imports>(start).await
}

/// An import with what it did.
#[utoipa::path(get, path = "/v1/imports/{import}", tag = "suppliers",
    params(("import" = String, Path, max_length = 100)),
    responses((status = OK, body = Versioned<ImportView>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Imports>(&api, &access, &headers, &import).await
}

/// Stops an import. What it has applied stays, and can be undone.
#[utoipa::path(post, path = "/v1/imports/{import}/cancel", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), HowAsked),
    responses((status = OK, body = Versioned<ImportView>)))]
async fn cancel(
    Named(import): Named<String>,
    asked: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let import = entity(&import)?;
    asked.asking.change::<Imports>(SupplierCommand::Cancel { import }).await
}

/// Tries the rows of an import that failed once more, from the same file.
#[utoipa::path(post, path = "/v1/imports/{import}/retry", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), HowAsked),
    responses((status = CREATED, body = Versioned<ImportView>)))]
async fn retry(Named(import): Named<String>, asked: Ordered<Nothing>) -> Result<Response, Problem> {
    let asking = asked.asking;
    let there = read::load::<Imports>(&asking.api, asking.access.id(), &import).await?;
    let code = there.state.import().map(|known| known.source.clone()).unwrap_or_default();
    let start = SupplierCommand::Start {
        import: fresh(),
        code,
        trigger: Trigger::Retry { import: there.entity },
        dry_run: false,
    };
    asking.create::<Imports>(start).await
}

/// Puts back what an import has changed and nobody touched since; the rest is listed as kept.
#[utoipa::path(post, path = "/v1/imports/{import}/undo", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), HowAsked),
    responses((status = OK, body = Versioned<ImportView>)))]
async fn undo(Named(import): Named<String>, asked: Ordered<Nothing>) -> Result<Response, Problem> {
    let import = entity(&import)?;
    asked.asking.change::<Imports>(SupplierCommand::Undo { import }).await
}

/// A new import's name.
pub(super) fn fresh() -> EntityId {
    import_entity(EntityId::fresh(Timestamp::now()).as_str())
}

fn entity(import: &str) -> Result<EntityId, Problem> {
    known_id(&format!("import/{import}"), "import")
}
