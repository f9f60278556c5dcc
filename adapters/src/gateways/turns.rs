//! Turns that are taken one after another by all who call under the same name, such as the token
//! of a bank that answers one call in thirty seconds, whoever makes it.

use kontor_messages::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// Whoever holds it has the turn; in it, when the next one is.
pub type Turn = Arc<tokio::sync::Mutex<Option<Timestamp>>>;

type Known = HashMap<[u8; 32], Weak<tokio::sync::Mutex<Option<Timestamp>>>>;

/// The turns of everybody. Those that nobody needs any more are forgotten.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    known: Arc<Mutex<Known>>,
}

impl Turns {
    /// The turn of a name, which may be a secret: only its digest is kept.
    pub fn of(&self, name: &str) -> Turn {
        let name = Sha256::digest(name).into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = known.get(&name).and_then(Weak::upgrade) {
            return turn;
        }
        known.retain(|_, turn| turn.strong_count() > 0);
        let turn = Turn::default();
        known.insert(name, Arc::downgrade(&turn));
        turn
    }
}
