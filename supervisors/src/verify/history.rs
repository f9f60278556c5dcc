//! Single entities, as their own history tells of them.

use super::{
    DifferenceKind, PAGE, Verify,
    entities::{Entities, KeyName},
    place,
};
use kontor_actors::{
    replay::Replayed,
    store::{EntityRef, Found, Lookup, StoreFault, StoredEntity},
};
use kontor_messages::EntityId;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How often an entity that moves on all the time is looked at.
const LOOKS: u32 = 5;

type Anew = (Option<StoredEntity>, Result<Option<Replayed>, String>);

impl Verify<'_> {
    /// An entity's row, and its state derived from its history up to that row's version or later.
    pub(super) async fn anew(&self, at: &EntityRef) -> Result<Anew, StoreFault> {
        let mut looks = 0;
        loop {
            looks += 1;
            let row = self.row(at).await?;
            let truth = self.derive(at).await?;
            let stored = row.as_ref().map_or(0, |row| row.version);
            let moved = matches!(&truth, Ok(Some(truth)) if stored < truth.version);
            if !moved || LOOKS <= looks {
                return Ok((row, truth));
            }
        }
    }

    pub(super) async fn row(&self, at: &EntityRef) -> Result<Option<StoredEntity>, StoreFault> {
        match self.store.fetch(&[Lookup::Entity(at.clone())]).await?.into_iter().next() {
            Some(Found::Entity(row)) => Ok(row),
            _ => Ok(None),
        }
    }

    async fn derive(&self, at: &EntityRef) -> Result<Result<Option<Replayed>, String>, StoreFault> {
        let Some(host) = self.hosts.named(&at.domain) else {
            return Ok(Err(format!("no domain {}", at.domain)));
        };
        let mut replay = host.replayer();
        let mut last = 0;
        loop {
            let page = self.store.history(at, last, PAGE).await?;
            for event in &page {
                if event.version != last + 1 {
                    return Ok(Err(format!("version {} follows {last}", event.version)));
                }
                last = event.version;
                let keep = |entity: &EntityId| *entity == at.entity;
                match catch_unwind(AssertUnwindSafe(|| replay.apply(event, &keep))) {
                    Ok(Ok(_)) => {}
                    Ok(Err(why)) => return Ok(Err(why)),
                    Err(_) => return Ok(Err("it cannot be carried out: a panic".to_owned())),
                }
            }
            if page.len() < PAGE as usize {
                return Ok(Ok(replay.take(&at.tenant, &at.entity)));
            }
        }
    }

    /// Whether an entity lists a key now. `None` if its events are at fault, which is told
    /// elsewhere.
    pub(super) async fn lists(
        &self,
        name: &KeyName,
        entity: &EntityId,
    ) -> Result<Option<bool>, StoreFault> {
        let (tenant, domain, name, value) = name.clone();
        let at = EntityRef { tenant, domain, entity: entity.clone() };
        let truth = self.derive(&at).await?.ok();
        let listed = truth.map(|truth| truth.map_or_else(Vec::new, |truth| truth.keys));
        Ok(listed.map(|keys| keys.iter().any(|key| key.name == name && key.value == value)))
    }

    /// Which entity a key leads to now.
    pub(super) async fn leads_to(&self, name: &KeyName) -> Result<Option<EntityId>, StoreFault> {
        let (tenant, domain, name, value) = name.clone();
        let (domain, name) = (domain.into(), name.into());
        let wanted = Lookup::Key { tenant, domain, name, value };
        match self.store.fetch(&[wanted]).await?.into_iter().next() {
            Some(Found::Key(entity)) => Ok(entity),
            _ => Ok(None),
        }
    }

    /// Entities that events of others have changed are found in their history, change by change.
    pub(super) async fn compare_histories(&mut self, known: &Entities) -> Result<(), StoreFault> {
        for at in known.touched.difference(&known.broken) {
            let stored = self.row(at).await?.map_or(0, |row| row.version);
            let mut last = 0;
            while last < stored {
                let page = self.store.history(at, last, PAGE).await?;
                let missing = page.iter().find_map(|event| {
                    let follows = event.version == last + 1;
                    last = event.version;
                    (!follows).then_some(event.version)
                });
                if missing.is_some() || page.is_empty() {
                    let place = place(&at.tenant, &at.domain, &at.entity);
                    let detail = format!("not every change up to version {stored} is in it");
                    self.differs(DifferenceKind::History, place, detail);
                    break;
                }
            }
        }
        Ok(())
    }
}
