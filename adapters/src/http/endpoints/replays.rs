//! A stretch of the journal once more, for an endpoint that missed it or lost it.

use super::super::places::Places;
use super::super::{
    Api,
    command::{HowAsked, Nothing, Ordered},
    document::{Endpoints, Versioned},
    path::{Named, known_id},
    problem::Problem,
};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::webhook::EndpointDocument;
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{Position, WebhookCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Which events are delivered once more: exactly one of `from_event`, `from` and `from_missed`
/// says where they begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// From this event on: its id, or its cursor in the journal such as `0-4711`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 60)]
    from_event: Option<String>,
    /// From this time on.
    #[serde(default)]
    from: Option<Timestamp>,
    /// From the endpoint's `missed_from` on: what happened while it was disabled.
    #[serde(default)]
    from_missed: Option<bool>,
    /// What happened before this time; if absent, up to now.
    #[serde(default)]
    until: Option<Timestamp>,
    /// Only these of the endpoint's own events: names such as `order.created`, `order.*`, or `*`.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 50)]
    types: Option<Vec<String>>,
}

/// Where a replay begins: a place, none for what was missed, and a time not before which.
type Beginning = (Option<Position>, Option<Timestamp>);

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(replay)).routes(routes!(cancel))
}

/// Delivers all events of a stretch of the journal to an endpoint once more, with their own ids,
/// in order by subject. One replay at a time; the endpoint shows how far it has come.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/replay", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body = ReplayBody,
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn replay(
    Named(endpoint): Named<String>,
    ordered: Ordered<ReplayBody>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let endpoint = known_id(&endpoint, "endpoint")?;
    let now = Timestamp::now();
    let places = Places::of(&asking.api, asking.access.id());
    let (from, since) = beginning(&body, &places, now).await?;
    let before = body.until;
    if before.is_some_and(|until| now < until) {
        return Err(Problem::invalid("/until", "expected a time that is past"));
    }
    let mut until = places.head();
    if let Some(before) = before {
        until = until.min(places.last_before(before).await?);
    }
    if body.types.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::invalid("/types", "expected 1 to 50 patterns"));
    }
    let command = WebhookCommand::Replay {
        endpoint,
        replay: EntityId::fresh(now),
        from,
        // A stretch in which nothing has happened is empty, and no mistake.
        until: from.map_or(until, |from| until.max(Position { seq: from.seq - 1, ..from })),
        since,
        before,
        types: body.types.unwrap_or_default(),
    };
    asking.change::<Endpoints>(command).await
}

async fn beginning(
    body: &ReplayBody,
    places: &Places,
    now: Timestamp,
) -> Result<Beginning, Problem> {
    let given = [
        ("/from_event", body.from_event.is_some()),
        ("/from", body.from.is_some()),
        ("/from_missed", body.from_missed.is_some()),
    ];
    let mut given = given.iter().filter(|(_, given)| *given);
    let expected = "expected exactly one of from_event, from and from_missed";
    if given.next().is_none() {
        return Err(Problem::invalid("", expected));
    }
    if let Some((second, _)) = given.next() {
        return Err(Problem::invalid(*second, expected));
    }
    if let Some(text) = &body.from_event {
        let unknown = "expected the id of an event, or its cursor";
        let unknown = || {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::at(status, "unknown_event", "/from_event", unknown)
        };
        let (from, at) = places.event(text).await?.ok_or_else(unknown)?;
        if body.until.is_some_and(|until| until <= at) {
            return Err(Problem::invalid("/until", "expected a time after the event"));
        }
        return Ok((Some(from), None));
    }
    if let Some(from) = body.from {
        if now < from {
            return Err(Problem::invalid("/from", "expected a time that is past"));
        }
        return Ok((Some(places.first_since(from).await?), Some(from)));
    }
    match body.from_missed {
        Some(true) => Ok((None, None)),
        _ => Err(Problem::invalid("/from_missed", "expected true, or another beginning")),
    }
}

/// Ends a replay. What it has queued already is still delivered.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/replay/cancel", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn cancel(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let endpoint = known_id(&endpoint, "endpoint")?;
    ordered.asking.change::<Endpoints>(WebhookCommand::CancelReplay { endpoint }).await
}
