//! All of a tenant's data, as JSON Lines: every entity as it stands, then everything that has
//! happened. Secrets stay inside. The last line says that it was the last.

use super::{
    Api,
    access::Access,
    happened::{Happened, happened},
    problem::Problem,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use http::header;
use kontor_actors::{
    domain::Domain,
    order::Order,
    payment::{Payment, PaymentState},
    placing::day_in,
    store::{ListQuery, Seq, StoreFault, StoredEntity},
    supplier::{Supplier, SupplierState},
    tenant::{Tenant, TenantState},
    webhook::{Webhook, WebhookState},
};
use kontor_messages::{TenantId, Timestamp, order::number_entity};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, io};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows read at a time.
const PAGE: u32 = 200;
/// Rows of the journal looked through at a time.
const ROWS: Seq = 500;

/// What a tenant has, and what it may have.
#[derive(Serialize, ToSchema)]
struct Usage {
    /// Entities by domain.
    entities: BTreeMap<String, u64>,
    /// Orders placed today, in the tenant's time zone.
    orders_today: u32,
    /// Orders that may be placed in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders_per_day: Option<u32>,
    /// Entities that there may be in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    entities_max: Option<u64>,
    /// Requests that may begin in a second.
    requests_per_second: u32,
    /// Requests that may be under way at once.
    requests_in_flight: u32,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(export))
}

pub(super) fn usage_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(usage))
}

/// What the tenant has, and what it may have.
#[utoipa::path(get, path = "/v1/usage", tag = "tenants",
    responses((status = OK, body = Usage)))]
async fn usage(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let counted = api.store().count(access.id()).await?;
    let settings = access.settings();
    let today = day_in(&settings.time_zone, Timestamp::now());
    let counter = number_entity((today / 10_000) as i32);
    let counter = api.intake().read::<Order>(access.id(), &counter).await?;
    let orders_today = counter.and_then(|(state, _)| state.counter().map(|it| it.placed_on(today)));
    let limits = settings.limits;
    let usage = Usage {
        entities: counted.into_iter().collect(),
        orders_today: orders_today.unwrap_or(0),
        orders_per_day: limits.orders_per_day,
        entities_max: limits.entities,
        requests_per_second: limits.requests_per_second,
        requests_in_flight: limits.requests_in_flight,
    };
    Ok(super::json(http::StatusCode::OK, &usage))
}

/// All of the tenant's data: a line of JSON for each entity, then for each event, then one with
/// `end`. Without that line it is not whole.
#[utoipa::path(get, path = "/v1/export", tag = "tenants",
    responses((status = OK, body = String, content_type = "application/x-ndjson")))]
async fn export(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let export = Export::new(api, access.id().clone());
    let lines = stream::unfold(Some(export), |export| async move {
        let mut export = export?;
        match export.next().await {
            Ok(Some(lines)) => Some((Ok(Bytes::from(lines)), Some(export))),
            Ok(None) => None,
            // The connection breaks off, and the last line is missing.
            Err(fault) => Some((Err(io::Error::other(fault)), None)),
        }
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    // Whoever compresses it asks once more after the end.
    Ok((kind, Body::from_stream(lines.fuse())).into_response())
}

/// How far an export has got.
struct Export {
    api: Api,
    tenant: TenantId,
    domains: Vec<&'static str>,
    before: Option<String>,
    after: Seq,
    /// What happened meanwhile is not in it.
    head: Seq,
    entities: u64,
    events: u64,
    ended: bool,
}

impl Export {
    fn new(api: Api, tenant: TenantId) -> Self {
        let ground = api.intake().ground();
        let shard = tenant.shard(ground.journal.shards());
        let head = *ground.journal.head(shard).borrow();
        let mut domains: Vec<_> = api.intake().hosts().all().map(|host| host.domain()).collect();
        domains.sort_unstable();
        domains.reverse();
        let (before, after, entities, events, ended) = (None, 0, 0, 0, false);
        Self { api, tenant, domains, before, after, head, entities, events, ended }
    }

    /// More lines; `None` at the end.
    async fn next(&mut self) -> Result<Option<String>, StoreFault> {
        while let Some(domain) = self.domains.last().copied() {
            let query = ListQuery {
                tenant: self.tenant.clone(),
                domain: domain.to_owned(),
                prefix: String::new(),
                status: None,
                label: None,
                from: None,
                before: self.before.take(),
                limit: PAGE,
            };
            let page = self.api.store().list(&query).await?;
            match page.last() {
                Some(last) => self.before = Some(last.entity.to_string()),
                None => drop(self.domains.pop()),
            }
            if !page.is_empty() {
                self.entities += page.len() as u64;
                return Ok(Some(page.iter().map(entity_line).collect()));
            }
        }
        while self.after < self.head {
            let journal = &self.api.intake().ground().journal;
            let rows = ROWS.min(self.head - self.after);
            let own = journal.read_tenant(&self.tenant, self.after, rows as u32).await?;
            self.after += rows;
            let own: Vec<Happened> = own.iter().map(happened).collect();
            if !own.is_empty() {
                self.events += own.len() as u64;
                return Ok(Some(
                    own.iter().map(|event| line(&json!({ "event": event }))).collect(),
                ));
            }
        }
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        let end = json!({ "entities": self.entities, "events": self.events });
        Ok(Some(line(&json!({ "end": end }))))
    }
}

fn entity_line(row: &StoredEntity) -> String {
    let shown = json!({
        "domain": &*row.domain, "id": row.entity, "version": row.version,
        "created_at": row.created_at, "updated_at": row.updated_at, "state": shown(row),
    });
    line(&json!({ "entity": shown }))
}

/// A state without secrets.
fn shown(row: &StoredEntity) -> Value {
    match &*row.domain {
        Tenant::NAME => serde_json::from_str::<TenantState>(&row.state)
            .and_then(|state| serde_json::to_value(state.public_view()))
            .unwrap_or_default(),
        Payment::NAME => serde_json::from_str::<PaymentState>(&row.state)
            .and_then(|state| serde_json::to_value(state.public_view()))
            .unwrap_or_default(),
        Webhook::NAME => serde_json::from_str::<WebhookState>(&row.state)
            .and_then(|state| serde_json::to_value(state.public_view()))
            .unwrap_or_default(),
        Supplier::NAME => serde_json::from_str::<SupplierState>(&row.state)
            .and_then(|state| match state.source() {
                Some(source) => {
                    serde_json::to_value(SupplierState::Source(Box::new(source.public_view())))
                }
                None => serde_json::to_value(state),
            })
            .unwrap_or_default(),
        _ => serde_json::from_str(&row.state).unwrap_or_default(),
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
