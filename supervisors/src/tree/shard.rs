//! The supervisor of one shard: its tenants, started on first use, and its followers, started
//! with the first event and restarted where their cursor stands.

use super::{
    restart::RestartPolicy,
    tenant::{TenantMessage, TenantSupervisor},
};
use futures_util::future::join_all;
use kontor_actors::{
    follower::{Follow, Follower},
    host::Hosts,
    journal::Journal,
    store::{Seq, Store},
};
use kontor_messages::TenantId;
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, MessagingErr, RpcReplyPort,
    SupervisionEvent,
};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The wait before a follower is started again.
const FOLLOWER_BACKOFF: Duration = Duration::from_millis(500);

/// Told when a domain has been started, or why not.
type Started = RpcReplyPort<Result<(), String>>;

/// Supervises one shard.
pub struct ShardSupervisor {
    pub(super) shard: u32,
    pub(super) hosts: Arc<Hosts>,
    pub(super) journal: Journal,
    pub(super) store: Arc<dyn Store>,
    pub(super) follows: Arc<[Arc<dyn Follow>]>,
    pub(super) policy: RestartPolicy,
}

/// What a shard's supervisor is told.
pub enum ShardMessage {
    /// Have this tenant's domain running.
    Start(TenantId, &'static str, Started),
    /// Forget the deaths of a tenant's domain.
    Pardon(TenantId, &'static str),
    /// There is something to follow; the cursors that the database has.
    Follow(HashMap<Arc<str>, Seq>),
    /// Start one follower, or start it again, from this cursor.
    FollowOne(usize, Seq),
    /// Let all tenants finish what they have.
    Drain(RpcReplyPort<()>),
}

/// What it knows of its children.
#[derive(Default)]
pub struct Children {
    tenants: HashMap<TenantId, ActorRef<TenantMessage>>,
    tenant_ids: HashMap<ActorId, TenantId>,
    followers: HashMap<ActorId, (usize, ActorCell)>,
    /// Starts that came while their tenant's supervisor was about to end.
    again: HashMap<TenantId, Vec<(&'static str, Started)>>,
    draining: bool,
}

impl ShardSupervisor {
    async fn tenant(
        &self,
        myself: &ActorRef<ShardMessage>,
        children: &mut Children,
        tenant: &TenantId,
    ) -> Result<ActorRef<TenantMessage>, String> {
        if let Some(running) = children.tenants.get(tenant) {
            return Ok(running.clone());
        }
        let supervisor = TenantSupervisor {
            tenant: tenant.clone(),
            hosts: Arc::clone(&self.hosts),
            policy: self.policy.clone(),
        };
        let spawned = Actor::spawn_linked(None, supervisor, (), myself.get_cell()).await;
        let (actor, _) = spawned.map_err(|fault| fault.to_string())?;
        children.tenants.insert(tenant.clone(), actor.clone());
        children.tenant_ids.insert(actor.get_id(), tenant.clone());
        Ok(actor)
    }

    async fn start(
        &self,
        myself: &ActorRef<ShardMessage>,
        children: &mut Children,
        tenant: TenantId,
        domain: &'static str,
        reply: Started,
    ) {
        if children.draining {
            let _ = reply.send(Err(super::STOPPING.into()));
            return;
        }
        let supervisor = match self.tenant(myself, children, &tenant).await {
            Ok(supervisor) => supervisor,
            Err(reason) => return drop(reply.send(Err(reason))),
        };
        let sent = supervisor.cast(TenantMessage::Start(domain, reply));
        if let Err(MessagingErr::SendErr(TenantMessage::Start(domain, reply))) = sent {
            // It is about to end; its successor starts when it has.
            children.again.entry(tenant).or_default().push((domain, reply));
        }
    }

    /// Waits for the first event of the shard, then has the followers started.
    fn follow_when_needed(&self, myself: &ActorRef<ShardMessage>) {
        let (mut head, store) = (self.journal.head(self.shard), Arc::clone(&self.store));
        let (shard, myself) = (self.shard, myself.clone());
        tokio::spawn(async move {
            if head.wait_for(|head| *head > 0).await.is_err() {
                return;
            }
            let cursors = cursors(&*store, shard).await;
            let _ = myself.cast(ShardMessage::Follow(cursors));
        });
    }

    async fn follow(
        &self,
        myself: &ActorRef<ShardMessage>,
        children: &mut Children,
        place: usize,
        seq: Seq,
    ) {
        let Some(follow) = self.follows.get(place).filter(|_| !children.draining) else { return };
        let (journal, store) = (self.journal.clone(), Arc::clone(&self.store));
        let follower = Follower::new(self.shard, Arc::clone(follow), journal, store);
        match Actor::spawn_linked(None, follower, seq, myself.get_cell()).await {
            Ok((actor, _)) => {
                children.followers.insert(actor.get_id(), (place, actor.get_cell()));
            }
            Err(fault) => {
                tracing::error!(follower = follow.name(), %fault, "a follower does not start");
                self.follow_again(myself, place);
            }
        }
    }

    fn follow_again(&self, myself: &ActorRef<ShardMessage>, place: usize) {
        let (store, shard) = (Arc::clone(&self.store), self.shard);
        let name = self.follows.get(place).map(|follow| follow.name());
        let myself = myself.clone();
        tokio::spawn(async move {
            tokio::time::sleep(FOLLOWER_BACKOFF).await;
            let cursors = cursors(&*store, shard).await;
            let seq = name.and_then(|name| cursors.get(name)).copied().unwrap_or(0);
            let _ = myself.cast(ShardMessage::FollowOne(place, seq));
        });
    }

    fn ended(
        &self,
        myself: &ActorRef<ShardMessage>,
        children: &mut Children,
        actor: &ActorCell,
        reason: &str,
    ) {
        if let Some(tenant) = children.tenant_ids.remove(&actor.get_id()) {
            children.tenants.remove(&tenant);
            for (domain, reply) in children.again.remove(&tenant).unwrap_or_default() {
                let _ = myself.cast(ShardMessage::Start(tenant.clone(), domain, reply));
            }
        }
        if let Some((place, _)) = children.followers.remove(&actor.get_id())
            && !children.draining
        {
            let follower = self.follows.get(place).map_or("?", |follow| follow.name());
            tracing::warn!(
                follower,
                shard = self.shard,
                reason,
                "a follower ended; it begins again"
            );
            let labels = [("follower", follower.to_owned()), ("shard", self.shard.to_string())];
            metrics::counter!("kontor_follower_restarts_total", &labels).increment(1);
            self.follow_again(myself, place);
        }
    }
}

/// The cursors of a shard; asked for until the database answers.
async fn cursors(store: &dyn Store, shard: u32) -> HashMap<Arc<str>, Seq> {
    loop {
        match store.cursors().await {
            Ok(cursors) => {
                let own = cursors.into_iter().filter(|cursor| cursor.shard == shard);
                return own.map(|cursor| (cursor.follower, cursor.seq)).collect();
            }
            Err(fault) => tracing::warn!(%fault, shard, "the cursors cannot be read"),
        }
        tokio::time::sleep(FOLLOWER_BACKOFF).await;
    }
}

impl Actor for ShardSupervisor {
    type Msg = ShardMessage;
    type State = Children;
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        (): (),
    ) -> Result<Self::State, ActorProcessingErr> {
        self.follow_when_needed(&myself);
        Ok(Children::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        children: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMessage::Start(tenant, domain, reply) => {
                self.start(&myself, children, tenant, domain, reply).await;
            }
            ShardMessage::Pardon(tenant, domain) => {
                if let Some(supervisor) = children.tenants.get(&tenant) {
                    let _ = supervisor.cast(TenantMessage::Pardon(domain));
                }
            }
            ShardMessage::Follow(cursors) => {
                for (place, follow) in self.follows.iter().enumerate() {
                    let seq = cursors.get(follow.name()).copied().unwrap_or(0);
                    self.follow(&myself, children, place, seq).await;
                }
            }
            ShardMessage::FollowOne(place, seq) => self.follow(&myself, children, place, seq).await,
            ShardMessage::Drain(reply) => {
                children.draining = true;
                // Followers first: they would take a domain that has ended for a hitch.
                children.followers.values().for_each(|(_, follower)| follower.stop(None));
                let deadline = Some(super::DRAIN_MAX + Duration::from_secs(1));
                let tenants = children.tenants.values();
                join_all(tenants.map(|tenant| tenant.call(TenantMessage::Drain, deadline))).await;
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        children: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(actor, error) => {
                self.ended(&myself, children, &actor, &error.to_string());
            }
            SupervisionEvent::ActorTerminated(actor, _, reason) => {
                self.ended(&myself, children, &actor, reason.as_deref().unwrap_or("ended"));
            }
            _ => {}
        }
        Ok(())
    }
}
