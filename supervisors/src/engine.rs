//! The engine: database, journal, domains and the tree that keeps them running. No sockets.

use crate::{
    housekeeping, timers,
    tree::{Soil, Tree, restart::RestartPolicy},
};
use kontor_actors::{
    admission::{Admission, AdmissionSettings},
    catalog::Catalog,
    domain_actor::{DomainLimits, Ground},
    erasure::Erasure,
    follower::Follow,
    host::Hosts,
    intake::Intake,
    journal::{Journal, JournalSettings},
    loader::Loader,
    notification::Notification,
    order::Order,
    payment::Payment,
    payout::Payout,
    reconciliation::Reconciliation,
    schedule::Schedule,
    signing::Signing,
    stock::Stock,
    store::Store,
    supplier::Supplier,
    tenant::{Tenant, load_pauses},
    user::User,
    webhook::Webhook,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinHandle};

/// How the engine is built.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Shards of a database that is laid out now; an existing one keeps its own.
    pub shards: u32,
    /// Tasks that read for everybody.
    pub readers: u32,
    /// Limits of the journal's writers.
    pub journal: JournalSettings,
    /// Limits at the door.
    pub admission: AdmissionSettings,
    /// Limits of one domain actor.
    pub domain: DomainLimits,
    /// When a domain is taken out of service.
    pub restart: RestartPolicy,
    /// How long a request key is known; a week at least.
    pub request_keys_kept: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            shards: 1,
            readers: 2,
            journal: JournalSettings::default(),
            admission: AdmissionSettings::default(),
            domain: DomainLimits::default(),
            restart: RestartPolicy::default(),
            request_keys_kept: housekeeping::KEYS_KEPT_MIN,
        }
    }
}

/// A running engine.
pub struct Engine {
    intake: Intake,
    tree: Tree,
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

/// Every domain of Kontor, one line each.
fn domains(ground: &Ground) -> Hosts {
    let mut hosts = Hosts::default();
    hosts.host::<Tenant>(ground);
    hosts.host::<Stock>(ground);
    hosts.host::<Order>(ground);
    hosts.host::<Payment>(ground);
    hosts.host::<Payout>(ground);
    hosts.host::<Notification>(ground);
    hosts.host::<Webhook>(ground);
    hosts.host::<Schedule>(ground);
    hosts.host::<Erasure>(ground);
    hosts.host::<User>(ground);
    hosts.host::<Signing>(ground);
    hosts.host::<Reconciliation>(ground);
    hosts.host::<Supplier>(ground);
    hosts.host::<Catalog>(ground);
    hosts
}

/// The domains for whoever derives states from the journal; none of them runs.
pub async fn domains_at_rest(store: &Arc<dyn Store>, shards: u32) -> Result<Hosts, String> {
    let journal = Journal::open(Arc::clone(store), shards, JournalSettings::default()).await;
    let journal = journal.map_err(|fault| fault.to_string())?;
    let loader = Loader::start(Arc::clone(store), 1);
    let (store, limits) = (Arc::clone(store), DomainLimits::default());
    Ok(domains(&Ground { journal, loader, store, limits }))
}

impl Engine {
    /// Starts on a database. `follows` makes the followers, given the way in.
    pub async fn start(
        store: Arc<dyn Store>,
        settings: EngineSettings,
        follows: impl FnOnce(&Intake) -> Vec<Arc<dyn Follow>>,
    ) -> Result<Self, String> {
        let shards = store.shards(settings.shards).await.map_err(|fault| fault.to_string())?;
        let journal = Journal::open(Arc::clone(&store), shards, settings.journal).await;
        let journal = journal.map_err(|fault| fault.to_string())?;
        let loader = Loader::start(Arc::clone(&store), settings.readers);
        let ground = Ground {
            journal: journal.clone(),
            loader,
            store: Arc::clone(&store),
            limits: settings.domain,
        };
        let hosts = Arc::new(domains(&ground));
        load_pauses(&*store, &hosts).await.map_err(|fault| fault.to_string())?;
        let intake = Intake::new(Arc::clone(&hosts), ground, Admission::new(settings.admission));
        let (stop, stopped) = watch::channel(false);
        let soil = Soil {
            hosts: Arc::clone(&hosts),
            journal,
            store: Arc::clone(&store),
            follows: follows(&intake),
            policy: settings.restart,
        };
        let tree = Tree::start(soil).await?;
        let (used, kept) = (Arc::clone(intake.used_keys()), settings.request_keys_kept);
        let tasks = [
            tokio::spawn(housekeeping::run(Arc::clone(&store), used, kept, stopped.clone())),
            tokio::spawn(timers::run(store, hosts, stopped)),
        ];
        Ok(Self { intake, tree, stop, tasks })
    }

    /// The way in.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// The supervision tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Lets nobody in, finishes what is under way, keeps it, ends.
    pub async fn stop(self) {
        self.intake.admission().close();
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
        self.tree.drain().await;
        self.intake.ground().journal.flush_all().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_actors::{
        memory::MemoryStore,
        store::{Batch, RequestName, RequestRow},
    };
    use kontor_messages::{EntityId, Timestamp};

    #[tokio::test]
    async fn an_engine_soon_knows_which_request_keys_are_new() {
        let store = MemoryStore::new();
        let row = RequestRow {
            tenant: "one".parse().unwrap(),
            domain: "order".into(),
            key: "used".into(),
            hash: [0; 16],
            entity: EntityId::named("o"),
            version: 1,
            at: Timestamp::now(),
        };
        let name = |key: &str| {
            let RequestRow { tenant, domain, .. } = row.clone();
            RequestName { tenant, domain, key: key.to_owned() }
        };
        let requests = vec![row.clone()];
        store.commit(Arc::new(Batch { requests, ..Batch::default() })).await.unwrap();
        let settings = EngineSettings::default();
        let engine = Engine::start(Arc::new(store), settings, |_| Vec::new()).await.unwrap();
        let used = Arc::clone(engine.intake().used_keys());
        let mut number = 0;
        while !used.is_new(&name(&format!("new {number}"))) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            number += 1;
        }
        assert!(!used.is_new(&name("used")));
        engine.stop().await;
    }
}
