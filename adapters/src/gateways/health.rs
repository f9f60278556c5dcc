//! How an account has answered this node lately: what was counted in the last hour, the last failure,
//! and what its provider sent. It takes the same memory however many calls there are, and decides
//! nothing: the breaker does that.

mod last;
mod times;

pub use last::{KEPT_MAX, LastCall, UnderWay};

use super::breaker::{Position, Stand};
use kontor_actors::ports::{GatewayFault, NotificationError};
use kontor_messages::{
    Timestamp,
    payment::{CallFault, CallOutcome},
};
use serde::Serialize;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use times::{TIMES_MS, within};
use utoipa::ToSchema;

/// Counts are kept by steps of five minutes.
const STEP_MS: i64 = 5 * 60 * 1000;
/// Steps that are told of: the one that runs, and as many before it as make an hour.
const STEPS: usize = 12;
/// A shorter wait is none.
const WAIT: Duration = Duration::from_millis(10);
/// Characters of what a failure says, and of its code.
const TEXT_MAX: usize = 300;
/// The code of calls that were not made because the account rests: the failure before it says
/// more.
pub(super) const RESTS: &str = "breaker_open";

/// Why notifications are not taken: as [`reason`] says it.
const REASONS: [&str; 4] = ["unsupported", "unsigned", "not_now", "malformed"];

/// What is known of one account.
#[derive(Default)]
pub struct Health {
    known: Mutex<Known>,
    last: Mutex<last::Last>,
}

#[derive(Default)]
struct Known {
    /// Made with the first count, for most accounts are not in use.
    steps: Option<Box<[Step; STEPS]>>,
    last_answer_at: Option<Timestamp>,
    last_failure: Option<Failure>,
    last_refusal: Option<Failure>,
    last_taken_at: Option<Timestamp>,
    last_not_taken: Option<NotTaken>,
}

/// What was counted in five minutes.
#[derive(Clone, Copy, Default)]
struct Step {
    /// Which five minutes since 1970.
    number: i64,
    calls: [u32; CallOutcome::ALL.len()],
    times: [u32; TIMES_MS.len()],
    waits: u32,
    waited_ms_max: u32,
    taken: u32,
    not_taken: [u32; REASONS.len()],
}

/// A call that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountFailure)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// What was asked.
    #[schema(example = "open")]
    pub operation: &'static str,
    /// What came of it.
    pub outcome: CallOutcome,
    /// In a word, the provider's own if it has one.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A notification that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NotificationNotTaken)]
pub struct NotTaken {
    /// When it came.
    pub at: Timestamp,
    /// Why: `unsupported`, `unsigned`, `not_now` or `malformed`.
    #[schema(example = "unsigned")]
    pub reason: &'static str,
}

/// Notifications that were not taken for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NotificationsNotTaken)]
pub struct NotTakenFor {
    /// Why: `unsupported`, `unsigned`, `not_now` or `malformed`.
    #[schema(example = "unsigned")]
    pub reason: &'static str,
    /// How many.
    pub count: u64,
}

/// Calls of one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountCalls)]
pub struct Calls {
    /// What came of them.
    pub outcome: CallOutcome,
    /// How many.
    pub count: u64,
}

/// What was seen of an account in the last hour, and what was seen last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountLately)]
pub struct Lately {
    /// Calls of the last hour, by what came of them; only outcomes that there were.
    #[schema(max_items = 8)]
    pub calls: Vec<Calls>,
    /// Half of the calls that were made took no longer, in milliseconds, with the wait for their
    /// turn; known to a half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<u64>,
    /// 99 of 100 took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<u64>,
    /// Calls that waited for their turn, for the account takes only so many a second and at once, or
    /// that were put off until it takes them.
    pub waits: u64,
    /// The longest of these waits, in milliseconds.
    pub waited_ms_max: u64,
    /// When it last answered, be it with no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_answer_at: Option<Timestamp>,
    /// The last call that it failed, or that it was not there for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// The last call that it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_refusal: Option<Failure>,
    /// Notifications of the last hour that were taken.
    pub notifications_taken: u64,
    /// Those that were not, for they did not prove from whom they are or could not be read.
    pub notifications_not_taken: u64,
    /// The same by why; only reasons that there were.
    #[schema(max_items = 4)]
    pub not_taken: Vec<NotTakenFor>,
    /// When one was last taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_taken_at: Option<Timestamp>,
    /// The last one that was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_not_taken: Option<NotTaken>,
}

