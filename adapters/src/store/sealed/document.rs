//! Rows as far as they are personal: what of them is sealed, and with whose key.

use super::{
    members::{self, Known},
    seal::{self, Key},
};
use kontor_actors::store::{EntityRef, PersonKeyRow, StoredEntity, StoredEvent};
use kontor_messages::{EntityId, TenantId, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Personal JSON on its way into the database.
pub(super) struct Document {
    pub(super) entity: EntityRef,
    pub(super) value: Value,
}

pub(super) fn owner(event: &StoredEvent) -> EntityRef {
    reference(&event.tenant, &event.domain, &event.entity)
}

fn reference(tenant: &TenantId, domain: &str, entity: &EntityId) -> EntityRef {
    EntityRef { tenant: tenant.clone(), domain: domain.to_owned(), entity: entity.clone() }
}

/// Whoever did it, as far as the sealing of addresses is concerned.
fn who(event: &StoredEvent, meta: &Value) -> EntityRef {
    let actor = meta.get("actor").and_then(Value::as_str).unwrap_or_default();
    let actor = EntityId::parse(actor).unwrap_or_else(|_| EntityId::named("somebody"));
    reference(&event.tenant, members::META, &actor)
}

impl Document {
    pub(super) fn of_event(row: &StoredEvent) -> Option<Self> {
        Self::of(row)
    }

    pub(super) fn of_state(row: &StoredEntity) -> Option<Self> {
        Self::of(row)
    }

    /// Where an event was asked from, with a key for each who asks.
    pub(super) fn of_meta(row: &StoredEvent) -> Option<Self> {
        let may_hold = members::may_hold(members::META, &row.meta);
        let value: Value = may_hold.then(|| serde_json::from_str(&row.meta).ok()).flatten()?;
        value.get("address")?;
        Some(Self { entity: who(row, &value), value })
    }

    fn of(row: &impl Personal) -> Option<Self> {
        if !members::may_hold(row.domain(), row.text()) {
            return None;
        }
        let mut value = serde_json::from_str(row.text()).ok()?;
        let mut any = false;
        members::each(row.domain(), &mut value, &mut |_| any = true);
        any.then(|| Self { entity: row.address(), value })
    }

    pub(super) fn text(self) -> Arc<str> {
        self.value.to_string().into()
    }

    pub(super) fn key_row(&self, key: Key) -> PersonKeyRow {
        let EntityRef { tenant, domain, entity } = self.entity.clone();
        let person = members::person_of(&self.entity, &self.value)
            .unwrap_or_else(|| Known::Entity(entity.as_str()).person());
        let at = Timestamp::now();
        PersonKeyRow { tenant, domain: domain.into(), entity, person, key: Some(key), at }
    }
}

/// A row with an entity's JSON in it.
pub(super) trait Personal {
    fn domain(&self) -> &str;
    fn address(&self) -> EntityRef;
    fn text(&self) -> &str;
    fn set_text(&mut self, text: Arc<str>);
    /// Who did it, and what is sealed of that.
    fn provenance(&self) -> Option<(EntityRef, Value)> {
        None
    }
    fn set_meta(&mut self, _: Arc<str>) {}
}

impl Personal for StoredEvent {
    fn domain(&self) -> &str {
        &self.domain
    }

    fn address(&self) -> EntityRef {
        owner(self)
    }

    fn text(&self) -> &str {
        &self.payload
    }

    fn set_text(&mut self, text: Arc<str>) {
        self.payload = text;
    }

    fn provenance(&self) -> Option<(EntityRef, Value)> {
        let sealed = seal::may_be_sealed(&self.meta);
        let meta: Value = sealed.then(|| serde_json::from_str(&self.meta).ok()).flatten()?;
        Some((who(self, &meta), meta))
    }

    fn set_meta(&mut self, text: Arc<str>) {
        self.meta = text;
    }
}

impl Personal for StoredEntity {
    fn domain(&self) -> &str {
        &self.domain
    }

    fn address(&self) -> EntityRef {
        reference(&self.tenant, &self.domain, &self.entity)
    }

    fn text(&self) -> &str {
        &self.state
    }

    fn set_text(&mut self, text: Arc<str>) {
        self.state = text;
    }
}
