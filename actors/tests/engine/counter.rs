//! A toy domain: counters that have names, pass amounts to one another, wait and break.

use kontor_actors::domain::{Decision, Domain, Event, Key, Stop, refuse};
use kontor_actors::world::World;
use kontor_messages::{EntityId, Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug)]
pub struct Counter;

/// The same rules under another word, to stand on the first.
#[derive(Debug)]
pub struct Second;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Add {
        counter: EntityId,
        by: i64,
    },
    Set {
        counter: EntityId,
        to: i64,
    },
    Move {
        from: EntityId,
        to: EntityId,
        by: i64,
    },
    Spread {
        counters: Vec<EntityId>,
    },
    Name {
        counter: EntityId,
        name: String,
    },
    Unname {
        counter: EntityId,
    },
    /// Passes a name on; the owner of the event is whoever gets it.
    Inherit {
        from: EntityId,
        to: EntityId,
    },
    Remind {
        counter: EntityId,
        at: Timestamp,
    },
    Ring {
        counter: EntityId,
    },
    Drain {
        counter: EntityId,
    },
    /// Changes nothing, and looks at nothing.
    Blink {
        counter: EntityId,
    },
    PanicToDecide {
        counter: EntityId,
    },
    PanicToApply {
        counter: EntityId,
    },
    PanicToWrite {
        counter: EntityId,
    },
    Unwritable {
        counter: EntityId,
    },
    BreakWhenRung {
        counter: EntityId,
        at: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Happened {
    Added(i64),
    Moved {
        to: EntityId,
        by: i64,
    },
    Named(Option<String>),
    Inherited {
        from: EntityId,
        name: String,
    },
    Reminded(Option<Timestamp>),
    Rang,
    Poisoned,
    PanicToApply,
    #[serde(serialize_with = "never", skip_deserializing)]
    Unwritable,
    Fragile(Timestamp),
}

fn never<S: Serializer>(_: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("it has no words for it"))
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct State {
    pub sum: i64,
    pub name: Option<String>,
    pub rung: u32,
    pub remind: Option<Timestamp>,
    #[serde(default)]
    pub poisoned: bool,
    #[serde(default)]
    pub fragile: bool,
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(!self.poisoned, "a poisoned state has no words");
        (serde_json::json!({"sum": self.sum, "name": self.name, "rung": self.rung,
            "remind": self.remind, "fragile": self.fragile}))
        .serialize(serializer)
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("there is too little")]
    TooLittle,
    #[error("the name is taken")]
    Taken,
}

impl Refusal for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLittle => "too_little",
            Self::Taken => "taken",
        }
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }
}

pub fn key(name: &str) -> Key {
    Key::new("name", name)
}

