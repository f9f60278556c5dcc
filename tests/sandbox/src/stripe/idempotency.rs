//! The memory of idempotency keys, per account.

use std::collections::{HashMap, VecDeque};

use super::error::ApiError;
use super::params::Params;

/// What identifies a request beside its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) path: String,
    pub(crate) params: Params,
}

enum Entry {
    Running(Fingerprint),
    Answered { fingerprint: Fingerprint, status: u16, body: String },
}

/// What is known of a key when a request comes with it.
pub(crate) enum Known {
    /// Nothing: the key is taken now, and the caller must `finish` or `forget` it.
    Fresh,
    /// The first request's answer.
    Replay { status: u16, body: String },
}

#[derive(Default)]
pub(crate) struct Keys {
    entries: HashMap<(String, String), Entry>,
    order: VecDeque<(String, String)>,
}

impl Keys {
    /// Takes the key, or says what its first request has come to. The oldest of `keys_max` keys is
    /// forgotten for a new one.
    pub(crate) fn begin(
        &mut self,
        account: &str,
        key: &str,
        fingerprint: Fingerprint,
        keys_max: usize,
    ) -> Result<Known, ApiError> {
        let name = (account.to_owned(), key.to_owned());
        match self.entries.get(&name) {
            Some(Entry::Running(first) | Entry::Answered { fingerprint: first, .. })
                if *first != fingerprint =>
            {
                Err(ApiError::key_reused(key))
            }
            Some(Entry::Running(_)) => Err(ApiError::key_running(key)),
            Some(Entry::Answered { status, body, .. }) => {
                Ok(Known::Replay { status: *status, body: body.clone() })
            }
            None => {
                self.entries.insert(name.clone(), Entry::Running(fingerprint));
                self.order.push_back(name);
                while self.order.len() > keys_max.max(1) {
                    if let Some(oldest) = self.order.pop_front() {
                        self.entries.remove(&oldest);
                    }
                }
                Ok(Known::Fresh)
            }
        }
    }

    pub(crate) fn finish(&mut self, account: &str, key: &str, status: u16, body: &str) {
        let name = (account.to_owned(), key.to_owned());
        if let Some(entry) = self.entries.get_mut(&name)
            && let Entry::Running(fingerprint) = entry
        {
            let fingerprint = fingerprint.clone();
            *entry = Entry::Answered { fingerprint, status, body: body.to_owned() };
        }
    }

    /// Gives the key back, after a refusal that is not to be remembered.
    pub(crate) fn forget(&mut self, account: &str, key: &str) {
        let name = (account.to_owned(), key.to_owned());
        self.entries.remove(&name);
        self.order.retain(|other| *other != name);
    }
}
