//! One command: decide, carry into memory, hand to the journal, go on.

use super::{DomainActor, DomainMessage, Memory, Work};
use crate::{
    admission::Lane,
    book::{Absorbed, Halt},
    domain::Domain,
    gate::Pass,
    journal::{CommitFault, Entry, EntryEvent, EntryState},
    request::{Answer, Denied, Done, Request, Terms},
    store::{DeadLetter, KeyRow},
    world::{Entity, Wanted},
};
use kontor_messages::{EntityId, EventId, Meta, Timestamp};
use ractor::{ActorProcessingErr, ActorRef};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::sync::oneshot;
use tracing::Span;

/// What has come of a command in memory.
enum Carried<D: Domain> {
    /// The subject has another version than the caller expected.
    OtherVersion { expected: i64, actual: i64 },
    /// What would happen, with memory left alone.
    Preview(EntityId, Absorbed<D>, Asides<D>),
    /// Nothing changes.
    Nothing(EntityId, Asides<D>),
    /// Memory has changed; these rows keep it.
    Changed(EntityId, Rows<D>),
}

/// What is only told to whoever asked.
type Asides<D> = Vec<(EntityId, <D as Domain>::Event)>;

/// What the journal is to keep of one decision.
struct Rows<D: Domain> {
    absorbed: Absorbed<D>,
    asides: Asides<D>,
    ids: Vec<EventId>,
    events: Vec<EntryEvent>,
    states: Vec<EntryState>,
}

impl<D: Domain> DomainActor<D> {
    /// Does some work now, or parks it. `Err` only if memory may be wrong.
    pub(super) fn work(
        &self,
        myself: &ActorRef<DomainMessage<D>>,
        memory: &mut Memory<D>,
        work: Work<D>,
    ) -> Result<(), ActorProcessingErr> {
        memory.used = true;
        if !memory.settled {
            memory.early.push(work);
            return Ok(());
        }
        match work {
            Work::Obey(request) => self.obey(myself, memory, request, None),
            Work::Wake(entity) => self.wake(myself, memory, entity),
        }
    }

