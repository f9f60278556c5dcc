//! What can be done with an order that is there.

use super::super::{
    Api,
    command::{HowAsked, Nothing, Ordered},
    document::{Orders, Versioned},
    path::{Named, known_id},
    problem::Problem,
};
use axum::response::Response;
use kontor_actors::order::state::OrderDocument;
use kontor_messages::order::{CancelReason, LineQuantity, OrderCommand, Parcel};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A cancellation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancelling {
    /// Why.
    reason: CancelReason,
    /// Which units; the whole order if there are none.
    #[serde(default)]
    #[schema(max_items = 200)]
    lines: Vec<LineQuantity>,
}

/// An arrival.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Delivery {
    /// Which parcel, counted from 0; all if absent.
    #[serde(default)]
    #[schema(minimum = 0)]
    parcel: Option<u32>,
}

/// Goods that come back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Returning {
    /// Which units; all that was sent if there are none.
    #[serde(default)]
    #[schema(max_items = 200)]
    lines: Vec<LineQuantity>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// Whether they go back on the shelf.
    #[serde(default)]
    restock: bool,
}

/// A note for colleagues.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    /// The note.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(confirm))
        .routes(routes!(cancel))
        .routes(routes!(process))
        .routes(routes!(ship))
        .routes(routes!(deliver))
        .routes(routes!(take_back))
        .routes(routes!(retry_stock))
        .routes(routes!(add_note))
}

/// Releases an order without a payment through Kontor: invoice, cash on delivery.
#[utoipa::path(post, path = "/v1/orders/{order}/confirm", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn confirm(
    Named(order): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    ordered.asking.change::<Orders>(OrderCommand::Confirm { order }).await
}

/// Ends an order, or some of its lines, before shipping.
#[utoipa::path(post, path = "/v1/orders/{order}/cancel", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body = Cancelling,
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn cancel(
    Named(order): Named<String>,
    ordered: Ordered<Cancelling>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    let Ordered { body: Cancelling { reason, lines }, asking } = ordered;
    asking.change::<Orders>(OrderCommand::Cancel { order, reason, lines, key: None }).await
}

/// Says that packing has begun.
#[utoipa::path(post, path = "/v1/orders/{order}/process", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn process(
    Named(order): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    ordered.asking.change::<Orders>(OrderCommand::Process { order }).await
}

/// Sends a parcel; with all that is left if it names no lines.
#[utoipa::path(post, path = "/v1/orders/{order}/ship", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body = Parcel,
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn ship(Named(order): Named<String>, ordered: Ordered<Parcel>) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    let Ordered { body: parcel, asking } = ordered;
    asking.change::<Orders>(OrderCommand::Ship { order, parcel, key: None }).await
}

/// Says that a parcel, or all of them, has arrived.
#[utoipa::path(post, path = "/v1/orders/{order}/deliver", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Delivery>),
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn deliver(
    Named(order): Named<String>,
    ordered: Ordered<Delivery>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    let Ordered { body: Delivery { parcel }, asking } = ordered;
    asking.change::<Orders>(OrderCommand::Deliver { order, parcel }).await
}

/// Takes goods back after shipping.
#[utoipa::path(post, path = "/v1/orders/{order}/return", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Returning>),
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn take_back(
    Named(order): Named<String>,
    ordered: Ordered<Returning>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    let Ordered { body: Returning { lines, reason, restock }, asking } = ordered;
    let command = OrderCommand::Return { order, lines, reason, restock, key: None };
    asking.change::<Orders>(command).await
}

/// Looks for goods again, for an order that is paid and has none.
#[utoipa::path(post, path = "/v1/orders/{order}/retry-stock", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn retry_stock(
    Named(order): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    ordered.asking.change::<Orders>(OrderCommand::RetryStock { order }).await
}

/// Adds a note for colleagues.
#[utoipa::path(post, path = "/v1/orders/{order}/notes", tag = "orders",
    params(("order" = String, Path, max_length = 200), HowAsked),
    request_body = NewNote,
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn add_note(
    Named(order): Named<String>,
    ordered: Ordered<NewNote>,
) -> Result<Response, Problem> {
    let order = known_id(&order, "order")?;
    let Ordered { body: NewNote { text }, asking } = ordered;
    asking.change::<Orders>(OrderCommand::AddNote { order, text, key: None }).await
}
