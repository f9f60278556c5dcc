//! A whole shop on one thread, with a seed and a clock of its own: real deciders, real policies and
//! the followers' real window, between clients, a payment provider and a broker that are strangers
//! to them. Anything may come late, twice, in another order or not at all, and the node may die
//! between any two steps: then it loses what was not durable, and starts again.
//!
//! What must be true is checked after every step (`checks`), and once more when everything has had
//! time to arrive (`verdict`). The same seed always goes the same way.

mod broker;
mod calls;
mod checks;
mod clients;
mod disk;
mod flaw;
mod followers;
mod following;
mod intake;
mod node;
mod provider;
mod storm;
mod verdict;

pub use flaw::Flaw;

use broker::Broker;
use checks::Checker;
use clients::Clients;
use disk::Disk;
use kontor_actors::{policies::Act, testing::NOW};
use kontor_messages::Timestamp;
use node::Node;
use provider::Provider;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

/// Steps of trouble in one run, at least and at most.
const STORM: std::ops::Range<u32> = 60..260;

/// What was done to the shop in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Injected {
    /// Steps in all.
    pub steps: u64,
    /// Commands that domains were given, repetitions included.
    pub commands: u64,
    /// Rows in the journal at the end.
    pub events: u64,
    /// Crashes of the node.
    pub crashes: u64,
    /// Of these, with a transaction that had landed and nobody had been told.
    pub crashes_after_commit: u64,
    /// Transactions that failed while the node lived on.
    pub commits_failed: u64,
    /// Answers to clients that were lost.
    pub answers_lost: u64,
    /// Requests and notifications that came once more.
    pub repetitions: u64,
    /// Calls of the provider that went wrong.
    pub calls_failed: u64,
    /// Messages that the broker got twice.
    pub published_twice: u64,
}

/// What went wrong, and in which world.
#[derive(Debug)]
pub struct Failure {
    /// The world's seed.
    pub seed: u64,
    /// A sentence.
    pub reason: String,
    /// The last steps before it.
    pub steps: Vec<String>,
}

/// The shop and the world around it.
pub struct Simulation {
    chance: fastrand::Rng,
    now: Timestamp,
    disk: Disk,
    node: Node,
    provider: Provider,
    broker: Broker,
    clients: Clients,
    checker: Checker,
    /// What policies have asked of stock so far.
    asked: Vec<Act>,
    flaw: Option<Flaw>,
    injected: Injected,
    /// Nothing goes wrong any more.
    calm: bool,
    /// The last steps, if somebody wants to read them.
    steps: Option<Vec<String>>,
}

/// Plays one seed. A failing one is played again to tell its last steps.
pub fn play(seed: u64, flaw: Option<Flaw>) -> Result<Injected, Failure> {
    let result = play_once(seed, flaw, false);
    match result {
        Ok(injected) => Ok(injected),
        Err(_) => Err(play_once(seed, flaw, true).err().unwrap_or(Failure {
            seed,
            reason: "it failed once, and not the second time: it is not deterministic".to_owned(),
            steps: Vec::new(),
        })),
    }
}

fn play_once(seed: u64, flaw: Option<Flaw>, tell: bool) -> Result<Injected, Failure> {
    // Identities of events come from the thread's own generator.
    fastrand::seed(seed);
    let mut simulation = Simulation::new(seed, flaw, tell);
    let run = catch_unwind(AssertUnwindSafe(|| simulation.run()));
    let reason = match run {
        Ok(Ok(())) => return Ok(simulation.injected),
        Ok(Err(reason)) => reason,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            format!("panic: {}", text.unwrap_or_default())
        }
    };
    Err(Failure { seed, reason, steps: simulation.steps.take().unwrap_or_default() })
}

impl Simulation {
    fn new(seed: u64, flaw: Option<Flaw>, tell: bool) -> Self {
        let disk = Disk::default();
        Self {
            chance: fastrand::Rng::with_seed(seed),
            now: NOW,
            node: Node::start(&disk, 0),
            disk,
            provider: Provider::new(flaw),
            broker: Broker::default(),
            clients: Clients::default(),
            checker: Checker::default(),
            asked: Vec::new(),
            flaw,
            injected: Injected::default(),
            calm: false,
            steps: tell.then(Vec::new),
        }
    }

    fn run(&mut self) -> Result<(), String> {
        self.open_shop()?;
        for _ in 0..self.chance.u32(STORM) {
            self.storm()?;
            self.check()?;
        }
        self.gusts()?;
        self.settle()?;
        self.injected.events = self.disk.head() as u64;
        self.injected.published_twice = u64::from(self.broker.duplicates);
        self.verdict()
    }

    fn pass_time(&mut self, span: Duration) {
        self.now = self.now.plus(span);
        self.provider.expire(self.now);
    }

    fn one_in(&mut self, often: u32) -> bool {
        !self.calm && self.chance.u32(..often) == 0
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        self.injected.steps += 1;
        if let Some(steps) = &mut self.steps {
            steps.push(format!("{} {}", self.now, text()));
            if steps.len() > 400 {
                steps.drain(..200);
            }
        }
    }
}
