//! Text that no store keeps: the character NUL, and keys too long for an index.
//!
//! PostgreSQL can hold neither. The rule is the same for every store, so that what works on the
//! embedded database works on the other one too.

use crate::store::{Batch, CommitError, DeadLetter};

/// The longest value of a key, and the longest request key, in bytes.
pub const KEY_LEN_MAX: usize = 2_000;

/// Refuses a batch with a NUL or too long a key in a text that comes from outside. Names of tenants and entities
/// were parsed and hold none.
pub fn check(batch: &Batch) -> Result<(), CommitError> {
    let refused = |what: &str| Err(CommitError::Rejected(format!("{what} holds a NUL character")));
    for event in &batch.events {
        if has_nul(&event.payload) || has_nul(&event.meta) {
            return refused("an event");
        }
    }
    for state in &batch.states {
        if has_nul(&state.state)
            || [&state.status, &state.label].into_iter().flatten().any(|word| has_nul(word))
        {
            return refused("a state");
        }
    }
    let keys = batch.keys.iter().map(|key| &key.value);
    for key in keys.chain(batch.requests.iter().map(|request| &request.key)) {
        if has_nul(key) {
            return refused("a key");
        }
        if key.len() > KEY_LEN_MAX {
            return Err(CommitError::Rejected(format!("a key is longer than {KEY_LEN_MAX} bytes")));
        }
    }
    Ok(())
}

/// A dead letter with every NUL replaced: what could not be done must never be lost because its
/// bytes cannot be kept.
pub fn clean(letter: &DeadLetter) -> DeadLetter {
    let clean = |text: &str| text.replace('\0', "\u{FFFD}");
    DeadLetter {
        id: clean(&letter.id),
        source: clean(&letter.source),
        lane: clean(&letter.lane),
        reason: clean(&letter.reason),
        payload: clean(&letter.payload),
        ..letter.clone()
    }
}

/// Whether a text holds a NUL.
pub fn has_nul(text: &str) -> bool {
    text.as_bytes().contains(&0)
}
