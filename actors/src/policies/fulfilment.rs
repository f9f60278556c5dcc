//! Carries an order to its goods: holds live as long as the order waits, what is paid or released
//! is committed, and the order is told how its goods stand.

use super::{Act, Fact, Occurrence};
use crate::order::state::OrderDocument;
use kontor_messages::{
    EntityId,
    order::{LineQuantity, OrderCommand, OrderEvent, OrderStatus, StockStanding},
    payment::PaymentEvent,
    stock::{ReleaseReason, ReservationLine, StockCommand, StockEvent},
};
use std::time::Duration;

/// How much longer goods are held than the order waits, so that the order ends first.
const GRACE: Duration = Duration::from_secs(15 * 60);

/// Whether anything follows from events of stock of this name.
pub(super) fn follows(name: &str) -> bool {
    matches!(name, "stock.committed" | "stock.commit_failed" | "stock.released")
}

pub(super) fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    match occurrence.fact {
        Fact::Order(event, order) => of_order(occurrence, event, order),
        Fact::Stock(event) => reserved_for(occurrence.entity)
            .and_then(|order| standing(event).map(|standing| (order, standing)))
            .map(|(order, standing)| {
                let version = occurrence.version;
                Act::Order(OrderCommand::RecordStock { order, standing, version })
            })
            .into_iter()
            .collect(),
        Fact::Payment(PaymentEvent::Requested { order: Some(order), until, .. }, _) => {
            vec![Act::Order(OrderCommand::RecordPaymentOpened {
                order: order.clone(),
                payment: occurrence.entity.clone(),
                until: *until,
            })]
        }
        Fact::Payment(..) | Fact::Notification(_) | Fact::Tenant(_) | Fact::User(_) => Vec::new(),
    }
}

/// The order behind a reservation's entity.
pub(super) fn reserved_for(entity: &EntityId) -> Option<EntityId> {
    entity.as_str().strip_prefix("reservation/").and_then(|order| EntityId::parse(order).ok())
}

fn of_order(occurrence: &Occurrence<'_>, event: &OrderEvent, order: &OrderDocument) -> Vec<Act> {
    let reservation = occurrence.entity.clone();
    let act = match event {
        OrderEvent::PaymentOpened { until, .. } if order.status == OrderStatus::Pending => {
            Some(StockCommand::Renew { reservation, until: until.plus(GRACE) })
        }
        OrderEvent::Paid { .. } | OrderEvent::ConfirmationRequested | OrderEvent::StockRetried
            if wants_goods(order) =>
        {
            Some(StockCommand::Commit { reservation })
        }
        OrderEvent::LinesCancelled { lines, .. } => {
            release(occurrence, order, lines, ReleaseReason::Cancelled)
        }
        OrderEvent::Returned { lines, restock: true, .. } => {
            release(occurrence, order, lines, ReleaseReason::Released)
        }
        _ => None,
    };
    act.map(Act::Stock).into_iter().collect()
}

/// An order that has its goods, or ended meanwhile, needs none any more.
fn wants_goods(order: &OrderDocument) -> bool {
    matches!(order.status, OrderStatus::Pending | OrderStatus::PaidWithoutStock)
}

fn release(
    occurrence: &Occurrence<'_>,
    order: &OrderDocument,
    lines: &[LineQuantity],
    reason: ReleaseReason,
) -> Option<StockCommand> {
    let lines: Vec<_> = lines
        .iter()
        .filter_map(|units| {
            let line = order.lines.get(units.line as usize)?;
            let (sku, warehouse) = (line.sku.clone(), line.warehouse.clone());
            Some(ReservationLine { sku, quantity: units.quantity, warehouse })
        })
        .collect();
    // No lines would mean all of it.
    (!lines.is_empty()).then(|| StockCommand::Release {
        reservation: occurrence.entity.clone(),
        lines,
        key: occurrence.id.to_string(),
        reason,
    })
}

/// How an order's goods stand after an event of its reservation.
fn standing(event: &StockEvent) -> Option<StockStanding> {
    match event {
        StockEvent::Committed { .. } => Some(StockStanding::Committed),
        StockEvent::CommitFailed { .. } => Some(StockStanding::Short),
        StockEvent::Released { reason: ReleaseReason::Expired, .. } => {
            Some(StockStanding::Released)
        }
        _ => None,
    }
}
