//! Durable timers: entities say in their own row when they must be woken; here is who wakes them.

use kontor_actors::{
    host::Hosts,
    store::{Store, StoredEntity},
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

/// How often what is due is looked up.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Entities woken at one look, at most.
const WOKEN_MAX: u32 = 512;
/// Wake-ups that have to wait, looked past at most.
const LOOKED_PAST_MAX: u32 = 50_000;
/// So many of them make the looks as much rarer as they are dearer.
const LOOKED_PAST_CHEAP: u32 = 2_000;
/// An entity whose deadline does not move is woken again only after so long.
const WAKE_AGAIN: Duration = Duration::from_secs(10);

type Name = (TenantId, Arc<str>, EntityId);
type Group = (TenantId, Arc<str>);

/// Wakes what is due until told to stop.
pub async fn run(store: Arc<dyn Store>, hosts: Arc<Hosts>, mut stop: watch::Receiver<bool>) {
    let mut timers = Timers { hosts, ..Timers::default() };
    loop {
        // What cannot be delivered stays due: look past it.
        let looked_past = timers.looked_past.min(LOOKED_PAST_MAX);
        match store.due(Timestamp::now(), WOKEN_MAX + looked_past).await {
            Ok(due) => timers.wake(due),
            Err(fault) => tracing::warn!(%fault, "the timers cannot be read"),
        }
        let pause = LOOK_EVERY * (1 + timers.looked_past / LOOKED_PAST_CHEAP);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Who was woken, and who is being woken.
#[derive(Default)]
struct Timers {
    hosts: Arc<Hosts>,
    woken: HashMap<Name, (Timestamp, Timestamp)>,
    /// One task per tenant and domain: one that takes long to start holds up only itself.
    under_way: JoinSet<Group>,
    busy: HashSet<Group>,
    /// How many rows of the last look had to wait.
    looked_past: u32,
}

impl Timers {
    fn wake(&mut self, due: Vec<StoredEntity>) {
        let now = Timestamp::now();
        metrics::gauge!("kontor_timers_due").set(u32::try_from(due.len()).unwrap_or(u32::MAX));
        while let Some(done) = self.under_way.try_join_next() {
            // It cannot fail: it neither panics nor is it aborted.
            let _ = done.map(|group| self.busy.remove(&group));
        }
        self.woken.retain(|_, (_, at)| now.since(*at) < WAKE_AGAIN);
        self.looked_past = 0;
        // What is out of service or paused stays due until it serves again.
        let hosts = Arc::clone(&self.hosts);
        let held = hosts.all().flat_map(|host| host.quarantined());
        let held = held.map(|held| (held.tenant, held.domain));
        let paused = hosts
            .all()
            .flat_map(|host| host.paused().into_iter().map(|tenant| (tenant, host.domain())));
        let held: HashSet<(TenantId, &str)> = held.chain(paused).collect();
        let mut groups: HashMap<Group, Vec<EntityId>> = HashMap::new();
        for row in due {
            let Some(at) = row.due else { continue };
            let group = (row.tenant.clone(), Arc::clone(&row.domain));
            if !held.is_empty() && held.contains(&(row.tenant.clone(), &*row.domain)) {
                self.looked_past += 1;
                continue;
            }
            let name = (row.tenant, row.domain, row.entity.clone());
            let told = self.woken.get(&name).is_some_and(|(known, _)| *known == at);
            if told || self.busy.contains(&group) {
                self.looked_past += 1;
                continue;
            }
            self.woken.insert(name, (at, now));
            groups.entry(group).or_default().push(row.entity);
        }
        for (group, entities) in groups {
            self.busy.insert(group.clone());
            self.under_way.spawn(wake_all(Arc::clone(&self.hosts), group, entities));
        }
    }
}

/// Wakes entities of one tenant and domain. Says whose they were.
async fn wake_all(hosts: Arc<Hosts>, group: Group, entities: Vec<EntityId>) -> Group {
    for entity in entities {
        if let Err(reason) = hosts.wake(&group.1, &group.0, entity).await {
            tracing::warn!(tenant = %group.0, domain = &*group.1, reason, "timers cannot be delivered");
            break;
        }
    }
    group
}
