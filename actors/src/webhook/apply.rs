//! How events change endpoints, deliveries and lanes.

use super::{
    DeliveryDocument, DeliveryPhase, EndpointDocument, EndpointPhase, LaneDocument, PreviousSecret,
    RegisterDocument, ReplayDocument, ReplayPhase, TallyDocument, Webhook, WebhookState, callbacks,
};
use crate::domain::Event;
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{Position, ReplayRange, WebhookEvent, register_entity},
};

/// Carries an event into the state of its owner, or of an entity that it touches.
pub fn apply(entity: &EntityId, state: &mut WebhookState, event: &Event<'_, Webhook>) {
    let own = entity == event.entity;
    match (event.event, &mut *state) {
        (WebhookEvent::EndpointCreated { .. }, _) if own => create(state, event),
        (WebhookEvent::CallbacksPut { .. }, _) if own => callbacks::apply(state, event),
        (WebhookEvent::DeliveryQueued { .. }, _) if own => queue(state, event),
        (WebhookEvent::DeliveryQueued { lane, .. }, _) if entity == lane => {
            *state = WebhookState::Lane(LaneDocument { last: event.entity.clone() });
        }
        (WebhookEvent::DeliveryQueued { replay: Some(tally), .. }, _) if entity == tally => {
            count(state, state.open().saturating_add(1));
        }
        (WebhookEvent::DeliveryQueued { .. }, WebhookState::Delivery(before)) => {
            before.next = Some(event.entity.clone());
        }
        (
            WebhookEvent::DeliveryDelivered { .. } | WebhookEvent::DeliveryGivenUp { .. },
            WebhookState::Lane(_),
        ) => *state = WebhookState::Blank,
        (
            WebhookEvent::DeliveryDelivered { .. } | WebhookEvent::DeliveryGivenUp { .. },
            WebhookState::Tally(_),
        ) => count(state, state.open().saturating_sub(1)),
        (_, WebhookState::Endpoint(endpoint)) => change_endpoint(endpoint, event),
        (_, WebhookState::Delivery(delivery)) => advance(delivery, event),
        _ if *entity == register_entity() => register(state, event.event),
        // Facts about what is not known change nothing.
        (
            _,
            WebhookState::Blank
            | WebhookState::Register(_)
            | WebhookState::Lane(_)
            | WebhookState::Tally(_),
        ) => {}
    }
}

fn count(state: &mut WebhookState, open: u32) {
    *state = match open {
        0 => WebhookState::Blank,
        open => WebhookState::Tally(TallyDocument { open }),
    };
}

fn create(state: &mut WebhookState, event: &Event<'_, Webhook>) {
    let WebhookEvent::EndpointCreated { url, events, description, secret, .. } = event.event else {
        return;
    };
    let (url, about) = (url.clone(), description.clone());
    let endpoint = EndpointDocument::new(url, about, secret.clone(), event.at);
    *state = WebhookState::Endpoint(EndpointDocument { events: events.clone(), ..endpoint });
}

fn queue(state: &mut WebhookState, event: &Event<'_, Webhook>) {
    let WebhookEvent::DeliveryQueued {
        endpoint,
        event: id,
        name,
        subject,
        position,
        lane,
        after,
        replay,
    } = event.event
    else {
        return;
    };
    *state = WebhookState::Delivery(DeliveryDocument {
        phase: if after.is_some() { DeliveryPhase::Blocked } else { DeliveryPhase::Queued },
        endpoint: endpoint.clone(),
        event: *id,
        name: name.clone(),
        subject: subject.clone(),
        position: *position,
        lane: lane.clone(),
        after: after.clone(),
        next: None,
        replay: replay.clone(),
        attempts: Vec::new(),
        created_at: event.at,
    });
}

fn register(state: &mut WebhookState, event: &WebhookEvent) {
    if *state == WebhookState::Blank {
        *state = WebhookState::Register(RegisterDocument::default());
    }
    let WebhookState::Register(known) = state else { return };
    match event {
        WebhookEvent::EndpointCreated { endpoint, events, .. }
        | WebhookEvent::EndpointChanged { endpoint, events, .. } => {
            known.endpoints.insert(endpoint.clone(), events.clone());
        }
        WebhookEvent::EndpointRemoved { endpoint } => {
            known.endpoints.remove(endpoint);
        }
        _ => {}
    }
}

