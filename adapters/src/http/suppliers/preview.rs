//! What a source's settings make of the first rows of a feed. Nothing is kept.

use super::super::{Api, command::Ordered, document::Sources, path::Named, problem::Problem, read};
use crate::dispatch::imports::plan::Plan;
use axum::response::Response;
use http::StatusCode;
use kontor_feeds::{FeedError, Mapped};
use kontor_messages::supplier::{FeedFile, RowProblem, SourceSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{Cursor, Read};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows that are shown at most.
const ROWS_MAX: u32 = 50;

/// What is tried.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Trial {
    /// The beginning of a feed; the file that the source read last, if there is none.
    #[schema(min_length = 1, max_length = 200_000)]
    sample: Option<String>,
    /// How the file is read; as the source is set, if it does not say.
    #[schema(value_type = Option<Object>)]
    format: Option<Value>,
    /// Which field of a row is what; as the source is set, if it does not say.
    #[schema(value_type = Option<Object>)]
    mapping: Option<Value>,
    /// Rows that are shown.
    #[schema(minimum = 1, maximum = 50)]
    rows: Option<u32>,
}

/// What was made of the rows.
#[derive(Serialize, ToSchema)]
#[schema(as = MappingPreview)]
struct Preview {
    /// The rows.
    rows: Vec<PreviewRow>,
    /// The names of fields that occurred, for who maps them.
    names: Vec<String>,
    /// Why the feed was not read further, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// What was made of a row.
#[derive(Serialize, ToSchema)]
struct PreviewRow {
    /// Which.
    row: u64,
    /// What it says; absent if it is left out by a filter or is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    record: Option<Value>,
    /// A filter leaves it out.
    filtered: bool,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<RowProblem>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(preview))
}

/// Shows what the settings of a source, or others, make of the first rows of a feed.
#[utoipa::path(post, path = "/v1/sources/{source}/preview", tag = "suppliers",
    params(("source" = String, Path, max_length = 40)),
    request_body = Trial,
    responses((status = OK, body = Preview)))]
async fn preview(
    Named(source): Named<String>,
    ordered: Ordered<Trial>,
) -> Result<Response, Problem> {
    let Ordered { body: trial, asking } = ordered;
    let there = read::load::<Sources>(&asking.api, asking.access.id(), &source).await?;
    let known = there.state.source().ok_or_else(|| Problem::not_found("source"))?;
    let rows = trial.rows.unwrap_or(10);
    if !(1..=ROWS_MAX).contains(&rows) {
        return Err(Problem::invalid("/rows", format!("expected 1 to {ROWS_MAX}")));
    }
    let own = &known.settings;
    let settings = SourceSettings {
        format: trial.format.unwrap_or_else(|| own.format.clone()),
        mapping: trial.mapping.unwrap_or_else(|| own.mapping.clone()),
        ..own.clone()
    };
    let plan = Plan::of(&settings, known.revision);
    let plan = plan.map_err(|wrong| Problem::invalid(wrong.pointer, wrong.expected))?;
    let feed: Box<dyn Read + Send> = match trial.sample {
        Some(sample) => Box::new(Cursor::new(sample.into_bytes())),
        None => {
            let uploaded = known.upload.as_ref().map(|upload| &upload.file);
            let read = known.known.as_ref().and_then(|known| known.fetched.file.as_ref());
            Box::new(file(&asking.api, &asking.access, uploaded.or(read))?)
        }
    };
    let shown = tokio::task::spawn_blocking(move || look(feed, &plan, rows)).await;
    let shown = shown.map_err(|fault| {
        tracing::error!(%fault, "a preview broke off");
        Problem::unavailable("the rows could not be read")
    })?;
    Ok(super::super::json(StatusCode::OK, &shown))
}

fn file(
    api: &Api,
    access: &super::super::access::Access,
    file: Option<&FeedFile>,
) -> Result<std::fs::File, Problem> {
    let there = file.and_then(|file| api.feeds().open(access.id(), file).ok());
    there.ok_or_else(|| {
        Problem::invalid(
            "/sample",
            "expected the beginning of a feed: no file of the source is there",
        )
    })
}

fn look(feed: Box<dyn Read + Send>, plan: &Plan, count: u32) -> Preview {
    let mut preview = Preview { rows: Vec::new(), names: Vec::new(), problem: None };
    if let Err(fault) = read_rows(feed, plan, count, &mut preview) {
        preview.problem = Some(fault.to_string());
    }
    preview
}

/// A sample that breaks off in the middle is told after the rows before.
fn read_rows(
    feed: Box<dyn Read + Send>,
    plan: &Plan,
    count: u32,
    preview: &mut Preview,
) -> Result<(), FeedError> {
    let mut rows = kontor_feeds::open(feed, &plan.source)?;
    while preview.rows.len() < count as usize
        && let Some(row) = rows.next_row()?
    {
        let mut shown =
            PreviewRow { row: row.number, record: None, filtered: false, problems: Vec::new() };
        match plan.mapping.apply(row) {
            Ok(Mapped::Record(record)) => shown.record = serde_json::to_value(&*record).ok(),
            Ok(Mapped::Filtered) => shown.filtered = true,
            Err(errors) => {
                shown.problems = errors.into_iter().map(crate::dispatch::imports::problem).collect()
            }
        }
        preview.rows.push(shown);
    }
    preview.names = rows.names();
    Ok(())
}
