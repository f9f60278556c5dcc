//! Has refunds that go to the bank with a file wait for one, and ends their waiting.

use super::{Act, Fact, Occurrence};
use crate::payout::order_entity;
use kontor_messages::{
    payment::{PaymentEvent, RefundStatus},
    payout::{PayoutCommand, PayoutOutcome},
};

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let Fact::Payment(PaymentEvent::Observed { attempt, observation }, known) = occurrence.fact
    else {
        return Vec::new();
    };
    let Some(attempt) = known.attempt(*attempt) else { return Vec::new() };
    let mut acts = Vec::new();
    for seen in &observation.refunds {
        let order = order_entity(occurrence.entity, &seen.reference);
        if let Some(transfer) = &seen.transfer {
            acts.push(Act::Payout(PayoutCommand::Queue {
                order: order.clone(),
                payment: occurrence.entity.clone(),
                provider: attempt.provider.clone(),
                account: attempt.account.clone(),
                transfer: (**transfer).clone(),
            }));
        }
        let outcome = match seen.status {
            RefundStatus::Succeeded => PayoutOutcome::Paid,
            RefundStatus::Cancelled | RefundStatus::Failed => PayoutOutcome::Failed,
            RefundStatus::Requested | RefundStatus::Unknown | RefundStatus::Pending => continue,
        };
        let by_file = known
            .refunds
            .iter()
            .any(|refund| refund.by_file && refund.reference.as_ref() == Some(&seen.reference));
        if by_file {
            acts.push(Act::Payout(PayoutCommand::Close { order, outcome }));
        }
    }
    acts
}
