//! Who did what, when, from where, and because of what: the journal, read with these questions.

use super::{
    Api,
    access::Access,
    happened::{Happened, happened},
    places::Places,
    problem::Problem,
    query,
    read::bounded,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::store::{Seq, StoredEvent};
use kontor_messages::{Meta, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows of the journal that one answer looks through at most.
const ROWS_MAX: Seq = 20_000;
/// Rows of the journal read at a time.
const ROWS: Seq = 500;

/// Which of what was done.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Done by: `user:<id>`, `key:<id>`, `operator`, `policy`, `timer`; or all that begins so, with
    /// `*` at the end: `user:*`.
    #[param(min_length = 1, max_length = 120)]
    actor: Option<String>,
    /// Of a domain, such as `order`.
    #[param(min_length = 1, max_length = 40)]
    domain: Option<String>,
    /// To an entity of it.
    #[param(min_length = 1, max_length = 200)]
    entity: Option<String>,
    /// From this time on.
    from: Option<Timestamp>,
    /// Before this time.
    until: Option<Timestamp>,
    /// After this cursor of an earlier answer.
    #[param(pattern = "^[0-9]{1,10}-[0-9]{1,19}$")]
    after: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
}

/// What was done, oldest first.
#[derive(Serialize, ToSchema)]
struct Done {
    /// What was done; maybe nothing, although more is there behind the cursor.
    items: Vec<Happened>,
    /// Asks for what comes after; always there.
    #[schema(example = "0-4711")]
    next_cursor: String,
    /// Whether the journal goes on behind the cursor, within the time that was asked for.
    more: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Who did what, when and from where, oldest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(Wanted),
    responses((status = OK, body = Done)))]
async fn read(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let limit = wanted.limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Problem::parameter("limit", "expected 1 to 500"));
    }
    bounded("actor", wanted.actor.as_deref(), 120)?;
    bounded("domain", wanted.domain.as_deref(), 40)?;
    bounded("entity", wanted.entity.as_deref(), 200)?;
    let places = Places::of(&api, access.id());
    let after = match (&wanted.after, wanted.from) {
        (Some(cursor), _) => places
            .seq(cursor)
            .ok_or_else(|| Problem::parameter("after", "expected a cursor of an earlier answer"))?,
        (None, Some(from)) => places.first_since(from).await?.seq - 1,
        (None, None) => 0,
    };
    let done = look(&api, &access, &places, &wanted, after, limit).await?;
    Ok(super::json(StatusCode::OK, &done))
}

async fn look(
    api: &Api,
    access: &Access,
    places: &Places,
    wanted: &Wanted,
    after: Seq,
    limit: usize,
) -> Result<Done, Problem> {
    let (journal, shard) = (&api.intake().ground().journal, places.head().shard);
    let end = match wanted.until {
        Some(until) => places.last_before(until).await?.seq,
        None => places.head().seq,
    };
    let (mut items, mut last) = (Vec::new(), after);
    let until = end.min(after.saturating_add(ROWS_MAX));
    while last < until {
        let rows = ROWS.min(until - last);
        let page = journal.read_tenant(access.id(), last, rows as u32).await?;
        let through = last + rows;
        for event in &page {
            if items.len() >= limit {
                return Ok(Done { items, next_cursor: format!("{shard}-{last}"), more: true });
            }
            last = event.seq;
            if fits(wanted, event) {
                items.push(happened(event));
            }
        }
        last = through;
    }
    Ok(Done { items, next_cursor: format!("{shard}-{last}"), more: last < end })
}

fn fits(wanted: &Wanted, event: &StoredEvent) -> bool {
    let by = |actor: &str| {
        let meta = serde_json::from_str::<Meta>(&event.meta);
        meta.is_ok_and(|meta| match actor.strip_suffix('*') {
            Some(begin) => meta.actor.0.starts_with(begin),
            None => meta.actor.0 == actor,
        })
    };
    wanted.domain.as_deref().is_none_or(|domain| domain == &*event.domain)
        && wanted.entity.as_deref().is_none_or(|entity| entity == event.entity.as_str())
        && wanted.from.is_none_or(|from| from <= event.at)
        && wanted.until.is_none_or(|until| event.at < until)
        && wanted.actor.as_deref().is_none_or(by)
}
