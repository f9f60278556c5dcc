//! The language that domain tests are written in: given facts, when asked, then that happens.
//!
//! It goes through [`Book`], as the domain actor does, with a database that is empty but for what
//! was given.

use crate::{
    book::{Book, Halt},
    domain::{Decision, Domain},
};
use kontor_messages::{EntityId, TenantId, Timestamp};
use std::time::Duration;

/// The instant at which tests begin: 2026-01-15T10:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_768_471_200_000);

/// A tenant's domain in memory, at an instant.
pub struct Stage<D: Domain> {
    book: Book<D>,
    now: Timestamp,
}

/// What came of a command.
pub struct Outcome<D: Domain> {
    /// The stage after it.
    pub stage: Stage<D>,
    /// The events, or the refusal.
    pub result: Result<Vec<(EntityId, D::Event)>, D::Refusal>,
}

/// A stage on which these events have happened, in order.
pub fn given<D: Domain>(events: impl IntoIterator<Item = (EntityId, D::Event)>) -> Stage<D> {
    let mut stage = Stage { book: Book::new(tenant()), now: NOW };
    for (owner, event) in events {
        stage.happen(owner, event);
    }
    stage
}

/// The tenant of all domain tests.
pub fn tenant() -> TenantId {
    "harbour-books".parse().unwrap_or_else(|_| unreachable!("the name is well formed"))
}

impl<D: Domain> Stage<D> {
    /// Asks at the stage's present instant.
    pub fn when(mut self, command: D::Command) -> Outcome<D> {
        let result = self.obey(command);
        Outcome { stage: self, result }
    }

    /// The same stage, later.
    pub fn after(mut self, span: Duration) -> Self {
        self.now = self.now.plus(span);
        self
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Asks, and carries out what is decided: for properties over many commands.
    pub fn obey(&mut self, command: D::Command) -> Result<Vec<(EntityId, D::Event)>, D::Refusal> {
        loop {
            match self.book.decide(command.clone(), self.now) {
                Ok(decision) => {
                    let events = decision.events.clone();
                    self.book.absorb(decision, self.now, 0);
                    return Ok(events);
                }
                Err(Halt::Refused(refusal)) => return Err(refusal),
                Err(Halt::Wanted(wanted)) => {
                    for id in wanted.entities {
                        self.book.remember(id, Default::default());
                    }
                    for key in wanted.keys {
                        self.book.remember_key(key, None);
                    }
                }
            }
        }
    }

    /// Lets something happen without asking.
    pub fn happen(&mut self, owner: EntityId, event: D::Event) {
        let decision = Decision { subject: owner.clone(), events: vec![(owner, event)] };
        self.book.absorb(decision, self.now, 0);
    }

    /// How an entity stands; the default state if nothing is known of it.
    pub fn state(&self, id: &EntityId) -> D::State {
        self.book.get(id).map(|entity| (*entity.state).clone()).unwrap_or_default()
    }

    /// Tells every entity whose deadline has passed, as the timers do; says how many were told.
    pub fn wake_due(&mut self) -> usize {
        let due: Vec<_> = self
            .book
            .entities()
            .filter(|(_, entity)| D::due(&entity.state).is_some_and(|due| due <= self.now))
            .filter_map(|(id, entity)| D::wake(id, &entity.state))
            .collect();
        let told = due.len();
        for command in due {
            // A refused wake-up is no fault: the deadline may have been met meanwhile.
            let _ = self.obey(command);
        }
        told
    }

    /// Everything in memory.
    pub fn book(&self) -> &Book<D> {
        &self.book
    }
}

impl<D: Domain> Outcome<D> {
    /// Exactly these events happened to these entities.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = (EntityId, D::Event)>) -> Stage<D> {
        let expected: Vec<_> = expected.into_iter().collect();
        match self.result {
            Ok(events) => assert_eq!(events, expected),
            Err(refusal) => panic!("expected {expected:?}, was refused: {refusal}"),
        }
        self.stage
    }

    /// Events with these public names happened, in this order.
    #[track_caller]
    pub fn then_names(self, expected: &[&str]) -> Stage<D> {
        match self.result {
            Ok(events) => {
                let names: Vec<_> = events.iter().map(|(_, event)| D::event_name(event)).collect();
                assert_eq!(names, expected);
            }
            Err(refusal) => panic!("expected {expected:?}, was refused: {refusal}"),
        }
        self.stage
    }

    /// Nothing happened, and nobody was refused.
    #[track_caller]
    pub fn then_nothing(self) -> Stage<D> {
        self.then([])
    }

    /// It was refused, with exactly this refusal.
    #[track_caller]
    pub fn refused(self, expected: D::Refusal) -> Stage<D> {
        match self.result {
            Ok(events) => panic!("expected the refusal {expected:?}, got {events:?}"),
            Err(refusal) => assert!(refusal == expected, "{refusal:?} is not {expected:?}"),
        }
        self.stage
    }
}
