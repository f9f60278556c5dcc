//! What is told from outside. Never refused but where a person tells it; told twice, it changes
//! nothing.

use super::{
    Payment,
    decide::{Answer, ask_about_all, existing},
    draft::Draft,
    facts,
    fallback::{fall_back, or_elsewhere},
    schedule::{ASKS_MAX, deadline, is_lost, is_spent, key_too_old, needs_watch, next_try},
    state::{Attempt, Call, CallState, PaymentDocument},
};
use crate::{
    domain::{Decision, refuse},
    world::{Missing, World},
};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{
        Backoff, CallFault, Observation, ObservationSource, ObservedStatus, Operation,
        PaymentCommand as C, PaymentEvent, PaymentRefusal as R, PaymentStatus as S, Problem,
        QueryReason, RefundSeen, RefundStatus,
    },
};
use std::time::Duration;

type View<'w> = World<'w, Payment>;

/// A payer who comes back twice within so short a time has pressed twice.
const RETURNED_JUST_NOW: Duration = Duration::from_secs(5);

/// The provider has it.
pub fn opened(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    let C::RecordOpened {
        payment,
        attempt,
        provider_ref,
        references,
        redirect_url,
        transfer,
        client,
        expires_at,
        by_hand,
    } = command
    else {
        return refuse(R::NotFound);
    };
    let Some(mut draft) = Draft::of(world, &payment, now)? else {
        return Ok(Decision::nothing(payment));
    };
    let Some(known) = draft.document.attempt(attempt).cloned() else {
        return Ok(Decision::nothing(payment));
    };
    let names: Vec<String> = std::iter::once(provider_ref).chain(references).collect();
    let references = draft.own_references(attempt, names.clone())?;
    // The payer would pay under another payment's name: a new key leads to a new one.
    if names.iter().any(|name| !references.contains(name)) {
        open_anew(&mut draft, attempt, now);
        return Ok(draft.decision());
    }
    let news = references.iter().any(|name| !known.references.contains(name))
        || known.expires_at != expires_at
        || (known.redirect_url != redirect_url && known.closed.is_none())
        || !known.opened;
    if !news {
        return Ok(Decision::nothing(payment));
    }
    draft.push(PaymentEvent::Opened {
        order: draft.order(),
        attempt,
        references,
        redirect_url,
        transfer,
        client,
        expires_at,
        by_hand,
    });
    // It ended while the provider was at it.
    if known.closed.is_some() {
        draft.call_off(attempt);
    }
    Ok(draft.decision())
}

/// Makes an opening again, under a new key, for what the old one brought cannot be used.
fn open_anew(draft: &mut Draft<'_>, attempt: u32, now: Timestamp) {
    let sent = |call: &&Call| call.attempt == attempt && call.operation == Operation::Open;
    let Some(call) = draft.document.calls.iter().find(sent).cloned() else { return };
    if call.state != CallState::Sent {
        return;
    }
    let fault = CallFault::Retry { at: None, fresh_key: true };
    let problem = Problem::new("name_taken", "another payment has this name at the provider");
    let next = next_try(&call, fault, now, Backoff::default().wait(call.tries, 0));
    let (key, operation) = (call.key, call.operation);
    draft.push(PaymentEvent::CallFailed { key, operation, fault, problem, next });
}

/// The payer came back.
pub fn returned(world: &View<'_>, payment: EntityId, now: Timestamp) -> Answer {
    let Some(mut draft) = Draft::of(world, &payment, now)? else {
        return Ok(Decision::nothing(payment));
    };
    let open = draft
        .document
        .attempts
        .iter()
        .any(|attempt| attempt.is_open() && !attempt.by_hand && !attempt.references.is_empty());
    let again = draft
        .document
        .watch
        .is_some_and(|watch| watch.dense && now.since(watch.since) < RETURNED_JUST_NOW);
    if open && !again {
        draft.push(PaymentEvent::PayerReturned);
        ask_about_all(&mut draft, QueryReason::Return, now);
    }
    Ok(draft.decision())
}

