//! Policies: an event in, commands out. Pure, one file each.
//!
//! Nothing here remembers anything: what has been done already is known by whoever is told again,
//! so an event may come a second time after a crash and changes nothing.

pub mod callbacks;
mod cancellation;
pub mod follower;
mod fulfilment;
mod invitations;
mod memberships;
mod messages;
mod payouts;
mod refunds;
#[cfg(test)]
mod tests;
mod users;

pub use messages::{speaks_of, told};

use crate::{order::state::OrderDocument, payment::PaymentDocument};
use kontor_messages::{
    EntityId, EventId, TenantId, Timestamp,
    notification::{NotificationCommand, NotificationEvent},
    order::{OrderCommand, OrderEvent},
    payment::{PaymentCommand, PaymentEvent},
    payout::PayoutCommand,
    stock::{StockCommand, StockEvent},
    tenant::TenantEvent,
    user::{UserCommand, UserEvent},
};

/// Something that has happened, as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// The event's identity.
    pub id: EventId,
    /// When it was decided.
    pub at: Timestamp,
    /// The entity that owns it.
    pub entity: &'a EntityId,
    /// The version that it gave that entity.
    pub version: i64,
    /// What happened.
    pub fact: Fact<'a>,
}

/// What has happened, with the owner as it stands *now*, which may be later than the event.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// In stock.
    Stock(&'a StockEvent),
    /// To an order.
    Order(&'a OrderEvent, &'a OrderDocument),
    /// To a payment.
    Payment(&'a PaymentEvent, &'a PaymentDocument),
    /// To a message.
    Notification(&'a NotificationEvent),
    /// To a tenant.
    Tenant(&'a TenantEvent),
    /// To a user.
    User(&'a UserEvent),
}

/// What is to be done because of it. The same act twice is one.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// In stock.
    Stock(StockCommand),
    /// To an order.
    Order(OrderCommand),
    /// To a payment.
    Payment(PaymentCommand),
    /// To a refund that goes with a file.
    Payout(PayoutCommand),
    /// To a message.
    Notification(NotificationCommand),
    /// To a user, in the platform's own tenant.
    User(UserCommand),
}

/// What follows from an event, in the order in which it is to be done.
pub fn react(occurrence: &Occurrence<'_>) -> Vec<Act> {
    let mut acts = fulfilment::react(occurrence);
    acts.extend(cancellation::react(occurrence));
    acts.extend(refunds::react(occurrence));
    acts.extend(payouts::react(occurrence));
    acts.extend(messages::react(occurrence));
    acts.extend(invitations::react(occurrence));
    acts.extend(memberships::react(occurrence));
    acts.extend(users::react(occurrence));
    acts
}
