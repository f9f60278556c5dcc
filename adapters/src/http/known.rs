//! Tenants, their keys and their members in memory, so that a request asks no database who is there.
//!
//! What is kept is never older than the journal: before anything is told from memory, the shard's
//! new events are looked through, and a tenant that changed is forgotten. So a key that was
//! revoked or a member who was removed on this node counts no longer as soon as that was answered. Changes that another node
//! wrote are seen after [`AGE_MAX`].

use super::rates::{Left, Tally};
use governor::{
    Quota, RateLimiter,
    clock::DefaultClock,
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use kontor_actors::{
    domain::Domain,
    journal::Journal,
    loader::Loader,
    store::{EntityRef, Found, Lookup, Seq, StoreFault, StoredEntity},
    tenant::{KeyDocument, Tenant, TenantDocument, TenantState},
};
use kontor_messages::{
    EntityId, TenantId,
    tenant::{BuiltIn, Scope, role_entity, tenant_entity},
};
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// Tenants in memory at most.
const TENANTS_MAX: usize = 10_000;
/// Keys and members of one tenant in memory at most.
const CREDENTIALS_MAX: usize = 64;
/// What changes nothing that is kept here.
const KEY_USED: &str = "tenant.key_used";
/// Events looked through at most; with more than that since the last time, all is forgotten.
const LOOKED_THROUGH_MAX: i64 = 1_000;
/// What another node changes is seen after so long.
const AGE_MAX: Duration = Duration::from_secs(10);

/// What is known of tenants. Cheap to clone.
#[derive(Clone)]
pub(super) struct Known {
    journal: Journal,
    loader: Loader,
    shards: Arc<Mutex<HashMap<u32, ShardView>>>,
    pace: Arc<Mutex<HashMap<TenantId, Arc<Pace>>>>,
}

/// A tenant that does or did business here, and somebody who may act for it.
#[derive(Clone)]
pub(super) struct KnownTenant {
    /// The tenant.
    pub(super) tenant: Arc<TenantDocument>,
    /// The key or member that was asked for, if there is one.
    pub(super) credential: Option<Credential>,
}

/// Somebody who may act for a tenant.
#[derive(Clone)]
pub(super) enum Credential {
    /// The bearer of a key.
    Key(Arc<KeyDocument>),
    /// A member, who may do so much.
    Member(Arc<[Scope]>),
}

/// What is known in one shard.
#[derive(Default)]
struct ShardView {
    /// Up to where the journal was looked through.
    seen: Seq,
    /// What was loaded before this was forgotten, or may have been.
    forgotten: Seq,
    changed: HashMap<TenantId, Seq>,
    tenants: HashMap<TenantId, View>,
}

struct View {
    since: Instant,
    tenant: Option<Arc<TenantDocument>>,
    credentials: HashMap<EntityId, Option<Credential>>,
}

impl Known {
    pub(super) fn new(journal: Journal, loader: Loader) -> Self {
        Self { journal, loader, shards: Arc::default(), pace: Arc::default() }
    }

    /// The tenant, and one of its keys or members; `None` if there is no such tenant.
    pub(super) async fn tenant(
        &self,
        tenant: &TenantId,
        who: Option<&EntityId>,
    ) -> Result<Option<KnownTenant>, StoreFault> {
        let shard = tenant.shard(self.journal.shards());
        let head = self.look_through(shard).await?;
        if let Some(known) = self.shard(shard, |view| view.get(tenant, who)) {
            return Ok(known);
        }
        let (document, credential) = self.load(tenant, who).await?;
        let named = who.map(|who| (who.clone(), credential.clone()));
        self.shard(shard, |view| view.put(head, tenant, document.clone(), named));
        Ok(document.map(|tenant| KnownTenant { tenant, credential }))
    }

    /// How fast the tenant may ask.
    pub(super) fn pace(&self, id: &TenantId, tenant: &TenantDocument) -> Arc<Pace> {
        let limits = tenant.settings.limits;
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = pace.get(id)
            && known.per_second == limits.requests_per_second
            && known.at_once == limits.requests_in_flight
        {
            return Arc::clone(known);
        }
        if pace.len() >= TENANTS_MAX {
            pace.retain(|_, known| known.under_way.load(Ordering::Relaxed) > 0);
        }
        let new = Arc::new(Pace::new(limits.requests_per_second, limits.requests_in_flight));
        pace.insert(id.clone(), Arc::clone(&new));
        new
    }

    /// Forgets the tenants that have changed since the last look; says how far the journal is.
    async fn look_through(&self, shard: u32) -> Result<Seq, StoreFault> {
        let head = *self.journal.head(shard).borrow();
        loop {
            let seen = self.shard(shard, |view| view.begin(head));
            if head <= seen {
                return Ok(head);
            }
            let limit = usize::try_from(head - seen).unwrap_or(1);
            let events = self.journal.read(shard, seen, limit).await?;
            let Some(last) = events.last().map(|event| event.seq) else { return Ok(head) };
            let changed = events
                .iter()
                .filter(|event| &*event.domain == Tenant::NAME && &*event.name != KEY_USED);
            let changed = changed.map(|event| (event.tenant.clone(), event.seq)).collect();
            self.shard(shard, |view| view.forget(changed, last));
        }
    }

    async fn load(
        &self,
        tenant: &TenantId,
        who: Option<&EntityId>,
    ) -> Result<(Option<Arc<TenantDocument>>, Option<Credential>), StoreFault> {
        let wanted = std::iter::once(tenant_entity()).chain(who.cloned());
        let (mut document, mut credential) = (None, None);
        for found in self.states(tenant, wanted).await? {
            match found {
                TenantState::Tenant(tenant) => document = Some(Arc::new(tenant)),
                TenantState::Key(key) => credential = Some(Credential::Key(Arc::new(key))),
                TenantState::Member(member) => {
                    let scopes = self.scopes(tenant, &member.role).await?;
                    credential = Some(Credential::Member(scopes.into()));
                }
                TenantState::Blank
                | TenantState::Account(_)
                | TenantState::Role(_)
                | TenantState::Invitation(_)
                | TenantState::PaymentRoutes(_)
                | TenantState::Team(_) => {}
            }
        }
        Ok((document, credential))
    }

    /// What members with a role may do.
    async fn scopes(&self, tenant: &TenantId, role: &str) -> Result<Vec<Scope>, StoreFault> {
        if let Some(built_in) = BuiltIn::parse(role) {
            return Ok(built_in.scopes());
        }
        let found = self.states(tenant, std::iter::once(role_entity(role))).await?;
        Ok(match found.into_iter().next() {
            Some(TenantState::Role(role)) => role.permissions,
            _ => Vec::new(),
        })
    }

    async fn states(
        &self,
        tenant: &TenantId,
        wanted: impl Iterator<Item = EntityId>,
    ) -> Result<Vec<TenantState>, StoreFault> {
        let entity = |entity: EntityId| {
            let (tenant, domain) = (tenant.clone(), Tenant::NAME.to_owned());
            Lookup::Entity(EntityRef { tenant, domain, entity })
        };
        let found = self.loader.fetch(wanted.map(entity).collect()).await?;
        let rows = found.into_iter().filter_map(|found| match found {
            Found::Entity(row) => row,
            _ => None,
        });
        rows.map(|row| state(&row)).collect()
    }

    fn shard<T>(&self, shard: u32, look: impl FnOnce(&mut ShardView) -> T) -> T {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        look(shards.entry(shard).or_default())
    }
}

fn state(row: &StoredEntity) -> Result<TenantState, StoreFault> {
    serde_json::from_str(&row.state)
        .map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))
}

