//! What commands about replays come to.
//!
//! The endpoint knows the range and how far the replay has come; a tally counts its deliveries
//! that have not ended. A follower brings the next events in one command, which queues them and
//! moves the replay on together, so that a crash in between repeats nothing.

use super::{
    DeliveryDocument, EndpointDocument, EndpointPhase, ReplayPhase, WebhookState, callbacks,
    decide::{Answer, Asked, PATTERNS_MAX, about, check_id, invalid, known},
    filter, lane_entity,
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::is_word,
};
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{
        Position, ReplayRange, ReplayedEvent, WebhookEvent, WebhookRefusal, delivery_entity,
        endpoint_entity, tally_entity,
    },
};
use std::collections::{BTreeSet, HashMap};

/// Of a replay, as many deliveries are on their way at most, but for what one place tells of.
pub const OPEN_MAX: u32 = 100;
/// When no more than so many are left, the next ones are queued. Some may be left for long:
/// trouble with one subject must not hold up the others.
pub const RELEASED_AT: u32 = 50;

/// A replay as it is asked for.
pub struct Wish {
    /// The first place; that of the first missed event if absent.
    pub from: Option<Position>,
    /// The last place.
    pub until: Position,
    /// Only what happened then or later.
    pub since: Option<Timestamp>,
    /// Only what happened before.
    pub before: Option<Timestamp>,
    /// Only these.
    pub types: Vec<String>,
}

/// The next events of a replay.
pub struct Step {
    /// The replay's name.
    pub replay: EntityId,
    /// The place up to which it was done before.
    pub after: i64,
    /// The place up to which it is done now.
    pub reached: i64,
    /// What there is in between.
    pub events: Vec<ReplayedEvent>,
}

/// A stretch of the journal is to be delivered once more.
pub fn request(world: Asked<'_, '_>, endpoint: EntityId, replay: EntityId, wish: Wish) -> Answer {
    check_id(&endpoint)?;
    callbacks::has_address(&endpoint)?;
    let (owner, known) = (endpoint_entity(&endpoint), known(world, &endpoint)?);
    if known.replay.as_ref().is_some_and(|last| last.id == replay) {
        return about(owner, None);
    }
    let range = range(known, &replay, wish)?;
    if matches!(known.phase, EndpointPhase::Disabled { .. }) {
        return refuse(WebhookRefusal::Disabled);
    }
    if known.running_replay().is_some() {
        return refuse(WebhookRefusal::ReplayRunning);
    }
    let nothing = range.until < range.from;
    let mut events = vec![WebhookEvent::ReplayRequested { endpoint, replay, range }];
    events.extend(nothing.then_some(WebhookEvent::ReplayFinished));
    Ok(Decision::of(owner, events))
}

/// What a wish comes to, if it makes sense.
fn range(
    known: &EndpointDocument,
    replay: &EntityId,
    wish: Wish,
) -> Result<ReplayRange, Stop<WebhookRefusal>> {
    let Wish { from, until, since, before, types } = wish;
    if !is_word(replay.as_str(), "-", 60) {
        return invalid("/replay", "1 to 60 characters of a-z, 0-9 and '-'");
    }
    let Some(from) = from.or(known.missed_from) else {
        return invalid("/from_missed", "an endpoint that has missed something");
    };
    if from.shard != until.shard || from.seq < 1 || until.seq < from.seq - 1 {
        return invalid("/until", "an end behind the beginning");
    }
    if since.zip(before).is_some_and(|(since, before)| before <= since) {
        return invalid("/until", "a time after the beginning");
    }
    if types.len() > PATTERNS_MAX {
        return invalid("/types", "50 patterns at most");
    }
    if let Some(at) = types.iter().position(|pattern| !filter::is_known_pattern(pattern)) {
        return invalid(
            &format!("/types/{at}"),
            "the name of an event, a domain such as order.*, or *",
        );
    }
    Ok(ReplayRange { from, until, since, before, types })
}

/// No more of it is queued.
pub fn cancel(world: Asked<'_, '_>, endpoint: &EntityId) -> Answer {
    let (owner, known) = (endpoint_entity(endpoint), known(world, endpoint)?);
    match known.replay.as_ref().map(|replay| &replay.phase) {
        Some(ReplayPhase::Running) => about(owner, Some(WebhookEvent::ReplayCancelled)),
        Some(ReplayPhase::Finished { .. } | ReplayPhase::Cancelled { .. }) => about(owner, None),
        None => refuse(WebhookRefusal::NotFound("replay")),
    }
}

