//! Asking for a payment by the route of the service before. The same order asks once.

use super::{
    super::{
        super::{
            Api,
            access::Access,
            command::{Asking, Ordered, Outcome},
            document::{Endpoints, Kind, Orders},
            problem::Problem,
            read,
        },
        opening::{self, Chosen},
        return_token,
    },
    view::{CreatedView, Told},
};
use crate::gateways::{
    guard,
    payments::{exact, providers},
};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    gate::RequestKey,
    payment::{Payment, PaymentDocument},
    request::Terms,
};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::{
        AccountName, CaptureMode, PaymentClient, PaymentCommand, PaymentPlan, PaymentStatus,
    },
    webhook::callbacks_id,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;
use utoipa::ToSchema;

/// Payments that an order may have one after the other.
const ROUNDS_MAX: u32 = 20;
/// What an application wants to hear again.
const METADATA_LEN_MAX: usize = 8 * 1024;

/// A payment as that service's clients ask for it. What else stands in it is let be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormerPayment {
    /// What the application calls the order; an order's id links the payment to that order.
    #[schema(min_length = 1, max_length = 200)]
    order_id: String,
    /// Which of the tenant's applications asks.
    #[schema(min_length = 1, max_length = 100)]
    application_id: String,
    /// How much, in major units, with the currency's decimals at most.
    #[schema(schema_with = super::decimal_schema)]
    amount: Box<RawValue>,
    /// In which currency.
    #[schema(pattern = "^[A-Z]{3}$", example = "CZK")]
    currency: String,
    /// `card`, `stripe`, `paypal`, `payu`, `comgate`, `fiobanka`, another provider's name, or a
    /// method of `/v1/payment-routes`, which comes first.
    #[schema(min_length = 1, max_length = 40, example = "card")]
    payment_method: String,
    /// Where the application is told how it goes: an address that the whole world can reach.
    #[schema(min_length = 1, max_length = 2000)]
    callback_url: String,
    /// Who pays.
    customer: FormerCustomer,
    /// What the application wants to hear again: an object of 8 KiB at most.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// What the payer reads.
    #[serde(default)]
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Where the payer comes back to; the site of `callbackUrl` if absent.
    #[serde(default)]
    #[schema(max_length = 2000)]
    success_url: Option<String>,
    /// Where the payer comes back to without having paid.
    #[serde(default)]
    #[schema(max_length = 2000)]
    cancel_url: Option<String>,
}

/// Who pays. Only the address is kept, for providers that write.
#[derive(Deserialize, ToSchema)]
struct FormerCustomer {
    /// The mail address.
    #[schema(min_length = 1, max_length = 254)]
    email: String,
}

/// A payment that can be asked for.
struct Wanted {
    client: PaymentClient,
    order: Option<EntityId>,
    amount: Money,
    by_rules: bool,
    accounts: Vec<AccountName>,
    description: String,
    return_url: Option<String>,
    cancel_url: Option<String>,
    email: String,
}

/// What an order's earlier payment means for a new request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Earlier {
    /// It is the one that is asked for.
    Same,
    /// It has ended without money: another one may be made.
    Over,
    /// It is for something else, and nobody has paid: it is called off for another one.
    Replaced,
    /// It is for something else, and money has come or is held.
    Taken,
}

/// Asks for a payment. The answer waits a little for the provider's page. With the same
/// `Idempotency-Key` the same request is one payment. Without a key an order of an application has
/// one payment at a time: asked for again it is the same one, a new one once it has failed or was
/// called off, and one for another amount or method takes the place of one that nobody has paid.
#[utoipa::path(post, path = "/payments/create", tag = "compatibility",
    request_body = FormerPayment,
    responses((status = CREATED, body = Told<CreatedView>)))]
pub(super) async fn create(
    headers: HeaderMap,
    ordered: Ordered<FormerPayment>,
) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let wait = opening::wait(&headers, asking.api.settings().payment_wait());
    let wanted = wanted(&asking.api, &asking.access, body).await?;
    let outcome = match &asking.terms.key {
        Some(key) => {
            // Two applications may count their requests alike.
            let name = name_of(&[&wanted.client.application, &key.key]);
            let key = RequestKey { key: format!("former/key/{name}"), hash: key.hash };
            once(&asking, &wanted, key, wait).await?
        }
        None => by_order(&asking, &wanted, wait).await?,
    };
    let payment = outcome.done.subject.clone();
    let document = document(&outcome)?;
    if document.status == PaymentStatus::Failed {
        return Err(failed(document));
    }
    let view = CreatedView::of(&payment, document);
    let mut response = super::super::super::json(StatusCode::CREATED, &Told::of(view));
    outcome.label(&mut response);
    Ok(response)
}

