//! The desk: knows which commands may come from the broker, and asks the domains.

use super::{
    Clerk,
    message::{Ordered, Outcome, Refused, malformed},
    wire,
};
use crate::telemetry::traceparent;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use kontor_actors::{
    admission::Lane,
    domain::Domain,
    gate::RequestKey,
    intake::{Caller, Intake},
    order::Order,
    payment::Payment,
    placing::place_order,
    request::{Denied, Terms},
    stock::Stock,
    tenant::{Tenant, TenantState},
};
use kontor_messages::{
    EntityId, Meta, Refusal, TenantId, Timestamp,
    order::{OrderCommand, PlaceOrder},
    payment::{PaymentCommand, PaymentPlan},
    stock::{StockCommand, Warehouse},
    tenant::{TenantSettings, TenantStatus, tenant_entity},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long it is believed how a tenant stands.
const BELIEVED: Duration = Duration::from_secs(2);
/// How many tenants are remembered.
const TENANTS_MAX: usize = 10_000;

/// Carries out what comes from the broker. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    intake: Intake,
    tenants: Arc<Mutex<Tenants>>,
}

/// Tenants that do business, and when that was found.
type Tenants = HashMap<TenantId, (Instant, Arc<TenantSettings>)>;

/// What a command goes by that the message does not say itself.
struct Slip {
    /// The message's id, for commands that want a name of their own.
    key: String,
    /// For what is new.
    fresh: EntityId,
    settings: Arc<TenantSettings>,
    now: Timestamp,
}

type Run = fn(Desk, Ordered, Slip) -> BoxFuture<'static, Outcome>;

/// The commands that may come from the broker.
const COMMANDS: &[(&str, Run)] = &[
    ("order.place", |desk, ordered, slip| Box::pin(desk.place(ordered, slip))),
    ("order.confirm", |desk, ordered, slip| {
        desk.ask::<Order, wire::OfOrder>(ordered, slip, |w, _| OrderCommand::Confirm {
            order: w.order,
        })
    }),
    ("order.process", |desk, ordered, slip| {
        desk.ask::<Order, wire::OfOrder>(ordered, slip, |w, _| OrderCommand::Process {
            order: w.order,
        })
    }),
    ("order.retry_stock", |desk, ordered, slip| {
        desk.ask::<Order, wire::OfOrder>(ordered, slip, |w, _| OrderCommand::RetryStock {
            order: w.order,
        })
    }),
    ("order.ship", |desk, ordered, slip| {
        desk.ask::<Order, wire::Ship>(ordered, slip, |w, slip| {
            let key = Some(slip.key.clone());
            OrderCommand::Ship { order: w.order, parcel: w.parcel, key }
        })
    }),
    ("order.deliver", |desk, ordered, slip| {
        desk.ask::<Order, wire::Deliver>(ordered, slip, |w, _| OrderCommand::Deliver {
            order: w.order,
            parcel: w.parcel,
        })
    }),
    ("order.cancel", |desk, ordered, slip| {
        desk.ask::<Order, wire::Cancel>(ordered, slip, |w, slip| {
            let key = Some(slip.key.clone());
            OrderCommand::Cancel { order: w.order, reason: w.reason, lines: w.lines, key }
        })
    }),
    ("order.return", |desk, ordered, slip| {
        desk.ask::<Order, wire::Return>(ordered, slip, |w, slip| {
            let (wire::Return { order, lines, reason, restock }, key) = (w, Some(slip.key.clone()));
            OrderCommand::Return { order, lines, reason, restock, key }
        })
    }),
    ("order.add_note", |desk, ordered, slip| {
        desk.ask::<Order, wire::Note>(ordered, slip, |w, slip| OrderCommand::AddNote {
            order: w.order,
            text: w.text,
            key: Some(slip.key.clone()),
        })
    }),
    ("stock.put_warehouse", |desk, ordered, slip| {
        desk.ask::<Stock, Warehouse>(ordered, slip, |warehouse, _| StockCommand::PutWarehouse {
            warehouse,
        })
    }),
    ("stock.configure", |desk, ordered, slip| {
        desk.ask::<Stock, wire::Configure>(ordered, slip, |w, _| StockCommand::Configure {
            sku: w.sku,
            settings: w.settings,
        })
    }),
    ("stock.move", |desk, ordered, slip| {
        desk.ask::<Stock, wire::Move>(ordered, slip, |w, slip| {
            let wire::Move { sku, warehouse, kind, quantity, reason } = w;
            let movement = slip.fresh.clone();
            StockCommand::Move { movement, sku, warehouse, kind, quantity, reason }
        })
    }),
    ("stock.record_observation", |desk, ordered, slip| {
        desk.ask::<Stock, wire::Observation>(ordered, slip, |w, _| {
            let wire::Observation { sku, warehouse, quantity, observed_at } = w;
            StockCommand::RecordObservation { sku, warehouse, quantity, observed_at }
        })
    }),
    ("stock.transfer", |desk, ordered, slip| {
        desk.ask::<Stock, wire::Transfer>(ordered, slip, |w, slip| {
            let (wire::Transfer { sku, from, to, quantity }, transfer) = (w, slip.fresh.clone());
            StockCommand::Transfer { transfer, sku, from, to, quantity }
        })
    }),
    ("stock.receive_transfer", |desk, ordered, slip| {
        desk.ask::<Stock, wire::OfTransfer>(ordered, slip, |w, _| StockCommand::ReceiveTransfer {
            transfer: w.transfer,
        })
    }),
    ("payment.request", |desk, ordered, slip| {
        desk.ask::<Payment, wire::Request>(ordered, slip, request_payment)
    }),
    ("payment.capture", |desk, ordered, slip| {
        desk.ask::<Payment, wire::Capture>(ordered, slip, |w, _| PaymentCommand::Capture {
            payment: w.payment,
            amount: w.amount,
        })
    }),
    ("payment.cancel", |desk, ordered, slip| {
        desk.ask::<Payment, wire::OfPayment>(ordered, slip, |w, _| PaymentCommand::Cancel {
            payment: w.payment,
        })
    }),
    ("payment.refund", |desk, ordered, slip| {
        desk.ask::<Payment, wire::Refund>(ordered, slip, |w, slip| {
            let (wire::Refund { payment, amount, reason }, key) = (w, slip.key.clone());
            PaymentCommand::Refund { payment, refund: slip.fresh.clone(), amount, key, reason }
        })
    }),
];