/// A call is about to be made that must not be made twice. Only the first who says so may make it.
pub fn call_begun(world: &View<'_>, payment: EntityId, key: String, now: Timestamp) -> Answer {
    let Some(mut draft) = Draft::of(world, &payment, now)? else {
        return Ok(Decision::nothing(payment));
    };
    let Some(call) = draft.document.call(&key) else { return Ok(draft.decision()) };
    if call.state == CallState::Sent && !call.begun {
        let operation = call.operation;
        draft.push(PaymentEvent::CallBegun { key, operation });
    }
    Ok(draft.decision())
}

/// A question that failed is put again as if the payer had just come back: what asked for it may be
/// a notification that comes no second time. Once, for then the schedule is as dense as it gets.
fn hasten(draft: &mut Draft<'_>) {
    let quiet = draft.document.watch.is_some_and(|watch| !watch.dense && !watch.ended);
    if quiet && needs_watch(&draft.document) {
        draft.push(PaymentEvent::WatchHastened);
    }
}

/// A call failed: what is done about it is decided here, and nowhere else.
pub fn call_failed(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    let C::RecordCallFailed {
        payment,
        operation,
        key,
        fault,
        problem,
        jitter_permille,
        backoff,
        ..
    } = command
    else {
        return refuse(R::NotFound);
    };
    let Some(mut draft) = Draft::of(world, &payment, now)? else {
        return Ok(Decision::nothing(payment));
    };
    if operation == Operation::Query {
        let told =
            draft.document.query_problem.as_ref().is_some_and(|old| old.code == problem.code);
        if !told {
            draft.push(PaymentEvent::QueryFailed { problem });
        }
        hasten(&mut draft);
        return Ok(draft.decision());
    }
    let Some(call) = draft.document.call(&key).cloned() else {
        return Ok(Decision::nothing(payment));
    };
    if call.state != CallState::Sent {
        return Ok(Decision::nothing(payment));
    }
    let attempt = draft.document.attempt(call.attempt);
    let unwanted = call.operation == Operation::Open && attempt.is_some_and(|it| it.cancel_asked);
    // What nobody wants any more is not opened again.
    let fault = if unwanted { CallFault::GiveUp } else { fault };
    let next = next_try(&call, fault, now, backoff.wait(call.tries, jitter_permille));
    let fault = or_elsewhere(&draft.document, &call, fault, next, now);
    let spent = match fault {
        CallFault::Retry { .. } => is_spent(&call),
        CallFault::AskFirst { .. } => is_spent(&call) || call.asks >= ASKS_MAX,
        CallFault::GiveUp | CallFault::LeaveToPerson => false,
    };
    let unknown = matches!(fault, CallFault::AskFirst { .. } | CallFault::LeaveToPerson);
    let call = Call { maybe_done: call.maybe_done || unknown, ..call };
    match (fault, call.operation) {
        _ if spent => give_up(&mut draft, &call, problem),
        (CallFault::LeaveToPerson, _) => give_up(&mut draft, &call, problem),
        (CallFault::GiveUp, Operation::Capture | Operation::Cancel) => {
            // Maybe it is done, or cannot be done any more: the provider says how it stands.
            draft.give_up(&call, problem);
            draft.query(call.attempt, QueryReason::Doubt, None);
        }
        _ => {
            let (key, operation) = (key, call.operation);
            let reason = problem.clone();
            draft.push(PaymentEvent::CallFailed { key, operation, fault, problem, next });
            if (fault, operation) == (CallFault::GiveUp, Operation::Open) {
                end_unopened(&mut draft, &call, reason);
            }
        }
    }
    Ok(draft.decision())
}

/// Leaves a call to a person; an attempt that could not be opened has failed with it.
pub fn give_up(draft: &mut Draft<'_>, call: &Call, problem: Problem) {
    draft.give_up(call, problem.clone());
    if call.operation == Operation::Open {
        end_unopened(draft, call, problem);
    }
}

