//! Carries what has happened into the state. Never decides, never fails.

use super::state::{
    Cancellation, CounterDocument, KEYS_MAX, LineDocument, NOTES_SHOWN, Note, OrderDocument,
    OrderPayment, OrderState, PAYMENTS_MAX, ParcelDocument,
};
use super::{number, place};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    order::{
        CancelReason, CancellationStep, LineQuantity, OrderEvent, OrderStatus, Parcel, PlaceOrder,
        StockStanding,
    },
};

pub(super) fn apply(entity: &EntityId, state: &mut OrderState, event: &OrderEvent, at: Timestamp) {
    match event {
        OrderEvent::Created { counter, number, day, .. } if counter == entity => {
            count(state, number, day.unwrap_or_else(|| place::day_of(at)));
        }
        OrderEvent::Created { number, place, stock, pay_until, fingerprint, .. } => {
            let mut order = placed(place, *stock, at);
            order.number.clone_from(number);
            order.pay_until = *pay_until;
            order.fingerprint.clone_from(fingerprint);
            *state = OrderState::Order(Box::new(order));
        }
        _ => {
            if let OrderState::Order(order) = state {
                happen(order, event, at);
            }
        }
    }
}

fn count(state: &mut OrderState, number: &str, day: u32) {
    let known = match state {
        OrderState::Counter(counter) => std::mem::take(counter),
        OrderState::Blank | OrderState::Order(_) => CounterDocument::default(),
    };
    let last = known.last.saturating_add(1);
    let own_format = known.own_format || number != number::plain(place::year_of(day), last);
    let that_day = known.placed_on(day).saturating_add(1);
    *state = OrderState::Counter(CounterDocument { last, own_format, day, that_day });
}

fn happen(order: &mut OrderDocument, event: &OrderEvent, at: Timestamp) {
    match event {
        OrderEvent::Created { .. } => {}
        OrderEvent::PaymentOpened { payment, until } => {
            order.pay_until = *until;
            let currency = order.currency;
            remembered(order, payment, currency).settled = false;
        }
        OrderEvent::Paid { payment, paid } => pay(order, payment.as_ref(), *paid, at),
        OrderEvent::PaymentStranded { payment, paid } => strand(order, payment, *paid),
        OrderEvent::Refunded { payment, refunded, amount: _ }
        | OrderEvent::RefundReversed { payment, refunded, amount: _ } => {
            if let Some(known) = find(order, payment) {
                known.refunded_minor = refunded.amount_minor;
            }
        }
        OrderEvent::PaymentSettled { payment } => {
            if let Some(known) = find(order, payment) {
                known.settled = true;
            }
        }
        OrderEvent::Confirmed => {
            order.status = OrderStatus::Confirmed;
            order.stock = StockStanding::Committed;
            (order.stock_asked_at, order.decide_until) = (None, None);
        }
        OrderEvent::ConfirmationRequested => {
            order.confirmation_requested_at = Some(at);
            order.stock_asked_at = Some(at);
        }
        OrderEvent::PaidWithoutStock { decide_until } => {
            order.status = OrderStatus::PaidWithoutStock;
            order.stock = StockStanding::Short;
            (order.stock_asked_at, order.decide_until) = (None, Some(*decide_until));
        }
        OrderEvent::StockRetried => order.stock_asked_at = Some(at),
        OrderEvent::StockChanged { standing, version } => {
            stand(order, *standing);
            order.stock_version = version.or(order.stock_version);
        }
        OrderEvent::Processing => order.status = OrderStatus::Processing,
        OrderEvent::Shipped { parcel, complete: _, key } => {
            ship(order, parcel, at);
            remember(order, key.as_deref());
        }
        OrderEvent::Delivered { parcels, complete: _ } => deliver(order, parcels, at),
        OrderEvent::LinesCancelled { lines, total_minor, key, .. } => {
            each(order, lines, |line, units| line.cancelled += units);
            shrink(order, *total_minor, key.as_deref());
        }
        OrderEvent::Returned { lines, total_minor, key, .. } => {
            each(order, lines, |line, units| line.returned += units);
            shrink(order, *total_minor, key.as_deref());
        }
        OrderEvent::NoteAdded { text, key } => {
            note(order, text, at);
            remember(order, key.as_deref());
        }
        OrderEvent::Cancelled { .. }
        | OrderEvent::CancellationStepDone { .. }
        | OrderEvent::CancellationStepReopened { .. }
        | OrderEvent::CancellationOverdue { .. } => cancel(order, event, at),
    }
}

