//! Where each tenant's domains live: a typed map from tenant to address, one per domain.
//!
//! Addresses change when an actor crashes or goes to sleep; whoever finds one gone has it started
//! again by the supervisors and sends anew. A quarantined domain has no address but a reason.

use crate::{
    domain::Domain,
    domain_actor::{DomainActor, DomainMessage, Ground},
    lives::{ActorStatus, Crashes, Deaths, Life, SeenActor},
    pauses::Pauses,
    replay::{Replay, Replayer},
    request::{Denied, Request},
};
use async_trait::async_trait;
use kontor_messages::{EntityId, TenantId, Timestamp};
use ractor::{Actor, ActorCell, ActorId, ActorRef, MessagingErr};
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

/// How often a domain is started for one message.
const STARTS_MAX: u32 = 4;

/// Starts what is not running; the supervisors do.
#[async_trait]
pub trait Starter: Send + Sync {
    /// Has the tenant's domain started; afterwards its host knows the address, or the reason why
    /// there is none.
    async fn start(&self, tenant: &TenantId, domain: &'static str) -> Result<(), String>;
    /// Forgets how often the tenant's domain has crashed: a person has looked at it.
    fn pardon(&self, _tenant: &TenantId, _domain: &'static str) {}
}

/// A domain as the supervisors see it, whatever its types.
#[async_trait]
pub trait Host: Send + Sync {
    /// The domain's word.
    fn domain(&self) -> &'static str;
    /// Starts the tenant's actor under `supervisor` and makes its address known.
    async fn start(&self, tenant: &TenantId, supervisor: ActorCell) -> Result<ActorCell, String>;
    /// Forgets the address of an actor that has ended, unless another has taken its place.
    fn ended(&self, tenant: &TenantId, actor: ActorId);
    /// Answers the tenant's callers with a reason until released.
    fn quarantine(&self, tenant: &TenantId, reason: String);
    /// Ends a quarantine; false if there was none.
    fn release(&self, tenant: &TenantId) -> bool;
    /// The quarantines.
    fn quarantined(&self) -> Vec<Quarantine>;
    /// Lets nothing more in to the tenant's actor, since then; what is in its mailbox was let in before,
    /// so it is answered. False if it is paused already.
    fn pause(&self, tenant: &TenantId, since: Timestamp) -> bool;
    /// Lets the tenant's actor go on; false if it was not paused.
    fn resume(&self, tenant: &TenantId) -> bool;
    /// Whose actors are paused.
    fn paused(&self) -> Vec<TenantId>;
    /// Tells an entity that its deadline may have passed; false if the actor has to be started
    /// for it.
    fn wake(&self, tenant: &TenantId, entity: EntityId) -> bool;
    /// Lets the tenant's actor crash, to watch it come back; false if it is not running.
    fn crash(&self, tenant: &TenantId) -> bool;
    /// Lets the tenant's actor finish what it has and end; false if it is not running.
    fn drain(&self, tenant: &TenantId) -> bool;
    /// Notes a crash of the tenant's actor.
    fn crashed(&self, tenant: &TenantId, reason: &str);
    /// How many actors are running.
    fn running(&self) -> usize;
    /// Those that are running, out of service, or have crashed; of one tenant, or of all.
    fn actors(&self, of: Option<&TenantId>) -> Vec<SeenActor>;
    /// Derives states from events, for the replay check.
    fn replayer(&self) -> Box<dyn Replay>;
    /// The typed side.
    fn as_any(&self) -> &(dyn Any + Send + Sync);
}

/// A domain of a tenant that crashed again and again.
#[derive(Clone, Debug)]
pub struct Quarantine {
    /// Whose.
    pub tenant: TenantId,
    /// Which domain.
    pub domain: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// The last crash.
    pub reason: String,
}

/// All domains of a node.
#[derive(Default)]
pub struct Hosts {
    by_name: HashMap<&'static str, Arc<dyn Host>>,
    by_type: HashMap<TypeId, Arc<dyn Host>>,
    starter: OnceLock<Arc<dyn Starter>>,
}

impl Hosts {
    /// Registers a domain: the one line that a new domain costs.
    pub fn host<D: Domain>(&mut self, ground: &Ground) {
        let host: Arc<dyn Host> = Arc::new(Hosted::<D>::new(ground.clone()));
        self.by_name.insert(D::NAME, Arc::clone(&host));
        self.by_type.insert(TypeId::of::<D>(), host);
    }

    /// Says who starts what is not running. Once, when the tree stands.
    pub fn started_by(&self, starter: Arc<dyn Starter>) {
        let _ = self.starter.set(starter);
    }

    /// A domain by its word.
    pub fn named(&self, domain: &str) -> Option<&Arc<dyn Host>> {
        self.by_name.get(domain)
    }

    /// All domains.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Host>> {
        self.by_name.values()
    }

    /// Ends a quarantine, and begins to count crashes anew; false if there was none.
    pub fn release(&self, domain: &str, tenant: &TenantId) -> bool {
        let Some(host) = self.named(domain) else { return false };
        if let Some(starter) = self.starter.get() {
            starter.pardon(tenant, host.domain());
        }
        host.release(tenant)
    }

    /// Pauses a tenant's domain since then; false if it is paused already, or is not hosted here.
    pub fn pause(&self, domain: &str, tenant: &TenantId, since: Timestamp) -> bool {
        self.named(domain).is_some_and(|host| host.pause(tenant, since))
    }

    /// Whether a tenant's domain is paused.
    pub fn is_paused<D: Domain>(&self, tenant: &TenantId) -> bool {
        let typed = self.by_type.get(&TypeId::of::<D>());
        let typed = typed.and_then(|host| host.as_any().downcast_ref::<Hosted<D>>());
        typed.is_some_and(|hosted| hosted.pauses.hold(tenant))
    }

    /// Sends a command to the tenant's domain, starting it if need be. The answer comes by the
    /// request's reply, a refusal to take it at once. Whoever waits for the answer tells the actor's
    /// life how long that took.
    pub async fn send<D: Domain>(
        &self,
        tenant: &TenantId,
        request: Box<Request<D>>,
    ) -> Result<Arc<Life>, Denied<D::Refusal>> {
        let typed = self.by_type.get(&TypeId::of::<D>());
        let typed = typed.and_then(|host| host.as_any().downcast_ref::<Hosted<D>>());
        let Some(hosted) = typed else {
            return Err(Denied::Fault(format!("this node does not host {}", D::NAME)));
        };
        let sent = self.deliver(hosted, tenant, DomainMessage::Obey(request)).await;
        sent.map_err(|undelivered| match undelivered {
            Undelivered::Quarantined(reason) => Denied::Quarantined { reason },
            Undelivered::Paused => Denied::Paused,
            Undelivered::Gone(reason) => Denied::Fault(reason),
        })
    }

    /// Tells an entity of any domain that its deadline may have passed.
    pub async fn wake(
        &self,
        domain: &str,
        tenant: &TenantId,
        entity: EntityId,
    ) -> Result<(), String> {
        let Some(host) = self.named(domain) else { return Err(format!("no domain {domain}")) };
        for _ in 0..STARTS_MAX {
            if host.wake(tenant, entity.clone()) {
                return Ok(());
            }
            self.start(tenant, host.domain()).await?;
        }
        Err(format!("{domain} of this tenant does not stay up"))
    }

    async fn deliver<D: Domain>(
        &self,
        hosted: &Hosted<D>,
        tenant: &TenantId,
        mut message: DomainMessage<D>,
    ) -> Result<Arc<Life>, Undelivered> {
        for _ in 0..STARTS_MAX {
            if hosted.pauses.hold(tenant) {
                return Err(Undelivered::Paused);
            }
            match hosted.address(tenant) {
                Some(Address::Running(actor, life)) => match actor.cast(message) {
                    Ok(()) => {
                        life.sent();
                        return Ok(life);
                    }
                    Err(MessagingErr::SendErr(back)) => {
                        hosted.ended(tenant, actor.get_id());
                        message = back;
                    }
                    Err(other) => return Err(Undelivered::Gone(other.to_string())),
                },
                Some(Address::Quarantined { reason, .. }) => {
                    return Err(Undelivered::Quarantined(reason));
                }
                None => self.start(tenant, D::NAME).await.map_err(Undelivered::Gone)?,
            }
        }
        Err(Undelivered::Gone(format!("{} of this tenant does not stay up", D::NAME)))
    }

    async fn start(&self, tenant: &TenantId, domain: &'static str) -> Result<(), String> {
        match self.starter.get() {
            Some(starter) => starter.start(tenant, domain).await,
            None => Err("the node is not up yet".into()),
        }
    }
}

enum Undelivered {
    Quarantined(String),
    Paused,
    Gone(String),
}

/// One domain's addresses.
pub struct Hosted<D: Domain> {
    ground: Ground,
    addresses: RwLock<HashMap<TenantId, Address<D>>>,
    deaths: Deaths,
    pauses: Pauses,
}

enum Address<D: Domain> {
    Running(ActorRef<DomainMessage<D>>, Arc<Life>),
    Quarantined { since: Timestamp, reason: String },
}

impl<D: Domain> Clone for Address<D> {
    fn clone(&self) -> Self {
        match self {
            Self::Running(actor, life) => Self::Running(actor.clone(), Arc::clone(life)),
            Self::Quarantined { since, reason } => {
                Self::Quarantined { since: *since, reason: reason.clone() }
            }
        }
    }
}

impl<D: Domain> Hosted<D> {
    fn new(ground: Ground) -> Self {
        Self {
            ground,
            addresses: RwLock::default(),
            deaths: Deaths::default(),
            pauses: Pauses::default(),
        }
    }

