//! What commands about messages come to.

use super::{
    Notification, NotificationDocument, NotificationState, Phase, TemplateDocument, address_entity,
};
use crate::{
    domain::{Decision, Stop, refuse},
    retry::spread,
    words::{excerpt, is_language, is_line, is_mail_address, is_phone},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    notification::{
        ChannelKind, Failure, FailureKind, NotificationCommand, NotificationEvent,
        NotificationRefusal, SkipReason, SuppressReason, Template, template_entity,
    },
};
use std::time::Duration;

/// How often a message is tried before a person must look.
pub const ATTEMPTS_MAX: u32 = 8;
/// The outcome of an attempt is known after this long, or it is ambiguous.
pub const ATTEMPT_SPAN: Duration = Duration::from_secs(15 * 60);
/// What a message speaks of takes this many bytes as JSON at most.
pub const DATA_LEN_MAX: usize = 64 * 1024;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// The delays after the first, second, ... attempt, in seconds.
const DELAYS_S: [u64; 7] = [5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR];
/// A server that greylists wants to be asked again later than this; so does one that may have
/// taken a message already.
const GREYLIST_S: u64 = 5 * MINUTE;
/// Wrong settings are not mended within seconds.
const CONFIG_S: u64 = 30 * MINUTE;
/// A provider is obeyed up to this delay.
const RETRY_AFTER_MAX_S: u64 = 24 * HOUR;

type Answer = Result<Decision<NotificationEvent>, Stop<NotificationRefusal>>;
type Asked<'w, 'a> = &'w World<'a, Notification>;

/// Answers a command.
pub fn decide(world: Asked<'_, '_>, command: NotificationCommand, now: Timestamp) -> Answer {
    match command {
        NotificationCommand::Queue {
            notification,
            template,
            channel,
            recipient,
            language,
            data,
            about,
        } => {
            let event =
                NotificationEvent::Queued { template, channel, recipient, language, data, about };
            queue(world, notification, event)
        }
        NotificationCommand::RecordAttempt { notification, attempt } => {
            record_attempt(world, notification, attempt, now)
        }
        NotificationCommand::RecordSent { notification, provider_id } => {
            record_sent(world, notification, provider_id)
        }
        NotificationCommand::RecordFailure {
            notification,
            attempt,
            failure,
            retry_after_s,
            jitter,
        } => match message(world, &notification)? {
            Some(known) if is_under_way(known, &attempt) => {
                let again = Again { failure, retry_after_s, jitter };
                fail(world, notification, known, again, now)
            }
            _ => Ok(Decision::nothing(notification)),
        },
        NotificationCommand::Retry { notification } => retry(world, notification),
        NotificationCommand::Dismiss { notification } => dismiss(world, notification),
        NotificationCommand::Wake { notification } => wake(world, notification, now),
        NotificationCommand::PutTemplate { template } => put_template(world, template),
        NotificationCommand::RemoveTemplate { name, language } => {
            remove_template(world, &name, &language)
        }
        NotificationCommand::Suppress { recipient, reason } => suppress(world, &recipient, reason),
        NotificationCommand::Unsuppress { recipient } => {
            let entity = address_of(&recipient)?;
            let known = matches!(world.get(&entity)?, NotificationState::Address(_));
            let events = known.then_some(NotificationEvent::AddressReleased).into_iter().collect();
            Ok(Decision::of(entity, events))
        }
    }
}

fn queue(world: Asked<'_, '_>, id: EntityId, event: NotificationEvent) -> Answer {
    if id.as_str().contains('/') {
        return invalid("/notification", "an id without '/'");
    }
    let NotificationEvent::Queued { template, channel, recipient, language, data, .. } = &event
    else {
        return Ok(Decision::nothing(id));
    };
    if !is_template_name(template) {
        return invalid("/template", "1 to 60 characters of a-z, 0-9 and '_'");
    }
    let addressed = match channel {
        ChannelKind::Email => is_mail_address(recipient),
        ChannelKind::Sms => is_phone(recipient),
        ChannelKind::Log => is_line(recipient, 254),
    };
    if !addressed {
        let expected = match channel {
            ChannelKind::Sms => "one telephone number, such as +420602123456",
            ChannelKind::Email | ChannelKind::Log => "one address, such as jana@example.com",
        };
        return invalid("/recipient", expected);
    }
    if language.as_deref().is_some_and(|language| !is_language(language)) {
        return invalid("/language", "a language such as cs or de-AT");
    }
    if !(data.is_object() || data.is_null()) || data.to_string().len() > DATA_LEN_MAX {
        return invalid("/data", "an object of 64 KiB at most");
    }
    let address = address_entity(recipient);
    world.need([&id, &address])?;
    match world.get(&id)? {
        NotificationState::Blank => {}
        NotificationState::Notification(_)
        | NotificationState::Template(_)
        | NotificationState::Address(_) => return Ok(Decision::nothing(id)),
    }
    let mut events = vec![event];
    if matches!(world.get(&address)?, NotificationState::Address(_)) {
        events.push(NotificationEvent::Skipped { reason: SkipReason::Suppressed });
    }
    Ok(Decision::of(id, events))
}

