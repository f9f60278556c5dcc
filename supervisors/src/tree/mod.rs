//! The supervision tree: root, shards, tenants, domains and followers.
//!
//! A crash restarts the smallest thing that is broken. Supervisors do no I/O and decide nothing
//! about business; they know who lives, who died how often, and who has to wait.

pub mod restart;
mod shard;
mod tenant;

use async_trait::async_trait;
use futures_util::future::join_all;
use kontor_actors::{
    follower::Follow,
    host::{Hosts, Starter},
    journal::Journal,
    store::Store,
};
use kontor_messages::TenantId;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use restart::RestartPolicy;
use shard::{ShardMessage, ShardSupervisor};
use std::{sync::Arc, time::Duration};

/// How long children may take to finish what they have.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// How long the start of a domain is waited for; a restart's backoff is in it.
const START_MAX_MS: u64 = 10_000;

/// What is said to whoever wants something started while the tree ends.
const STOPPING: &str = "the node is stopping";

/// The running tree.
pub struct Tree {
    root: ActorRef<()>,
    shards: Arc<[ActorRef<ShardMessage>]>,
}

/// What the tree needs to stand.
pub struct Soil {
    /// The domains.
    pub hosts: Arc<Hosts>,
    /// The journal.
    pub journal: Journal,
    /// The database.
    pub store: Arc<dyn Store>,
    /// What is done about events, on every shard.
    pub follows: Vec<Arc<dyn Follow>>,
    /// When a domain is taken out of service.
    pub policy: RestartPolicy,
}

impl Tree {
    /// Starts root and shards, and tells the hosts that they start domains from now on.
    pub async fn start(soil: Soil) -> Result<Self, String> {
        let (root, _) = Actor::spawn(None, Root, ()).await.map_err(|fault| fault.to_string())?;
        let follows: Arc<[Arc<dyn Follow>]> = soil.follows.into();
        let mut shards = Vec::new();
        for shard in 0..soil.journal.shards() {
            let supervisor = ShardSupervisor {
                shard,
                hosts: Arc::clone(&soil.hosts),
                journal: soil.journal.clone(),
                store: Arc::clone(&soil.store),
                follows: Arc::clone(&follows),
                policy: soil.policy.clone(),
            };
            let spawned = Actor::spawn_linked(None, supervisor, (), root.get_cell()).await;
            shards.push(spawned.map_err(|fault| fault.to_string())?.0);
        }
        let shards: Arc<[_]> = shards.into();
        soil.hosts.started_by(Arc::new(Starting { shards: Arc::clone(&shards) }));
        Ok(Self { root, shards })
    }

    /// Lets every domain finish what it has, then ends the tree.
    pub async fn drain(&self) {
        let deadline = Some(2 * DRAIN_MAX);
        join_all(self.shards.iter().map(|shard| shard.call(ShardMessage::Drain, deadline))).await;
        let _ = self.root.stop_and_wait(None, Some(DRAIN_MAX)).await;
    }
}

struct Starting {
    shards: Arc<[ActorRef<ShardMessage>]>,
}

#[async_trait]
impl Starter for Starting {
    async fn start(&self, tenant: &TenantId, domain: &'static str) -> Result<(), String> {
        let shard = tenant.shard(self.shards.len() as u32);
        let Some(shard) = self.shards.get(shard as usize) else { return Err("no shard".into()) };
        let start = |reply| ShardMessage::Start(tenant.clone(), domain, reply);
        let deadline = Some(Duration::from_millis(START_MAX_MS));
        // A tenant's supervisor that ends just now drops the question: ask again.
        for _ in 0..3 {
            match shard.call(start, deadline).await {
                Ok(ractor::rpc::CallResult::Success(started)) => return started,
                Ok(ractor::rpc::CallResult::SenderError) => continue,
                Ok(ractor::rpc::CallResult::Timeout) => break,
                Err(fault) => return Err(fault.to_string()),
            }
        }
        Err(format!("{domain} does not start"))
    }

    fn pardon(&self, tenant: &TenantId, domain: &'static str) {
        let shard = tenant.shard(self.shards.len() as u32);
        if let Some(shard) = self.shards.get(shard as usize) {
            let _ = shard.cast(ShardMessage::Pardon(tenant.clone(), domain));
        }
    }
}

/// The root. A shard's supervisor that dies has a bug that no restart mends: it is said loudly,
/// the other shards go on.
struct Root;

impl Actor for Root {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(actor, error) = event {
            tracing::error!(actor = %actor.get_id(), %error, "a shard's supervisor died");
        }
        Ok(())
    }
}
