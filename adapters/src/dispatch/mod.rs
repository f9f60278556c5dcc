//! Followers that call the outside: payment gateways, message channels, webhook endpoints.
//!
//! Each reads an event that says what is to be done, has it done once, and records the outcome as
//! a fact in the domain that asked. When to try again is the domain's decision, kept in the
//! journal; here nothing sleeps and nothing is remembered.

pub mod accounts;
pub mod belongings;
pub mod erasures;
pub mod imports;
pub mod letters;
pub mod notifications;
pub mod payments;
pub mod reconciliation;
pub mod replays;
pub mod webhooks;

use crate::telemetry::{join, traceparent};
use kontor_actors::{
    admission::Lane,
    domain::Domain,
    follower::Hitch,
    intake::{Caller, Intake},
    policies::follower::trace_of,
    request::{Denied, Done, Terms},
    store::StoredEvent,
};
use kontor_messages::{EntityId, EventId, Meta};
use std::{fmt::Display, sync::Arc};
use tracing::Span;

/// Work of one account is spread over so many lanes: enough to be fast, few enough that one slow
/// account does not take all lanes.
const LANES_PER_ACCOUNT: u64 = 8;

/// A lane of an account, the same one for the same entity.
fn lane(account: impl Display, entity: &EntityId) -> Arc<str> {
    let hash = entity
        .as_str()
        .bytes()
        .fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("{account}/{}", hash % LANES_PER_ACCOUNT).into()
}

/// What acting on an event is recorded under: it belongs to the trace that led to the event.
fn acting(name: &'static str, event: &StoredEvent) -> Span {
    let span = tracing::debug_span!("act", name, tenant = %event.tenant, event = %event.id);
    if !span.is_disabled() {
        join(&span, trace_of(event).as_deref());
    }
    span
}

/// Who records the outcome of what an event asked for.
fn caller(name: &str, event: &StoredEvent) -> Caller {
    let trace = traceparent(trace_of(event).as_deref());
    let meta = Meta::by(name).because(event.id.to_string()).traced(trace);
    Caller { tenant: event.tenant.clone(), meta, lane: Lane::Realtime }
}

/// Reads the identity of something that is told.
fn event_id(text: &str) -> Result<EventId, Hitch> {
    text.parse().map(EventId).map_err(|_| Hitch::new(format!("{text} is no event id")))
}

/// Reads the event's content.
fn content<D: Domain>(event: &StoredEvent) -> Result<D::Event, Hitch> {
    serde_json::from_str(&event.payload)
        .map_err(|broken| Hitch::new(format!("event {} cannot be read: {broken}", event.id)))
}

/// Reads an entity as the database has it, before something is done about it: not while its domain is
/// paused, for what was done could not be recorded, and would be done again and again.
async fn read<D: Domain>(
    intake: &Intake,
    event: &StoredEvent,
    entity: &EntityId,
) -> Result<D::State, Hitch> {
    if intake.hosts().is_paused::<D>(&event.tenant) {
        return Err(Hitch::paused(format!("{} of this tenant is paused", D::NAME)));
    }
    let found = intake.read::<D>(&event.tenant, entity).await;
    let found = found.map_err(|fault| Hitch::new(fault.to_string()))?;
    Ok(found.map(|(state, _)| state).unwrap_or_default())
}

/// Tells a domain a fact; a refusal means that the fact is no news.
async fn tell<D: Domain>(
    intake: &Intake,
    caller: &Caller,
    command: D::Command,
) -> Result<Option<Done<D>>, Hitch> {
    match intake.tell::<D>(caller, command, Terms::default()).await {
        Ok(done) => Ok(Some(done)),
        Err(Denied::Refused(refusal)) => {
            tracing::info!(tenant = %caller.tenant, domain = D::NAME, %refusal, "a record was refused");
            Ok(None)
        }
        Err(denied) => Err(Hitch::denied(&denied)),
    }
}
