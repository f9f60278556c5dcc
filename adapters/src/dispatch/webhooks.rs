//! Outgoing webhooks: one follower chooses which endpoints get an event, another posts.

mod recent;

use super::{acting, caller, content, event_id, lane, read, tell};
use crate::gateways::webhooks::callback;
use async_trait::async_trait;
use kontor_actors::{
    announce::{Announcement, announce},
    domain::Domain,
    follower::{Follow, Habits, Hitch},
    intake::Intake,
    payment::{Payment, PaymentState},
    policies::callbacks,
    ports_webhook::{PostContent, PostOutcome, WebhookPost, WebhookSender},
    store::{ListQuery, StoredEvent},
    webhook::{
        DeliveryDocument, RegisterDocument, Webhook, WebhookState, dispatch,
        filter::{is_deliverable, targets, test_target},
        secret,
    },
};
use kontor_messages::{
    EntityId, TenantId, Timestamp,
    payment::PaymentEvent,
    webhook::{
        Position, WebhookCommand, WebhookEvent, callbacks_id, endpoint_entity, register_entity,
    },
};
use recent::{Recent, Told};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tracing::Instrument;
use url::Url;

/// Registers in memory, at most.
const REGISTERS_MAX: usize = 10_000;
/// Why a callback is not posted.
const NO_ADDRESS: &str = "the payment names no address for callbacks";
/// Parked deliveries that are resumed at a time.
const PAGE: u32 = 200;

/// Chooses the endpoints of each public event.
pub struct WebhookChoice {
    intake: Intake,
    /// Each tenant's endpoints as of some event; dropped when one of its endpoints changes. The
    /// journal is read in order, so what is read anew is never older than the event at hand.
    registers: Mutex<Registers>,
}

/// Registers by tenant, and how often one was dropped: what was read before that may be old.
#[derive(Default)]
struct Registers {
    known: HashMap<TenantId, Arc<RegisterDocument>>,
    dropped: u64,
}

/// Posts deliveries.
pub struct WebhookPosts {
    intake: Intake,
    sender: Arc<dyn WebhookSender>,
    recent: Recent,
}

impl WebhookChoice {
    /// A follower that tells the webhook domain through `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake, registers: Mutex::default() }
    }

    async fn register(&self, event: &StoredEvent) -> Result<Arc<RegisterDocument>, Hitch> {
        let dropped = {
            let registers = self.registers();
            if let Some(known) = registers.known.get(&event.tenant) {
                return Ok(Arc::clone(known));
            }
            registers.dropped
        };
        let register = match read::<Webhook>(&self.intake, event, &register_entity()).await? {
            WebhookState::Register(register) => Arc::new(register),
            _ => Arc::default(),
        };
        let mut registers = self.registers();
        if REGISTERS_MAX <= registers.known.len() {
            registers.known.clear();
        }
        if registers.dropped == dropped {
            registers.known.insert(event.tenant.clone(), Arc::clone(&register));
        }
        Ok(register)
    }

    /// Whether it is known that no endpoint gets any event of this tenant.
    fn is_idle(&self, tenant: &TenantId) -> bool {
        self.registers().known.get(tenant).is_some_and(|register| register.endpoints.is_empty())
    }

    fn registers(&self) -> std::sync::MutexGuard<'_, Registers> {
        self.registers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn choose(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let register = self.register(event).await?;
        if register.endpoints.is_empty() {
            return Ok(());
        }
        for announcement in announce(event) {
            for endpoint in targets(&register, announcement.name) {
                let command = deliver(endpoint, event, &announcement)?;
                tell::<Webhook>(&self.intake, &caller("webhooks", event), command).await?;
            }
        }
        Ok(())
    }

    /// The application that asked for a payment hears of it, at the address that it named.
    async fn call_back(&self, event: &StoredEvent) -> Result<(), Hitch> {
        if !callbacks::EVENTS.contains(&&*event.name) {
            return Ok(());
        }
        let state = read::<Payment>(&self.intake, event, &event.entity).await?;
        let payment = state.payment();
        let client = payment.and_then(|payment| payment.plan.client.as_ref());
        if client.is_none_or(|client| client.callback_url.is_none()) {
            return Ok(());
        }
        let by = caller("webhooks", event);
        let endpoint = callbacks_id();
        let there = read::<Webhook>(&self.intake, event, &endpoint_entity(&endpoint)).await?;
        if there == WebhookState::Blank {
            let secret = secret::issue().map_err(|fault| Hitch::new(fault.to_string()))?;
            let command = WebhookCommand::PrepareCallbacks { secret };
            tell::<Webhook>(&self.intake, &by, command).await?;
        }
        let command = WebhookCommand::Deliver {
            endpoint,
            event: event.id,
            name: event.name.to_string(),
            subject: format!("{}/{}", event.domain, event.entity),
            position: Position { shard: event.shard, seq: event.seq },
            key: None,
        };
        tell::<Webhook>(&self.intake, &by, command).await.map(drop)
    }

    /// An example goes to the one endpoint that it was asked for.
    async fn test(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let asked = content::<Webhook>(event)?;
        let Some(endpoint) = test_target(&asked) else { return Ok(()) };
        let command = WebhookCommand::Deliver {
            endpoint: endpoint.clone(),
            event: event.id,
            name: event.name.to_string(),
            subject: event.entity.to_string(),
            position: Position { shard: event.shard, seq: event.seq },
            key: None,
        };
        tell::<Webhook>(&self.intake, &caller("webhooks", event), command).await.map(drop)
    }

    /// What waited for an endpoint goes on.
    async fn resume(&self, event: &StoredEvent, endpoint: &EntityId) -> Result<(), Hitch> {
        let mut before = None;
        loop {
            let query = ListQuery {
                tenant: event.tenant.clone(),
                domain: Webhook::NAME.into(),
                prefix: format!("delivery/{endpoint}/"),
                status: Some("parked".into()),
                label: None,
                from: None,
                before,
                limit: PAGE,
            };
            let page = self.intake.ground().store.list(&query).await;
            let page = page.map_err(|fault| Hitch::new(fault.to_string()))?;
            for row in &page {
                let command = WebhookCommand::ResumeDelivery { delivery: row.entity.clone() };
                tell::<Webhook>(&self.intake, &caller("webhooks", event), command).await?;
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
            before = page.last().map(|row| row.entity.to_string());
        }
    }
}

