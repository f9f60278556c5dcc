//! The rules of schedules.

use super::*;
use crate::testing::{NOW, Stage, given};
use kontor_messages::schedule::Plan;
use proptest::prelude::*;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn nightly() -> EntityId {
    EntityId::named("nightly")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Half past two at night in Prague; a run may take an hour.
fn plan() -> Plan {
    Plan {
        cron: "30 2 * * *".to_owned(),
        zone: "Europe/Prague".to_owned(),
        what: "import/beta".to_owned(),
        enabled: true,
        open_max_s: 3600,
    }
}

fn put(plan: Plan) -> ScheduleCommand {
    ScheduleCommand::Put { schedule: nightly(), plan }
}

fn finished(run: u64) -> ScheduleCommand {
    let (ok, note) = (true, "12 rows".to_owned());
    ScheduleCommand::RecordFinished { schedule: nightly(), run, ok, note }
}

fn stage() -> Stage<Schedule> {
    given([]).when(put(plan())).then_names(&["schedule.put"])
}

fn wake(stage: Stage<Schedule>) -> crate::testing::Outcome<Schedule> {
    stage.when(ScheduleCommand::Wake { schedule: nightly() })
}

fn document(stage: &Stage<Schedule>) -> ScheduleDocument {
    stage.state(&nightly()).document().unwrap().clone()
}

/// The next `times` times of an expression in Prague after an instant.
fn times(cron: &str, after: &str, times: usize) -> Vec<String> {
    let plan = Plan { cron: cron.to_owned(), ..plan() };
    let next = |from: &Timestamp| clock::next(&plan, *from);
    let all = std::iter::successors(next(&at(after)), next);
    all.take(times).map(|at| at.to_utc().format("%m-%dT%H:%MZ").to_string()).collect()
}

#[test]
fn a_schedule_fires_when_it_is_time_and_again_the_next_day() {
    let stage = stage();
    assert_eq!(document(&stage).next, Some(at("2026-01-16T01:30:00Z")));
    let stage = wake(stage).then_nothing().after(DAY);
    let now = stage.now();
    let fired = ScheduleEvent::Fired {
        run: 1,
        what: "import/beta".to_owned(),
        planned_for: at("2026-01-16T01:30:00Z"),
        until: now.plus(Duration::from_secs(3600)),
        next: Some(at("2026-01-17T01:30:00Z")),
    };
    let stage = wake(stage).then([(nightly(), fired)]);
    let stage = stage.when(finished(1)).then_names(&["schedule.finished"]).after(DAY);
    let stage = wake(stage).then_names(&["schedule.fired"]);
    assert_eq!((document(&stage).runs, document(&stage).last.unwrap().run), (2, 1));
}

#[test]
fn a_time_missed_while_nobody_was_there_is_run_once() {
    let mut stage = stage().after(10 * DAY);
    assert_eq!(stage.wake_due(), 1);
    let known = document(&stage);
    assert_eq!((known.runs, known.next), (1, Some(at("2026-01-26T01:30:00Z"))));
    assert_eq!(stage.wake_due(), 0);
}

#[test]
fn a_run_never_overlaps_itself() {
    let long = Plan { open_max_s: 3 * 24 * 3600, ..plan() };
    let stage = given([]).when(put(long)).then_names(&["schedule.put"]).after(DAY);
    let stage = wake(stage).then_names(&["schedule.fired"]).after(DAY);
    let stage = wake(stage).then_names(&["schedule.skipped"]).after(DAY);
    let stage = wake(stage).then_names(&["schedule.skipped"]);
    assert_eq!((document(&stage).runs, document(&stage).skipped), (1, 2));
    let stage = stage.when(finished(1)).then_names(&["schedule.finished"]).after(DAY);
    wake(stage).then_names(&["schedule.fired"]);
}

#[test]
fn a_run_that_does_not_end_is_abandoned_and_the_next_one_is_run() {
    let stage = wake(stage().after(DAY)).then_names(&["schedule.fired"]);
    let stage = stage.after(Duration::from_secs(3600));
    let stage = wake(stage).then_names(&["schedule.abandoned"]);
    assert_eq!(Schedule::status(&stage.state(&nightly())), Some("waiting"));
    let stage = wake(stage.after(DAY)).then_names(&["schedule.fired"]);
    // Both at once, after a long absence.
    let stage = wake(stage.after(DAY)).then_names(&["schedule.abandoned", "schedule.fired"]);
    // Better late than never; but only of the last one, and only once.
    let stage = stage.when(finished(2)).then_names(&["schedule.finished"]);
    stage.when(finished(2)).then_nothing().when(finished(1)).then_nothing();
}

#[test]
fn the_end_of_an_unknown_run_is_no_news() {
    given::<Schedule>([]).when(finished(1)).then_nothing();
    stage().when(finished(7)).then_nothing();
}

#[test]
fn a_schedule_that_is_not_enabled_waits_for_nothing() {
    let off = Plan { enabled: false, ..plan() };
    let stage = stage().when(put(off.clone())).then_names(&["schedule.put"]).after(9 * DAY);
    assert_eq!(Schedule::due(&stage.state(&nightly())), None);
    let stage = wake(stage).then_nothing().when(put(off)).then_nothing();
    let stage = stage.when(put(plan())).then_names(&["schedule.put"]);
    assert_eq!(document(&stage).next, Some(at("2026-01-25T01:30:00Z")));
}

#[test]
fn a_schedule_that_was_taken_away_can_be_put_again_and_counts_on() {
    let remove = || ScheduleCommand::Remove { schedule: nightly() };
    given::<Schedule>([]).when(remove()).refused(ScheduleRefusal::NotFound);
    let stage = wake(stage().after(DAY)).then_names(&["schedule.fired"]);
    let stage = stage.when(remove()).then_names(&["schedule.removed"]).when(remove());
    let stage = stage.then_nothing().when(finished(1)).then_names(&["schedule.finished"]);
    assert_eq!(Schedule::status(&stage.state(&nightly())), Some("removed"));
    let stage = stage.when(put(plan())).then_names(&["schedule.put"]).after(DAY);
    assert_eq!(document(&wake(stage).then_names(&["schedule.fired"])).runs, 2);
}

#[test]
fn a_plan_that_means_nothing_is_refused_with_its_place() {
    for (expected, edit) in [
        ("/plan/cron", (|p| p.cron = "at noon".to_owned()) as fn(&mut Plan)),
        ("/plan/cron", |p| p.cron = "* * * * * *".to_owned()),
        ("/plan/cron", |p| p.cron = "61 * * * *".to_owned()),
        ("/plan/cron", |p| p.cron = "0 0 30 2 *".to_owned()),
        ("/plan/cron", |p| p.cron = " ".repeat(300)),
        ("/plan/zone", |p| p.zone = "Europe/Atlantis".to_owned()),
        ("/plan/zone", |p| p.zone = String::new()),
        ("/plan/what", |p| p.what = " ".to_owned()),
        ("/plan/open_max_s", |p| p.open_max_s = 0),
        ("/plan/open_max_s", |p| p.open_max_s = 604_801),
    ] {
        let mut plan = plan();
        edit(&mut plan);
        match given::<Schedule>([]).when(put(plan)).result {
            Err(ScheduleRefusal::Invalid { pointer, .. }) => assert_eq!(pointer, expected),
            other => panic!("expected a refusal at {expected}, got {other:?}"),
        }
    }
}

#[test]
fn where_the_clocks_go_forward_a_time_left_out_comes_right_after_the_gap() {
    // On 29 March 2026 Prague has no time between two and three.
    let fixed = times("30 2 * * *", "2026-03-28T00:00:00Z", 4);
    assert_eq!(fixed, ["03-28T01:30Z", "03-29T01:00Z", "03-30T00:30Z", "03-31T00:30Z"]);
    let every = times("*/30 * * * *", "2026-03-29T00:15:00Z", 4);
    assert_eq!(every, ["03-29T00:30Z", "03-29T01:00Z", "03-29T01:30Z", "03-29T02:00Z"]);
}

#[test]
fn where_the_clocks_go_back_a_fixed_time_comes_once_and_an_interval_goes_on() {
    // On 25 October 2026 Prague has the hour from two to three twice.
    let fixed = times("30 2 * * *", "2026-10-24T00:00:00Z", 4);
    assert_eq!(fixed, ["10-24T00:30Z", "10-25T00:30Z", "10-26T01:30Z", "10-27T01:30Z"]);
    let every = times("30 * * * *", "2026-10-24T23:45:00Z", 4);
    assert_eq!(every, ["10-25T00:30Z", "10-25T01:30Z", "10-25T02:30Z", "10-25T03:30Z"]);
}

proptest! {
    #[test]
    fn a_schedule_always_has_a_future_and_one_open_run_at_most(
        minute in 0..60_u8, every in 1..30_u8, fixed: bool, open_max_s in 1..200_000_u32,
        steps in proptest::collection::vec((0..400_000_u64, 0..4_u8), 1..60),
    ) {
        let cron = if fixed { format!("{minute} 2 * * *") } else { format!("*/{every} * * * *") };
        let mut stage = given([]).when(put(Plan { cron, open_max_s, ..plan() })).stage;
        let (mut fired, mut ended) = (0, 0);
        for (later, what) in steps {
            stage = stage.after(Duration::from_secs(later));
            let events = if what == 0 {
                stage.obey(finished(document(&stage).runs)).unwrap()
            } else {
                stage.obey(ScheduleCommand::Wake { schedule: nightly() }).unwrap()
            };
            for (_, event) in events {
                match event {
                    ScheduleEvent::Fired { run, .. } => {
                        fired += 1;
                        prop_assert_eq!(run, fired);
                        prop_assert_eq!(ended, fired - 1);
                    }
                    ScheduleEvent::Abandoned { run } => {
                        ended += 1;
                        prop_assert_eq!(run, ended);
                    }
                    ScheduleEvent::Finished { run, .. } => ended = ended.max(run),
                    _ => {}
                }
            }
            if what != 0 {
                let known = document(&stage);
                prop_assert!(known.next.unwrap() > stage.now());
                prop_assert!(Schedule::due(&stage.state(&nightly())).unwrap() > stage.now());
            }
        }
    }
}

#[test]
fn the_json_of_every_event_is_pinned() {
    let next = Some(at("2026-01-16T01:30:00Z"));
    let (planned_for, until) = (at("2026-01-15T01:30:00Z"), NOW);
    let events = [
        ScheduleEvent::Put { plan: plan(), next },
        ScheduleEvent::Removed,
        ScheduleEvent::Fired { run: 1, what: "import/beta".into(), planned_for, until, next },
        ScheduleEvent::Skipped { open: 1, planned_for, next: None },
        ScheduleEvent::Finished { run: 1, ok: true, note: "12 rows".to_owned() },
        ScheduleEvent::Abandoned { run: 1 },
    ];
    let lines: Vec<_> = include_str!("events.jsonl").lines().collect();
    let written: Vec<_> = events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    assert_eq!(written, lines);
    for (line, event) in lines.iter().zip(events) {
        assert_eq!(serde_json::from_str::<ScheduleEvent>(line).unwrap(), event);
    }
}
