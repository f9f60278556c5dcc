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
use serde::Deserialize;
use std::{borrow::Cow, sync::Arc};
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

/// Whose calls an event's are: an account that is slow keeps nobody else waiting. Older events do
/// not say it, and share the lanes of their tenant.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Whose<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    account: Cow<'a, str>,
}

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

    // Lanes are many, for an account that stands keeps its own; what waits in them is little, for
    // its backlog would keep the others from being read.
    fn habits(&self) -> Habits {
        Habits { window_max: 4096, lanes_max: 2048, lane_max: 32, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        if !ASKING.contains(&&*event.name) {
            return None;
        }
        let whose: Whose<'_> = serde_json::from_str(&event.payload).unwrap_or_default();
        let account = format!("{}/{}/{}", event.tenant, whose.provider, whose.account);
        Some(lane(account, &event.entity))
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.call(event).instrument(acting("payments", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
