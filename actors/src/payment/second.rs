//! Money that nobody waited for: a second payment, which may wait for a person, and a late one.

use super::{
    Payment,
    decide::{Answer, existing},
    draft::Draft,
    schedule::SECOND_DECIDED_WITHIN,
    standing::all_given_back,
    state::{Attempt, PaymentDocument},
};
use crate::{
    domain::{Decision, refuse},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{
        LatePayment, PaymentEvent, PaymentRefusal as R, PaymentStatus, SecondDecision,
        SecondPayment,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A second payment that a person decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecondRecord {
    /// By when.
    pub decide_by: Timestamp,
    /// It was told that nobody has decided in time.
    #[serde(default)]
    pub overdue: bool,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<SecondDecision>,
}

/// A person decides.
pub fn decide(
    world: &World<'_, Payment>,
    id: &EntityId,
    (attempt, decision): (u32, SecondDecision),
    now: Timestamp,
) -> Answer {
    let mut draft = existing(world, id, now)?;
    let known = draft.document.attempt(attempt).and_then(|attempt| attempt.second);
    match known.map(|second| second.decision) {
        Some(Some(before)) if before == decision => Ok(Decision::nothing(id.clone())),
        Some(None) => {
            let order = draft.order();
            draft.push(PaymentEvent::SecondPaymentDecided { order, attempt, decision });
            Ok(draft.decision())
        }
        Some(Some(_)) | None => refuse(R::NothingToDecide),
    }
}

/// Gives a second payment back, or asks a person, as the tenant wants it.
pub fn end_second(draft: &mut Draft<'_>, attempt: &Attempt) {
    let number = attempt.attempt;
    let queue = draft.document.plan.choices.second_payment == SecondPayment::Queue;
    match (queue, attempt.second.map(|second| second.decision)) {
        (true, None) => {
            let amount = attempt.money(attempt.captured_minor);
            let (order, decide_by) = (draft.order(), draft.now.plus(SECOND_DECIDED_WITHIN));
            let event =
                PaymentEvent::SecondPaymentQueued { order, attempt: number, amount, decide_by };
            draft.push(event);
        }
        (true, Some(None | Some(SecondDecision::Keep))) => {}
        (true, Some(Some(SecondDecision::Refund))) | (false, _) => draft.give_back(number, 0),
    }
}

/// Tells of every second payment about which nobody has decided in time.
pub fn tell_overdue(draft: &mut Draft<'_>) {
    for attempt in draft.document.attempts.clone() {
        if overdue_at(&attempt).is_some_and(|at| at <= draft.now) {
            let (order, attempt) = (draft.order(), attempt.attempt);
            draft.push(PaymentEvent::SecondPaymentOverdue { order, attempt });
        }
    }
}

/// Whether a second payment of it waits for a person.
pub fn is_waiting(document: &PaymentDocument) -> bool {
    document.attempts.iter().any(waits)
}

/// When it is told that nobody has decided about an attempt's money.
pub fn overdue_at(attempt: &Attempt) -> Option<Timestamp> {
    let second = attempt.second.filter(|second| !second.overdue && waits(attempt))?;
    Some(second.decide_by)
}

fn waits(attempt: &Attempt) -> bool {
    let undecided = attempt.second.is_some_and(|second| second.decision.is_none());
    undecided && !all_given_back(attempt)
}

/// Carries in what happens to money that nobody waited for.
pub fn apply(document: &mut PaymentDocument, event: &PaymentEvent) {
    let returns = document.plan.choices.late_payment == LatePayment::Refund;
    match event {
        PaymentEvent::SecondPaymentQueued { attempt, decide_by, .. } => {
            let second = SecondRecord { decide_by: *decide_by, overdue: false, decision: None };
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.second = Some(second);
            }
        }
        PaymentEvent::SecondPaymentOverdue { attempt, .. } => {
            if let Some(second) = second_mut(document, *attempt) {
                second.overdue = true;
            }
        }
        PaymentEvent::SecondPaymentDecided { attempt, decision, .. } => {
            if let Some(second) = second_mut(document, *attempt) {
                second.decision = Some(*decision);
            }
        }
        PaymentEvent::LatePayment { attempt, was, .. } => {
            let ended = matches!(
                was,
                PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Expired
            );
            if let Some(attempt) = document.attempt_mut(*attempt) {
                attempt.unwanted |= returns && ended;
            }
        }
        _ => {}
    }
}

fn second_mut(document: &mut PaymentDocument, attempt: u32) -> Option<&mut SecondRecord> {
    document.attempt_mut(attempt).and_then(|attempt| attempt.second.as_mut())
}
