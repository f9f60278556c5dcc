//! Payments: asking for money, and reading how it stands.

mod abilities;
mod actions;
mod calls;
pub(super) mod former;
mod opening;
mod qr;
pub(super) mod returns;

use super::{
    Api,
    access::Access,
    account_health::is_at,
    command::{HowAsked, Ordered},
    document::{AskedPayments, Kind, Orders, Payments, Versioned},
    history,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, StatusPaging},
};
use crate::{gateways::Account, identity::refresh::unguessable};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    domain::Domain,
    order::state::OrderDocument,
    payment::{Payment, PaymentDocument},
};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{AccountName, CaptureMode, PaymentCommand, PaymentPlan},
};
use opening::Chosen;
use serde::Deserialize;
use std::{borrow::Cow, sync::Arc, time::Duration};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Money that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPayment {
    /// For which order, if for one.
    #[serde(default)]
    order: Option<EntityId>,
    /// How much; the order's total if absent.
    #[serde(default)]
    amount: Option<Money>,
    /// By which provider; with `account`, or else `method`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "stripe")]
    provider: Option<String>,
    /// By which of the tenant's accounts there.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "main")]
    account: Option<String>,
    /// How the payer wants to pay: the rules of `/v1/payment-routes` choose the accounts.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40)]
    method: Option<String>,
    /// Where the payer is, ISO 3166-1 alpha-2, for the rules that ask for it.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    country: Option<String>,
    /// When the money is taken.
    #[serde(default)]
    capture: CaptureMode,
    /// Where the payer comes back to.
    #[serde(default)]
    #[schema(max_length = 2000)]
    return_url: Option<String>,
    /// Where the payer comes back to without having paid.
    #[serde(default)]
    #[schema(max_length = 2000)]
    cancel_url: Option<String>,
    /// What the payer reads; the order's number if absent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    description: Option<String>,
    /// Until when it may be paid; as long as the tenant's orders wait if absent.
    #[serde(default)]
    until: Option<Timestamp>,
    /// The payer's address, if the provider shall write; the order's customer's if absent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 254)]
    customer_email: Option<String>,
}

/// Which payments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only those that stand so; a word that none of them can have is refused.
    #[param(min_length = 1, max_length = 40)]
    status: Option<String>,
    /// Only those of this order, on one page.
    #[param(min_length = 1, max_length = 200)]
    order: Option<String>,
    /// Only those whose last attempt is at this provider. A page may then hold fewer than asked for,
    /// or nothing, although more follow.
    #[param(min_length = 1, max_length = 40, example = "stripe")]
    provider: Option<String>,
    /// Only those whose last attempt is at this account there; with `provider`.
    #[param(min_length = 1, max_length = 40, example = "main")]
    account: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, request))
        .routes(routes!(get))
        .merge(actions::routes())
        .merge(calls::routes())
        .merge(history::of_payments())
        .merge(qr::routes())
}

/// Asks for money. The provider is called as soon as that is recorded, and the answer waits a
/// little for it: then it says where the payer goes, how the money is transferred, or what the shop's own page
/// needs. Still
/// `created`, it is asked for again. `Prefer: wait=N` says for how many seconds to wait, 20 at most.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", params(HowAsked),
    request_body = NewPayment,
    responses((status = CREATED, body = Versioned<PaymentDocument>)))]
async fn request(headers: HeaderMap, ordered: Ordered<NewPayment>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let wait = opening::wait(&headers, asking.api.settings().payment_wait());
    let command = command(&asking.api, &asking.access, body).await?;
    opening::open(asking, command, wait).await?.show::<AskedPayments>(StatusCode::CREATED)
}

/// Payments, newest first; or those of an order.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", params(Wanted),
    responses((status = OK, body = Page<Versioned<PaymentDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let Wanted { limit, cursor, status, order, provider, account } = wanted;
    read::bounded("order", order.as_deref(), 200)?;
    read::bounded("provider", provider.as_deref(), 40)?;
    read::bounded("account", account.as_deref(), 40)?;
    if provider.is_none() && account.is_some() {
        let expected = "expected the provider that has the account";
        return Err(Problem::parameter("provider", expected));
    }
    let few = provider.is_some();
    let asked = Asked { few, ..Asked::try_from(StatusPaging { limit, cursor, status })? };
    read::check_status::<Payments>(&asked)?;
    let here = |payment: &PaymentDocument| {
        let at = |provider: &String| is_at(payment, (provider, account.as_deref()));
        provider.as_ref().is_none_or(at)
    };
    match order {
        Some(order) => of_order(&api, &access, &order, (&asked, here)).await,
        None => read::some::<Payments>(&api, &access, &asked, here).await,
    }
}

/// A payment. Who may ask for payments is shown what the payer's browser needs, if it pays that way.
#[utoipa::path(get, path = "/v1/payments/{payment}", tag = "payments",
    params(("payment" = String, Path, max_length = 200)),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match access.may_write(&api).await {
        true => read::one::<AskedPayments>(&api, &access, &headers, &payment).await,
        false => read::one::<Payments>(&api, &access, &headers, &payment).await,
    }
}

