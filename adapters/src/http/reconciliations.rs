//! Reconciliation: runs, what they found, and what becomes of each difference.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{Differences, Runs, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use crate::dispatch::reconciliation::{WHAT, last_whole_day};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    payment::Payment,
    reconciliation::{DifferenceDocument, Reconciliation, RunDocument},
    request::Terms,
    schedule::{Schedule, ScheduleDocument, ScheduleState},
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::PaymentCommand,
    reconciliation::{ReconciliationCommand, Settling, run_entity},
    schedule::{Plan, ScheduleCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The tenant's schedule.
const SCHEDULE: &str = "reconciliation";
/// A run of all accounts takes no longer.
const OPEN_MAX_S: u32 = 6 * 3600;

/// What is to be compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRun {
    /// At which provider.
    #[schema(min_length = 1, max_length = 40, example = "stripe")]
    provider: String,
    /// At which account.
    #[schema(min_length = 1, max_length = 40, example = "main")]
    account: String,
    /// Which day in UTC; the last of which the provider's list has all if absent.
    #[serde(default)]
    #[schema(example = "2026-01-15", min_length = 10, max_length = 10)]
    day: Option<String>,
}

/// Who looks after it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOwner {
    /// A name or a user's id; nobody if absent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    owner: Option<String>,
}

/// How it is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Settlement {
    /// `asked_provider` asks now how the payment stands; the others need a note.
    how: Settling,
    /// For people.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    note: Option<String>,
}

/// When all accounts are compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Daily {
    /// Five fields (minute, hour, day of month, month, day of week), on the tenant's clock.
    #[schema(example = "30 4 * * *", min_length = 1, max_length = 200)]
    cron: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, request))
        .routes(routes!(schedule, put_schedule))
        .routes(routes!(get))
        .routes(routes!(differences))
        .routes(routes!(difference))
        .routes(routes!(assign))
        .routes(routes!(settle))
}

/// Runs with their reports, newest first.
#[utoipa::path(get, path = "/v1/reconciliations", tag = "payments", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<RunDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Runs>(&api, &access, paging.try_into()).await
}

/// Compares our ledger with the provider's own list, for an account and a day.
#[utoipa::path(post, path = "/v1/reconciliations", tag = "payments", params(HowAsked),
    request_body = NewRun,
    responses((status = CREATED, body = Versioned<RunDocument>)))]
async fn request(ordered: Ordered<NewRun>) -> Result<Response, Problem> {
    let Ordered { body: NewRun { provider, account, day }, asking } = ordered;
    let by = super::payments::usable(&asking.api, &asking.access, &provider, &account).await?;
    let now = Timestamp::now();
    let day = day.unwrap_or_else(|| last_whole_day(now, by.statement_lag_days()));
    let run = run_entity(EntityId::fresh(now).as_str());
    let command = ReconciliationCommand::Request { run, provider, account, day };
    asking.create::<Runs>(command).await
}

/// A run with its report.
#[utoipa::path(get, path = "/v1/reconciliations/{run}", tag = "payments",
    params(("run" = String, Path, max_length = 100)),
    responses((status = OK, body = Versioned<RunDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(run): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Runs>(&api, &access, &headers, &run).await
}

/// When all accounts are compared, each time about the last day that is whole; without a plan, never.
#[utoipa::path(get, path = "/v1/reconciliations/schedule", tag = "payments",
    responses((status = OK, body = ScheduleDocument)))]
async fn schedule(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let known = api.intake().read::<Schedule>(access.id(), &EntityId::named(SCHEDULE)).await?;
    let known = match known {
        Some((ScheduleState::Schedule(known), _)) => *known,
        _ => ScheduleDocument::default(),
    };
    Ok(super::json(StatusCode::OK, &known))
}

/// Says when all accounts are compared, each time about the last day that is whole.
#[utoipa::path(put, path = "/v1/reconciliations/schedule", tag = "payments",
    request_body = Daily,
    responses((status = OK, body = ScheduleDocument)))]
async fn put_schedule(ordered: Ordered<Daily>) -> Result<Response, Problem> {
    let Ordered { body: Daily { cron, enabled }, asking } = ordered;
    let plan = Plan {
        cron,
        zone: asking.access.settings().time_zone.clone(),
        what: WHAT.to_owned(),
        enabled,
        open_max_s: OPEN_MAX_S,
    };
    let put = ScheduleCommand::Put { schedule: EntityId::named(SCHEDULE), plan };
    let done = asking.ask::<Schedule>(put).await?.done;
    match &*done.state {
        ScheduleState::Schedule(known) => Ok(super::json(StatusCode::OK, &**known)),
        ScheduleState::Blank => Err(Problem::not_found("schedule")),
    }
}

/// In what our ledger and the providers' lists differ, the latest days first.
#[utoipa::path(get, path = "/v1/differences", tag = "payments", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<DifferenceDocument>>)))]
async fn differences(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Differences>(&api, &access, paging.try_into()).await
}

/// A difference.
#[utoipa::path(get, path = "/v1/differences/{difference}", tag = "payments",
    params(("difference" = String, Path, max_length = 100)),
    responses((status = OK, body = Versioned<DifferenceDocument>)))]
async fn difference(
    State(api): State<Api>,
    access: Access,
    Named(difference): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Differences>(&api, &access, &headers, &difference).await
}

/// Says who looks after a difference.
#[utoipa::path(post, path = "/v1/differences/{difference}/assign", tag = "payments",
    params(("difference" = String, Path, max_length = 100), HowAsked),
    request_body = NewOwner,
    responses((status = OK, body = Versioned<DifferenceDocument>)))]
async fn assign(
    Named(difference): Named<String>,
    ordered: Ordered<NewOwner>,
) -> Result<Response, Problem> {
    let difference = entity(&difference)?;
    let Ordered { body: NewOwner { owner }, asking } = ordered;
    asking.change::<Differences>(ReconciliationCommand::Assign { difference, owner }).await
}

/// Settles a difference. Money is never corrected by it: where the provider is right, it is asked
/// how the payment stands, and the payment follows what it says.
#[utoipa::path(post, path = "/v1/differences/{difference}/settle", tag = "payments",
    params(("difference" = String, Path, max_length = 100), HowAsked),
    request_body = Settlement,
    responses((status = OK, body = Versioned<DifferenceDocument>)))]
async fn settle(
    Named(difference): Named<String>,
    ordered: Ordered<Settlement>,
) -> Result<Response, Problem> {
    let Ordered { body: Settlement { how, note }, asking } = ordered;
    let there = read::load::<Differences>(&asking.api, asking.access.id(), &difference).await?;
    let payment = there.state.difference().and_then(|known| known.difference.payment.clone());
    // Asked first: a difference whose question never went out would be settled by nothing.
    if let (Settling::AskedProvider, Some(payment), false) = (how, payment, asking.terms.dry_run) {
        let (intake, caller) = (asking.api.intake(), asking.access.caller());
        let query = PaymentCommand::Query { payment };
        intake.tell::<Payment>(caller, query, Terms::default()).await?;
    }
    let command = ReconciliationCommand::Settle { difference: there.entity, how, note };
    asking.ask::<Reconciliation>(command).await?.show::<Differences>(StatusCode::OK)
}

fn entity(difference: &str) -> Result<EntityId, Problem> {
    known_id(&format!("difference/{difference}"), "difference")
}
