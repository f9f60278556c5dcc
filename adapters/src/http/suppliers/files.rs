//! Feeds that are uploaded: streamed to disk, never held in memory.

use super::super::{
    Api,
    access::Access,
    command,
    document::{Sources, Versioned},
    path::Named,
    problem::Problem,
    query, read,
};
use super::SourceView;
use crate::dispatch::imports::files::SpoolFault;
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use futures_util::StreamExt;
use http::StatusCode;
use kontor_actors::request::Terms;
use kontor_messages::{Timestamp, supplier::SupplierCommand};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Between two parts of a file.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is said of a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct About {
    /// When what it tells was so; now, if it does not say.
    observed_at: Option<Timestamp>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// Takes a feed's file, as it is: XML, CSV or JSON, or one of them in gzip or zip. The next import
/// reads it.
#[utoipa::path(put, path = "/v1/sources/{source}/file", tag = "suppliers",
    params(("source" = String, Path, max_length = 40), About),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = OK, body = Versioned<SourceView>)))]
async fn upload(
    State(api): State<Api>,
    access: Access,
    Named(source): Named<String>,
    query::Asked(about): query::Asked<About>,
    request: Request,
) -> Result<Response, Problem> {
    let there = read::load::<Sources>(&api, access.id(), &source).await?;
    let bytes_max = there.state.source().map_or(0, |known| known.settings.file_bytes_max);
    let file = spool(&api, &access, request.into_body(), bytes_max).await?;
    if file.bytes == 0 {
        let detail = "expected the feed's file as the body";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_body", detail));
    }
    let observed_at = about.observed_at;
    let told = SupplierCommand::RecordUpload { code: source, file, observed_at };
    let outcome = command::ask(&api, access.caller(), Terms::default(), told).await?;
    outcome.show::<Sources>(StatusCode::OK)
}

async fn spool(
    api: &Api,
    access: &Access,
    body: Body,
    bytes_max: u64,
) -> Result<kontor_messages::supplier::FeedFile, Problem> {
    let mut spool = api.feeds().spool(access.id(), bytes_max).await.map_err(refused)?;
    let mut frames = body.into_data_stream();
    loop {
        let frame = tokio::time::timeout(PATIENCE, frames.next()).await;
        let Some(frame) = frame.map_err(|_| broken())? else { break };
        spool.write(&frame.map_err(|_| broken())?).await.map_err(refused)?;
    }
    spool.finish().await.map_err(refused)
}

fn broken() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_body", "the body broke off")
}

fn refused(fault: SpoolFault) -> Problem {
    match fault {
        SpoolFault::TooLarge(limit) => {
            let detail = format!("expected a file of {limit} bytes at most");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        }
        SpoolFault::Disk(fault) => {
            tracing::error!(%fault, "a feed's file could not be kept");
            Problem::unavailable("the file could not be kept")
        }
    }
}
