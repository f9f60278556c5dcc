//! The way in: admits a command, or says busy; lets one request a key through; asks the domain;
//! answers when durable. Every edge and every follower comes by here.

use crate::{
    admission::{Admission, Lane, Permit},
    census::Census,
    domain::Domain,
    domain_actor::Ground,
    gate::{Entered, Gate, Pass},
    host::Hosts,
    journal::Incarnation,
    replay::{Until, state_at},
    request::{Answer, Denied, Done, Request, Terms},
    store::{EntityRef, Found, Lookup, RequestRow, StoreFault},
    used_keys::UsedKeys,
};
use kontor_messages::{EntityId, Meta, TenantId};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use tracing::Instrument;

/// How long an answer is waited for; then its outcome is unknown to the caller.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// An answer that is given again is derived from at most so many changes; an entity with a longer
/// past is shown as it stands.
const REPLAY_MAX: i64 = 5_000;

/// The application, as edges and followers use it. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    hosts: Arc<Hosts>,
    ground: Ground,
    admission: Admission,
    gate: Gate,
    census: Census,
}

/// Who comes in, and how.
#[derive(Clone)]
pub struct Caller {
    /// For which tenant.
    pub tenant: TenantId,
    /// Who, and because of what.
    pub meta: Meta,
    /// How urgent.
    pub lane: Lane,
}

impl Intake {
    /// The way in to these domains.
    pub fn new(hosts: Arc<Hosts>, ground: Ground, admission: Admission) -> Self {
        let gate = Gate::new(ground.loader.clone());
        let census = Census::of(Arc::clone(&ground.store));
        Self { hosts, ground, admission, gate, census }
    }

    /// Asks a domain and waits until the answer is durable.
    pub async fn ask<D: Domain>(
        &self,
        caller: &Caller,
        command: D::Command,
        terms: Terms,
    ) -> Answer<D> {
        let permit = self.admission.admit(&caller.tenant, caller.lane)?;
        let pass = match self.enter::<D>(caller, &terms).await? {
            Entrance::Free(pass) => pass,
            Entrance::Answered(done) => return Ok(*done),
        };
        let terms = Terms { pass: pass.clone(), ..terms };
        match self.send::<D>(caller, command, terms, Some(permit)).await {
            Err(denied) => {
                let seen = self.seen::<D, _>(pass.as_deref(), &denied).await;
                seen.unwrap_or(Err(denied))
            }
            answer => answer,
        }
    }

    /// Asks a domain from within: what was admitted once is not admitted again. For followers,
    /// whose own limits bound them, and for later steps of a request.
    pub async fn tell<D: Domain>(
        &self,
        caller: &Caller,
        command: D::Command,
        terms: Terms,
    ) -> Answer<D> {
        self.send::<D>(caller, command, terms, None).await
    }

    /// Lets a request of several steps in: its permit is held until it is dropped.
    pub fn admit<R>(&self, caller: &Caller) -> Result<Permit, Denied<R>> {
        self.admission.admit(&caller.tenant, caller.lane)
    }

    /// Lets one request a key through, for a request of several steps.
    pub async fn enter<D: Domain>(
        &self,
        caller: &Caller,
        terms: &Terms,
    ) -> Result<Entrance<D>, Denied<D::Refusal>> {
        let Some(key) = terms.key.as_ref().filter(|_| !terms.dry_run) else {
            return Ok(Entrance::Free(None));
        };
        match self.gate.enter(&caller.tenant, &D::NAME.into(), key).await.map_err(fault)? {
            Entered::First(pass) => Ok(Entrance::Free(Some(Arc::new(pass)))),
            Entered::Differs => Err(Denied::KeyReused),
            Entered::Seen(row) => {
                let done = self.answer_again::<D>(&caller.tenant, row).await.map_err(fault)?;
                Ok(Entrance::Answered(Box::new(done)))
            }
        }
    }

    /// What a request's key has led to that was taken for new, where the domain said no: another node may
    /// have said yes, which this one has not learnt yet.
    pub async fn seen<D: Domain, R>(
        &self,
        pass: Option<&Pass>,
        denied: &Denied<R>,
    ) -> Option<Answer<D>> {
        let said_no = matches!(denied, Denied::Refused(_) | Denied::OtherVersion { .. });
        // Who cannot be told more is told no.
        match self.gate.seen(pass.filter(|_| said_no)?).await.ok()?? {
            Entered::Seen(row) => {
                let tenant = row.tenant.clone();
                Some(self.answer_again::<D>(&tenant, row).await.map_err(fault))
            }
            Entered::Differs => Some(Err(Denied::KeyReused)),
            Entered::First(_) => None,
        }
    }

