//! What can be said of products, and of which.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{AttributeSets, Attributes, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_messages::catalog::{Attribute, AttributeSet, CatalogCommand};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put))
        .routes(routes!(list_sets))
        .routes(routes!(get_set, put_set))
}

/// Attributes.
#[utoipa::path(get, path = "/v1/attributes", tag = "catalog", params(Paging),
    responses((status = OK, body = Page<Versioned<Attribute>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    read::many::<Attributes>(&api, &access, Asked::try_from(paging)).await
}

/// An attribute.
#[utoipa::path(get, path = "/v1/attributes/{attribute}", tag = "catalog",
    params(("attribute" = String, Path, max_length = 60)),
    responses((status = OK, body = Versioned<Attribute>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(attribute): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Attributes>(&api, &access, &headers, &attribute).await
}

/// Makes or changes an attribute. What its values are stays as it was.
#[utoipa::path(put, path = "/v1/attributes/{attribute}", tag = "catalog",
    params(("attribute" = String, Path, max_length = 60), HowAsked),
    request_body = Attribute,
    responses((status = OK, body = Versioned<Attribute>)))]
async fn put(
    Named(attribute): Named<String>,
    ordered: Ordered<Attribute>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let command = CatalogCommand::PutAttribute { code: attribute, attribute: body };
    asking.change::<Attributes>(command).await
}

/// Attribute sets.
#[utoipa::path(get, path = "/v1/attribute-sets", tag = "catalog", params(Paging),
    responses((status = OK, body = Page<Versioned<AttributeSet>>)))]
async fn list_sets(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    read::many::<AttributeSets>(&api, &access, Asked::try_from(paging)).await
}

/// An attribute set.
#[utoipa::path(get, path = "/v1/attribute-sets/{set}", tag = "catalog",
    params(("set" = String, Path, max_length = 60)),
    responses((status = OK, body = Versioned<AttributeSet>)))]
async fn get_set(
    State(api): State<Api>,
    access: Access,
    Named(set): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<AttributeSets>(&api, &access, &headers, &set).await
}

/// Makes or changes an attribute set.
#[utoipa::path(put, path = "/v1/attribute-sets/{set}", tag = "catalog",
    params(("set" = String, Path, max_length = 60), HowAsked),
    request_body = AttributeSet,
    responses((status = OK, body = Versioned<AttributeSet>)))]
async fn put_set(
    Named(set): Named<String>,
    ordered: Ordered<AttributeSet>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    asking.change::<AttributeSets>(CatalogCommand::PutAttributeSet { code: set, set: body }).await
}
