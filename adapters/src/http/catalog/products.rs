//! Making, reading, changing and archiving products.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Kind, Products, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page, StatusPaging},
};
use super::{
    said::{NewProductBody, ProductPatch, told, writer},
    search::{self, Searched},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    catalog::{Catalog, LINK_KEY, ProductDocument, SKU_KEY},
    domain::Domain,
};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{
        CatalogCommand, Field, FieldValue, Fields, Gtin, NewProduct, ProductStatus, Writer,
        ean_entity, gtin, product_entity,
    },
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Which products.
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
    /// Only these: draft, active or archived.
    #[param(min_length = 1, max_length = 40)]
    status: Option<String>,
    /// The product of this SKU.
    #[param(min_length = 1, max_length = 100)]
    sku: Option<String>,
    /// The products that carry this EAN or GTIN.
    #[param(min_length = 1, max_length = 40)]
    ean: Option<String>,
    /// The product that `supplier` knows by this code.
    #[param(min_length = 1, max_length = 100)]
    code: Option<String>,
    /// The supplier of `code`.
    #[param(min_length = 1, max_length = 40)]
    supplier: Option<String>,
    /// Words in title, summary, brand, tags, attributes, SKU, EAN or the maker's code: best first,
    /// without regard to accents, forgiving a slip.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Only of this brand.
    #[param(min_length = 1, max_length = 200)]
    brand: Option<String>,
    /// Only in this category, or below it.
    #[param(min_length = 1, max_length = 180)]
    category: Option<String>,
    /// Only with this attribute, as `code=value`.
    #[param(min_length = 3, max_length = 2100)]
    attribute: Option<String>,
}

/// Fields that any source may write again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FieldsRelease {
    /// Which.
    #[schema(min_items = 1, max_items = 200)]
    fields: Vec<Field>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change))
        .routes(routes!(archive))
        .routes(routes!(release))
        .routes(routes!(reprice))
}

/// Products, newest first; those of a SKU, an EAN, or a supplier's code; or those that are searched
/// for, with how many there are and what they have in common.
#[utoipa::path(get, path = "/v1/products", tag = "catalog", params(Wanted),
    responses((status = OK, body = Searched)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    if wanted.is_searched() {
        return search::answer(&api, &access, wanted.search()?).await;
    }
    let named = wanted.named(&api, &access).await?;
    let Wanted { limit, cursor, status, .. } = wanted;
    let asked = Asked::try_from(StatusPaging { limit, cursor, status })?;
    read::check_status::<Products>(&asked)?;
    let Some(named) = named else {
        return read::many::<Products>(&api, &access, Ok(asked)).await;
    };
    let mut items = Vec::with_capacity(named.len());
    for entity in named {
        // What was found by another name a moment ago may be gone now.
        let Ok(there) = read::load::<Products>(&api, access.id(), Products::id(&entity)).await
        else {
            continue;
        };
        let status = Catalog::status(&there.state);
        if asked.status.is_some() && asked.status.as_deref() != status {
            continue;
        }
        if let Some(document) = Products::document(&there.state) {
            let (id, document) = (Products::id(&there.entity).to_owned(), document.into_owned());
            items.push(Versioned { id, version: there.version, document });
        }
    }
    Ok(super::super::json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Makes a product.
#[utoipa::path(post, path = "/v1/products", tag = "catalog", params(HowAsked),
    request_body = NewProductBody,
    responses((status = CREATED, body = Versioned<ProductDocument>)))]
async fn create(ordered: Ordered<NewProductBody>) -> Result<Response, Problem> {
    let Ordered { mut body, mut asking } = ordered;
    let product = EntityId::fresh(Timestamp::now());
    asking.terms.fresh = Some(product_entity(product.as_str()));
    let (sku, by) = (std::mem::take(&mut body.sku), writer(body.source.take()));
    let new = NewProduct { product, sku };
    let command = CatalogCommand::CreateProduct { new, fields: body.fields(), by };
    asking.create::<Products>(command).await.map_err(told)
}

/// A product.
#[utoipa::path(get, path = "/v1/products/{product}", tag = "catalog",
    params(("product" = String, Path, max_length = 180)),
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(product): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Products>(&api, &access, &headers, &product).await
}

