//! What commands about deliveries come to.

use super::{
    DeliveryDocument, DeliveryPhase, EndpointDocument, EndpointPhase, Webhook, WebhookState,
    decide::{Answer, Asked, about, check_id, invalid},
    lane_entity, replays,
};
use crate::{
    domain::{Decision, Stop},
    retry::spread,
    words::{excerpt, is_word},
    world::World,
};
use kontor_messages::{
    EntityId, EventId, Timestamp,
    webhook::{
        Attempt, DisableReason, GiveUpReason, Position, WebhookEvent, WebhookRefusal, callbacks_id,
        delivery_entity, endpoint_entity,
    },
};
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// The delays after the first, second, ... attempt, in seconds; then it is given up.
const DELAYS_S: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// An endpoint that is overloaded, or does not answer, is left alone for this long.
const OVERLOADED_S: u64 = 60;
/// The owner is told when as many attempts in a row have failed.
const FAILING_AFTER: u32 = 4;
/// An endpoint is disabled after failures alone for this long.
const FAILING_MAX: Duration = Duration::from_secs(120 * HOUR);
/// A delivery whose endpoint was away for a moment is tried again after this long.
const POSTPONED: Duration = Duration::from_secs(5);

/// An event that is to be delivered to an endpoint.
pub struct Wanted {
    /// To which endpoint.
    pub endpoint: EntityId,
    /// The event.
    pub event: EventId,
    /// Its public name.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// Where it stands in the journal.
    pub position: Position,
    /// Names a repeat.
    pub key: Option<String>,
}

/// An attempt that failed.
pub struct Failed {
    /// Which, from 1.
    pub attempt: u32,
    /// What the endpoint answered, if it answered.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: String,
    /// How long it took.
    pub duration_ms: u32,
}

/// An event goes to an endpoint, unless it has been there.
pub fn deliver(world: Asked<'_, '_>, wanted: Wanted) -> Answer {
    let Wanted { endpoint, event, name, subject, position, key } = wanted;
    check_id(&endpoint)?;
    if key.as_deref().is_some_and(|key| !is_word(key, "-", 60)) {
        return invalid("/key", "1 to 60 characters of a-z, 0-9 and '-'");
    }
    if name.is_empty() || name.len() > 121 || subject.is_empty() || subject.len() > 400 {
        return invalid("/subject", "a name and a subject");
    }
    let entity = delivery_entity(&endpoint, event, key.as_deref());
    let lane = lane_entity(&endpoint, &subject);
    let owner = endpoint_entity(&endpoint);
    world.need([&entity, &lane, &owner])?;
    let WebhookState::Endpoint(known) = world.get(&owner)? else { return about(entity, None) };
    if *world.get(&entity)? != WebhookState::Blank {
        return about(entity, None);
    }
    match known.phase {
        EndpointPhase::Active | EndpointPhase::Paused { .. } => {}
        EndpointPhase::Removed { .. } => return about(entity, None),
        EndpointPhase::Disabled { .. } => {
            let missed = known.missed_from.is_none_or(|first| position < first);
            return about(owner, missed.then_some(WebhookEvent::EndpointMissed { position }));
        }
    }
    let after = match world.get(&lane)? {
        WebhookState::Lane(lane) => Some(lane.last.clone()),
        WebhookState::Blank
        | WebhookState::Register(_)
        | WebhookState::Endpoint(_)
        | WebhookState::Delivery(_)
        | WebhookState::Tally(_) => None,
    };
    world.need(&after)?;
    let replay = None;
    let queued = WebhookEvent::DeliveryQueued {
        endpoint,
        event,
        name,
        subject,
        position,
        lane,
        after,
        replay,
    };
    about(entity, Some(queued))
}

/// The endpoint took it.
pub fn record_delivered(
    world: Asked<'_, '_>,
    entity: EntityId,
    status: u16,
    duration_ms: u32,
    now: Timestamp,
) -> Answer {
    let Some((delivery, endpoint)) = open(world, &entity)? else { return about(entity, None) };
    if delivery.phase == DeliveryPhase::Blocked {
        return about(entity, None);
    }
    let attempt = Attempt { at: now, status: Some(status), error: None, duration_ms };
    let (empties, replay) = (empties(delivery), delivery.replay.clone());
    let delivered = WebhookEvent::DeliveryDelivered { attempt, empties, replay };
    let mut decision = Decision::of(entity, vec![delivered]);
    if endpoint.is_some_and(|endpoint| endpoint.failures > 0) {
        let owner = endpoint_entity(&delivery.endpoint);
        decision.events.push((owner, WebhookEvent::EndpointRecovered));
    }
    release_next(world, delivery, &mut decision)?;
    Ok(decision)
}

