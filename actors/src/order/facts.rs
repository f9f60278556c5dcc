//! Facts about money and goods. They come late, twice and crossed; none of them is refused, and
//! none moves an order back.

use super::{cancel, state};
use kontor_messages::{
    EntityId, Money, Timestamp,
    order::{CancellationStep, OrderEvent, OrderStatus, StockStanding},
};
use state::OrderDocument;

/// A payment can be paid now. A waiting order waits at least as long; a cancelled one has to see
/// it ended.
pub(super) fn payment_opened(
    order: &OrderDocument,
    payment: EntityId,
    until: Timestamp,
    now: Timestamp,
) -> Vec<OrderEvent> {
    // One that had ended may be opened anew.
    let known = order.payment(&payment).is_some_and(|known| !known.settled);
    match order.status {
        OrderStatus::Pending if !known || until > order.pay_until => {
            vec![OrderEvent::PaymentOpened { payment, until: until.max(order.pay_until) }]
        }
        OrderStatus::Cancelled if !known => {
            let mut events = vec![OrderEvent::PaymentOpened { payment, until: order.pay_until }];
            events.extend(cancel::reopen(order, CancellationStep::Refund, now));
            events
        }
        _ => Vec::new(),
    }
}

/// Money has come: for this order, or stranded. What a person has accepted is enough.
pub(super) fn paid(
    order: &OrderDocument,
    payment: EntityId,
    (paid, accepted): (Money, bool),
    now: Timestamp,
) -> Vec<OrderEvent> {
    let known = order.payment(&payment).is_some_and(|known| known.paid_minor > 0);
    if known || paid.amount_minor <= 0 {
        return Vec::new();
    }
    let wanted = Money::new(order.total_minor, order.currency);
    let enough = paid == wanted || (accepted && paid.currency == wanted.currency);
    if takes_money(order) && enough {
        let mut events = vec![OrderEvent::Paid { payment: Some(payment), paid }];
        if order.status == OrderStatus::Pending && order.stock == StockStanding::Committed {
            events.push(OrderEvent::Confirmed);
        }
        return events;
    }
    let mut events = vec![OrderEvent::PaymentStranded { payment, paid }];
    if order.status == OrderStatus::Cancelled {
        events.extend(cancel::reopen(order, CancellationStep::Refund, now));
    }
    events
}

/// Money has gone back. Older news than what is known changes nothing.
pub(super) fn refunded(
    order: &OrderDocument,
    payment: EntityId,
    refunded: Money,
) -> Vec<OrderEvent> {
    let Some(known) = order.payment(&payment) else { return Vec::new() };
    let more = refunded.amount_minor.saturating_sub(known.refunded_minor);
    if more <= 0 || refunded.currency != known.currency {
        return Vec::new();
    }
    let amount = Money::new(more, refunded.currency);
    vec![OrderEvent::Refunded { payment, refunded, amount }]
}

/// A refund came back: less is refunded than was told.
pub(super) fn refund_reversed(
    order: &OrderDocument,
    payment: EntityId,
    refunded: Money,
) -> Vec<OrderEvent> {
    let Some(known) = order.payment(&payment) else { return Vec::new() };
    let less = known.refunded_minor.saturating_sub(refunded.amount_minor.max(0));
    if less <= 0 || refunded.currency != known.currency {
        return Vec::new();
    }
    let amount = Money::new(less, refunded.currency);
    vec![OrderEvent::RefundReversed { payment, refunded, amount }]
}

/// A payment has ended. When none of a cancelled order's payments is open, its money is back.
pub(super) fn payment_settled(order: &OrderDocument, payment: EntityId) -> Vec<OrderEvent> {
    if order.payment(&payment).is_none_or(|known| known.settled) {
        return Vec::new();
    }
    let others_open = order.payments.iter().any(|other| other.payment != payment && !other.settled);
    let mut events = vec![OrderEvent::PaymentSettled { payment }];
    if order.misses(CancellationStep::Refund) && !others_open {
        let (step, version) = (CancellationStep::Refund, None);
        events.push(OrderEvent::CancellationStepDone { step, version });
    }
    events
}

/// Stock has spoken.
pub(super) fn stock(
    order: &OrderDocument,
    standing: StockStanding,
    version: i64,
    now: Timestamp,
) -> Vec<OrderEvent> {
    // What stock said before what is known has been overtaken.
    if order.stock_version.is_some_and(|known| version < known) {
        return Vec::new();
    }
    let changed = |standing| changed(standing, version);
    match order.status {
        OrderStatus::Pending => stock_of_pending(order, standing, version, now),
        OrderStatus::PaidWithoutStock => match standing {
            StockStanding::Committed => vec![OrderEvent::Confirmed],
            StockStanding::Short if order.stock_asked_at.is_some() => changed(standing),
            StockStanding::Held | StockStanding::Short | StockStanding::Released => Vec::new(),
        },
        OrderStatus::Cancelled => stock_of_cancelled(order, standing, version, now),
        // The goods are the customer's already; what else comes is late.
        OrderStatus::Confirmed
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Returned => Vec::new(),
    }
}

fn stock_of_pending(
    order: &OrderDocument,
    standing: StockStanding,
    version: i64,
    now: Timestamp,
) -> Vec<OrderEvent> {
    match standing {
        // Committed goods stay committed until the order gives them back.
        _ if order.stock == StockStanding::Committed => Vec::new(),
        StockStanding::Committed if order.awaits_stock() => vec![OrderEvent::Confirmed],
        StockStanding::Short if order.is_paid() => {
            vec![OrderEvent::PaidWithoutStock { decide_until: now.plus(state::DECIDE) }]
        }
        // Nobody has paid: the order waits again, for another word or for its deadline.
        StockStanding::Short if order.awaits_stock() => changed(standing, version),
        _ if standing == order.stock => Vec::new(),
        StockStanding::Held
        | StockStanding::Committed
        | StockStanding::Short
        | StockStanding::Released => changed(standing, version),
    }
}

/// A commit that crossed the cancellation took goods: they have to go back once more.
fn stock_of_cancelled(
    order: &OrderDocument,
    standing: StockStanding,
    version: i64,
    now: Timestamp,
) -> Vec<OrderEvent> {
    match standing {
        StockStanding::Committed if order.stock != StockStanding::Committed => {
            let mut events = changed(standing, version);
            events.extend(cancel::reopen(order, CancellationStep::Stock, now));
            events
        }
        StockStanding::Short | StockStanding::Released
            if order.stock == StockStanding::Held && order.misses(CancellationStep::Stock) =>
        {
            let mut events = changed(standing, version);
            let (step, version) = (CancellationStep::Stock, Some(version));
            events.push(OrderEvent::CancellationStepDone { step, version });
            events
        }
        _ => Vec::new(),
    }
}

/// Whether it can be paid: it is alive, and nobody has paid for it.
fn takes_money(order: &OrderDocument) -> bool {
    let alive = match order.status {
        OrderStatus::Pending
        | OrderStatus::Confirmed
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered => true,
        OrderStatus::Cancelled | OrderStatus::Returned | OrderStatus::PaidWithoutStock => false,
    };
    alive && !order.is_paid()
}

fn changed(standing: StockStanding, version: i64) -> Vec<OrderEvent> {
    vec![OrderEvent::StockChanged { standing, version: Some(version) }]
}