fn cancel(order: &mut OrderDocument, event: &OrderEvent, at: Timestamp) {
    if let OrderEvent::Cancelled { reason, settle_until } = event {
        order.status = OrderStatus::Cancelled;
        (order.stock_asked_at, order.decide_until) = (None, None);
        order.cancellation = Some(cancellation(*reason, *settle_until, at));
        return;
    }
    let Some(cancellation) = &mut order.cancellation else { return };
    match event {
        OrderEvent::CancellationStepDone { step, version } => {
            order.stock_version = version.or(order.stock_version);
            cancellation.missing.retain(|missing| missing != step);
            cancellation.done.push(*step);
            if *step == CancellationStep::Stock && order.stock != StockStanding::Short {
                order.stock = StockStanding::Released;
            }
        }
        OrderEvent::CancellationStepReopened { step, settle_until } => {
            cancellation.done.retain(|done| done != step);
            cancellation.missing.push(*step);
            cancellation.settle_until = *settle_until;
        }
        OrderEvent::CancellationOverdue { settle_until, .. } => {
            cancellation.settle_until = *settle_until;
        }
        _ => {}
    }
}

fn cancellation(reason: CancelReason, settle_until: Timestamp, at: Timestamp) -> Cancellation {
    let missing = vec![
        CancellationStep::Stock,
        CancellationStep::Refund,
        CancellationStep::Channel,
        CancellationStep::Message,
    ];
    Cancellation { reason, at, done: Vec::new(), missing, settle_until }
}

fn placed(place: &PlaceOrder, stock: StockStanding, at: Timestamp) -> OrderDocument {
    let place = place.clone();
    let lines = place.lines.into_iter().map(|line| LineDocument {
        sku: line.sku,
        title: line.title,
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
        warehouse: line.warehouse,
        cancelled: 0,
        shipped: 0,
        returned: 0,
    });
    OrderDocument {
        number: String::new(),
        channel: place.channel,
        account: place.account,
        external_id: place.external_id,
        status: OrderStatus::Pending,
        stock,
        customer: place.customer,
        shipping_address: place.shipping_address,
        billing_address: place.billing_address,
        currency: place.currency,
        lines: lines.collect(),
        totals: place.totals,
        total_minor: place.totals.total_minor,
        shipping_method: place.shipping_method,
        note: place.note,
        placed_at: at,
        pay_until: at,
        paid_at: None,
        confirmation_requested_at: None,
        stock_version: None,
        stock_asked_at: None,
        decide_until: None,
        payments: Vec::new(),
        parcels: Vec::new(),
        cancellation: None,
        notes: Vec::new(),
        notes_count: 0,
        line_changes: 0,
        fingerprint: String::new(),
        request_keys: Vec::new(),
    }
}

fn pay(order: &mut OrderDocument, payment: Option<&EntityId>, paid: Money, at: Timestamp) {
    order.paid_at = Some(at);
    if order.status == OrderStatus::Pending {
        order.stock_asked_at = Some(at);
    }
    if let Some(payment) = payment {
        let known = remembered(order, payment, paid.currency);
        known.paid_minor = paid.amount_minor;
        known.settled = false;
    }
}

fn strand(order: &mut OrderDocument, payment: &EntityId, paid: Money) {
    let known = remembered(order, payment, paid.currency);
    known.currency = paid.currency;
    known.paid_minor = paid.amount_minor;
    known.stranded = true;
    known.settled = false;
}

