//! The shards that live on this node, for the platform's operator.

use super::{Api, access::Operator, problem::Problem, read::Page};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{lives::ActorStatus, store::Seq};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
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

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
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
