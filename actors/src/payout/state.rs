//! What is known of orders and batches.

use super::Payout;
use crate::domain::Event;
use kontor_messages::{
    EntityId, Money, Timestamp,
    payout::{PayoutEvent as E, PayoutOutcome, Transfer},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

const DAY: u64 = 24 * 3600;
/// How long an order waits for a file, or a file for somebody who takes it, until that is told.
const FILE: Duration = Duration::from_secs(3 * DAY);
/// How long the bank has.
const BANK: Duration = Duration::from_secs(7 * DAY);

/// What is known of one entity of the domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PayoutState {
    /// Nothing.
    #[default]
    Blank,
    /// A refund that is paid out.
    Order(Box<PayoutOrder>),
    /// What goes with one file.
    Batch(Box<PayoutBatch>),
}

/// A refund that is paid out with a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PayoutOrder {
    /// Of which payment.
    pub payment: EntityId,
    /// At which provider.
    pub provider: String,
    /// From which account there.
    pub account: String,
    /// What the bank is told.
    pub transfer: Transfer,
    /// Where it stands.
    pub status: OrderStatus,
    /// The batch that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<EntityId>,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// Since when it stands as it does.
    pub since: Timestamp,
    /// It was told that this is too long.
    #[serde(default)]
    pub overdue: bool,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PayoutOrderStatus)]
pub enum OrderStatus {
    /// It is in no file.
    Waiting,
    /// It is in a file that nobody has taken.
    Batched,
    /// Somebody has taken its file to the bank.
    HandedOver,
    /// The money was seen going out.
    Paid,
    /// The refund was called off, or failed.
    Failed,
}

/// The orders that go with one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PayoutBatch {
    /// At which provider.
    pub provider: String,
    /// From which account there.
    pub account: String,
    /// The orders in it: what the file holds, once that was taken.
    pub orders: Vec<EntityId>,
    /// How much in all.
    pub total: Money,
    /// Where it stands.
    pub status: BatchStatus,
    /// Orders that have not ended.
    pub open: u64,
    /// When it was formed.
    pub formed_at: Timestamp,
    /// When its file was taken first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over_at: Option<Timestamp>,
    /// Why it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PayoutBatchStatus)]
pub enum BatchStatus {
    /// Nobody has taken its file.
    Formed,
    /// Somebody has.
    HandedOver,
    /// The bank has not taken it; its orders go with another one.
    Released,
    /// All of its orders have ended.
    Done,
}

impl PayoutState {
    /// The order, if it is one.
    pub fn order(&self) -> Option<&PayoutOrder> {
        match self {
            Self::Order(order) => Some(order),
            Self::Blank | Self::Batch(_) => None,
        }
    }

    /// The batch, if it is one.
    pub fn batch(&self) -> Option<&PayoutBatch> {
        match self {
            Self::Batch(batch) => Some(batch),
            Self::Blank | Self::Order(_) => None,
        }
    }
}

impl PayoutOrder {
    /// Whether it has come to its end.
    pub fn is_over(&self) -> bool {
        matches!(self.status, OrderStatus::Paid | OrderStatus::Failed)
    }

    /// When it has to be told that it takes long.
    pub fn due(&self) -> Option<Timestamp> {
        let wait = match self.status {
            OrderStatus::Waiting | OrderStatus::Batched => FILE,
            OrderStatus::HandedOver => BANK,
            OrderStatus::Paid | OrderStatus::Failed => return None,
        };
        (!self.overdue).then(|| self.since.plus(wait))
    }

    fn stand(&mut self, status: OrderStatus, at: Timestamp) {
        (self.status, self.since, self.overdue) = (status, at, false);
    }
}

/// Carries an event into its owner or into what it touches.
pub fn apply(entity: &EntityId, state: &mut PayoutState, event: &Event<'_, Payout>) {
    let at = event.at;
    match (event.event, &mut *state) {
        (E::Queued { payment, provider, account, transfer }, _) => {
            *state = PayoutState::Order(Box::new(PayoutOrder {
                payment: payment.clone(),
                provider: provider.clone(),
                account: account.clone(),
                transfer: transfer.clone(),
                status: OrderStatus::Waiting,
                batch: None,
                queued_at: at,
                since: at,
                overdue: false,
            }));
        }
        (E::BatchFormed { provider, account, orders, total }, _) if entity == event.entity => {
            *state = PayoutState::Batch(Box::new(PayoutBatch {
                provider: provider.clone(),
                account: account.clone(),
                orders: orders.clone(),
                total: *total,
                status: BatchStatus::Formed,
                open: orders.len() as u64,
                formed_at: at,
                handed_over_at: None,
                note: None,
            }));
        }
        (told, PayoutState::Order(order)) => apply_order(order, told, event.entity, at),
        (told, PayoutState::Batch(batch)) => apply_batch(batch, told, at),
        (_, PayoutState::Blank) => {}
    }
}

fn apply_order(order: &mut PayoutOrder, event: &E, owner: &EntityId, at: Timestamp) {
    match event {
        E::BatchFormed { .. } => {
            order.stand(OrderStatus::Batched, at);
            order.batch = Some(owner.clone());
        }
        E::HandedOver { .. } => order.stand(OrderStatus::HandedOver, at),
        E::Released { .. } => {
            order.stand(OrderStatus::Waiting, at);
            order.batch = None;
        }
        E::Closed { outcome, .. } => order.stand(
            match outcome {
                PayoutOutcome::Paid => OrderStatus::Paid,
                PayoutOutcome::Failed => OrderStatus::Failed,
            },
            at,
        ),
        E::Overdue => order.overdue = true,
        E::Queued { .. } => {}
    }
}

fn apply_batch(batch: &mut PayoutBatch, event: &E, at: Timestamp) {
    match event {
        E::HandedOver { orders, total } => {
            batch.status = BatchStatus::HandedOver;
            batch.handed_over_at = Some(at);
            batch.orders.clone_from(orders);
            (batch.total, batch.open) = (*total, orders.len() as u64);
        }
        E::Released { note, .. } => {
            batch.status = BatchStatus::Released;
            batch.note = Some(note.clone());
        }
        E::Closed { .. } => {
            batch.open = batch.open.saturating_sub(1);
            if batch.open == 0 && batch.status != BatchStatus::Released {
                batch.status = BatchStatus::Done;
            }
        }
        _ => {}
    }
}
