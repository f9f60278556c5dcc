//! Sessions: a family of refresh tokens of which one counts at a time.

use super::{
    UserDocument,
    decide::{Answer, Asked, active, check_hash, same},
};
use crate::domain::{Decision, Stop, refuse};
use kontor_messages::{
    EntityId, Timestamp,
    user::{RevokeReason, SessionId, UserCommand, UserEvent, UserId, UserRefusal, session_entity},
};
use std::time::Duration;

/// Without being used for so long, a session ends.
pub(super) const SESSION_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Sessions that one user may have open.
pub(super) const SESSIONS_MAX: usize = 20;

/// A token of an earlier generation has been used already, so two have it: the session ends. A
/// wrong secret proves nothing, and changes nothing.
pub(super) fn refresh(world: Asked<'_, '_>, command: UserCommand, now: Timestamp) -> Answer {
    let UserCommand::Refresh { user, session, generation, shown_hash, next_hash } = command else {
        return refuse(UserRefusal::NotFound("session"));
    };
    check_hash("/next_hash", &next_hash)?;
    let entity = session_entity(user, session);
    active(world, user)?;
    let Some(known) = world.get(&entity)?.session() else {
        return refuse(UserRefusal::NotFound("session"));
    };
    if !known.counts_at(now) {
        return refuse(UserRefusal::SessionEnded);
    }
    if generation < known.generation {
        let reason = RevokeReason::TokenReused;
        let event = UserEvent::SessionRevoked { user, session, reason };
        return Ok(Decision::of(entity, vec![event]));
    }
    if generation > known.generation || !same(&known.secret_hash, &shown_hash) {
        return refuse(UserRefusal::NotFound("session"));
    }
    let event = UserEvent::SessionRefreshed {
        generation: generation.saturating_add(1),
        secret_hash: next_hash,
        until: now.plus(SESSION_FOR),
    };
    Ok(Decision::of(entity, vec![event]))
}

pub(super) fn revoke(
    world: Asked<'_, '_>,
    user: UserId,
    session: SessionId,
    reason: RevokeReason,
) -> Answer {
    let entity = session_entity(user, session);
    let Some(known) = world.get(&entity)?.session() else {
        return refuse(UserRefusal::NotFound("session"));
    };
    if known.revoked_at.is_some() {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![UserEvent::SessionRevoked { user, session, reason }]))
}

pub(super) fn wake(
    world: Asked<'_, '_>,
    user: UserId,
    session: SessionId,
    now: Timestamp,
) -> Answer {
    let entity = session_entity(user, session);
    let over = world
        .get(&entity)?
        .session()
        .is_some_and(|known| known.revoked_at.is_none() && known.expires_at <= now);
    let reason = RevokeReason::Expired;
    let event = over.then_some(UserEvent::SessionRevoked { user, session, reason });
    Ok(Decision::of(entity, event.into_iter().collect()))
}

/// The end of all of a user's sessions but one.
pub(super) fn all(
    world: Asked<'_, '_>,
    user: UserId,
    known: &UserDocument,
    except: Option<SessionId>,
    reason: RevokeReason,
) -> Result<Vec<(EntityId, UserEvent)>, Stop<UserRefusal>> {
    let ending = known.sessions.iter().filter(|session| Some(**session) != except);
    let ending: Vec<_> = ending.map(|session| (*session, session_entity(user, *session))).collect();
    world.need(ending.iter().map(|(_, entity)| entity))?;
    let ended = ending
        .into_iter()
        .map(|(session, entity)| (entity, UserEvent::SessionRevoked { user, session, reason }));
    Ok(ended.collect())
}

/// The end of one session that is known to be open.
pub(super) fn revoked(
    world: Asked<'_, '_>,
    user: UserId,
    session: SessionId,
    reason: RevokeReason,
) -> Result<(EntityId, UserEvent), Stop<UserRefusal>> {
    let entity = session_entity(user, session);
    world.get(&entity)?;
    Ok((entity, UserEvent::SessionRevoked { user, session, reason }))
}

/// The session that has to go before another one is opened.
pub(super) fn oldest_of_too_many(known: &UserDocument) -> Option<SessionId> {
    known.sessions.first().copied().filter(|_| SESSIONS_MAX <= known.sessions.len())
}
