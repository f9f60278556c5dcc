//! How a payment's providers were called: read from its history, where each call is kept with what
//! it brought.

use super::super::{
    Api,
    access::Access,
    document::Payments,
    history,
    path::Named,
    problem::Problem,
    query,
    read::{Asked, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::store::{StoreFault, StoredEvent};
use kontor_messages::payment::{PaymentEvent, ProviderCall};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const CALLED: &str = "payment.called";

/// A call of a payment's provider.
#[derive(Serialize, ToSchema)]
struct PaymentCall {
    /// Which change of the payment the record of it is.
    version: i64,
    /// The call.
    #[serde(flatten)]
    call: ProviderCall,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(calls))
}

/// The calls of a payment's providers, oldest first, with every request in them; secrets and what
/// is personal are masked. A page may hold few calls, or none, although more follow: go on until
/// `next_cursor` is absent.
#[utoipa::path(get, path = "/v1/payments/{payment}/calls", tag = "payments",
    params(("payment" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<PaymentCall>)))]
async fn calls(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let asked = Asked::try_from(paging)?;
    let address = history::address::<Payments>(&api, &access, &payment).await?;
    let page = history::some(&api, &address, asked, show).await?;
    Ok(super::super::json(StatusCode::OK, &page))
}

fn show(event: &StoredEvent) -> Result<Option<PaymentCall>, Problem> {
    if &*event.name != CALLED {
        return Ok(None);
    }
    let broken = |fault| StoreFault(format!("event {} cannot be read: {fault}", event.id));
    let read: PaymentEvent = serde_json::from_str(&event.payload).map_err(broken)?;
    let PaymentEvent::Called { call, .. } = read else { return Ok(None) };
    Ok(Some(PaymentCall { version: event.version, call: *call }))
}