/// The endpoint did not take it.
pub fn record_failure(
    world: Asked<'_, '_>,
    entity: EntityId,
    failed: Failed,
    (retry_after_s, jitter): (Option<u32>, u16),
    now: Timestamp,
) -> Answer {
    let Some((delivery, endpoint)) = open(world, &entity)? else { return about(entity, None) };
    let current = delivery.attempt_number() == failed.attempt;
    if delivery.phase != DeliveryPhase::Queued || !current {
        return about(entity, None);
    }
    let Failed { attempt: number, status, error, duration_ms } = failed;
    let gone = status == Some(410);
    let delay = if gone { None } else { delay_after(number, status, retry_after_s) };
    let error = Some(excerpt(&error, 200));
    let attempt_failed = WebhookEvent::DeliveryAttemptFailed {
        endpoint: endpoint_entity(&delivery.endpoint),
        attempt: Attempt { at: now, status, error, duration_ms },
        next_attempt_at: delay.map(|delay| now.plus(spread(delay, jitter))),
    };
    let mut decision = Decision::of(entity.clone(), vec![attempt_failed]);
    if delay.is_none() {
        let reason = if gone { GiveUpReason::Gone } else { GiveUpReason::Exhausted };
        give_up(world, entity, delivery, reason, &mut decision)?;
    }
    if let Some(endpoint) = endpoint {
        judge(&delivery.endpoint, endpoint, gone, now, &mut decision);
    }
    Ok(decision)
}

/// The endpoint takes nothing now.
pub fn record_inactive(world: Asked<'_, '_>, entity: EntityId, now: Timestamp) -> Answer {
    let Some((delivery, endpoint)) = open(world, &entity)? else { return about(entity, None) };
    if delivery.phase != DeliveryPhase::Queued {
        return about(entity, None);
    }
    match endpoint.map(|endpoint| &endpoint.phase) {
        // Enabled again meanwhile: whoever asked has stopped, so somebody else must begin.
        Some(EndpointPhase::Active) => {
            about(entity, Some(WebhookEvent::DeliveryPostponed { until: now.plus(POSTPONED) }))
        }
        Some(EndpointPhase::Paused { .. } | EndpointPhase::Disabled { .. }) => {
            about(entity, Some(WebhookEvent::DeliveryParked))
        }
        Some(EndpointPhase::Removed { .. }) | None => abandon(world, entity, delivery),
    }
}

/// The endpoint may take it again.
pub fn resume(world: Asked<'_, '_>, entity: EntityId) -> Answer {
    let Some((delivery, endpoint)) = open(world, &entity)? else { return about(entity, None) };
    if delivery.phase != DeliveryPhase::Parked {
        return about(entity, None);
    }
    match endpoint.map(|endpoint| &endpoint.phase) {
        Some(EndpointPhase::Active) => about(entity, Some(WebhookEvent::DeliveryResumed)),
        Some(EndpointPhase::Paused { .. } | EndpointPhase::Disabled { .. }) => about(entity, None),
        Some(EndpointPhase::Removed { .. }) | None => abandon(world, entity, delivery),
    }
}

/// It has waited long enough.
pub fn wake(world: Asked<'_, '_>, entity: EntityId, now: Timestamp) -> Answer {
    let Some((delivery, endpoint)) = open(world, &entity)? else { return about(entity, None) };
    match delivery.phase {
        DeliveryPhase::Waiting { until } if until <= now => {}
        DeliveryPhase::Waiting { .. }
        | DeliveryPhase::Queued
        | DeliveryPhase::Blocked
        | DeliveryPhase::Parked
        | DeliveryPhase::Delivered { .. }
        | DeliveryPhase::GivenUp { .. } => return about(entity, None),
    }
    match endpoint.map(|endpoint| &endpoint.phase) {
        Some(EndpointPhase::Active) => about(entity, Some(WebhookEvent::DeliveryDue)),
        Some(EndpointPhase::Paused { .. } | EndpointPhase::Disabled { .. }) => {
            about(entity, Some(WebhookEvent::DeliveryParked))
        }
        Some(EndpointPhase::Removed { .. }) | None => abandon(world, entity, delivery),
    }
}

