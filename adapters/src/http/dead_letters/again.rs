//! Trying again what could not be done.

use super::super::{Api, body, problem::Problem};
use http::StatusCode;
use kontor_actors::{
    catalog::Catalog, domain::Domain, erasure::Erasure, intake::Caller, notification::Notification,
    order::Order, payment::Payment, payout::Payout, reconciliation::Reconciliation, request::Terms,
    stock::Stock, store::DeadLetter, supplier::Supplier, tenant::Tenant, webhook::Webhook,
};
use kontor_messages::Timestamp;

/// Tries a letter again. A command is asked by whoever acts for its tenant: without a caller it is not.
pub(super) async fn try_again(
    api: &Api,
    caller: Option<&Caller>,
    letter: DeadLetter,
) -> Result<(), Problem> {
    match (letter.source.split_once(':'), caller) {
        (Some(("follower", _)), _) => {
            let again = DeadLetter { retry_at: Some(Timestamp::now()), ..letter };
            api.store().bury(&again).await?;
        }
        (Some(("domain", domain)), Some(caller)) => {
            ask_again(api, caller, domain, &letter.payload).await?;
            api.store().unbury(&letter.id).await?;
        }
        (Some(("domain", _)), None) => {
            let detail = "a command to a domain is tried again for its tenant, by \
                POST /v1/dead-letters/{letter}/retry; one of the platform's own has to be sent again \
                by whoever sent it";
            return Err(not_retriable(detail));
        }
        _ => return Err(not_retriable("whoever sent it has to send it again")),
    }
    Ok(())
}

fn not_retriable(detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_retriable", detail)
}

async fn ask_again(api: &Api, caller: &Caller, domain: &str, command: &str) -> Result<(), Problem> {
    match domain {
        Order::NAME => again::<Order>(api, caller, command).await,
        Stock::NAME => again::<Stock>(api, caller, command).await,
        Payment::NAME => again::<Payment>(api, caller, command).await,
        Payout::NAME => again::<Payout>(api, caller, command).await,
        Notification::NAME => again::<Notification>(api, caller, command).await,
        Webhook::NAME => again::<Webhook>(api, caller, command).await,
        Tenant::NAME => again::<Tenant>(api, caller, command).await,
        Erasure::NAME => again::<Erasure>(api, caller, command).await,
        Reconciliation::NAME => again::<Reconciliation>(api, caller, command).await,
        Supplier::NAME => again::<Supplier>(api, caller, command).await,
        Catalog::NAME => again::<Catalog>(api, caller, command).await,
        _ => Err(Problem::not_found("domain")),
    }
}

async fn again<D: Domain>(api: &Api, caller: &Caller, command: &str) -> Result<(), Problem> {
    let command: D::Command = body::parse(command.as_bytes())?;
    api.intake().ask::<D>(caller, command, Terms::default()).await?;
    Ok(())
}
