//! The domain actors of this node, for the platform's operator: what waits for them, what they have
//! done, how they have crashed; and one's restart, which loses nothing.

use super::{
    Api,
    access::Operator,
    command::{Command, DryRun, HowAsked, Nothing},
    path::Named,
    problem::Problem,
    query,
    read::Page,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kontor_actors::lives::{ActorStatus, SeenActor};
use kontor_messages::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Which actors.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those of one tenant.
    #[param(value_type = Option<String>, max_length = 40)]
    tenant: Option<TenantId>,
    /// Those of one domain.
    #[param(max_length = 40)]
    domain: Option<String>,
    /// Those of the tenants of one shard.
    #[param(minimum = 0)]
    shard: Option<u32>,
    /// Those that stand so.
    status: Option<ActorStatus>,
    /// Actors at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
    /// From the page before.
    #[param(max_length = 100)]
    cursor: Option<String>,
}

impl Which {
    /// Whether an actor is one of those, if there can be such ones.
    fn filter(&self, shards: u32) -> Result<impl Fn(&SeenActor) -> bool, Problem> {
        let (shard, status) = (self.shard, self.status);
        if shard.is_some_and(|shard| shards <= shard) {
            return Err(Problem::parameter("shard", format!("expected less than {shards}")));
        }
        let domain = self.domain.clone();
        Ok(move |seen: &SeenActor| {
            domain.as_ref().is_none_or(|domain| seen.domain == domain)
                && shard.is_none_or(|shard| seen.tenant.shard(shards) == shard)
                && status.is_none_or(|status| seen.status == status)
        })
    }
}

/// A domain actor.
#[derive(Serialize, ToSchema)]
struct Shown {
    /// Whose.
    tenant: TenantId,
    /// Which domain's.
    domain: &'static str,
    /// The shard that the tenant is kept in.
    shard: u32,
    /// Where it stands.
    status: ActorStatus,
    /// Since when.
    since: Timestamp,
    /// Commands and deadlines that wait in its mailbox.
    waiting: u64,
    /// Commands and deadlines that it has taken up in this life.
    done: u64,
    /// Commands a minute that were answered lately, in the last half minute or two.
    answers_per_minute: u64,
    /// Within so many microseconds 99 of 100 of these were answered, with the commit and the wait in
    /// the mailbox; known to a quarter.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_p99_us: Option<u64>,
    /// How often it has crashed since the node began.
    crashes: u64,
    /// When it crashed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    crashed_at: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    crashed_by: Option<String>,
}

impl Shown {
    fn of(seen: SeenActor, shards: u32) -> Self {
        let shard = seen.tenant.shard(shards);
        let (crashed_at, crashed_by) = seen.crashes.last.unzip();
        Self {
            tenant: seen.tenant,
            domain: seen.domain,
            shard,
            status: seen.status,
            since: seen.since,
            waiting: seen.waiting,
            done: seen.done,
            answers_per_minute: seen.lately.per_minute,
            answer_p99_us: seen.lately.p99_us,
            crashes: seen.crashes.count,
            crashed_at,
            crashed_by,
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(restart))
}

/// The domain actors of this node, by tenant and domain. One that sleeps is not there.
#[utoipa::path(get, path = "/v1/actors", tag = "operation", params(Which),
    responses((status = OK, body = Page<Shown>)))]
async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    let limit = which.limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Problem::parameter("limit", "expected 1 to 500"));
    }
    let shards = api.intake().ground().journal.shards();
    let takes = which.filter(shards)?;
    let hosts = api.intake().hosts();
    let of = which.tenant.as_ref();
    let mut all: Vec<_> =
        hosts.all().flat_map(|host| host.actors(of)).filter(takes).map(place).collect();
    if let Some(after) = &which.cursor {
        all.retain(|(place, _)| after < place);
    }
    all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let more = all.len() > limit as usize;
    all.truncate(limit as usize);
    let next_cursor = all.last().filter(|_| more).map(|(place, _)| place.clone());
    let items = all.into_iter().map(|(_, seen)| Shown::of(seen, shards)).collect();
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// An actor with its place in the list.
fn place(seen: SeenActor) -> (String, SeenActor) {
    (format!("{}/{}", seen.tenant, seen.domain), seen)
}

/// Ends an actor where it stands. Its supervisor starts it again from the journal with the next
/// command: what was acknowledged is kept, and whoever waited for it is told to ask again.
#[utoipa::path(post, path = "/v1/actors/{tenant}/{domain}/restart", tag = "operation",
    params(("tenant" = String, Path, max_length = 40), ("domain" = String, Path, max_length = 40),
        HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = NO_CONTENT)))]
async fn restart(
    _operator: Operator,
    Named((tenant, domain)): Named<(String, String)>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("actor");
    let tenant = TenantId::parse(&tenant).map_err(|_| unknown())?;
    let hosts = command.api.intake().hosts();
    let host = hosts.named(&domain).ok_or_else(unknown)?;
    if command.terms.dry_run {
        let running = |seen: &SeenActor| seen.status == ActorStatus::Running;
        let there = host.actors(Some(&tenant)).iter().any(running);
        let would = DryRun { would: Vec::new(), result: serde_json::json!({}) };
        return there.then(|| super::json(StatusCode::OK, &would)).ok_or_else(unknown);
    }
    if !host.crash(&tenant) {
        return Err(unknown());
    }
    tracing::warn!(%tenant, domain, "an actor was ended by an operator");
    Ok(StatusCode::NO_CONTENT.into_response())
}
