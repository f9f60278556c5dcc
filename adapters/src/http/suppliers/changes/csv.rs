//! What an import has changed as comma-separated values, a bounded number of offers at a time.

use super::{
    super::super::{Api, access::Access, csv::field, path::Named, problem::Problem, query},
    ChangeKind, Changed, Reading, Wanted,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use http::header;
use kontor_messages::{Money, supplier::Availability};
use serde::Deserialize;
use std::io;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Offers written at a time.
const OFFERS: usize = 500;
const HEAD: &str =
    "kind,code,product,currency,price_before_minor,price_minor,stock_before,stock\r\n";

/// Which changes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only these.
    #[param(inline)]
    kind: Option<ChangeKind>,
    /// Only of the offer of this code.
    #[param(min_length = 1, max_length = 200)]
    code: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(export))
}

/// What an import has changed of a source's offers, as CSV; of a trial, the samples that it kept. A
/// number of pieces with a `+` means so many or more.
#[utoipa::path(get, path = "/v1/imports/{import}/changes.csv", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Which),
    responses((status = OK, body = String, content_type = "text/csv")))]
async fn export(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    let Which { kind, code } = which;
    let wanted = Wanted { limit: None, cursor: None, kind, code };
    let reading = Reading::begin(&api, access.id(), &import, wanted).await?;
    let rows = stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        match reading.next(OFFERS).await {
            Ok(page) => {
                let lines: String = page.iter().map(line).collect();
                let more = reading.cursor().is_some();
                Some((Ok(Bytes::from(lines)), more.then_some(reading)))
            }
            // The connection breaks off: half a list does not look like a whole one.
            Err(fault) => Some((Err(io::Error::other(fault)), None)),
        }
    });
    let head = stream::once(async { Ok(Bytes::from_static(HEAD.as_bytes())) });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"changes.csv\""),
    ];
    Ok((headers, Body::from_stream(head.chain(rows).fuse())).into_response())
}

fn line(changed: &Changed) -> String {
    let kind = match changed.kind {
        ChangeKind::Created => "created",
        ChangeKind::Updated => "updated",
        ChangeKind::Vanished => "vanished",
        ChangeKind::Missing => "missing",
    };
    let minor = |price: Option<Money>| {
        price.map(|price| price.amount_minor.to_string()).unwrap_or_default()
    };
    let currency = changed.price.or(changed.price_before).map(|price| price.currency);
    format!(
        "{kind},{},{},{},{},{},{},{}\r\n",
        field(&changed.code),
        field(changed.product.as_deref().unwrap_or_default()),
        currency.as_ref().map_or("", |currency| currency.as_str()),
        minor(changed.price_before),
        minor(changed.price),
        pieces(changed.stock_before),
        pieces(changed.stock),
    )
}

fn pieces(stock: Option<Availability>) -> String {
    match stock {
        None | Some(Availability::Unknown) => String::new(),
        Some(Availability::Exact(pieces)) => pieces.to_string(),
        Some(Availability::AtLeast(pieces)) => format!("{pieces}+"),
        Some(Availability::Some) => "some".to_owned(),
        Some(Availability::None) => "0".to_owned(),
    }
}
