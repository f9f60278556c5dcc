//! What can be done with a payment that is there.

use super::{
    super::{
        Api,
        command::{Asking, HowAsked, Nothing, Ordered},
        document::{Kind, Payments, Versioned},
        path::{Named, known_id},
        problem::Problem,
        read,
    },
    abilities, usable,
};
use axum::response::Response;
use kontor_actors::{
    payment::{Attempt, PaymentDocument},
    ports::Abilities,
};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{PaymentCommand, PaymentStatus, SecondDecision},
};
use serde::Deserialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Another try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAttempt {
    /// By which provider.
    #[schema(min_length = 1, max_length = 40)]
    provider: String,
    /// By which account.
    #[schema(min_length = 1, max_length = 40)]
    account: String,
    /// Until when it may be paid; as long as the tenant's orders wait if absent.
    #[serde(default)]
    until: Option<Timestamp>,
}

/// How much of what is held is taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Capturing {
    /// All that is held if absent; the rest is let go.
    #[serde(default)]
    amount: Option<Money>,
}

/// Money that goes back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRefund {
    /// How much; all that is left if absent.
    #[serde(default)]
    amount: Option<Money>,
    /// For people.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// Money that a person has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenMoney {
    /// How much in all.
    amount: Money,
    /// What the bank calls it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    reference: Option<String>,
}

/// Why what has come is enough.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Accepting {
    /// For people.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    note: Option<String>,
}

/// Why it will not be paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Failing {
    /// For people.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// How a refund went.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundOutcome {
    /// Whether the money has gone back.
    succeeded: bool,
    /// For people.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    note: Option<String>,
}

/// A call that was given up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenUpCall {
    /// Its key.
    #[schema(min_length = 1, max_length = 400)]
    key: String,
}

/// What becomes of a second payment that waits for a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondDecided {
    /// Which attempt's money it is.
    attempt: u32,
    /// `refund` or `keep`.
    decision: SecondDecision,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(retry))
        .routes(routes!(capture))
        .routes(routes!(cancel))
        .routes(routes!(refund))
        .routes(routes!(mark_refund))
        .routes(routes!(accept))
        .routes(routes!(mark_paid))
        .routes(routes!(mark_failed))
        .routes(routes!(ask_provider))
        .routes(routes!(retry_call))
        .routes(routes!(decide_second))
}

/// Opens another attempt, at another provider maybe; what is open meanwhile is called off.
#[utoipa::path(post, path = "/v1/payments/{payment}/attempts", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body = NewAttempt,
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn retry(
    Named(payment): Named<String>,
    ordered: Ordered<NewAttempt>,
) -> Result<Response, Problem> {
    let Ordered { body: NewAttempt { provider, account, until }, asking } = ordered;
    let by = usable(&asking.api, &asking.access, &provider, &account).await?;
    let known = load(&asking, &payment).await?;
    abilities::holding(&by, known.capture, "/account")?;
    let attempt = u32::try_from(known.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
    let wait = 60 * u64::from(asking.access.settings().payment_wait_minutes);
    let until = until.unwrap_or_else(|| Timestamp::now().plus(Duration::from_secs(wait)));
    let payment = known_id(&payment, "payment")?;
    let command = PaymentCommand::Retry { payment, attempt, provider, account, until };
    asking.change::<Payments>(command).await
}

/// Takes held money.
#[utoipa::path(post, path = "/v1/payments/{payment}/capture", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Capturing>),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn capture(
    Named(payment): Named<String>,
    ordered: Ordered<Capturing>,
) -> Result<Response, Problem> {
    let Ordered { body: Capturing { amount }, asking } = ordered;
    if let Some(amount) = amount {
        let known = load(&asking, &payment).await?;
        let held = known.attempts.iter().find(|one| one.status == PaymentStatus::Authorized);
        if let Some((attempt, abilities)) = able(&asking, held).await {
            abilities::capturing(abilities, amount, attempt.money(attempt.authorized_minor))?;
        }
    }
    let payment = known_id(&payment, "payment")?;
    asking.change::<Payments>(PaymentCommand::Capture { payment, amount }).await
}

/// Calls a payment off before money was taken.
#[utoipa::path(post, path = "/v1/payments/{payment}/cancel", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn cancel(
    Named(payment): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    ordered.asking.change::<Payments>(PaymentCommand::Cancel { payment }).await
}

/// Gives money back.
#[utoipa::path(post, path = "/v1/payments/{payment}/refunds", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<NewRefund>),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn refund(
    Named(payment): Named<String>,
    ordered: Ordered<NewRefund>,
) -> Result<Response, Problem> {
    let Ordered { body: NewRefund { amount, reason }, asking } = ordered;
    let known = load(&asking, &payment).await?;
    let amount = amount_back(&asking, &known, amount).await?;
    let refund = EntityId::fresh(Timestamp::now());
    let (payment, key) = (known_id(&payment, "payment")?, refund.to_string());
    let command = PaymentCommand::Refund { payment, refund, amount, key, reason };
    asking.change::<Payments>(command).await
}