fn record_attempt(world: Asked<'_, '_>, id: EntityId, attempt: EntityId, now: Timestamp) -> Answer {
    let Some(known) = message(world, &id)? else { return Ok(Decision::nothing(id)) };
    let fresh = known.last_attempt.as_ref() != Some(&attempt);
    if known.phase != Phase::Queued || !fresh {
        return Ok(Decision::nothing(id));
    }
    let event = if is_suppressed(world, known)? {
        NotificationEvent::Skipped { reason: SkipReason::Suppressed }
    } else {
        NotificationEvent::AttemptStarted { attempt, until: now.plus(ATTEMPT_SPAN) }
    };
    Ok(Decision::of(id, vec![event]))
}

/// What was sent was sent, whatever was thought of it meanwhile.
fn record_sent(world: Asked<'_, '_>, id: EntityId, provider_id: Option<String>) -> Answer {
    let Some(known) = message(world, &id)? else { return Ok(Decision::nothing(id)) };
    if matches!(known.phase, Phase::Sent { .. }) {
        return Ok(Decision::nothing(id));
    }
    let provider_id = provider_id.map(|id| excerpt(&id, 200));
    Ok(Decision::of(id, vec![NotificationEvent::Sent { provider_id }]))
}

/// A failure with what is known about the time of the next attempt.
struct Again {
    failure: Failure,
    retry_after_s: Option<u32>,
    jitter: u16,
}

fn fail(
    world: Asked<'_, '_>,
    id: EntityId,
    known: &NotificationDocument,
    again: Again,
    now: Timestamp,
) -> Answer {
    let Again { failure, retry_after_s, jitter } = again;
    let failure = Failure {
        code: excerpt(&failure.code, 60),
        message: excerpt(&failure.message, 500),
        ..failure
    };
    let next = next_delay(known, &failure, retry_after_s);
    let Some(delay) = next else {
        let mut decision =
            Decision::of(id.clone(), vec![NotificationEvent::GivenUp { failure: failure.clone() }]);
        if failure.kind == FailureKind::RejectRecipient && !is_suppressed(world, known)? {
            let event = NotificationEvent::AddressSuppressed {
                reason: SuppressReason::Bounced,
                because: Some(id),
            };
            decision.events.push((address_entity(&known.recipient), event));
        }
        return Ok(decision);
    };
    let next_attempt_at = now.plus(spread(delay, jitter));
    Ok(Decision::of(id, vec![NotificationEvent::AttemptFailed { failure, next_attempt_at }]))
}