fn stand(order: &mut OrderDocument, standing: StockStanding) {
    order.stock = standing;
    if matches!(standing, StockStanding::Short | StockStanding::Committed) {
        order.stock_asked_at = None;
    }
    if standing == StockStanding::Short {
        // A person's word is used up; without goods it has to be given again.
        order.confirmation_requested_at = None;
    }
}

fn shrink(order: &mut OrderDocument, total_minor: i64, key: Option<&str>) {
    order.total_minor = total_minor;
    order.line_changes = order.line_changes.saturating_add(1);
    settle_status(order);
    remember(order, key);
}

fn ship(order: &mut OrderDocument, parcel: &Parcel, at: Timestamp) {
    each(order, &parcel.lines, |line, units| line.shipped += units);
    let Parcel { carrier, tracking_number, tracking_url, lines } = parcel.clone();
    order.parcels.push(ParcelDocument {
        carrier,
        tracking_number,
        tracking_url,
        lines,
        shipped_at: at,
        delivered_at: None,
    });
    settle_status(order);
}

fn deliver(order: &mut OrderDocument, parcels: &[u32], at: Timestamp) {
    for index in parcels {
        if let Some(parcel) = order.parcels.get_mut(*index as usize) {
            parcel.delivered_at.get_or_insert(at);
        }
    }
    settle_status(order);
}

/// Where an order stands that has begun to be sent follows from its goods.
fn settle_status(order: &mut OrderDocument) {
    let sending = matches!(
        order.status,
        OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered
    );
    if !sending || order.shipped() == 0 || order.left_to_ship() > 0 {
        return;
    }
    order.status = if order.kept() == 0 {
        OrderStatus::Returned
    } else if order.parcels.iter().all(|parcel| parcel.delivered_at.is_some()) {
        OrderStatus::Delivered
    } else {
        OrderStatus::Shipped
    };
}

fn each(
    order: &mut OrderDocument,
    lines: &[LineQuantity],
    change: impl Fn(&mut LineDocument, i64),
) {
    for units in lines {
        if let Some(line) = order.lines.get_mut(units.line as usize) {
            change(line, units.quantity);
        }
    }
}

fn note(order: &mut OrderDocument, text: &str, at: Timestamp) {
    if order.notes.len() >= NOTES_SHOWN {
        order.notes.remove(0);
    }
    order.notes.push(Note { text: text.to_owned(), at });
    order.notes_count = order.notes_count.saturating_add(1);
}

fn remember(order: &mut OrderDocument, key: Option<&str>) {
    let Some(key) = key else { return };
    if order.request_keys.len() >= KEYS_MAX {
        order.request_keys.remove(0);
    }
    order.request_keys.push(key.to_owned());
}

fn find<'a>(order: &'a mut OrderDocument, payment: &EntityId) -> Option<&'a mut OrderPayment> {
    order.payments.iter_mut().find(|known| known.payment == *payment)
}

/// The order's memory of a payment, made if there is none. A full memory forgets the oldest that
/// brought nothing, else the oldest that went back; never the one that paid.
fn remembered<'a>(
    order: &'a mut OrderDocument,
    payment: &EntityId,
    currency: Currency,
) -> &'a mut OrderPayment {
    let known = order.payments.iter().position(|known| known.payment == *payment);
    let index = known.unwrap_or_else(|| {
        if order.payments.len() >= PAYMENTS_MAX {
            let empty = order.payments.iter().position(|known| known.paid_minor == 0);
            let spare = empty.or_else(|| order.payments.iter().position(|known| known.stranded));
            order.payments.remove(spare.unwrap_or(0));
        }
        order.payments.push(OrderPayment {
            payment: payment.clone(),
            currency,
            paid_minor: 0,
            refunded_minor: 0,
            stranded: false,
            settled: false,
        });
        order.payments.len() - 1
    });
    &mut order.payments[index]
}
