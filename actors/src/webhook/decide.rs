//! What commands about endpoints come to.

use super::{
    EndpointDocument, EndpointPhase, RegisterDocument, Webhook, WebhookState, callbacks, deliver,
    filter, replays, secret,
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::is_word,
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    webhook::{
        DisableReason, SigningSecret, WebhookCommand, WebhookEvent, WebhookRefusal,
        endpoint_entity, register_entity,
    },
};
use std::time::Duration;

/// A tenant has as many endpoints at most.
pub const ENDPOINTS_MAX: usize = 50;
/// An endpoint names as many patterns at most.
pub const PATTERNS_MAX: usize = 50;
/// A pause that is longer becomes the end.
pub const PAUSE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// For so long a replaced secret counts too.
pub const ROTATION_SPAN: Duration = Duration::from_secs(24 * 3600);

pub(super) type Answer = Result<Decision<WebhookEvent>, Stop<WebhookRefusal>>;
pub(super) type Asked<'w, 'a> = &'w World<'a, Webhook>;

/// Answers a command.
pub fn decide(world: Asked<'_, '_>, command: WebhookCommand, now: Timestamp) -> Answer {
    match command {
        WebhookCommand::Create { endpoint, url, events, description, secret } => {
            let event =
                WebhookEvent::EndpointCreated { endpoint, url, events, description, secret };
            create(world, event)
        }
        WebhookCommand::PrepareCallbacks { secret } => callbacks::prepare(world, secret),
        WebhookCommand::PutCallbacks { secret, api_key, hosts } => {
            callbacks::put(world, secret, api_key, hosts)
        }
        WebhookCommand::Change { endpoint, url, events, description } => {
            let event = WebhookEvent::EndpointChanged { endpoint, url, events, description };
            change(world, event)
        }
        WebhookCommand::Rotate { endpoint, secret } => rotate(world, &endpoint, secret, now),
        WebhookCommand::Pause { endpoint } => pause(world, &endpoint, now),
        WebhookCommand::Enable { endpoint } => enable(world, endpoint),
        WebhookCommand::Disable { endpoint } => {
            let disabled = matches!(known(world, &endpoint)?.phase, EndpointPhase::Disabled { .. });
            let entity = endpoint_entity(&endpoint);
            let reason = DisableReason::Requested;
            let event = WebhookEvent::EndpointDisabled { endpoint, reason };
            about(entity, (!disabled).then_some(event))
        }
        WebhookCommand::Remove { endpoint } => {
            world.need([&endpoint_entity(&endpoint), &register_entity()])?;
            known(world, &endpoint)?;
            let entity = endpoint_entity(&endpoint);
            about(entity, Some(WebhookEvent::EndpointRemoved { endpoint }))
        }
        WebhookCommand::SendTest { endpoint, test } => send_test(world, endpoint, test),
        WebhookCommand::Deliver { endpoint, event, name, subject, position, key } => {
            let wanted = deliver::Wanted { endpoint, event, name, subject, position, key };
            deliver::deliver(world, wanted)
        }
        WebhookCommand::Replay { endpoint, replay, from, until, since, before, types } => {
            let wish = replays::Wish { from, until, since, before, types };
            replays::request(world, endpoint, replay, wish)
        }
        WebhookCommand::CancelReplay { endpoint } => replays::cancel(world, &endpoint),
        WebhookCommand::ContinueReplay { endpoint, replay, after, reached, events } => {
            let step = replays::Step { replay, after, reached, events };
            replays::go_on(world, endpoint, step)
        }
        WebhookCommand::RecordDelivered { delivery, status, duration_ms } => {
            deliver::record_delivered(world, delivery, status, duration_ms, now)
        }
        WebhookCommand::RecordFailure {
            delivery,
            attempt,
            status,
            error,
            duration_ms,
            retry_after_s,
            jitter,
        } => {
            let failed = deliver::Failed { attempt, status, error, duration_ms };
            deliver::record_failure(world, delivery, failed, (retry_after_s, jitter), now)
        }
        WebhookCommand::RecordInactive { delivery } => {
            deliver::record_inactive(world, delivery, now)
        }
        WebhookCommand::ResumeDelivery { delivery } => deliver::resume(world, delivery),
        WebhookCommand::Wake { entity } => wake(world, entity, now),
    }
}

fn create(world: Asked<'_, '_>, event: WebhookEvent) -> Answer {
    let WebhookEvent::EndpointCreated { endpoint, url, events, description, secret } = &event
    else {
        return about(register_entity(), None);
    };
    check_id(endpoint)?;
    callbacks::has_address(endpoint)?;
    check(url, events, description)?;
    check_secret(secret)?;
    let entity = endpoint_entity(endpoint);
    let register = register_entity();
    world.need([&entity, &register])?;
    if let WebhookState::Endpoint(old) = world.get(&entity)? {
        let same = old.url == *url
            && old.events == *events
            && old.description == *description
            && old.secret == *secret;
        return if same { about(entity, None) } else { refuse(WebhookRefusal::Exists) };
    }
    if let WebhookState::Register(RegisterDocument { endpoints }) = world.get(&register)?
        && endpoints.len() >= ENDPOINTS_MAX
    {
        return refuse(WebhookRefusal::TooMany(ENDPOINTS_MAX));
    }
    about(entity, Some(event))
}

fn change(world: Asked<'_, '_>, event: WebhookEvent) -> Answer {
    let WebhookEvent::EndpointChanged { endpoint, url, events, description } = &event else {
        return about(register_entity(), None);
    };
    callbacks::has_address(endpoint)?;
    check(url, events, description)?;
    let entity = endpoint_entity(endpoint);
    world.need([&entity, &register_entity()])?;
    let old = known(world, endpoint)?;
    let same = old.url == *url && old.events == *events && old.description == *description;
    about(entity, (!same).then_some(event))
}

