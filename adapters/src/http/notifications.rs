//! Messages to people.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Notifications, Versioned},
    history,
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    notification::NotificationDocument,
    store::{StoreFault, StoredEvent},
};
use kontor_messages::{
    Timestamp,
    notification::{Failure, NotificationCommand, NotificationEvent},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
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
    /// Only those that stand so; a word that none of them can have is refused.
    #[param(min_length = 1, max_length = 40)]
    status: Option<String>,
    /// Only those about this order.
    #[param(min_length = 1, max_length = 200)]
    order: Option<String>,
}

/// How a try to send a message ended.
#[derive(Serialize, ToSchema)]
struct Attempt {
    /// The message's version that it made; later is greater.
    version: i64,
    /// When it ended.
    at: Timestamp,
    /// What came of it.
    result: AttemptResult,
    /// The provider's id for the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// When the message is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
}

/// What came of a try.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AttemptResult {
    /// The provider took the message.
    Sent,
    /// It failed, and the message is tried again.
    Failed,
    /// It failed, and a person must look.
    GivenUp,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(attempts))
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

/// How each try to send a message ended, oldest first. A page may hold few, or none, although more
/// follow.
#[utoipa::path(get, path = "/v1/notifications/{notification}/attempts", tag = "notifications",
    params(("notification" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<Attempt>)))]
async fn attempts(
    State(api): State<Api>,
    access: Access,
    Named(notification): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let asked = Asked::try_from(paging)?;
    let address = history::address::<Notifications>(&api, &access, &notification).await?;
    let page = history::some(&api, &address, asked, attempt).await?;
    Ok(super::json(StatusCode::OK, &page))
}

fn attempt(event: &StoredEvent) -> Result<Option<Attempt>, Problem> {
    let broken = |fault| StoreFault(format!("event {} cannot be read: {fault}", event.id));
    let told = serde_json::from_str(&event.payload).map_err(broken)?;
    let ended = |result| Attempt {
        version: event.version,
        at: event.at,
        result,
        provider_id: None,
        failure: None,
        next_attempt_at: None,
    };
    Ok(match told {
        NotificationEvent::Sent { provider_id } => {
            Some(Attempt { provider_id, ..ended(AttemptResult::Sent) })
        }
        NotificationEvent::AttemptFailed { failure, next_attempt_at } => Some(Attempt {
            failure: Some(failure),
            next_attempt_at: Some(next_attempt_at),
            ..ended(AttemptResult::Failed)
        }),
        NotificationEvent::GivenUp { failure } => {
            Some(Attempt { failure: Some(failure), ..ended(AttemptResult::GivenUp) })
        }
        _ => None,
    })
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
