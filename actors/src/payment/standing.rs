//! How a payment stands, as a function of what was told and booked.
//!
//! Nothing here changes anything. The transition table is here and nowhere else.

use super::state::{Attempt, PaymentDocument};
use kontor_messages::{
    EntityId, Money,
    payment::{CaptureMode, DisputeStatus, PaymentStatus, RefundStatus},
};

/// Whether a payment may go from one state to another. What the table does not name is ignored.
pub fn may_move(from: PaymentStatus, to: PaymentStatus) -> bool {
    use PaymentStatus as S;
    let to_any = |allowed: &[S]| allowed.contains(&to);
    match from {
        S::Created => to_any(&[
            S::Pending,
            S::Authorized,
            S::Paid,
            S::Failed,
            S::Cancelled,
            S::Expired,
            S::Held,
        ]),
        S::Pending => {
            to_any(&[S::Authorized, S::Paid, S::Failed, S::Cancelled, S::Expired, S::Held])
        }
        S::Authorized => to_any(&[S::Paid, S::Cancelled, S::Expired, S::Held]),
        S::Paid => to_any(&[S::PartiallyRefunded, S::Refunded, S::Disputed]),
        S::PartiallyRefunded => to_any(&[S::Refunded, S::Paid, S::Disputed]),
        S::Refunded => to_any(&[S::PartiallyRefunded, S::Paid, S::Disputed]),
        S::Disputed => to_any(&[S::Paid, S::PartiallyRefunded, S::Refunded]),
        // Money moved after all: the late payment's path.
        S::Failed | S::Cancelled | S::Expired => to_any(&[S::Paid, S::Authorized, S::Held]),
        S::Held => to_any(&[S::Paid, S::Refunded, S::Failed, S::Cancelled, S::Expired]),
    }
}

/// Where an attempt stands after what was told.
pub fn attempt_status(attempt: &Attempt) -> PaymentStatus {
    if attempt.captured_minor.max(attempt.captured_seen) > 0 {
        return PaymentStatus::Paid;
    }
    if let Some(closed) = &attempt.closed {
        // Only the provider's own word, newer than the end, brings a hold back.
        let alive = attempt.alive_at.is_some_and(|at| closed.at < at);
        if !alive {
            return closed.status;
        }
    }
    if attempt.authorized_seen > 0 {
        PaymentStatus::Authorized
    } else if attempt.opened || attempt.processing {
        PaymentStatus::Pending
    } else {
        PaymentStatus::Created
    }
}

/// What the ledger ought to say of an attempt.
pub struct Target {
    /// Held now.
    pub authorized: i64,
    /// Taken.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Lost in disputes.
    pub charged_back: i64,
}

/// What the ledger ought to say of an attempt after what was told.
pub fn target(document: &PaymentDocument, attempt: &Attempt) -> Target {
    let captured = attempt.captured_seen.max(attempt.captured_minor);
    let held = attempt_status(attempt) == PaymentStatus::Authorized;
    let refunded = given_back(document, attempt).min(captured);
    let lost = sum(document.disputes.iter().filter_map(|dispute| {
        let counts = dispute.attempt == attempt.attempt
            && dispute.status == DisputeStatus::Lost
            && dispute.amount.currency == attempt.currency;
        counts.then_some(dispute.amount.amount_minor)
    }));
    Target {
        authorized: if held { attempt.authorized_seen } else { 0 },
        captured,
        refunded,
        charged_back: lost.min(captured - refunded),
    }
}

/// What can still be given back of an attempt, whatever becomes of refunds under way.
pub fn room(document: &PaymentDocument, attempt: &Attempt) -> i64 {
    let ours = refunds(document, attempt, |status| status < RefundStatus::Cancelled);
    let succeeded = refunds(document, attempt, |status| status == RefundStatus::Succeeded);
    let elsewhere = given_back(document, attempt).saturating_sub(succeeded).max(0);
    let contested = sum(document
        .disputes
        .iter()
        .filter(|dispute| dispute.attempt == attempt.attempt)
        .filter(|dispute| dispute.status != DisputeStatus::Won)
        .map(|dispute| dispute.amount.amount_minor));
    let bound = ours.saturating_add(elsewhere).saturating_add(contested);
    attempt.captured_minor.saturating_sub(bound).max(0)
}

/// What the provider has for an attempt, if that is not what was asked for.
pub fn mismatch(document: &PaymentDocument, attempt: &Attempt) -> Option<Money> {
    let taken = attempt.captured_seen;
    let ended = taken == 0 && attempt.closed.is_some();
    if ended && attempt_status(attempt) != PaymentStatus::Authorized {
        return None;
    }
    // What goes back does so whatever it is.
    if attempt.unwanted || (attempt.accepted && attempt.currency == document.currency) {
        return None;
    }
    if let Some(other) = attempt.other_amount {
        return Some(other);
    }
    if attempt.currency != document.currency {
        return Some(attempt.money(taken.max(attempt.authorized_seen)));
    }
    let partly = document.capture == CaptureMode::Manual && taken < document.amount_minor;
    (taken > 0 && taken != document.amount_minor && !partly).then(|| attempt.money(taken))
}

