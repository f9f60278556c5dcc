//! The next account, when one could not open the payment.
//!
//! Only what was surely not done is done elsewhere: while nobody knows whether an account has
//! opened it, no other is tried. A payer who was declined is no reason either.

use super::{
    draft::Draft,
    schedule::waits_too_long,
    state::{ATTEMPTS_MAX, Call, PaymentDocument},
};
use kontor_messages::{
    Timestamp,
    payment::{AccountName, CallFault, Operation, PaymentEvent, PaymentStatus as S},
};

/// What a failed opening comes to: with another account at hand, it is given up sooner.
pub fn or_elsewhere(
    document: &PaymentDocument,
    call: &Call,
    fault: CallFault,
    next: Timestamp,
    now: Timestamp,
) -> CallFault {
    let elsewhere = call.operation == Operation::Open
        && matches!(fault, CallFault::Retry { .. })
        && !call.maybe_done
        && next_account(document, now).is_some()
        && waits_too_long(call, next, now);
    if elsewhere { CallFault::GiveUp } else { fault }
}

/// Opens the payment with the next account, if there is one and nothing else is under way.
pub fn fall_back(draft: &mut Draft<'_>) {
    let ended = |status| matches!(status, S::Failed | S::Cancelled | S::Expired);
    if !draft.document.attempts.iter().all(|attempt| ended(attempt.status)) {
        return;
    }
    let Some(name) = next_account(&draft.document, draft.now).cloned() else { return };
    let attempt = u32::try_from(draft.document.attempts.len()).unwrap_or(u32::MAX) + 1;
    let event = another_attempt(draft, attempt, name, draft.document.until);
    draft.push(event);
}

/// The first account that was not tried.
fn next_account(document: &PaymentDocument, now: Timestamp) -> Option<&AccountName> {
    let over = document.settle_round > 0
        || document.until <= now
        || document.attempts.len() >= ATTEMPTS_MAX
        || document.attempts.iter().any(|attempt| attempt.cancel_asked);
    let tried = |name: &AccountName| {
        let same = |(provider, account): (&str, &str)| {
            provider == name.provider && account == name.account
        };
        document.attempts.iter().any(|attempt| same((&attempt.provider, &attempt.account)))
    };
    document.plan.fallback.iter().find(|name| !over && !tried(name))
}

/// The same payment by another account.
pub fn another_attempt(
    draft: &Draft<'_>,
    attempt: u32,
    AccountName { provider, account }: AccountName,
    until: Timestamp,
) -> PaymentEvent {
    let document = &draft.document;
    PaymentEvent::Requested {
        order: document.order.clone(),
        amount: document.amount(),
        provider,
        account,
        capture: document.capture,
        return_url: document.return_url.clone(),
        cancel_url: document.cancel_url.clone(),
        description: document.description.clone(),
        until,
        customer_email: document.customer_email.clone(),
        attempt,
        call: draft.key(attempt, Operation::Open, 1),
        plan: Default::default(),
    }
}