/// Changes what is known of a product. What a higher source wrote stays as it is; the answer shows
/// who holds what.
#[utoipa::path(patch, path = "/v1/products/{product}", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body = ProductPatch,
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn change(
    Named(product): Named<String>,
    ordered: Ordered<ProductPatch>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    let Ordered { mut body, asking } = ordered;
    let by = writer(body.source.take());
    let command = CatalogCommand::ChangeProduct { product, fields: body.fields(), by };
    asking.change::<Products>(command).await.map_err(told)
}

/// Ends the offer of a product. It is kept, and can be made active again.
#[utoipa::path(post, path = "/v1/products/{product}/archive", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn archive(
    Named(product): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    let archived = FieldValue::Text(ProductStatus::Archived.as_str().to_owned());
    let fields = Fields::from([(Field::Status, Some(archived))]);
    let command = CatalogCommand::ChangeProduct { product, fields, by: Writer::operator() };
    ordered.asking.change::<Products>(command).await.map_err(told)
}

/// Lets any source write these fields again.
#[utoipa::path(post, path = "/v1/products/{product}/release", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body = FieldsRelease,
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn release(
    Named(product): Named<String>,
    ordered: Ordered<FieldsRelease>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    let Ordered { body: FieldsRelease { fields }, asking } = ordered;
    asking.change::<Products>(CatalogCommand::ReleaseFields { product, fields }).await
}

/// Has a product's prices follow the rules as they stand.
#[utoipa::path(post, path = "/v1/products/{product}/reprice", tag = "catalog",
    params(("product" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<ProductDocument>)))]
async fn reprice(
    Named(product): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let product = known_id(&product, "product")?;
    ordered.asking.change::<Products>(CatalogCommand::Reprice { product }).await
}

impl Wanted {
    fn is_searched(&self) -> bool {
        [&self.q, &self.brand, &self.category, &self.attribute].iter().any(|one| one.is_some())
    }

    /// What is searched for.
    fn search(self) -> Result<search::Wish, Problem> {
        let named = [&self.sku, &self.ean, &self.supplier, &self.code];
        if named.iter().any(|one| one.is_some()) {
            return Err(Problem::parameter("sku", "expected no other name in a search"));
        }
        for (name, value, max) in [
            ("q", &self.q, 200),
            ("brand", &self.brand, 200),
            ("category", &self.category, 180),
            ("attribute", &self.attribute, 2_100),
        ] {
            read::bounded(name, value.as_deref(), max)?;
        }
        let Self { limit, cursor, status, q, brand, category, attribute, .. } = self;
        let asked = Asked::try_from(StatusPaging { limit, cursor, status })?;
        Ok(search::Wish { asked, words: q.unwrap_or_default(), brand, category, attribute })
    }

    /// The products of another name, if one is asked for.
    async fn named(&self, api: &Api, access: &Access) -> Result<Option<Vec<EntityId>>, Problem> {
        read::bounded("sku", self.sku.as_deref(), 100)?;
        read::bounded("code", self.code.as_deref(), 100)?;
        read::bounded("supplier", self.supplier.as_deref(), 40)?;
        let key = match (&self.sku, &self.ean, &self.supplier, &self.code) {
            (None, None, None, None) => return Ok(None),
            (Some(sku), None, None, None) => (SKU_KEY, sku.clone()),
            (None, None, Some(supplier), Some(code)) => (LINK_KEY, format!("{supplier}/{code}")),
            (None, Some(ean), None, None) => {
                let code = Gtin::parse(ean);
                let code = code.ok_or_else(|| Problem::parameter("ean", gtin::EXPECTED))?;
                let found = api.intake().read::<Catalog>(access.id(), &ean_entity(&code)).await?;
                let carried = found.map(|(state, _)| state.ean().to_vec()).unwrap_or_default();
                return Ok(Some(carried.iter().map(|id| product_entity(id)).collect()));
            }
            _ => {
                let expected = "expected sku alone, ean alone, or code with supplier";
                return Err(Problem::parameter("sku", expected));
            }
        };
        let found = api.intake().find::<Catalog>(access.id(), key.0, &key.1).await?;
        Ok(Some(found.into_iter().collect()))
    }
}
