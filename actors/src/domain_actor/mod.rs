//! The one actor that hosts every domain: the single writer of a tenant's entities of one domain.
//!
//! It decides in memory and goes on at once; the journal answers the callers when the commit is
//! durable. It never waits for a database inside a handler: loads run as tasks and come back as
//! messages, and only the commands that need them are parked meanwhile.

mod loading;
mod obey;

use crate::{
    book::Book,
    domain::Domain,
    journal::{CommitFault, Entry, Incarnation, Journal},
    lives::Life,
    loader::Loader,
    request::Request,
    store::Store,
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use loading::Parking;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{marker::PhantomData, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long an actor that ends waits for a load.
const LOAD_MAX: Duration = Duration::from_secs(10);
/// A clock that was set back by more than this was wrong before.
const SET_BACK_MAX: Duration = Duration::from_secs(5);

/// What every domain actor of a node shares.
#[derive(Clone)]
pub struct Ground {
    /// Where decisions are kept.
    pub journal: Journal,
    /// Where entities come from.
    pub loader: Loader,
    /// Where dead letters go.
    pub store: Arc<dyn Store>,
    /// Limits.
    pub limits: DomainLimits,
}

/// Limits of one domain actor.
#[derive(Clone, Debug)]
pub struct DomainLimits {
    /// Entities and keys in memory before it is tidied.
    pub memory_max: usize,
    /// Without a command for so long, the actor ends; it is started again by the next one.
    pub idle: Duration,
}

impl Default for DomainLimits {
    fn default() -> Self {
        Self { memory_max: 30_000, idle: Duration::from_secs(300) }
    }
}

/// Hosts the domain `D` of one tenant.
pub struct DomainActor<D: Domain> {
    tenant: TenantId,
    domain: Arc<str>,
    shard: u32,
    ground: Ground,
    life: Arc<Life>,
    marker: PhantomData<fn() -> D>,
}

/// What a domain actor is told.
pub enum DomainMessage<D: Domain> {
    /// Carry out a command.
    Obey(Box<Request<D>>),
    /// A deadline of this entity may have passed.
    Wake(EntityId),
    /// What an earlier life handed in is settled, and the database tells the truth now; or it is
    /// not known to be.
    Settled(Result<(), CommitFault>),
    /// A load came back.
    Loaded,
    /// Memory ran ahead of a commit that failed.
    CommitFailed(CommitFault),
    /// Look whether nobody needs this actor.
    Tidy,
    /// End at once with a bug, as a test or an operator wants to see it.
    Crash,
}

/// The actor's memory.
pub struct Memory<D: Domain> {
    book: Book<D>,
    incarnation: Arc<Incarnation>,
    ticket: u64,
    settled: bool,
    early: Vec<Work<D>>,
    parking: Parking<D>,
    last_now: Timestamp,
    used: bool,
    /// More entities and keys than this, and memory is tidied.
    tidy_above: usize,
}

/// Something that may have to wait for a load.
pub(crate) enum Work<D: Domain> {
    Obey(Box<Request<D>>),
    Wake(EntityId),
}

impl<D: Domain> DomainActor<D> {
    /// An actor for one tenant; `shard` is the tenant's.
    pub fn new(tenant: TenantId, shard: u32, ground: Ground) -> Self {
        let life = Arc::new(Life::begin());
        Self { tenant, domain: D::NAME.into(), shard, ground, life, marker: PhantomData }
    }

    /// What is counted of its life.
    pub fn life(&self) -> Arc<Life> {
        Arc::clone(&self.life)
    }

    /// The instant of a decision.
    fn now(memory: &mut Memory<D>) -> Timestamp {
        memory.last_now = instant(memory.last_now, Timestamp::now());
        memory.last_now
    }

    /// An entry that only waits for what was handed in before it.
    fn barrier(&self, owner: &Arc<Incarnation>, ticket: u64) -> Entry {
        Entry {
            tenant: self.tenant.clone(),
            domain: Arc::clone(&self.domain),
            shard: self.shard,
            owner: Arc::clone(owner),
            ticket,
            after: None,
            bulk: false,
            events: Vec::new(),
            states: Vec::new(),
            keys: Vec::new(),
            keys_gone: Vec::new(),
            request: None,
            done: Box::new(|_| ()),
        }
    }

    fn memory_max(&self) -> usize {
        self.ground.limits.memory_max.min(D::MEMORY_MAX)
    }

    fn tidy_memory(&self, memory: &mut Memory<D>) {
        if memory.book.len() <= memory.tidy_above {
            return;
        }
        memory.book.tidy(memory.incarnation.durable());
        // What is in use stays, however much it is: then a while passes before the next look.
        let limit = self.memory_max();
        memory.tidy_above = limit.max(memory.book.len() + limit / 4 + 1);
    }

    fn rest(&self, myself: &ActorRef<DomainMessage<D>>, memory: &mut Memory<D>) {
        let at_rest = memory.incarnation.durable() == memory.ticket && memory.parking.is_empty();
        if at_rest && memory.settled && !std::mem::take(&mut memory.used) {
            // Whoever sends meanwhile gets the message back and finds a new actor started.
            let _ = myself.drain();
            return;
        }
        myself.send_after(self.ground.limits.idle, || DomainMessage::Tidy);
    }
}

impl<D: Domain> Actor for DomainActor<D> {
    type Msg = DomainMessage<D>;
    type State = Memory<D>;
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        (): (),
    ) -> Result<Self::State, ActorProcessingErr> {
        let itself = myself.clone();
        let incarnation = Incarnation::new(move |fault| {
            let _ = itself.cast(DomainMessage::CommitFailed(fault.clone()));
        });
        Ok(Memory {
            book: Book::new(self.tenant.clone()),
            incarnation,
            ticket: 0,
            settled: false,
            early: Vec::new(),
            parking: Parking::default(),
            last_now: Timestamp::default(),
            used: true,
            tidy_above: self.memory_max(),
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        memory: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let itself = myself.clone();
        let mut barrier = self.barrier(&memory.incarnation, 0);
        barrier.done = Box::new(move |kept| drop(itself.cast(DomainMessage::Settled(kept))));
        self.ground.journal.append(barrier);
        myself.send_after(self.ground.limits.idle, || DomainMessage::Tidy);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        memory: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if matches!(message, DomainMessage::Obey(_) | DomainMessage::Wake(_)) {
            self.life.done();
        }
        match message {
            DomainMessage::Obey(request) => self.work(&myself, memory, Work::Obey(request))?,
            DomainMessage::Wake(entity) => self.work(&myself, memory, Work::Wake(entity))?,
            DomainMessage::Settled(settled) => {
                settled?;
                memory.settled = true;
                for work in std::mem::take(&mut memory.early) {
                    self.work(&myself, memory, work)?;
                }
            }
            DomainMessage::Loaded => {
                while let Some((load, result)) = memory.parking.arrived() {
                    self.resume(&myself, memory, load, result)?;
                }
            }
            // Memory is ahead of the truth: die, be restarted, load what is true.
            DomainMessage::CommitFailed(fault) => return Err(fault.into()),
            DomainMessage::Tidy => self.rest(&myself, memory),
            DomainMessage::Crash => panic!("crashed on request"),
        }
        self.tidy_memory(memory);
        Ok(())
    }

    /// What came before the life before this one was settled, and loads that come back after the
    /// last message, still have somebody waiting for them.
    async fn post_stop(
        &self,
        myself: ActorRef<Self::Msg>,
        memory: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if !memory.early.is_empty() {
            timeout(LOAD_MAX, self.ground.journal.flush(self.shard)).await?;
            for work in std::mem::take(&mut memory.early) {
                self.work(&myself, memory, work)?;
            }
        }
        while let Some((load, result)) = memory.parking.arrival(LOAD_MAX).await {
            self.resume(&myself, memory, load, result)?;
        }
        Ok(())
    }
}

/// The instant of a decision: never before the one of the decision before, however a clock trembles.
/// A clock that was put right is believed, for whoever asks goes by it too: what they call the future
/// must not be the past here.
fn instant(last: Timestamp, clock: Timestamp) -> Timestamp {
    if clock.plus(SET_BACK_MAX) < last { clock } else { last.max(clock) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_trembles_is_passed_over_and_one_that_was_put_right_is_believed() {
        let at = |seconds: i64| Timestamp::from_millis(1000 * seconds);
        assert_eq!(instant(at(100), at(101)), at(101));
        assert_eq!(instant(at(100), at(99)), at(100));
        assert_eq!(instant(at(100), at(95)), at(100));
        assert_eq!(instant(at(3700), at(100)), at(100));
    }
}