fn end_unopened(draft: &mut Draft<'_>, call: &Call, problem: Problem) {
    let attempt = call.attempt;
    let asked = draft.document.attempt(attempt).is_some_and(|attempt| attempt.cancel_asked);
    let status = if asked { S::Cancelled } else { S::Failed };
    let problem = Some(problem);
    draft.push(PaymentEvent::AttemptClosed { attempt, status, problem });
    if !call.maybe_done {
        fall_back(draft);
    }
}

/// Something is known about it.
pub fn observed(world: &View<'_>, id: EntityId, told: Observation, now: Timestamp) -> Answer {
    let Some(mut draft) = Draft::of(world, &id, now)? else {
        return Ok(Decision::nothing(id));
    };
    observe(&mut draft, told)?;
    Ok(draft.decision())
}

/// Carries what was told into the payment.
pub fn observe(draft: &mut Draft<'_>, mut told: Observation) -> Result<(), Missing> {
    let Some(number) = attempt_of(&draft.document, &told) else { return Ok(()) };
    if told.provider_event.as_ref().is_some_and(|id| draft.document.events_seen.contains(id)) {
        return Ok(());
    }
    told.references = draft.own_references(number, std::mem::take(&mut told.references))?;
    let was = draft.document.attempt(number).cloned();
    let mut after = draft.document.clone();
    facts::merge(&mut after, number, &told);
    let poll = told.source == ObservationSource::Poll;
    let news = after != draft.document || (poll && draft.document.query_problem.is_some());
    let (source, status) = (told.source, told.status);
    if news {
        draft.push(PaymentEvent::Observed { attempt: number, observation: Box::new(told) });
    }
    let (Some(was), Some(is)) = (was, draft.document.attempt(number).cloned()) else {
        return Ok(());
    };
    let over = |attempt: &Attempt| matches!(attempt.status, S::Failed | S::Cancelled | S::Expired);
    if over(&was) && !over(&is) {
        let (order, was) = (draft.order(), draft.document.status);
        draft.push(PaymentEvent::LatePayment { order, attempt: number, was });
    }
    if source == ObservationSource::Poll {
        after_answer(draft, &is);
    } else if news && is_doubtful(&draft.document, &is, status) {
        draft.query(number, QueryReason::Doubt, None);
    }
    Ok(())
}

/// The provider has just said how it stands: what is still not done was not done.
fn after_answer(draft: &mut Draft<'_>, attempt: &Attempt) {
    let now = draft.now;
    let of = |call: &&Call| call.attempt == attempt.attempt;
    for call in draft.document.calls.iter().filter(of).cloned().collect::<Vec<_>>() {
        let asked = call.state == CallState::Unknown && call.asks > 0;
        if call.operation == Operation::Open || !(asked || is_lost(&call, now)) {
            continue;
        }
        let spent = is_spent(&call) || (key_too_old(&call, now) && !call.fresh_key);
        if spent {
            let text = "the provider was asked and has not done it";
            draft.give_up(&call, Problem::new("not_done", text));
        } else {
            draft.repeat(&call);
        }
    }
    // It was asked once more since its time is over, and still nobody has paid.
    if attempt.is_open() && attempt.expiry_asked > 0 && deadline(attempt) <= now {
        expire(draft, attempt.attempt);
    }
}

/// Ends an attempt whose time is over.
pub fn expire(draft: &mut Draft<'_>, attempt: u32) {
    let status = S::Expired;
    draft.push(PaymentEvent::AttemptClosed { attempt, status, problem: None });
}

/// What was told does not fit what is known: a hold after the end, a refund before the money.
fn is_doubtful(
    document: &PaymentDocument,
    attempt: &Attempt,
    status: Option<ObservedStatus>,
) -> bool {
    let held_after_end = status == Some(ObservedStatus::Authorized)
        && matches!(attempt.status, S::Failed | S::Cancelled | S::Expired);
    let refunded_unpaid = attempt.captured_seen == 0
        && document.refunds.iter().any(|refund| {
            refund.attempt == attempt.attempt && refund.status == RefundStatus::Succeeded
        });
    held_after_end || refunded_unpaid
}

