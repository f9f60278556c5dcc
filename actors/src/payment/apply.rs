//! Carries an event into a payment. Never decides, never fails.

use super::{
    birth::{add_call, blank_attempt, blank_refund},
    facts,
    schedule::needs_watch,
    second,
    standing::{self, attempt_status},
    state::{
        Attempt, Call, CallState, Closed, EVENTS_SEEN_MAX, PaymentDocument, RefundRecord, Watch,
    },
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{
        CallFault, DisputeStatus, LedgerKind, Operation, PaymentEvent as E, PaymentStatus as S,
        Problem, RefundStatus,
    },
};

/// Carries an event into a payment.
pub fn apply(document: &mut PaymentDocument, event: &E, at: Timestamp) {
    match event {
        E::Requested { .. }
        | E::CaptureRequested { .. }
        | E::CancelRequested { .. }
        | E::RefundRequested { .. } => requested(document, event, at),
        E::CallFailed { .. }
        | E::CallBegun { .. }
        | E::CallAsked { .. }
        | E::CallRepeated { .. }
        | E::CallGivenUp { .. } => call_went(document, event, at),
        // What follows from it is told by other events.
        E::Called { call, .. } => {
            if let Some(attempt) = document.attempt_mut(call.attempt) {
                attempt.last_call = Some(call.id);
            }
            return;
        }
        E::Opened { .. } | E::Observed { .. } | E::AttemptClosed { .. } | E::Booked { .. } => {
            told(document, event, at);
        }
        E::QueryRequested { .. }
        | E::QueryFailed { .. }
        | E::WatchHastened
        | E::WatchEnded { .. }
        | E::PayerReturned => watched(document, event, at),
        E::Pending { .. }
        | E::Authorized { .. }
        | E::Paid { .. }
        | E::Refunded { .. }
        | E::RefundReversed { .. }
        | E::Failed { .. }
        | E::Cancelled { .. }
        | E::Expired { .. }
        | E::Mismatch { .. }
        | E::MismatchAccepted { .. }
        | E::PaidTwice { .. }
        | E::SecondPaymentQueued { .. }
        | E::SecondPaymentOverdue { .. }
        | E::SecondPaymentDecided { .. }
        | E::LatePayment { .. }
        | E::RefundFailed { .. }
        | E::Disputed { .. }
        | E::DisputeClosed { .. }
        | E::SettleRequested { .. }
        | E::Settled { .. } => stands(document, event, at),
        E::NotificationReceived { .. }
        | E::NotificationMatched { .. }
        | E::NotificationUnmatched { .. }
        | E::NotificationAbandoned => {}
    }
    tidy(document, at);
}

/// Something is asked of the provider.
fn requested(document: &mut PaymentDocument, event: &E, at: Timestamp) {
    match event {
        E::Requested { provider, account, until, attempt, call, .. } => {
            document.until = *until;
            let new = blank_attempt(document, *attempt, (provider, account), *until);
            document.attempts.push(new);
            add_call(document, Operation::Open, *attempt, call, (None, None), at);
        }
        E::CaptureRequested { attempt, amount, call, .. } => {
            add_call(document, Operation::Capture, *attempt, call, (None, Some(*amount)), at);
            rewatch(document, at, false);
        }
        E::CancelRequested { attempt, call, .. } => {
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.cancel_asked = true;
            }
            add_call(document, Operation::Cancel, *attempt, call, (None, None), at);
            rewatch(document, at, false);
        }
        E::RefundRequested { refund, attempt, amount, key, reason, automatic, call, .. } => {
            document.refunds.push(RefundRecord {
                key: key.clone(),
                reason: reason.clone(),
                automatic: *automatic,
                ..blank_refund(refund, *attempt, *amount, at)
            });
            let of = (Some(refund.clone()), Some(*amount));
            add_call(document, Operation::Refund, *attempt, call, of, at);
            rewatch(document, at, false);
        }
        _ => {}
    }
}

