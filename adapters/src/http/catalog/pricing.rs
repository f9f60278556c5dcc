//! How prices follow from costs: the tenant's rules.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered, etag},
    document::{PriceRules, Versioned},
    problem::Problem,
    read,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::catalog::{Catalog, CatalogState};
use kontor_messages::catalog::{CatalogCommand, Pricing, pricing_entity};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get, put))
}

/// The tenant's price rules.
#[utoipa::path(get, path = "/v1/pricing", tag = "catalog",
    responses((status = OK, body = Versioned<Pricing>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = api.intake().read::<Catalog>(access.id(), &pricing_entity()).await?;
    let (document, version) = match found {
        Some((CatalogState::Pricing(pricing), version)) => (pricing, version),
        _ => (Pricing::default(), 0),
    };
    let tag = etag(version);
    if read::is_known(&headers, tag.as_bytes()) {
        return Ok(read::not_modified(tag));
    }
    let shown = Versioned { id: pricing_entity().to_string(), version, document };
    let mut response = super::super::json(StatusCode::OK, &shown);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// Sets the tenant's price rules, all of them. Prices follow with the next change of a cost, or
/// when a product is priced anew.
#[utoipa::path(put, path = "/v1/pricing", tag = "catalog", params(HowAsked),
    request_body = Pricing,
    responses((status = OK, body = Versioned<Pricing>)))]
async fn put(ordered: Ordered<Pricing>) -> Result<Response, Problem> {
    let Ordered { body: pricing, asking } = ordered;
    asking.change::<PriceRules>(CatalogCommand::PutPricing { pricing }).await
}
