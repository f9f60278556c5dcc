//! How many entities tenants have, for those that may not have any number of them.

use crate::store::{Store, StoreFault};
use kontor_messages::TenantId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A count is believed for so long: a limit of entities is about growth, not about the last one.
const BELIEVED: Duration = Duration::from_secs(30);
/// Tenants in memory at most.
const TENANTS_MAX: usize = 10_000;

/// Counts entities, now and then. Cheap to clone.
#[derive(Clone)]
pub struct Census {
    store: Arc<dyn Store>,
    counted: Arc<Mutex<HashMap<TenantId, (Instant, u64)>>>,
}

impl Census {
    /// Counts in this database.
    pub fn of(store: Arc<dyn Store>) -> Self {
        Self { store, counted: Arc::default() }
    }

    /// Whether a tenant has as many entities as it may; never, if it may have any number.
    pub async fn is_full(&self, tenant: &TenantId, max: Option<u64>) -> Result<bool, StoreFault> {
        let Some(max) = max else { return Ok(false) };
        let known = self.counted().get(tenant).copied();
        if let Some((since, count)) = known
            && since.elapsed() < BELIEVED
        {
            return Ok(max <= count);
        }
        let count = self.store.count(tenant).await?.into_iter().map(|(_, count)| count).sum();
        let mut counted = self.counted();
        if TENANTS_MAX <= counted.len() {
            counted.clear();
        }
        counted.insert(tenant.clone(), (Instant::now(), count));
        Ok(max <= count)
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, (Instant, u64)>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