/// A call went wrong, or is made again.
fn call_went(document: &mut PaymentDocument, event: &E, at: Timestamp) {
    match event {
        E::CallFailed { key, fault, problem, next, .. } => {
            let Some(call) = document.call_mut(key) else { return };
            call.begun = false;
            call.problem = Some(problem.clone());
            call.next = Some(*next);
            call.maybe_done |= matches!(fault, CallFault::AskFirst { .. });
            (call.state, call.fresh_key) = match fault {
                CallFault::Retry { fresh_key, .. } => (CallState::Waiting, *fresh_key),
                CallFault::AskFirst { fresh_key } => (CallState::Unknown, *fresh_key),
                CallFault::GiveUp | CallFault::LeaveToPerson => (CallState::GivenUp, true),
            };
            if call.state == CallState::GivenUp {
                call.next = None;
            }
            let refund = call.refund.clone();
            let status = match fault {
                CallFault::Retry { .. } => return,
                CallFault::AskFirst { .. } | CallFault::LeaveToPerson => RefundStatus::Unknown,
                CallFault::GiveUp => RefundStatus::Failed,
            };
            mark_refund(document, refund.as_ref(), status, Some(problem));
        }
        E::CallBegun { key, .. } => {
            if let Some(call) = document.call_mut(key) {
                call.begun = true;
            }
        }
        E::CallAsked { key, next } => {
            if let Some(call) = document.call_mut(key) {
                call.asks += 1;
                call.next = Some(*next);
            }
        }
        E::CallRepeated { key, attempt, call: again, .. } => {
            if let Some(call) = document.call_mut(key) {
                if call.key != again.key {
                    call.key.clone_from(&again.key);
                    call.sequence = again.sequence;
                    call.key_since = at;
                }
                if call.state == CallState::GivenUp {
                    (call.tries, call.asks) = (0, 0);
                }
                call.state = CallState::Sent;
                call.tries += 1;
                call.sent_at = at;
                call.next = None;
                call.fresh_key = false;
            }
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.calls_made = attempt.calls_made.max(again.sequence);
            }
        }
        E::CallGivenUp { key, problem, .. } => {
            let Some(call) = document.call_mut(key) else { return };
            call.state = CallState::GivenUp;
            call.begun = false;
            call.next = None;
            call.problem = Some(problem.clone());
            let refund = call.refund.clone();
            mark_refund(document, refund.as_ref(), RefundStatus::Unknown, Some(problem));
        }
        _ => {}
    }
}

/// Facts and money.
fn told(document: &mut PaymentDocument, event: &E, at: Timestamp) {
    match event {
        E::Opened {
            attempt,
            references,
            redirect_url,
            transfer,
            client,
            expires_at,
            by_hand,
            ..
        } => {
            let Some(attempt) = document.attempt_mut(*attempt) else { return };
            attempt.opened = true;
            attempt.by_hand = *by_hand;
            attempt.expires_at = *expires_at;
            for reference in references {
                facts::add_reference(attempt, reference);
            }
            // Nobody is sent to pay what has ended.
            if attempt.closed.is_none() {
                attempt.redirect_url.clone_from(redirect_url);
                attempt.transfer.clone_from(transfer);
                let paid = attempt.captured_minor > 0 || attempt.authorized_minor > 0;
                attempt.client = client.clone().filter(|_| !paid);
            }
            attempt.status = attempt_status(attempt);
        }
        E::Observed { attempt, observation } => {
            facts::merge(document, *attempt, observation);
            document.query_problem = None;
            if let Some(id) = &observation.provider_event {
                if document.events_seen.len() >= EVENTS_SEEN_MAX {
                    document.events_seen.remove(0);
                }
                document.events_seen.push(id.clone());
            }
        }
        E::AttemptClosed { attempt, status, problem } => {
            let Some(attempt) = document.attempt_mut(*attempt) else { return };
            match &mut attempt.closed {
                Some(closed) => closed.at = closed.at.max(at),
                None => attempt.closed = Some(Closed { status: *status, at, ours: true }),
            }
            attempt.redirect_url = None;
            attempt.transfer = None;
            attempt.client = None;
            if problem.is_some() {
                attempt.problem.clone_from(problem);
            }
            attempt.status = attempt_status(attempt);
        }
        E::Booked { attempt, kind, amount, .. } => {
            book(document, *attempt, *kind, amount.amount_minor);
        }
        _ => {}
    }
}

fn book(document: &mut PaymentDocument, number: u32, kind: LedgerKind, amount: i64) {
    let Some(attempt) = document.attempt_mut(number) else { return };
    let less = |of: i64| of.saturating_sub(amount).max(0);
    match kind {
        LedgerKind::Authorize => attempt.authorized_minor += amount,
        LedgerKind::Capture => {
            attempt.captured_minor = attempt.captured_minor.saturating_add(amount);
            attempt.authorized_minor = less(attempt.authorized_minor);
        }
        LedgerKind::Void => attempt.authorized_minor = less(attempt.authorized_minor),
        LedgerKind::Refund => attempt.refunded_minor += amount,
        LedgerKind::RefundReversal => attempt.refunded_minor = less(attempt.refunded_minor),
        LedgerKind::Chargeback => attempt.charged_back_minor += amount,
        LedgerKind::ChargebackReversal => {
            attempt.charged_back_minor = less(attempt.charged_back_minor);
        }
    }
    attempt.status = attempt_status(attempt);
    if matches!(kind, LedgerKind::Authorize | LedgerKind::Capture) {
        // The payer has done it.
        attempt.client = None;
        document.settled_at = None;
    }
    recount(document);
}

/// What of all that is booked counts.
fn recount(document: &mut PaymentDocument) {
    let counted = standing::counted(document).cloned();
    document.counted = counted.as_ref().map(|attempt| attempt.attempt);
    let held = |attempt: &Attempt| {
        if attempt.currency == document.currency { attempt.authorized_minor } else { 0 }
    };
    document.authorized_minor = document.attempts.iter().map(held).fold(0, i64::saturating_add);
    document.captured_minor = counted.as_ref().map_or(0, |attempt| attempt.captured_minor);
    document.refunded_minor = counted.as_ref().map_or(0, |attempt| attempt.refunded_minor);
    document.charged_back_minor = counted.map_or(0, |attempt| attempt.charged_back_minor);
}