/// The attempt whose money counts: once it is one, it stays.
pub fn counted(document: &PaymentDocument) -> Option<&Attempt> {
    match document.counted {
        Some(number) => document.attempt(number),
        None => document
            .attempts
            .iter()
            .filter(|attempt| attempt.captured_minor > 0 && !attempt.unwanted)
            .find(|attempt| mismatch(document, attempt).is_none()),
    }
}

/// The attempt that money would be given back of: the one that counts, else one that came wrong.
pub fn refundable(document: &PaymentDocument) -> Option<&Attempt> {
    counted(document)
        .or_else(|| document.attempts.iter().find(|attempt| attempt.captured_minor > 0))
}

/// Where the payment ought to stand.
pub fn standing(document: &PaymentDocument) -> PaymentStatus {
    if let Some(attempt) = counted(document) {
        if contested(document, attempt.attempt) {
            return PaymentStatus::Disputed;
        }
        return paid_standing(attempt);
    }
    let wrong = |attempt: &&Attempt| mismatch(document, attempt).is_some();
    if let Some(attempt) = document.attempts.iter().find(wrong) {
        let back = attempt.captured_minor > 0 && all_given_back(attempt);
        return if back { PaymentStatus::Refunded } else { PaymentStatus::Held };
    }
    let wanted = || document.attempts.iter().filter(|attempt| !attempt.unwanted);
    let any = |status| wanted().any(|attempt| attempt.status == status);
    for status in [PaymentStatus::Authorized, PaymentStatus::Pending, PaymentStatus::Created] {
        if any(status) {
            return status;
        }
    }
    wanted().next_back().map_or(document.status, |attempt| attempt.status)
}

/// Where a paid attempt stands.
pub fn paid_standing(attempt: &Attempt) -> PaymentStatus {
    match attempt.refunded_minor + attempt.charged_back_minor {
        0 => PaymentStatus::Paid,
        back if back < attempt.captured_minor => PaymentStatus::PartiallyRefunded,
        _ => PaymentStatus::Refunded,
    }
}

/// Whether all that came by an attempt has gone back.
pub fn all_given_back(attempt: &Attempt) -> bool {
    attempt.refunded_minor + attempt.charged_back_minor >= attempt.captured_minor
}

/// Whether an attempt's money is contested at the bank now.
pub fn contested(document: &PaymentDocument, attempt: u32) -> bool {
    document
        .disputes
        .iter()
        .any(|dispute| dispute.attempt == attempt && dispute.status == DisputeStatus::Open)
}

/// Whether a refund of the attempt has not come to an end.
pub fn refunding(document: &PaymentDocument, attempt: u32) -> bool {
    document
        .refunds
        .iter()
        .any(|refund| refund.attempt == attempt && refund.status <= RefundStatus::Pending)
}

/// Whether nothing is open and everything that came has gone back.
pub fn at_rest(document: &PaymentDocument) -> bool {
    document.attempts.iter().all(|attempt| {
        let ended = !attempt.is_open() && attempt.status != PaymentStatus::Authorized;
        let quiet = !contested(document, attempt.attempt) && !refunding(document, attempt.attempt);
        ended && quiet && all_given_back(attempt)
    })
}

/// The refund of an id, or of a key.
pub fn find_refund<'a>(
    document: &'a PaymentDocument,
    id: &EntityId,
    key: &str,
) -> Option<&'a super::state::RefundRecord> {
    document
        .refund(id)
        .or_else(|| document.refunds.iter().find(|refund| !key.is_empty() && refund.key == key))
}

/// Refunds that worked, or the provider's own total where that is more and still holds.
fn given_back(document: &PaymentDocument, attempt: &Attempt) -> i64 {
    let named = refunds(document, attempt, |status| status == RefundStatus::Succeeded);
    let told = attempt
        .refunded_seen
        .filter(|seen| attempt.reversed_at.is_none_or(|reversed| reversed < seen.at))
        .map_or(0, |seen| seen.amount_minor);
    named.max(told)
}

fn refunds(
    document: &PaymentDocument,
    attempt: &Attempt,
    counts: impl Fn(RefundStatus) -> bool,
) -> i64 {
    sum(document
        .refunds
        .iter()
        .filter(|refund| refund.attempt == attempt.attempt && counts(refund.status))
        .filter(|refund| refund.amount.currency == attempt.currency)
        .map(|refund| refund.amount.amount_minor))
}

fn sum(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
