//! Suppliers, imports and category mappings for clients of the system before, in its shapes. A
//! supplier of theirs is one of ours with a source of the same code.
//!
//! What was wrong there is not kept: an import imports, its key is the caller's and never the hour,
//! XML and CSV are read, FTP is refused and not forgotten, and no secret is answered.

mod shapes;

use super::super::{
    Api,
    access::Access,
    command::{Asking, Ordered},
    document::{Imports, Sources, Suppliers},
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    request::{Denied, Terms},
    store::ListQuery,
    supplier::{SourceDocument, Supplier, SupplierState},
};
use kontor_messages::{
    EntityId, EventId,
    id::derived,
    supplier::{
        SupplierCommand, SupplierRefusal, SupplierSettings, Trigger, categories_entity,
        import_entity, source_entity, supplier_entity,
    },
};
use serde::{Deserialize, Serialize};
use shapes::{Job, LegacyMapping, LegacySupplier, NewSupplier, SupplierPatch};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Suppliers of a list.
const SUPPLIERS: u32 = 200;
/// Jobs of a list.
const JOBS: usize = 50;

/// An answer that went well.
#[derive(Serialize, ToSchema)]
struct Reply<T> {
    /// Always true.
    success: bool,
    /// What was asked for.
    data: T,
}

/// Whose jobs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct Whose {
    /// Only this supplier's.
    #[param(min_length = 1, max_length = 40)]
    supplier_id: Option<String>,
}

/// How an import is started.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct Run {
    /// What the caller calls the reason.
    #[schema(max_length = 40)]
    trigger_type: Option<String>,
    /// The same key a second time answers with the same job.
    #[schema(min_length = 1, max_length = 200)]
    idempotency_key: Option<String>,
    /// Kept for old clients; a feed is known by its content.
    #[schema(max_length = 200)]
    source_fingerprint: Option<String>,
}

/// A job that was started, or was there.
#[derive(Serialize, ToSchema)]
struct Started {
    /// Always true.
    success: bool,
    /// The job.
    data: Job,
    /// What was done.
    meta: StartedMeta,
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StartedMeta {
    /// It was started now.
    created: bool,
    /// The key was used before.
    idempotent_replay: bool,
}

/// Which category of ours one of theirs is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FormerMapping {
    /// The supplier.
    #[schema(min_length = 1, max_length = 40)]
    supplier_id: String,
    /// The supplier's category.
    #[schema(min_length = 1, max_length = 400)]
    supplier_category_id: String,
    /// Ours.
    #[schema(min_length = 1, max_length = 180)]
    catalog_category_id: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change))
        .routes(routes!(jobs))
        .routes(routes!(run))
        .routes(routes!(mappings))
        .routes(routes!(map))
}

/// The tenant's suppliers.
#[utoipa::path(get, path = "/api/suppliers", tag = "clients of the system before",
    responses((status = OK, body = Reply<Vec<LegacySupplier>>)))]
async fn list(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let query = ListQuery {
        tenant: access.id().clone(),
        domain: Supplier::NAME.to_owned(),
        prefix: "supplier/".to_owned(),
        status: None,
        label: None,
        from: None,
        before: None,
        limit: SUPPLIERS,
    };
    let mut data = Vec::new();
    for row in api.store().list(&query).await? {
        let code = row.entity.as_str().trim_start_matches("supplier/");
        data.push(shown(&api, &access, code).await?);
    }
    Ok(answer(StatusCode::OK, data))
}

/// A supplier.
#[utoipa::path(get, path = "/api/suppliers/{supplier}", tag = "clients of the system before",
    params(("supplier" = String, Path, max_length = 40)),
    responses((status = OK, body = Reply<LegacySupplier>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(supplier): Named<String>,
) -> Result<Response, Problem> {
    Ok(answer(StatusCode::OK, shown(&api, &access, &supplier).await?))
}

/// Makes a supplier, with its source if it says where that is.
#[utoipa::path(post, path = "/api/suppliers", tag = "clients of the system before",
    request_body = NewSupplier,
    responses((status = CREATED, body = Reply<LegacySupplier>)))]
