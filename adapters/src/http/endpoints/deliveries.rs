//! What was delivered to an endpoint, and what was not.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Deliveries, Endpoints, Kind, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, StatusPaging},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::webhook::DeliveryDocument;
use kontor_messages::{EntityId, Timestamp, webhook::WebhookCommand};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(replay))
}

/// An endpoint's deliveries, newest event first.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{endpoint}/deliveries", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), StatusPaging),
    responses((status = OK, body = Page<Versioned<DeliveryDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(endpoint): Named<String>,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::load::<Endpoints>(&api, access.id(), &endpoint).await?;
    let asked = Asked { within: format!("{endpoint}/"), ..Asked::try_from(paging)? };
    read::many::<Deliveries>(&api, &access, Ok(asked)).await
}

/// A delivery: one event for one endpoint.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{endpoint}/deliveries/{event}", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), ("event" = String, Path, max_length = 100)),
    responses((status = OK, body = Versioned<DeliveryDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named((endpoint, event)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Deliveries>(&api, &access, &headers, &format!("{endpoint}/{event}")).await
}

/// Delivers an event to an endpoint once more.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/deliveries/{event}/replay",
    tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), ("event" = String, Path, max_length = 100),
        HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<DeliveryDocument>)))]
async fn replay(
    Named((endpoint, event)): Named<(String, String)>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let asking = ordered.asking;
    let id = format!("{endpoint}/{event}");
    let there = read::load::<Deliveries>(&asking.api, asking.access.id(), &id).await?;
    let document = Deliveries::document(&there.state).map(|found| found.into_owned());
    let known = document.ok_or_else(|| Problem::not_found(Deliveries::WHAT))?;
    let command = WebhookCommand::Deliver {
        endpoint: known.endpoint,
        event: known.event,
        name: known.name,
        subject: known.subject,
        position: known.position,
        key: Some(EntityId::fresh(Timestamp::now()).to_string()),
    };
    asking.change::<Deliveries>(command).await
}
