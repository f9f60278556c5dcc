//! How actors are at work, for whoever looks: what waits for them, what they have done, how they
//! have crashed.

use crate::pace::{Lately, Pace};
use kontor_messages::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use utoipa::ToSchema;

/// Tenants whose crashes are remembered, of one domain.
const CRASHES_MAX: usize = 10_000;
/// Characters of a crash's reason.
const REASON_MAX: usize = 500;

/// One life of an actor: counted by whoever sends to it, and by itself.
#[derive(Debug)]
pub struct Life {
    since: Timestamp,
    sent: AtomicU64,
    done: AtomicU64,
    pace: Pace,
}

impl Life {
    /// A life that begins now.
    pub fn begin() -> Self {
        let (sent, done) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { since: Timestamp::now(), sent, done, pace: Pace::default() }
    }

    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Whoever asked waited so long for the answer.
    pub(crate) fn answered(&self, took: Duration) {
        self.pace.note(took);
    }

    /// How quickly commands were answered lately.
    pub fn lately(&self) -> Lately {
        self.pace.lately()
    }

    /// When it began.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Commands and deadlines that it has taken up.
    pub fn done_count(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Commands and deadlines that wait in its mailbox.
    pub fn waiting_count(&self) -> u64 {
        self.sent.load(Ordering::Relaxed).saturating_sub(self.done_count())
    }
}

/// Where an actor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorStatus {
    /// It is there.
    Running,
    /// It crashed too often and is out of service.
    Quarantined,
    /// An operator paused it: it takes up nothing until it goes on.
    Paused,
    /// It crashed, and begins again with the next command.
    Ended,
}

/// A domain actor as it is seen from outside.
#[derive(Clone, Debug)]
pub struct SeenActor {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain's.
    pub domain: &'static str,
    /// Where it stands.
    pub status: ActorStatus,
    /// Since when.
    pub since: Timestamp,
    /// What waits in its mailbox.
    pub waiting: u64,
    /// What it has taken up in this life.
    pub done: u64,
    /// How quickly it answers lately.
    pub lately: Lately,
    /// How it has crashed on this node.
    pub crashes: Crashes,
}

impl SeenActor {
    /// One that is not there.
    pub(crate) fn silent(tenant: TenantId, domain: &'static str, crashes: Crashes) -> Self {
        let since = crashes.last.as_ref().map(|(at, _)| *at).unwrap_or_default();
        let (status, lately) = (ActorStatus::Ended, Lately::default());
        Self { tenant, domain, status, since, waiting: 0, done: 0, lately, crashes }
    }
}

/// The crashes of a tenant's domain since the node began.
#[derive(Clone, Debug, Default)]
pub struct Crashes {
    /// How many.
    pub count: u64,
    /// The last one: when, and why.
    pub last: Option<(Timestamp, String)>,
}

/// The crashes of all tenants, of one domain.
#[derive(Debug, Default)]
pub(crate) struct Deaths(RwLock<HashMap<TenantId, Crashes>>);

impl Deaths {
    pub(crate) fn note(&self, tenant: &TenantId, reason: &str) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if CRASHES_MAX <= all.len() && !all.contains_key(tenant) {
            return;
        }
        let crashes = all.entry(tenant.clone()).or_default();
        crashes.count += 1;
        let reason = reason.chars().take(REASON_MAX).collect();
        crashes.last = Some((Timestamp::now(), reason));
    }

    pub(crate) fn all(&self) -> HashMap<TenantId, Crashes> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_and_not_taken_up_waits() {
        let life = Life::begin();
        (0..3).for_each(|_| life.sent());
        life.done();
        assert_eq!((life.waiting_count(), life.done_count()), (2, 1));
        (0..3).for_each(|_| life.done());
        assert_eq!(life.waiting_count(), 0, "counted by two, so never below nothing");
    }

    #[test]
    fn crashes_are_counted_and_the_last_is_told() {
        let deaths = Deaths::default();
        let tenant = crate::testing::tenant();
        deaths.note(&tenant, "one");
        deaths.note(&tenant, &"x".repeat(9_000));
        let crashes = deaths.all().remove(&tenant).unwrap();
        assert_eq!(crashes.count, 2);
        assert_eq!(crashes.last.unwrap().1.len(), REASON_MAX);
    }
}