/// How much goes back: what was asked, if the account can do that, or all that is left.
pub(super) async fn amount_back(
    asking: &Asking,
    known: &PaymentDocument,
    amount: Option<Money>,
) -> Result<Money, Problem> {
    let Some(amount) = amount else {
        let back = known.refunded_minor.saturating_add(known.charged_back_minor);
        return Ok(known.money(known.captured_minor.saturating_sub(back)));
    };
    let counted = known.counted.and_then(|number| known.attempt(number));
    if let Some((attempt, abilities)) = able(asking, counted).await {
        abilities::refunding(abilities, amount, attempt.money(attempt.captured_minor))?;
    }
    Ok(amount)
}

/// What the account of an attempt can do, if it can still be used.
async fn able<'a>(
    asking: &Asking,
    attempt: Option<&'a Attempt>,
) -> Option<(&'a Attempt, Abilities)> {
    let attempt = attempt?;
    let accounts = asking.api.accounts();
    let account = accounts.get(asking.access.id(), &attempt.provider, &attempt.account).await;
    Some((attempt, account.ok()?.abilities()))
}

/// Says how a refund went: one made by hand, or one whose outcome nobody knows.
#[utoipa::path(post, path = "/v1/payments/{payment}/refunds/{refund}/mark", tag = "payments",
    params(("payment" = String, Path, max_length = 200), ("refund" = String, Path, max_length = 200),
        HowAsked),
    request_body = RefundOutcome,
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn mark_refund(
    Named((payment, refund)): Named<(String, String)>,
    ordered: Ordered<RefundOutcome>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    let refund = known_id(&refund, "refund")?;
    let Ordered { body: RefundOutcome { succeeded, note }, asking } = ordered;
    let command = PaymentCommand::MarkRefund { payment, refund, succeeded, note };
    asking.change::<Payments>(command).await
}

/// Takes what has come for what was asked for, where the amount is another and the payment is held
/// for that. What is not to be kept is refunded instead.
#[utoipa::path(post, path = "/v1/payments/{payment}/accept", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Accepting>),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn accept(
    Named(payment): Named<String>,
    ordered: Ordered<Accepting>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    let Ordered { body: Accepting { note }, asking } = ordered;
    asking.change::<Payments>(PaymentCommand::Accept { payment, note }).await
}

/// Says that the money has come, where no provider can.
#[utoipa::path(post, path = "/v1/payments/{payment}/mark-paid", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body = SeenMoney,
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn mark_paid(
    Named(payment): Named<String>,
    ordered: Ordered<SeenMoney>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    let Ordered { body: SeenMoney { amount, reference }, asking } = ordered;
    asking.change::<Payments>(PaymentCommand::MarkPaid { payment, amount, reference }).await
}

/// Says that it will not be paid, where no provider can.
#[utoipa::path(post, path = "/v1/payments/{payment}/mark-failed", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Failing>),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn mark_failed(
    Named(payment): Named<String>,
    ordered: Ordered<Failing>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    let Ordered { body: Failing { reason }, asking } = ordered;
    asking.change::<Payments>(PaymentCommand::MarkFailed { payment, reason }).await
}

/// Asks the provider how it stands.
#[utoipa::path(post, path = "/v1/payments/{payment}/query", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn ask_provider(
    Named(payment): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    ordered.asking.change::<Payments>(PaymentCommand::Query { payment }).await
}

/// Has a call made again that was given up.
#[utoipa::path(post, path = "/v1/payments/{payment}/retry-call", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body = GivenUpCall,
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn retry_call(
    Named(payment): Named<String>,
    ordered: Ordered<GivenUpCall>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    let Ordered { body: GivenUpCall { key }, asking } = ordered;
    asking.change::<Payments>(PaymentCommand::RetryCall { payment, key }).await
}

/// Decides what becomes of a second payment; those that wait are listed by
/// `?status=second_payment`.
#[utoipa::path(post, path = "/v1/payments/{payment}/second-payment", tag = "payments",
    params(("payment" = String, Path, max_length = 200), HowAsked),
    request_body = SecondDecided,
    responses((status = OK, body = Versioned<PaymentDocument>)))]
async fn decide_second(
    Named(payment): Named<String>,
    ordered: Ordered<SecondDecided>,
) -> Result<Response, Problem> {
    let payment = known_id(&payment, "payment")?;
    let Ordered { body: SecondDecided { attempt, decision }, asking } = ordered;
    asking.change::<Payments>(PaymentCommand::DecideSecond { payment, attempt, decision }).await
}

async fn load(asking: &Asking, payment: &str) -> Result<PaymentDocument, Problem> {
    let there = read::load::<Payments>(&asking.api, asking.access.id(), payment).await?;
    let document = Payments::document(&there.state).map(|found| found.into_owned());
    document.ok_or_else(|| Problem::not_found(Payments::WHAT))
}
