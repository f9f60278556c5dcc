//! Categories and their tree.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Categories, Kind, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page, StatusPaging},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    catalog::{Branch, Catalog, CategoryDocument, branches},
    domain::Domain,
    store::ListQuery,
};
use kontor_messages::{
    EntityId, TenantId, Timestamp,
    catalog::{CatalogCommand, Category, CategoryPatch, category_entity},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows read at a time for the tree.
const PAGE: u32 = 500;

/// Where a category goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Moving {
    /// Into which category; to the top, if it says none.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 180)]
    parent: Option<String>,
    /// Where among its siblings; smaller comes first.
    #[serde(default)]
    position: i32,
}

/// What a category becomes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Merging {
    /// The category that it is from now on.
    #[schema(min_length = 1, max_length = 180)]
    into: String,
}

/// The tree of categories.
#[derive(Serialize, ToSchema)]
struct Tree {
    /// What is at the top.
    items: Vec<TreeNode>,
}

/// A category with all below it.
#[derive(Serialize, ToSchema)]
struct TreeNode {
    /// Its id.
    id: String,
    /// Its name by language.
    names: BTreeMap<String, String>,
    /// Its name in addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    /// The ids from the top down to it, itself last.
    path: Vec<String>,
    /// What is below it.
    #[schema(no_recursion)]
    children: Vec<TreeNode>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(tree))
        .routes(routes!(get, change))
        .routes(routes!(move_to))
        .routes(routes!(merge))
        .routes(routes!(archive))
        .routes(routes!(restore))
}

/// Categories, newest first.
#[utoipa::path(get, path = "/v1/categories", tag = "catalog", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<CategoryDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Categories>(&api, &access, Asked::try_from(paging)).await
}

/// Makes a category.
#[utoipa::path(post, path = "/v1/categories", tag = "catalog", params(HowAsked),
    request_body = Category,
    responses((status = CREATED, body = Versioned<CategoryDocument>)))]
async fn create(ordered: Ordered<Category>) -> Result<Response, Problem> {
    let Ordered { body: content, mut asking } = ordered;
    let category = EntityId::fresh(Timestamp::now());
    asking.terms.fresh = Some(category_entity(category.as_str()));
    asking.create::<Categories>(CatalogCommand::CreateCategory { category, content }).await
}

/// All categories that are shown, in their tree.
#[utoipa::path(get, path = "/v1/categories/tree", tag = "catalog",
    responses((status = OK, body = Tree)))]
async fn tree(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let all = all(&api, access.id()).await?;
    let items = branches(&all).into_iter().map(node).collect();
    Ok(super::super::json(StatusCode::OK, &Tree { items }))
}

/// A category.
#[utoipa::path(get, path = "/v1/categories/{category}", tag = "catalog",
    params(("category" = String, Path, max_length = 180)),
    responses((status = OK, body = Versioned<CategoryDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(category): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Categories>(&api, &access, &headers, &category).await
}

/// Changes a category in its place.
#[utoipa::path(patch, path = "/v1/categories/{category}", tag = "catalog",
    params(("category" = String, Path, max_length = 180), HowAsked),
    request_body = CategoryPatch,
    responses((status = OK, body = Versioned<CategoryDocument>)))]
async fn change(
    Named(category): Named<String>,
    ordered: Ordered<CategoryPatch>,
) -> Result<Response, Problem> {
    let category = known_id(&category, "category")?;
    let Ordered { body: patch, asking } = ordered;
    asking.change::<Categories>(CatalogCommand::ChangeCategory { category, patch }).await
}

/// Puts a category, with all below it, elsewhere in the tree.
#[utoipa::path(post, path = "/v1/categories/{category}/move", tag = "catalog",
    params(("category" = String, Path, max_length = 180), HowAsked),
    request_body = Moving,
    responses((status = OK, body = Versioned<CategoryDocument>)))]
async fn move_to(
    Named(category): Named<String>,
    ordered: Ordered<Moving>,
) -> Result<Response, Problem> {
    let category = known_id(&category, "category")?;
    let Ordered { body: Moving { parent, position }, asking } = ordered;
    let command = CatalogCommand::MoveCategory { category, parent, position };
    asking.change::<Categories>(command).await
}

/// Lets a category be another one: its products and what is below it are there from now on.
#[utoipa::path(post, path = "/v1/categories/{category}/merge", tag = "catalog",
    params(("category" = String, Path, max_length = 180), HowAsked),
    request_body = Merging,
    responses((status = OK, body = Versioned<CategoryDocument>)))]
async fn merge(
    Named(category): Named<String>,
    ordered: Ordered<Merging>,
) -> Result<Response, Problem> {
    let category = known_id(&category, "category")?;
    let Ordered { body: Merging { into }, asking } = ordered;
    asking.change::<Categories>(CatalogCommand::MergeCategory { category, into }).await
}

/// Hides a category with all below it.
#[utoipa::path(post, path = "/v1/categories/{category}/archive", tag = "catalog",
    params(("category" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<CategoryDocument>)))]
async fn archive(
    Named(category): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let category = known_id(&category, "category")?;
    let command = CatalogCommand::ArchiveCategory { category, archived: true };
    ordered.asking.change::<Categories>(command).await
}

/// Shows a category again.
#[utoipa::path(post, path = "/v1/categories/{category}/restore", tag = "catalog",
    params(("category" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<CategoryDocument>)))]
async fn restore(
    Named(category): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let category = known_id(&category, "category")?;
    let command = CatalogCommand::ArchiveCategory { category, archived: false };
    ordered.asking.change::<Categories>(command).await
}

/// All categories of a tenant by their ids. How many there may be is bounded when they are made.
pub(super) async fn all(
    api: &Api,
    tenant: &TenantId,
) -> Result<BTreeMap<String, CategoryDocument>, Problem> {
    let (mut all, mut before) = (BTreeMap::new(), None);
    loop {
        let wanted = ListQuery {
            tenant: tenant.clone(),
            domain: Catalog::NAME.to_owned(),
            prefix: Categories::PREFIX.to_owned(),
            status: None,
            label: None,
            from: None,
            before: before.take(),
            limit: PAGE,
        };
        let page = api.store().list(&wanted).await?;
        before = page.last().map(|row| row.entity.to_string());
        let full = page.len() == PAGE as usize;
        for row in page {
            let state = read::parse::<Categories>(&row)?;
            if let Some(category) = state.category() {
                all.insert(Categories::id(&row.entity).to_owned(), category.clone());
            }
        }
        if !full {
            return Ok(all);
        }
    }
}

fn node(branch: Branch<'_>) -> TreeNode {
    let Branch { id, category, path, children } = branch;
    TreeNode {
        id: id.to_owned(),
        names: category.content.names.clone(),
        slug: category.content.slug.clone(),
        path: path.into_iter().map(str::to_owned).collect(),
        children: children.into_iter().map(node).collect(),
    }
}
