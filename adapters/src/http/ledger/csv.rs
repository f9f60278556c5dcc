//! The tenant's ledger as comma-separated values, a bounded number of rows in memory at a time.

use super::{
    super::{Api, access::Access, csv::field, problem::Problem, query},
    LedgerEntry, Reading, Wanted,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use http::header;
use kontor_messages::Timestamp;
use serde::Deserialize;
use std::io;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows read at a time.
const ROWS: u32 = 500;
const HEAD: &str =
    "number,at,payment,attempt,kind,provider,account,currency,amount_minor,change_minor\r\n";

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only at this provider.
    #[param(min_length = 1, max_length = 40)]
    provider: Option<String>,
    /// Only at accounts of this name.
    #[param(min_length = 1, max_length = 40)]
    account: Option<String>,
    /// Only in this currency.
    #[param(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// Only of these kinds, with commas between them.
    #[param(min_length = 1, max_length = 100, example = "refund,refund_reversal")]
    kind: Option<String>,
    /// Only from this instant on.
    from: Option<Timestamp>,
    /// Only before this instant.
    until: Option<Timestamp>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(export))
}

/// The tenant's ledger as CSV, oldest first: what there was when it was asked for. `change_minor`
/// is what an entry changes in what is there; the last column's sum is the balance.
#[utoipa::path(get, path = "/v1/ledger.csv", tag = "payments", params(Which),
    responses((status = OK, body = String, content_type = "text/csv")))]
async fn export(
    State(api): State<Api>,
    access: Access,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    let Which { provider, account, currency, kind, from, until } = which;
    let (limit, cursor) = (None, None);
    let wanted = Wanted { limit, cursor, provider, account, currency, kind, from, until };
    let reading = Reading::begin(api, access.id(), wanted).await?;
    let rows = stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        match reading.page(ROWS, ROWS as usize).await {
            Ok(Some(page)) => {
                let lines: String = page.iter().map(line).collect();
                Some((Ok(Bytes::from(lines)), Some(reading)))
            }
            Ok(None) => None,
            // The connection breaks off: half a ledger does not look like a whole one.
            Err(fault) => Some((Err(io::Error::other(fault)), None)),
        }
    });
    let head = stream::once(async { Ok(Bytes::from_static(HEAD.as_bytes())) });
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"ledger.csv\""),
    ];
    // Whoever compresses it asks once more after the end.
    Ok((kind, Body::from_stream(head.chain(rows).fuse())).into_response())
}

fn line(entry: &LedgerEntry) -> String {
    format!(
        "{},{},{},{},{},{},{},{},{},{}\r\n",
        entry.number,
        entry.at,
        field(entry.payment.as_str()),
        entry.attempt,
        entry.kind.word(),
        field(&entry.provider),
        field(&entry.account),
        entry.currency.as_str(),
        entry.amount_minor,
        entry.change_minor,
    )
}