/// When the provider is asked.
fn watched(document: &mut PaymentDocument, event: &E, at: Timestamp) {
    match event {
        E::QueryRequested { attempt, query, reason, step, .. } => {
            document.queries = document.queries.max(*query);
            if let (Some(step), Some(watch)) = (step, &mut document.watch) {
                watch.step = *step;
            }
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.last_query = *query;
                attempt.asked_at = Some(at);
                if *reason == kontor_messages::payment::QueryReason::Expiry {
                    attempt.expiry_asked += 1;
                }
            }
        }
        E::QueryFailed { problem } => document.query_problem = Some(problem.clone()),
        E::WatchEnded { .. } => {
            if let Some(watch) = &mut document.watch {
                watch.ended = true;
            }
        }
        E::PayerReturned | E::WatchHastened => rewatch(document, at, true),
        _ => {}
    }
}

/// Where the payment stands.
fn stands(document: &mut PaymentDocument, event: &E, at: Timestamp) {
    match event {
        E::Pending { .. } => document.status = S::Pending,
        E::Authorized { .. } => {
            document.status = S::Authorized;
            rewatch(document, at, false);
        }
        E::Paid { .. } => document.status = S::Paid,
        E::Refunded { status, .. } | E::RefundReversed { status, .. } => document.status = *status,
        E::Failed { .. } => document.status = S::Failed,
        E::Cancelled { .. } => document.status = S::Cancelled,
        E::Expired { .. } => document.status = S::Expired,
        E::Mismatch { attempt, status, .. } => {
            document.status = *status;
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.mismatch_told = true;
            }
        }
        E::MismatchAccepted { attempt, .. } => {
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.accepted = true;
            }
            recount(document);
        }
        E::PaidTwice { attempt, .. } => {
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.twice_told = true;
            }
        }
        E::SecondPaymentQueued { .. }
        | E::SecondPaymentOverdue { .. }
        | E::SecondPaymentDecided { .. }
        | E::LatePayment { .. } => second::apply(document, event),
        E::RefundFailed { refund, .. } => {
            let failed = document.refunds.iter_mut().find(|known| known.refund == *refund);
            if let Some(failed) = failed {
                failed.failure_told = true;
            }
        }
        E::Disputed { reference, .. } => {
            document.status = S::Disputed;
            tell_dispute(document, reference, DisputeStatus::Open);
        }
        E::DisputeClosed { reference, outcome, status, .. } => {
            document.status = *status;
            tell_dispute(document, reference, *outcome);
        }
        E::SettleRequested { round, .. } => {
            document.settle_round = *round;
            document.calls.retain(|call| call.state != CallState::GivenUp);
        }
        E::Settled { .. } => document.settled_at = Some(at),
        _ => {}
    }
}

fn tell_dispute(document: &mut PaymentDocument, reference: &str, told: DisputeStatus) {
    let known = document.disputes.iter_mut().find(|dispute| dispute.reference == reference);
    if let Some(dispute) = known {
        dispute.told = Some(told);
    }
}

fn mark_refund(
    document: &mut PaymentDocument,
    refund: Option<&EntityId>,
    status: RefundStatus,
    problem: Option<&Problem>,
) {
    let known = document.refunds.iter_mut().find(|known| Some(&known.refund) == refund);
    if let Some(refund) = known {
        refund.failed_here |= status == RefundStatus::Failed && refund.status < status;
        refund.status = refund.status.max(status);
        refund.problem = problem.cloned();
    }
}

/// Drops calls whose result is known, and begins or ends looking after the payment.
fn tidy(document: &mut PaymentDocument, at: Timestamp) {
    let mut calls = std::mem::take(&mut document.calls);
    calls.retain(|call| !is_done(document, call));
    document.calls = calls;
    match (needs_watch(document), document.watch) {
        (true, None) => rewatch(document, at, false),
        (false, Some(_)) => document.watch = None,
        _ => {}
    }
}

fn is_done(document: &PaymentDocument, call: &Call) -> bool {
    let Some(attempt) = document.attempt(call.attempt) else { return true };
    let taken = attempt.captured_seen > 0;
    match call.operation {
        Operation::Open => {
            attempt.opened || attempt.authorized_seen > 0 || taken || {
                // While it is under way its answer is waited for, whatever was decided meanwhile.
                attempt.closed.is_some() && call.state != CallState::Sent
            }
        }
        Operation::Capture => taken || attempt.status != S::Authorized,
        Operation::Cancel => {
            // An end that only we know of is still to be told to a provider that has it.
            let nameless = attempt.references.is_empty();
            taken || attempt.closed.is_some_and(|closed| !closed.ours || nameless)
        }
        Operation::Refund => {
            let refund = call.refund.as_ref().and_then(|id| document.refund(id));
            refund.is_none_or(|refund| refund.status >= RefundStatus::Pending)
        }
        Operation::Query => true,
    }
}

fn rewatch(document: &mut PaymentDocument, at: Timestamp, dense: bool) {
    document.watch = Some(Watch { since: at, step: 0, dense, ended: false });
}
