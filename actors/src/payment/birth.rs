//! New documents and their parts, with nothing known of them yet.

use super::state::{Attempt, Call, CallState, PaymentDocument, RefundRecord};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{CallKey, Operation, PaymentEvent as E, PaymentStatus as S, RefundStatus},
};

/// A payment of which only the request is known.
pub fn blank_document(event: &E) -> Option<PaymentDocument> {
    let E::Requested {
        order,
        amount,
        capture,
        return_url,
        cancel_url,
        description,
        until,
        customer_email,
        plan,
        ..
    } = event
    else {
        return None;
    };
    Some(PaymentDocument {
        order: order.clone(),
        status: S::Created,
        amount_minor: amount.amount_minor,
        currency: amount.currency,
        authorized_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        charged_back_minor: 0,
        capture: *capture,
        return_url: return_url.clone(),
        cancel_url: cancel_url.clone(),
        description: description.clone(),
        customer_email: customer_email.clone(),
        plan: plan.clone(),
        until: *until,
        counted: None,
        attempts: Vec::new(),
        refunds: Vec::new(),
        disputes: Vec::new(),
        calls: Vec::new(),
        settle_round: 0,
        settled_at: None,
        queries: 0,
        query_problem: None,
        watch: None,
        events_seen: Vec::new(),
    })
}

/// A call goes out.
pub fn add_call(
    document: &mut PaymentDocument,
    operation: Operation,
    attempt: u32,
    call: &CallKey,
    (refund, amount): (Option<EntityId>, Option<Money>),
    at: Timestamp,
) {
    if let Some(attempt) = document.attempt_mut(attempt) {
        attempt.calls_made = attempt.calls_made.max(call.sequence);
    }
    document.calls.push(Call {
        sequence: call.sequence,
        key: call.key.clone(),
        operation,
        attempt,
        refund,
        amount,
        state: CallState::Sent,
        tries: 1,
        asks: 0,
        sent_at: at,
        key_since: at,
        next: None,
        fresh_key: false,
        begun: false,
        maybe_done: false,
        problem: None,
    });
}

/// An attempt of which only the number is known.
pub fn blank_attempt(
    document: &PaymentDocument,
    attempt: u32,
    (provider, account): (&str, &str),
    until: Timestamp,
) -> Attempt {
    Attempt {
        attempt,
        provider: provider.to_owned(),
        account: account.to_owned(),
        status: S::Created,
        references: Vec::new(),
        redirect_url: None,
        transfer: None,
        client: None,
        until,
        expires_at: None,
        by_hand: false,
        opened: false,
        processing: false,
        currency: document.currency,
        authorized_seen: 0,
        alive_at: None,
        closed: None,
        captured_seen: 0,
        refunded_seen: None,
        reversed_at: None,
        other_amount: None,
        accepted: false,
        authorized_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        charged_back_minor: 0,
        mismatch_told: false,
        twice_told: false,
        second: None,
        unwanted: false,
        cancel_asked: false,
        calls_made: 0,
        last_call: None,
        expiry_asked: 0,
        last_query: 0,
        asked_at: None,
        problem: None,
    }
}

/// A refund that was asked for.
pub fn blank_refund(
    refund: &EntityId,
    attempt: u32,
    amount: Money,
    requested_at: Timestamp,
) -> RefundRecord {
    RefundRecord {
        refund: refund.clone(),
        attempt,
        amount,
        status: RefundStatus::Requested,
        reference: None,
        key: String::new(),
        reason: None,
        automatic: None,
        by_file: false,
        failed_here: false,
        failure_told: false,
        problem: None,
        requested_at,
    }
}
