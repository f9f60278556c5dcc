//! When a key signs, and when it is believed no longer.

use super::{KeyInRing, RingDocument, Signing};
use crate::{
    domain::{Decision, Stop, refuse},
    world::World,
};
use kontor_messages::{
    Timestamp,
    signing::{NewKey, SigningCommand, SigningEvent, SigningRefusal, ring_entity},
};
use std::time::Duration;

/// A key is published for so long before it signs: verifiers ask at least that often.
pub const PUBLISHED_BEFORE: Duration = Duration::from_secs(10 * 60);
/// The last token of a key has expired so long after another one took its place, with time for a
/// node that had not heard of it yet.
pub const RETIRED_AFTER: Duration = Duration::from_secs(20 * 60);
/// Old keys at most: with more, a rotation waits.
const OLD_MAX: usize = 8;

pub(super) fn decide(
    world: &World<'_, Signing>,
    command: SigningCommand,
    now: Timestamp,
) -> Result<Decision<SigningEvent>, Stop<SigningRefusal>> {
    let entity = ring_entity();
    let ring = world.get(&entity)?;
    let events = match command {
        SigningCommand::Offer { key, signs_for_s } => {
            check(&key, signs_for_s)?;
            let known = ring.keys().any(|known| known.key.kid == key.kid);
            let wanted = ring.wants_key() && !known;
            wanted.then_some(SigningEvent::Published { key, signs_for_s }).into_iter().collect()
        }
        SigningCommand::Rotate { .. } if ring.active.is_none() => {
            return refuse(SigningRefusal::NotFound);
        }
        SigningCommand::Rotate { at_once } => {
            let asked = SigningEvent::RotationAsked;
            let asked = (!ring.rotation_asked).then_some(asked);
            let mut then = ring.clone();
            then.rotation_asked = true;
            let may = rotates_at(&then).is_some_and(|at| at_once || at <= now);
            let now = may.then_some(SigningEvent::Rotated);
            asked.into_iter().chain(now).collect()
        }
        SigningCommand::Wake => {
            let over = ring.old.iter().filter(|old| retires_at(old) <= now);
            let over = over.map(|old| SigningEvent::Retired { kid: old.key.kid.clone() });
            over.chain(is_time(ring, now).then_some(SigningEvent::Rotated)).collect()
        }
    };
    Ok(Decision::of(entity, events))
}

fn is_time(ring: &RingDocument, now: Timestamp) -> bool {
    rotates_at(ring).is_some_and(|at| at <= now)
}

/// When the next key takes its place; `None` while there is none.
pub(super) fn rotates_at(ring: &RingDocument) -> Option<Timestamp> {
    let (active, next) = (ring.active.as_ref()?, ring.next.as_ref()?);
    if OLD_MAX <= ring.old.len() {
        return None;
    }
    let ready = next.published_at.plus(PUBLISHED_BEFORE);
    if ring.rotation_asked {
        return Some(ready);
    }
    let since = active.active_since.unwrap_or(active.published_at);
    Some(since.plus(Duration::from_secs(active.signs_for_s)).max(ready))
}

/// When an old key's last token has expired.
pub(super) fn retires_at(old: &KeyInRing) -> Timestamp {
    old.replaced_at.unwrap_or(old.published_at).plus(RETIRED_AFTER)
}

fn check(key: &NewKey, signs_for_s: u64) -> Result<(), Stop<SigningRefusal>> {
    let plain = |text: &str, max: usize| {
        (1..=max).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic())
    };
    let fault = if !plain(&key.kid, 60) {
        ("/key/kid", "1 to 60 visible characters")
    } else if !plain(&key.public, 100) {
        ("/key/public", "a public key in base64url")
    } else if !plain(&key.sealed, 500) {
        ("/key/sealed", "a sealed private key")
    } else if !(3600..=366 * 24 * 3600).contains(&signs_for_s) {
        ("/signs_for_s", "an hour to a year, in seconds")
    } else {
        return Ok(());
    };
    let (pointer, expected) = (fault.0.to_owned(), format!("expected {}", fault.1));
    refuse(SigningRefusal::Invalid { pointer, expected })
}
