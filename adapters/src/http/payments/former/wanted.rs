//! A payment as clients of the service before ask for it, read and checked.

use super::super::{
    super::{
        Api,
        access::Access,
        document::{Endpoints, Kind, Orders},
        problem::Problem,
        read,
    },
    opening::{self, Chosen},
};
use crate::gateways::{
    guard,
    payments::{exact, providers},
};
use http::StatusCode;
use kontor_messages::{
    Currency, EntityId, Money,
    payment::{AccountName, CaptureMode, PaymentClient},
    webhook::callbacks_id,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;
use utoipa::ToSchema;

/// What an application wants to hear again.
const METADATA_LEN_MAX: usize = 8 * 1024;
/// Minor units, as for all payments.
const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

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
pub(super) struct Wanted {
    pub(super) client: PaymentClient,
    pub(super) order: Option<EntityId>,
    pub(super) amount: Money,
    /// Whether the tenant's rules have chosen the accounts.
    pub(super) by_rules: bool,
    /// The accounts that take it, the best first; at least one.
    pub(super) accounts: Vec<AccountName>,
    pub(super) description: String,
    pub(super) return_url: Option<String>,
    pub(super) cancel_url: Option<String>,
    pub(super) email: String,
}

/// Reads what is asked, and refuses what cannot be.
pub(super) async fn wanted(
    api: &Api,
    access: &Access,
    body: FormerPayment,
) -> Result<Wanted, Problem> {
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
    let minor = exact::minor(amount.get(), currency.exponent());
    let minor = minor.filter(|minor| (1..=AMOUNT_MAX).contains(minor));
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

fn bounded(pointer: &str, text: &str, max: usize) -> Result<(), Problem> {
    let count = text.chars().count();
    if (1..=max).contains(&count) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::invalid(pointer, format!("expected 1 to {max} characters")))
}