impl Lately {
    /// Calls that the account failed in the last hour.
    pub fn failed(&self) -> u64 {
        let failed = |calls: &&Calls| is_failure(calls.outcome);
        self.calls.iter().filter(failed).map(|calls| calls.count).sum()
    }
}

/// How an account is, as this node has seen it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AccountHealth)]
pub struct Seen {
    /// The provider.
    #[schema(example = "stripe")]
    pub provider: &'static str,
    /// The account's name there.
    #[schema(example = "main")]
    pub account: String,
    /// Whether calls go out.
    pub breaker: Stand,
    /// Calls that are under way now.
    pub under_way: u64,
    /// What was seen lately.
    #[serde(flatten)]
    pub lately: Lately,
}

impl Seen {
    /// How badly it stands: 0 is worst, 3 is well.
    pub fn trouble(&self) -> u8 {
        match self.breaker.position {
            Position::Open => 0,
            Position::HalfOpen => 1,
            Position::Closed if self.breaker.until.is_some() => 2,
            Position::Closed if 0 < self.lately.failed() => 2,
            Position::Closed if 0 < self.lately.notifications_not_taken => 2,
            Position::Closed => 3,
        }
    }
}

/// Whether the provider, or the way to it, is what went wrong.
fn is_failure(outcome: CallOutcome) -> bool {
    match outcome {
        CallOutcome::Failed
        | CallOutcome::TimedOut
        | CallOutcome::Unknown
        | CallOutcome::Throttled
        | CallOutcome::NotSent => true,
        CallOutcome::Answered | CallOutcome::Refused | CallOutcome::LeftToPerson => false,
    }
}

/// Whether a call was not made because its time had not come: that is how the provider wants it, and no
/// failure. A rest after failures is one, and told as such.
fn is_put_off(outcome: CallOutcome, fault: &GatewayFault) -> bool {
    let later = matches!(fault.fault, CallFault::Retry { at: Some(_), .. });
    outcome == CallOutcome::NotSent && later && fault.code != RESTS
}

