//! Goods that come, go, are counted, and travel between warehouses.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Kind, Movements, Skus, Transfers, Versioned},
    happened::{Happened, happened},
    history,
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    domain::Domain,
    stock::{MovementState, SkuState, Stock, TransferState},
    store::{EntityRef, StoredEvent},
};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{Allocation, MovementKind, StockCommand, StockEvent},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Goods that come, go or are counted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMovement {
    /// The product.
    #[schema(min_length = 1, max_length = 100)]
    sku: String,
    /// Where.
    #[schema(min_length = 1, max_length = 40)]
    warehouse: String,
    /// Which way.
    kind: MovementKind,
    /// How many, at least 1; an adjustment's is signed and not 0, a count's may be 0.
    quantity: i64,
    /// Why; required for an adjustment.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Goods that leave one warehouse for another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    /// The product.
    #[schema(min_length = 1, max_length = 100)]
    sku: String,
    /// From where.
    #[schema(min_length = 1, max_length = 40)]
    from: String,
    /// To where.
    #[schema(min_length = 1, max_length = 40)]
    to: String,
    /// How many.
    #[schema(minimum = 1)]
    quantity: i64,
}

/// What a supplier says is there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewObservation {
    /// The product.
    #[schema(min_length = 1, max_length = 100)]
    sku: String,
    /// The supplier's warehouse.
    #[schema(min_length = 1, max_length = 40)]
    warehouse: String,
    /// Units there.
    #[schema(minimum = 0)]
    quantity: i64,
    /// When the supplier counted.
    observed_at: Timestamp,
}

/// Which movements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfProduct {
    /// The product.
    #[param(min_length = 1, max_length = 180)]
    sku: String,
    /// Only those that changed its level in this warehouse. Looked for through 2,000 changes a page,
    /// so a page may hold fewer than asked for, or nothing, although more follow.
    #[param(min_length = 1, max_length = 40)]
    warehouse: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// The newest first.
    #[serde(default)]
    #[param(default = false)]
    newest: bool,
}

/// Which transfers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Journeys {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only those of this product. Looked for through 2,000 transfers a page, so a page may hold fewer
    /// than asked for, or nothing, although more follow.
    #[param(min_length = 1, max_length = 180)]
    sku: Option<String>,
    /// Only those that left this warehouse; looked for in the same way.
    #[param(min_length = 1, max_length = 40)]
    from: Option<String>,
    /// Only those that go to this warehouse, or went there; looked for in the same way.
    #[param(min_length = 1, max_length = 40)]
    to: Option<String>,
    /// Only those that have arrived; or, if `false`, that have not. Looked for in the same way.
    received: Option<bool>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(list_transfers, start_transfer))
        .routes(routes!(get_transfer))
        .routes(routes!(receive_transfer))
        .routes(routes!(observe))
}

/// What has changed a product's stock, oldest first unless asked otherwise.
#[utoipa::path(get, path = "/v1/stock/movements", tag = "stock", params(OfProduct),
    responses((status = OK, body = Page<Happened>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<OfProduct>,
) -> Result<Response, Problem> {
    let OfProduct { sku, warehouse, limit, cursor, newest } = wanted;
    let asked = Asked::new(limit, cursor)?;
    read::bounded("sku", Some(&sku), 180)?;
    read::bounded("warehouse", warehouse.as_deref(), 40)?;
    let entity = Skus::entity(&sku).ok_or_else(|| Problem::not_found(Skus::WHAT))?;
    let (tenant, domain) = (access.id().clone(), Stock::NAME.to_owned());
    let address = EntityRef { tenant, domain, entity };
    let version = async || {
        let there = api.intake().read::<Stock>(access.id(), &address.entity).await?;
        Ok::<_, Problem>(there.map_or(0, |(_, version)| version))
    };
    let page = match (newest, warehouse) {
        (true, None) => history::newest(&api, &address, version().await?, asked).await?,
        (false, None) => history::page(&api, &address, asked).await?,
        (true, Some(warehouse)) => {
            let here = |event: &StoredEvent| is_at(event, &sku, &warehouse);
            history::newest_of(&api, &address, version().await?, asked, here).await?
        }
        (false, Some(warehouse)) => {
            let here = |event: &StoredEvent| is_at(event, &sku, &warehouse);
            let show = |event: &StoredEvent| Ok(here(event).then(|| happened(event)));
            history::some(&api, &address, asked, show).await?
        }
    };
    Ok(super::super::json(StatusCode::OK, &page))
}

/// Whether a change is of the product's level in the warehouse.
fn is_at(event: &StoredEvent, sku: &str, warehouse: &str) -> bool {
    // What cannot be read is shown rather than left out.
    let Ok(event) = serde_json::from_str::<StockEvent>(&event.payload) else { return true };
    let here = |change: &Allocation| change.sku == sku && change.warehouse == warehouse;
    match event {
        StockEvent::Moved { change, .. } | StockEvent::Observed { change, .. } => here(&change),
        StockEvent::TransferStarted { from, to } => here(&from) || to == warehouse,
        StockEvent::TransferReceived { to } => here(&to),
        StockEvent::Observations { allocations, .. }
        | StockEvent::Reserved { allocations, .. }
        | StockEvent::Released { allocations, .. }
        | StockEvent::Committed { allocations } => allocations.iter().any(here),
        StockEvent::WarehousePut { .. }
        | StockEvent::Configured { .. }
        | StockEvent::Retotalled { .. }
        | StockEvent::Wanted { .. }
        | StockEvent::Renewed { .. }
        | StockEvent::CommitFailed { .. } => false,
    }
}

/// Lets goods come, go or be counted anew.
#[utoipa::path(post, path = "/v1/stock/movements", tag = "stock", params(HowAsked),
    request_body = NewMovement,
    responses((status = CREATED, body = Versioned<MovementState>)))]
