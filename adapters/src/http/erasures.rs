//! Erasures: a person's data is made unreadable on request, and the books stay whole.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Ordered},
    document::{Erasures, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use crate::store::sealed::{ERASED, Known};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::{
    domain::Domain,
    erasure::ErasureDocument,
    order::Order,
    store::{EntityRef, Found, LetterQuery, Lookup, PersonKeyRow},
};
use kontor_messages::{EntityId, Timestamp, erasure::ErasureCommand};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Dead letters that are looked through at a time.
const LETTERS: u32 = 200;

/// Who is to be forgotten: by at least one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Person {
    /// Their mail address.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 254)]
    email: Option<String>,
    /// Their telephone number.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 40)]
    phone: Option<String>,
    /// One of their orders.
    #[serde(default)]
    order: Option<EntityId>,
    /// What people should know of it; nothing personal.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, request)).routes(routes!(get))
}

/// The tenant's erasures, newest first.
#[utoipa::path(get, path = "/v1/erasures", tag = "erasures", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<ErasureDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Erasures>(&api, &access, paging.try_into()).await
}

/// Makes a person's data unreadable: in orders, payments and messages, in the journal and in
/// backups of it made before. What is needed for the books (amounts, goods, country) stays.
#[utoipa::path(post, path = "/v1/erasures", tag = "erasures", params(HowAsked),
    request_body = Person, responses((status = CREATED, body = Versioned<ErasureDocument>)))]
async fn request(ordered: Ordered<Person>) -> Result<Response, Problem> {
    let Ordered { body, asking } = ordered;
    let known = [
        ("/email", body.email.as_deref().map(Known::Email)),
        ("/phone", body.phone.as_deref().map(Known::Phone)),
    ];
    let mut persons = Vec::new();
    for (pointer, known) in known.into_iter().filter_map(|(at, known)| Some((at, known?))) {
        if matches!(known, Known::Email(text) | Known::Phone(text) if text.trim().len() < 3) {
            return Err(Problem::invalid(pointer, "expected 3 characters or more"));
        }
        persons.push(known.person());
    }
    if let Some(order) = &body.order {
        persons.extend(buyer(&asking.api, &asking.access, order).await?);
        persons.push(Known::Order(order.as_str()).person());
    }
    if persons.is_empty() {
        return Err(Problem::invalid("", "expected an email, a phone or an order"));
    }
    if !asking.terms.dry_run {
        let texts = [body.email.as_deref(), body.phone.as_deref()];
        clean_letters(&asking.api, &asking.access, &texts).await?;
    }
    let erasure = EntityId::fresh(Timestamp::now());
    let command = ErasureCommand::Request { erasure, persons, reason: body.reason };
    asking.create::<Erasures>(command).await
}

/// An erasure.
#[utoipa::path(get, path = "/v1/erasures/{erasure}", tag = "erasures",
    params(("erasure" = String, Path, max_length = 100)),
    responses((status = OK, body = Versioned<ErasureDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(erasure): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Erasures>(&api, &access, &headers, &erasure).await
}

/// Whose an order is.
async fn buyer(api: &Api, access: &Access, order: &EntityId) -> Result<Option<String>, Problem> {
    let (tenant, domain) = (access.id().clone(), Order::NAME.to_owned());
    let address = EntityRef { tenant, domain, entity: order.clone() };
    let asked = [Lookup::PersonKey(address.clone()), Lookup::Entity(address)];
    let found = api.store().fetch(&asked).await?;
    match &found[..] {
        [_, Found::Entity(None)] => {
            Err(Problem::invalid("/order", "expected one of the tenant's orders"))
        }
        [Found::PersonKey(Some(PersonKeyRow { person, .. })), _] => Ok(Some(person.clone())),
        _ => Ok(None),
    }
}

/// Commands that could not be carried out are kept as they came: what is the person's goes there,
/// too.
async fn clean_letters(api: &Api, access: &Access, texts: &[Option<&str>]) -> Result<(), Problem> {
    let texts: Vec<_> = texts.iter().flatten().map(|text| text.trim()).collect();
    let mut after = None;
    while !texts.is_empty() {
        let tenant = Some(access.id().clone());
        let wanted = LetterQuery { tenant, after, limit: LETTERS, ..LetterQuery::default() };
        let page = api.store().dead_letters(&wanted).await?;
        for mut letter in page.iter().cloned() {
            let cleaned =
                texts.iter().fold(letter.payload.clone(), |left, text| left.replace(text, ERASED));
            if cleaned != letter.payload {
                letter.payload = cleaned;
                api.store().bury(&letter).await?;
            }
        }
        after = page.last().map(|letter| letter.id.clone());
        if page.len() < LETTERS as usize {
            break;
        }
    }
    Ok(())
}