fn request_payment(w: wire::Request, slip: &Slip) -> PaymentCommand {
    let wait = Duration::from_secs(60 * u64::from(slip.settings.payment_wait_minutes));
    PaymentCommand::Request {
        payment: slip.fresh.clone(),
        order: w.order,
        amount: w.amount,
        provider: w.provider,
        account: w.account,
        capture: w.capture,
        return_url: w.return_url,
        cancel_url: w.cancel_url,
        description: w.description,
        until: w.until.unwrap_or_else(|| slip.now.plus(wait)),
        customer_email: w.customer_email,
        plan: PaymentPlan { choices: slip.settings.payments, ..PaymentPlan::default() },
    }
}

/// The names of all commands that may come from the broker.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _)| *name)
}

impl Desk {
    /// A desk before these domains.
    pub fn new(intake: Intake) -> Self {
        Self { intake, tenants: Arc::default() }
    }

    fn ask<D: Domain, W: DeserializeOwned + 'static>(
        self,
        ordered: Ordered,
        slip: Slip,
        command: fn(W, &Slip) -> D::Command,
    ) -> BoxFuture<'static, Outcome> {
        Box::pin(async move {
            let (caller, terms) = (caller(&ordered), terms(&ordered));
            let command = match decode::<W>(ordered.data) {
                Ok(wire) => command(wire, &slip),
                Err(refused) => return Outcome::Refused(refused),
            };
            match self.intake.ask::<D>(&caller, command, terms).await {
                Ok(done) => {
                    Outcome::Done { subject: done.subject.to_string(), version: done.version }
                }
                Err(denied) => told(denied),
            }
        })
    }

    async fn place(self, ordered: Ordered, slip: Slip) -> Outcome {
        let (caller, terms) = (caller(&ordered), terms(&ordered));
        let place = match decode::<PlaceOrder>(ordered.data) {
            Ok(place) => Box::new(place),
            Err(refused) => return Outcome::Refused(refused),
        };
        match place_order(&self.intake, &caller, place, terms, &slip.settings).await {
            Ok(placed) => Outcome::Done {
                subject: placed.done.subject.to_string(),
                version: placed.done.version,
            },
            Err(denied) => told(denied),
        }
    }

    /// How the tenant is set up, if it does business.
    async fn tenant(&self, tenant: &TenantId) -> Result<Arc<TenantSettings>, Outcome> {
        if let Some((since, settings)) = self.tenants().get(tenant)
            && since.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(settings));
        }
        let found = self.intake.read::<Tenant>(tenant, &tenant_entity()).await;
        let found = found.map_err(|fault| passing("fault", fault.to_string(), None, false))?;
        let refused =
            |code, reason| Err(Outcome::Refused(Refused::new(code, reason).at("/tenant")));
        let Some((TenantState::Tenant(document), _)) = found else {
            return refused("unknown_tenant", "there is no such tenant");
        };
        match document.status {
            TenantStatus::Active => {}
            TenantStatus::Suspended => {
                return refused("tenant_suspended", "the tenant is suspended");
            }
            TenantStatus::Archived | TenantStatus::Deleting => {
                return refused("tenant_archived", "the tenant is archived");
            }
            TenantStatus::Deleted => return refused("unknown_tenant", "there is no such tenant"),
        }
        let settings = Arc::new(document.settings);
        let mut tenants = self.tenants();
        if TENANTS_MAX <= tenants.len() {
            tenants.clear();
        }
        tenants.insert(tenant.clone(), (Instant::now(), Arc::clone(&settings)));
        Ok(settings)
    }

    fn tenants(&self) -> std::sync::MutexGuard<'_, Tenants> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clerk for Desk {
    fn knows(&self, command: &str) -> Option<&'static str> {
        names().find(|name| *name == command)
    }

    async fn obey(&self, ordered: Ordered) -> Outcome {
        let Some((_, run)) = COMMANDS.iter().find(|(name, _)| *name == ordered.command) else {
            let refused = Refused::new("unknown_command", "there is no such command here");
            return Outcome::Refused(refused.at("/command"));
        };
        let settings = match self.tenant(&ordered.tenant).await {
            Ok(settings) => settings,
            Err(outcome) => return outcome,
        };
        let now = Timestamp::now();
        let slip = Slip { key: ordered.id.clone(), fresh: EntityId::fresh(now), settings, now };
        run(self.clone(), ordered, slip).await
    }

    async fn is_sound(&self) -> bool {
        self.intake.ground().store.ping().await.is_ok()
    }
}