fn deliver(
    endpoint: &EntityId,
    event: &StoredEvent,
    announcement: &Announcement,
) -> Result<WebhookCommand, Hitch> {
    Ok(WebhookCommand::Deliver {
        endpoint: endpoint.clone(),
        event: event_id(&announcement.id)?,
        name: announcement.name.into(),
        subject: format!("{}/{}", event.domain, announcement.subject),
        position: Position { shard: event.shard, seq: event.seq },
        key: None,
    })
}

#[async_trait]
impl Follow for WebhookChoice {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        if event.name.starts_with("webhook.endpoint_") {
            let mut registers = self.registers();
            registers.known.remove(&event.tenant);
            registers.dropped += 1;
        }
        let back = matches!(
            &*event.name,
            "webhook.endpoint_enabled" | "webhook.endpoint_removed" | "webhook.test"
        );
        let called_back = callbacks::EVENTS.contains(&&*event.name);
        let told = is_deliverable(&event.name) && (called_back || !self.is_idle(&event.tenant));
        let wanted = back || told;
        wanted.then(|| format!("{}/{}/{}", event.tenant, event.domain, event.entity).into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let handled = match &*event.name {
                "webhook.endpoint_enabled" | "webhook.endpoint_removed" => {
                    match content::<Webhook>(event)? {
                        WebhookEvent::EndpointEnabled { endpoint, .. }
                        | WebhookEvent::EndpointRemoved { endpoint } => {
                            self.resume(event, &endpoint).await
                        }
                        _ => Ok(()),
                    }
                }
                "webhook.test" => self.test(event).await,
                _ => match self.choose(event).await {
                    Ok(()) => self.call_back(event).await,
                    hitch => hitch,
                },
            };
            handled.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}

impl WebhookPosts {
    /// A follower that posts with `sender`.
    pub fn new(intake: Intake, sender: Arc<dyn WebhookSender>) -> Self {
        Self { intake, sender, recent: Recent::default() }
    }

