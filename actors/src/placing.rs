//! Placing an order: the one step that asks two domains in turn.
//!
//! Stock holds all lines or none, then the order is placed on top of that hold; the answer waits
//! for both. An order that arrives paid is held in the same way, and committed by the policy that
//! follows the order: goods are never gone for an order that is not there. Whatever stock holds for an order that is not placed is given back at once, and what
//! a crash leaves behind ends with the hold's own deadline.

use crate::{
    domain::{Domain, Key},
    gate::Pass,
    intake::{Caller, Entrance, Intake},
    order::{Order, check_place, day_number, external_key},
    request::{Denied, Done, Terms},
    stock::{ReservationStatus, Stock},
};
use kontor_messages::{
    EntityId, Refusal, RefusalKind, Timestamp,
    order::{OrderCommand, OrderRefusal, PlaceOrder, StockStanding},
    stock::{ReleaseReason, ReservationLine, StockCommand, StockRefusal, reservation_entity},
    tenant::TenantSettings,
};
use std::{fmt, time::Duration};

/// How much longer goods are held than the payment is waited for: money that is on its way when
/// the time is over still finds them.
const GRACE: Duration = Duration::from_secs(15 * 60);

/// An order that was placed, or was there already.
pub struct Placed {
    /// The order.
    pub done: Done<Order>,
    /// How it came to the answer.
    pub how: PlacedHow,
}

/// How a placing came to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacedHow {
    /// It was placed now.
    New,
    /// The channel had placed it before.
    Known,
    /// The same request was answered before.
    Replayed,
}

/// Who says no to an order, with pointers into what was placed.
#[derive(Clone, Debug, PartialEq)]
pub enum PlaceRefusal {
    /// Stock.
    Stock {
        /// Its word.
        refusal: StockRefusal,
        /// The member at fault.
        pointer: Option<String>,
    },
    /// The order.
    Order(OrderRefusal),
}

/// What a placing comes to.
pub type PlaceAnswer = Result<Placed, Denied<PlaceRefusal>>;

/// Places an order for a tenant with these settings.
pub async fn place_order(
    intake: &Intake,
    caller: &Caller,
    place: Box<PlaceOrder>,
    terms: Terms,
    settings: &TenantSettings,
) -> PlaceAnswer {
    let _permit = intake.admit(caller)?;
    let pass = match intake.enter::<Order>(caller, &terms).await.map_err(by_order)? {
        Entrance::Free(pass) => pass,
        Entrance::Answered(done) => return Ok(Placed { done: *done, how: PlacedHow::Replayed }),
    };
    let terms = Terms { pass: pass.clone(), ..terms };
    match place_once(intake, caller, place, terms, settings).await {
        Err(denied) => {
            let seen = intake.seen::<Order, _>(pass.as_deref(), &denied).await;
            let seen = seen.ok_or(denied)?;
            seen.map(|done| Placed { done, how: PlacedHow::Replayed }).map_err(by_order)
        }
        placed => placed,
    }
}

/// Places an order whose key is its own.
async fn place_once(
    intake: &Intake,
    caller: &Caller,
    place: Box<PlaceOrder>,
    terms: Terms,
    settings: &TenantSettings,
) -> PlaceAnswer {
    let max = settings.limits.entities;
    let full = intake.census().is_full(&caller.tenant, max).await;
    if full.map_err(|fault| Denied::Fault(fault.to_string()))? {
        let refusal = OrderRefusal::TenantFull { max: max.unwrap_or_default() };
        return Err(Denied::Refused(PlaceRefusal::Order(refusal)));
    }
    check_place(&place).map_err(|refusal| Denied::Refused(PlaceRefusal::Order(refusal)))?;
    let placing = Placing::new(intake, caller, place, terms, settings);
    let _turn = placing.turn().await;
    if placing.is_known().await? { placing.place_again().await } else { placing.place().await }
}

/// One placing.
struct Placing<'a> {
    intake: &'a Intake,
    caller: &'a Caller,
    order: EntityId,
    place: Box<PlaceOrder>,
    pay_until: Timestamp,
    number_format: String,
    day: u32,
    orders_max: Option<u32>,
    terms: Terms,
}

/// What stock said.
struct Hold {
    standing: StockStanding,
    done: Done<Stock>,
}