impl ShardView {
    /// Up to where the journal was looked through, after giving up on looking through too much.
    fn begin(&mut self, head: Seq) -> Seq {
        if head - self.seen > LOOKED_THROUGH_MAX {
            *self = Self { seen: head, forgotten: head, ..Self::default() };
        }
        self.seen
    }

    fn forget(&mut self, changed: Vec<(TenantId, Seq)>, last: Seq) {
        for (tenant, seq) in changed {
            self.tenants.remove(&tenant);
            let known = self.changed.entry(tenant).or_default();
            *known = seq.max(*known);
        }
        if self.changed.len() > TENANTS_MAX {
            self.changed.clear();
            self.forgotten = last;
        }
        self.seen = self.seen.max(last);
    }

    /// The answer from memory, if memory has it: `Some(None)` for a tenant that is not there.
    fn get(&self, tenant: &TenantId, who: Option<&EntityId>) -> Option<Option<KnownTenant>> {
        let view = self.tenants.get(tenant).filter(|view| view.since.elapsed() < AGE_MAX)?;
        let credential = match who {
            Some(who) => view.credentials.get(who)?.clone(),
            None => None,
        };
        Some(view.tenant.clone().map(|tenant| KnownTenant { tenant, credential }))
    }

    /// Keeps what was loaded when the journal was at `head`, unless it has changed since.
    fn put(
        &mut self,
        head: Seq,
        tenant: &TenantId,
        document: Option<Arc<TenantDocument>>,
        named: Option<(EntityId, Option<Credential>)>,
    ) {
        let changed = self.changed.get(tenant).is_some_and(|seq| head < *seq);
        if changed || head < self.forgotten {
            return;
        }
        if self.tenants.len() >= TENANTS_MAX {
            self.tenants.clear();
        }
        let fresh = || View { since: Instant::now(), tenant: None, credentials: HashMap::new() };
        let view = self.tenants.entry(tenant.clone()).or_insert_with(fresh);
        if view.since.elapsed() >= AGE_MAX || view.credentials.len() >= CREDENTIALS_MAX {
            *view = fresh();
        }
        view.tenant = document;
        view.credentials.extend(named);
    }
}

/// How fast one tenant may ask, and how much of it is under way.
pub(super) struct Pace {
    per_second: u32,
    at_once: u32,
    rate: RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>,
    under_way: AtomicU32,
}

/// A request that is under way.
pub(super) struct UnderWay {
    pace: Arc<Pace>,
}

impl Pace {
    fn new(per_second: u32, at_once: u32) -> Self {
        let rate = RateLimiter::direct(Quota::per_second(
            NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN),
        ))
        .with_middleware();
        Self { per_second, at_once, rate, under_way: AtomicU32::new(0) }
    }

    /// Lets a request begin, or says that it is too many.
    pub(super) fn begin(self: &Arc<Self>, tally: &Tally) -> Option<UnderWay> {
        let left = self.rate.check().map(|state| state.remaining_burst_capacity());
        tally.note(Left::of(self.per_second, left.as_ref().map_or(0, |left| *left), 1));
        left.ok()?;
        let under_way = UnderWay { pace: Arc::clone(self) };
        // Counts itself before it looks, so that it is taken off again either way.
        let before = self.under_way.fetch_add(1, Ordering::AcqRel);
        if before < self.at_once {
            return Some(under_way);
        }
        tally.note(Left::of(self.at_once, 0, 1));
        None
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.pace.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}
