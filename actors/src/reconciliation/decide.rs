//! What runs and differences answer.

use super::{
    Reconciliation,
    state::{DifferenceDocument, DifferenceStatus, RunDocument},
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{excerpt, is_line, is_word},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    reconciliation::{
        Difference, ReconciliationCommand as C, ReconciliationEvent as E,
        ReconciliationRefusal as R, Settling,
    },
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Differences of one command.
pub const DIFFERENCES_MAX: usize = 100;
/// How often a run is begun again.
const REPEATS_MAX: u32 = 8;
/// How long a difference waits until it is overdue.
const SETTLE: Duration = Duration::from_secs(3 * 24 * 3600);
/// The longest text of a member.
const LINE_MAX: usize = 500;

type View<'w> = World<'w, Reconciliation>;
type Answer = Result<Decision<E>, Stop<R>>;

/// The entity of a difference: the same for the same difference of the same day.
pub fn difference_entity(difference: &Difference) -> EntityId {
    let Difference { kind, provider, account, day, reference, payment, .. } = difference;
    let payment = payment.as_ref().map_or("", EntityId::as_str);
    let text = format!("{provider}\n{account}\n{}\n{reference}\n{payment}", kind.word());
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    EntityId::named(format!("difference/{day}.{}", &digest[..24]))
}

/// Answers a command.
pub fn decide(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    match command {
        C::Request { run, provider, account, day } => {
            if world.get(&run)?.run().is_some() {
                return Ok(Decision::nothing(run));
            }
            check(&run, &provider, &account, &day).map_err(Stop::Refused)?;
            Ok(Decision::of(run, vec![E::Requested { provider, account, day }]))
        }
        C::RecordBegun { run } => of_open(world, run, |_| E::Begun),
        C::RecordDifferences { run, differences } => found(world, run, differences, now),
        C::RecordCompleted { run, report } => of_open(world, run, |_| E::Completed { report }),
        C::RecordNotOffered { run } => of_open(world, run, |_| E::NotOffered),
        C::RecordFailed { run, problem, retry_at } => of_open(world, run, |known| {
            let problem = excerpt(&problem, LINE_MAX);
            match retry_at.filter(|_| known.repeats < REPEATS_MAX) {
                Some(next) => E::Postponed { problem, next: next.max(now) },
                None => E::Failed { problem },
            }
        }),
        C::Assign { difference, owner } => {
            let known = open_difference(world, &difference)?;
            if owner.as_deref().is_some_and(|owner| !is_line(owner, 200)) {
                return refuse(invalid("/owner", "expected 1 to 200 characters on one line"));
            }
            let news = known.owner != owner;
            let events = news.then_some(E::DifferenceAssigned { owner });
            Ok(Decision::of(difference, events.into_iter().collect()))
        }
        C::Settle { difference, how, note } => settle(world, difference, how, note),
        C::Wake { entity } => wake(world, entity, now),
    }
}

/// An event of a run that has not ended; one that has is told nothing more.
fn of_open(world: &View<'_>, run: EntityId, event: impl FnOnce(&RunDocument) -> E) -> Answer {
    let open = world.get(&run)?.run().filter(|known| known.is_open());
    let events = open.map(event).into_iter().collect();
    Ok(Decision::of(run, events))
}

fn found(world: &View<'_>, run: EntityId, differences: Vec<Difference>, now: Timestamp) -> Answer {
    let open = world.get(&run)?.run().is_some_and(RunDocument::is_open);
    let mut decision = Decision::nothing(run.clone());
    let entities: Vec<_> = differences.iter().map(difference_entity).collect();
    world.need(&entities)?;
    for (entity, difference) in entities.into_iter().zip(differences).take(DIFFERENCES_MAX) {
        let known = world.get(&entity)?.difference().is_some()
            || decision.events.iter().any(|(other, _)| *other == entity);
        if open && !known {
            let settle_by = now.plus(SETTLE);
            let (run, difference) = (run.clone(), Box::new(difference));
            decision.events.push((entity, E::DifferenceFound { run, difference, settle_by }));
        }
    }
    Ok(decision)
}

fn settle(world: &View<'_>, difference: EntityId, how: Settling, note: Option<String>) -> Answer {
    let known = world.get(&difference)?.difference();
    let Some(known) = known else { return refuse(R::NotFound) };
    if known.status == DifferenceStatus::Settled {
        let same = known.how == Some(how) && known.note == note;
        return if same { Ok(Decision::nothing(difference)) } else { refuse(R::Settled) };
    }
    if note.as_deref().is_some_and(|note| !is_line(note, LINE_MAX)) {
        return refuse(invalid("/note", "expected 1 to 500 characters on one line"));
    }
    match how {
        Settling::AskedProvider if known.difference.payment.is_none() => {
            refuse(invalid("/how", "expected another way: no payment of it is known"))
        }
        Settling::WrittenOff | Settling::ByHand if note.is_none() => {
            refuse(invalid("/note", "expected a note that says why or how"))
        }
        _ => Ok(Decision::of(difference, vec![E::DifferenceSettled { how, note }])),
    }
}

fn wake(world: &View<'_>, entity: EntityId, now: Timestamp) -> Answer {
    let state = world.get(&entity)?;
    let mut events = Vec::new();
    if let Some(run) = state.run()
        && run.next.is_some_and(|next| next <= now)
    {
        events.push(if run.repeats < REPEATS_MAX {
            E::Repeated
        } else {
            E::Failed { problem: "it was begun many times and never ended".to_owned() }
        });
    }
    let late = |known: &DifferenceDocument| known.due().is_some_and(|due| due <= now);
    if state.difference().is_some_and(late) {
        events.push(E::DifferenceOverdue);
    }
    Ok(Decision::of(entity, events))
}

fn open_difference<'w>(
    world: &'w View<'_>,
    difference: &EntityId,
) -> Result<&'w DifferenceDocument, Stop<R>> {
    match world.get(difference)?.difference() {
        None => refuse(R::NotFound),
        Some(known) if known.status == DifferenceStatus::Settled => refuse(R::Settled),
        Some(known) => Ok(known),
    }
}

fn check(run: &EntityId, provider: &str, account: &str, day: &str) -> Result<(), R> {
    if !run.as_str().starts_with("run/") {
        return Err(invalid("/run", "expected a name that begins with run/"));
    }
    if !is_word(provider, "_-", 40) {
        return Err(invalid("/provider", "expected the name of a provider"));
    }
    if !is_word(account, "_-", 40) {
        return Err(invalid("/account", "expected the name of an account"));
    }
    if super::compare::Day::parse(day).is_none() {
        return Err(invalid("/day", "expected a day such as 2026-01-15"));
    }
    Ok(())
}

fn invalid(pointer: &str, expected: &str) -> R {
    R::Invalid { pointer: pointer.to_owned(), expected: expected.to_owned() }
}
