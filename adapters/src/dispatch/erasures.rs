//! Carries erasures out: destroys the keys of a person's data, and has what is in memory forgotten.

use super::{acting, caller, content, read, tell};
use crate::store::sealed::Known;
use async_trait::async_trait;
use kontor_actors::{
    domain::Domain,
    erasure::{Erasure, ErasureDocument},
    follower::{Follow, Habits, Hitch, OnHitch},
    intake::Intake,
    notification::Notification,
    order::Order,
    payment::Payment,
    store::{EntityRef, LetterQuery, StoreFault, StoredEvent},
    tenant::Tenant,
    user::User,
    webhook::Webhook,
};
use kontor_messages::{
    TenantId,
    erasure::{ErasureCommand, ErasureEvent},
};
use std::{collections::BTreeSet, sync::Arc};
use tracing::Instrument;

/// A person, their orders, and the payments of these.
const DEPTH: usize = 3;
/// Dead letters read at a time.
const LETTERS: u32 = 200;
/// The event of a tenant that is not there any more.
const DELETED: &str = "tenant.deleted";

/// Destroys keys.
pub struct Erasures {
    intake: Intake,
}

impl Erasures {
    /// A follower that tells the erasure domain through `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }

    /// Nobody reads the data of a deleted tenant's people any more.
    async fn delete(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let (store, tenant) = (&self.intake.ground().store, &event.tenant);
        let erased = store.erase_person(tenant, None, event.at).await;
        erased.map_err(|fault| Hitch::new(fault.to_string()))?;
        self.forget(tenant);
        self.drop_letters(tenant).await.map_err(|fault| Hitch::new(fault.to_string()))
    }

    /// Commands that could not be carried out are kept as they came; nobody tries them again.
    async fn drop_letters(&self, tenant: &TenantId) -> Result<(), StoreFault> {
        let store = &self.intake.ground().store;
        let tenant = Some(tenant.clone());
        let wanted = LetterQuery { tenant, limit: LETTERS, ..LetterQuery::default() };
        loop {
            let page = store.dead_letters(&wanted).await?;
            for letter in &page {
                store.unbury(&letter.id).await?;
            }
            if page.len() < LETTERS as usize {
                return Ok(());
            }
        }
    }

    /// The next command to a domain finds what the database has.
    fn forget(&self, tenant: &TenantId) {
        let domains = [
            Order::NAME,
            Payment::NAME,
            Notification::NAME,
            User::NAME,
            Tenant::NAME,
            Webhook::NAME,
        ];
        for domain in domains {
            if let Some(host) = self.intake.hosts().named(domain) {
                host.drain(tenant);
            }
        }
    }

    async fn erase(&self, event: &StoredEvent) -> Result<(), Hitch> {
        if let ErasureEvent::Completed { .. } = content::<Erasure>(event)? {
            return Ok(());
        }
        let state = read::<Erasure>(&self.intake, event, &event.entity).await?;
        let Some(document) = state.document() else { return Ok(()) };
        let entities = self.destroy(event, document).await?;
        self.forget(&event.tenant);
        let entities = entities.len() as u64;
        let done = ErasureCommand::RecordDone { erasure: event.entity.clone(), entities };
        tell::<Erasure>(&self.intake, &caller("erasures", event), done).await.map(drop)
    }

    /// The entities that cannot be read any more. What is the person's only by way of an order or
    /// a payment goes with it.
    async fn destroy(
        &self,
        event: &StoredEvent,
        document: &ErasureDocument,
    ) -> Result<BTreeSet<EntityRef>, Hitch> {
        let (store, tenant) = (&self.intake.ground().store, &event.tenant);
        let mut gone = BTreeSet::new();
        let mut persons = document.persons.clone();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for person in &persons {
                let erased = store.erase_person(tenant, Some(person), document.requested_at).await;
                let erased = erased.map_err(|fault| Hitch::new(fault.to_string()))?;
                for entity in erased {
                    next.extend(by_way_of(&entity));
                    gone.insert(entity);
                }
            }
            persons = next;
        }
        Ok(gone)
    }
}

/// The name of whoever is known only by this entity.
fn by_way_of(entity: &EntityRef) -> Option<String> {
    match &*entity.domain {
        Order::NAME => Some(Known::Order(entity.entity.as_str()).person()),
        Payment::NAME => Some(Known::Payment(entity.entity.as_str()).person()),
        _ => None,
    }
}

#[async_trait]
impl Follow for Erasures {
    fn name(&self) -> &'static str {
        "erasures"
    }

    fn habits(&self) -> Habits {
        Habits { on_hitch: OnHitch::Park, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        (&*event.domain == Erasure::NAME || &*event.name == DELETED)
            .then(|| format!("{}/{}", event.tenant, event.entity).into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = async {
                match &*event.name {
                    DELETED => self.delete(event).await,
                    _ => self.erase(event).await,
                }
            };
            let acted = acted.instrument(acting("erasures", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
