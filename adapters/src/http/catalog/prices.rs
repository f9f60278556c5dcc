//! What a product is sold for, was sold for, and will be.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{Products, Versioned},
    happened::{Happened, happened},
    history,
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use super::said::{PriceWish, told, writer};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    catalog::{CurrentPrice, ProductDocument, ShownPrice, current_price},
    store::StoredEvent,
};
use kontor_messages::{
    Currency, Timestamp,
    catalog::{CatalogCommand, Source},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Prices that are to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceWishes {
    /// Who says so; a person, or a program that works for one, if it does not say.
    #[serde(default)]
    source: Option<Source>,
    /// The prices; those that are not named stay as they are.
    #[schema(min_items = 1, max_items = 200)]
    prices: Vec<PriceWish>,
}

/// For whom and when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Where {
    /// On which sales channel.
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// In which currency; the tenant's own, if it says none.
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    /// At that time (RFC 3339); now, if it says none.
    #[param(value_type = Option<Timestamp>)]
    at: Option<Timestamp>,
}

/// A product's prices.
#[derive(Serialize, ToSchema)]
struct Prices {
    /// What it is sold for there and then; nothing, if it has no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<CurrentPrice>,
    /// All its prices.
    prices: Vec<ShownPrice>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get, set)).routes(routes!(past))
}

/// A product's prices, and which of them counts.
#[utoipa::path(get, path = "/v1/products/{product}/prices", tag = "catalog",
    params(("product" = String, Path, max_length = 180), Where),
    responses((status = OK, body = Prices)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(product): Named<String>,
    query::Asked(Where { channel, currency, at }): query::Asked<Where>,
) -> Result<Response, Problem> {
    read::bounded("channel", channel.as_deref(), 40)?;
    let there = read::load::<Products>(&api, access.id(), &product).await?;
    let known = there.state.product().ok_or_else(|| Problem::not_found("product"))?;
    let currency = currency.unwrap_or(access.settings().currency);
    let at = at.unwrap_or_else(Timestamp::now);
    let current = current_price(known, channel.as_deref(), currency, at);
    let prices = ProductDocument::from(known).prices;
    Ok(super::super::json(StatusCode::OK, &Prices { current, prices }))
}

/// Sets prices of a product, all together.
#[utoipa::path(put, path = "/v1/products/{product}/prices", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body = PriceWishes,
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn set(
    Named(product): Named<String>,
    ordered: Ordered<PriceWishes>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    let Ordered { body: PriceWishes { source, prices }, asking } = ordered;
    if prices.is_empty() {
        return Err(Problem::invalid("/prices", "expected at least one price"));
    }
    let fields = prices.into_iter().map(PriceWish::field).collect();
    let command = CatalogCommand::ChangeProduct { product, fields, by: writer(source) };
    asking.change::<Products>(command).await.map_err(told)
}

/// What has happened to a product's prices, oldest first. A page may hold fewer than asked for, or none,
/// although more follow.
#[utoipa::path(get, path = "/v1/products/{product}/prices/history", tag = "catalog",
    params(("product" = String, Path, max_length = 180), Paging),
    responses((status = OK, body = Page<Happened>)))]
async fn past(
    State(api): State<Api>,
    access: Access,
    Named(product): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let address = history::address::<Products>(&api, &access, &product).await?;
    let priced = |event: &StoredEvent| Ok(is_priced(event).then(|| happened(event)));
    let page = history::some(&api, &address, Asked::try_from(paging)?, priced).await?;
    Ok(super::super::json(StatusCode::OK, &page))
}

fn is_priced(event: &StoredEvent) -> bool {
    // A product may have been given its prices when it was made.
    let made_with_prices = |payload: &str| {
        let made: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
        let mut fields = made["fields"].as_object().into_iter().flatten();
        fields.any(|(field, _)| field.starts_with("price."))
    };
    event.name.starts_with("price.")
        || (&*event.name == "product.created" && made_with_prices(&event.payload))
}
