//! Routes of the payments service that was before, with its shapes: `{success, data}`, amounts in
//! major units, `X-API-Key`. What differs from it on purpose is told in `docs/compatibility.md`.
//!
//! The tenant is the key's; which of its applications asks is only a name that comes back.

mod create;
mod refund;
mod view;
mod wanted;

use super::super::{
    Api,
    access::Access,
    document::{Kind, Payments},
    path::Named,
    problem::Problem,
    read,
};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header};
use kontor_actors::{
    domain::Domain,
    payment::{Payment, PaymentDocument},
    store::EntityRef,
};
use kontor_messages::EntityId;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa_axum::{router::OpenApiRouter, routes};
use view::{Moments, PaymentView, Told};

/// Of a payment's history, so many events are looked through.
const HISTORY_PAGE: u32 = 200;
const HISTORY_PAGES_MAX: usize = 10;

/// An amount in major units, with the decimals of its currency: written and read digit by digit.
fn decimal_schema() -> Object {
    let number = ObjectBuilder::new().schema_type(SchemaType::new(Type::Number));
    number.description(Some("In major units, with the currency's decimals at most.")).build()
}

pub(in super::super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(show))
        .routes(routes!(refund::refund))
}

/// Takes `X-API-Key` for what it is, and says no in the words of that service too.
pub(in super::super) async fn shape(mut request: Request, next: Next) -> Response {
    if let Some(key) = request.headers().get("x-api-key") {
        let bearer = [b"Bearer ", key.as_bytes()].concat();
        if let Ok(mut bearer) = HeaderValue::from_bytes(&bearer) {
            bearer.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
    }
    let route = request.extensions().get::<MatchedPath>().cloned();
    let names_one = route.as_ref().is_some_and(|route| route.as_str().contains('{'));
    let asked = request.method().clone();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let word = match (problem.status(), names_one) {
            (StatusCode::UNAUTHORIZED, _) => "UNAUTHORIZED".to_owned(),
            (StatusCode::NOT_FOUND, true) => "PAYMENT_NOT_FOUND".to_owned(),
            (_, true) if asked == Method::POST => "REFUND_FAILED".to_owned(),
            (_, false) => "PAYMENT_CREATION_FAILED".to_owned(),
            (_, true) => problem.code().to_uppercase(),
        };
        response.extensions_mut().insert(problem.in_former_words(word));
    }
    response
}

/// How a payment stands.
#[utoipa::path(get, path = "/payments/{paymentId}", tag = "compatibility",
    params(("paymentId" = String, Path, max_length = 200)),
    responses((status = OK, body = Told<PaymentView>)))]
async fn show(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
) -> Result<Response, Problem> {
    let (id, document) = load(&api, &access, &payment).await?;
    let moments = moments(&api, &access, &id).await?;
    let view = PaymentView::of(&id, &document, &moments);
    Ok(super::super::json(StatusCode::OK, &Told::of(view)))
}

async fn load(
    api: &Api,
    access: &Access,
    payment: &str,
) -> Result<(EntityId, PaymentDocument), Problem> {
    let there = read::load::<Payments>(api, access.id(), payment).await?;
    let document = Payments::document(&there.state).map(|found| found.into_owned());
    let document = document.ok_or_else(|| Problem::not_found(Payments::WHAT))?;
    Ok((there.entity, document))
}

/// When a payment was asked for, paid, and given back.
async fn moments(api: &Api, access: &Access, payment: &EntityId) -> Result<Moments, Problem> {
    let (tenant, domain) = (access.id().clone(), Payment::NAME.to_owned());
    let address = EntityRef { tenant, domain, entity: payment.clone() };
    let (mut moments, mut after) = (Moments::default(), 0);
    for _ in 0..HISTORY_PAGES_MAX {
        let events = api.store().history(&address, after, HISTORY_PAGE).await?;
        events.iter().for_each(|event| moments.note(&event.name, event.at));
        match events.last() {
            Some(last) if events.len() == HISTORY_PAGE as usize => after = last.version,
            _ => break,
        }
    }
    Ok(moments)
}
