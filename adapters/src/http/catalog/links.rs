//! By which codes suppliers know products.

use super::super::{
    Api,
    command::{HowAsked, Ordered},
    document::{Products, Versioned},
    path::{Named, known_id},
    problem::Problem,
};
use axum::response::Response;
use kontor_actors::catalog::ProductDocument;
use kontor_messages::catalog::{CatalogCommand, SupplierLink};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A code by which a supplier knows a product.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Linking {
    /// The supplier.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    source: String,
    /// Its code.
    #[schema(min_length = 1, max_length = 100)]
    code: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(link)).routes(routes!(unlink))
}

/// Says by which code a supplier knows a product. No import changes what a person has linked.
#[utoipa::path(post, path = "/v1/products/{product}/links", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body = Linking,
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn link(
    Named(product): Named<String>,
    ordered: Ordered<Linking>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    let Ordered { body: Linking { source, code }, asking } = ordered;
    let link = SupplierLink { source, code, by_hand: true };
    asking.change::<Products>(CatalogCommand::LinkProduct { product, link }).await
}

/// Takes a supplier's code away.
#[utoipa::path(post, path = "/v1/products/{product}/unlink", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body = Linking,
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn unlink(
    Named(product): Named<String>,
    ordered: Ordered<Linking>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    let Ordered { body: Linking { source, code }, asking } = ordered;
    asking.change::<Products>(CatalogCommand::UnlinkProduct { product, source, code }).await
}
