//! When something is done again: queries, calls that failed, ends.
//!
//! All of it is a function of the state, so a missed instant is made up for at the next one.

use super::{
    second::overdue_at,
    standing::refunding,
    state::{Attempt, Call, CallState, PaymentDocument, Watch},
};
use kontor_messages::{
    Timestamp,
    payment::{CallFault, Operation, PaymentStatus},
};
use std::time::Duration;

/// How often an opening is tried, about an hour: the payer waits in front of it.
const OPEN_TRIES_MAX: u32 = 12;
/// The same while another account could open it.
const OPEN_TRIES_BEFORE_NEXT: u32 = 3;
/// And so long a wait is too long then.
const OPEN_WAIT_BEFORE_NEXT: Duration = Duration::from_secs(20);
/// How often any other call is tried, about eight hours.
const TRIES_MAX: u32 = 40;
/// How often it is asked what became of a call before a person must look.
pub const ASKS_MAX: u32 = 7;
/// How often the provider is asked once more before a payment expires unanswered.
pub const EXPIRY_ASKS_MAX: u32 = 3;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// After how many seconds the provider is asked while nobody is known to have paid.
const QUIET: [u64; 7] = [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR];
/// The same once the payer has come back.
const RETURNED: [u64; 8] = [5, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE];
/// After how many seconds it is asked what became of a call.
const UNKNOWN: [u64; 2] = [5 * MINUTE, HOUR];
/// After how many seconds a notification's payment is looked for again; soon at first, for it may have
/// come before the answer to the opening.
const UNMATCHED: [u64; 7] = [2, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR];
/// How often a notification's payment is looked for.
pub const MATCHES_MAX: u32 = 12;

/// A key is good for a day at the providers; an hour is left for clocks and queues.
const KEY_LIFE: Duration = Duration::from_secs(23 * HOUR);
/// A call that was answered by nobody for so long is taken for lost.
const CALL_LOST: Duration = Duration::from_secs(HOUR);
/// A payment that the bank is at may take so much longer.
const PROCESSING: Duration = Duration::from_secs(14 * DAY);
/// How long a person has to decide about a second payment.
pub const SECOND_DECIDED_WITHIN: Duration = Duration::from_secs(3 * DAY);
/// Money may come so long after the end.
const AFTERWARDS: Duration = Duration::from_secs(2 * DAY);
/// No hold and no refund takes longer.
const WATCH_MAX: Duration = Duration::from_secs(31 * DAY);
/// The answer is waited for so long before it expires, or is asked again.
const EXPIRY_ASK_EVERY: Duration = Duration::from_secs(10 * MINUTE);

/// When the payment must be woken.
pub fn due(document: &PaymentDocument) -> Option<Timestamp> {
    let ends = document.attempts.iter().filter(|attempt| attempt.is_open()).map(ends_at);
    let calls = document.calls.iter().filter_map(|call| call.next);
    let seconds = document.attempts.iter().filter_map(overdue_at);
    ends.chain(calls).chain(seconds).chain(query_due(document)).min()
}

/// When an open attempt is ended, or asked about once more before that.
pub fn ends_at(attempt: &Attempt) -> Timestamp {
    let asked = attempt.asked_at.filter(|_| attempt.expiry_asked > 0);
    asked.map_or_else(|| deadline(attempt), |at| at.plus(EXPIRY_ASK_EVERY).max(deadline(attempt)))
}

/// Until when an attempt may be paid.
pub fn deadline(attempt: &Attempt) -> Timestamp {
    let base = attempt.expires_at.unwrap_or(attempt.until);
    if attempt.processing { base.plus(PROCESSING) } else { base }
}

/// When the provider is asked next by schedule.
pub fn query_due(document: &PaymentDocument) -> Option<Timestamp> {
    let watch = document.watch.filter(|watch| !watch.ended)?;
    Some(watch.since.plus(spread(&watch, offset(&watch, watch.step))))
}

/// The step of the schedule that comes after now; what was missed is not made up for one by one.
pub fn step_after(watch: &Watch, now: Timestamp) -> u32 {
    let mut step = watch.step + 1;
    while watch.since.plus(spread(watch, offset(watch, step))) <= now {
        step += 1;
    }
    step
}

