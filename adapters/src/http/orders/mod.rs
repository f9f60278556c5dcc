//! Orders: placing and reading them.

mod actions;

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered, Outcome},
    document::{Kind, Orders, Versioned},
    history,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    order::{Order, external_key, state::OrderDocument},
    placing::{PlacedHow, place_order},
    replay::{Until, state_at},
};
use kontor_messages::{TenantId, Timestamp, order::PlaceOrder};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// An order is shown as it was only if it has seen no more changes than this.
const CHANGES_MAX: i64 = 5_000;

/// Which orders.
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
    /// Only these.
    #[param(min_length = 1, max_length = 40)]
    status: Option<String>,
    /// The order of this number.
    #[param(min_length = 1, max_length = 100)]
    number: Option<String>,
    /// The order that its channel calls so; needs `channel`.
    #[param(min_length = 1, max_length = 100)]
    external_id: Option<String>,
    /// The channel of `external_id`.
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// The channel's account of `external_id`, if the order has one.
    #[param(min_length = 1, max_length = 100)]
    account: Option<String>,
}

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
        .routes(routes!(list, place))
        .routes(routes!(get))
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

/// Orders, newest first; or the one of a number, or of a channel's id.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(Wanted),
    responses((status = OK, body = Page<Versioned<OrderDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let Some((name, value)) = wanted.key()? else {
        let asked = read::StatusPaging {
            limit: wanted.limit,
            cursor: wanted.cursor,
            status: wanted.status,
        };
        return read::many::<Orders>(&api, &access, Asked::try_from(asked)).await;
    };
    let found = api.intake().find::<Order>(access.id(), name, &value).await?;
    let page = match found {
        Some(order) => page_of(read::load::<Orders>(&api, access.id(), order.as_str()).await?)?,
        None => Page { items: Vec::new(), next_cursor: None },
    };
    Ok(super::json(StatusCode::OK, &page))
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

fn page_of(order: read::Loaded<Orders>) -> Result<Page<Versioned<OrderDocument>>, Problem> {
    let document = Orders::document(&order.state).ok_or_else(|| Problem::not_found("order"))?;
    let (id, document) = (order.entity.to_string(), document.into_owned());
    let items = vec![Versioned { id, version: order.version, document }];
    Ok(Page { items, next_cursor: None })
}

impl Wanted {
    /// The key that is asked for, if one is.
    fn key(&self) -> Result<Option<(&'static str, String)>, Problem> {
        read::bounded("number", self.number.as_deref(), 100)?;
        read::bounded("external_id", self.external_id.as_deref(), 100)?;
        read::bounded("channel", self.channel.as_deref(), 40)?;
        read::bounded("account", self.account.as_deref(), 100)?;
        match (&self.number, &self.external_id, &self.channel) {
            (Some(number), None, None) => Ok(Some(("number", number.clone()))),
            (None, Some(external_id), Some(channel)) => {
                let key = external_key(channel, self.account.as_deref(), external_id);
                Ok(Some((key.name, key.value)))
            }
            (None, None, None) if self.account.is_none() => Ok(None),
            _ => Err(Problem::parameter(
                "external_id",
                "expected number alone, or external_id with channel",
            )),
        }
    }
}
