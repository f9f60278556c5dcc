//! Messages to people.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Notifications, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::notification::NotificationDocument;
use kontor_messages::notification::NotificationCommand;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Which messages.
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
    /// Only those about this order.
    #[param(min_length = 1, max_length = 200)]
    order: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(retry))
        .routes(routes!(dismiss))
}

/// Messages, newest first.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", params(Wanted),
    responses((status = OK, body = Page<Versioned<NotificationDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let Wanted { limit, cursor, status, order } = wanted;
    read::bounded("status", status.as_deref(), 40)?;
    read::bounded("order", order.as_deref(), 200)?;
    let asked = Asked { status, label: order, ..Asked::new(limit, cursor)? };
    read::some::<Notifications>(&api, &access, &asked, |_| true).await
}

/// A message.
#[utoipa::path(get, path = "/v1/notifications/{notification}", tag = "notifications",
    params(("notification" = String, Path, max_length = 200)),
    responses((status = OK, body = Versioned<NotificationDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(notification): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Notifications>(&api, &access, &headers, &notification).await
}

/// Has a message tried again.
#[utoipa::path(post, path = "/v1/notifications/{notification}/retry", tag = "notifications",
    params(("notification" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<NotificationDocument>)))]
async fn retry(
    Named(notification): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let notification = known_id(&notification, "message")?;
    ordered.asking.change::<Notifications>(NotificationCommand::Retry { notification }).await
}

/// Leaves a message unsent.
#[utoipa::path(post, path = "/v1/notifications/{notification}/dismiss", tag = "notifications",
    params(("notification" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<NotificationDocument>)))]
async fn dismiss(
    Named(notification): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let notification = known_id(&notification, "message")?;
    ordered.asking.change::<Notifications>(NotificationCommand::Dismiss { notification }).await
}
