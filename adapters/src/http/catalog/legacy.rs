//! Products and categories for clients of the system before: `/api/products` and `/api/categories`
//! in the shape that sales channels read. Reading only; who may is asked as everywhere.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Products},
    path::Named,
    problem::Problem,
    query, read,
};
use super::{
    categories,
    legacy_view::{LegacyCategory, LegacyNode, LegacyProduct},
    search,
};
use crate::search::{Asked, words};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::catalog::{Catalog, SKU_KEY, branches};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The last page that one may turn to.
const PAGE_MAX: usize = 10_000;
/// Items of a page at most.
const LIMIT_MAX: usize = 100;

/// An answer that went well.
#[derive(Serialize, ToSchema)]
pub(super) struct Envelope<T> {
    /// Always true.
    pub(super) success: bool,
    /// What was asked for.
    pub(super) data: T,
}

/// A page of products.
#[derive(Serialize, ToSchema)]
struct LegacyPage {
    /// Always true.
    success: bool,
    /// The products.
    data: Vec<LegacyProduct>,
    /// Which page it is.
    pagination: Pagination,
}

/// Which page of how many.
#[derive(Serialize, ToSchema)]
struct Pagination {
    /// Products in all.
    total: usize,
    /// Which page, counted from 1.
    page: usize,
    /// Products of a page.
    limit: usize,
    /// Pages in all.
    pages: usize,
}

/// Which products.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Which page, counted from 1.
    #[param(minimum = 1, maximum = 10_000, default = 1)]
    page: Option<usize>,
    /// Products of a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<usize>,
    /// Only those with this in title, SKU, EAN or brand.
    #[param(min_length = 1, max_length = 200)]
    search: Option<String>,
    /// Only those that may be offered, or only the others.
    is_active: Option<bool>,
    /// Only those in this category.
    #[param(min_length = 1, max_length = 180)]
    category_id: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(by_sku))
        .routes(routes!(get))
        .routes(routes!(list_categories))
        .routes(routes!(tree))
}

/// Products, newest first, by pages.
#[utoipa::path(get, path = "/api/products", tag = "clients of the system before", params(Wanted),
    responses((status = OK, body = LegacyPage)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let page = wanted.page.unwrap_or(1);
    if !(1..=PAGE_MAX).contains(&page) {
        return Err(Problem::parameter("page", format!("expected 1 to {PAGE_MAX}")));
    }
    let limit = wanted.limit.unwrap_or(20);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    read::bounded("search", wanted.search.as_deref(), 200)?;
    read::bounded("categoryId", wanted.category_id.as_deref(), 180)?;
    let categories = match &wanted.category_id {
        Some(id) => Some(search::below(&categories::all(&api, access.id()).await?, id)),
        None => None,
    };
    let asked = |status: Option<&str>, offset: usize, limit: usize| Asked {
        words: words(wanted.search.as_deref().unwrap_or_default()),
        status: status.map(str::to_owned),
        categories: categories.clone(),
        offset,
        limit,
        ..Asked::default()
    };
    let offset = (page - 1) * limit;
    let (total, ids) = match wanted.is_active {
        Some(true) => found(&api, &access, asked(Some("active"), offset, limit)).await?,
        None => found(&api, &access, asked(None, offset, limit)).await?,
        Some(false) => {
            // Whatever is not active: drafts first, then what is archived.
            let (drafts, mut ids) =
                found(&api, &access, asked(Some("draft"), offset, limit)).await?;
            let (rest, room) = (offset.saturating_sub(drafts), limit - ids.len());
            let archived = found(&api, &access, asked(Some("archived"), rest, room.max(1))).await?;
            ids.extend(archived.1.into_iter().take(room));
            (drafts + archived.0, ids)
        }
    };
    let mut data = Vec::with_capacity(ids.len());
    for id in ids {
        // The index may know a moment longer what is gone.
        let Ok(there) = read::load::<Products>(&api, access.id(), &id).await else { continue };
        if let Some(product) = there.state.product() {
            data.push(LegacyProduct::of(&id, product, access.settings()));
        }
    }
    let pages = total.div_ceil(limit);
    let pagination = Pagination { total, page, limit, pages };
    let page = LegacyPage { success: true, data, pagination };
    Ok(super::super::json(StatusCode::OK, &page))
}

/// The product of a SKU.
#[utoipa::path(get, path = "/api/products/sku/{sku}", tag = "clients of the system before",
    params(("sku" = String, Path, max_length = 100)),
    responses((status = OK, body = Envelope<LegacyProduct>)))]
async fn by_sku(
    State(api): State<Api>,
    access: Access,
    Named(sku): Named<String>,
) -> Result<Response, Problem> {
    let found = api.intake().find::<Catalog>(access.id(), SKU_KEY, &sku).await?;
    let found = found.ok_or_else(|| Problem::not_found("product"))?;
    one(&api, &access, Products::id(&found)).await
}

/// A product.
#[utoipa::path(get, path = "/api/products/{product}", tag = "clients of the system before",
    params(("product" = String, Path, max_length = 180)),
    responses((status = OK, body = Envelope<LegacyProduct>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(product): Named<String>,
) -> Result<Response, Problem> {
    one(&api, &access, &product).await
}

/// All categories.
#[utoipa::path(get, path = "/api/categories", tag = "clients of the system before",
    responses((status = OK, body = Envelope<Vec<LegacyCategory>>)))]
async fn list_categories(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let all = categories::all(&api, access.id()).await?;
    let mut data = Vec::with_capacity(all.len());
    for branch in branches(&all) {
        LegacyNode::of(&branch, access.settings()).flatten(&mut data);
    }
    Ok(super::super::json(StatusCode::OK, &Envelope { success: true, data }))
}

/// All categories in their tree.
#[utoipa::path(get, path = "/api/categories/tree", tag = "clients of the system before",
    responses((status = OK, body = Envelope<Vec<LegacyNode>>)))]
async fn tree(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let all = categories::all(&api, access.id()).await?;
    let data: Vec<_> =
        branches(&all).iter().map(|branch| LegacyNode::of(branch, access.settings())).collect();
    Ok(super::super::json(StatusCode::OK, &Envelope { success: true, data }))
}

async fn one(api: &Api, access: &Access, id: &str) -> Result<Response, Problem> {
    let there = read::load::<Products>(api, access.id(), id).await?;
    let known = there.state.product().ok_or_else(|| Problem::not_found("product"))?;
    let data = LegacyProduct::of(id, known, access.settings());
    Ok(super::super::json(StatusCode::OK, &Envelope { success: true, data }))
}

async fn found(api: &Api, access: &Access, asked: Asked) -> Result<(usize, Vec<String>), Problem> {
    let found = search::find(api, access, asked).await?;
    Ok((found.total, found.ids))
}
