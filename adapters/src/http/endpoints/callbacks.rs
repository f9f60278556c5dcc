//! How payments' callbacks are made: with which key, and where to. They are deliveries of the
//! endpoint `callbacks`, which is listed, paused, rotated and looked through like any other.

use super::super::{
    Api,
    command::{HowAsked, Ordered},
    problem::Problem,
};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::webhook::Webhook;
use kontor_messages::webhook::{CallbackKey, WebhookCommand, WebhookEvent};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How callbacks are made, as it is written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallbacksBody {
    /// What they show in `x-api-key`, where shops look for it; never shown again.
    #[serde(default)]
    api_key: Option<CallbackKey>,
    /// Hosts that may be called, such as `shop.example.com`; any if there are none. Where there is
    /// a key, it is shown to these only, so one at least is named.
    #[serde(default)]
    #[schema(max_items = 20)]
    hosts: Vec<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(put))
}

/// Says how payments' callbacks are made. The secret that they are signed with is shown when it is
/// made; `POST /v1/webhook-endpoints/callbacks/rotate` makes another one. What is set is read at
/// `/v1/webhook-endpoints/callbacks`.
#[utoipa::path(put, path = "/v1/payment-callbacks", tag = "webhooks", params(HowAsked),
    request_body = CallbacksBody,
    responses((status = OK, body = super::WithSecret)))]
async fn put(ordered: Ordered<CallbacksBody>) -> Result<Response, Problem> {
    let Ordered { body: CallbacksBody { api_key, hosts }, asking } = ordered;
    let secret = super::new_secret()?;
    let new = secret.clone();
    let command = WebhookCommand::PutCallbacks { secret, api_key, hosts };
    let outcome = asking.ask::<Webhook>(command).await?;
    let made =
        outcome.done.events.iter().any(|(_, _, event)| {
            matches!(event, WebhookEvent::CallbacksPut { secret: Some(_), .. })
        });
    super::with_secret(outcome, made.then_some(new), StatusCode::OK)
}
