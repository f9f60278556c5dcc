//! What the undoing of an import left as it was found: somebody had touched it since.

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
    past::{Past, product},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::catalog::Product;
use kontor_messages::{
    EntityId,
    catalog::{Field, Source},
    supplier::{Kept, SupplierEvent},
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

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What the undoing of an import left as it was found, newest change first: a hundred at most of
/// each twenty of the import's events. Empty, if it was not undone.
#[utoipa::path(get, path = "/v1/imports/{import}/kept", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Paging),
    responses((status = OK, body = Page<KeptView>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let limit = read::Asked::new(paging.limit, None)?.limit;
    let there = read::load::<Imports>(&api, access.id(), &import).await?;
    let of = (access.id(), &there.entity);
    let names = &["import.undone_in_part"];
    let past = Past::begin(&api, of, paging.cursor.as_deref(), names, told)?;
    let mut past = past.skip(there.version, |name| Some(!name.starts_with("import.und"))).await?;
    let tells = access.may_read(&api, TELLS_PRODUCTS).await;
    let mut items = Vec::new();
    for kept in past.next(limit, |_| true).await? {
        let known = match &kept.product {
            Some(sku) if tells => product(&api, access.id(), sku).await?,
            _ => None,
        };
        items.push(view(known, kept));
    }
    let page = Page { items, next_cursor: past.cursor() };
    Ok(super::super::json(StatusCode::OK, &page))
}

fn told(event: SupplierEvent) -> Vec<Kept> {
    match event {
        SupplierEvent::UndoneInPart { kept, .. } => kept,
        _ => Vec::new(),
    }
}

fn view(known: Option<(EntityId, Box<Product>, i64)>, kept: Kept) -> KeptView {
    let id = known.as_ref().and_then(|(entity, ..)| entity.as_str().strip_prefix("product/"));
    let field: Option<Field> = kept.field.parse().ok();
    let owner =
        known.as_ref().zip(field).and_then(|((_, product, _), field)| product.owner(&field));
    KeptView {
        product_id: id.map(str::to_owned),
        writer: owner.map(|owner| owner.source.clone()),
        import: owner.and_then(|owner| owner.run.clone()),
        kept,
    }
}