impl<'a> Placing<'a> {
    fn new(
        intake: &'a Intake,
        caller: &'a Caller,
        place: Box<PlaceOrder>,
        terms: Terms,
        settings: &TenantSettings,
    ) -> Self {
        let now = Timestamp::now();
        let wait = Duration::from_secs(60 * u64::from(settings.payment_wait_minutes));
        Self {
            intake,
            caller,
            order: EntityId::fresh(now),
            place,
            pay_until: now.plus(wait),
            number_format: settings.number_format.clone(),
            day: day_in(&settings.time_zone, now),
            orders_max: settings.limits.orders_per_day,
            terms,
        }
    }

    /// Waits until nobody else is placing an order that the channel calls so: a channel that sends
    /// twice at once must not hold twice.
    async fn turn(&self) -> Option<Pass> {
        let key = self.external_key()?;
        // Callers' keys are visible characters, so none of them is taken for this one.
        let key = format!("{} {}", key.name, key.value);
        Some(self.intake.turn::<Order>(self.caller, &key).await)
    }

    fn external_key(&self) -> Option<Key> {
        let PlaceOrder { channel, account, external_id, .. } = &*self.place;
        Some(external_key(channel, account.as_deref(), external_id.as_deref()?))
    }

    /// Whether the channel has placed it before: then nothing needs to be held for it.
    async fn is_known(&self) -> Result<bool, Denied<PlaceRefusal>> {
        let Some(key) = self.external_key() else { return Ok(false) };
        let found = self.intake.find::<Order>(&self.caller.tenant, key.name, &key.value).await;
        Ok(found.map_err(|fault| Denied::Fault(fault.to_string()))?.is_some())
    }

    /// The order compares it with what it knows, and answers with itself or says that it differs.
    async fn place_again(self) -> PlaceAnswer {
        let terms = Terms { key: None, ..self.terms.clone() };
        let (intake, caller) = (self.intake, self.caller);
        let answer = intake.tell::<Order>(caller, self.command(StockStanding::Short), terms).await;
        answer.map(|done| Placed { done, how: PlacedHow::Known }).map_err(by_order)
    }

    async fn place(self) -> PlaceAnswer {
        let (intake, caller, order) = (self.intake, self.caller, self.order.clone());
        let hold = self.hold().await?;
        let dry_run = self.terms.dry_run;
        let terms = Terms {
            // A dry run holds nothing that the order could stand on.
            after: (!dry_run).then(|| hold.done.owner.clone()),
            fresh: Some(order.clone()),
            ..self.terms.clone()
        };
        let answer = intake.tell::<Order>(caller, self.command(hold.standing), terms).await;
        let unplaced = match &answer {
            Ok(done) => done.subject != order,
            // Of any other failure it is not known that the order was not placed.
            Err(denied) => matches!(denied, Denied::Refused(_) | Denied::OtherVersion { .. }),
        };
        if unplaced && !dry_run {
            give_back(intake, caller, &order).await;
        }
        let how = if unplaced { PlacedHow::Known } else { PlacedHow::New };
        answer.map(|done| Placed { done, how }).map_err(by_order)
    }

    async fn hold(&self) -> Result<Hold, Denied<PlaceRefusal>> {
        let command = StockCommand::Reserve {
            reservation: self.order.clone(),
            channel: self.place.channel.clone(),
            lines: self.wanted(),
            until: self.pay_until.plus(GRACE),
            paid: self.place.paid,
        };
        let terms = Terms {
            early: !self.terms.dry_run,
            dry_run: self.terms.dry_run,
            fresh: Some(reservation_entity(&self.order)),
            ..Terms::default()
        };
        let done = self.intake.tell::<Stock>(self.caller, command, terms).await;
        let done = done.map_err(|denied| denied.map(|refusal| self.by_stock(refusal)))?;
        Ok(Hold { standing: standing(&done), done })
    }

    fn wanted(&self) -> Vec<ReservationLine> {
        let lines = self.place.lines.iter().map(|line| ReservationLine {
            sku: line.sku.clone(),
            quantity: line.quantity,
            warehouse: line.warehouse.clone(),
        });
        lines.collect()
    }

