//! Which tenants' actors of one domain are paused. An operator said so, and says when they go on.

use kontor_messages::{TenantId, Timestamp};
use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The paused actors of a domain, each since when.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    /// Most of the time nothing is paused, and nobody has to wait for the lock.
    count: AtomicUsize,
    since: RwLock<HashMap<TenantId, Timestamp>>,
}

impl Pauses {
    /// Whether the tenant's actor is paused.
    pub(crate) fn hold(&self, tenant: &TenantId) -> bool {
        self.count.load(Ordering::Acquire) > 0
            && self.since.read().unwrap_or_else(PoisonError::into_inner).contains_key(tenant)
    }

    /// Pauses; false if it was paused already.
    pub(crate) fn begin(&self, tenant: &TenantId, since: Timestamp) -> bool {
        self.change(|all| match all.contains_key(tenant) {
            true => false,
            false => all.insert(tenant.clone(), since).is_none(),
        })
    }

    /// Lets it go on; false if it was not paused.
    pub(crate) fn end(&self, tenant: &TenantId) -> bool {
        self.change(|all| all.remove(tenant).is_some())
    }

    /// All of them.
    pub(crate) fn all(&self) -> HashMap<TenantId, Timestamp> {
        if self.count.load(Ordering::Acquire) == 0 {
            return HashMap::new();
        }
        self.since.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<TenantId, Timestamp>) -> T) -> T {
        let mut all = self.since.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut all);
        self.count.store(all.len(), Ordering::Release);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, tenant};

    #[test]
    fn a_pause_begins_once_and_ends_once() {
        let pauses = Pauses::default();
        assert!(!pauses.hold(&tenant()) && pauses.all().is_empty());
        assert!(pauses.begin(&tenant(), NOW));
        assert!(!pauses.begin(&tenant(), Timestamp::default()), "it has begun already");
        assert_eq!(pauses.all().get(&tenant()), Some(&NOW));
        assert!(pauses.hold(&tenant()));
        assert!(pauses.end(&tenant()) && !pauses.end(&tenant()));
        assert!(!pauses.hold(&tenant()));
    }
}