    /// Carries out a command; `woken` is the entity that the timer spoke to, if it was one.
    fn obey(
        &self,
        myself: &ActorRef<DomainMessage<D>>,
        memory: &mut Memory<D>,
        request: Box<Request<D>>,
        woken: Option<EntityId>,
    ) -> Result<(), ActorProcessingErr> {
        if request.reply.is_closed() && request.terms.key.is_none() && woken.is_none() {
            // Nobody waits any more, and nobody will ask what became of it.
            return Ok(());
        }
        if !self.ground.journal.owns(self.shard) {
            // What memory says may be long past.
            let _ = request.reply.send(Err(CommitFault::Fenced.into()));
            return Ok(());
        }
        let now = Self::now(memory);
        if let Some(fresh) = &request.terms.fresh {
            memory.book.remember(fresh.clone(), Entity::default());
        }
        // Everything that is the domain's own code runs in here.
        let deciding = tracing::debug_span!(parent: &request.span, "decide", domain = D::NAME);
        let carry = || deciding.in_scope(|| self.carry(memory, &request, now));
        let carried = catch_unwind(AssertUnwindSafe(carry));
        match carried {
            Ok(Ok(Ok(carried))) => self.tell(memory, *request, carried, now),
            Ok(Ok(Err(Halt::Refused(refusal)))) => {
                if woken.is_some() {
                    tracing::info!(domain = D::NAME, %refusal, "a deadline had nothing to do");
                }
                self.answer(memory, *request, Err(Denied::Refused(refusal)));
            }
            Ok(Ok(Err(Halt::Wanted(wanted)))) => {
                if wanted == Wanted::default() {
                    let reason = "it misses something, and did not look for anything".to_owned();
                    return Err(self.bury(*request, reason, woken, now));
                }
                let work = woken.map_or_else(|| Work::Obey(request), Work::Wake);
                self.park(myself, memory, wanted, work);
            }
            Ok(Err(broken)) => {
                let reason = format!("an event cannot be written: {broken}");
                return Err(self.bury(*request, reason, woken, now));
            }
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                let reason = format!("panic: {}", text.unwrap_or_default());
                return Err(self.bury(*request, reason, woken, now));
            }
        }
        Ok(())
    }

    fn wake(
        &self,
        myself: &ActorRef<DomainMessage<D>>,
        memory: &mut Memory<D>,
        entity: EntityId,
    ) -> Result<(), ActorProcessingErr> {
        let now = Self::now(memory);
        let Some(known) = memory.book.get(&entity) else {
            let wanted = Wanted { entities: vec![entity.clone()], keys: Vec::new() };
            self.park(myself, memory, wanted, Work::Wake(entity));
            return Ok(());
        };
        let due = D::due(&known.state).is_some_and(|due| due <= now);
        let Some(command) = due.then(|| D::wake(&entity, &known.state)).flatten() else {
            return Ok(());
        };
        let (reply, _nobody_waits) = oneshot::channel();
        let (meta, terms) = (Meta::by("timer"), Terms::default());
        let span = tracing::debug_span!("timer", domain = D::NAME, tenant = %self.tenant);
        let lane = Lane::Realtime;
        let request = Request { command, meta, terms, lane, permit: None, reply, span };
        self.obey(myself, memory, Box::new(request), Some(entity))
    }

    /// Decides, and carries what was decided into memory.
    #[allow(clippy::type_complexity)]
    fn carry(
        &self,
        memory: &mut Memory<D>,
        request: &Request<D>,
        now: Timestamp,
    ) -> serde_json::Result<Result<Carried<D>, Halt<D::Refusal>>> {
        let decision = match memory.book.decide(request.command.clone(), now) {
            Ok(decision) => decision,
            Err(halt) => return Ok(Err(halt)),
        };
        let subject = decision.subject.clone();
        if let Some(expected) = request.terms.if_version {
            let actual = memory.book.get(&subject).map_or(0, |entity| entity.version);
            if expected != actual {
                return Ok(Ok(Carried::OtherVersion { expected, actual }));
            }
        }
        let told = decision.events.iter().filter(|(_, event)| D::aside(event));
        let asides: Asides<D> = told.cloned().collect();
        if request.terms.dry_run {
            let preview = memory.book.preview(decision, now);
            return Ok(Ok(Carried::Preview(subject, preview, asides)));
        }
        if decision.events.len() == asides.len() {
            return Ok(Ok(Carried::Nothing(subject, asides)));
        }
        memory.ticket += 1;
        let absorbed = memory.book.absorb(decision, now, memory.ticket);
        let ids: Vec<EventId> = absorbed.events.iter().map(|_| EventId::fresh(now)).collect();
        let meta: Arc<str> = serde_json::to_string(&request.meta)?.into();
        let (events, states) =
            (event_rows(&absorbed, &ids, &meta, now)?, state_rows(&absorbed, now));
        Ok(Ok(Carried::Changed(subject, Rows { absorbed, asides, ids, events, states })))
    }

    /// Hands in what changed, and has the caller told.
    fn tell(&self, memory: &Memory<D>, request: Request<D>, carried: Carried<D>, now: Timestamp) {
        match carried {
            Carried::OtherVersion { expected, actual } => {
                self.answer(memory, request, Err(Denied::OtherVersion { expected, actual }));
            }
            Carried::Preview(subject, absorbed, asides) => {
                let changed = absorbed.changed.iter().find(|(id, _)| *id == subject);
                let entity = changed.map(|(_, entity)| entity.clone());
                let done = done(memory, subject, entity, &absorbed, &[], asides);
                let _ = request.reply.send(Ok(done));
            }
            Carried::Nothing(subject, asides) => {
                let done = done(memory, subject, None, &Absorbed::default(), &[], asides);
                if request.terms.key.is_some() {
                    // Asked again, it must be answered so, whatever has changed by then.
                    let entry = self.barrier(&memory.incarnation, memory.ticket);
                    self.hand_in(memory, request, done, entry, now);
                } else if request.terms.early {
                    let _ = request.reply.send(Ok(done));
                } else {
                    self.answer(memory, request, Ok(done));
                }
            }
            Carried::Changed(subject, rows) => {
                let Rows { absorbed, asides, ids, events, states } = rows;
                let done = done(memory, subject, None, &absorbed, &ids, asides);
                let entry = Entry {
                    events,
                    states,
                    keys: self.key_rows(absorbed.keys),
                    keys_gone: self.key_rows(absorbed.keys_gone),
                    ..self.barrier(&memory.incarnation, memory.ticket)
                };
                self.hand_in(memory, request, done, entry, now);
            }
        }
    }

    /// Sends an answer that brings nothing new, once all that it may stand on is durable. A
    /// refusal too: what it refers to might otherwise never have happened.
    fn answer(&self, memory: &Memory<D>, request: Request<D>, answer: Answer<D>) {
        let durable = memory.incarnation.durable() == memory.ticket;
        if durable && request.terms.after.is_none() {
            let _ = request.reply.send(answer);
            return;
        }
        let mut barrier = self.barrier(&memory.incarnation, memory.ticket);
        barrier.after = request.terms.after.clone();
        barrier.bulk = request.lane == Lane::Bulk;
        barrier.done = telling(request, answer);
        self.ground.journal.append(barrier);
    }

    fn hand_in(
        &self,
        memory: &Memory<D>,
        request: Request<D>,
        done: Done<D>,
        mut entry: Entry,
        now: Timestamp,
    ) {
        entry.after = request.terms.after.clone();
        entry.bulk = request.lane == Lane::Bulk;
        entry.request = request.terms.key.as_ref().map(|key| {
            let subject = (done.subject.clone(), done.version);
            Pass::row(key, &self.tenant, &self.domain, subject, now)
        });
        if !request.terms.early {
            entry.done = telling(request, Ok(done));
            return self.ground.journal.append(entry);
        }
        let Request { reply, terms, span, .. } = request;
        let keeping = keeping(&span);
        entry.done = Box::new(move |_| drop((terms, keeping)));
        // Handed in before anybody knows of it: what stands on it comes after it in the journal.
        self.ground.journal.append(entry);
        let lost = memory.incarnation.failed();
        let lost = lost.then(|| CommitFault::unavailable("it could not be handed in").into());
        let _ = reply.send(lost.map_or(Ok(done), Err));
    }

    fn key_rows(&self, keys: Vec<(crate::domain::Key, EntityId)>) -> Vec<KeyRow> {
        let row = |(key, entity): (crate::domain::Key, EntityId)| KeyRow {
            tenant: self.tenant.clone(),
            domain: Arc::clone(&self.domain),
            name: key.name.into(),
            value: key.value,
            entity,
        };
        keys.into_iter().map(row).collect()
    }

    /// A bug in the domain: keeps the command for people, answers the caller, and lets the actor
    /// die, since nobody knows what memory is worth now. A timer asks again and again, and has one
    /// letter for all of it.
    fn bury(
        &self,
        request: Request<D>,
        reason: String,
        woken: Option<EntityId>,
        now: Timestamp,
    ) -> ActorProcessingErr {
        let id = match woken {
            Some(entity) => format!("timer:{}:{}:{entity}", D::NAME, self.tenant),
            None => EntityId::fresh(now).to_string(),
        };
        let letter = DeadLetter {
            id,
            tenant: Some(self.tenant.clone()),
            source: format!("domain:{}", D::NAME),
            lane: String::new(),
            event: None,
            reason: reason.clone(),
            payload: serde_json::to_string(&request.command).unwrap_or_default(),
            attempts: 1,
            retry_at: None,
            at: now,
        };
        let (store, letter_reason) = (Arc::clone(&self.ground.store), reason.clone());
        let Request { reply, permit, terms, .. } = request;
        tokio::spawn(async move {
            let told = match store.bury(&letter).await {
                Ok(()) => Denied::Crashed { letter: letter.id },
                Err(fault) => {
                    tracing::error!(%fault, letter_reason, "a dead letter could not be kept");
                    Denied::Fault(format!("an internal error; {fault}"))
                }
            };
            let _ = reply.send(Err(told));
            drop((permit, terms));
        });
        format!("{}: {reason}", D::NAME).into()
    }
}

