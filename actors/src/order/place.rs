//! Placing: the same order twice is one order, and every order has its number.

use super::{Order, number, state, validate};
use crate::{
    domain::{Decision, Key, Stop, refuse},
    world::World,
};
use chrono::Datelike;
use kontor_messages::{
    EntityId, Money, Timestamp,
    order::{OrderEvent, OrderRefusal, PlaceOrder, StockStanding, number_entity},
};
use sha2::{Digest, Sha256};

/// All that came with a new order.
pub(super) struct Placing {
    pub(super) order: EntityId,
    pub(super) place: Box<PlaceOrder>,
    pub(super) stock: StockStanding,
    pub(super) pay_until: Timestamp,
    pub(super) number_format: String,
    pub(super) day: Option<u32>,
    pub(super) orders_max: Option<u32>,
}

/// The day in UTC as `yyyymmdd`.
pub(super) fn day_of(at: Timestamp) -> u32 {
    as_number(at.to_utc().date_naive())
}

/// A day as `yyyymmdd`.
pub fn as_number(day: chrono::NaiveDate) -> u32 {
    u32::try_from(day.year()).unwrap_or(0) * 10_000 + day.month() * 100 + day.day()
}

/// The year of a day.
pub(super) fn year_of(day: u32) -> i32 {
    (day / 10_000) as i32
}

pub(super) fn place(
    world: &World<'_, Order>,
    placing: Placing,
    now: Timestamp,
) -> Result<Decision<OrderEvent>, Stop<OrderRefusal>> {
    validate::place(&placing.place).map_err(Stop::Refused)?;
    let day = placing.day.unwrap_or_else(|| day_of(now));
    let counter = number_entity(year_of(day));
    world.need([&placing.order, &counter])?;
    let fingerprint = fingerprint(&placing.place);
    if let Some(known) = known(world, &placing, &fingerprint)? {
        return Ok(Decision::nothing(known));
    }
    if let (Some(max), state::OrderState::Counter(known)) =
        (placing.orders_max, world.get(&counter)?)
        && max <= known.placed_on(day)
    {
        return refuse(OrderRefusal::DayFull { max });
    }
    let number = next_number(world, &placing, &counter, year_of(day))?;
    let Placing { order, place, stock, pay_until, .. } = placing;
    let paid = place
        .paid
        .then(|| follow_paid(Money::new(place.totals.total_minor, place.currency), stock, now));
    let day = Some(day);
    let mut events =
        vec![OrderEvent::Created { number, counter, place, stock, pay_until, fingerprint, day }];
    events.extend(paid.into_iter().flatten());
    Ok(Decision::of(order, events))
}

/// The name by which a channel knows an order. `/` and `%` are escaped, so that no two triples
/// give the same name.
pub fn external_key(channel: &str, account: Option<&str>, external_id: &str) -> Key {
    let escape = |part: &str| part.replace('%', "%25").replace('/', "%2F");
    let parts = [channel, account.unwrap_or_default(), external_id].map(escape);
    Key::new("external_id", parts.join("/"))
}

/// The name by which people know an order.
pub(super) fn number_key(number: &str) -> Key {
    Key::new("number", number)
}

/// A hash of all that was placed: where the order stands by now is no part of it.
fn fingerprint(place: &PlaceOrder) -> String {
    // Plain structs of texts and numbers always serialise.
    let json = serde_json::to_vec(place).unwrap_or_default();
    hex::encode(&Sha256::digest(json)[..16])
}

/// The order that this is already, under its own id or under the channel's.
fn known(
    world: &World<'_, Order>,
    placing: &Placing,
    fingerprint: &str,
) -> Result<Option<EntityId>, Stop<OrderRefusal>> {
    if let Some(order) = world.get(&placing.order)?.order() {
        if order.fingerprint == fingerprint {
            return Ok(Some(placing.order.clone()));
        }
        let status = state::word(order.status);
        return refuse(OrderRefusal::WrongStatus { status, action: "placed again" });
    }
    let PlaceOrder { channel, account, external_id, .. } = &*placing.place;
    let Some(external_id) = external_id else { return Ok(None) };
    let key = external_key(channel, account.as_deref(), external_id);
    let Some(found) = world.find(&key)? else { return Ok(None) };
    match world.get(found)?.order() {
        Some(order) if order.fingerprint == fingerprint => Ok(Some(found.clone())),
        _ => refuse(OrderRefusal::ExternalIdTaken { order: found.clone() }),
    }
}

/// The counter's next, in the tenant's format. A format that makes the same number twice, say
/// because it leaves out the year, is helped out with what makes it differ.
fn next_number(
    world: &World<'_, Order>,
    placing: &Placing,
    counter: &EntityId,
    year: i32,
) -> Result<String, Stop<OrderRefusal>> {
    let (next, own_format) = match world.get(counter)? {
        state::OrderState::Counter(counter) => (counter.last.saturating_add(1), counter.own_format),
        state::OrderState::Blank | state::OrderState::Order(_) => (1, false),
    };
    let number = number::format(&placing.number_format, year, next);
    // To look each number up before the next is given out would make orders wait in a row.
    if !own_format && number == number::plain(year, next) {
        return Ok(number);
    }
    if world.find(&number_key(&number))?.is_none() {
        return Ok(number);
    }
    let number = number::plain(year, next);
    if world.find(&number_key(&number))?.is_none() {
        return Ok(number);
    }
    Ok(format!("{number}-{}", placing.order))
}

/// The channel has the money: with goods the order is confirmed at once, without it says so.
fn follow_paid(paid: Money, stock: StockStanding, now: Timestamp) -> Vec<OrderEvent> {
    let paid = OrderEvent::Paid { payment: None, paid };
    match stock {
        StockStanding::Committed => vec![paid, OrderEvent::Confirmed],
        // The hold becomes the customer's as soon as stock says so.
        StockStanding::Held => vec![paid],
        StockStanding::Short | StockStanding::Released => {
            vec![paid, OrderEvent::PaidWithoutStock { decide_until: now.plus(state::DECIDE) }]
        }
    }
}
