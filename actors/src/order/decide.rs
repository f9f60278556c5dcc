//! Who is asked what: every command finds its rule here.

use super::{Order, cancel, facts, goods, place, state, validate};
use crate::{
    domain::{Decision, Stop, refuse},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    order::{CancelReason, OrderCommand, OrderEvent, OrderRefusal, OrderStatus, StockStanding},
};
use place::Placing;
use state::{NOTES_MAX, OrderDocument};

/// What a rule says about one order.
pub(super) type Answer = Result<Vec<OrderEvent>, OrderRefusal>;

type Decided = Result<Decision<OrderEvent>, Stop<OrderRefusal>>;

pub(super) fn decide(world: &World<'_, Order>, command: OrderCommand, now: Timestamp) -> Decided {
    use OrderCommand as Asked;
    match command {
        Asked::Place { order, place, stock, pay_until, number_format, day, orders_max } => {
            let placing =
                Placing { order, place, stock, pay_until, number_format, day, orders_max };
            place::place(world, placing, now)
        }
        Asked::RecordPaymentOpened { order, payment, until } => {
            told(world, order, |known| facts::payment_opened(known, payment, until, now))
        }
        Asked::RecordPaid { order, payment, paid, accepted } => {
            told(world, order, |known| facts::paid(known, payment, (paid, accepted), now))
        }
        Asked::RecordRefundReversed { order, payment, refunded } => {
            told(world, order, |known| facts::refund_reversed(known, payment, refunded))
        }
        Asked::RecordRefunded { order, payment, refunded } => {
            told(world, order, |known| facts::refunded(known, payment, refunded))
        }
        Asked::RecordPaymentSettled { order, payment } => {
            told(world, order, |known| facts::payment_settled(known, payment))
        }
        Asked::RecordStock { order, standing, version } => {
            told(world, order, |known| facts::stock(known, standing, version, now))
        }
        Asked::RecordCancellationStep { order, step, version } => {
            told(world, order, |known| cancel::step(known, step, version))
        }
        Asked::Wake { order } => told(world, order, |known| wake(known, now)),
        Asked::Confirm { order } => asked(world, order, confirm),
        Asked::RetryStock { order } => asked(world, order, |known| retry_stock(known, now)),
        Asked::Process { order } => asked(world, order, process),
        Asked::Ship { order, parcel, key } => {
            asked(world, order, |known| goods::ship(known, parcel, key))
        }
        Asked::Deliver { order, parcel } => {
            asked(world, order, |known| goods::deliver(known, parcel))
        }
        Asked::Cancel { order, reason, lines, key } => {
            asked(world, order, |known| cancel::cancel(known, reason, lines, key, now))
        }
        Asked::Return { order, lines, reason, restock, key } => asked(world, order, |known| {
            goods::take_back(known, lines, goods::Return { reason, restock, key })
        }),
        Asked::AddNote { order, text, key } => {
            asked(world, order, |known| add_note(known, text, key))
        }
    }
}

/// A fact about an order. Of an order that is not there it changes nothing.
fn told(
    world: &World<'_, Order>,
    order: EntityId,
    rule: impl FnOnce(&OrderDocument) -> Vec<OrderEvent>,
) -> Decided {
    let events = world.get(&order)?.order().map(rule).unwrap_or_default();
    Ok(Decision::of(order, events))
}

/// A request about an order, which has to be there.
fn asked(
    world: &World<'_, Order>,
    order: EntityId,
    rule: impl FnOnce(&OrderDocument) -> Answer,
) -> Decided {
    let Some(known) = world.get(&order)?.order() else { return refuse(OrderRefusal::NotFound) };
    let events = rule(known).map_err(Stop::Refused)?;
    Ok(Decision::of(order, events))
}

/// What is asked does not fit where the order stands.
pub(super) fn wrong_status<T>(
    order: &OrderDocument,
    action: &'static str,
) -> Result<T, OrderRefusal> {
    Err(OrderRefusal::WrongStatus { status: state::word(order.status), action })
}

/// Whether a request of this name was carried out before.
pub(super) fn repeated(order: &OrderDocument, key: Option<&str>) -> Result<bool, OrderRefusal> {
    validate::key(key)?;
    Ok(key.is_some_and(|key| order.request_keys.iter().any(|known| known == key)))
}

fn confirm(order: &OrderDocument) -> Answer {
    match order.status {
        OrderStatus::Pending if order.awaits_stock() => Ok(Vec::new()),
        OrderStatus::Pending if order.stock == StockStanding::Committed => {
            Ok(vec![OrderEvent::ConfirmationRequested, OrderEvent::Confirmed])
        }
        OrderStatus::Pending => Ok(vec![OrderEvent::ConfirmationRequested]),
        OrderStatus::Confirmed => Ok(Vec::new()),
        _ => wrong_status(order, "confirmed"),
    }
}

fn retry_stock(order: &OrderDocument, now: Timestamp) -> Answer {
    let waits = match order.status {
        OrderStatus::PaidWithoutStock => true,
        OrderStatus::Pending => order.awaits_stock(),
        _ => false,
    };
    if !waits {
        return wrong_status(order, "given goods again");
    }
    // While an answer is under way, asking again changes nothing.
    let asked = order.stock_asked_at.is_some_and(|at| now < at.plus(state::STOCK_ANSWER));
    Ok(if asked { Vec::new() } else { vec![OrderEvent::StockRetried] })
}

fn process(order: &OrderDocument) -> Answer {
    match order.status {
        OrderStatus::Confirmed => Ok(vec![OrderEvent::Processing]),
        OrderStatus::Processing => Ok(Vec::new()),
        _ => wrong_status(order, "packed"),
    }
}

fn add_note(order: &OrderDocument, text: String, key: Option<String>) -> Answer {
    if repeated(order, key.as_deref())? {
        return Ok(Vec::new());
    }
    validate::prose("/text", &text, 1, 2000)?;
    if order.notes_count as usize >= NOTES_MAX {
        return Err(OrderRefusal::LimitReached { what: "notes", max: NOTES_MAX });
    }
    Ok(vec![OrderEvent::NoteAdded { text, key }])
}

/// A deadline: what was waited for has not come.
fn wake(order: &OrderDocument, now: Timestamp) -> Vec<OrderEvent> {
    if order.due().is_none_or(|due| now < due) {
        return Vec::new();
    }
    match order.status {
        OrderStatus::Pending if order.awaits_stock() => vec![OrderEvent::StockRetried],
        OrderStatus::Pending => cancel::whole(order, CancelReason::PaymentTimeout, now),
        OrderStatus::PaidWithoutStock => cancel::whole(order, CancelReason::NoStock, now),
        OrderStatus::Cancelled => cancel::overdue(order, now),
        OrderStatus::Confirmed
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Returned => Vec::new(),
    }
}
