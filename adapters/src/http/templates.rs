//! A tenant's own texts of messages, and how they look.

use super::{
    Api,
    access::Access,
    command::{Asking, HowAsked, Nothing, Ordered},
    document::{Templates, Versioned},
    history, orders,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, LIMIT_MAX, Page, Paging},
};
use crate::gateways::notifications::templates::{self, Rendered, TemplateFault};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    domain::Domain,
    notification::{Notification, TemplateDocument},
    order::Order,
    policies,
    store::{EntityRef, StoreFault, StoredEvent},
};
use kontor_messages::{
    notification::{NotificationCommand, Template},
    order::OrderEvent,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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

/// A text that is to be shown, and of which order it is to speak.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewBody {
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
    /// The order's id or number; sample data, if there is none. Needs `orders:read`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    order: Option<String>,
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
    /// Values that are sample data although an order was named: what the text tells of has not
    /// happened to it yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    samples: Vec<String>,
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

/// Shows how a text looks on sample data, or on what the message about an order would say. Changes
/// nothing.
#[utoipa::path(post, path = "/v1/templates/{name}/{language}/preview", tag = "notifications",
    params(("name" = String, Path, max_length = 60), ("language" = String, Path, max_length = 35)),
    request_body = PreviewBody,
    responses((status = OK, body = Preview)))]
async fn preview(
    Named((name, language)): Named<(String, String)>,
    ordered: Ordered<PreviewBody>,
) -> Result<Response, Problem> {
    let Ordered { body: PreviewBody { subject, text, html, order }, asking } = ordered;
    let template = Template { name, language, subject, text, html };
    let (rendered, samples) = match order {
        None => (templates::check(&template), Vec::new()),
        Some(order) => {
            let (data, samples) = data_of(&asking, &template.name, &order).await?;
            (templates::show(&template, &asking.access.settings().name, &data), samples)
        }
    };
    let Rendered { subject, text, html, language } = rendered.map_err(fault)?;
    Ok(super::json(StatusCode::OK, &Preview { subject, text, html, language, samples }))
}

/// What the last message of that name about an order spoke of; where there was none, what is known
/// of the order, with samples of the rest and their names.
async fn data_of(
    asking: &Asking,
    name: &str,
    order: &str,
) -> Result<(Value, Vec<String>), Problem> {
    let (api, access) = (&asking.api, &asking.access);
    access.reads(api, "orders").await?;
    if read::bounded("order", Some(order), 200).is_err() {
        let expected = "expected 1 to 200 characters without control characters";
        return Err(Problem::invalid("/order", expected));
    }
    let found = orders::named(api, access, order).await?;
    let (entity, document) = found.ok_or_else(|| {
        Problem::at(StatusCode::NOT_FOUND, "not_found", "/order", "there is no such order")
    })?;
    let (tenant, domain) = (access.id().clone(), Order::NAME.to_owned());
    let told = |event: &StoredEvent| {
        let broken = |fault| StoreFault(format!("event {} cannot be read: {fault}", event.id));
        let event: OrderEvent = serde_json::from_str(&event.payload).map_err(broken)?;
        let told = policies::told(&event, &document);
        Ok(told.filter(|(told, _)| *told == name).map(|(_, beside)| beside))
    };
    let asked = Asked::new(Some(LIMIT_MAX), None)?;
    let past = history::some(api, &EntityRef { tenant, domain, entity }, asked, told).await?;
    if let Some(beside) = past.items.into_iter().next_back() {
        return Ok((policies::speaks_of(&document, beside), Vec::new()));
    }
    let beside = templates::sample_beside(name);
    let samples = beside.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let samples = samples.collect();
    Ok((policies::speaks_of(&document, beside), samples))
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
