//! The supervisor of one tenant: starts its domains on first use, restarts the one that crashed,
//! takes one that does not stay up out of service, ends when nothing is left to look after.

use super::{
    STOPPING,
    restart::{RestartPolicy, Verdict, verdict},
};
use kontor_actors::{
    host::{Host, Hosts},
    journal::CommitFault,
};
use kontor_messages::TenantId;
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, ActorStatus, RpcReplyPort,
    SupervisionEvent,
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Deaths that are remembered of one domain.
const DEATHS_KEPT: usize = 32;

/// Supervises one tenant's domains.
pub struct TenantSupervisor {
    pub(super) tenant: TenantId,
    pub(super) hosts: Arc<Hosts>,
    pub(super) policy: RestartPolicy,
}

/// What a tenant's supervisor is told.
pub enum TenantMessage {
    /// Have this domain running.
    Start(&'static str, RpcReplyPort<Result<(), String>>),
    /// Its wait is over.
    StartNow(&'static str),
    /// Forget its deaths: an operator has released it.
    Pardon(&'static str),
    /// Let all finish what they have, then end.
    Drain(RpcReplyPort<()>),
}

/// What it knows of its domains.
#[derive(Default)]
pub struct Children {
    running: HashMap<ActorId, (&'static str, ActorCell)>,
    deaths: HashMap<&'static str, Vec<Instant>>,
    waiting: HashMap<&'static str, Vec<RpcReplyPort<Result<(), String>>>>,
    closing: bool,
}

impl TenantSupervisor {
    async fn start(
        &self,
        myself: &ActorRef<TenantMessage>,
        children: &mut Children,
        domain: &'static str,
        reply: RpcReplyPort<Result<(), String>>,
    ) {
        if children.closing {
            let _ = reply.send(Err(STOPPING.into()));
            return;
        }
        if ActorStatus::Draining <= myself.get_status() {
            // What is started here now would be killed with its supervisor. Without an answer the
            // asker asks again, and is led to the next supervisor.
            return;
        }
        let running = children.running.values().find(|(running, _)| *running == domain);
        let status = running.map(|(_, actor)| actor.get_status());
        if status.is_some_and(|status| status < ActorStatus::Draining) {
            // Somebody else was faster.
            let _ = reply.send(Ok(()));
            return;
        }
        let waiting = children.waiting.entry(domain).or_default();
        waiting.push(reply);
        // One that is about to end makes room when it has; there are never two.
        if waiting.len() == 1 && status.is_none() {
            self.begin(myself, children, domain).await;
        }
    }

    /// Starts a domain that is not running, at once or when it has waited for its deaths.
    async fn begin(
        &self,
        myself: &ActorRef<TenantMessage>,
        children: &mut Children,
        domain: &'static str,
    ) {
        let deaths = children.deaths.get(domain).map_or(&[][..], Vec::as_slice);
        match verdict(&self.policy, deaths, Instant::now()) {
            Verdict::RestartAfter(wait) if wait.is_zero() => {
                self.start_now(myself, children, domain).await
            }
            Verdict::RestartAfter(wait) => {
                myself.send_after(wait, move || TenantMessage::StartNow(domain));
            }
            // The host knows the reason already.
            Verdict::Escalate => answer(children, domain, &Ok(())),
        }
    }

    async fn start_now(
        &self,
        myself: &ActorRef<TenantMessage>,
        children: &mut Children,
        domain: &'static str,
    ) {
        let result = match self.hosts.named(domain) {
            _ if children.closing => Err(STOPPING.into()),
            Some(host) => host.start(&self.tenant, myself.get_cell()).await,
            None => Err(format!("no domain {domain}")),
        };
        let result = result.map(|actor| {
            children.running.insert(actor.get_id(), (domain, actor));
        });
        answer(children, domain, &result);
    }

    /// A child is gone. `crash` says why, if it did not end by itself.
    async fn ended(
        &self,
        myself: &ActorRef<TenantMessage>,
        children: &mut Children,
        actor: &ActorCell,
        crash: Option<Crash>,
    ) {
        let Some((domain, _)) = children.running.remove(&actor.get_id()) else { return };
        let Some(host) = self.hosts.named(domain) else { return };
        host.ended(&self.tenant, actor.get_id());
        if let Some(crash) = crash {
            self.crashed(children, &**host, crash);
        }
        if children.waiting.contains_key(domain) {
            self.begin(myself, children, domain).await;
        }
    }

    fn crashed(&self, children: &mut Children, host: &dyn Host, crash: Crash) {
        let domain = host.domain();
        metrics::counter!("kontor_domain_restarts_total", "domain" => domain).increment(1);
        tracing::warn!(tenant = %self.tenant, domain, reason = crash.reason, "a domain crashed");
        host.crashed(&self.tenant, &crash.reason);
        if crash.blameless {
            return;
        }
        let deaths = children.deaths.entry(domain).or_default();
        deaths.push(Instant::now());
        if DEATHS_KEPT < deaths.len() {
            deaths.remove(0);
        }
        if verdict(&self.policy, deaths, Instant::now()) == Verdict::Escalate {
            self.quarantine(host, crash.reason);
        }
    }

    fn quarantine(&self, host: &dyn Host, reason: String) {
        let domain = host.domain();
        metrics::counter!("kontor_domain_quarantines_total", "domain" => domain).increment(1);
        tracing::error!(tenant = %self.tenant, domain, reason, "a domain is quarantined");
        host.quarantine(&self.tenant, reason);
    }
}

/// Why a child is gone that should not be.
struct Crash {
    reason: String,
    /// Something was not written: the database was away, the shard is another node's, or a row was
    /// refused, which only its own caller has to answer for.
    blameless: bool,
}

impl Children {
    /// Whether nothing is left to look after, and nothing to remember.
    fn are_gone(&mut self, window: Duration) -> bool {
        self.deaths.retain(|_, deaths| deaths.iter().any(|death| death.elapsed() < window));
        self.running.is_empty() && self.waiting.is_empty() && self.deaths.is_empty()
    }
}

fn answer(children: &mut Children, domain: &'static str, result: &Result<(), String>) {
    for reply in children.waiting.remove(domain).unwrap_or_default() {
        let _ = reply.send(result.clone());
    }
}

impl Actor for TenantSupervisor {
    type Msg = TenantMessage;
    type State = Children;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        (): (),
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(Children::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        children: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TenantMessage::Start(domain, reply) => {
                self.start(&myself, children, domain, reply).await;
            }
            TenantMessage::StartNow(domain) => self.start_now(&myself, children, domain).await,
            TenantMessage::Pardon(domain) => drop(children.deaths.remove(domain)),
            TenantMessage::Drain(reply) => {
                children.closing = true;
                let _ = myself.drain_children_and_wait(Some(super::DRAIN_MAX)).await;
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
                let blameless = error.is::<CommitFault>();
                let crash = Crash { reason: error.to_string(), blameless };
                self.ended(&myself, children, &actor, Some(crash)).await;
            }
            SupervisionEvent::ActorTerminated(actor, state, reason) => {
                let killed = state.is_none() && reason.as_deref() == Some("killed");
                let crash = killed.then(|| Crash { reason: "killed".into(), blameless: false });
                self.ended(&myself, children, &actor, crash).await;
                if children.are_gone(self.policy.window) {
                    myself.drain()?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
