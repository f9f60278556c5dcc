//! Refunds that go to the bank with a file.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{PayoutBatches, Payouts, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kontor_actors::{
    domain::Domain,
    payout::{ORDERS_MAX, Payout, PayoutBatch, PayoutOrder, PayoutState},
    request::Terms,
    store::ListQuery,
};
use kontor_messages::{
    EntityId, Timestamp,
    payout::{PayoutCommand, batch_entity},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Orders that wait, of all accounts, that are looked through for one account's.
const WAITING_MAX: usize = 5_000;
/// Rows read at a time.
const ROWS: u32 = 500;

/// Whose refunds go with a file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBatch {
    /// At which provider.
    #[schema(min_length = 1, max_length = 40, example = "fio")]
    provider: String,
    /// From which account there.
    #[schema(min_length = 1, max_length = 40, example = "main")]
    account: String,
}

/// Why a batch is released.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchRelease {
    /// For people.
    #[schema(min_length = 1, max_length = 500)]
    note: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(batches, form))
        .routes(routes!(batch))
        .routes(routes!(file))
        .routes(routes!(release))
}

/// Refunds that go to the bank with a file, by payments, the newest payments first.
#[utoipa::path(get, path = "/v1/payouts", tag = "payments", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<PayoutOrder>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Payouts>(&api, &access, paging.try_into()).await
}

/// A refund that goes to the bank with a file.
#[utoipa::path(get, path = "/v1/payouts/{payout}", tag = "payments",
    params(("payout" = String, Path, max_length = 200)),
    responses((status = OK, body = Versioned<PayoutOrder>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(payout): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Payouts>(&api, &access, &headers, &payout).await
}

/// Files with what they hold, newest first.
#[utoipa::path(get, path = "/v1/payout-batches", tag = "payments", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<PayoutBatch>>)))]
async fn batches(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<PayoutBatches>(&api, &access, paging.try_into()).await
}

/// Puts an account's refunds that wait to be paid out into a batch, whose file is taken to the bank;
/// 409 `nothing_waits` if there are none. A refund is in one batch at most.
#[utoipa::path(post, path = "/v1/payout-batches", tag = "payments", params(HowAsked),
    request_body = NewBatch,
    responses((status = CREATED, body = Versioned<PayoutBatch>)))]
async fn form(ordered: Ordered<NewBatch>) -> Result<Response, Problem> {
    let Ordered { body: NewBatch { provider, account }, asking } = ordered;
    let by = super::payments::usable(&asking.api, &asking.access, &provider, &account).await?;
    let now = Timestamp::now();
    if by.payout_file(&[], now).is_none() {
        let expected = "expected an account of a bank that takes payments as a file";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::at(status, "not_supported", "/account", expected));
    }
    let orders = waiting(&asking.api, &asking.access, &provider, &account).await?;
    let batch = batch_entity(EntityId::fresh(now).as_str());
    let command = PayoutCommand::FormBatch { batch, provider, account, orders };
    asking.create::<PayoutBatches>(command).await
}

/// The account's orders that wait.
async fn waiting(
    api: &Api,
    access: &Access,
    provider: &str,
    account: &str,
) -> Result<Vec<EntityId>, Problem> {
    let (mut found, mut before, mut seen) = (Vec::new(), None, 0);
    loop {
        let query = ListQuery {
            tenant: access.id().clone(),
            domain: Payout::NAME.to_owned(),
            prefix: "order/".to_owned(),
            status: Some("waiting".to_owned()),
            label: None,
            from: None,
            before,
            limit: ROWS,
        };
        let rows = api.intake().ground().store.list(&query).await?;
        let full = rows.len() == ROWS as usize;
        seen += rows.len();
        before = rows.last().map(|row| row.entity.to_string());
        for row in rows {
            let state = serde_json::from_str(&row.state).unwrap_or_default();
            let PayoutState::Order(order) = state else { continue };
            if order.provider == provider && order.account == account {
                found.push(row.entity);
            }
        }
        if !full || found.len() >= ORDERS_MAX || seen >= WAITING_MAX {
            return Ok(found);
        }
    }
}

/// A file with what it holds.
#[utoipa::path(get, path = "/v1/payout-batches/{batch}", tag = "payments",
    params(("batch" = String, Path, max_length = 200)),
    responses((status = OK, body = Versioned<PayoutBatch>)))]
async fn batch(
    State(api): State<Api>,
    access: Access,
    Named(batch): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<PayoutBatches>(&api, &access, &headers, &batch).await
}

/// The file for the bank, as the bank imports it. Taken for the first time it is marked as handed
/// over, and what it holds is settled; taken again it is the same file. That changes something, so
/// it needs to be allowed to write. 409 if the batch was released, or nothing in it is left to pay.
#[utoipa::path(get, path = "/v1/payout-batches/{batch}/file", tag = "payments",
    params(("batch" = String, Path, max_length = 200)),
    responses((status = OK, body = String, content_type = "application/xml",
        description = "The file."),
        (status = CONFLICT, description = "It pays nothing, or cannot be written.")))]
async fn file(
    State(api): State<Api>,
    access: Access,
    Named(batch): Named<String>,
) -> Result<Response, Problem> {
    let there = read::load::<PayoutBatches>(&api, access.id(), &batch).await?;
    access.writes(&api).await?;
    let command = PayoutCommand::HandOver { batch: there.entity };
    let intake = api.intake();
    let done = intake.ask::<Payout>(access.caller(), command, Terms::default()).await?;
    let taken = done.state.batch().ok_or_else(|| Problem::not_found("batch"))?;
    let mut orders = Vec::with_capacity(taken.orders.len());
    for order in &taken.orders {
        let found = intake.read::<Payout>(access.id(), order).await?;
        orders.extend(found.and_then(|(state, _)| state.order().cloned()));
    }
    let transfers: Vec<_> = orders.iter().map(|order| &order.transfer).collect();
    let account = super::payments::usable(&api, &access, &taken.provider, &taken.account).await;
    let at = taken.handed_over_at.unwrap_or(taken.formed_at);
    let file = account.ok().and_then(|account| account.payout_file(&transfers, at));
    let file = file.filter(|_| transfers.len() == taken.orders.len()).ok_or_else(|| {
        let detail = "the account is gone or changed, or who is to be paid was erased: release it";
        Problem::new(StatusCode::CONFLICT, "not_writable", detail)
    })?;
    let name = format!("attachment; filename=\"payouts-{batch}.{}\"", file.extension);
    let mut response =
        ([(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type))], file.text)
            .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Says that the bank has not taken the file: its orders that are not paid wait again, and go with
/// another one. Whoever says so has looked there; a file that the bank takes all the same is paid.
#[utoipa::path(post, path = "/v1/payout-batches/{batch}/release", tag = "payments",
    params(("batch" = String, Path, max_length = 200), HowAsked),
    request_body = BatchRelease,
    responses((status = OK, body = Versioned<PayoutBatch>)))]
async fn release(
    Named(batch): Named<String>,
    ordered: Ordered<BatchRelease>,
) -> Result<Response, Problem> {
    let batch = known_id(&format!("batch/{batch}"), "batch")?;
    let Ordered { body: BatchRelease { note }, asking } = ordered;
    asking.change::<PayoutBatches>(PayoutCommand::Release { batch, note }).await
}
