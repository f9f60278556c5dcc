//! How a tenant's accounts at payment providers are, as this node has seen them. Nothing of it is
//! written down: a node that begins anew begins to count anew.

use super::{
    Api,
    access::{Access, Operator},
    document::{Accounts, Kind, Payments},
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, LIMIT_MAX, Page, Paging, bounded},
};
use crate::gateways::{
    health::{LastCall, Seen},
    payments,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::payment::PaymentDocument;
use kontor_messages::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// An account in the list.
#[derive(Serialize, ToSchema)]
struct AccountSeen {
    /// Whose; told where it is asked for all tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    /// How it is.
    #[serde(flatten)]
    seen: Seen,
}

/// An account with what waits for it.
#[derive(Serialize, ToSchema)]
struct AccountHealthView {
    /// How it is.
    #[serde(flatten)]
    seen: Seen,
    /// The calls under way, as many as `under_way` says, then the last 50 of the hour that ended, each
    /// newest first. A call that was not made because the account rests is none.
    #[schema(max_items = 58)]
    last_calls: Vec<LastCall>,
    /// Payments that are not open at the provider yet; told to who may read payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_open: Option<Queue>,
    /// Payments that are open there and not paid; told to who may read payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_pay: Option<Queue>,
}

/// Payments that wait for something, counted as far as one answer looks.
#[derive(Serialize, ToSchema)]
struct Queue {
    /// How many were seen.
    #[schema(maximum = 200)]
    count: usize,
    /// Whether there may be more.
    more: bool,
    /// The oldest that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
}

/// Which accounts, of all tenants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those at this provider.
    #[param(min_length = 1, max_length = 40, example = "stripe")]
    provider: String,
    /// Accounts at most.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// Accounts of all tenants, those in trouble first.
#[derive(Serialize, ToSchema)]
struct AccountsSeen {
    /// The accounts.
    #[schema(max_items = 200)]
    items: Vec<AccountSeen>,
    /// Whether there are more, which are no worse.
    more: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

pub(super) fn for_operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_all))
}

/// How the tenant's accounts at payment providers are, as this node has seen them: whether calls go
/// out, what came of those of the last hour, the last failure, what the provider sent. An account
/// that cannot be used is left out: `GET /v1/accounts/{provider}/{name}/health` says why.
#[utoipa::path(get, path = "/v1/accounts/health", tag = "accounts", params(Paging),
    responses((status = OK, body = Page<AccountSeen>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let page = read::page::<Accounts>(&api, &access, &Asked::try_from(paging)?, |_| true).await?;
    let now = Timestamp::now();
    let mut items = Vec::with_capacity(page.items.len());
    for one in page.items.iter().map(|one| &one.document).filter(|one| carries_money(&one.provider))
    {
        let account = api.accounts().get(access.id(), &one.provider, &one.name).await;
        items.extend(account.ok().map(|known| AccountSeen { tenant: None, seen: known.seen(now) }));
    }
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor: page.next_cursor }))
}

/// How an account at a payment provider is, as this node has seen it, its last calls, and which
/// payments wait for it: newest first through 2,000 rows of each kind. An account that carries
/// messages has none (404 `no_health`): each message tells of its tries. One that cannot be used says
/// why (409 `account_unusable`).
#[utoipa::path(get, path = "/v1/accounts/{provider}/{name}/health", tag = "accounts",
    params(("provider" = String, Path, max_length = 40), ("name" = String, Path, max_length = 40)),
    responses((status = OK, body = AccountHealthView)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named((provider, name)): Named<(String, String)>,
) -> Result<Response, Problem> {
    let there = read::load::<Accounts>(&api, access.id(), &format!("{provider}/{name}")).await;
    // One that needs no settings is nowhere written down.
    let used = api.accounts().in_memory(access.id(), &provider, &name);
    if let (Err(unknown), None) = (there, &used) {
        return Err(unknown);
    }
    if !carries_money(&provider) {
        let detail = "an account that carries messages has no health: each message tells its tries";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no_health", detail));
    }
    let found = api.accounts().get(access.id(), &provider, &name).await;
    let account = found.map_err(|fault| match &*fault.code {
        "unknown_account" => Problem::not_found(Accounts::WHAT),
        _ => Problem::new(StatusCode::CONFLICT, "account_unusable", fault.message),
    })?;
    let (mut to_open, mut to_pay) = (None, None);
    let may_read = access.may_read(&api, "payments").await;
    if may_read {
        let (created, pending) = tokio::join!(
            queue(&api, &access, "created", (&provider, &name)),
            queue(&api, &access, "pending", (&provider, &name)),
        );
        (to_open, to_pay) = (Some(created?), Some(pending?));
    }
    let (seen, mut last_calls) = account.seen_with_calls(Timestamp::now());
    if !may_read {
        last_calls.iter_mut().for_each(|call| call.payment = None);
    }
    let shown = AccountHealthView { seen, last_calls, to_open, to_pay };
    Ok(super::json(StatusCode::OK, &shown))
}

/// The accounts of all tenants at a payment provider that this node has used lately, those in trouble
/// first.
#[utoipa::path(get, path = "/v1/platform/accounts", tag = "operation", params(Which),
    responses((status = OK, body = AccountsSeen)))]
async fn list_all(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(which): query::Asked<Which>,
) -> Result<Response, Problem> {
    let limit = which.limit.unwrap_or(50);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    bounded("provider", Some(&which.provider), 40)?;
    let (found, more) = api.accounts().seen(&which.provider, limit as usize);
    let items = found
        .into_iter()
        .map(|(tenant, seen)| AccountSeen { tenant: Some(tenant), seen })
        .collect();
    Ok(super::json(StatusCode::OK, &AccountsSeen { items, more }))
}

fn carries_money(provider: &str) -> bool {
    payments::providers().iter().any(|known| known.name == provider)
}

/// Whether a payment is at an account now: its last attempt is.
pub(super) fn is_at(payment: &PaymentDocument, (provider, account): (&str, Option<&str>)) -> bool {
    payment.attempts.last().is_some_and(|last| {
        last.provider == provider && account.is_none_or(|account| last.account == account)
    })
}

async fn queue(
    api: &Api,
    access: &Access,
    status: &str,
    (provider, account): (&str, &str),
) -> Result<Queue, Problem> {
    let status = Some(status.to_owned());
    let asked = Asked { status, few: true, ..Asked::new(Some(LIMIT_MAX), None)? };
    let here = |payment: &PaymentDocument| is_at(payment, (provider, Some(account)));
    let page = read::page::<Payments>(api, access, &asked, here).await?;
    let oldest = page.items.last().map(|last| last.id.clone());
    Ok(Queue { count: page.items.len(), more: page.next_cursor.is_some(), oldest })
}
