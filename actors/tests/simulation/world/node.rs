//! What a crash takes away: domains in memory, transactions under way, followers at work.
//!
//! It does what domain actor, writer and intake do, one step at a time: decide on memory, carry the
//! decision into memory at once, hand the rows in, answer when they are durable.

use super::{
    disk::{Disk, Rows, Stored, event_row},
    flaw::Flaw,
    followers::Followers,
};
use kontor_actors::{
    book::{Book, Halt},
    domain::{Decision, Domain},
    journal::Snapshot,
    notification::Notification,
    order::Order,
    payment::Payment,
    stock::Stock,
    store::Seq,
    testing::tenant,
};
use kontor_messages::{EntityId, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// One life of a domain actor.
pub type Life = (&'static str, u32);

/// A domain that the node hosts.
pub trait Hosted: Domain {
    fn desk(node: &mut Node) -> &mut Desk<Self>;
}

/// A domain actor's memory.
pub struct Desk<D: Domain> {
    pub book: Book<D>,
    life: u32,
    ticket: u64,
    /// Up to which change its memory is durable.
    durable: u64,
}

/// Whom an entry's fate is told to.
#[derive(Clone, Debug)]
pub enum Then {
    /// Nobody.
    Nothing,
    /// Whoever sent this request.
    Answer(usize, Result<(EntityId, i64), String>),
    /// A follower's lane.
    Worked(&'static str, Arc<str>),
    /// The provider that sent this notification.
    Thanks(usize),
}

/// Rows that wait for a transaction.
pub struct Entry {
    pub rows: Rows,
    pub then: Then,
}

/// How a command is asked.
pub struct Terms {
    pub request: Option<String>,
    pub after: Option<Life>,
    pub then: Then,
}

pub struct Node {
    stock: Desk<Stock>,
    order: Desk<Order>,
    payment: Desk<Payment>,
    notification: Desk<Notification>,
    pub waiting: VecDeque<Entry>,
    pub followers: Followers,
    /// Cursors that wait for a transaction to ride in.
    pub cursors: BTreeMap<&'static str, Seq>,
    /// Requests under way by key, and channels' orders by name: one at a time.
    pub in_hand: BTreeSet<String>,
    /// How often the node has been started.
    pub starts: u32,
}

macro_rules! hosted {
    ($($domain:ty => $field:ident),*) => {$(
        impl Hosted for $domain {
            fn desk(node: &mut Node) -> &mut Desk<Self> { &mut node.$field }
        }
    )*};
}
hosted!(Stock => stock, Order => order, Payment => payment, Notification => notification);

impl<D: Domain> Desk<D> {
    fn new(life: u32) -> Self {
        Self { book: Book::new(tenant()), life, ticket: 0, durable: 0 }
    }

    /// Decides, and loads what memory misses.
    fn decide(
        &mut self,
        disk: &Disk,
        command: &D::Command,
        now: Timestamp,
        stale: bool,
    ) -> Result<Decision<D::Event>, D::Refusal> {
        loop {
            let wanted = match self.book.decide(command.clone(), now) {
                Ok(decision) => return Ok(decision),
                Err(Halt::Refused(refusal)) => return Err(refusal),
                Err(Halt::Wanted(wanted)) => wanted,
            };
            for id in wanted.entities {
                let stale = stale && id.as_str().starts_with("sku/");
                let entity = disk.load::<D>(&id, stale);
                self.book.remember(id, entity);
            }
            for key in wanted.keys {
                let entity = disk.find::<D>(&key);
                self.book.remember_key(key, entity);
            }
        }
    }
}

impl Node {
    /// Starts where the disk is.
    pub fn start(disk: &Disk, starts: u32) -> Self {
        Self {
            stock: Desk::new(starts << 16),
            order: Desk::new(starts << 16),
            payment: Desk::new(starts << 16),
            notification: Desk::new(starts << 16),
            waiting: VecDeque::new(),
            followers: Followers::at(&disk.cursors),
            cursors: BTreeMap::new(),
            in_hand: BTreeSet::new(),
            starts,
        }
    }

    /// The present life of a domain.
    pub fn life<D: Hosted>(&mut self) -> Life {
        (D::NAME, D::desk(self).life)
    }

    /// Decides a command, carries it into memory, and hands its rows in. The subject and its
    /// version, or the refusal; either way `then` hears of it once that is durable.
    pub fn obey<D: Hosted>(
        &mut self,
        disk: &Disk,
        now: Timestamp,
        command: &D::Command,
        terms: Terms,
        flaw: Option<Flaw>,
    ) -> Result<(EntityId, i64), D::Refusal> {
        let stale = flaw == Some(Flaw::StaleLoad) && self.starts > 0;
        let life = self.life::<D>();
        let desk = D::desk(self);
        let decided = desk.decide(disk, command, now, stale);
        desk.ticket += 1;
        let mut rows = Rows::none::<D>(life, desk.ticket);
        let answer = decided.map(|decision| {
            let subject = decision.subject.clone();
            let absorbed = desk.book.absorb(decision, now, desk.ticket);
            rows.events = absorbed.events.iter().map(|event| event_row::<D>(event, now)).collect();
            let stored = absorbed.changed.into_iter().map(|(id, entity)| {
                let due = D::due(&entity.state);
                let state = Arc::clone(&entity.state) as Arc<dyn Snapshot>;
                (id, Stored { version: entity.version, due, state })
            });
            rows.states = stored.collect();
            (rows.keys, rows.keys_gone) = (absorbed.keys, absorbed.keys_gone);
            let version = desk.book.get(&subject).map_or(0, |entity| entity.version);
            (subject, version)
        });
        if let Ok(answer) = &answer {
            rows.request = terms.request.map(|key| (key, answer.clone()));
        }
        rows.after = terms.after;
        let then = match (terms.then, &answer) {
            (Then::Answer(request, _), Ok(done)) => Then::Answer(request, Ok(done.clone())),
            (Then::Answer(request, _), Err(no)) => Then::Answer(request, Err(no.to_string())),
            (then, _) => then,
        };
        self.waiting.push_back(Entry { rows, then });
        answer
    }

    /// Wakes a due entity, as the timers do.
    pub fn wake<D: Hosted>(&mut self, disk: &Disk, now: Timestamp, id: &EntityId) {
        let desk = D::desk(self);
        if desk.book.get(id).is_none() {
            let loaded = disk.load::<D>(id, false);
            desk.book.remember(id.clone(), loaded);
        }
        let Some(known) = desk.book.get(id) else { return };
        let due = D::due(&known.state).is_some_and(|due| due <= now);
        let Some(command) = due.then(|| D::wake(id, &known.state)).flatten() else { return };
        let terms = Terms { request: None, after: None, then: Then::Nothing };
        // Refused, it had nothing to do: the deadline may have been met meanwhile.
        let _ = self.obey::<D>(disk, now, &command, terms, None);
    }

    /// Whether what an entry stands on was lost.
    pub fn is_orphan(&mut self, rows: &Rows) -> bool {
        !self.lives(rows.life) || rows.after.is_some_and(|after| !self.lives(after))
    }

    /// Rows that only wait for what a domain has handed in so far.
    pub fn barrier<D: Hosted>(&mut self) -> Rows {
        let life = self.life::<D>();
        Rows::none::<D>(life, D::desk(self).ticket)
    }

    /// Rows are settled: memory up to there may be forgotten.
    pub fn confirm(&mut self, (domain, life): Life, ticket: u64) {
        fn one<D: Hosted>(node: &mut Node, life: u32, ticket: u64) {
            let desk = D::desk(node);
            if desk.life == life {
                desk.durable = ticket.max(desk.durable);
            }
        }
        match domain {
            Stock::NAME => one::<Stock>(self, life, ticket),
            Order::NAME => one::<Order>(self, life, ticket),
            Payment::NAME => one::<Payment>(self, life, ticket),
            _ => one::<Notification>(self, life, ticket),
        }
    }

    /// A domain's memory ran ahead of a transaction that failed: its next life loads what is true.
    pub fn restart(&mut self, (domain, life): Life) {
        fn one<D: Hosted>(node: &mut Node, life: u32) {
            let desk = D::desk(node);
            if desk.life == life {
                *desk = Desk::new(life + 1);
            }
        }
        match domain {
            Stock::NAME => one::<Stock>(self, life),
            Order::NAME => one::<Order>(self, life),
            Payment::NAME => one::<Payment>(self, life),
            _ => one::<Notification>(self, life),
        }
    }

    /// Forgets what is durable and was not used lately.
    pub fn tidy(&mut self) {
        fn one<D: Hosted>(node: &mut Node) {
            let desk = D::desk(node);
            desk.book.tidy(desk.durable);
        }
        one::<Stock>(self);
        one::<Order>(self);
        one::<Payment>(self);
        one::<Notification>(self);
    }

    fn lives(&mut self, life: Life) -> bool {
        let present = match life.0 {
            Stock::NAME => self.life::<Stock>(),
            Order::NAME => self.life::<Order>(),
            Payment::NAME => self.life::<Payment>(),
            _ => self.life::<Notification>(),
        };
        present == life
    }
}
