//! Many products in one request: written together, each row told by itself.

use super::super::{
    Api,
    command::{HowAsked, Ordered, REPLAYED, ask},
    problem::Problem,
};
use super::said::{BulkRow, place, writer};
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use kontor_actors::{
    admission::Lane,
    catalog::{Catalog, ROWS_MAX},
    intake::Caller,
    request::Terms,
};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{
        CatalogCommand, CatalogEvent, Field, ImportRow, NewProduct, RowOutcome, Source, Target,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Many products.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Bulk {
    /// Who says so, for all rows.
    #[serde(default)]
    source: Option<Source>,
    /// The rows.
    #[schema(min_items = 1, max_items = 500)]
    rows: Vec<BulkRow>,
}

/// What has become of all rows.
#[derive(Default, Serialize, ToSchema)]
struct BulkDone {
    /// Products that are new.
    created: usize,
    /// Products of which something is new.
    updated: usize,
    /// Products of which all was known.
    unchanged: usize,
    /// Rows that were passed over.
    failed: usize,
    /// Each row in its place.
    rows: Vec<BulkRowDone>,
}

/// What has become of a row.
#[derive(Serialize, ToSchema)]
struct BulkRowDone {
    /// Which, counted from 0.
    row: usize,
    /// created, updated, unchanged or failed.
    status: &'static str,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<EntityId>,
    /// Fields that a higher source holds: they are as they were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Field>,
    /// Why it was passed over; stable, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The member at fault, as a JSON pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(write))
}

/// Makes and changes many products. A row at fault is told and passed over, the others are done
/// together. The same rows again change nothing; asked again under its key, a request is answered
/// with how its rows stand.
#[utoipa::path(post, path = "/v1/products/bulk", tag = "catalog", params(HowAsked),
    request_body = Bulk, responses((status = OK, body = BulkDone)))]
async fn write(ordered: Ordered<Bulk>) -> Result<Response, Problem> {
    let Ordered { body: Bulk { source, rows }, asking } = ordered;
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return Err(Problem::invalid("/rows", format!("expected 1 to {ROWS_MAX} rows")));
    }
    if let Some(row) = rows.iter().position(|row| row.source.is_some()) {
        let pointer = format!("/rows/{row}/source");
        return Err(Problem::invalid(pointer, "expected the source of all rows beside them"));
    }
    let now = Timestamp::now();
    let rows = rows.into_iter().enumerate().map(|(index, row)| import_row(index, row, now));
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    let command = CatalogCommand::Import { by: writer(source), rows };
    let caller = Caller { lane: Lane::Bulk, ..asking.access.caller().clone() };
    // There is no one thing whose version could be expected.
    let terms = Terms { if_version: None, ..asking.terms };
    let mut outcome = ask::<Catalog>(&asking.api, &caller, terms, command.clone()).await?;
    let replayed = outcome.replayed;
    if replayed {
        let dry = Terms { dry_run: true, ..Terms::default() };
        outcome = ask::<Catalog>(&asking.api, &caller, dry, command).await?;
    }
    let mut done = BulkDone::default();
    for (_, _, event) in &outcome.done.events {
        if let CatalogEvent::RowDone { row, product, outcome, kept } = event {
            done.take(*row, product.clone(), outcome, kept.clone());
        }
    }
    let mut response = super::super::json(StatusCode::OK, &done);
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn import_row(index: usize, row: BulkRow, now: Timestamp) -> Result<ImportRow, Problem> {
    let target = match (&row.id, &row.sku, row.ean()) {
        (Some(id), _, _) => match EntityId::parse(id) {
            Ok(id) => Target::Product(id),
            Err(fault) => {
                return Err(Problem::invalid(format!("/rows/{index}/id"), fault.to_string()));
            }
        },
        (None, Some(sku), _) => Target::Sku(sku.clone()),
        (None, None, Some(ean)) => Target::Ean(ean.to_owned()),
        (None, None, None) => {
            let expected = "expected an id, a SKU or an EAN";
            return Err(Problem::invalid(format!("/rows/{index}"), expected));
        }
    };
    let sku = row.sku.clone().filter(|_| row.id.is_none());
    let new = sku.map(|sku| NewProduct { product: EntityId::fresh(now), sku });
    Ok(ImportRow { target, new, fields: row.fields(), link: None })
}

impl BulkDone {
    fn take(
        &mut self,
        row: usize,
        product: Option<EntityId>,
        outcome: &RowOutcome,
        kept: Vec<Field>,
    ) {
        let (mut code, mut pointer, mut detail) = (None, None, None);
        let (count, status) = match outcome {
            RowOutcome::Created => (&mut self.created, "created"),
            RowOutcome::Updated => (&mut self.updated, "updated"),
            RowOutcome::Unchanged => (&mut self.unchanged, "unchanged"),
            RowOutcome::Failed { code: why, pointer: at, detail: told } => {
                let at = at.as_deref().map(|at| format!("/rows/{row}{}", place(at)));
                (code, pointer, detail) = (Some(why.clone()), at, Some(told.clone()));
                (&mut self.failed, "failed")
            }
        };
        *count += 1;
        self.rows.push(BulkRowDone { row, status, product, kept, code, pointer, detail });
    }
}