fn decide<D: Domain<State = State>>(
    world: &World<'_, D>,
    command: Command,
    now: Timestamp,
) -> Result<Decision<Happened>, Stop<Refused>> {
    use Happened as H;
    let one = |counter: EntityId, happened: H| Ok(Decision::of(counter, vec![happened]));
    match command {
        Command::Add { counter, by } if world.get(&counter)?.sum + by < 0 => {
            refuse(Refused::TooLittle)
        }
        Command::Add { counter, by } => one(counter, H::Added(by)),
        Command::Set { counter, to } => match to - world.get(&counter)?.sum {
            0 => Ok(Decision::nothing(counter)),
            by => one(counter, H::Added(by)),
        },
        Command::Move { from, to, by } => {
            world.need([&from, &to])?;
            if world.get(&from)?.sum < by {
                return refuse(Refused::TooLittle);
            }
            one(from, H::Moved { to, by })
        }
        Command::Spread { counters } => {
            world.need(&counters)?;
            let subject = counters[0].clone();
            let events = counters.into_iter().map(|counter| (counter, H::Added(1))).collect();
            Ok(Decision { subject, events })
        }
        Command::Name { counter, name } => {
            let state = world.get(&counter)?;
            match world.find(&key(&name))? {
                Some(owner) if *owner != counter => refuse(Refused::Taken),
                _ if state.name.as_ref() == Some(&name) => Ok(Decision::nothing(counter)),
                _ => one(counter, H::Named(Some(name))),
            }
        }
        Command::Unname { counter } => match world.get(&counter)?.name {
            Some(_) => one(counter, H::Named(None)),
            None => Ok(Decision::nothing(counter)),
        },
        Command::Inherit { from, to } => {
            world.need([&from, &to])?;
            match world.get(&from)?.name.clone() {
                Some(name) => one(to, H::Inherited { from, name }),
                None => Ok(Decision::nothing(to)),
            }
        }
        Command::Remind { counter, at } => {
            world.get(&counter)?;
            one(counter, H::Reminded(Some(at)))
        }
        Command::Ring { counter } => {
            let state = world.get(&counter)?;
            assert!(!state.fragile, "it breaks when it rings");
            match state.remind {
                Some(at) if at <= now => one(counter, H::Rang),
                _ => Ok(Decision::nothing(counter)),
            }
        }
        Command::Drain { counter } => match world.get(&counter)?.sum {
            0 => refuse(Refused::TooLittle),
            sum => one(counter, H::Added(-sum)),
        },
        Command::Blink { counter } => Ok(Decision::nothing(counter)),
        Command::PanicToDecide { counter } => panic!("cannot decide on {counter}"),
        Command::PanicToApply { counter } => one(counter, H::PanicToApply),
        Command::PanicToWrite { counter } => one(counter, H::Poisoned),
        Command::Unwritable { counter } => one(counter, H::Unwritable),
        Command::BreakWhenRung { counter, at } => one(counter, H::Fragile(at)),
    }
}

fn apply(entity: &EntityId, state: &mut State, owner: &EntityId, happened: &Happened) {
    match happened {
        Happened::Added(by) => state.sum += by,
        Happened::Moved { by, .. } if entity == owner => state.sum -= by,
        Happened::Moved { by, .. } => state.sum += by,
        Happened::Named(name) => state.name.clone_from(name),
        Happened::Inherited { name, .. } if entity == owner => state.name = Some(name.clone()),
        Happened::Inherited { .. } => state.name = None,
        Happened::Reminded(at) => state.remind = *at,
        Happened::Rang => (state.rung, state.remind) = (state.rung + 1, None),
        Happened::Poisoned => state.poisoned = true,
        Happened::PanicToApply => panic!("cannot be applied"),
        Happened::Unwritable => {}
        Happened::Fragile(at) => (state.fragile, state.remind) = (true, Some(*at)),
    }
}

macro_rules! counters {
    ($domain:ident, $name:literal, $added:literal, $other:literal) => {
        impl Domain for $domain {
            const NAME: &'static str = $name;
            type Command = Command;
            type Event = Happened;
            type Refusal = Refused;
            type State = State;

            fn decide(
                world: &World<'_, Self>,
                command: Command,
                now: Timestamp,
            ) -> Result<Decision<Happened>, Stop<Refused>> {
                decide(world, command, now)
            }
            fn apply(entity: &EntityId, state: &mut State, event: &Event<'_, Self>) {
                apply(entity, state, event.entity, event.event);
            }
            fn event_name(event: &Happened) -> &'static str {
                match event {
                    Happened::Added(_) => $added,
                    _ => $other,
                }
            }
            fn touches(event: &Happened) -> Vec<EntityId> {
                match event {
                    Happened::Moved { to, .. } => vec![to.clone()],
                    Happened::Inherited { from, .. } => vec![from.clone()],
                    _ => Vec::new(),
                }
            }
            fn keys(state: &State) -> Vec<Key> {
                state.name.iter().map(|name| key(name)).collect()
            }
            fn status(state: &State) -> Option<&'static str> {
                (state.sum > 0).then_some("some")
            }
            fn due(state: &State) -> Option<Timestamp> {
                state.remind
            }
            fn wake(entity: &EntityId, _: &State) -> Option<Command> {
                Some(Command::Ring { counter: entity.clone() })
            }
        }
    };
}
counters!(Counter, "counter", "counter.added", "counter.changed");
counters!(Second, "second", "second.added", "second.changed");