impl Health {
    /// A call came to an end.
    pub fn note_call(
        &self,
        (operation, outcome): (&'static str, CallOutcome),
        fault: Option<&GatewayFault>,
        took: Duration,
        at: Timestamp,
    ) {
        let mut known = self.lock();
        let step = known.step(at);
        if fault.is_some_and(|fault| is_put_off(outcome, fault)) {
            return add(&mut step.waits);
        }
        let place = CallOutcome::ALL.iter().position(|known| *known == outcome).unwrap_or(0);
        add(&mut step.calls[place]);
        if outcome != CallOutcome::NotSent {
            add(&mut step.times[times::place(took)]);
        }
        let Some(fault) = fault else {
            known.last_answer_at = Some(at);
            return;
        };
        let cut = |text: &str| text.chars().take(TEXT_MAX).collect::<String>();
        let (code, message) = (cut(&fault.code), cut(&fault.message));
        let failure = Failure { at, operation, outcome, code, message };
        match outcome {
            CallOutcome::Refused => {
                (known.last_answer_at, known.last_refusal) = (Some(at), Some(failure));
            }
            outcome if is_failure(outcome) && failure.code != RESTS => {
                known.last_failure = Some(failure);
            }
            _ => {}
        }
    }

    /// A call waited so long for its turn.
    pub fn note_wait(&self, waited: Duration, at: Timestamp) {
        if waited < WAIT {
            return;
        }
        let mut known = self.lock();
        let step = known.step(at);
        add(&mut step.waits);
        let waited_ms = u32::try_from(waited.as_millis()).unwrap_or(u32::MAX);
        step.waited_ms_max = step.waited_ms_max.max(waited_ms);
    }

    /// The provider sent something, and it was taken or not.
    pub fn note_notification<T>(&self, read: &Result<T, NotificationError>, at: Timestamp) {
        let mut known = self.lock();
        let step = known.step(at);
        match read {
            Ok(_) => {
                add(&mut step.taken);
                known.last_taken_at = Some(at);
            }
            Err(fault) => {
                let reason = reason(fault);
                let place = REASONS.iter().position(|known| *known == reason).unwrap_or(0);
                add(&mut step.not_taken[place]);
                known.last_not_taken = Some(NotTaken { at, reason });
            }
        }
    }

    /// What was seen until then.
    pub fn lately(&self, now: Timestamp) -> Lately {
        let known = self.lock();
        let steps = known.steps.iter().flat_map(|steps| steps.iter());
        let mut sum = Step::default();
        let (mut calls, mut times) = ([0_u64; CallOutcome::ALL.len()], [0_u64; TIMES_MS.len()]);
        let mut not_taken = [0_u64; REASONS.len()];
        for step in steps.filter(|step| is_in_hour(step.number, now)) {
            calls.iter_mut().zip(step.calls).for_each(|(all, more)| *all += u64::from(more));
            times.iter_mut().zip(step.times).for_each(|(all, more)| *all += u64::from(more));
            sum.waits = sum.waits.saturating_add(step.waits);
            sum.waited_ms_max = sum.waited_ms_max.max(step.waited_ms_max);
            sum.taken = sum.taken.saturating_add(step.taken);
            not_taken
                .iter_mut()
                .zip(step.not_taken)
                .for_each(|(all, more)| *all += u64::from(more));
        }
        let counted = CallOutcome::ALL.into_iter().zip(calls).filter(|(_, count)| 0 < *count);
        Lately {
            calls: counted.map(|(outcome, count)| Calls { outcome, count }).collect(),
            p50_ms: within(&times, 50),
            p99_ms: within(&times, 99),
            waits: sum.waits.into(),
            waited_ms_max: sum.waited_ms_max.into(),
            last_answer_at: known.last_answer_at,
            last_failure: known.last_failure.clone(),
            last_refusal: known.last_refusal.clone(),
            notifications_taken: sum.taken.into(),
            notifications_not_taken: not_taken.iter().sum(),
            not_taken: REASONS
                .into_iter()
                .zip(not_taken)
                .filter(|(_, count)| 0 < *count)
                .map(|(reason, count)| NotTakenFor { reason, count })
                .collect(),
            last_taken_at: known.last_taken_at,
            last_not_taken: known.last_not_taken,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The step that runs, empty if it has just begun.
    fn step(&mut self, at: Timestamp) -> &mut Step {
        let number = number(at);
        let steps = self.steps.get_or_insert_with(Box::default);
        let place = usize::try_from(number.rem_euclid(STEPS as i64)).unwrap_or(0);
        let step = &mut steps[place];
        if step.number != number {
            *step = Step { number, ..Step::default() };
        }
        step
    }
}

/// Why a notification was not taken, in a word.
pub fn reason(fault: &NotificationError) -> &'static str {
    match fault {
        NotificationError::Unsupported => "unsupported",
        NotificationError::Unsigned => "unsigned",
        NotificationError::NotNow => "not_now",
        NotificationError::Malformed(_) => "malformed",
    }
}

fn number(at: Timestamp) -> i64 {
    at.millis().div_euclid(STEP_MS)
}

/// Whether five minutes are among those that are told of.
fn is_in_hour(step: i64, now: Timestamp) -> bool {
    number(now) - (STEPS as i64) < step
}

/// Whether what happened then is counted now.
fn is_counted(at: Timestamp, now: Timestamp) -> bool {
    is_in_hour(number(at), now)
}

fn add(count: &mut u32) {
    *count = count.saturating_add(1);
}

#[cfg(test)]
mod tests;
