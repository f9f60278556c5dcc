use super::*;
use kontor_actors::ports::FaultCause;
use kontor_messages::{EntityId, payment::Problem};
use tokio::sync::Semaphore;

const NOW: Timestamp = Timestamp::from_millis(1_768_471_200_000);
const QUERY: &str = "query";

fn minutes(count: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(60 * count))
}

fn fault(code: &str) -> GatewayFault {
    GatewayFault::retry(FaultCause::Provider, Problem::new(code, "it did not answer"))
}

fn answered(health: &Health, ms: u64, at: Timestamp) {
    health.note_call((QUERY, CallOutcome::Answered), None, Duration::from_millis(ms), at);
}

fn told(health: &Health) -> Vec<(&'static str, Option<u64>, Option<CallOutcome>)> {
    let calls = health.last_calls(minutes(1)).into_iter();
    calls.map(|call| (call.operation, call.waited_ms, call.outcome)).collect()
}

#[test]
fn an_hour_is_told_and_what_was_before_it_is_not() {
    let health = Health::default();
    for minute in 0..120 {
        answered(&health, 20, minutes(minute));
    }
    let lately = health.lately(minutes(119));
    let count = lately.calls[0].count;
    assert_eq!(lately.calls.len(), 1);
    assert!((55..=60).contains(&count), "{count} of a call a minute");
    assert_eq!(health.lately(minutes(400)).calls, []);
    assert_eq!(health.lately(minutes(400)).last_answer_at, Some(minutes(119)));
}

#[test]
fn one_slow_call_of_ten_is_no_median_but_the_99th_percentile() {
    let health = Health::default();
    (0..9).for_each(|_| answered(&health, 18, NOW));
    answered(&health, 1_400, NOW);
    let lately = health.lately(NOW);
    assert_eq!((lately.p50_ms, lately.p99_ms), (Some(20), Some(1_500)));
    assert_eq!(Health::default().lately(NOW).p50_ms, None);
}

#[test]
fn the_failure_before_a_rest_is_what_is_told_and_not_the_rest() {
    let health = Health::default();
    let (failed, rests) = (fault("not_reached"), fault(RESTS));
    health.note_call((QUERY, CallOutcome::Failed), Some(&failed), Duration::ZERO, NOW);
    health.note_call((QUERY, CallOutcome::NotSent), Some(&rests), Duration::ZERO, minutes(1));
    let lately = health.lately(minutes(1));
    let failure = lately.last_failure.clone().unwrap();
    assert_eq!((failure.at, &*failure.code), (NOW, "not_reached"));
    assert_eq!(lately.failed(), 2, "both are counted");
}

#[test]
fn a_call_whose_time_has_not_come_has_waited_and_has_not_failed() {
    let health = Health::default();
    let later = CallFault::Retry { at: Some(minutes(1)), fresh_key: false };
    let put_off = GatewayFault::new(later, FaultCause::Here, Problem::new("fio_pause", "later"));
    health.note_call((QUERY, CallOutcome::NotSent), Some(&put_off), Duration::ZERO, NOW);
    let lately = health.lately(NOW);
    assert_eq!((lately.failed(), lately.waits, lately.calls.len()), (0, 1, 0));
    assert_eq!(lately.last_failure, None);
}

#[test]
fn a_provider_that_says_no_answers_and_has_not_failed() {
    let health = Health::default();
    let no = GatewayFault::give_up(FaultCause::Refused, Problem::new("declined", "no"));
    health.note_call((QUERY, CallOutcome::Refused), Some(&no), Duration::ZERO, NOW);
    let lately = health.lately(NOW);
    assert_eq!((lately.failed(), lately.last_answer_at), (0, Some(NOW)));
    assert_eq!(lately.last_failure, None);
    assert_eq!(lately.last_refusal.map(|no| no.code), Some("declined".to_owned()));
}

#[test]
fn what_a_provider_sent_is_counted_by_whether_it_was_taken() {
    let health = Health::default();
    health.note_notification(&Ok(()), NOW);
    health.note_notification::<()>(&Err(NotificationError::Unsigned), minutes(1));
    let lately = health.lately(minutes(1));
    assert_eq!((lately.notifications_taken, lately.notifications_not_taken), (1, 1));
    assert_eq!(lately.last_taken_at, Some(NOW));
    let not_taken = NotTaken { at: minutes(1), reason: "unsigned" };
    assert_eq!(lately.last_not_taken, Some(not_taken));
}

