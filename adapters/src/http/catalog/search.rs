//! Searching for products.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Products, Versioned},
    problem::Problem,
    read::{self, Asked},
};
use super::categories;
use crate::search::{self, Found};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::catalog::{CategoryDocument, ProductDocument};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How far one may turn pages; a better question is better than that.
const OFFSET_MAX: usize = 10_000;

/// Products that were asked or searched for.
#[derive(Serialize, ToSchema)]
pub(super) struct Searched {
    /// The products.
    items: Vec<Versioned<ProductDocument>>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are in all, if they were searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// What those that were searched for have in common: values with how many have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<String, Vec<FacetValue>>>,
}

/// A value with how many products have it.
#[derive(Serialize, ToSchema)]
struct FacetValue {
    /// The value; of attributes `code=value`.
    value: String,
    /// Products that have it.
    count: u64,
}

/// What is searched for.
pub(super) struct Wish {
    pub(super) asked: Asked,
    pub(super) words: String,
    pub(super) brand: Option<String>,
    pub(super) category: Option<String>,
    pub(super) attribute: Option<String>,
}

/// A page of what is found.
pub(super) async fn answer(api: &Api, access: &Access, wish: Wish) -> Result<Response, Problem> {
    let Wish { asked: page, words, brand, category, attribute } = wish;
    read::check_status::<Products>(&page)?;
    let offset = page.cursor.as_deref().unwrap_or("0").parse().ok();
    let offset = offset.filter(|offset| *offset <= OFFSET_MAX);
    let offset = offset.ok_or_else(|| Problem::parameter("cursor", "expected next_cursor"))?;
    let categories = match category {
        Some(category) => Some(below(&categories::all(api, access.id()).await?, &category)),
        None => None,
    };
    let asked = search::Asked {
        words: search::words(&words),
        status: page.status,
        brand,
        categories,
        attributes: attribute.into_iter().collect(),
        offset,
        limit: page.limit,
    };
    let Found { total, ids, facets } = find(api, access, asked).await?;
    let mut items = Vec::with_capacity(ids.len());
    let found = ids.len();
    for id in ids {
        // The index may know a moment longer what is gone.
        let Ok(there) = read::load::<Products>(api, access.id(), &id).await else { continue };
        if let Some(document) = Products::document(&there.state) {
            items.push(Versioned { id, version: there.version, document: document.into_owned() });
        }
    }
    let next = offset + found;
    let next_cursor = (found > 0 && next < total && next <= OFFSET_MAX).then(|| next.to_string());
    let facets = facets.into_iter().map(|(name, values)| {
        let values = values.into_iter().map(|(value, count)| FacetValue { value, count });
        (name, values.collect())
    });
    let page = Searched { items, next_cursor, total: Some(total), facets: Some(facets.collect()) };
    Ok(super::super::json(StatusCode::OK, &page))
}

/// Asks the index.
pub(super) async fn find(
    api: &Api,
    access: &Access,
    asked: search::Asked,
) -> Result<Found, Problem> {
    let Some(index) = api.search() else {
        let detail = "this node does not search";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_search", detail));
    };
    index.find(access.id(), asked).await.map_err(|fault| {
        tracing::error!(%fault, "an index cannot be asked");
        Problem::unavailable("the search cannot be reached")
    })
}

/// A category with all that is below it, by whatever names products may still call it.
pub(super) fn below(all: &BTreeMap<String, CategoryDocument>, id: &str) -> Vec<String> {
    let mut found = BTreeSet::from([id.to_owned()]);
    loop {
        let more = all.iter().filter(|(id, category)| {
            let leads = |to: &Option<String>| to.as_ref().is_some_and(|to| found.contains(to));
            let within = match &category.merged_into {
                Some(_) => leads(&category.merged_into),
                None => leads(&category.content.parent),
            };
            within && !found.contains(*id)
        });
        let more: Vec<String> = more.map(|(id, _)| id.clone()).collect();
        if more.is_empty() {
            return found.into_iter().collect();
        }
        found.extend(more);
    }
}
