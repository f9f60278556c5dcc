//! Payments whose provider is being called. A follower that begins again at its cursor does not wait
//! for what the one before it has begun, and would take a call that is under way for one that was
//! cut short.

use kontor_actors::{follower::Hitch, store::StoredEvent};
use kontor_messages::{EntityId, TenantId};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type Payment = (TenantId, EntityId);

/// The payments.
#[derive(Clone, Default)]
pub(super) struct UnderWay {
    payments: Arc<Mutex<HashSet<Payment>>>,
}

/// One of them, until it is dropped.
pub(super) struct Alone {
    under_way: UnderWay,
    payment: Payment,
}

impl UnderWay {
    /// The payment of an event, if nobody else calls about it.
    pub(super) fn enter(&self, event: &StoredEvent) -> Result<Alone, Hitch> {
        let payment = (event.tenant.clone(), event.entity.clone());
        if !self.lock().insert(payment.clone()) {
            return Err(Hitch::new("a call of this payment is under way"));
        }
        Ok(Alone { under_way: self.clone(), payment })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Payment>> {
        self.payments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.payment);
    }
}