async fn create(ordered: Ordered<NewMovement>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let NewMovement { sku, warehouse, kind, quantity, reason } = body;
    let movement = EntityId::fresh(Timestamp::now());
    let command = StockCommand::Move { movement, sku, warehouse, kind, quantity, reason };
    asking.create::<Movements>(command).await
}

/// A movement.
#[utoipa::path(get, path = "/v1/stock/movements/{movement}", tag = "stock",
    params(("movement" = String, Path, max_length = 180)),
    responses((status = OK, body = Versioned<MovementState>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(movement): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Movements>(&api, &access, &headers, &movement).await
}

/// Transfers between warehouses, newest first.
#[utoipa::path(get, path = "/v1/stock/transfers", tag = "stock", params(Journeys),
    responses((status = OK, body = Page<Versioned<TransferState>>)))]
async fn list_transfers(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Journeys>,
) -> Result<Response, Problem> {
    let Journeys { limit, cursor, sku, from, to, received } = wanted;
    for (name, value, max) in [("sku", &sku, 180), ("from", &from, 40), ("to", &to, 40)] {
        read::bounded(name, value.as_deref(), max)?;
    }
    let few = sku.is_some() || from.is_some() || to.is_some() || received.is_some();
    let asked = Asked { few, ..Asked::new(limit, cursor)? };
    let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| one == is);
    let which = |transfer: &TransferState| {
        received.is_none_or(|received| received == transfer.received)
            && same(&sku, &transfer.sku)
            && same(&from, &transfer.from)
            && same(&to, &transfer.to)
    };
    read::some::<Transfers>(&api, &access, &asked, which).await
}

/// Lets goods leave one warehouse for another; they are on their way until received.
#[utoipa::path(post, path = "/v1/stock/transfers", tag = "stock", params(HowAsked),
    request_body = NewTransfer,
    responses((status = CREATED, body = Versioned<TransferState>)))]
async fn start_transfer(ordered: Ordered<NewTransfer>) -> Result<Response, Problem> {
    let Ordered { body: NewTransfer { sku, from, to, quantity }, asking } = ordered;
    let transfer = EntityId::fresh(Timestamp::now());
    let command = StockCommand::Transfer { transfer, sku, from, to, quantity };
    asking.create::<Transfers>(command).await
}

/// A transfer.
#[utoipa::path(get, path = "/v1/stock/transfers/{transfer}", tag = "stock",
    params(("transfer" = String, Path, max_length = 180)),
    responses((status = OK, body = Versioned<TransferState>)))]
async fn get_transfer(
    State(api): State<Api>,
    access: Access,
    Named(transfer): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Transfers>(&api, &access, &headers, &transfer).await
}

/// Says that a transfer has arrived.
#[utoipa::path(post, path = "/v1/stock/transfers/{transfer}/receive", tag = "stock",
    params(("transfer" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<TransferState>)))]
async fn receive_transfer(
    Named(transfer): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let transfer = known_id(&transfer, "transfer")?;
    ordered.asking.change::<Transfers>(StockCommand::ReceiveTransfer { transfer }).await
}

/// Records what a supplier says is there. Older news than what is known changes nothing.
#[utoipa::path(post, path = "/v1/stock/observations", tag = "stock", params(HowAsked),
    request_body = NewObservation,
    responses((status = OK, body = Versioned<SkuState>)))]
async fn observe(ordered: Ordered<NewObservation>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let NewObservation { sku, warehouse, quantity, observed_at } = body;
    if quantity < 0 {
        return Err(Problem::invalid("/quantity", "expected 0 or more"));
    }
    let command = StockCommand::RecordObservation { sku, warehouse, quantity, observed_at };
    asking.change::<Skus>(command).await
}
