//! What is wrong with the rows of an import: in pages, or as a file to be worked through.

use super::super::{
    Api,
    access::Access,
    csv::field,
    document::Imports,
    path::Named,
    problem::Problem,
    query,
    read::{self, Page},
};
use super::past::place;
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use http::{StatusCode, header};
use kontor_actors::{intake::Intake, supplier::Supplier};
use kontor_messages::{
    EntityId, TenantId,
    supplier::{RowProblem, problems_entity},
};
use serde::Deserialize;
use std::io;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Pages of the list that one answer looks through for problems that are wanted.
const PAGES_MAX: usize = 20;
const HEAD: &str = "row,line,code,field,reason\r\n";

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// How the list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// How it is written.
    #[param(inline)]
    form: Form,
}

/// Which problems.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only of this field.
    #[param(min_length = 1, max_length = 200)]
    field: Option<String>,
    /// Only of rows of this code.
    #[param(min_length = 1, max_length = 200)]
    code: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(page)).routes(routes!(list))
}

/// What is wrong with the rows of an import, in the order in which it was found. An answer may be
/// short, or empty, while there are more: `next_cursor` tells.
#[utoipa::path(get, path = "/v1/imports/{import}/problems", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Which),
    responses((status = OK, body = Page<RowProblem>)))]
async fn page(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    read::bounded("field", which.field.as_deref(), 200)?;
    read::bounded("code", which.code.as_deref(), 200)?;
    let limit = read::Asked::new(which.limit, None)?.limit;
    let (mut page, mut done) = place::<u32>(which.cursor.as_deref())?;
    let there = read::load::<Imports>(&api, access.id(), &import).await?;
    let end = there.state.import().map_or(0, |known| known.problem_pages);
    let (mut items, mut looked) = (Vec::new(), 0);
    while page < end && items.len() < limit && looked < PAGES_MAX {
        let found = problems(api.intake(), access.id(), &there.entity, page).await?;
        looked += 1;
        for problem in found.iter().skip(done) {
            if items.len() == limit {
                break;
            }
            done += 1;
            if which.wants(problem) {
                items.push(problem.clone());
            }
        }
        if found.len() <= done {
            (page, done) = (page + 1, 0);
        }
    }
    let next_cursor = (page < end).then(|| format!("{page}.{done}"));
    Ok(super::super::json(StatusCode::OK, &Page { items, next_cursor }))
}

impl Which {
    fn wants(&self, problem: &RowProblem) -> bool {
        self.field.as_ref().is_none_or(|field| *field == problem.field)
            && self.code.as_ref().is_none_or(|code| problem.code.as_ref() == Some(code))
    }
}

/// What is wrong with the rows of an import, as CSV or JSON lines. At most 10,000 problems are
/// kept; `counts.failed` says how many there were.
#[utoipa::path(get, path = "/v1/imports/{import}/errors", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Wanted),
    responses((status = OK, content(
        (String = "text/csv"), (String = "application/jsonl"),
    ))))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let there = read::load::<Imports>(&api, access.id(), &import).await?;
    let (intake, tenant) = (api.intake().clone(), access.id().clone());
    let (kind, name, head) = match wanted.form {
        Form::Csv => ("text/csv; charset=utf-8", "errors.csv", HEAD),
        Form::Jsonl => ("application/jsonl", "errors.jsonl", ""),
    };
    let form = wanted.form;
    let end = there.state.import().map_or(0, |known| known.problem_pages);
    let pages = stream::unfold(Some(0), move |page| {
        let (intake, tenant, import) = (intake.clone(), tenant.clone(), there.entity.clone());
        async move {
            let page = page.filter(|page| *page < end)?;
            match problems(&intake, &tenant, &import, page).await {
                Ok(problems) => {
                    let lines: String = problems.iter().map(|one| line(form, one)).collect();
                    Some((Ok(Bytes::from(lines)), Some(page + 1)))
                }
                // The connection breaks off: half a list does not look like a whole one.
                Err(fault) => Some((Err(io::Error::other(fault)), None)),
            }
        }
    });
    let head = stream::once(async { Ok(Bytes::from_static(head.as_bytes())) });
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(head.chain(pages).fuse())).into_response())
}

async fn problems(
    intake: &Intake,
    tenant: &TenantId,
    import: &EntityId,
    page: u32,
) -> Result<Vec<RowProblem>, kontor_actors::store::StoreFault> {
    let found = intake.read::<Supplier>(tenant, &problems_entity(import, page)).await?;
    let known = found.and_then(|(state, _)| state.problems().map(|known| known.problems.clone()));
    Ok(known.unwrap_or_default())
}

fn line(form: Form, problem: &RowProblem) -> String {
    match form {
        Form::Jsonl => {
            let mut line = serde_json::to_string(problem).unwrap_or_default();
            line.push('\n');
            line
        }
        Form::Csv => format!(
            "{},{},{},{},{}\r\n",
            problem.row,
            problem.line,
            field(problem.code.as_deref().unwrap_or_default()),
            field(&problem.field),
            field(&problem.reason),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_line_in_either_form() {
        let problem = RowProblem {
            row: 7,
            line: 8,
            code: Some("=A".to_owned()),
            field: "price".to_owned(),
            reason: "found \"x\", expected a number".to_owned(),
        };
        assert_eq!(
            line(Form::Csv, &problem),
            "7,8,\"'=A\",price,\"found \"\"x\"\", expected a number\"\r\n"
        );
        let read: RowProblem = serde_json::from_str(&line(Form::Jsonl, &problem)).unwrap();
        assert_eq!(read, problem);
    }
}
