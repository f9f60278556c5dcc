//! The catalog: products, categories, attributes, prices.

mod attributes;
mod bulk;
mod categories;
mod history;
mod legacy;
mod legacy_view;
mod links;
mod media;
mod prices;
mod pricing;
mod products;
mod said;
mod search;

use super::Api;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<Api> {
    products::routes()
        .merge(bulk::routes())
        .merge(links::routes())
        .merge(prices::routes())
        .merge(media::routes())
        .merge(history::routes())
        .merge(categories::routes())
        .merge(attributes::routes())
        .merge(pricing::routes())
        .merge(legacy::routes())
}

/// What anybody may see, whoever they are.
pub(super) fn public() -> OpenApiRouter<Api> {
    media::public()
}