/// How long to wait before the next attempt; `None` if there is none.
fn next_delay(
    known: &NotificationDocument,
    failure: &Failure,
    retry_after_s: Option<u32>,
) -> Option<Duration> {
    if known.attempts >= ATTEMPTS_MAX {
        return None;
    }
    let step = usize::try_from(known.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let usual = DELAYS_S[step.min(DELAYS_S.len() - 1)];
    let named = u64::from(retry_after_s.unwrap_or(0)).min(RETRY_AFTER_MAX_S);
    let greylisted = failure.code.starts_with("450") || failure.code.starts_with("451");
    let least = match failure.kind {
        FailureKind::RejectRecipient | FailureKind::RejectMessage => return None,
        FailureKind::Ambiguous if known.attempts_ambiguous > 0 => return None,
        FailureKind::Ambiguous => GREYLIST_S,
        FailureKind::RejectConfig => CONFIG_S,
        FailureKind::RetryAfter | FailureKind::RetryBackoff if greylisted => GREYLIST_S,
        FailureKind::RetryAfter | FailureKind::RetryBackoff => 0,
    };
    Some(Duration::from_secs(usual.max(least).max(named)))
}

fn retry(world: Asked<'_, '_>, id: EntityId) -> Answer {
    let Some(known) = message(world, &id)? else {
        return refuse(NotificationRefusal::NotFound("message"));
    };
    match known.phase {
        Phase::Queued | Phase::Sending { .. } => Ok(Decision::nothing(id)),
        Phase::Sent { .. } => refuse(NotificationRefusal::WrongStatus {
            status: known.phase.word(),
            action: "sent again",
        }),
        Phase::Waiting { .. }
        | Phase::GivenUp { .. }
        | Phase::Skipped { .. }
        | Phase::Dismissed { .. } => {
            if is_suppressed(world, known)? {
                return refuse(NotificationRefusal::Suppressed);
            }
            Ok(Decision::of(id, vec![NotificationEvent::Retried]))
        }
    }
}

fn dismiss(world: Asked<'_, '_>, id: EntityId) -> Answer {
    let Some(known) = message(world, &id)? else {
        return refuse(NotificationRefusal::NotFound("message"));
    };
    match known.phase {
        Phase::Dismissed { .. } => Ok(Decision::nothing(id)),
        Phase::Sending { .. } | Phase::Sent { .. } => refuse(NotificationRefusal::WrongStatus {
            status: known.phase.word(),
            action: "dismissed",
        }),
        Phase::Queued | Phase::Waiting { .. } | Phase::GivenUp { .. } | Phase::Skipped { .. } => {
            Ok(Decision::of(id, vec![NotificationEvent::Dismissed]))
        }
    }
}

fn wake(world: Asked<'_, '_>, id: EntityId, now: Timestamp) -> Answer {
    match message(world, &id)? {
        Some(known) => match known.phase {
            Phase::Waiting { until } if until <= now => {
                Ok(Decision::of(id, vec![NotificationEvent::Due]))
            }
            Phase::Sending { until } if until <= now => {
                let failure = Failure {
                    kind: FailureKind::Ambiguous,
                    code: "no_outcome".to_owned(),
                    message: "the attempt was begun and its outcome is not known".to_owned(),
                };
                let again = Again { failure, retry_after_s: None, jitter: 0 };
                fail(world, id, known, again, now)
            }
            Phase::Waiting { .. }
            | Phase::Sending { .. }
            | Phase::Queued
            | Phase::Sent { .. }
            | Phase::GivenUp { .. }
            | Phase::Skipped { .. }
            | Phase::Dismissed { .. } => Ok(Decision::nothing(id)),
        },
        None => Ok(Decision::nothing(id)),
    }
}

fn put_template(world: Asked<'_, '_>, template: Template) -> Answer {
    let entity = template_of(&template.name, &template.language)?;
    if !is_line(&template.subject, 500) {
        return invalid("/template/subject", "1 to 500 characters on one line");
    }
    if template.text.trim().is_empty() || template.text.len() > 64 * 1024 {
        return invalid("/template/text", "1 byte to 64 KiB of text");
    }
    let html = template.html.as_deref();
    if html.is_some_and(|html| html.trim().is_empty() || html.len() > 128 * 1024) {
        return invalid("/template/html", "1 byte to 128 KiB of HTML, or none");
    }
    let same = matches!(
        world.get(&entity)?,
        NotificationState::Template(TemplateDocument { template: old, .. }) if *old == template
    );
    let event = (!same).then_some(NotificationEvent::TemplatePut { template });
    Ok(Decision::of(entity, event.into_iter().collect()))
}

fn remove_template(world: Asked<'_, '_>, name: &str, language: &str) -> Answer {
    let entity = template_of(name, language)?;
    match world.get(&entity)? {
        NotificationState::Template(_) => {
            Ok(Decision::of(entity, vec![NotificationEvent::TemplateRemoved]))
        }
        NotificationState::Blank
        | NotificationState::Notification(_)
        | NotificationState::Address(_) => refuse(NotificationRefusal::NotFound("template")),
    }
}

fn suppress(world: Asked<'_, '_>, recipient: &str, reason: SuppressReason) -> Answer {
    let entity = address_of(recipient)?;
    let same = matches!(
        world.get(&entity)?,
        NotificationState::Address(known) if known.reason == reason
    );
    let event = (!same).then_some(NotificationEvent::AddressSuppressed { reason, because: None });
    Ok(Decision::of(entity, event.into_iter().collect()))
}

fn template_of(name: &str, language: &str) -> Result<EntityId, Stop<NotificationRefusal>> {
    if !is_template_name(name) {
        return invalid("/template/name", "1 to 60 characters of a-z, 0-9 and '_'");
    }
    if !is_language(language) {
        return invalid("/template/language", "a language such as cs or de-AT");
    }
    Ok(template_entity(name, language))
}

fn address_of(recipient: &str) -> Result<EntityId, Stop<NotificationRefusal>> {
    if is_mail_address(recipient) {
        return Ok(address_entity(recipient));
    }
    invalid("/recipient", "one address, such as jana@example.com")
}

fn is_template_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && crate::words::is_word(name, "_", 60)
}

fn is_under_way(known: &NotificationDocument, attempt: &EntityId) -> bool {
    matches!(known.phase, Phase::Sending { .. }) && known.last_attempt.as_ref() == Some(attempt)
}

fn is_suppressed(
    world: Asked<'_, '_>,
    known: &NotificationDocument,
) -> Result<bool, Stop<NotificationRefusal>> {
    let address = world.get(&address_entity(&known.recipient))?;
    Ok(matches!(address, NotificationState::Address(_)))
}

fn message<'a>(
    world: &World<'a, Notification>,
    id: &EntityId,
) -> Result<Option<&'a NotificationDocument>, Stop<NotificationRefusal>> {
    Ok(match world.get(id)? {
        NotificationState::Notification(message) => Some(message),
        NotificationState::Blank
        | NotificationState::Template(_)
        | NotificationState::Address(_) => None,
    })
}

fn invalid<T>(pointer: &str, expected: &str) -> Result<T, Stop<NotificationRefusal>> {
    refuse(NotificationRefusal::Invalid {
        pointer: pointer.to_owned(),
        expected: format!("expected {expected}"),
    })
}