fn rotate(
    world: Asked<'_, '_>,
    endpoint: &EntityId,
    secret: SigningSecret,
    now: Timestamp,
) -> Answer {
    check_secret(&secret)?;
    let same = known(world, endpoint)?.secret == secret;
    let previous_until = now.plus(ROTATION_SPAN);
    let event = WebhookEvent::EndpointRotated { secret, previous_until };
    about(endpoint_entity(endpoint), (!same).then_some(event))
}

fn pause(world: Asked<'_, '_>, endpoint: &EntityId, now: Timestamp) -> Answer {
    let event = match known(world, endpoint)?.phase {
        EndpointPhase::Active => Some(WebhookEvent::EndpointPaused { until: now.plus(PAUSE_MAX) }),
        EndpointPhase::Paused { .. } => None,
        EndpointPhase::Disabled { .. } | EndpointPhase::Removed { .. } => {
            return refuse(WebhookRefusal::Disabled);
        }
    };
    about(endpoint_entity(endpoint), event)
}

fn enable(world: Asked<'_, '_>, endpoint: EntityId) -> Answer {
    let old = known(world, &endpoint)?;
    let entity = endpoint_entity(&endpoint);
    let missed_from = old.missed_from;
    let event = match old.phase {
        EndpointPhase::Active => None,
        EndpointPhase::Paused { .. }
        | EndpointPhase::Disabled { .. }
        | EndpointPhase::Removed { .. } => {
            Some(WebhookEvent::EndpointEnabled { endpoint, missed_from })
        }
    };
    about(entity, event)
}

fn send_test(world: Asked<'_, '_>, endpoint: EntityId, test: EntityId) -> Answer {
    callbacks::has_address(&endpoint)?;
    let old = known(world, &endpoint)?;
    if matches!(old.phase, EndpointPhase::Disabled { .. }) {
        return refuse(WebhookRefusal::Disabled);
    }
    let told = old.last_test.as_ref() == Some(&test);
    let entity = endpoint_entity(&endpoint);
    about(entity, (!told).then_some(WebhookEvent::TestRequested { endpoint, test }))
}

fn wake(world: Asked<'_, '_>, entity: EntityId, now: Timestamp) -> Answer {
    match world.get(&entity)? {
        WebhookState::Endpoint(EndpointDocument {
            phase: EndpointPhase::Paused { until }, ..
        }) if *until <= now => {
            let reason = DisableReason::PausedTooLong;
            let id = entity.as_str().strip_prefix("endpoint/").unwrap_or_default();
            let endpoint = EntityId::named(id);
            about(entity, Some(WebhookEvent::EndpointDisabled { endpoint, reason }))
        }
        WebhookState::Delivery(_) => deliver::wake(world, entity, now),
        WebhookState::Endpoint(_)
        | WebhookState::Blank
        | WebhookState::Register(_)
        | WebhookState::Lane(_)
        | WebhookState::Tally(_) => about(entity, None),
    }
}

/// An endpoint that was not removed.
pub(super) fn known<'a>(
    world: &World<'a, Webhook>,
    endpoint: &EntityId,
) -> Result<&'a EndpointDocument, Stop<WebhookRefusal>> {
    match world.get(&endpoint_entity(endpoint))? {
        WebhookState::Endpoint(endpoint)
            if !matches!(endpoint.phase, EndpointPhase::Removed { .. }) =>
        {
            Ok(endpoint)
        }
        WebhookState::Endpoint(_)
        | WebhookState::Blank
        | WebhookState::Register(_)
        | WebhookState::Delivery(_)
        | WebhookState::Lane(_)
        | WebhookState::Tally(_) => refuse(WebhookRefusal::NotFound("endpoint")),
    }
}

/// Names of entities are made of it.
pub(super) fn check_id(endpoint: &EntityId) -> Result<(), Stop<WebhookRefusal>> {
    if is_word(endpoint.as_str(), "-", 60) {
        return Ok(());
    }
    invalid("/endpoint", "1 to 60 characters of a-z, 0-9 and '-'")
}

fn check(url: &str, events: &[String], description: &str) -> Result<(), Stop<WebhookRefusal>> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    if !web || url.len() > 2000 || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return invalid("/url", "an https URL of 2000 characters at most");
    }
    if !(1..=PATTERNS_MAX).contains(&events.len()) {
        return invalid("/events", "1 to 50 patterns");
    }
    if let Some(at) = events.iter().position(|pattern| !filter::is_pattern(pattern)) {
        return invalid(&format!("/events/{at}"), "a name, a domain such as order.*, or *");
    }
    if description.chars().count() > 200 || description.chars().any(char::is_control) {
        return invalid("/description", "200 characters on one line at most");
    }
    Ok(())
}

pub(super) fn check_secret(text: &SigningSecret) -> Result<(), Stop<WebhookRefusal>> {
    if secret::key(text).is_some() {
        return Ok(());
    }
    invalid("/secret", "whsec_ and base64 of 24 to 64 bytes")
}

pub(super) fn about(entity: EntityId, event: Option<WebhookEvent>) -> Answer {
    Ok(Decision::of(entity, event.into_iter().collect()))
}

pub(super) fn invalid<T>(pointer: &str, expected: &str) -> Result<T, Stop<WebhookRefusal>> {
    refuse(WebhookRefusal::Invalid {
        pointer: pointer.to_owned(),
        expected: format!("expected {expected}"),
    })
}