async fn create(ordered: Ordered<NewSupplier>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let entity = supplier_entity(&body.code);
    if asking.api.intake().read::<Supplier>(asking.access.id(), &entity).await?.is_some() {
        let detail = "another supplier has this code";
        return Err(Problem::at(StatusCode::CONFLICT, "code_taken", "/code", detail));
    }
    let (code, patch) = (body.code.clone(), SupplierPatch::from(body));
    put(&asking, &code, patch).await?;
    Ok(answer(StatusCode::CREATED, shown(&asking.api, &asking.access, &code).await?))
}

/// Changes a supplier; what is not said stays.
#[utoipa::path(put, path = "/api/suppliers/{supplier}", tag = "clients of the system before",
    params(("supplier" = String, Path, max_length = 40)), request_body = SupplierPatch,
    responses((status = OK, body = Reply<LegacySupplier>)))]
async fn change(
    Named(supplier): Named<String>,
    ordered: Ordered<SupplierPatch>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    read::load::<Suppliers>(&asking.api, asking.access.id(), &supplier).await?;
    put(&asking, &supplier, body).await?;
    Ok(answer(StatusCode::OK, shown(&asking.api, &asking.access, &supplier).await?))
}

/// The last 50 jobs.
#[utoipa::path(get, path = "/api/imports", tag = "clients of the system before", params(Whose),
    responses((status = OK, body = Reply<Vec<Job>>)))]
async fn jobs(
    State(api): State<Api>,
    access: Access,
    query::Asked(whose): query::Asked<Whose>,
) -> Result<Response, Problem> {
    read::bounded("supplierId", whose.supplier_id.as_deref(), 40)?;
    let asked = Asked { limit: JOBS, ..Asked::new(None, None)? };
    let found = read::found::<Imports>(&api, access.id(), &asked, |view| {
        view.is_of(None, whose.supplier_id.as_deref())
    });
    let found = found.await?;
    let jobs = found.iter().filter_map(|(entity, state)| Job::of(entity, state.import()?));
    Ok(answer(StatusCode::OK, jobs.collect::<Vec<_>>()))
}

/// Starts an import in the background. Without a key each request is one of its own; while one is
/// under way, that is answered.
#[utoipa::path(post, path = "/api/imports/run/{supplier}", tag = "clients of the system before",
    params(("supplier" = String, Path, max_length = 40)), request_body = Run,
    responses((status = OK, body = Started), (status = CREATED, body = Started)))]
async fn run(Named(supplier): Named<String>, ordered: Ordered<Run>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    read::load::<Sources>(&asking.api, asking.access.id(), &supplier).await?;
    let import = match &body.idempotency_key {
        // The same key of the same supplier names the same import.
        Some(key) => import_entity(
            derived(EventId(uuid::Uuid::nil()), &format!("{supplier}/{key}")).as_str(),
        ),
        None => super::imports::fresh(),
    };
    let intake = asking.api.intake();
    let known = intake.read::<Supplier>(asking.access.id(), &import).await?;
    if let Some((state, _)) = known {
        return started(&import, &state, false, true);
    }
    let start = SupplierCommand::Start {
        import: import.clone(),
        code: supplier,
        trigger: Trigger::Request,
        dry_run: false,
    };
    match intake.tell::<Supplier>(asking.access.caller(), start, Terms::default()).await {
        Ok(done) => started(&import, &done.state, true, false),
        Err(Denied::Refused(SupplierRefusal::Running(open))) => {
            let there = intake.read::<Supplier>(asking.access.id(), &open).await?;
            let (state, _) = there.ok_or_else(|| Problem::not_found("import"))?;
            started(&open, &state, false, false)
        }
        Err(denied) => Err(denied.into()),
    }
}

fn started(
    import: &EntityId,
    state: &SupplierState,
    created: bool,
    idempotent_replay: bool,
) -> Result<Response, Problem> {
    let job = state.import().and_then(|run| Job::of(import, run));
    let data = job.ok_or_else(|| Problem::not_found("import"))?;
    let meta = StartedMeta { created, idempotent_replay };
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(super::super::json(status, &Started { success: true, data, meta }))
}