/// One payment at a time for an order, whoever repeats.
async fn by_order(
    asking: &Asking,
    wanted: &Wanted,
    wait: Duration,
) -> Result<Outcome<Payment>, Problem> {
    let PaymentClient { application, order, .. } = &wanted.client;
    let name = name_of(&[application, order]);
    for round in 1..=ROUNDS_MAX {
        let key = RequestKey::new(format!("former/order/{name}/{round}"), &[]);
        let outcome = once(asking, wanted, key, wait).await?;
        if !outcome.replayed {
            return Ok(outcome);
        }
        match earlier(document(&outcome)?, wanted) {
            Earlier::Same => return Ok(outcome),
            Earlier::Over => {}
            Earlier::Replaced => {
                let payment = outcome.done.subject.clone();
                let terms = Terms { dry_run: asking.terms.dry_run, ..Terms::default() };
                again(asking, terms).ask::<Payment>(PaymentCommand::Cancel { payment }).await?;
            }
            Earlier::Taken => {
                let detail = "the order has a payment of another amount or method, and money has \
                    come for it";
                return Err(Problem::new(StatusCode::CONFLICT, "payment_exists", detail));
            }
        }
    }
    let detail = format!("an order has {ROUNDS_MAX} payments at most");
    Err(Problem::new(StatusCode::CONFLICT, "too_many_payments", detail))
}

fn earlier(known: &PaymentDocument, wanted: &Wanted) -> Earlier {
    let called_off = known.attempts.iter().all(|attempt| attempt.cancel_asked);
    let same = known.amount() == wanted.amount
        && known.plan.client.as_ref().is_some_and(|client| client.method == wanted.client.method);
    match known.status {
        PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Expired => Earlier::Over,
        PaymentStatus::Created | PaymentStatus::Pending if called_off => Earlier::Over,
        _ if same => Earlier::Same,
        PaymentStatus::Created | PaymentStatus::Pending => Earlier::Replaced,
        PaymentStatus::Authorized
        | PaymentStatus::Paid
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded
        | PaymentStatus::Held
        | PaymentStatus::Disputed => Earlier::Taken,
    }
}

/// Asks once a key.
async fn once(
    asking: &Asking,
    wanted: &Wanted,
    key: RequestKey,
    wait: Duration,
) -> Result<Outcome<Payment>, Problem> {
    let terms = Terms { key: Some(key), dry_run: asking.terms.dry_run, ..Terms::default() };
    let command = command(&asking.access, wanted)?;
    opening::open(again(asking, terms), command, wait).await
}

fn again(asking: &Asking, terms: Terms) -> Asking {
    Asking { api: asking.api.clone(), access: asking.access.clone(), terms }
}

fn command(access: &Access, wanted: &Wanted) -> Result<PaymentCommand, Problem> {
    let now = Timestamp::now();
    let wait = Duration::from_secs(60 * u64::from(access.settings().payment_wait_minutes));
    let mut accounts = wanted.accounts.clone();
    let AccountName { provider, account } = accounts.remove(0);
    let plan = PaymentPlan {
        method: wanted.by_rules.then(|| wanted.client.method.clone()),
        fallback: accounts,
        choices: access.settings().payments,
        return_token: return_token(wanted.return_url.is_some())?,
        client: Some(wanted.client.clone()),
    };
    Ok(PaymentCommand::Request {
        payment: EntityId::fresh(now),
        order: wanted.order.clone(),
        amount: wanted.amount,
        provider,
        account,
        capture: CaptureMode::Automatic,
        return_url: wanted.return_url.clone(),
        cancel_url: wanted.cancel_url.clone(),
        description: wanted.description.clone(),
        until: now.plus(wait),
        customer_email: Some(wanted.email.clone()),
        plan,
    })
}

/// Reads what is asked, and refuses what cannot be.
async fn wanted(api: &Api, access: &Access, body: FormerPayment) -> Result<Wanted, Problem> {
    bounded("/orderId", &body.order_id, 200)?;
    bounded("/applicationId", &body.application_id, 100)?;
    bounded("/customer/email", &body.customer.email, 254)?;
    let amount = amount(&body.amount, &body.currency)?;
    let metadata = body.metadata.map(|metadata| metadata.get().to_owned());
    if metadata.as_ref().is_some_and(|text| !text.starts_with('{') || text.len() > METADATA_LEN_MAX)
    {
        return Err(Problem::invalid("/metadata", "expected an object of 8 KiB at most"));
    }
    let site = called(api, access, &body.callback_url).await?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let return_url = filled(body.success_url).unwrap_or(site);
    page("/successUrl", &return_url)?;
    let cancel_url = filled(body.cancel_url);
    cancel_url.as_deref().map_or(Ok(()), |url| page("/cancelUrl", url))?;
    let order = order(api, access, &body.order_id, amount).await?;
    let (by_rules, accounts) = accounts(api, access, &body.payment_method, amount).await?;
    let usual = format!("Order {}", body.order_id);
    let description = filled(body.description).unwrap_or(usual);
    bounded("/description", &description, 500)?;
    let client = PaymentClient {
        application: body.application_id,
        order: body.order_id,
        method: body.payment_method,
        callback_url: Some(body.callback_url),
        metadata,
    };
    Ok(Wanted {
        client,
        order,
        amount,
        by_rules,
        accounts,
        description,
        return_url: Some(return_url),
        cancel_url,
        email: body.customer.email,
    })
}

