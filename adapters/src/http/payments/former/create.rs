//! Asking for a payment by the route of the service before. The same order asks once.

use super::{
    super::{
        super::{
            access::Access,
            command::{Asking, Ordered, Outcome},
            document::Payments,
            problem::Problem,
            read,
        },
        opening, return_token,
    },
    view::{CreatedView, Told},
    wanted::{FormerPayment, Wanted, wanted},
};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    gate::RequestKey,
    payment::{Payment, PaymentDocument},
    request::Terms,
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{
        AccountName, CaptureMode, PaymentClient, PaymentCommand, PaymentPlan, PaymentStatus,
    },
};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

/// Payments that an order may have one after the other.
const ROUNDS_MAX: u32 = 20;

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
    let mut outcome = opening::open(again(asking, terms), command, wait).await?;
    if outcome.replayed {
        // What the first answer said is long past: how it stands now counts.
        let (api, tenant) = (&asking.api, asking.access.id());
        let there = read::load::<Payments>(api, tenant, outcome.done.subject.as_str()).await?;
        (outcome.done.state, outcome.done.version) = (Arc::new(there.state), there.version);
    }
    Ok(outcome)
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
        client: Some(Box::new(wanted.client.clone())),
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

fn document(outcome: &Outcome<Payment>) -> Result<&PaymentDocument, Problem> {
    outcome.done.state.payment().ok_or_else(|| Problem::not_found("payment"))
}

fn failed(document: &PaymentDocument) -> Problem {
    let problem = document.attempts.iter().rev().find_map(|attempt| attempt.problem.as_ref());
    let why = problem.map_or("no provider could make it payable", |problem| &problem.message);
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "payment_creation_failed", why)
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
