//! The follower that carries policies out: it reads an event, asks the pure policies what follows
//! from it, and tells the domains concerned, one act after the other.

use super::{Act, Fact, Occurrence, fulfilment, invitations, memberships, messages, react};
use crate::{
    admission::Lane,
    domain::Domain,
    follower::{Follow, Habits, Hitch, OnHitch},
    intake::{Caller, Intake},
    notification::Notification,
    order::{Order, state::OrderState},
    payment::{Payment, PaymentState},
    payout::Payout,
    request::{Denied, Terms},
    stock::Stock,
    store::StoredEvent,
    tenant::Tenant,
    user::User,
};
use async_trait::async_trait;
use kontor_messages::{Meta, TenantId};
use std::{fmt::Write, sync::Arc};

/// Carries policies out.
pub struct Policies {
    intake: Intake,
}

impl Policies {
    /// A follower that tells domains through `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }

    async fn acts(&self, stored: &StoredEvent) -> Result<Vec<Act>, Hitch> {
        let occurrence = |fact| Occurrence {
            tenant: &stored.tenant,
            id: stored.id,
            at: stored.at,
            entity: &stored.entity,
            version: stored.version,
            fact,
        };
        let acts = match &*stored.domain {
            Stock::NAME => react(&occurrence(Fact::Stock(&event::<Stock>(stored)?))),
            Notification::NAME => {
                react(&occurrence(Fact::Notification(&event::<Notification>(stored)?)))
            }
            Tenant::NAME => react(&occurrence(Fact::Tenant(&event::<Tenant>(stored)?))),
            User::NAME => react(&occurrence(Fact::User(&event::<User>(stored)?))),
            Order::NAME => {
                let event = event::<Order>(stored)?;
                if !messages::follows(&event) {
                    return Ok(Vec::new());
                }
                match self.state::<Order>(stored).await? {
                    OrderState::Order(order) => react(&occurrence(Fact::Order(&event, &order))),
                    _ => Vec::new(),
                }
            }
            Payment::NAME => match self.state::<Payment>(stored).await? {
                PaymentState::Payment(payment) => {
                    react(&occurrence(Fact::Payment(&event::<Payment>(stored)?, &payment)))
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        Ok(acts)
    }

    async fn state<D: Domain>(&self, stored: &StoredEvent) -> Result<D::State, Hitch> {
        let found = self.intake.read::<D>(&stored.tenant, &stored.entity).await;
        let found = found.map_err(|fault| Hitch::new(fault.to_string()))?;
        Ok(found.map(|(state, _)| state).unwrap_or_default())
    }

    async fn carry_out(&self, caller: &Caller, act: Act) -> Result<(), Hitch> {
        match act {
            Act::Stock(command) => self.tell::<Stock>(caller, command).await,
            Act::Order(command) => self.tell::<Order>(caller, command).await,
            Act::Payment(command) => self.tell::<Payment>(caller, command).await,
            Act::Payout(command) => self.tell::<Payout>(caller, command).await,
            Act::Notification(command) => self.tell::<Notification>(caller, command).await,
            Act::User(command) => {
                let platform = Caller { tenant: TenantId::platform(), ..caller.clone() };
                self.tell::<User>(&platform, command).await
            }
        }
    }

    /// A refusal is an answer too: what a policy wants may have been overtaken. It is counted, and
    /// the deadline of whatever waits for it brings it to light.
    async fn tell<D: Domain>(&self, caller: &Caller, command: D::Command) -> Result<(), Hitch> {
        match self.intake.tell::<D>(caller, command, Terms::default()).await {
            Ok(_) => Ok(()),
            Err(Denied::Refused(refusal)) => {
                tracing::info!(tenant = %caller.tenant, domain = D::NAME, %refusal, "a policy was refused");
                metrics::counter!("kontor_policy_refusals_total", "domain" => D::NAME).increment(1);
                Ok(())
            }
            Err(denied) => Err(Hitch::denied(&denied)),
        }
    }
}

fn event<D: Domain>(stored: &StoredEvent) -> Result<D::Event, Hitch> {
    serde_json::from_str(&stored.payload)
        .map_err(|broken| Hitch::new(format!("event {} cannot be read: {broken}", stored.id)))
}

/// The trace that an event belongs to, out of its provenance.
pub fn trace_of(stored: &StoredEvent) -> Option<String> {
    serde_json::from_str::<Meta>(&stored.meta).ok().and_then(|meta| meta.trace)
}

#[async_trait]
impl Follow for Policies {
    fn name(&self) -> &'static str {
        "policies"
    }

    fn habits(&self) -> Habits {
        Habits { lanes_max: 256, on_hitch: OnHitch::Park, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        match &*event.domain {
            // Holds are many, and nothing follows from one.
            Stock::NAME if fulfilment::follows(&event.name) => {}
            Order::NAME | Payment::NAME | Notification::NAME => {}
            Tenant::NAME
                if invitations::TOLD_OF.contains(&&*event.name)
                    || memberships::TOLD_OF.contains(&&*event.name) => {}
            // Logins are many, and nothing follows from most.
            User::NAME if super::users::follows(&event.name) => {}
            _ => return None,
        }
        let mut lane = String::with_capacity(96);
        let _ = write!(lane, "{}/{}/{}", event.tenant, event.domain, event.entity);
        Some(lane.into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, stored) in events.iter().enumerate() {
            let acts = self.acts(stored).await.map_err(|hitch| hitch.after(done))?;
            if acts.is_empty() {
                continue;
            }
            let meta = Meta::by("policy").because(stored.id.to_string()).traced(trace_of(stored));
            let caller = Caller { tenant: stored.tenant.clone(), meta, lane: Lane::Realtime };
            for act in acts {
                self.carry_out(&caller, act).await.map_err(|hitch| hitch.after(done))?;
            }
        }
        Ok(())
    }
}