/// The amount as it was written, never through a float.
fn amount(amount: &RawValue, currency: &str) -> Result<Money, Problem> {
    let currency = Currency::parse(currency)
        .map_err(|fault| Problem::invalid("/currency", fault.to_string()))?;
    let minor = exact::minor(amount.get(), currency.exponent()).filter(|minor| *minor > 0);
    let expected = || format!("expected an amount of {currency}, more than 0, in its own decimals");
    let minor = minor.ok_or_else(|| Problem::invalid("/amount", expected()))?;
    Ok(Money::new(minor, currency))
}

/// Refuses an address that is not out in the world, or not one that callbacks go to. What is left
/// of it is the site that it belongs to.
async fn called(api: &Api, access: &Access, url: &str) -> Result<String, Problem> {
    let refused = |expected: String| Problem::invalid("/callbackUrl", expected);
    bounded("/callbackUrl", url, 2000)?;
    let checked = guard::check_name(url, api.settings().webhooks_to_private).await;
    let checked: Url = checked.map_err(|unsafe_url| refused(unsafe_url.to_string()))?;
    let id = callbacks_id();
    match read::load::<Endpoints>(api, access.id(), id.as_str()).await {
        Ok(there) => {
            let endpoint = Endpoints::document(&there.state);
            let terms = endpoint.and_then(|endpoint| endpoint.callback_terms(&id));
            let host = checked.host_str().unwrap_or_default();
            if terms.is_some_and(|terms| !terms.allow(host)) {
                return Err(refused(
                    "expected one of the hosts of /v1/payment-callbacks".to_owned(),
                ));
            }
        }
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {}
        Err(problem) => return Err(problem),
    }
    Ok(format!("{}/", checked.origin().ascii_serialization()))
}

/// A page that the payer is sent to.
fn page(pointer: &str, url: &str) -> Result<(), Problem> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    if parsed.is_some_and(|url| url.has_host() && url.username().is_empty()) && url.len() <= 2000 {
        return Ok(());
    }
    Err(Problem::invalid(pointer, "expected an http(s) address of at most 2000 characters"))
}

/// The order that is meant, if it is one that is known here.
async fn order(
    api: &Api,
    access: &Access,
    id: &str,
    amount: Money,
) -> Result<Option<EntityId>, Problem> {
    match read::load::<Orders>(api, access.id(), id).await {
        Ok(there) => {
            let order = Orders::document(&there.state);
            if order.is_some_and(|order| order.currency != amount.currency) {
                return Err(Problem::invalid("/currency", "expected the order's currency"));
            }
            Ok(Some(there.entity))
        }
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The accounts that take it, and whether the tenant's rules say so: their word comes first.
async fn accounts(
    api: &Api,
    access: &Access,
    method: &str,
    amount: Money,
) -> Result<(bool, Vec<AccountName>), Problem> {
    let chosen = |provider: Option<&str>| Chosen {
        provider: provider.map(str::to_owned),
        account: provider.map(|_| "main".to_owned()),
        method: provider.is_none().then(|| method.to_owned()),
        country: None,
    };
    let money = (amount, CaptureMode::Automatic);
    if let Some(found) = tried(opening::accounts(api, access, &chosen(None), money).await)? {
        return Ok((true, found));
    }
    let named = match method {
        "card" => "stripe",
        "fiobanka" => "fio",
        other => other,
    };
    let known = providers().iter().find(|known| known.name == named).map(|known| known.name);
    if let Some(provider) = known {
        let found = opening::accounts(api, access, &chosen(Some(provider)), money).await;
        if let Some(found) = tried(found)? {
            return Ok((false, found));
        }
    }
    let expected = "expected a method that a rule of /v1/payment-routes has an account for, or a \
        provider with an account `main`";
    Err(Problem::invalid("/paymentMethod", expected))
}

/// Accounts, if there are any; a fault that is not the request's stays one.
fn tried<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn document(outcome: &Outcome<Payment>) -> Result<&PaymentDocument, Problem> {
    outcome.done.state.payment().ok_or_else(|| Problem::not_found("payment"))
}

fn failed(document: &PaymentDocument) -> Problem {
    let problem = document.attempts.iter().rev().find_map(|attempt| attempt.problem.as_ref());
    let why = problem.map_or("no provider could make it payable", |problem| &problem.message);
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "payment_creation_failed", why)
}

fn bounded(pointer: &str, text: &str, max: usize) -> Result<(), Problem> {
    let count = text.chars().count();
    if (1..=max).contains(&count) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::invalid(pointer, format!("expected 1 to {max} characters")))
}

/// A short name of several texts, which no other texts have.
fn name_of(parts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    hex::encode(&sha.finalize()[..20])
}