fn change_endpoint(endpoint: &mut EndpointDocument, event: &Event<'_, Webhook>) {
    let at = event.at;
    match event.event {
        WebhookEvent::EndpointChanged { url, events, description, .. } => {
            endpoint.url = url.clone();
            endpoint.events = events.clone();
            endpoint.description = description.clone();
        }
        WebhookEvent::EndpointRotated { secret, previous_until } => {
            let secret = std::mem::replace(&mut endpoint.secret, secret.clone());
            endpoint.previous_secret = Some(PreviousSecret { secret, until: *previous_until });
        }
        WebhookEvent::EndpointPaused { until } => {
            endpoint.phase = EndpointPhase::Paused { until: *until };
        }
        WebhookEvent::EndpointEnabled { .. } => {
            endpoint.phase = EndpointPhase::Active;
            (endpoint.failures, endpoint.failing_since) = (0, None);
        }
        WebhookEvent::EndpointDisabled { reason, .. } => {
            endpoint.phase = EndpointPhase::Disabled { at, reason: *reason };
        }
        WebhookEvent::EndpointMissed { position } => endpoint.missed_from = Some(*position),
        WebhookEvent::EndpointRecovered => (endpoint.failures, endpoint.failing_since) = (0, None),
        WebhookEvent::EndpointRemoved { .. } => {
            endpoint.phase = EndpointPhase::Removed { at };
            endpoint.secret.0.clear();
            endpoint.previous_secret = None;
            endpoint.api_key = None;
            endpoint.replay = None;
        }
        WebhookEvent::ReplayRequested { replay, range, .. } => {
            request_replay(endpoint, replay, range, at);
        }
        WebhookEvent::ReplayAdvanced { .. }
        | WebhookEvent::ReplayFinished
        | WebhookEvent::ReplayCancelled => change_replay(endpoint, event),
        WebhookEvent::TestRequested { test, .. } => endpoint.last_test = Some(test.clone()),
        WebhookEvent::DeliveryAttemptFailed { .. } => {
            endpoint.failures = endpoint.failures.saturating_add(1);
            endpoint.failing_since.get_or_insert(at);
        }
        _ => {}
    }
}

fn request_replay(
    endpoint: &mut EndpointDocument,
    id: &EntityId,
    range: &ReplayRange,
    requested_at: Timestamp,
) {
    let missed = endpoint.missed_from.take_if(|place| range.covers(*place)).is_some();
    endpoint.replay = Some(ReplayDocument {
        phase: ReplayPhase::Running,
        id: id.clone(),
        range: range.clone(),
        reached: range.from.seq.saturating_sub(1),
        queued: 0,
        missed,
        requested_at,
    });
}

fn change_replay(endpoint: &mut EndpointDocument, event: &Event<'_, Webhook>) {
    let Some(replay) = &mut endpoint.replay else { return };
    match event.event {
        WebhookEvent::ReplayAdvanced { reached, queued } => {
            replay.reached = *reached;
            replay.queued = replay.queued.saturating_add(u64::from(*queued));
        }
        WebhookEvent::ReplayFinished => replay.phase = ReplayPhase::Finished { at: event.at },
        WebhookEvent::ReplayCancelled => {
            replay.phase = ReplayPhase::Cancelled { at: event.at };
            if replay.missed && !replay.has_reached_end() {
                // What it did not come to is missed as before.
                let shard = replay.range.from.shard;
                endpoint.missed_from =
                    Some(Position { shard, seq: replay.reached.saturating_add(1) });
            }
        }
        _ => {}
    }
}

fn advance(delivery: &mut DeliveryDocument, event: &Event<'_, Webhook>) {
    let at = event.at;
    match event.event {
        WebhookEvent::DeliveryReleased
        | WebhookEvent::DeliveryDue
        | WebhookEvent::DeliveryResumed => delivery.phase = DeliveryPhase::Queued,
        WebhookEvent::DeliveryParked => delivery.phase = DeliveryPhase::Parked,
        WebhookEvent::DeliveryPostponed { until } => {
            delivery.phase = DeliveryPhase::Waiting { until: *until };
        }
        WebhookEvent::DeliveryAttemptFailed { attempt, next_attempt_at, .. } => {
            delivery.attempts.push(attempt.clone());
            if let Some(until) = next_attempt_at {
                delivery.phase = DeliveryPhase::Waiting { until: *until };
            }
        }
        WebhookEvent::DeliveryDelivered { attempt, .. } => {
            delivery.attempts.push(attempt.clone());
            delivery.phase = DeliveryPhase::Delivered { at };
        }
        WebhookEvent::DeliveryGivenUp { reason, .. } => {
            delivery.phase = DeliveryPhase::GivenUp { at, reason: *reason };
        }
        _ => {}
    }
}
