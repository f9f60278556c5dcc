//! Cancelling: the order ends at once, then goods, money, channel and customer follow as steps
//! that are seen and done again until they are done.

use super::{
    decide::{Answer, repeated, wrong_status},
    goods, state, validate,
};
use kontor_messages::{
    Timestamp,
    order::{
        CancelReason, CancellationStep, LineQuantity, OrderEvent, OrderRefusal, OrderStatus,
        StockStanding,
    },
};
use state::OrderDocument;

pub(super) fn cancel(
    order: &OrderDocument,
    reason: CancelReason,
    lines: Vec<LineQuantity>,
    key: Option<String>,
    now: Timestamp,
) -> Answer {
    if repeated(order, key.as_deref())? {
        return Ok(Vec::new());
    }
    match order.status {
        OrderStatus::Cancelled => return Ok(Vec::new()),
        OrderStatus::Pending
        | OrderStatus::Confirmed
        | OrderStatus::Processing
        | OrderStatus::PaidWithoutStock => {}
        OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Returned => {
            return wrong_status(order, "cancelled");
        }
    }
    let left = |line: usize| order.lines.get(line).map_or(0, |line| line.left());
    validate::units(&lines, order.lines.len(), left, "units that are not sent yet")?;
    let units: i64 = lines.iter().map(|units| units.quantity).sum();
    let all = lines.is_empty() || units == order.left_to_ship();
    if order.shipped() == 0 && all {
        return Ok(whole(order, reason, now));
    }
    if lines.is_empty() {
        let (status, action) = ("partly shipped", "cancelled");
        return Err(OrderRefusal::WrongStatus { status, action });
    }
    goods::one_more_change(order)?;
    let worth = goods::worth(order, &lines)?.min(order.total_minor);
    Ok(vec![OrderEvent::LinesCancelled {
        lines,
        reason,
        total_minor: order.total_minor - worth,
        refund_minor: if order.is_paid() { worth } else { 0 },
        key,
    }])
}

/// Ends all of it. What is not held by anybody needs no giving back.
pub(super) fn whole(
    order: &OrderDocument,
    reason: CancelReason,
    now: Timestamp,
) -> Vec<OrderEvent> {
    let mut events = vec![OrderEvent::Cancelled { reason, settle_until: now.plus(state::SETTLE) }];
    if matches!(order.stock, StockStanding::Released | StockStanding::Short) {
        let (step, version) = (CancellationStep::Stock, None);
        events.push(OrderEvent::CancellationStepDone { step, version });
    }
    events
}

/// A step was done. Goods that were given back before a commit that is known are none of its.
pub(super) fn step(
    order: &OrderDocument,
    step: CancellationStep,
    version: Option<i64>,
) -> Vec<OrderEvent> {
    if version.zip(order.stock_version).is_some_and(|(told, known)| told < known) {
        return Vec::new();
    }
    let open = order.payments.iter().any(|payment| !payment.settled);
    if !order.misses(step) || (step == CancellationStep::Refund && open) {
        return Vec::new();
    }
    vec![OrderEvent::CancellationStepDone { step, version }]
}

/// Goods or money came after the step was done.
pub(super) fn reopen(
    order: &OrderDocument,
    step: CancellationStep,
    now: Timestamp,
) -> Option<OrderEvent> {
    let settle_until = now.plus(state::SETTLE);
    (!order.misses(step)).then_some(OrderEvent::CancellationStepReopened { step, settle_until })
}

/// Steps are missing: they are done again.
pub(super) fn overdue(order: &OrderDocument, now: Timestamp) -> Vec<OrderEvent> {
    let missing = order.cancellation.as_ref().map(|known| known.missing.clone());
    missing
        .filter(|missing| !missing.is_empty())
        .map(|missing| OrderEvent::CancellationOverdue {
            missing,
            settle_until: now.plus(state::SETTLE),
        })
        .into_iter()
        .collect()
}