/// Refuses a provider that is not there, and an account that cannot be used.
pub(super) async fn usable(
    api: &Api,
    access: &Access,
    provider: &str,
    account: &str,
) -> Result<Arc<Account>, Problem> {
    match api.accounts().get(access.id(), provider, account).await {
        Ok(account) => Ok(account),
        Err(fault) => {
            let pointer = if fault.code == "unknown_provider" { "/provider" } else { "/account" };
            Err(Problem::invalid(pointer, fault.message))
        }
    }
}

/// The command, with what follows from the order where nothing is said.
async fn command(api: &Api, access: &Access, body: NewPayment) -> Result<PaymentCommand, Problem> {
    let now = Timestamp::now();
    let wait = Duration::from_secs(60 * u64::from(access.settings().payment_wait_minutes));
    let order = match &body.order {
        Some(order) => Some(order_of(api, access, order).await?),
        None => None,
    };
    let amount = amount(body.amount, order.as_ref())?;
    let NewPayment { provider, account, method, country, .. } = body;
    let chosen = Chosen { provider, account, method, country };
    let mut accounts = opening::accounts(api, access, &chosen, (amount, body.capture)).await?;
    let AccountName { provider, account } = accounts.remove(0);
    let plan = PaymentPlan {
        method: chosen.method,
        fallback: accounts,
        choices: access.settings().payments,
        return_token: return_token(body.return_url.is_some())?,
        client: None,
    };
    let number = order.as_ref().map(|order| format!("Order {}", order.number));
    let email = order.and_then(|order| order.customer.email);
    Ok(PaymentCommand::Request {
        payment: EntityId::fresh(now),
        order: body.order,
        amount,
        provider,
        account,
        capture: body.capture,
        return_url: body.return_url,
        cancel_url: body.cancel_url,
        description: body.description.or(number).unwrap_or_else(|| "Payment".to_owned()),
        until: body.until.unwrap_or_else(|| now.plus(wait)),
        customer_email: body.customer_email.or(email),
        plan,
    })
}

/// What makes the address unguessable at which the payer comes back.
fn return_token(comes_back: bool) -> Result<Option<String>, Problem> {
    if !comes_back {
        return Ok(None);
    }
    let token = unguessable().map_err(|fault| {
        tracing::error!(%fault, "no chance");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "internal_error", "an internal error")
    })?;
    Ok(Some(token.simple().to_string()))
}

async fn order_of(api: &Api, access: &Access, order: &EntityId) -> Result<OrderDocument, Problem> {
    let unknown = || Problem::invalid("/order", "expected an order of this tenant");
    match read::load::<Orders>(api, access.id(), order.as_str()).await {
        Ok(there) => Orders::document(&there.state).map(Cow::into_owned).ok_or_else(unknown),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Err(unknown()),
        Err(problem) => Err(problem),
    }
}

/// What is asked for: an amount in the order's currency, or all that the order comes to.
fn amount(asked: Option<Money>, order: Option<&OrderDocument>) -> Result<Money, Problem> {
    let due = order.map(|order| Money::new(order.total_minor, order.currency));
    let Some(amount) = asked.or(due) else {
        return Err(Problem::invalid("/amount", "expected an amount, or an order that has one"));
    };
    if due.is_some_and(|due| due.currency != amount.currency) {
        let expected = "expected the order's currency";
        return Err(Problem::invalid("/amount/currency", expected));
    }
    Ok(amount)
}

async fn of_order(
    api: &Api,
    access: &Access,
    order: &str,
    (asked, here): (&Asked, impl Fn(&PaymentDocument) -> bool),
) -> Result<Response, Problem> {
    let order = read::load::<Orders>(api, access.id(), order).await?;
    let known = Orders::document(&order.state).map(|order| order.payments.clone());
    let mut items = Vec::new();
    for payment in known.into_iter().flatten() {
        let there = read::load::<Payments>(api, access.id(), payment.payment.as_str()).await?;
        let status = Payment::status(&there.state);
        let stands = asked.status.is_none() || asked.status.as_deref() == status;
        let document = Payments::document(&there.state).map(|found| found.into_owned());
        let document = document.filter(|payment| stands && here(payment));
        let (id, version) = (there.entity.to_string(), there.version);
        items.extend(document.map(|document| Versioned { id, version, document }));
    }
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor: None }))
}