/// The next events of it are queued, unless it has come further already.
pub fn go_on(world: Asked<'_, '_>, endpoint: EntityId, step: Step) -> Answer {
    let owner = endpoint_entity(&endpoint);
    let WebhookState::Endpoint(known) = world.get(&owner)? else { return about(owner, None) };
    let current = known.running_replay().filter(|replay| {
        replay.id == step.replay && replay.reached == step.after && step.after < step.reached
    });
    let takes = matches!(known.phase, EndpointPhase::Active | EndpointPhase::Paused { .. });
    let Some(replay) = current.filter(|_| takes) else { return about(owner, None) };
    let until = replay.range.until.seq;
    if until < step.reached {
        return invalid("/reached", "a place within the replay");
    }
    let tally = tally_entity(&endpoint, &replay.id);
    let mut events = queue(world, &endpoint, &tally, &step)?;
    let open = world.get(&tally)?.open();
    let queued = u32::try_from(events.len()).unwrap_or(u32::MAX);
    events.push((owner.clone(), WebhookEvent::ReplayAdvanced { reached: step.reached, queued }));
    if until == step.reached && open == 0 && queued == 0 {
        events.push((owner.clone(), WebhookEvent::ReplayFinished));
    }
    Ok(Decision { subject: owner, events })
}

/// Each event is queued behind the last one of its subject, which may be one of these.
fn queue(
    world: Asked<'_, '_>,
    endpoint: &EntityId,
    tally: &EntityId,
    step: &Step,
) -> Result<Vec<(EntityId, WebhookEvent)>, Stop<WebhookRefusal>> {
    let entity =
        |told: &ReplayedEvent| delivery_entity(endpoint, told.event, Some(step.replay.as_str()));
    let lanes: BTreeSet<EntityId> =
        step.events.iter().map(|told| lane_entity(endpoint, &told.subject)).collect();
    let entities: Vec<EntityId> = step.events.iter().map(entity).collect();
    world.need(entities.iter().chain(&lanes).chain([tally]))?;
    let mut last: HashMap<EntityId, EntityId> = HashMap::new();
    for lane in lanes {
        if let WebhookState::Lane(known) = world.get(&lane)? {
            last.insert(lane, known.last.clone());
        }
    }
    world.need(last.values())?;
    let mut known = BTreeSet::new();
    let mut queued = Vec::with_capacity(entities.len());
    for (told, entity) in step.events.iter().zip(entities) {
        if *world.get(&entity)? != WebhookState::Blank || !known.insert(entity.clone()) {
            continue;
        }
        let lane = lane_entity(endpoint, &told.subject);
        let after = last.insert(lane.clone(), entity.clone());
        let event = WebhookEvent::DeliveryQueued {
            endpoint: endpoint.clone(),
            event: told.event,
            name: told.name.clone(),
            subject: told.subject.clone(),
            position: told.position,
            lane,
            after,
            replay: Some(tally.clone()),
        };
        queued.push((entity, event));
    }
    Ok(queued)
}

/// A delivery has ended: there may be room for more of its replay, or that may be at its end.
pub fn note_end(
    world: Asked<'_, '_>,
    delivery: &DeliveryDocument,
    decision: &mut Decision<WebhookEvent>,
) -> Result<(), Stop<WebhookRefusal>> {
    let Some(tally) = &delivery.replay else { return Ok(()) };
    let owner = endpoint_entity(&delivery.endpoint);
    world.need([tally, &owner])?;
    let left = world.get(tally)?.open().saturating_sub(1);
    let WebhookState::Endpoint(endpoint) = world.get(&owner)? else { return Ok(()) };
    let Some(replay) = endpoint.running_replay() else { return Ok(()) };
    if tally_entity(&delivery.endpoint, &replay.id) != *tally {
        return Ok(());
    }
    if replay.has_reached_end() {
        if left == 0 {
            decision.events.push((owner, WebhookEvent::ReplayFinished));
        }
    } else if left == RELEASED_AT {
        decision.events.push((owner, WebhookEvent::ReplayReleased));
    }
    Ok(())
}
