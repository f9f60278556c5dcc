//! Orders: placing and reading them.

mod actions;
mod found;
mod goods;
mod list;
mod margin;
mod margins;
mod placed;
mod summary;
mod sums;

pub(super) use found::named;
pub(super) use list::check_view;
pub(super) use summary::Summaries;

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered, Outcome},
    document::{Kind, Orders, Versioned},
    history,
    path::Named,
    problem::Problem,
    query, read,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    order::{Order, state::OrderDocument},
    placing::{PlacedHow, place_order},
    replay::{Until, state_at},
};
use kontor_messages::{TenantId, Timestamp, order::PlaceOrder};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// An order is shown as it was only if it has seen no more changes than this.
const CHANGES_MAX: i64 = 5_000;

/// As of when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct AsOf {
    /// As it was at that time (RFC 3339).
    #[param(value_type = Option<Timestamp>)]
    at: Option<Timestamp>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(place))
        .routes(routes!(get))
        .merge(list::routes())
        .merge(margin::routes())
        .merge(margins::routes())
        .merge(summary::routes())
        .merge(actions::routes())
        .merge(history::of_orders())
}

/// Places an order: holds all its lines or none. The channel's id a second time answers with the
/// order that is there (200).
#[utoipa::path(post, path = "/v1/orders", tag = "orders", params(HowAsked),
    request_body = PlaceOrder,
    responses((status = CREATED, body = Versioned<OrderDocument>),
        (status = OK, body = Versioned<OrderDocument>)))]
async fn place(ordered: Ordered<Box<PlaceOrder>>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let (intake, access) = (asking.api.intake(), &asking.access);
    let dry_run = asking.terms.dry_run;
    let placed =
        place_order(intake, access.caller(), body, asking.terms, access.settings()).await?;
    let replayed = placed.how == PlacedHow::Replayed;
    let status = match placed.how {
        PlacedHow::New | PlacedHow::Replayed => StatusCode::CREATED,
        PlacedHow::Known => StatusCode::OK,
    };
    Outcome { done: placed.done, replayed, dry_run }.show::<Orders>(status)
}

/// An order; as it was, if asked for a time.
#[utoipa::path(get, path = "/v1/orders/{order}", tag = "orders",
    params(("order" = String, Path, max_length = 200), AsOf),
    responses((status = OK, body = Versioned<OrderDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(order): Named<String>,
    query::Asked(AsOf { at }): query::Asked<AsOf>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match at {
        None => read::one::<Orders>(&api, &access, &headers, &order).await,
        Some(at) => as_it_was(&api, access.id(), &order, at).await,
    }
}

async fn as_it_was(
    api: &Api,
    tenant: &TenantId,
    order: &str,
    at: Timestamp,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("order at that time");
    let entity = Orders::entity(order).ok_or_else(unknown)?;
    let until = Until::Instant(at);
    let found = state_at::<Order>(api.store(), tenant, &entity, until, CHANGES_MAX).await?;
    let (state, version) = found.ok_or_else(unknown)?;
    let document = Orders::document(&state).ok_or_else(unknown)?;
    let shown = Versioned { id: entity.to_string(), version, document };
    Ok(super::json(StatusCode::OK, &shown))
}
