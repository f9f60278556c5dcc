//! What a source offers, in the order in which it was seen first.

use super::super::{
    Api,
    access::Access,
    document::Sources,
    path::Named,
    problem::Problem,
    query,
    read::{self, Page},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    store::StoreFault,
    supplier::{Offer, Supplier, SupplierState},
};
use kontor_messages::supplier::{PAGE_OFFERS, page_entity, shelf_entity};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Pages that one answer looks through for offers that are wanted.
const PAGES_MAX: u32 = 40;

/// Which offers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only those of this product.
    #[param(min_length = 1, max_length = 100)]
    product: Option<String>,
    /// Only this code.
    #[param(min_length = 1, max_length = 200)]
    code: Option<String>,
    /// Only those of which nobody knows the product.
    waiting: Option<bool>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What a source offers, the first seen first. An answer may be short, or empty, while there are
/// more: `next_cursor` tells.
#[utoipa::path(get, path = "/v1/sources/{source}/offers", tag = "suppliers",
    params(("source" = String, Path, max_length = 40), Wanted),
    responses((status = OK, body = Page<Offer>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(source): Named<String>,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    read::load::<Sources>(&api, access.id(), &source).await?;
    read::bounded("product", wanted.product.as_deref(), 100)?;
    read::bounded("code", wanted.code.as_deref(), 200)?;
    let limit = read::Asked::new(wanted.limit, None)?.limit;
    let begin = match &wanted.cursor {
        None => 0,
        Some(cursor) => cursor
            .parse::<u64>()
            .map_err(|_| Problem::parameter("cursor", "expected next_cursor of the page before"))?,
    };
    let shelf = api.intake().read::<Supplier>(access.id(), &shelf_entity(&source)).await?;
    let end = shelf.map_or(0, |(state, _)| state.shelf().offers);
    let (mut items, mut place, mut looked) = (Vec::new(), begin, 0);
    while place < end && items.len() < limit && looked < PAGES_MAX {
        let number = u32::try_from(place / u64::from(PAGE_OFFERS)).unwrap_or(u32::MAX);
        let from = (place % u64::from(PAGE_OFFERS)) as usize;
        let offers = page(&api, &access, &source, number).await?;
        looked += 1;
        for offer in offers.iter().skip(from) {
            place += 1;
            if wanted.wants(offer) {
                items.push(offer.clone());
            }
            if items.len() == limit {
                break;
            }
        }
        if items.len() < limit {
            place = (u64::from(number) + 1) * u64::from(PAGE_OFFERS);
        }
    }
    let next_cursor = (place < end).then(|| place.to_string());
    Ok(super::super::json(StatusCode::OK, &Page { items, next_cursor }))
}

impl Wanted {
    fn wants(&self, offer: &Offer) -> bool {
        self.product.as_ref().is_none_or(|product| offer.product.as_ref() == Some(product))
            && self.code.as_ref().is_none_or(|code| offer.code == *code)
            && self.waiting.is_none_or(|waiting| offer.product.is_none() == waiting)
    }
}

async fn page(
    api: &Api,
    access: &Access,
    source: &str,
    number: u32,
) -> Result<Vec<Offer>, StoreFault> {
    let found = api.intake().read::<Supplier>(access.id(), &page_entity(source, number)).await?;
    Ok(match found {
        Some((SupplierState::Page(page), _)) => page.offers,
        _ => Vec::new(),
    })
}
