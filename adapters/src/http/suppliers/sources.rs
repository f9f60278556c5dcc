//! Where suppliers' feeds come from. Secrets go in and never come out.

use super::super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Sources, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use super::{SourceView, kept::kept};
use crate::{dispatch::imports::plan, gateways::guard};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::{request::Terms, schedule::Schedule, supplier::Supplier};
use kontor_messages::{
    schedule::ScheduleCommand,
    supplier::{Access as Secrets, Reach, SourceSettings, SupplierCommand},
};
use url::Url;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put, remove))
}

/// The tenant's sources, their secrets as `***`.
#[utoipa::path(get, path = "/v1/sources", tag = "suppliers", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<SourceView>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Sources>(&api, &access, paging.try_into()).await
}

/// A source, its secrets as `***`.
#[utoipa::path(get, path = "/v1/sources/{source}", tag = "suppliers",
    params(("source" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<SourceView>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(source): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Sources>(&api, &access, &headers, &source).await
}

/// Makes or changes a source. All settings are given each time, secrets included; one that says
/// `***`, as answers show it, stays as it is. Then so does where it is sent: server, port and path.
#[utoipa::path(put, path = "/v1/sources/{source}", tag = "suppliers",
    params(("source" = String, Path, max_length = 40), HowAsked),
    request_body = SourceSettings,
    responses((status = OK, body = Versioned<SourceView>)))]
async fn put(
    Named(code): Named<String>,
    ordered: Ordered<SourceSettings>,
) -> Result<Response, Problem> {
    let Ordered { body: settings, mut asking } = ordered;
    let settings = kept(&mut asking, &code, settings).await?;
    checked(&asking.api, &asking.access, &code, &settings).await?;
    let settings = Box::new(settings);
    asking.change::<Sources>(SupplierCommand::PutSource { code, settings }).await
}

/// Settings that the domain cannot judge: how rows are read, where addresses lead, what cron says.
pub(super) async fn checked(
    api: &Api,
    access: &Access,
    code: &str,
    settings: &SourceSettings,
) -> Result<(), Problem> {
    plan::check(settings).map_err(|wrong| Problem::invalid(wrong.pointer, wrong.expected))?;
    addresses(api, &settings.reach).await?;
    if let Some(timetable) = &settings.timetable {
        // Looked at only: the schedule is put by whoever follows the source.
        let (schedule, plan) = plan::schedule(code, timetable);
        let put = ScheduleCommand::Put { schedule, plan };
        let terms = Terms { dry_run: true, ..Terms::default() };
        let looked = api.intake().tell::<Schedule>(access.caller(), put, terms).await;
        looked.map_err(|denied| {
            let named = |pointer: &str| pointer.replacen("/plan", "/timetable", 1);
            Problem::from(denied).with_pointers(named)
        })?;
    }
    Ok(())
}

/// Imports nothing from a source any more. What it brought stays.
#[utoipa::path(delete, path = "/v1/sources/{source}", tag = "suppliers",
    params(("source" = String, Path, max_length = 40), HowAsked),
    responses((status = NO_CONTENT)))]
async fn remove(
    Named(code): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let removed = ordered.asking.ask::<Supplier>(SupplierCommand::RemoveSource { code }).await?;
    Ok(removed.gone())
}

/// Refuses addresses that are not out in the world, so that nobody has this node call inside.
async fn addresses(api: &Api, reach: &Reach) -> Result<(), Problem> {
    let open = api.client().allows_private();
    let (url, access) = match reach {
        Reach::Upload => return Ok(()),
        Reach::Ftp(place) => return host(&place.host, place.port, open).await,
        Reach::Sftp(place) => return host(&place.host, place.port, open).await,
        Reach::Http { url, access, .. } => (url, access),
    };
    check(url, open, "/reach/url").await?;
    match access {
        Secrets::ClientCredentials { token_url, .. } => {
            check(token_url, open, "/reach/access/token_url").await
        }
        _ => Ok(()),
    }
}

async fn host(host: &str, port: u16, open: bool) -> Result<(), Problem> {
    match guard::addresses(host, port, open).await {
        Err(refused @ guard::Unsafe::Address) => {
            Err(Problem::invalid("/reach/host", refused.to_string()))
        }
        _ => Ok(()),
    }
}

/// An address that leads inside is refused now; one that nobody knows yet may be known later.
async fn check(url: &str, open: bool, pointer: &str) -> Result<(), Problem> {
    let wrong = |text: String| Problem::invalid(pointer, text);
    let read = Url::parse(url).map_err(|_| wrong(guard::Unsafe::Url.to_string()))?;
    guard::check(&read, &[], open).map_err(|refused| wrong(refused.to_string()))?;
    match guard::check_name(url, open).await {
        Err(refused @ guard::Unsafe::Address) => Err(wrong(refused.to_string())),
        _ => Ok(()),
    }
}
