//! What is held for orders, for those who place their orders elsewhere.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Reservations, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page, bounded},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::stock::{ReservationState, ReservationStatus, ReservedLine};
use kontor_messages::{
    EntityId, Timestamp,
    stock::{ReleaseReason, ReservationLine, StockCommand},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is to be held.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReservation {
    /// Its id; made if absent.
    #[serde(default)]
    reservation: Option<EntityId>,
    /// For which sales channel.
    #[schema(min_length = 1, max_length = 40)]
    channel: String,
    /// What: all of it or nothing.
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<ReservationLine>,
    /// Until when, unless renewed.
    until: Timestamp,
}

/// A new deadline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Renewal {
    /// The new deadline; an earlier one than the present changes nothing.
    until: Timestamp,
}

/// What is given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenBack {
    /// What; all of it if there is none.
    #[serde(default)]
    #[schema(max_items = 200)]
    lines: Vec<ReservationLine>,
    /// Names this release; the same one a second time changes nothing.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    key: Option<String>,
}

/// Which reservations.
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
    /// Only those of this product, or of a bundle that it is a part of. Looked for through 2,000
    /// reservations a page, so a page may hold fewer than asked for, or nothing, although more follow.
    #[param(min_length = 1, max_length = 180)]
    sku: Option<String>,
    /// Only those that hold something in this warehouse, or took it from there; with `sku`, of that
    /// product. Looked for in the same way.
    #[param(min_length = 1, max_length = 40)]
    warehouse: Option<String>,
    /// Only those that stand so; looked for in the same way.
    status: Option<ReservationStatus>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, reserve))
        .routes(routes!(get))
        .routes(routes!(renew))
        .routes(routes!(release))
        .routes(routes!(commit))
}

/// Reservations, newest first; an order's has the order's id.
#[utoipa::path(get, path = "/v1/stock/reservations", tag = "stock", params(Wanted),
    responses((status = OK, body = Page<Versioned<ReservationState>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let Wanted { limit, cursor, sku, warehouse, status } = wanted;
    bounded("sku", sku.as_deref(), 180)?;
    bounded("warehouse", warehouse.as_deref(), 40)?;
    let few = sku.is_some() || warehouse.is_some() || status.is_some();
    let asked = Asked { few, ..Asked::new(limit, cursor)? };
    let which = |reservation: &ReservationState| {
        status.is_none_or(|status| status == reservation.status)
            && match &warehouse {
                None => sku.as_deref().is_none_or(|sku| holds(reservation, sku)),
                Some(warehouse) => holds_at(reservation, sku.as_deref(), warehouse),
            }
    };
    read::some::<Reservations>(&api, &access, &asked, which).await
}

/// Whether a reservation is of a product, by itself or as a part of a bundle.
fn holds(reservation: &ReservationState, sku: &str) -> bool {
    let part = |line: &ReservedLine| line.parts.iter().any(|part| part.sku.as_deref() == Some(sku));
    reservation.lines.iter().any(|line| line.sku == sku || part(line))
}

/// Whether a reservation has something from a warehouse: of a product, if one is named.
fn holds_at(reservation: &ReservationState, sku: Option<&str>, warehouse: &str) -> bool {
    let mut parts = reservation.lines.iter().flat_map(|line| {
        line.parts.iter().map(|part| (part.sku.as_ref().unwrap_or(&line.sku), &part.warehouse))
    });
    parts.any(|(of, at)| at == warehouse && sku.is_none_or(|sku| sku == of))
}

/// Holds all lines or none.
#[utoipa::path(post, path = "/v1/stock/reservations", tag = "stock", params(HowAsked),
    request_body = NewReservation,
    responses((status = CREATED, body = Versioned<ReservationState>)))]
async fn reserve(ordered: Ordered<NewReservation>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let NewReservation { reservation, channel, lines, until } = body;
    let reservation = reservation.unwrap_or_else(|| EntityId::fresh(Timestamp::now()));
    let command = StockCommand::Reserve { reservation, channel, lines, until, paid: false };
    asking.create::<Reservations>(command).await
}

/// A reservation.
#[utoipa::path(get, path = "/v1/stock/reservations/{reservation}", tag = "stock",
    params(("reservation" = String, Path, max_length = 180)),
    responses((status = OK, body = Versioned<ReservationState>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(reservation): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Reservations>(&api, &access, &headers, &reservation).await
}

/// Holds on for longer.
#[utoipa::path(post, path = "/v1/stock/reservations/{reservation}/renew", tag = "stock",
    params(("reservation" = String, Path, max_length = 180), HowAsked),
    request_body = Renewal,
    responses((status = OK, body = Versioned<ReservationState>)))]
async fn renew(
    Named(reservation): Named<String>,
    ordered: Ordered<Renewal>,
) -> Result<Response, Problem> {
    let reservation = known_id(&reservation, "reservation")?;
    let Ordered { body: Renewal { until }, asking } = ordered;
    asking.change::<Reservations>(StockCommand::Renew { reservation, until }).await
}

/// Gives all or some of it back.
#[utoipa::path(post, path = "/v1/stock/reservations/{reservation}/release", tag = "stock",
    params(("reservation" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<GivenBack>),
    responses((status = OK, body = Versioned<ReservationState>)))]
async fn release(
    Named(reservation): Named<String>,
    ordered: Ordered<GivenBack>,
) -> Result<Response, Problem> {
    let reservation = known_id(&reservation, "reservation")?;
    let Ordered { body: GivenBack { lines, key }, asking } = ordered;
    let whole = || match lines.is_empty() {
        true => "all".to_owned(),
        false => EntityId::fresh(Timestamp::now()).to_string(),
    };
    let key = key.unwrap_or_else(whole);
    let reason = ReleaseReason::Released;
    asking.change::<Reservations>(StockCommand::Release { reservation, lines, key, reason }).await
}

/// Makes the goods the customer's.
#[utoipa::path(post, path = "/v1/stock/reservations/{reservation}/commit", tag = "stock",
    params(("reservation" = String, Path, max_length = 180), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<ReservationState>)))]
async fn commit(
    Named(reservation): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let reservation = known_id(&reservation, "reservation")?;
    ordered.asking.change::<Reservations>(StockCommand::Commit { reservation }).await
}
