//! Where a tenant's events are posted. An endpoint's secret is shown once, when it is made.

mod callbacks;
mod deliveries;
mod replays;

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered, Outcome},
    document::{Endpoints, Kind, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use crate::gateways::guard;
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::webhook::{EndpointDocument, Webhook, secret};
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{SigningSecret, WebhookCommand},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// An endpoint as it is written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndpointBody {
    /// Where to post: an address that the whole world can reach.
    #[schema(min_length = 1, max_length = 2000, example = "https://shop.example/hooks")]
    url: String,
    /// Which events: names such as `order.created`, `order.*`, or `*`.
    #[schema(min_items = 1, max_items = 50)]
    events: Vec<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
}

/// An endpoint with a new secret.
#[derive(Serialize, ToSchema)]
struct WithSecret {
    /// Its id.
    id: String,
    /// How many changes it has seen.
    version: i64,
    /// What requests are signed with. Shown this once; a repeated request does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<SigningSecret>,
    /// The endpoint.
    #[serde(flatten)]
    document: EndpointDocument,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, remove))
        .routes(routes!(rotate))
        .routes(routes!(pause))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(test))
        .merge(callbacks::routes())
        .merge(deliveries::routes())
        .merge(replays::routes())
}

/// The tenant's endpoints.
#[utoipa::path(get, path = "/v1/webhook-endpoints", tag = "webhooks", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<EndpointDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Endpoints>(&api, &access, paging.try_into()).await
}

/// A new endpoint, with the secret that its requests are signed with.
#[utoipa::path(post, path = "/v1/webhook-endpoints", tag = "webhooks", params(HowAsked),
    request_body = EndpointBody,
    responses((status = CREATED, body = WithSecret)))]
async fn create(ordered: Ordered<EndpointBody>) -> Result<Response, Problem> {
    let Ordered { body: EndpointBody { url, events, description }, asking } = ordered;
    check(&asking.api, &url).await?;
    let (endpoint, secret) = (EntityId::fresh(Timestamp::now()), new_secret()?);
    let new = secret.clone();
    let command = WebhookCommand::Create { endpoint, url, events, description, secret };
    with_secret(asking.ask::<Webhook>(command).await?, Some(new), StatusCode::CREATED)
}

/// An endpoint.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{endpoint}", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60)),
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(endpoint): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Endpoints>(&api, &access, &headers, &endpoint).await
}

/// Changes an endpoint.
#[utoipa::path(put, path = "/v1/webhook-endpoints/{endpoint}", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body = EndpointBody,
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn put(
    Named(endpoint): Named<String>,
    ordered: Ordered<EndpointBody>,
) -> Result<Response, Problem> {
    let Ordered { body: EndpointBody { url, events, description }, asking } = ordered;
    let endpoint = known_id(&endpoint, "endpoint")?;
    check(&asking.api, &url).await?;
    let command = WebhookCommand::Change { endpoint, url, events, description };
    asking.change::<Endpoints>(command).await
}

/// Forgets an endpoint. What was on its way to it is given up.
#[utoipa::path(delete, path = "/v1/webhook-endpoints/{endpoint}", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    responses((status = NO_CONTENT)))]
async fn remove(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let endpoint = known_id(&endpoint, "endpoint")?;
    let command = WebhookCommand::Remove { endpoint };
    Ok(ordered.asking.ask::<Webhook>(command).await?.gone())
}

/// Signs with a new secret; for 24 hours with the present one too.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/rotate", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = WithSecret)))]
async fn rotate(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let (endpoint, secret) = (known_id(&endpoint, "endpoint")?, new_secret()?);
    let new = secret.clone();
    let command = WebhookCommand::Rotate { endpoint, secret };
    with_secret(ordered.asking.ask::<Webhook>(command).await?, Some(new), StatusCode::OK)
}

/// Keeps what is to be delivered, for a week at most, without delivering it.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/pause", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn pause(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let endpoint = known_id(&endpoint, "endpoint")?;
    ordered.asking.change::<Endpoints>(WebhookCommand::Pause { endpoint }).await
}

/// Delivers again after a pause, or after it was disabled.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/enable", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn enable(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let endpoint = known_id(&endpoint, "endpoint")?;
    ordered.asking.change::<Endpoints>(WebhookCommand::Enable { endpoint }).await
}

/// Delivers nothing, and keeps nothing for it, until enabled.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/disable", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn disable(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let endpoint = known_id(&endpoint, "endpoint")?;
    ordered.asking.change::<Endpoints>(WebhookCommand::Disable { endpoint }).await
}

/// Sends the endpoint an example event.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{endpoint}/test", tag = "webhooks",
    params(("endpoint" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<EndpointDocument>)))]
async fn test(
    Named(endpoint): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let endpoint = known_id(&endpoint, "endpoint")?;
    let test = EntityId::fresh(Timestamp::now());
    ordered.asking.change::<Endpoints>(WebhookCommand::SendTest { endpoint, test }).await
}

/// Refuses an address that is not out in the world, so that nobody has this node call inside.
async fn check(api: &Api, url: &str) -> Result<(), Problem> {
    let allow_private = api.settings().webhooks_to_private;
    let checked = guard::check_name(url, allow_private).await;
    checked.map(drop).map_err(|unsafe_url| Problem::invalid("/url", unsafe_url.to_string()))
}

fn new_secret() -> Result<SigningSecret, Problem> {
    secret::issue().map_err(|fault| {
        tracing::error!(%fault, "no secret can be made");
        Problem::unavailable("no secret can be made now")
    })
}

fn with_secret(
    outcome: Outcome<Webhook>,
    secret: Option<SigningSecret>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found(Endpoints::WHAT);
    let document = Endpoints::document(&outcome.done.state).ok_or_else(unknown)?.into_owned();
    let id = Endpoints::id(&outcome.done.subject).to_owned();
    let signing_secret = secret.filter(|_| !outcome.replayed && !outcome.dry_run);
    let shown = WithSecret { id, version: outcome.done.version, signing_secret, document };
    if outcome.dry_run {
        return Ok(outcome.would(shown));
    }
    let mut response = super::json(status, &shown);
    outcome.label(&mut response);
    Ok(response)
}
