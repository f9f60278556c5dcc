//! What is told about a payment, merged into what is known.
//!
//! Each fact only grows (the largest amount, the latest time, the greatest status), so order and
//! repetition of the telling make no difference. Nothing is booked here.

use super::{
    birth::blank_refund,
    standing::attempt_status,
    state::{
        Attempt, Call, CallState, Closed, DISPUTES_MAX, DisputeRecord, PaymentDocument,
        REFERENCES_MAX, REFUNDS_MAX, RefundRecord, Seen,
    },
};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{
        DisputeSeen, DisputeStatus, Observation, ObservationSource, ObservedStatus, PaymentStatus,
        RefundSeen, RefundStatus,
    },
};

/// Merges what was told about an attempt.
pub fn merge(document: &mut PaymentDocument, number: u32, told: &Observation) {
    let asked = document.amount();
    let Some(attempt) = document.attempt_mut(number) else { return };
    for reference in &told.references {
        add_reference(attempt, reference);
    }
    if let Some(problem) = &told.problem {
        attempt.problem = Some(problem.clone());
    }
    if let Some(status) = told.status {
        merge_status(attempt, status, told, asked);
    }
    if let Some(amount) = told.amount.filter(|amount| *amount != asked) {
        attempt.other_amount.get_or_insert(amount);
    }
    if let Some(refunded) = told.refunded.filter(|money| money.currency == attempt.currency) {
        let seen = Seen { amount_minor: refunded.amount_minor.max(0), at: told.observed_at };
        // Of two totals of one instant the larger is the later one.
        let newest = |seen: &Seen| (seen.at, seen.amount_minor);
        if attempt.refunded_seen.as_ref().is_none_or(|old| newest(old) < newest(&seen)) {
            attempt.refunded_seen = Some(seen);
        }
    }
    attempt.status = attempt_status(attempt);
    for refund in &told.refunds {
        merge_refund(document, number, refund, told);
    }
    for dispute in &told.disputes {
        merge_dispute(document, number, dispute);
    }
}

/// Adds a name that the provider has for an attempt.
pub fn add_reference(attempt: &mut Attempt, reference: &str) {
    let known = attempt.references.iter().any(|old| old == reference);
    if !known && !reference.is_empty() && attempt.references.len() < REFERENCES_MAX {
        attempt.references.push(reference.to_owned());
    }
}

fn merge_status(attempt: &mut Attempt, status: ObservedStatus, told: &Observation, asked: Money) {
    let (authorized, captured) = (told.authorized, told.captured);
    match status {
        ObservedStatus::Created => attempt.opened = true,
        ObservedStatus::Pending => {
            attempt.opened = true;
            attempt.processing = true;
        }
        ObservedStatus::Authorized => {
            let money = authorized.unwrap_or(asked);
            if let Some(amount) = in_currency(attempt, money) {
                attempt.authorized_seen = attempt.authorized_seen.max(amount);
            }
            if money != asked && captured.is_none_or(Money::is_zero) {
                attempt.other_amount.get_or_insert(money);
            }
            let fresh = matches!(told.source, ObservationSource::Poll | ObservationSource::Answer);
            if fresh {
                attempt.alive_at = attempt.alive_at.max(Some(told.observed_at));
            }
        }
        ObservedStatus::Paid => {
            let money = captured.or(told.amount).unwrap_or(asked);
            if let Some(amount) = in_currency(attempt, money) {
                attempt.captured_seen = attempt.captured_seen.max(amount);
            } else if money.currency != attempt.currency {
                attempt.other_amount.get_or_insert(money);
            }
        }
        ObservedStatus::Failed => close(attempt, PaymentStatus::Failed, told.observed_at),
        ObservedStatus::Cancelled => close(attempt, PaymentStatus::Cancelled, told.observed_at),
        ObservedStatus::Expired => close(attempt, PaymentStatus::Expired, told.observed_at),
    }
}

/// The amount in the attempt's currency, which follows the first money that comes.
fn in_currency(attempt: &mut Attempt, money: Money) -> Option<i64> {
    if attempt.authorized_seen == 0 && attempt.captured_seen == 0 && money.amount_minor > 0 {
        attempt.currency = money.currency;
    }
    (money.currency == attempt.currency).then_some(money.amount_minor.max(0))
}

/// The provider says that it ended. The first word on how is final; the time may move on.
fn close(attempt: &mut Attempt, status: PaymentStatus, at: Timestamp) {
    let status = match status {
        // An end that we asked for, or that of a hold, is no failure of the payer.
        PaymentStatus::Expired if attempt.cancel_asked => PaymentStatus::Cancelled,
        PaymentStatus::Failed if attempt.authorized_seen > 0 => PaymentStatus::Cancelled,
        other => other,
    };
    match &mut attempt.closed {
        Some(closed) => {
            closed.at = closed.at.max(at);
            closed.ours = false;
        }
        None => attempt.closed = Some(Closed { status, at, ours: false }),
    }
    attempt.client = None;
}

