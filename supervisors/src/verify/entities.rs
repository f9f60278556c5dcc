//! One part of the entities, derived from the journal and compared with the rows.

use super::{Difference, DifferenceKind, PAGE, Part, Verify, money::Money, place};
use kontor_actors::{
    host::Hosts,
    replay::{Replay, Replayed},
    store::{EntityRef, KeyRow, StoreFault, StoredEntity, StoredEvent},
};
use kontor_messages::{EntityId, TenantId};
use std::{
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A key's full name.
pub(super) type KeyName = (TenantId, String, String, String);

/// What the journal says of one part of the entities.
pub(super) struct Entities {
    domains: HashMap<&'static str, Box<dyn Replay>>,
    /// Keys that the states list.
    pub(super) keys: HashMap<KeyName, EntityId>,
    /// Entities changed by events of others.
    pub(super) touched: BTreeSet<EntityRef>,
    /// Entities of which something was told: nothing more is.
    pub(super) broken: BTreeSet<EntityRef>,
}

pub(super) fn address(row: &StoredEntity) -> EntityRef {
    let (tenant, entity) = (row.tenant.clone(), row.entity.clone());
    EntityRef { tenant, domain: row.domain.to_string(), entity }
}

impl Entities {
    pub(super) fn new(hosts: &Hosts) -> Self {
        let domains = hosts.all().map(|host| (host.domain(), host.replayer())).collect();
        Self { domains, keys: HashMap::new(), touched: BTreeSet::new(), broken: BTreeSet::new() }
    }

    /// Carries an event into the states of this part.
    pub(super) fn apply(
        &mut self,
        event: &StoredEvent,
        shards: u32,
        part: Part,
    ) -> Result<(), Difference> {
        let at = format!("shard {}, event {}", event.shard, event.seq);
        let fault = |kind, detail| Err(Difference { kind, place: at.clone(), detail });
        let named = |entity: &EntityId| EntityRef {
            tenant: event.tenant.clone(),
            domain: event.domain.to_string(),
            entity: entity.clone(),
        };
        if event.tenant.shard(shards) != event.shard {
            return fault(DifferenceKind::Event, format!("{} is not of this shard", event.tenant));
        }
        let Some(domain) = self.domains.get_mut(&*event.domain) else {
            return fault(DifferenceKind::Event, format!("no domain {}", event.domain));
        };
        let keep = |entity: &EntityId| part.holds(entity);
        let applied = catch_unwind(AssertUnwindSafe(|| domain.apply(event, &keep)));
        let why = match applied {
            Ok(Ok(touched)) => {
                self.touched.extend(touched.iter().map(named));
                return Ok(());
            }
            Ok(Err(why)) => why,
            Err(_) => "it cannot be carried out: a panic".to_owned(),
        };
        let owner = named(&event.entity);
        let known = !self.broken.insert(owner);
        let follows = why.starts_with("version");
        if known && follows {
            return Ok(());
        }
        let kind = if follows { DifferenceKind::Version } else { DifferenceKind::Event };
        fault(kind, format!("{}: {why}", place(&event.tenant, &event.domain, &event.entity)))
    }

    fn take(&mut self, at: &EntityRef) -> Option<Replayed> {
        let domain = self.domains.get_mut(&*at.domain)?;
        domain.take(&at.tenant, &at.entity)
    }

    /// What the journal tells of, and has not been taken.
    fn rest(&mut self) -> Vec<EntityRef> {
        let mut rest = Vec::new();
        for (domain, replay) in &mut self.domains {
            let all = replay.rest().into_iter();
            rest.extend(all.map(|(tenant, entity)| EntityRef {
                tenant,
                domain: (*domain).to_owned(),
                entity,
            }));
        }
        rest.retain(|at| !self.broken.contains(at));
        rest
    }

    fn expect(&mut self, at: &EntityRef, truth: &Replayed) {
        for key in &truth.keys {
            let (name, value) = (key.name.to_owned(), key.value.clone());
            let name = (at.tenant.clone(), at.domain.clone(), name, value);
            self.keys.insert(name, at.entity.clone());
        }
    }
}

/// What is wrong with a row, if something is.
pub(super) fn unlike(row: &StoredEntity, truth: &Replayed, shards: u32) -> Option<String> {
    if row.version != truth.version {
        return Some(format!("version {} is stored, {} is true", row.version, truth.version));
    }
    if *row.state != *truth.state {
        return Some(format!(
            "{} is stored, {} is true",
            excerpt(&row.state),
            excerpt(&truth.state)
        ));
    }
    if row.status.as_deref() != truth.status {
        return Some(format!("status {:?} is stored, {:?} is true", row.status, truth.status));
    }
    if row.label.as_deref() != truth.label.as_deref() {
        return Some(format!("label {:?} is stored, {:?} is true", row.label, truth.label));
    }
    if row.due != truth.due {
        return Some(format!("due {:?} is stored, {:?} is true", row.due, truth.due));
    }
    let shard = row.tenant.shard(shards);
    (row.shard != shard).then(|| format!("shard {} is stored, {shard} is true", row.shard))
}

fn excerpt(json: &str) -> String {
    let mut text: String = json.chars().take(200).collect();
    if text.len() < json.len() {
        text.push_str(" ...");
    }
    text
}

impl Verify<'_> {
    /// Every row against what was derived, and what was derived against the rows.
    pub(super) async fn compare_states(
        &mut self,
        known: &mut Entities,
        money: &mut Money,
    ) -> Result<(), StoreFault> {
        let (part, mut after) = (self.part, None);
        loop {
            let page = self.store.scan(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(address(last));
            for row in page.iter().filter(|row| part.holds(&row.entity)) {
                self.report.entities += 1;
                self.compare_money(money, row).await?;
                let at = address(row);
                let truth = known.take(&at);
                if known.broken.contains(&at) {
                    continue;
                }
                match truth {
                    Some(truth) if unlike(row, &truth, self.shards).is_none() => {
                        known.expect(&at, &truth);
                    }
                    _ => self.look_again(known, &at).await?,
                }
            }
        }
        for at in known.rest() {
            self.look_again(known, &at).await?;
        }
        Ok(())
    }

    /// An entity that differs may have moved on since: it is derived anew from its own history.
    async fn look_again(&mut self, known: &mut Entities, at: &EntityRef) -> Result<(), StoreFault> {
        let place = place(&at.tenant, &at.domain, &at.entity);
        let (row, truth) = self.anew(at).await?;
        let told = self.report.differences_total;
        match (row, truth) {
            (_, Err(why)) => self.differs(DifferenceKind::Event, place, why),
            (None, Ok(Some(truth))) => {
                let detail = format!("not stored; version {} is true", truth.version);
                self.differs(DifferenceKind::StateMissing, place, detail);
            }
            (Some(row), Ok(None)) => {
                let detail = format!("version {} is stored, and no event tells of it", row.version);
                self.differs(DifferenceKind::StateExtra, place, detail);
            }
            (Some(row), Ok(Some(truth))) => {
                match unlike(&row, &truth, self.shards) {
                    Some(detail) => self.differs(DifferenceKind::State, place, detail),
                    None => known.expect(at, &truth),
                };
            }
            (None, Ok(None)) => {}
        }
        if told < self.report.differences_total {
            known.broken.insert(at.clone());
        }
        Ok(())
    }

    /// Every stored key against the states, and what the states list against the keys.
    pub(super) async fn compare_keys(&mut self, known: &mut Entities) -> Result<(), StoreFault> {
        let (part, mut after) = (self.part, None::<KeyRow>);
        loop {
            let page = self.store.scan_keys(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            for row in page.into_iter().filter(|row| part.holds(&row.entity)) {
                self.report.keys += 1;
                let name = (row.tenant, row.domain.to_string(), row.name.to_string(), row.value);
                if known.keys.get(&name) == Some(&row.entity) {
                    known.keys.remove(&name);
                } else if self.lists(&name, &row.entity).await? == Some(false)
                    && self.leads_to(&name).await?.as_ref() == Some(&row.entity)
                {
                    let detail = format!("leads to {}, which does not list it", row.entity);
                    self.differs(DifferenceKind::KeyExtra, key_place(&name), detail);
                }
            }
        }
        for (name, entity) in std::mem::take(&mut known.keys) {
            if self.leads_to(&name).await?.as_ref() != Some(&entity)
                && self.lists(&name, &entity).await? == Some(true)
            {
                let detail = format!("does not lead to {entity}, which lists it");
                self.differs(DifferenceKind::KeyMissing, key_place(&name), detail);
            }
        }
        Ok(())
    }
}

fn key_place(name: &KeyName) -> String {
    let (tenant, domain, name, value) = name;
    format!("{tenant}/{domain}, {name} {value}")
}
