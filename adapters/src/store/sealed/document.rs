//! Rows as far as they are personal: what of them is sealed, and with whose key.

use super::{
    Keys,
    members::{self, Known},
    seal::{self, Key},
    walk,
};
use kontor_actors::store::{EntityRef, PersonKeyRow, StoreFault, StoredEntity, StoredEvent};
use kontor_messages::{EntityId, TenantId, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::{borrow::Cow, ops::Range, sync::Arc};

/// JSON with something personal in it, on its way into the database.
pub(super) struct Document<'t> {
    pub(super) entity: EntityRef,
    json: &'t str,
    places: Vec<Range<usize>>,
}

/// Where an event was asked from, and by whom.
#[derive(Deserialize)]
struct Asked<'t> {
    #[serde(borrow, default)]
    actor: Cow<'t, str>,
}

pub(super) fn owner(event: &StoredEvent) -> EntityRef {
    reference(&event.tenant, &event.domain, &event.entity)
}

fn reference(tenant: &TenantId, domain: &str, entity: &EntityId) -> EntityRef {
    EntityRef { tenant: tenant.clone(), domain: domain.to_owned(), entity: entity.clone() }
}

/// Whoever did it, as far as the sealing of addresses is concerned.
fn who(event: &StoredEvent) -> Option<EntityRef> {
    let asked: Asked<'_> = serde_json::from_str(&event.meta).ok()?;
    let actor = EntityId::parse(&asked.actor).unwrap_or_else(|_| EntityId::named("somebody"));
    Some(reference(&event.tenant, members::META, &actor))
}

impl<'t> Document<'t> {
    /// What a row brings.
    pub(super) fn of(row: &'t impl Personal) -> Option<Self> {
        Self::found(row.domain(), row.text(), || Some(row.address()))
    }

    /// Where an event was asked from, with a key for each who asks.
    pub(super) fn of_meta(row: &'t StoredEvent) -> Option<Self> {
        Self::found(members::META, &row.meta, || who(row))
    }

    fn found(
        domain: &str,
        json: &'t str,
        entity: impl FnOnce() -> Option<EntityRef>,
    ) -> Option<Self> {
        if !members::may_hold(domain, json) {
            return None;
        }
        let places = walk::personal(domain, json)?;
        if places.is_empty() { None } else { Some(Self { entity: entity()?, json, places }) }
    }

    /// The text with everything personal sealed.
    pub(super) fn sealed(&self, key: Option<&Key>) -> Arc<str> {
        walk::replaced(self.json, &self.places, |value| Some(seal::seal(key, value))).into()
    }

    /// The text with everything open that was sealed.
    fn opened(&self, key: Option<&Key>) -> Arc<str> {
        walk::replaced(self.json, &self.places, |value| seal::open(key, value)).into()
    }

    pub(super) fn key_row(&self, key: Key) -> PersonKeyRow {
        let EntityRef { tenant, domain, entity } = self.entity.clone();
        let value: Value = serde_json::from_str(self.json).unwrap_or_default();
        let person = members::person_of(&self.entity, &value)
            .unwrap_or_else(|| Known::Entity(entity.as_str()).person());
        let at = Timestamp::now();
        PersonKeyRow { tenant, domain: domain.into(), entity, person, key: Some(key), at }
    }
}

/// Opens what a row brings with the keys of whose it is.
pub(super) fn open<R: Personal>(row: &mut R, keys: &Keys) -> Result<(), StoreFault> {
    let key = |entity: &EntityRef| keys.get(entity).and_then(Option::as_ref);
    if let Some(who) = row.provenance() {
        let meta = Document::found(members::META, row.meta(), || Some(who));
        let opened = meta.map(|meta| meta.opened(key(&meta.entity)));
        opened.into_iter().for_each(|meta| row.set_meta(meta));
    }
    if is_sealed(row) {
        let broken = || StoreFault("what is sealed is no JSON".to_owned());
        let places = walk::personal(row.domain(), row.text()).ok_or_else(broken)?;
        let document = Document { entity: row.address(), json: row.text(), places };
        let opened = document.opened(key(&document.entity));
        row.set_text(opened);
    }
    Ok(())
}

/// Whether a row may hold something sealed.
pub(super) fn is_sealed(row: &impl Personal) -> bool {
    !members::hints(row.domain()).is_empty() && seal::may_be_sealed(row.text())
}

/// A row with an entity's JSON in it.
pub(super) trait Personal {
    fn domain(&self) -> &str;
    fn address(&self) -> EntityRef;
    fn text(&self) -> &str;
    fn set_text(&mut self, text: Arc<str>);
    /// Who did it, if that is sealed.
    fn provenance(&self) -> Option<EntityRef> {
        None
    }
    fn meta(&self) -> &str {
        ""
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

    fn provenance(&self) -> Option<EntityRef> {
        seal::may_be_sealed(&self.meta).then(|| who(self)).flatten()
    }

    fn meta(&self) -> &str {
        &self.meta
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
