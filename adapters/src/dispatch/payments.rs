//! Calls payment providers as payments ask for it.

use super::{acting, caller, content, lane, read, tell};
use crate::gateways::{Accounts, payments::dispatch};
use async_trait::async_trait;
use kontor_actors::{
    follower::{Follow, Habits, Hitch},
    intake::Intake,
    payment::{Payment, PaymentState},
    store::StoredEvent,
};
use kontor_messages::Timestamp;
use std::sync::Arc;
use tracing::Instrument;

/// The events that ask for a call.
const ASKING: [&str; 6] = [
    "payment.requested",
    "payment.capture_requested",
    "payment.cancel_requested",
    "payment.refund_requested",
    "payment.call_repeated",
    "payment.query_requested",
];

/// Calls providers.
pub struct PaymentCalls {
    intake: Intake,
    accounts: Arc<Accounts>,
}

impl PaymentCalls {
    /// A follower that calls `accounts` and tells the payment domain through `intake`.
    pub fn new(intake: Intake, accounts: Arc<Accounts>) -> Self {
        Self { intake, accounts }
    }

    async fn call(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let asked = content::<Payment>(event)?;
        let state = read::<Payment>(&self.intake, event, &event.entity).await?;
        let PaymentState::Payment(payment) = state else { return Ok(()) };
        let (tenant, id, now) = (&event.tenant, &event.entity, Timestamp::now());
        let told = dispatch::run(&self.accounts, tenant, id, &asked, &payment, now).await;
        let Some(command) = told else { return Ok(()) };
        tell::<Payment>(&self.intake, &caller("provider", event), command).await.map(drop)
    }
}

#[async_trait]
impl Follow for PaymentCalls {
    fn name(&self) -> &'static str {
        "payments"
    }

    fn habits(&self) -> Habits {
        Habits { lanes_max: 512, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        ASKING.contains(&&*event.name).then(|| lane(&event.tenant, &event.entity))
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.call(event).instrument(acting("payments", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
