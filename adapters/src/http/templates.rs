//! A tenant's own texts of messages, and how they look.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Templates, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, Paging},
};
use crate::gateways::notifications::templates::{self, Rendered, TemplateFault};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::notification::{Notification, TemplateDocument};
use kontor_messages::notification::{NotificationCommand, Template};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A text as it is written; name and language are in the path.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateBody {
    /// The subject, one line.
    #[schema(min_length = 1, max_length = 500)]
    subject: String,
    /// The plain text.
    #[schema(min_length = 1, max_length = 65_536)]
    text: String,
    /// The same as HTML.
    #[serde(default)]
    #[schema(max_length = 131_072)]
    html: Option<String>,
}

/// How a message looks.
#[derive(Serialize, ToSchema)]
struct Preview {
    /// The subject, one line.
    subject: String,
    /// The plain text.
    text: String,
    /// The same as HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// In which language.
    language: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
        .routes(routes!(preview))
}

/// The tenant's own texts; where there is none, the program's is taken.
#[utoipa::path(get, path = "/v1/templates", tag = "notifications", params(Paging),
    responses((status = OK, body = Page<Versioned<TemplateDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    read::many::<Templates>(&api, &access, paging.try_into()).await
}

/// A tenant's own text.
#[utoipa::path(get, path = "/v1/templates/{name}/{language}", tag = "notifications",
    params(("name" = String, Path, max_length = 60), ("language" = String, Path, max_length = 35)),
    responses((status = OK, body = Versioned<TemplateDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named((name, language)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Templates>(&api, &access, &headers, &format!("{name}/{language}")).await
}

/// Sets a tenant's own text. It is tried on sample data first.
#[utoipa::path(put, path = "/v1/templates/{name}/{language}", tag = "notifications",
    params(("name" = String, Path, max_length = 60), ("language" = String, Path, max_length = 35),
        HowAsked),
    request_body = TemplateBody,
    responses((status = OK, body = Versioned<TemplateDocument>)))]
async fn put(
    Named((name, language)): Named<(String, String)>,
    ordered: Ordered<TemplateBody>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let template = template(name, language, body);
    templates::check(&template).map_err(fault)?;
    let answer = asking.change::<Templates>(NotificationCommand::PutTemplate { template }).await;
    answer.map_err(|problem| problem.without_prefix("/template"))
}

/// Goes back to the text that comes with the program.
#[utoipa::path(delete, path = "/v1/templates/{name}/{language}", tag = "notifications",
    params(("name" = String, Path, max_length = 60), ("language" = String, Path, max_length = 35),
        HowAsked),
    responses((status = NO_CONTENT)))]
async fn remove(
    Named((name, language)): Named<(String, String)>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let command = NotificationCommand::RemoveTemplate { name, language };
    Ok(ordered.asking.ask::<Notification>(command).await?.gone())
}

/// Shows how a text looks on sample data. Changes nothing.
#[utoipa::path(post, path = "/v1/templates/{name}/{language}/preview", tag = "notifications",
    params(("name" = String, Path, max_length = 60), ("language" = String, Path, max_length = 35)),
    request_body = TemplateBody,
    responses((status = OK, body = Preview)))]
async fn preview(
    Named((name, language)): Named<(String, String)>,
    ordered: Ordered<TemplateBody>,
) -> Result<Response, Problem> {
    let template = template(name, language, ordered.body);
    let Rendered { subject, text, html, language } = templates::check(&template).map_err(fault)?;
    Ok(super::json(StatusCode::OK, &Preview { subject, text, html, language }))
}

fn template(name: String, language: String, body: TemplateBody) -> Template {
    let TemplateBody { subject, text, html } = body;
    Template { name, language, subject, text, html }
}

fn fault(fault: TemplateFault) -> Problem {
    match fault {
        TemplateFault::Part { part, reason } => Problem::invalid(format!("/{part}"), reason),
        TemplateFault::Unknown(_) => Problem::not_found("template"),
    }
}
