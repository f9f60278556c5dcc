//! Money that goes back, by the route of the service before.

use super::{
    super::{
        super::{Api, access::Access, command::Ordered, path::Named, problem::Problem},
        actions, opening,
    },
    load, moments,
    view::{RefundView, Told},
};
use crate::gateways::payments::exact;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kontor_actors::payment::{Payment, PaymentDocument, RefundRecord};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{PaymentCommand, RefundStatus},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

/// So often it is looked whether the money has gone back.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Money that goes back. What else stands in it is let be.
#[derive(Deserialize, ToSchema)]
pub(super) struct FormerRefund {
    /// How much, in major units; all that is left if absent.
    #[serde(default)]
    #[schema(schema_with = super::decimal_schema, required = false)]
    amount: Option<Box<RawValue>>,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Gives money back. The answer waits a little for the provider; `refundedAt` is there once the
/// money has gone. Without an `Idempotency-Key` the same refund (all, or the same amount for the
/// same reason) is made once, unless it has failed.
#[utoipa::path(post, path = "/payments/{paymentId}/refund", tag = "compatibility",
    params(("paymentId" = String, Path, max_length = 200)),
    request_body(content = Option<FormerRefund>),
    responses((status = CREATED, body = Told<RefundView>)))]
pub(super) async fn refund(
    Named(payment): Named<String>,
    headers: HeaderMap,
    ordered: Ordered<FormerRefund>,
) -> Result<Response, Problem> {
    let Ordered { body: FormerRefund { amount, reason }, asking } = ordered;
    let wait = opening::wait(&headers, asking.api.settings().payment_wait());
    let (api, access) = (asking.api.clone(), asking.access.clone());
    let (id, known) = load(&api, &access, &payment).await?;
    let asked = amount.map(|amount| read(&amount, &known)).transpose()?;
    // Nothing at all is what forms send when nothing was typed.
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    let refund = EntityId::fresh(Timestamp::now());
    let key = match &asking.terms.key {
        Some(_) => refund.to_string(),
        None => own_key(&known, asked, reason.as_deref()),
    };
    let amount = match known.refunds.iter().find(|refund| refund.key == key) {
        Some(before) => before.amount,
        None => actions::amount_back(&asking, &known, asked).await?,
    };
    let dry_run = asking.terms.dry_run;
    let (payment_id, named) = (id.clone(), key.clone());
    let command = PaymentCommand::Refund { payment: payment_id, refund, amount, key, reason };
    let outcome = asking.ask::<Payment>(command).await?;
    let refunds =
        outcome.done.state.payment().map(|document| &*document.refunds).unwrap_or_default();
    // A request that comes again is answered with the state that the first one led to.
    let made = refunds.iter().find(|refund| refund.key == named).or(refunds.last());
    let made = made.map(|made| made.refund.clone()).ok_or_else(|| Problem::not_found("refund"))?;
    let (document, status) = match dry_run {
        true => (known, RefundStatus::Requested),
        false => gone(&api, &access, (&payment, &made), wait).await?,
    };
    let moments = moments(&api, &access, &id).await?;
    let view = RefundView::of(&id, &document, (made, status), &moments);
    let mut response = super::super::super::json(StatusCode::CREATED, &Told::of(view));
    outcome.label(&mut response);
    Ok(response)
}

/// Waits a little until the money has gone back, or has not.
async fn gone(
    api: &Api,
    access: &Access,
    (payment, refund): (&str, &EntityId),
    wait: Duration,
) -> Result<(PaymentDocument, RefundStatus), Problem> {
    let end = Instant::now() + wait;
    loop {
        let (_, document) = load(api, access, payment).await?;
        let record = document.refund(refund).ok_or_else(|| Problem::not_found("refund"))?;
        let status = record.status;
        if status >= RefundStatus::Cancelled {
            return Err(failed(record));
        }
        if status == RefundStatus::Succeeded || end <= Instant::now() {
            return Ok((document, status));
        }
        sleep(LOOK_EVERY).await;
    }
}

fn failed(refund: &RefundRecord) -> Problem {
    let why = refund.problem.as_ref().map_or("the provider did not make it", |told| &told.message);
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refund_failed", why)
}

/// The amount as it was written, never through a float.
fn read(amount: &RawValue, known: &PaymentDocument) -> Result<Money, Problem> {
    let minor = exact::minor(amount.get(), known.currency.exponent());
    let minor = minor.filter(|minor| *minor > 0).ok_or_else(|| {
        let expected = format!("expected an amount of {} in its own decimals", known.currency);
        Problem::invalid("/amount", expected)
    })?;
    Ok(Money::new(minor, known.currency))
}

/// What makes the same refund the same without the caller's key: how much and why. One that has
/// failed may be asked for again.
fn own_key(known: &PaymentDocument, amount: Option<Money>, reason: Option<&str>) -> String {
    let base = match amount {
        None => "former/all".to_owned(),
        Some(amount) => {
            let why = Sha256::digest(reason.unwrap_or_default());
            format!("former/{}/{}", amount.amount_minor, hex::encode(&why[..8]))
        }
    };
    let failed = known.refunds.iter().filter(|refund| {
        let same = refund
            .key
            .strip_prefix(&*base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
        same && refund.status >= RefundStatus::Cancelled
    });
    match failed.count() {
        0 => base,
        times => format!("{base}#{times}"),
    }
}