/// What a failure means for the endpoint.
fn judge(
    id: &EntityId,
    endpoint: &EndpointDocument,
    gone: bool,
    now: Timestamp,
    decision: &mut Decision<WebhookEvent>,
) {
    let owner = endpoint_entity(id);
    let since = endpoint.failing_since.unwrap_or(now);
    if endpoint.failures.saturating_add(1) == FAILING_AFTER {
        decision.events.push((owner.clone(), WebhookEvent::EndpointFailing { since }));
    }
    // One shop's address says nothing about those of others.
    if *id == callbacks_id() {
        return;
    }
    let reason = match endpoint.phase {
        EndpointPhase::Disabled { .. } | EndpointPhase::Removed { .. } => return,
        EndpointPhase::Active | EndpointPhase::Paused { .. } if gone => DisableReason::Gone,
        EndpointPhase::Active | EndpointPhase::Paused { .. } if now.since(since) >= FAILING_MAX => {
            DisableReason::Failing
        }
        EndpointPhase::Active | EndpointPhase::Paused { .. } => return,
    };
    let event = WebhookEvent::EndpointDisabled { endpoint: id.clone(), reason };
    decision.events.push((owner, event));
}

/// How long to wait after a failed attempt; `None` after the last one.
fn delay_after(number: u32, status: Option<u16>, retry_after_s: Option<u32>) -> Option<Duration> {
    let step = usize::try_from(number).ok()?.checked_sub(1)?;
    let usual = *DELAYS_S.get(step)?;
    let overloaded = matches!(status, None | Some(429 | 502 | 504));
    let base = if overloaded { usual.max(OVERLOADED_S) } else { usual };
    let named = u64::from(retry_after_s.unwrap_or(0)).clamp(base, 2 * base);
    Some(Duration::from_secs(named))
}

fn abandon(world: Asked<'_, '_>, entity: EntityId, delivery: &DeliveryDocument) -> Answer {
    let mut decision = Decision::nothing(entity.clone());
    give_up(world, entity, delivery, GiveUpReason::EndpointRemoved, &mut decision)?;
    Ok(decision)
}

fn give_up(
    world: Asked<'_, '_>,
    entity: EntityId,
    delivery: &DeliveryDocument,
    reason: GiveUpReason,
    decision: &mut Decision<WebhookEvent>,
) -> Result<(), Stop<WebhookRefusal>> {
    let replay = delivery.replay.clone();
    let event = WebhookEvent::DeliveryGivenUp { reason, empties: empties(delivery), replay };
    decision.events.push((entity, event));
    release_next(world, delivery, decision)
}

/// The one behind a delivery that has ended may go, and so may the replay that it is part of.
fn release_next(
    world: Asked<'_, '_>,
    delivery: &DeliveryDocument,
    decision: &mut Decision<WebhookEvent>,
) -> Result<(), Stop<WebhookRefusal>> {
    // What an event changes must be in memory before.
    world.need([&delivery.lane])?;
    if let Some(next) = &delivery.next {
        world.need([next])?;
        decision.events.push((next.clone(), WebhookEvent::DeliveryReleased));
    }
    replays::note_end(world, delivery, decision)
}

fn empties(delivery: &DeliveryDocument) -> Option<EntityId> {
    delivery.next.is_none().then(|| delivery.lane.clone())
}

/// A delivery with its endpoint, if that is known.
type Open<'a> = (&'a DeliveryDocument, Option<&'a EndpointDocument>);

/// A delivery that has not ended.
fn open<'a>(
    world: &World<'a, Webhook>,
    entity: &EntityId,
) -> Result<Option<Open<'a>>, Stop<WebhookRefusal>> {
    let WebhookState::Delivery(delivery) = world.get(entity)? else { return Ok(None) };
    if matches!(delivery.phase, DeliveryPhase::Delivered { .. } | DeliveryPhase::GivenUp { .. }) {
        return Ok(None);
    }
    let endpoint = match world.get(&endpoint_entity(&delivery.endpoint))? {
        WebhookState::Endpoint(endpoint) => Some(endpoint),
        WebhookState::Blank
        | WebhookState::Register(_)
        | WebhookState::Delivery(_)
        | WebhookState::Lane(_)
        | WebhookState::Tally(_) => None,
    };
    Ok(Some((delivery, endpoint)))
}