#[test]
fn what_was_not_taken_is_counted_by_why() {
    let health = Health::default();
    let malformed = || Err(NotificationError::Malformed("no JSON".to_owned()));
    health.note_notification::<()>(&malformed(), NOW);
    health.note_notification::<()>(&Err(NotificationError::Unsigned), NOW);
    health.note_notification::<()>(&malformed(), minutes(1));
    let lately = health.lately(minutes(1));
    let counted: Vec<_> = lately.not_taken.iter().map(|one| (one.reason, one.count)).collect();
    assert_eq!(counted, [("unsigned", 1), ("malformed", 2)]);
    assert_eq!(lately.notifications_not_taken, 3);
    assert!(health.lately(minutes(400)).not_taken.is_empty(), "an hour is told");
}

#[test]
fn the_last_calls_are_told_with_what_they_were_for_and_no_more_than_so_many() {
    let health = Health::default();
    let payment = EntityId::named("p-1");
    for minute in 0..60 {
        let call = health.begin(QUERY, Some(payment.clone()), minutes(minute));
        call.ended(CallOutcome::Answered, None, Duration::from_millis(7), minutes(minute));
    }
    let calls = health.last_calls(minutes(59));
    assert_eq!((calls.len(), calls[0].at, calls[49].at), (KEPT_MAX, minutes(59), minutes(10)));
    assert_eq!((calls[0].took_ms, &calls[0].payment), (Some(7), &Some(payment)));
    assert!(health.last_calls(minutes(400)).is_empty(), "they are of the hour that is counted");
}

#[test]
fn a_call_under_way_is_told_without_its_end_until_it_has_one() {
    let (health, slots) = (Health::default(), Semaphore::new(2));
    let mut first = health.begin(QUERY, None, NOW);
    let mut second = health.begin("statement", None, NOW);
    assert_eq!((health.under_way(), told(&health)), (0, vec![]), "they wait for their turn");
    first.has_its_turn(slots.try_acquire().unwrap(), Duration::from_millis(300), NOW);
    second.has_its_turn(slots.try_acquire().unwrap(), Duration::ZERO, NOW);
    let both = vec![("statement", Some(0), None), (QUERY, Some(300), None)];
    assert_eq!((health.under_way(), told(&health)), (2, both));
    drop(second);
    assert_eq!((health.under_way(), slots.available_permits()), (1, 1));
    let failed = fault("not_reached");
    first.ended(CallOutcome::Failed, Some(&failed), Duration::from_secs(1), minutes(1));
    assert_eq!(told(&health), [(QUERY, Some(300), Some(CallOutcome::Failed))]);
    assert_eq!((health.under_way(), slots.available_permits()), (0, 2));
    assert_eq!(health.lately(minutes(1)).failed(), 1, "it is counted once");
}

#[test]
fn a_call_under_way_is_told_however_many_end_meanwhile() {
    let (health, slots) = (Health::default(), Semaphore::new(1));
    let mut slow = health.begin("statement", None, NOW);
    slow.has_its_turn(slots.try_acquire().unwrap(), Duration::ZERO, NOW);
    for _ in 0..2 * KEPT_MAX {
        let call = health.begin(QUERY, None, NOW);
        call.ended(CallOutcome::Answered, None, Duration::ZERO, NOW);
    }
    let calls = told(&health);
    assert_eq!((calls.len(), calls[0]), (1 + KEPT_MAX, ("statement", Some(0), None)));
}

#[test]
fn calls_that_are_not_made_while_the_account_rests_leave_the_failures_before_it() {
    let health = Health::default();
    let (failed, rests) = (fault("not_reached"), fault(RESTS));
    let call = health.begin(QUERY, None, NOW);
    call.ended(CallOutcome::Failed, Some(&failed), Duration::ZERO, NOW);
    for _ in 0..2 * KEPT_MAX {
        let call = health.begin(QUERY, None, NOW);
        call.ended(CallOutcome::NotSent, Some(&rests), Duration::ZERO, NOW);
    }
    assert_eq!(told(&health), [(QUERY, None, Some(CallOutcome::Failed))]);
    assert_eq!(health.lately(NOW).failed(), 1 + 2 * KEPT_MAX as u64, "they are counted");
}

#[test]
fn a_call_whose_turn_did_not_come_has_waited_and_says_of_no_turn() {
    let health = Health::default();
    let call = health.begin(QUERY, None, NOW);
    call.has_no_turn(Duration::from_secs(20), NOW);
    let busy = GatewayFault::retry(FaultCause::Here, Problem::new("busy", "too many"));
    call.ended(CallOutcome::NotSent, Some(&busy), Duration::from_secs(20), NOW);
    assert_eq!(told(&health), [(QUERY, None, Some(CallOutcome::NotSent))]);
    assert_eq!(health.lately(NOW).waited_ms_max, 20_000);
}

#[test]
fn only_a_wait_that_one_would_notice_is_one() {
    let health = Health::default();
    health.note_wait(Duration::from_millis(1), NOW);
    health.note_wait(Duration::from_millis(700), NOW);
    let lately = health.lately(NOW);
    assert_eq!((lately.waits, lately.waited_ms_max), (1, 700));
}
