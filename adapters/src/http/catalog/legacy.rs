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
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    catalog::{Catalog, Product, SKU_KEY, branches},
    domain::Domain,
    store::ListQuery,
};
use kontor_messages::{
    TenantId,
    catalog::{Field, FieldValue, ProductStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Products looked through for one page at most; a larger catalog is read by `/v1/products`.
const LOOKED_THROUGH_MAX: usize = 20_000;
/// Rows read at a time.
const ROWS: u32 = 500;
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
    #[param(minimum = 1, maximum = 20_000, default = 1)]
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
    if !(1..=LOOKED_THROUGH_MAX).contains(&page) {
        return Err(Problem::parameter("page", format!("expected 1 to {LOOKED_THROUGH_MAX}")));
    }
    let limit = wanted.limit.unwrap_or(20);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    read::bounded("search", wanted.search.as_deref(), 200)?;
    read::bounded("categoryId", wanted.category_id.as_deref(), 180)?;
    let wish = Wish::of(&wanted);
    let (mut total, mut data) = (0, Vec::new());
    let shown = (page - 1) * limit..page * limit;
    each(&api, access.id(), |id, product| {
        if wish.fits(product) {
            if shown.contains(&total) {
                data.push(LegacyProduct::of(id, product, access.settings()));
            }
            total += 1;
        }
    })
    .await?;
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

/// What of a product is asked for.
struct Wish<'w> {
    search: Option<String>,
    active: Option<bool>,
    category: Option<&'w str>,
}

impl<'w> Wish<'w> {
    fn of(wanted: &'w Wanted) -> Self {
        Self {
            search: wanted.search.as_deref().map(str::to_lowercase),
            active: wanted.is_active,
            category: wanted.category_id.as_deref(),
        }
    }

    fn fits(&self, product: &Product) -> bool {
        let active = product.status() == ProductStatus::Active;
        let within =
            |category: &str| product.list(&Field::Categories).iter().any(|known| known == category);
        self.active.is_none_or(|wanted| wanted == active)
            && self.category.is_none_or(within)
            && self.search.as_deref().is_none_or(|text| says(product, text))
    }
}

/// Whether title, SKU, EAN or brand hold a text in lower case.
fn says(product: &Product, text: &str) -> bool {
    let held = product.fields.iter().filter_map(|(field, value)| match (field, value) {
        (Field::Title(_) | Field::Brand | Field::Ean, FieldValue::Text(value)) => Some(value),
        _ => None,
    });
    std::iter::once(&product.sku).chain(held).any(|value| value.to_lowercase().contains(text))
}

/// Looks through a tenant's products, newest first.
async fn each(
    api: &Api,
    tenant: &TenantId,
    mut look: impl FnMut(&str, &Product),
) -> Result<(), Problem> {
    let (mut before, mut seen) = (None, 0);
    loop {
        let wanted = ListQuery {
            tenant: tenant.clone(),
            domain: Catalog::NAME.to_owned(),
            prefix: Products::PREFIX.to_owned(),
            status: None,
            before: before.take(),
            limit: ROWS,
        };
        let page = api.store().list(&wanted).await?;
        before = page.last().map(|row| row.entity.to_string());
        seen += page.len();
        for row in &page {
            let state = read::parse::<Products>(row)?;
            if let Some(product) = state.product() {
                look(Products::id(&row.entity), product);
            }
        }
        if page.len() < ROWS as usize {
            return Ok(());
        }
        if seen >= LOOKED_THROUGH_MAX {
            let detail = "the catalog is too large to be counted through: read /v1/products";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", detail));
        }
    }
}
