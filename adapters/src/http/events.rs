//! What has happened, for those who follow: by pages, or as a live stream.

mod stream;

use super::{Api, access::Access, problem::Problem, query};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::{
    announce::{Announcement, announce, coalesce},
    store::{Seq, StoreFault},
    webhook::filter::{is_pattern, wants},
};
use kontor_messages::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows of the journal that one answer looks through at most.
const ROWS_MAX: Seq = 5_000;
/// Rows of the journal read at a time.
const ROWS: Seq = 500;
/// Patterns of one question at most.
const PATTERNS_MAX: usize = 50;
/// The header by which a stream goes on where it broke off.
const LAST_EVENT_ID: &str = "last-event-id";

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Events after this cursor; from the beginning if absent, a stream from now on.
    #[param(pattern = "^[0-9]{1,10}-[0-9]{1,19}$")]
    after: Option<String>,
    /// Only these, with commas between: `order.created`, `order.*`, `*`.
    #[param(min_length = 1, max_length = 2000)]
    types: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
}

/// Something that has happened.
#[derive(Serialize, ToSchema)]
struct EventDocument {
    /// Its identity; drop a second one of the same.
    id: String,
    /// Its name.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "order.created")]
    name: &'static str,
    /// The entity that it is about.
    subject: String,
    /// Which change of the subject it is.
    version: i64,
    /// When it happened.
    time: Timestamp,
    /// What is told of it.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    /// W3C trace context of the request that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

/// A page of events, oldest first.
#[derive(Serialize, ToSchema)]
struct Events {
    /// The events; maybe none, although more are there behind the cursor.
    items: Vec<EventDocument>,
    /// Asks for what comes after; always there.
    #[schema(example = "0-4711")]
    next_cursor: String,
    /// Whether the journal goes on behind the cursor already.
    more: bool,
}

/// What somebody follows.
struct Following {
    api: Api,
    tenant: TenantId,
    shard: u32,
    patterns: Vec<String>,
}

/// A part of the journal that was looked through.
struct Part {
    /// Announcements by the event's place.
    found: Vec<(Seq, Announcement)>,
    /// The last row that was looked at.
    last: Seq,
    /// Whether there were more.
    more: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read))
}

/// What has happened to the tenant, oldest first; with `Accept: text/event-stream` as it happens.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(Wanted,
        ("Last-Event-ID" = Option<String>, Header, description = "Goes on where a stream broke off.")),
    responses((status = OK, content((Events = "application/json"), (String = "text/event-stream")))))]
async fn read(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let following = Following::new(&api, access.id(), wanted.types.as_deref())?;
    let accepted = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok());
    if accepted.is_some_and(|kinds| kinds.contains("text/event-stream")) {
        let told = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
        let after = told.or(wanted.after.as_deref()).map(|cursor| following.place(cursor));
        return stream::open(following, access, after.transpose()?);
    }
    let after = wanted.after.as_deref().map_or(Ok(0), |cursor| following.place(cursor))?;
    let page = following.page(after, wanted.limit.unwrap_or(100)).await?;
    Ok(super::json(StatusCode::OK, &page))
}

impl Following {
    fn new(api: &Api, tenant: &TenantId, types: Option<&str>) -> Result<Self, Problem> {
        let patterns: Vec<_> = match types {
            Some(types) => types.split(',').map(|one| one.trim().to_owned()).collect(),
            None => vec!["*".to_owned()],
        };
        if patterns.len() > PATTERNS_MAX || !patterns.iter().all(|one| is_pattern(one)) {
            let expected = "expected names such as order.created, order.* or *, 50 at most";
            return Err(Problem::parameter("types", expected));
        }
        let shard = tenant.shard(api.intake().ground().journal.shards());
        Ok(Self { api: api.clone(), tenant: tenant.clone(), shard, patterns })
    }

    /// A place in the tenant's shard as a cursor.
    fn cursor(&self, seq: Seq) -> String {
        format!("{}-{seq}", self.shard)
    }

    /// The place that a cursor names.
    fn place(&self, cursor: &str) -> Result<Seq, Problem> {
        let place = cursor.split_once('-').and_then(|(shard, seq)| {
            let seq: Seq = seq.parse().ok()?;
            (shard.parse() == Ok(self.shard) && seq >= 0).then_some(seq)
        });
        place.ok_or_else(|| Problem::parameter("after", "expected a cursor of an earlier answer"))
    }

    /// What is told after a place.
    async fn page(&self, after: Seq, limit: usize) -> Result<Events, Problem> {
        if !(1..=500).contains(&limit) {
            return Err(Problem::parameter("limit", "expected 1 to 500"));
        }
        let part = self.part(after, limit).await?;
        let items = coalesce(part.found.into_iter().map(|(_, told)| told).collect());
        let items = items.into_iter().map(EventDocument::from).collect();
        Ok(Events { items, next_cursor: self.cursor(part.last), more: part.more })
    }

    /// What is told of the rows after a place: enough for `limit` items, and no more rows than an
    /// answer may cost. All that is told of one event is in one part.
    async fn part(&self, after: Seq, limit: usize) -> Result<Part, StoreFault> {
        let journal = &self.api.intake().ground().journal;
        let head = *journal.head(self.shard).borrow();
        let (mut found, mut last) = (Vec::new(), after);
        let until = head.min(after.saturating_add(ROWS_MAX));
        while last < until {
            let rows = ROWS.min(until - last);
            let events = journal.read_tenant(&self.tenant, last, rows as u32).await?;
            let through = last + rows;
            for event in events {
                if found.len() >= limit {
                    return Ok(Part { found, last, more: true });
                }
                last = event.seq;
                let told = announce(&event).into_iter();
                let told = told.filter(|told| wants(&self.patterns, told.name));
                found.extend(told.map(|told| (event.seq, told)));
            }
            last = through;
        }
        Ok(Part { found, last, more: last < head })
    }
}

impl From<Announcement> for EventDocument {
    fn from(told: Announcement) -> Self {
        Self {
            id: told.id,
            name: told.name,
            subject: told.subject,
            version: told.version,
            time: told.at,
            data: told.data,
            trace: told.trace,
        }
    }
}
