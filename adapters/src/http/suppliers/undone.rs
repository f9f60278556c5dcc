//! What the undoing of an import did: the offers that stand again as before it, and what it left as it
//! was found, because somebody had touched it since.

use super::super::{
    Api,
    access::Access,
    document::Imports,
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, Paging},
};
use super::{
    changes::TELLS_PRODUCTS,
    past::{Past, product, product_id, product_ids},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::catalog::Product;
use kontor_messages::{
    EntityId, Money,
    catalog::{Field, Source},
    supplier::{Availability, Kept, OfferChange, SupplierEvent},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Something that an undoing left as it was found, with whose it is now.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptField)]
struct KeptView {
    #[serde(flatten)]
    kept: Kept,
    /// The product's id, if there is one of this SKU. Like what follows, only for who may read the
    /// catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    /// Whose value the field has now; absent for what is no field of a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<Source>,
    /// The import that brought that value.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<String>,
}

/// A page of what an undoing left.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptFields)]
struct KeptPage {
    /// What was left, newest change first.
    items: Vec<KeptView>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// So much more was left between the first of these and the next page, and is not kept one by one.
    not_listed: u64,
}

/// An offer that stands again as before the import.
#[derive(Serialize, ToSchema)]
struct RestoredOffer {
    /// The supplier's code.
    code: String,
    /// The product's SKU; absent while nobody knows which product it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// The product's id, if there is one of this SKU. Only for who may read the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    /// Whether the import had brought it first: it is kept, and says nothing any more.
    brought: bool,
    /// What it costs again.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    /// How much there is again, as far as the supplier has told.
    stock: Availability,
}

/// What one event tells of what was left.
enum Left {
    This(Kept),
    /// So much more, of which nothing else is known.
    More(u64),
}

/// The events of an undoing.
const NAMES: &[&str] = &["import.undone_in_part"];

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(restored))
}

/// What the undoing of an import left as it was found, newest change first: a hundred at most of
/// each twenty of the import's events; `not_listed` counts the others. Empty, if it was not undone.
#[utoipa::path(get, path = "/v1/imports/{import}/kept", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Paging),
    responses((status = OK, body = KeptPage)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let limit = read::Asked::new(paging.limit, None)?.limit;
    let there = read::load::<Imports>(&api, access.id(), &import).await?;
    let of = (access.id(), &there.entity);
    let past = Past::begin(&api, of, paging.cursor.as_deref(), NAMES, left)?;
    let mut past = past.skip(there.version, is_before).await?;
    let tells = access.may_read(&api, TELLS_PRODUCTS).await;
    let (mut items, mut not_listed) = (Vec::new(), 0);
    for left in past.next(limit, |_| true).await? {
        let kept = match left {
            Left::This(kept) => kept,
            Left::More(more) => {
                not_listed += more;
                continue;
            }
        };
        let known = match &kept.product {
            Some(sku) if tells => product(&api, access.id(), sku).await?,
            _ => None,
        };
        items.push(view(known, kept));
    }
    let page = KeptPage { items, next_cursor: past.cursor(), not_listed };
    Ok(super::super::json(StatusCode::OK, &page))
}

/// Offers that stand again as before an import that was undone, newest change first. Empty, if it was
/// not undone.
#[utoipa::path(get, path = "/v1/imports/{import}/restored", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Paging),
    responses((status = OK, body = Page<RestoredOffer>)))]
async fn restored(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let limit = read::Asked::new(paging.limit, None)?.limit;
    let there = read::load::<Imports>(&api, access.id(), &import).await?;
    let of = (access.id(), &there.entity);
    let past = Past::begin(&api, of, paging.cursor.as_deref(), NAMES, offers)?;
    let mut past = past.skip(there.version, is_before).await?;
    let tells = access.may_read(&api, TELLS_PRODUCTS).await;
    let offers = past.next(limit, |_| true).await?;
    let skus = offers.iter().filter_map(|offer| offer.product.as_deref());
    let skus = skus.filter(|_| tells).collect();
    let known = product_ids(&api, access.id(), skus).await?;
    let restored = |offer: OfferChange| RestoredOffer {
        product_id: offer.product.as_ref().and_then(|sku| known.get(sku).cloned()),
        code: offer.code,
        product: offer.product,
        brought: offer.fingerprint == 0,
        price: offer.price,
        stock: offer.stock,
    };
    let items = offers.into_iter().map(restored).collect();
    let page = Page { items, next_cursor: past.cursor() };
    Ok(super::super::json(StatusCode::OK, &page))
}

/// Whether an event is one of those before the undoing.
fn is_before(name: &str) -> Option<bool> {
    Some(!name.starts_with("import.und"))
}

fn left(event: SupplierEvent) -> Vec<Left> {
    let SupplierEvent::UndoneInPart { kept, kept_more, .. } = event else { return Vec::new() };
    let more = (0 < kept_more).then_some(Left::More(kept_more));
    kept.into_iter().map(Left::This).chain(more).collect()
}

fn offers(event: SupplierEvent) -> Vec<OfferChange> {
    let SupplierEvent::UndoneInPart { pages, .. } = event else { return Vec::new() };
    pages.into_iter().flat_map(|page| page.offers).collect()
}

fn view(known: Option<(EntityId, Box<Product>, i64)>, kept: Kept) -> KeptView {
    let id = known.as_ref().and_then(|(entity, ..)| product_id(entity)).map(str::to_owned);
    let field: Option<Field> = kept.field.parse().ok();
    let owner =
        known.as_ref().zip(field).and_then(|((_, product, _), field)| product.owner(&field));
    KeptView {
        product_id: id,
        writer: owner.map(|owner| owner.source.clone()),
        import: owner.and_then(|owner| owner.run.clone()),
        kept,
    }
}
