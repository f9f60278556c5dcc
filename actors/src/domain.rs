//! What a domain is: a vocabulary and a handful of pure functions over its state.
//!
//! One generic actor hosts them all; a new domain implements [`Domain`] and is registered by one
//! `host::<X>()` line. Nothing here is async, reads a clock or does I/O.

use crate::world::{Missing, World};
use kontor_messages::{EntityId, Refusal, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A vocabulary and its rules.
pub trait Domain: Sized + Send + Sync + 'static {
    /// The domain's word in keys, routes and event names: `order`.
    const NAME: &'static str;

    /// Entities and keys of a tenant that stay in memory; fewer where an entity is large.
    const MEMORY_MAX: usize = usize::MAX;

    /// What may be asked.
    type Command: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What has happened. Its JSON is kept for ever: variants are added, never edited.
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// How the domain says no.
    type Refusal: Refusal + Clone + PartialEq;
    /// What is known of one entity. `default()` is an entity of which nothing is known yet.
    type State: Clone
        + Debug
        + Default
        + PartialEq
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// Answers a command with what happens, or with a refusal. Asks `world` for every entity and
    /// key it needs; what is not in memory yet is loaded, and the decision is made again.
    /// The same command a second time gives no events.
    fn decide(
        world: &World<'_, Self>,
        command: Self::Command,
        now: Timestamp,
    ) -> Result<Decision<Self::Event>, Stop<Self::Refusal>>;

    /// Carries an event into the state of `entity`, its owner or one of [`Domain::touches`].
    /// Never fails: what has happened has happened.
    fn apply(entity: &EntityId, state: &mut Self::State, event: &Event<'_, Self>);

    /// The event's public name, `order.created`.
    fn event_name(event: &Self::Event) -> &'static str;

    /// Whether the event is no fact, but only told to whoever asked: what became of one of many
    /// rows. The journal keeps none of them, and an answer that is given again has none.
    fn aside(_event: &Self::Event) -> bool {
        false
    }

    /// The entities besides its owner whose state the event changes, each named once.
    fn touches(_event: &Self::Event) -> Vec<EntityId> {
        Vec::new()
    }

    /// Other names by which the entity is found, unique in tenant and domain, as `(key, value)`.
    /// A name stays for as long as the state lists it.
    fn keys(_state: &Self::State) -> Vec<Key> {
        Vec::new()
    }

    /// The word that lists filter by; `None` keeps the entity out of filtered lists.
    fn status(_state: &Self::State) -> Option<&'static str> {
        None
    }

    /// A second word that lists filter by, which must hardly ever change: an order's channel, the
    /// order that a message is about. Combined with a status it is looked for among that status.
    fn label(_state: &Self::State) -> Option<&str> {
        None
    }

    /// When the entity must be woken, if it waits for something.
    fn due(_state: &Self::State) -> Option<Timestamp> {
        None
    }

    /// What a due entity is told. Must change [`Domain::due`], or the entity wakes for ever.
    fn wake(_entity: &EntityId, _state: &Self::State) -> Option<Self::Command> {
        None
    }
}

/// An event with what the journal knows about it, as [`Domain::apply`] sees it.
pub struct Event<'a, D: Domain> {
    /// The entity that owns it.
    pub entity: &'a EntityId,
    /// What happened.
    pub event: &'a D::Event,
    /// When it was decided.
    pub at: Timestamp,
    /// Which change of `apply`'s entity this is, counted from 1.
    pub version: i64,
}

/// Another name of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which kind of name, such as `external_id`.
    pub name: &'static str,
    /// The name.
    pub value: String,
}

impl Key {
    /// A name of a kind.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into() }
    }
}

/// What a command comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<E> {
    /// The entity that the caller is told about.
    pub subject: EntityId,
    /// What happens, in order, each with the entity that owns it. None: nothing changes.
    pub events: Vec<(EntityId, E)>,
}

impl<E> Decision<E> {
    /// Events that all belong to the subject.
    pub fn of(subject: EntityId, events: Vec<E>) -> Self {
        let events = events.into_iter().map(|event| (subject.clone(), event)).collect();
        Self { subject, events }
    }

    /// Nothing changes; the caller is told how the subject stands.
    pub fn nothing(subject: EntityId) -> Self {
        Self { subject, events: Vec::new() }
    }
}

/// Why a decision did not come to an end.
#[derive(Debug, PartialEq)]
pub enum Stop<R> {
    /// Something is not in memory: load it and decide again.
    Missing,
    /// The domain says no.
    Refused(R),
}

impl<R> From<Missing> for Stop<R> {
    fn from(_: Missing) -> Self {
        Self::Missing
    }
}

/// Says no from inside a decision: `return refuse(OrderRefusal::NotFound)`.
pub fn refuse<T, R>(refusal: R) -> Result<T, Stop<R>> {
    Err(Stop::Refused(refusal))
}
