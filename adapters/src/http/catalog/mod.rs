//! The catalog: products, categories, attributes, prices.

mod attributes;
mod bulk;
mod categories;
mod history;
mod legacy;
mod legacy_view;
mod links;
mod prices;
mod pricing;
mod products;
mod said;

use super::Api;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<Api> {
    products::routes()
        .merge(bulk::routes())
        .merge(links::routes())
        .merge(prices::routes())
        .merge(history::routes())
        .merge(categories::routes())
        .merge(attributes::routes())
        .merge(pricing::routes())
        .merge(legacy::routes())
}
