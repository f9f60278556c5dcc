//! The shards that live on this node, and what stands in the journal of each, for the platform's
//! operator.

use super::{Api, access::Operator, path::Named, problem::Problem, query, read::Page};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    lives::ActorStatus,
    store::{Seq, StoredEvent},
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// A part of the journal with the tenants that are kept in it.
#[derive(Default, Serialize, ToSchema)]
struct Shard {
    /// Which, counted from 0.
    shard: u32,
    /// Events in it: the place of the last one.
    events: Seq,
    /// Domain actors that run for its tenants.
    actors_running: u64,
    /// Who follows it.
    #[schema(max_items = 100)]
    followers: Vec<Followed>,
}

/// How far a follower of a shard has come.
#[derive(Serialize, ToSchema)]
struct Followed {
    /// Who follows.
    #[schema(value_type = String, example = "policies")]
    follower: Arc<str>,
    /// The last event that it is known to be done with. It is written down now and then, so a node
    /// that begins anew does some events once more.
    done: Seq,
}

/// Events of a page at most.
const LIMIT_MAX: u32 = 500;

/// Which part of a shard's journal.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Only events after this place; without it, the last ones of the shard.
    #[param(minimum = 0)]
    after: Option<Seq>,
    /// Events at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// An event of the journal, without what it says: that is its tenant's.
#[derive(Serialize, ToSchema)]
struct ShardEvent {
    /// Its place in the shard.
    seq: Seq,
    /// Whose.
    tenant: TenantId,
    /// Which domain's.
    #[schema(value_type = String, example = "order")]
    domain: Arc<str>,
    /// The entity that it happened to.
    entity: EntityId,
    /// Which change of the entity it is.
    version: i64,
    /// Its name.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "order.created")]
    name: Arc<str>,
    /// When it happened.
    at: Timestamp,
}

/// A part of a shard's journal, in its order.
#[derive(Serialize, ToSchema)]
struct ShardEvents {
    /// The events.
    items: Vec<ShardEvent>,
    /// The place of the shard's last event.
    events: Seq,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(events))
}

/// What stands in the journal of a shard after a place, in its order.
#[utoipa::path(get, path = "/v1/shards/{shard}/events", tag = "operation",
    params(("shard" = u32, Path), Part),
    responses((status = OK, body = ShardEvents)))]
async fn events(
    State(api): State<Api>,
    _operator: Operator,
    Named(shard): Named<u32>,
    query::Asked(part): query::Asked<Part>,
) -> Result<Response, Problem> {
    let limit = part.limit.unwrap_or(50);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    if part.after.is_some_and(|after| after < 0) {
        return Err(Problem::parameter("after", "expected a place of the journal, 0 or more"));
    }
    let journal = &api.intake().ground().journal;
    if journal.shards() <= shard {
        return Err(Problem::not_found("shard"));
    }
    let events = *journal.head(shard).borrow();
    let after = part.after.unwrap_or((events - Seq::from(limit)).max(0));
    let rows = api.store().read_unopened(shard, after, limit).await?;
    let items = rows.into_iter().map(ShardEvent::from).collect();
    Ok(super::json(StatusCode::OK, &ShardEvents { items, events }))
}

impl From<StoredEvent> for ShardEvent {
    fn from(event: StoredEvent) -> Self {
        let StoredEvent { seq, tenant, domain, entity, version, name, at, .. } = event;
        Self { seq, tenant, domain, entity, version, name, at }
    }
}

/// The shards that live: those that hold events, or for whose tenants an actor runs.
#[utoipa::path(get, path = "/v1/shards", tag = "operation",
    responses((status = OK, body = Page<Shard>)))]
async fn list(State(api): State<Api>, _operator: Operator) -> Result<Response, Problem> {
    let journal = &api.intake().ground().journal;
    let mut live: BTreeMap<u32, Shard> = (0..journal.shards())
        .map(|shard| (shard, *journal.head(shard).borrow()))
        .filter(|(_, events)| *events > 0)
        .map(|(shard, events)| (shard, Shard { shard, events, ..Shard::default() }))
        .collect();
    for actor in api.intake().hosts().all().flat_map(|host| host.actors(None)) {
        let shard = actor.tenant.shard(journal.shards());
        let known = live.entry(shard).or_insert_with(|| Shard { shard, ..Shard::default() });
        known.actors_running += u64::from(actor.status == ActorStatus::Running);
    }
    for cursor in api.store().cursors().await? {
        if let Some(known) = live.get_mut(&cursor.shard) {
            known.followers.push(Followed { follower: cursor.follower, done: cursor.seq });
        }
    }
    let items = live.into_values().collect();
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor: None }))
}