/// Whether the schedule has run for long enough.
pub fn watch_over(document: &PaymentDocument, watch: &Watch, now: Timestamp) -> bool {
    let only_ended = document
        .attempts
        .iter()
        .filter(|attempt| needs_query(document, attempt))
        .all(|attempt| attempt.closed.is_some_and(|closed| closed.ours));
    let last = document.attempts.iter().map(deadline).max().unwrap_or(watch.since);
    let end =
        if only_ended { last.plus(AFTERWARDS) } else { watch.since.max(last).plus(WATCH_MAX) };
    end <= now
}

/// Whether the provider has something to say about an attempt that is not known yet.
pub fn needs_query(document: &PaymentDocument, attempt: &Attempt) -> bool {
    let asks = !attempt.by_hand && !attempt.references.is_empty();
    let unsure = attempt.is_open()
        || attempt.status == PaymentStatus::Authorized
        || attempt.closed.is_some_and(|closed| closed.ours && attempt.captured_seen == 0)
        || refunding(document, attempt.attempt);
    asks && unsure
}

/// Whether the payment is to be looked after at all.
pub fn needs_watch(document: &PaymentDocument) -> bool {
    document.attempts.iter().any(|attempt| needs_query(document, attempt))
}

/// When a call that failed goes on; what was not done waits so long, unless it is told when.
pub fn next_try(call: &Call, fault: CallFault, now: Timestamp, wait: Duration) -> Timestamp {
    match fault {
        CallFault::Retry { at, .. } => at.map_or(now.plus(wait), |at| at.max(now)),
        CallFault::AskFirst { .. } | CallFault::GiveUp | CallFault::LeaveToPerson => {
            next_ask(call.asks, now)
        }
    }
}

/// When it is asked, or asked again, what became of a call.
pub fn next_ask(asks: u32, now: Timestamp) -> Timestamp {
    let wait = UNKNOWN.get(asks as usize).copied().unwrap_or(DAY);
    now.plus(seconds(wait))
}

/// When a notification's payment is looked for again.
pub fn next_match(tries: u32, now: Timestamp) -> Timestamp {
    let wait = UNMATCHED.get(tries as usize).copied().unwrap_or(DAY);
    now.plus(seconds(wait))
}

/// Whether a call was made often enough; then a person must look.
pub fn is_spent(call: &Call) -> bool {
    let most = if call.operation == Operation::Open { OPEN_TRIES_MAX } else { TRIES_MAX };
    call.tries >= most
}

/// Whether an opening has waited long enough, or would wait too long, for another account to be
/// tried instead.
pub fn waits_too_long(call: &Call, next: Timestamp, now: Timestamp) -> bool {
    call.tries >= OPEN_TRIES_BEFORE_NEXT || next.since(now) > OPEN_WAIT_BEFORE_NEXT
}

/// Whether the provider may have forgotten the call's key, so that it would do the same again.
pub fn key_too_old(call: &Call, now: Timestamp) -> bool {
    now.since(call.key_since) > KEY_LIFE
}

/// Whether nobody has answered the call for so long that nobody will.
pub fn is_lost(call: &Call, now: Timestamp) -> bool {
    call.state == CallState::Sent && now.since(call.sent_at) > CALL_LOST
}

/// Seconds after the beginning of the watch.
fn offset(watch: &Watch, step: u32) -> u64 {
    let table: &[u64] = if watch.dense { &RETURNED } else { &QUIET };
    if let Some(after) = table.get(step as usize) {
        return *after;
    }
    let beyond = u64::from(step) - table.len() as u64;
    // After the payer's return the quiet schedule goes on where the dense one ends.
    let late = if watch.dense { &QUIET[3..] } else { &[] };
    match late.get(beyond as usize) {
        Some(after) => *after,
        None => (beyond - late.len() as u64 + 1) * DAY,
    }
}

/// Up to a fifth later, the same for the same payment, so that payments do not ask in step.
fn spread(watch: &Watch, after: u64) -> Duration {
    let permille = watch.since.millis().unsigned_abs() % 200;
    Duration::from_millis(after * (1000 + permille))
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
