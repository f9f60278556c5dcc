//! The door: how much may be under way. Mailboxes have no bound, so nothing gets in without a
//! permit; the sum of the permits is the bound of all mailboxes.

use crate::request::Denied;
use kontor_messages::TenantId;
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a command is for; bulk work never starves a sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Stock, orders, payments.
    #[default]
    Realtime,
    /// A person at a screen.
    Interactive,
    /// Imports, full syncs, replays.
    Bulk,
}

/// How much may be under way at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdmissionSettings {
    /// Realtime commands on this node.
    pub realtime_max: usize,
    /// Interactive commands on this node.
    pub interactive_max: usize,
    /// Bulk commands on this node.
    pub bulk_max: usize,
    /// Commands of one tenant, unless it has a limit of its own.
    pub tenant_max: usize,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self { realtime_max: 4096, interactive_max: 1024, bulk_max: 64, tenant_max: 1024 }
    }
}

/// Gives out permits. Cheap to clone.
#[derive(Clone)]
pub struct Admission {
    inner: Arc<Inner>,
}

struct Inner {
    settings: AdmissionSettings,
    lanes: [Arc<Semaphore>; 3],
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    others: AtomicU64,
    closed: AtomicBool,
}

/// The right to have one command under way; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _lane: OwnedSemaphorePermit,
    _tenant: OwnedSemaphorePermit,
}

impl Admission {
    /// A door with these limits.
    pub fn new(settings: AdmissionSettings) -> Self {
        let lanes = [settings.realtime_max, settings.interactive_max, settings.bulk_max]
            .map(|permits| Arc::new(Semaphore::new(permits)));
        let (tenants, others) = (Mutex::default(), AtomicU64::new(0));
        let closed = AtomicBool::new(false);
        Self { inner: Arc::new(Inner { settings, lanes, tenants, others, closed }) }
    }

    /// Lets one command in, or says at once when to come again.
    pub fn admit<R>(&self, tenant: &TenantId, lane: Lane) -> Result<Permit, Denied<R>> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(Denied::Stopping);
        }
        let own = Arc::clone(&self.tenant(tenant));
        let Ok(own) = own.try_acquire_owned() else {
            metrics::counter!("kontor_admission_refused_total", "limit" => "tenant").increment(1);
            return Err(Denied::TenantBusy { retry_after_s: 1 });
        };
        if lane != Lane::Bulk {
            self.inner.others.fetch_add(1, Ordering::Relaxed);
        }
        let lane = Arc::clone(&self.inner.lanes[lane as usize]);
        let Ok(lane) = lane.try_acquire_owned() else {
            metrics::counter!("kontor_admission_refused_total", "limit" => "node").increment(1);
            return Err(Denied::NodeBusy { retry_after_s: 1 });
        };
        Ok(Permit { _lane: lane, _tenant: own })
    }

    /// How many commands came that are no bulk work: while there are more and more, somebody waits.
    pub fn others_let_in(&self) -> u64 {
        self.inner.others.load(Ordering::Relaxed)
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
    }

    /// How many commands are under way.
    pub fn under_way(&self) -> usize {
        let settings = &self.inner.settings;
        let limits = [settings.realtime_max, settings.interactive_max, settings.bulk_max];
        let free = self.inner.lanes.iter().map(|lane| lane.available_permits());
        limits.iter().zip(free).map(|(limit, free)| limit.saturating_sub(free)).sum()
    }

    fn tenant(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = self.inner.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tenants.get(tenant) {
            return Arc::clone(known);
        }
        if tenants.len() >= 10_000 {
            // Those that nobody holds a permit of are as good as new.
            let full = self.inner.settings.tenant_max;
            tenants.retain(|_, permits| permits.available_permits() < full);
        }
        let permits = Arc::new(Semaphore::new(self.inner.settings.tenant_max));
        tenants.insert(tenant.clone(), Arc::clone(&permits));
        permits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(tenant_max: usize) -> Admission {
        Admission::new(AdmissionSettings { tenant_max, bulk_max: 1, ..Default::default() })
    }

    #[test]
    fn a_flooding_tenant_is_told_to_wait_and_others_are_let_in() {
        let (door, one, two) = (admission(1), "one".parse().unwrap(), "two".parse().unwrap());
        let held = door.admit::<()>(&one, Lane::Realtime).unwrap();
        let refused = door.admit::<()>(&one, Lane::Realtime).unwrap_err();
        assert_eq!(refused, Denied::TenantBusy { retry_after_s: 1 });
        assert!(door.admit::<()>(&two, Lane::Realtime).is_ok());
        drop(held);
        assert!(door.admit::<()>(&one, Lane::Realtime).is_ok());
    }

    #[test]
    fn bulk_work_never_takes_the_permits_of_a_sale() {
        let (door, one) = (admission(9), "one".parse().unwrap());
        let _bulk = door.admit::<()>(&one, Lane::Bulk).unwrap();
        let refused = door.admit::<()>(&one, Lane::Bulk).unwrap_err();
        assert_eq!(refused, Denied::NodeBusy { retry_after_s: 1 });
        assert!(door.admit::<()>(&one, Lane::Realtime).is_ok());
    }
}