fn merge_refund(document: &mut PaymentDocument, number: u32, told: &RefundSeen, all: &Observation) {
    let at = all.observed_at;
    let by_name = |refund: &RefundRecord| refund.reference.as_ref() == Some(&told.reference);
    let ours = told.refund.as_ref().filter(|id| document.refund(id).is_some());
    let id = match ours {
        Some(id) => {
            // It may have been told without our id before.
            document.refunds.retain(|refund| refund.refund == *id || !by_name(refund));
            id.clone()
        }
        None => match document.refunds.iter().find(|refund| by_name(refund)).or_else(|| {
            document.refunds.iter().find(|refund| is_unnamed(document, refund, number, told))
        }) {
            Some(known) => known.refund.clone(),
            None => match adopt(document, number, told, at) {
                Some(id) => id,
                None => return,
            },
        },
    };
    let mut failed_of = None;
    if let Some(refund) = document.refunds.iter_mut().find(|refund| refund.refund == id) {
        refund.reference = Some(told.reference.clone());
        refund.by_file |= told.transfer.is_some();
        if told.amount.amount_minor > 0 && told.amount.currency == refund.amount.currency {
            refund.amount = told.amount;
        }
        if told.problem.is_some() {
            refund.problem.clone_from(&told.problem);
        }
        refund.status =
            if refund.failed_here { told.status } else { refund.status.max(told.status) };
        let here = all.source == ObservationSource::Operator;
        refund.failed_here = here && told.status >= RefundStatus::Cancelled;
        failed_of = (told.status >= RefundStatus::Cancelled).then_some(refund.attempt);
    }
    if let Some(attempt) = failed_of.and_then(|number| document.attempt_mut(number)) {
        attempt.reversed_at = attempt.reversed_at.max(Some(at));
    }
}

/// Whether what is told without an id of ours is a refund whose outcome nobody knew, or that a person
/// has spoken for: the provider had no name for it yet, and all else is the same. One that was begun
/// and whose answer has not come may have lost it with the node that asked.
fn is_unnamed(
    document: &PaymentDocument,
    refund: &RefundRecord,
    number: u32,
    told: &RefundSeen,
) -> bool {
    let id = &refund.refund;
    let lost = |call: &Call| {
        call.refund.as_ref() == Some(id)
            && (call.begun || matches!(call.state, CallState::Unknown | CallState::GivenUp))
    };
    let unnamed = match &refund.reference {
        Some(reference) => reference == id.as_str(),
        None => document.calls.iter().any(lost),
    };
    unnamed && told.refund.is_none() && refund.attempt == number && refund.amount == told.amount
}

/// A refund that was made at the provider, or of which only the provider knows.
fn adopt(
    document: &mut PaymentDocument,
    number: u32,
    told: &RefundSeen,
    at: Timestamp,
) -> Option<EntityId> {
    if document.refunds.len() >= REFUNDS_MAX {
        let spent = |refund: &RefundRecord| refund.status >= RefundStatus::Cancelled;
        let place = document.refunds.iter().position(spent)?;
        document.refunds.remove(place);
    }
    let id = told.refund.clone().or_else(|| EntityId::parse(&told.reference).ok())?;
    document.refunds.push(RefundRecord {
        status: told.status,
        reference: Some(told.reference.clone()),
        ..blank_refund(&id, number, told.amount, at)
    });
    Some(id)
}

fn merge_dispute(document: &mut PaymentDocument, number: u32, told: &DisputeSeen) {
    let known = document.disputes.iter_mut().find(|dispute| dispute.reference == told.reference);
    if let Some(dispute) = known {
        dispute.status = dispute.status.max(told.status);
        dispute.amount = if dispute.amount.amount_minor < told.amount.amount_minor {
            told.amount
        } else {
            dispute.amount
        };
        dispute.respond_by = dispute.respond_by.max(told.respond_by);
        return;
    }
    if document.disputes.len() >= DISPUTES_MAX {
        let won = |dispute: &DisputeRecord| dispute.status == DisputeStatus::Won;
        let Some(place) = document.disputes.iter().position(won) else { return };
        document.disputes.remove(place);
    }
    document.disputes.push(DisputeRecord {
        reference: told.reference.clone(),
        attempt: number,
        amount: told.amount,
        status: told.status,
        told: None,
        reason: told.reason.clone(),
        respond_by: told.respond_by,
    });
}