    /// Waits until nobody else is about what goes by this key in a domain.
    pub async fn turn<D: Domain>(&self, caller: &Caller, key: &str) -> Pass {
        self.gate.turn(&caller.tenant, &D::NAME.into(), key).await
    }

    /// Which request keys may have been used.
    pub fn used_keys(&self) -> &Arc<UsedKeys> {
        self.gate.used()
    }

    /// The domains.
    pub fn hosts(&self) -> &Arc<Hosts> {
        &self.hosts
    }

    /// Journal, loader and database.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// How many entities tenants have.
    pub fn census(&self) -> &Census {
        &self.census
    }

    /// The door.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// An entity as the database has it: everything that was answered is in it.
    pub async fn read<D: Domain>(
        &self,
        tenant: &TenantId,
        entity: &EntityId,
    ) -> Result<Option<(D::State, i64)>, StoreFault> {
        let (tenant, entity) = (tenant.clone(), entity.clone());
        let wanted = Lookup::Entity(EntityRef { tenant, domain: D::NAME.into(), entity });
        match self.ground.loader.fetch(vec![wanted]).await?.into_iter().next() {
            Some(Found::Entity(Some(row))) => {
                let state = serde_json::from_str(&row.state)
                    .map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))?;
                Ok(Some((state, row.version)))
            }
            _ => Ok(None),
        }
    }

    /// The entity that goes by a key.
    pub async fn find<D: Domain>(
        &self,
        tenant: &TenantId,
        name: &str,
        value: &str,
    ) -> Result<Option<EntityId>, StoreFault> {
        let wanted = Lookup::Key {
            tenant: tenant.clone(),
            domain: D::NAME.into(),
            name: name.into(),
            value: value.into(),
        };
        match self.ground.loader.fetch(vec![wanted]).await?.into_iter().next() {
            Some(Found::Key(entity)) => Ok(entity),
            _ => Ok(None),
        }
    }

    async fn send<D: Domain>(
        &self,
        caller: &Caller,
        command: D::Command,
        terms: Terms,
        permit: Option<Permit>,
    ) -> Answer<D> {
        let (reply, answer) = oneshot::channel();
        let span = tracing::debug_span!("command", domain = D::NAME, tenant = %caller.tenant);
        let (meta, recorded) = (caller.meta.clone(), span.clone());
        let lane = caller.lane;
        let request = Request { command, meta, terms, lane, permit, reply, span: recorded };
        let begun = std::time::Instant::now();
        let life = self.hosts.send(&caller.tenant, Box::new(request)).await?;
        let answer = tokio::time::timeout(ANSWER_MAX, answer.instrument(span)).await;
        life.answered(begun.elapsed());
        match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Denied::Fault("it restarted meanwhile; ask again".into())),
            Err(_) => Err(Denied::Fault("no answer in time; ask again with the same key".into())),
        }
    }

    /// What a key has led to is told again, as it was.
    async fn answer_again<D: Domain>(
        &self,
        tenant: &TenantId,
        row: RequestRow,
    ) -> Result<Done<D>, StoreFault> {
        let store = &*self.ground.store;
        if row.version == 0 {
            // The answer told of something that was not there.
            let (state, owner) = (Arc::default(), Incarnation::new(|_| ()));
            let (subject, events) = (row.entity, Vec::new());
            return Ok(Done { subject, version: 0, state, events, owner });
        }
        let until = Until::Version(row.version);
        let as_it_was = if row.version <= REPLAY_MAX {
            state_at::<D>(store, tenant, &row.entity, until, REPLAY_MAX).await?
        } else {
            None
        };
        let (state, version) = match as_it_was {
            Some(found) => found,
            None => {
                let stands = self.read::<D>(tenant, &row.entity).await?;
                let (state, version) = stands.unwrap_or_default();
                (Arc::new(state), version)
            }
        };
        let owner = Incarnation::new(|_| ());
        Ok(Done { subject: row.entity, version, state, events: Vec::new(), owner })
    }
}

/// How a request gets in.
pub enum Entrance<D: Domain> {
    /// It is the first of its key, or has none. The pass belongs into the [`Terms`] of the command
    /// that carries the key.
    Free(Option<Arc<Pass>>),
    /// It was answered before, so.
    Answered(Box<Done<D>>),
}

fn fault<R>(fault: StoreFault) -> Denied<R> {
    Denied::Fault(fault.to_string())
}