    fn address(&self, tenant: &TenantId) -> Option<Address<D>> {
        self.addresses.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<TenantId, Address<D>>) -> T) -> T {
        change(&mut self.addresses.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl<D: Domain> Host for Hosted<D> {
    fn domain(&self) -> &'static str {
        D::NAME
    }

    async fn start(&self, tenant: &TenantId, supervisor: ActorCell) -> Result<ActorCell, String> {
        let shard = tenant.shard(self.ground.journal.shards());
        let actor = DomainActor::<D>::new(tenant.clone(), shard, self.ground.clone());
        let life = actor.life();
        let spawned = Actor::spawn_linked(None, actor, (), supervisor).await;
        let (actor, _) = spawned.map_err(|fault| fault.to_string())?;
        let cell = actor.get_cell();
        self.change(|addresses| addresses.insert(tenant.clone(), Address::Running(actor, life)));
        Ok(cell)
    }

    fn ended(&self, tenant: &TenantId, actor: ActorId) {
        self.change(|addresses| {
            let same = matches!(addresses.get(tenant), Some(Address::Running(known, _)) if known.get_id() == actor);
            if same {
                addresses.remove(tenant);
            }
        });
    }

    fn quarantine(&self, tenant: &TenantId, reason: String) {
        let quarantined = Address::Quarantined { since: Timestamp::now(), reason };
        self.change(|addresses| addresses.insert(tenant.clone(), quarantined));
    }

    fn release(&self, tenant: &TenantId) -> bool {
        self.change(|addresses| {
            let held = matches!(addresses.get(tenant), Some(Address::Quarantined { .. }));
            if held {
                addresses.remove(tenant);
            }
            held
        })
    }

    fn quarantined(&self) -> Vec<Quarantine> {
        let addresses = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
        let held = addresses.iter().filter_map(|(tenant, address)| match address {
            Address::Running(..) => None,
            Address::Quarantined { since, reason } => Some(Quarantine {
                tenant: tenant.clone(),
                domain: D::NAME,
                since: *since,
                reason: reason.clone(),
            }),
        });
        held.collect()
    }

    fn pause(&self, tenant: &TenantId, since: Timestamp) -> bool {
        self.pauses.begin(tenant, since)
    }

    fn resume(&self, tenant: &TenantId) -> bool {
        self.pauses.end(tenant)
    }

    fn paused(&self) -> Vec<TenantId> {
        self.pauses.all().into_keys().collect()
    }

    fn wake(&self, tenant: &TenantId, entity: EntityId) -> bool {
        // Its deadline stays due until it goes on.
        if self.pauses.hold(tenant) {
            return true;
        }
        match self.address(tenant) {
            Some(Address::Running(actor, life)) => {
                let told = actor.cast(DomainMessage::Wake(entity)).is_ok();
                if told {
                    life.sent();
                } else {
                    self.ended(tenant, actor.get_id());
                }
                told
            }
            // Its deadline stays due until it is released.
            Some(Address::Quarantined { .. }) => true,
            None => false,
        }
    }

    fn crash(&self, tenant: &TenantId) -> bool {
        match self.address(tenant) {
            Some(Address::Running(actor, _)) => actor.cast(DomainMessage::Crash).is_ok(),
            _ => false,
        }
    }

    fn drain(&self, tenant: &TenantId) -> bool {
        match self.address(tenant) {
            Some(Address::Running(actor, _)) => actor.drain().is_ok(),
            _ => false,
        }
    }

    fn running(&self) -> usize {
        let addresses = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
        addresses.values().filter(|address| matches!(address, Address::Running(..))).count()
    }

    fn crashed(&self, tenant: &TenantId, reason: &str) {
        self.deaths.note(tenant, reason);
    }

    fn actors(&self, of: Option<&TenantId>) -> Vec<SeenActor> {
        let wanted = |tenant: &TenantId| of.is_none_or(|of| of == tenant);
        let mut crashes = self.deaths.all();
        crashes.retain(|tenant, _| wanted(tenant));
        let addresses = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
        let mut seen = Vec::new();
        for (tenant, address) in addresses.iter().filter(|(tenant, _)| wanted(tenant)) {
            let crashes = crashes.remove(tenant).unwrap_or_default();
            let nothing = SeenActor::silent(tenant.clone(), D::NAME, crashes);
            seen.push(match address {
                Address::Running(_, life) => SeenActor {
                    status: ActorStatus::Running,
                    since: life.since(),
                    waiting: life.waiting_count(),
                    done: life.done_count(),
                    lately: life.lately(),
                    ..nothing
                },
                Address::Quarantined { since, .. } => {
                    SeenActor { status: ActorStatus::Quarantined, since: *since, ..nothing }
                }
            });
        }
        drop(addresses);
        let ended = crashes.into_iter();
        seen.extend(ended.map(|(tenant, crashes)| SeenActor::silent(tenant, D::NAME, crashes)));
        for (tenant, since) in self.pauses.all().into_iter().filter(|(tenant, _)| wanted(tenant)) {
            let place = seen.iter().position(|actor| actor.tenant == tenant);
            let known = place.map(|place| seen.swap_remove(place));
            let known =
                known.unwrap_or_else(|| SeenActor::silent(tenant, D::NAME, Crashes::default()));
            seen.push(SeenActor { status: ActorStatus::Paused, since, ..known });
        }
        seen
    }

    fn replayer(&self) -> Box<dyn Replay> {
        Box::new(Replayer::<D>::default())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}
