//! When keys were last used. Kept once in a few minutes a key, behind the request's back: no
//! request waits for it, and one that cannot be kept now is not kept.

use super::{Api, client_address::ClientAddress};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    request::Terms,
    tenant::{KeyDocument, Tenant},
};
use kontor_messages::{Meta, TenantId, Timestamp, tenant::TenantCommand};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// A key's use is kept once in so long; the domain says the same.
const EVERY: Duration = Duration::from_secs(5 * 60);
/// Keys remembered at most.
const KEYS_MAX: usize = 10_000;
/// Uses that are being kept at once.
const AT_ONCE: usize = 16;

/// What was kept lately.
pub(super) struct Uses {
    kept: Mutex<HashMap<(TenantId, String), Timestamp>>,
    places: Arc<Semaphore>,
}

impl Default for Uses {
    fn default() -> Self {
        Self { kept: Mutex::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Uses {
    /// Has a use kept, if it is news.
    pub(super) fn note(
        &self,
        api: &Api,
        tenant: &TenantId,
        key_id: &str,
        key: &KeyDocument,
        from: ClientAddress,
    ) {
        let now = Timestamp::now();
        if !key.is_use_news(now) || !self.is_first(tenant, key_id, now) {
            return;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        let command = TenantCommand::RecordKeyUse { key: key_id.to_owned(), address: from.text() };
        let (tenant, meta) = (tenant.clone(), Meta::by("system"));
        let (intake, caller) = (api.intake().clone(), Caller { tenant, meta, lane: Lane::Bulk });
        tokio::spawn(async move {
            let kept = intake.ask::<Tenant>(&caller, command, Terms::default()).await;
            if let Err(denied) = kept {
                tracing::debug!(tenant = %caller.tenant, %denied, "a key's use was not kept");
            }
            drop(place);
        });
    }

    fn is_first(&self, tenant: &TenantId, key_id: &str, now: Timestamp) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (tenant.clone(), key_id.to_owned());
        if kept.get(&name).is_some_and(|last| now < last.plus(EVERY)) {
            return false;
        }
        if KEYS_MAX <= kept.len() {
            kept.clear();
        }
        kept.insert(name, now);
        true
    }
}