/// Which attempt an observation is about: the one it names, else the one it knows by name, else
/// the last.
fn attempt_of(document: &PaymentDocument, told: &Observation) -> Option<u32> {
    if let Some(number) = told.attempt {
        return document.attempt(number).map(|attempt| attempt.attempt);
    }
    let known =
        |attempt: &&Attempt| told.references.iter().any(|name| attempt.references.contains(name));
    let found = document.attempts.iter().find(known).or(document.attempts.last());
    found.map(|attempt| attempt.attempt)
}

/// A person says that the money has come.
pub fn mark_paid(
    world: &View<'_>,
    id: &EntityId,
    amount: Money,
    reference: Option<String>,
    now: Timestamp,
) -> Answer {
    let mut draft = existing(world, id, now)?;
    let by_hand = draft.document.attempts.iter().rev().find(|attempt| attempt.by_hand);
    let Some(attempt) = by_hand else { return refuse(R::NotByHand) };
    super::validate::positive(amount, amount.currency)?;
    let told = Observation {
        attempt: Some(attempt.attempt),
        references: reference.into_iter().collect(),
        captured: Some(amount),
        ..by_operator(Some(ObservedStatus::Paid), now)
    };
    observe(&mut draft, told)?;
    Ok(draft.decision())
}

/// A person says that it will not be paid.
pub fn mark_failed(
    world: &View<'_>,
    id: &EntityId,
    reason: Option<String>,
    now: Timestamp,
) -> Answer {
    let mut draft = existing(world, id, now)?;
    let by_hand = draft.document.attempts.iter().rev().find(|attempt| attempt.by_hand);
    let Some(attempt) = by_hand.cloned() else { return refuse(R::NotByHand) };
    if attempt.is_open() {
        let (attempt, status) = (attempt.attempt, S::Failed);
        let problem = reason.map(|reason| Problem::new("marked_failed", reason));
        draft.push(PaymentEvent::AttemptClosed { attempt, status, problem });
        return Ok(draft.decision());
    }
    if attempt.closed.is_some() {
        return Ok(Decision::nothing(id.clone()));
    }
    refuse(draft.cannot_be("marked as failed"))
}

/// A person says how a refund went.
pub fn mark_refund(
    world: &View<'_>,
    id: &EntityId,
    refund: &EntityId,
    (succeeded, note): (bool, Option<String>),
    now: Timestamp,
) -> Answer {
    let mut draft = existing(world, id, now)?;
    let Some(known) = draft.document.refund(refund).cloned() else {
        return refuse(R::RefundNotFound);
    };
    let by_hand = draft.document.attempt(known.attempt).is_some_and(|attempt| attempt.by_hand);
    let left_to_us =
        |call: &Call| call.refund.as_ref() == Some(refund) && call.state == CallState::GivenUp;
    if !by_hand && !known.by_file && !draft.document.calls.iter().any(left_to_us) {
        return refuse(R::NotByHand);
    }
    let status = if succeeded { RefundStatus::Succeeded } else { RefundStatus::Failed };
    let seen = RefundSeen {
        refund: Some(refund.clone()),
        reference: known.reference.unwrap_or_else(|| refund.to_string()),
        amount: known.amount,
        status,
        problem: note.map(|note| Problem::new("by_hand", note)),
        transfer: None,
    };
    let told =
        Observation { attempt: Some(known.attempt), refunds: vec![seen], ..by_operator(None, now) };
    observe(&mut draft, told)?;
    Ok(draft.decision())
}

fn by_operator(status: Option<ObservedStatus>, now: Timestamp) -> Observation {
    Observation {
        attempt: None,
        references: Vec::new(),
        status,
        amount: None,
        authorized: None,
        captured: None,
        refunded: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        problem: None,
        source: ObservationSource::Operator,
        provider_event: None,
        observed_at: now,
    }
}