fn event_rows<D: Domain>(
    absorbed: &Absorbed<D>,
    ids: &[EventId],
    meta: &Arc<str>,
    at: Timestamp,
) -> serde_json::Result<Vec<EntryEvent>> {
    let rows = absorbed.events.iter().zip(ids).map(|(happened, id)| {
        Ok(EntryEvent {
            id: *id,
            entity: happened.entity.clone(),
            version: happened.version,
            name: D::event_name(&happened.event),
            at,
            payload: serde_json::to_string(&happened.event)?.into(),
            meta: Arc::clone(meta),
            touched: happened.touched.clone(),
        })
    });
    rows.collect()
}

/// The answer about `subject`: as `entity` has it, else as memory does.
fn done<D: Domain>(
    memory: &Memory<D>,
    subject: EntityId,
    entity: Option<Entity<D::State>>,
    absorbed: &Absorbed<D>,
    ids: &[EventId],
    asides: Asides<D>,
) -> Done<D> {
    let entity = entity.or_else(|| memory.book.get(&subject).cloned()).unwrap_or_default();
    // A dry run names no events: there are none. What is only told is no event either.
    let none = EventId(uuid::Uuid::nil());
    let ids = ids.iter().copied().chain(std::iter::repeat(none));
    let events = absorbed.events.iter().zip(ids);
    let events = events.map(|(event, id)| (id, event.entity.clone(), event.event.clone()));
    let events = events.chain(asides.into_iter().map(|(entity, event)| (none, entity, event)));
    let events = events.collect();
    let owner = Arc::clone(&memory.incarnation);
    Done { subject, version: entity.version, state: entity.state, events, owner }
}

fn state_rows<D: Domain>(absorbed: &Absorbed<D>, at: Timestamp) -> Vec<EntryState> {
    let row = |(id, entity): &(EntityId, Entity<D::State>)| EntryState {
        entity: id.clone(),
        version: entity.version,
        status: D::status(&entity.state),
        label: D::label(&entity.state).map(Arc::from),
        due: D::due(&entity.state),
        at,
        state: Arc::clone(&entity.state) as Arc<dyn crate::journal::Snapshot>,
    };
    absorbed.changed.iter().map(row).collect()
}

/// Lasts from the decision until the journal has kept it.
fn keeping(command: &Span) -> Span {
    tracing::debug_span!(parent: command, "commit")
}

/// Tells the caller when the journal has; permit and key are free again just before.
fn telling<D: Domain>(
    request: Request<D>,
    answer: Answer<D>,
) -> Box<dyn FnOnce(Result<(), CommitFault>) + Send + Sync> {
    let Request { reply, permit, terms, span, .. } = request;
    let keeping = keeping(&span);
    Box::new(move |kept| {
        let answer = kept.map_err(Denied::from).and(answer);
        drop((permit, terms, keeping));
        // A caller that has gone away asks again with its key.
        let _ = reply.send(answer);
    })
}