/// Which categories of ours a supplier's are.
#[utoipa::path(get, path = "/api/mappings/supplier/{supplier}",
    tag = "clients of the system before", params(("supplier" = String, Path, max_length = 40)),
    responses((status = OK, body = Reply<Vec<LegacyMapping>>)))]
async fn mappings(
    State(api): State<Api>,
    access: Access,
    Named(supplier): Named<String>,
) -> Result<Response, Problem> {
    read::load::<Suppliers>(&api, access.id(), &supplier).await?;
    let found = api.intake().read::<Supplier>(access.id(), &categories_entity(&supplier)).await?;
    let known = found.and_then(|(state, _)| state.categories().cloned()).unwrap_or_default();
    let mapped = known
        .paths
        .into_values()
        .filter_map(|entry| Some(LegacyMapping::new(&supplier, entry.path, entry.category?)));
    Ok(answer(StatusCode::OK, mapped.collect::<Vec<_>>()))
}

/// Says which category of ours one of a supplier's is.
#[utoipa::path(post, path = "/api/mappings", tag = "clients of the system before",
    request_body = FormerMapping,
    responses((status = CREATED, body = Reply<LegacyMapping>)))]
async fn map(ordered: Ordered<FormerMapping>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let FormerMapping { supplier_id, supplier_category_id, catalog_category_id } = body;
    let map = SupplierCommand::MapCategory {
        code: supplier_id.clone(),
        path: supplier_category_id.clone(),
        category: Some(catalog_category_id.clone()),
    };
    asking.ask::<Supplier>(map).await?;
    let mapping = LegacyMapping::new(&supplier_id, supplier_category_id, catalog_category_id);
    Ok(answer(StatusCode::CREATED, mapping))
}

fn answer<T: Serialize>(status: StatusCode, data: T) -> Response {
    super::super::json(status, &Reply { success: true, data })
}

async fn source(api: &Api, access: &Access, code: &str) -> Result<Option<SourceDocument>, Problem> {
    let found = api.intake().read::<Supplier>(access.id(), &source_entity(code)).await?;
    Ok(found.and_then(|(state, _)| state.source().filter(|known| !known.removed).cloned()))
}

async fn shown(api: &Api, access: &Access, code: &str) -> Result<LegacySupplier, Problem> {
    let there = read::load::<Suppliers>(api, access.id(), code).await?;
    let known = there.state.supplier().cloned();
    let known = known.ok_or_else(|| Problem::not_found("supplier"))?;
    Ok(LegacySupplier::of(code, &known, source(api, access, code).await?.as_ref()))
}

/// Puts a supplier, and its source if there is or shall be one.
async fn put(asking: &Asking, code: &str, patch: SupplierPatch) -> Result<(), Problem> {
    let (intake, caller) = (asking.api.intake(), asking.access.caller());
    let known = intake.read::<Supplier>(asking.access.id(), &supplier_entity(code)).await?;
    let known = known.as_ref().and_then(|(state, _)| state.supplier()).map(|known| &known.settings);
    let settings = SupplierSettings {
        name: patch
            .name
            .clone()
            .or_else(|| known.map(|known| known.name.clone()))
            .unwrap_or_default(),
        active: patch.is_active.or_else(|| known.map(|known| known.active)).unwrap_or(true),
    };
    let before = source(&asking.api, &asking.access, code).await?;
    let currency = asking.access.settings().currency;
    let source = patch.source(code, &settings.name, before.as_ref(), currency)?;
    // All of it or nothing: what may be refused is looked at first.
    if let Some(settings) = &source {
        super::sources::checked(&asking.api, &asking.access, code, settings).await?;
    }
    let put = SupplierCommand::PutSupplier { code: code.to_owned(), settings };
    intake.tell::<Supplier>(caller, put, Terms::default()).await?;
    if let Some(settings) = source {
        let put =
            SupplierCommand::PutSource { code: code.to_owned(), settings: Box::new(settings) };
        intake.tell::<Supplier>(caller, put, Terms::default()).await?;
    }
    Ok(())
}
