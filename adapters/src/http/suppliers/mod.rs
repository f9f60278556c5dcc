//! Suppliers, their sources, what they offer, and imports.

mod categories;
mod changes;
mod files;
mod imports;
mod kept;
mod left_out;
mod legacy;
mod offers;
mod past;
mod preview;
mod problems;
mod sources;
mod undone;
mod view;

pub(super) use view::{ImportView, SourceView};

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{Suppliers, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::supplier::SupplierDocument;
use kontor_messages::supplier::{SupplierCommand, SupplierSettings};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put))
        .merge(sources::routes())
        .merge(files::routes())
        .merge(categories::routes())
        .merge(offers::routes())
        .merge(imports::routes())
        .merge(changes::routes())
        .merge(undone::routes())
        .merge(left_out::routes())
        .merge(problems::routes())
        .merge(preview::routes())
        .merge(legacy::routes())
}

/// The tenant's suppliers.
#[utoipa::path(get, path = "/v1/suppliers", tag = "suppliers", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<SupplierDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Suppliers>(&api, &access, paging.try_into()).await
}

/// A supplier.
#[utoipa::path(get, path = "/v1/suppliers/{supplier}", tag = "suppliers",
    params(("supplier" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<SupplierDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(supplier): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Suppliers>(&api, &access, &headers, &supplier).await
}

/// Makes or changes a supplier.
#[utoipa::path(put, path = "/v1/suppliers/{supplier}", tag = "suppliers",
    params(("supplier" = String, Path, max_length = 40), HowAsked),
    request_body = SupplierSettings,
    responses((status = OK, body = Versioned<SupplierDocument>)))]
async fn put(
    Named(code): Named<String>,
    ordered: Ordered<SupplierSettings>,
) -> Result<Response, Problem> {
    let Ordered { body: settings, asking } = ordered;
    asking.change::<Suppliers>(SupplierCommand::PutSupplier { code, settings }).await
}