    fn command(self, stock: StockStanding) -> OrderCommand {
        let Self { order, place, pay_until, number_format, day, orders_max, .. } = self;
        let day = Some(day);
        OrderCommand::Place { order, place, stock, pay_until, number_format, day, orders_max }
    }

    /// Stock's no, led to the line at fault: reservation and order have the same lines.
    fn by_stock(&self, refusal: StockRefusal) -> PlaceRefusal {
        let from = |code: &str| {
            let named = |line: &kontor_messages::order::OrderLine| {
                line.warehouse.as_deref().is_some_and(|warehouse| warehouse == code)
            };
            let line = self.place.lines.iter().position(named)?;
            Some(format!("/lines/{line}/warehouse"))
        };
        let pointer = match &refusal {
            StockRefusal::UnknownWarehouse(code) | StockRefusal::InactiveWarehouse(code) => {
                from(code)
            }
            other => other.pointer(),
        };
        PlaceRefusal::Stock { refusal, pointer }
    }
}

/// The day in a tenant's time zone as `yyyymmdd`.
pub fn day_in(time_zone: &str, now: Timestamp) -> u32 {
    let zone: chrono_tz::Tz = time_zone.parse().unwrap_or(chrono_tz::UTC);
    day_number(now.to_utc().with_timezone(&zone).date_naive())
}

/// When a day begins in a tenant's time zone. Where clocks are put forward at midnight, that is the
/// first hour that there is.
pub fn day_begins(time_zone: &str, day: chrono::NaiveDate) -> Timestamp {
    let zone: chrono_tz::Tz = time_zone.parse().unwrap_or(chrono_tz::UTC);
    let mut hours = (0..4).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
    let begun = hours.find_map(|at| at.and_local_timezone(zone).earliest());
    let begun = begun.map(|at| at.timestamp_millis());
    let plain = || day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    Timestamp::from_millis(begun.unwrap_or_else(plain))
}

/// What is held for an order that was not placed is for others to buy again.
async fn give_back(intake: &Intake, caller: &Caller, order: &EntityId) {
    let command = StockCommand::Release {
        reservation: order.clone(),
        lines: Vec::new(),
        key: "not-placed".to_owned(),
        reason: ReleaseReason::Cancelled,
    };
    if let Err(denied) = intake.tell::<Stock>(caller, command, Terms::default()).await {
        tracing::warn!(%order, %denied, "a hold without an order stays until its deadline");
    }
}

fn standing(done: &Done<Stock>) -> StockStanding {
    match done.state.as_reservation().map(|reservation| reservation.status) {
        Some(ReservationStatus::Held) => StockStanding::Held,
        Some(ReservationStatus::Committed) => StockStanding::Committed,
        _ => StockStanding::Short,
    }
}

fn by_order(denied: Denied<OrderRefusal>) -> Denied<PlaceRefusal> {
    denied.map(PlaceRefusal::Order)
}

impl PlaceRefusal {
    fn inner(&self) -> &dyn Refusal {
        match self {
            Self::Stock { refusal, .. } => refusal,
            Self::Order(refusal) => refusal,
        }
    }

    /// Which domain says it.
    pub fn domain(&self) -> &'static str {
        match self {
            Self::Stock { .. } => Stock::NAME,
            Self::Order(_) => Order::NAME,
        }
    }
}

impl fmt::Display for PlaceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.inner(), f)
    }
}

impl std::error::Error for PlaceRefusal {}

impl Refusal for PlaceRefusal {
    fn code(&self) -> &'static str {
        self.inner().code()
    }

    fn kind(&self) -> RefusalKind {
        self.inner().kind()
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Stock { pointer, .. } => pointer.clone(),
            Self::Order(refusal) => refusal.pointer(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_with_its_first_moment_where_the_shop_is() {
        for (zone, day, begins) in [
            ("Europe/Prague", "2026-11-27", "2026-11-26T23:00:00.000Z"),
            ("Europe/Prague", "2026-06-01", "2026-05-31T22:00:00.000Z"),
            // Clocks go from midnight to one here.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z"),
            ("nowhere", "2026-11-27", "2026-11-27T00:00:00.000Z"),
        ] {
            assert_eq!(day_begins(zone, day.parse().unwrap()).to_string(), begins, "{zone} {day}");
        }
    }
}
