//! What schedules answer.

use super::{
    Schedule,
    clock::{Clock, invalid, next},
    state::{Outcome, ScheduleDocument},
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{excerpt, is_line},
    world::World,
};
use kontor_messages::{
    Timestamp,
    schedule::{Plan, ScheduleCommand, ScheduleEvent, ScheduleRefusal},
};
use std::time::Duration;

/// The longest time that a run may be open: a week.
const OPEN_MAX_S: u32 = 7 * 24 * 3600;
/// The longest text of a member.
const LINE_MAX: usize = 200;
/// The longest note of a run.
const NOTE_MAX: usize = 1_000;

pub(super) fn decide(
    world: &World<'_, Schedule>,
    command: ScheduleCommand,
    now: Timestamp,
) -> Result<Decision<ScheduleEvent>, Stop<ScheduleRefusal>> {
    match command {
        ScheduleCommand::Put { schedule, plan } => {
            let known = world.get(&schedule)?.document().and_then(|known| known.plan.as_ref());
            if known == Some(&plan) {
                return Ok(Decision::nothing(schedule));
            }
            let next = check(&plan, now).map_err(Stop::Refused)?;
            Ok(Decision::of(schedule, vec![ScheduleEvent::Put { plan, next }]))
        }
        ScheduleCommand::Remove { schedule } => match world.get(&schedule)?.document() {
            None => refuse(ScheduleRefusal::NotFound),
            Some(known) if known.plan.is_none() => Ok(Decision::nothing(schedule)),
            Some(_) => Ok(Decision::of(schedule, vec![ScheduleEvent::Removed])),
        },
        ScheduleCommand::RecordFinished { schedule, run, ok, note } => {
            let waited_for =
                world.get(&schedule)?.document().is_some_and(|known| waits_for(known, run));
            let note = excerpt(&note, NOTE_MAX);
            let finished = ScheduleEvent::Finished { run, ok, note };
            let events = if waited_for { vec![finished] } else { Vec::new() };
            Ok(Decision::of(schedule, events))
        }
        ScheduleCommand::Wake { schedule } => {
            let events =
                world.get(&schedule)?.document().map_or_else(Vec::new, |known| wake(known, now));
            Ok(Decision::of(schedule, events))
        }
    }
}

/// Whether the end of a run is news: it is open, or was abandoned last.
fn waits_for(known: &ScheduleDocument, run: u64) -> bool {
    let open = known.open.as_ref().is_some_and(|open| open.run == run);
    let late = known.last.as_ref();
    open || late.is_some_and(|late| late.run == run && late.outcome == Outcome::Abandoned)
}

/// What has come due. However often it was due meanwhile, it is run once.
fn wake(known: &ScheduleDocument, now: Timestamp) -> Vec<ScheduleEvent> {
    let mut events = Vec::new();
    let mut open = known.open.as_ref();
    if let Some(late) = open.filter(|open| open.until <= now) {
        events.push(ScheduleEvent::Abandoned { run: late.run });
        open = None;
    }
    let due = known.next.filter(|next| *next <= now);
    let (Some(planned_for), Some(plan)) = (due, &known.plan) else { return events };
    let next = next(plan, now);
    events.push(match open {
        Some(open) => ScheduleEvent::Skipped { open: open.run, planned_for, next },
        None => ScheduleEvent::Fired {
            run: known.runs + 1,
            what: plan.what.clone(),
            planned_for,
            until: now.plus(Duration::from_secs(plan.open_max_s.into())),
            next,
        },
    });
    events
}

/// Checks a plan; says when it is due first.
fn check(plan: &Plan, now: Timestamp) -> Result<Option<Timestamp>, ScheduleRefusal> {
    if plan.cron.len() > LINE_MAX {
        return Err(invalid("/plan/cron", format!("expected at most {LINE_MAX} characters")));
    }
    let first = Clock::read(plan)?.next(now);
    if first.is_none() {
        return Err(invalid("/plan/cron", "expected a time that comes"));
    }
    if !is_line(&plan.what, LINE_MAX) {
        return Err(invalid("/plan/what", format!("expected 1 to {LINE_MAX} characters")));
    }
    if !(1..=OPEN_MAX_S).contains(&plan.open_max_s) {
        return Err(invalid("/plan/open_max_s", format!("expected 1 to {OPEN_MAX_S} seconds")));
    }
    Ok(first.filter(|_| plan.enabled))
}
