//! The followers: where each is in the journal, and what it has in work. The window is the
//! engine's own; what is done about an event is done one step at a time.

use super::provider::{Ask, Reply};
use kontor_actors::{
    domain::Domain,
    follower::window::Window,
    notification::Notification,
    order::Order,
    payment::Payment,
    policies::Act,
    stock::Stock,
    store::{Seq, StoredEvent},
};
use kontor_messages::payment::CallFault;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Carries policies out.
pub const POLICIES: &str = "policies";
/// Calls the provider.
pub const CALLS: &str = "payments";
/// Publishes to the broker.
pub const RELAY: &str = "relay";
/// All of them.
pub const ALL: [&str; 3] = [POLICIES, CALLS, RELAY];

/// Events that ask for a call.
const ASKING: [&str; 6] = [
    "payment.requested",
    "payment.capture_requested",
    "payment.cancel_requested",
    "payment.refund_requested",
    "payment.call_repeated",
    "payment.query_requested",
];

/// A lane's events in work, and how far the first of them is.
pub struct Work {
    pub events: VecDeque<Arc<StoredEvent>>,
    /// All of them, for the window.
    pub taken: Vec<Arc<StoredEvent>>,
    pub doing: Doing,
}

pub enum Doing {
    /// Nothing has been done about the first event.
    Fresh,
    /// These acts follow from it.
    Acts(VecDeque<Act>),
    /// The provider is being called.
    Called(Box<Ask>),
    /// It has answered, or has not in time.
    Heard(Box<Ask>, Result<Reply, CallFault>),
    /// Told to a domain; waits until that is durable. What is left to do comes after it.
    Durable(VecDeque<Act>),
}

/// One follower.
pub struct Following {
    pub window: Window,
    pub works: BTreeMap<Arc<str>, Work>,
    /// Lanes that wait a while before they try again.
    pub held: BTreeSet<Arc<str>>,
}

pub struct Followers(BTreeMap<&'static str, Following>);

impl Followers {
    /// All of them at their durable cursors.
    pub fn at(cursors: &BTreeMap<&'static str, Seq>) -> Self {
        let one = |name| {
            let window = Window::new(cursors.get(name).copied().unwrap_or(0));
            (name, Following { window, works: BTreeMap::new(), held: BTreeSet::new() })
        };
        Self(ALL.into_iter().map(one).collect())
    }

    pub fn get(&mut self, name: &'static str) -> &mut Following {
        self.0.get_mut(name).expect("all followers are there")
    }

    /// Whether nothing is in work, and all of the journal was read.
    pub fn are_done(&self, head: Seq) -> bool {
        self.0.values().all(|one| one.works.is_empty() && one.window.done_to() == head)
    }
}

/// The lane that an event goes through; none if the follower has nothing to do about it.
pub fn lane(follower: &str, event: &StoredEvent) -> Option<Arc<str>> {
    let concerned = match follower {
        CALLS => ASKING.contains(&&*event.name),
        POLICIES => {
            [Stock::NAME, Order::NAME, Payment::NAME, Notification::NAME].contains(&&*event.domain)
        }
        _ => true,
    };
    concerned.then(|| format!("{}/{}", event.domain, event.entity).into())
}
