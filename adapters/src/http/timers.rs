//! What waits for something, with its deadline: nothing is stuck without being seen here.

use super::{Api, access::Access, problem::Problem, query, read::Page};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_messages::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// How many.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct HowMany {
    /// Items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
}

/// Something that waits.
#[derive(Serialize, ToSchema)]
struct Waiting {
    /// Which domain's.
    #[schema(value_type = String, example = "order")]
    domain: Arc<str>,
    /// Its name there.
    entity: EntityId,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    status: Option<Arc<str>>,
    /// How many changes it has seen.
    version: i64,
    /// When it is looked at.
    due: Option<Timestamp>,
    /// Whether that time has passed.
    overdue: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What waits for something, earliest deadline first.
#[utoipa::path(get, path = "/v1/timers", tag = "operation", params(HowMany),
    responses((status = OK, body = Page<Waiting>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(HowMany { limit }): query::Asked<HowMany>,
) -> Result<Response, Problem> {
    let limit = limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Problem::parameter("limit", "expected 1 to 500"));
    }
    let (now, rows) = (Timestamp::now(), api.store().waiting(access.id(), limit).await?);
    let items = rows.into_iter().map(|row| Waiting {
        domain: row.domain,
        entity: row.entity,
        status: row.status,
        version: row.version,
        due: row.due,
        overdue: row.due.is_some_and(|due| due < now),
    });
    Ok(super::json(StatusCode::OK, &Page { items: items.collect(), next_cursor: None }))
}
