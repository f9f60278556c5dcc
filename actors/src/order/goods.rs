//! Goods on their way: sent in parcels, delivered, taken back.

use super::{
    decide::{Answer, repeated, wrong_status},
    state, validate,
};
use kontor_messages::order::{LineQuantity, OrderEvent, OrderRefusal, OrderStatus, Parcel};
use state::{LINE_CHANGES_MAX, OrderDocument, PARCELS_MAX};

pub(super) fn ship(order: &OrderDocument, mut parcel: Parcel, key: Option<String>) -> Answer {
    if repeated(order, key.as_deref())? {
        return Ok(Vec::new());
    }
    let mut events = match order.status {
        OrderStatus::Confirmed => vec![OrderEvent::Processing],
        OrderStatus::Processing => Vec::new(),
        _ => return wrong_status(order, "shipped"),
    };
    validate::parcel(&parcel)?;
    let left = |line: usize| order.lines.get(line).map_or(0, |line| line.left());
    validate::units(&parcel.lines, order.lines.len(), left, "units that are not sent yet")?;
    if order.parcels.len() >= PARCELS_MAX {
        return Err(OrderRefusal::LimitReached { what: "parcels", max: PARCELS_MAX });
    }
    if parcel.lines.is_empty() {
        parcel.lines = all(order, left);
    }
    let complete = units(&parcel.lines) == order.left_to_ship();
    events.push(OrderEvent::Shipped { parcel, complete, key });
    Ok(events)
}

pub(super) fn deliver(order: &OrderDocument, parcel: Option<u32>) -> Answer {
    match order.status {
        OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered => {}
        _ => return wrong_status(order, "delivered"),
    }
    let under_way = |index: &u32| {
        order.parcels.get(*index as usize).is_some_and(|known| known.delivered_at.is_none())
    };
    let count = u32::try_from(order.parcels.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return wrong_status(order, "delivered");
    }
    if let Some(parcel) = parcel.filter(|parcel| *parcel >= count) {
        let expected = format!("expected a parcel of the order, 0 to {}, not {parcel}", count - 1);
        return validate::invalid("/parcel", expected);
    }
    let parcels: Vec<u32> = match parcel {
        Some(parcel) => Some(parcel).into_iter().filter(under_way).collect(),
        None => (0..count).filter(under_way).collect(),
    };
    if parcels.is_empty() {
        return Ok(Vec::new());
    }
    let left = (0..count).filter(under_way).count() - parcels.len();
    Ok(vec![OrderEvent::Delivered { parcels, complete: left == 0 }])
}

/// What was said about a return.
pub(super) struct Return {
    pub(super) reason: Option<String>,
    pub(super) restock: bool,
    pub(super) key: Option<String>,
}

pub(super) fn take_back(
    order: &OrderDocument,
    mut lines: Vec<LineQuantity>,
    said: Return,
) -> Answer {
    if repeated(order, said.key.as_deref())? {
        return Ok(Vec::new());
    }
    match order.status {
        OrderStatus::Processing if order.shipped() > 0 => {}
        OrderStatus::Shipped | OrderStatus::Delivered => {}
        OrderStatus::Returned if lines.is_empty() => return Ok(Vec::new()),
        _ => return wrong_status(order, "returned"),
    }
    if let Some(reason) = &said.reason {
        validate::prose("/reason", reason, 0, 500)?;
    }
    let kept = |line: usize| order.lines.get(line).map_or(0, |line| line.kept());
    validate::units(&lines, order.lines.len(), kept, "units that were sent and not returned")?;
    if lines.is_empty() {
        lines = all(order, kept);
    }
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    one_more_change(order)?;
    let complete = units(&lines) == order.kept();
    let worth = worth(order, &lines)?.min(order.total_minor);
    Ok(vec![OrderEvent::Returned {
        lines,
        restock: said.restock,
        reason: said.reason,
        complete,
        total_minor: order.total_minor - worth,
        refund_minor: if order.is_paid() { worth } else { 0 },
        key: said.key,
    }])
}

/// One more cancellation or return of lines has to be within the limit.
pub(super) fn one_more_change(order: &OrderDocument) -> Result<(), OrderRefusal> {
    if (order.line_changes as usize) < LINE_CHANGES_MAX {
        return Ok(());
    }
    let what = "cancellations of lines and returns";
    Err(OrderRefusal::LimitReached { what, max: LINE_CHANGES_MAX })
}

/// What units of lines cost.
pub(super) fn worth(order: &OrderDocument, lines: &[LineQuantity]) -> Result<i64, OrderRefusal> {
    let mut worth = 0_i64;
    for (index, units) in lines.iter().enumerate() {
        let price = order.lines.get(units.line as usize).map_or(0, |line| line.unit_price_minor);
        match price.checked_mul(units.quantity).and_then(|more| worth.checked_add(more)) {
            Some(sum) => worth = sum,
            None => {
                let pointer = format!("/lines/{index}/quantity");
                return validate::invalid(pointer, "expected an amount that fits 64 bits");
            }
        }
    }
    Ok(worth)
}

fn units(lines: &[LineQuantity]) -> i64 {
    lines.iter().map(|units| units.quantity).sum()
}

/// Every line with as many units as `most` says, those with none left out.
fn all(order: &OrderDocument, most: impl Fn(usize) -> i64) -> Vec<LineQuantity> {
    (0_u32..)
        .zip(&order.lines)
        .map(|(line, _)| LineQuantity { line, quantity: most(line as usize) })
        .filter(|units| units.quantity > 0)
        .collect()
}