    async fn post(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let entity = &event.entity;
        let delivery = read::<Webhook>(&self.intake, event, entity).await?;
        let WebhookState::Delivery(document) = &delivery else { return Ok(()) };
        let endpoint = endpoint_entity(&document.endpoint);
        let endpoint = read::<Webhook>(&self.intake, event, &endpoint).await?;
        let command = match dispatch::next(entity, &delivery, &endpoint, Timestamp::now()) {
            dispatch::Next::Nothing => return Ok(()),
            dispatch::Next::Tell(command) => command,
            dispatch::Next::Post { url, secrets, attempt, callback } => {
                let post = self.fill(document, url, secrets).await?;
                let post = match callback {
                    Some(terms) => self.called_back(document, post, terms).await?,
                    None => Ok(post),
                };
                let outcome = match post {
                    Ok(post) => self.sender.post(&post).await,
                    Err(error) => not_posted(error),
                };
                dispatch::outcome(entity.clone(), attempt, outcome, fastrand::u16(0..=1000))
            }
        };
        tell::<Webhook>(&self.intake, &caller("webhooks", event), command).await.map(drop)
    }

    /// The content of a delivery is the event itself, read from the journal again.
    async fn fill(
        &self,
        delivery: &DeliveryDocument,
        url: String,
        secrets: Vec<kontor_messages::webhook::SigningSecret>,
    ) -> Result<WebhookPost, Hitch> {
        let told = self.told_of(delivery).await?;
        let id = delivery.event.to_string();
        let data = match told.announcements.iter().find(|announcement| announcement.id == id) {
            Some(announcement) => announcement.data.clone(),
            None => serde_json::json!({ "endpoint": delivery.endpoint }),
        };
        let (event, name, at) = (delivery.event, delivery.name.clone(), told.event.at);
        Ok(WebhookPost { url, secrets, event, name, at, content: PostContent::Event(data) })
    }

    async fn told_of(&self, delivery: &DeliveryDocument) -> Result<Arc<Told>, Hitch> {
        if let Some(told) = self.recent.find(delivery.position) {
            return Ok(told);
        }
        let Position { shard, seq } = delivery.position;
        let read = self.intake.ground().journal.read(shard, seq - 1, 1).await;
        let read = read.map_err(|fault| Hitch::new(fault.to_string()))?;
        let event = read.into_iter().next();
        let event = event.ok_or_else(|| Hitch::new("the event is not in the journal"))?;
        Ok(self.recent.add(event))
    }

    /// The same as a callback: address and content are the payment's. Or why it is not posted.
    async fn called_back(
        &self,
        delivery: &DeliveryDocument,
        post: WebhookPost,
        terms: dispatch::CallbackTerms,
    ) -> Result<Result<WebhookPost, &'static str>, Hitch> {
        let told = self.told_of(delivery).await?;
        let event = &*told.event;
        let happened = content::<Payment>(event)?;
        let state = read::<Payment>(&self.intake, event, &event.entity).await?;
        let PaymentState::Payment(payment) = &state else { return Ok(Err(NO_ADDRESS)) };
        let client = payment.plan.client.as_ref();
        let Some(url) = client.and_then(|client| client.callback_url.clone()) else {
            return Ok(Err(NO_ADDRESS));
        };
        let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        if !host.is_some_and(|host| terms.allow(&host)) {
            return Ok(Err("the host is not one that callbacks go to"));
        }
        let refunded = match &happened {
            PaymentEvent::Refunded { refunded, .. } => Some(*refunded),
            _ => None,
        };
        let body = callbacks::news(&happened)
            .and_then(|news| callback::body(&event.entity, payment, (news, refunded), event.at));
        let Some(body) = body else { return Ok(Err("there is nothing to tell")) };
        let content = PostContent::Callback { body, api_key: terms.api_key };
        Ok(Ok(WebhookPost { url, content, ..post }))
    }
}

fn not_posted(error: &str) -> PostOutcome {
    let (error, duration) = (error.to_owned(), Duration::ZERO);
    PostOutcome::Failed { status: None, error, retry_after: None, duration }
}

#[async_trait]
impl Follow for WebhookPosts {
    fn name(&self) -> &'static str {
        "webhook-posts"
    }

    fn habits(&self) -> Habits {
        Habits { lanes_max: 512, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        // delivery/<endpoint>/<event id>: an endpoint's trouble is its own.
        let endpoint = event.entity.as_str().strip_prefix("delivery/")?.split('/').next()?;
        let content: WebhookEvent = serde_json::from_str(&event.payload).ok()?;
        let wanted = dispatch::wants_posting(&content);
        wanted.then(|| lane(format_args!("{}/{endpoint}", event.tenant), &event.entity))
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.post(event).instrument(acting("webhooks", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
