//! Carries money: what was paid to its order, what an order cannot keep back to the customer.

use super::{Act, Fact, Occurrence};
use crate::order::state::OrderDocument;
use kontor_messages::{
    Money, id,
    order::{OrderCommand, OrderEvent},
    payment::{PaymentCommand, PaymentEvent},
};

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let payment = || occurrence.entity.clone();
    let act = match occurrence.fact {
        Fact::Payment(PaymentEvent::Paid { order: Some(order), paid }, known) => {
            let (order, paid) = (order.clone(), *paid);
            let counted = known.counted.and_then(|number| known.attempt(number));
            let accepted = counted.is_some_and(|attempt| attempt.accepted);
            Act::Order(OrderCommand::RecordPaid { order, payment: payment(), paid, accepted })
        }
        // Told again after it came back, it is no news: only what still holds is carried.
        Fact::Payment(PaymentEvent::Refunded { order: Some(order), refunded, .. }, known)
            if refunded.amount_minor <= known.refunded_minor =>
        {
            let (order, refunded) = (order.clone(), *refunded);
            Act::Order(OrderCommand::RecordRefunded { order, payment: payment(), refunded })
        }
        Fact::Payment(PaymentEvent::RefundReversed { order: Some(order), refunded, .. }, known)
            if refunded.amount_minor == known.refunded_minor =>
        {
            let (order, refunded) = (order.clone(), *refunded);
            Act::Order(OrderCommand::RecordRefundReversed { order, payment: payment(), refunded })
        }
        Fact::Order(OrderEvent::PaymentStranded { payment, .. }, _) => {
            Act::Payment(PaymentCommand::Settle { payment: payment.clone() })
        }
        Fact::Order(OrderEvent::LinesCancelled { refund_minor, .. }, order) => {
            return give_back(occurrence, order, *refund_minor, "lines cancelled");
        }
        Fact::Order(OrderEvent::Returned { refund_minor, .. }, order) => {
            return give_back(occurrence, order, *refund_minor, "goods returned");
        }
        Fact::Order(..)
        | Fact::Stock(_)
        | Fact::Payment(..)
        | Fact::Notification(_)
        | Fact::Tenant(_)
        | Fact::User(_) => return Vec::new(),
    };
    vec![act]
}

/// Money that the channel took goes back through the channel.
fn give_back(
    occurrence: &Occurrence<'_>,
    order: &OrderDocument,
    amount_minor: i64,
    reason: &str,
) -> Vec<Act> {
    let Some(paid) = order.paid_by().filter(|_| amount_minor > 0) else { return Vec::new() };
    vec![Act::Payment(PaymentCommand::Refund {
        payment: paid.payment.clone(),
        refund: id::derived(occurrence.id, "refund"),
        amount: Money::new(amount_minor, paid.currency),
        key: occurrence.id.to_string(),
        reason: Some(reason.to_owned()),
    })]
}