fn caller(ordered: &Ordered) -> Caller {
    let actor = match &ordered.user {
        Some(user) => format!("amqp:{user}"),
        None => "amqp".to_owned(),
    };
    let meta =
        Meta::by(actor).because(ordered.id.clone()).traced(traceparent(ordered.trace.as_deref()));
    Caller { tenant: ordered.tenant.clone(), meta, lane: Lane::Realtime }
}

/// The message's id is the request's key, apart from the keys of other ways in.
fn terms(ordered: &Ordered) -> Terms {
    let data = ordered.data.to_string();
    let parts = [ordered.command.as_bytes(), data.as_bytes()];
    Terms { key: Some(RequestKey::new(format!("amqp/{}", ordered.id), &parts)), ..Terms::default() }
}

fn decode<W: DeserializeOwned>(data: Value) -> Result<W, Refused> {
    serde_path_to_error::deserialize(data).map_err(|error| malformed("/data", &error))
}

/// How long a command waits that finds its domain paused.
const PAUSED_WAIT: Duration = Duration::from_secs(5);

fn passing(code: &str, reason: String, wait: Option<Duration>, busy: bool) -> Outcome {
    Outcome::Passing { refused: Refused::new(code, reason), wait, busy }
}

/// What a denial means for a message.
fn told<R: Refusal>(denied: Denied<R>) -> Outcome {
    let reason = denied.to_string();
    match denied {
        Denied::Refused(refusal) => {
            let pointer = refusal.pointer().map(|pointer| format!("/data{pointer}"));
            Outcome::Refused(Refused { code: refusal.code().to_owned(), reason, pointer })
        }
        Denied::OtherVersion { .. } => Outcome::Refused(Refused::new("other_version", reason)),
        Denied::KeyReused => Outcome::Refused(Refused::new("message_id_reused", reason)),
        // Trying again would crash it again, or hold up the commands of others.
        Denied::Quarantined { .. } => Outcome::Refused(Refused::new("quarantined", reason)),
        Denied::Crashed { .. } => Outcome::Refused(Refused::new("crashed", reason)),
        Denied::TenantBusy { retry_after_s } | Denied::NodeBusy { retry_after_s } => {
            let wait = Duration::from_secs(u64::from(retry_after_s));
            passing("busy", reason, Some(wait), true)
        }
        // It goes back to the queue, however often, until it goes on.
        Denied::Paused => passing("actor_paused", reason, Some(PAUSED_WAIT), true),
        Denied::Fault(_) => passing("fault", reason, None, false),
        Denied::Stopping => Outcome::Stopping,
    }
}

#[cfg(test)]
mod tests;
