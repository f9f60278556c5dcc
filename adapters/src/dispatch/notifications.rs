//! Messages to people: renders and sends what was queued, and records how it went.

use super::{acting, caller, content, lane, letters::Letters, read, tell};
use crate::{
    gateways::{
        GatewaySettings,
        http::Http,
        notifications::{SettingsFault, channel, log::Log, sms_providers, templates},
    },
    invitation::Links,
};
use async_trait::async_trait;
use kontor_actors::{
    follower::{Follow, Habits, Hitch},
    intake::Intake,
    notification::{Notification, NotificationDocument, NotificationState, dispatch},
    ports_notification::{Accepted, NotificationChannel, OutgoingMessage, SendFault},
    store::StoredEvent,
    tenant::{Tenant, TenantState},
};
use kontor_messages::{
    EntityId, TenantId, Timestamp,
    notification::{ChannelKind, FailureKind, NotificationCommand, Template, template_entity},
    tenant::{AccountSettings, account_entity, tenant_entity},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tracing::Instrument;

/// Channels in memory, at most.
const CHANNELS_MAX: usize = 1_000;
/// The text that invites somebody.
const INVITATION: &str = "invitation";
/// The tenant's account that mail goes through.
const MAIL_ACCOUNT: (&str, &str) = ("smtp", "main");

/// The name of a tenant's account that text messages go through, at any provider of them.
const SMS_ACCOUNT: &str = "main";

/// How text messages go out.
pub struct Texts {
    /// The client that tenants' providers are called with.
    pub http: Http,
    /// The provider and account of whoever has none of their own, and the client for it: the
    /// operator's provider may be at a private address.
    pub fallback: Option<(String, AccountSettings, Http)>,
}

/// A tenant's channel, with the settings that it was made of, and whether they are its own.
type Made = (AccountSettings, bool, Arc<dyn NotificationChannel>);

/// Sends messages.
pub struct NotificationSender {
    intake: Intake,
    /// Used by tenants that have no account of their own.
    fallback: Option<AccountSettings>,
    /// Text messages, if they can go out at all.
    texts: Option<Texts>,
    /// What invitations are accepted with is written here, and kept nowhere.
    links: Option<Links>,
    /// What the platform itself writes.
    letters: Letters,
    /// Whether tenants' mail servers may be at private addresses; the operator's may anyway.
    allow_private: bool,
    /// Open connections by tenant.
    channels: Mutex<HashMap<TenantId, Made>>,
}

impl NotificationSender {
    /// A follower that sends by the tenants' accounts, or by `fallback`.
    pub fn new(intake: Intake, fallback: Option<AccountSettings>, letters: Letters) -> Self {
        let (links, texts, channels) = (None, None, Mutex::default());
        Self { intake, fallback, links, letters, texts, allow_private: false, channels }
    }

    /// The same, with tenants' mail servers where these settings let them be.
    pub fn with_reach(self, settings: &GatewaySettings) -> Self {
        Self { allow_private: settings.allow_private, ..self }
    }

    /// The same, for invitations too.
    pub fn with_links(self, links: Option<Links>) -> Self {
        Self { links, ..self }
    }

    /// The same, for text messages too.
    pub fn with_texts(self, texts: Texts) -> Self {
        Self { texts: Some(texts), ..self }
    }

    async fn send(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let asked = content::<Notification>(event)?;
        if !dispatch::wants_sending(&asked) {
            return Ok(());
        }
        let (by, notification) = (caller("notifications", event), event.entity.clone());
        let attempt = EntityId::fresh(Timestamp::now());
        let record = NotificationCommand::RecordAttempt {
            notification: notification.clone(),
            attempt: attempt.clone(),
        };
        let Some(granted) = tell::<Notification>(&self.intake, &by, record).await? else {
            return Ok(());
        };
        if !dispatch::may_send(&granted.state, &attempt) {
            return Ok(());
        }
        let NotificationState::Notification(document) = &*granted.state else { return Ok(()) };
        let answer = self.attempt(event, &notification, document).await;
        let jitter = fastrand::u16(0..=1000);
        let outcome = dispatch::outcome(notification, attempt, answer, jitter);
        tell::<Notification>(&self.intake, &by, outcome).await.map(drop)
    }

    async fn attempt(
        &self,
        event: &StoredEvent,
        notification: &EntityId,
        document: &NotificationDocument,
    ) -> Result<Accepted, SendFault> {
        let message = self.render(event, notification, document).await?;
        let channel = self.channel(event, document.channel).await?;
        channel.send(&message).await
    }

    async fn render(
        &self,
        event: &StoredEvent,
        notification: &EntityId,
        document: &NotificationDocument,
    ) -> Result<OutgoingMessage, SendFault> {
        let rendered = match event.tenant.is_platform() {
            true => self.letters.write(document)?,
            false => self.render_own(event, document).await?,
        };
        Ok(OutgoingMessage {
            notification: notification.clone(),
            recipient: document.recipient.clone(),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            language: rendered.language,
        })
    }

    /// What the text speaks of; an invitation also of what the journal must not hold.
    fn data(
        &self,
        event: &StoredEvent,
        document: &NotificationDocument,
    ) -> Result<serde_json::Value, SendFault> {
        let mut data = document.data.clone();
        if document.template == INVITATION {
            let Some(links) = &self.links else {
                let fault = "there is no secret to derive invitations from";
                return Err(SendFault::new(FailureKind::RejectConfig, "secrets", fault));
            };
            links.fill(&event.tenant, &mut data);
        }
        Ok(data)
    }

    /// A tenant's message, in the tenant's words if it has some.
    async fn render_own(
        &self,
        event: &StoredEvent,
        document: &NotificationDocument,
    ) -> Result<templates::Rendered, SendFault> {
        let shop = read::<Tenant>(&self.intake, event, &tenant_entity()).await.map_err(away)?;
        let (shop, language) = match shop {
            TenantState::Tenant(shop) => (shop.settings.name, shop.settings.language),
            _ => (event.tenant.to_string(), "en".to_owned()),
        };
        let languages = templates::chain(document.language.as_deref(), &language);
        let own = self.own_texts(event, &document.template, &languages).await.map_err(away)?;
        let data = self.data(event, document)?;
        Ok(templates::render(&document.template, &languages, &own, &shop, &data)?)
    }

    async fn own_texts(
        &self,
        event: &StoredEvent,
        name: &str,
        languages: &[String],
    ) -> Result<Vec<Template>, Hitch> {
        let mut own = Vec::new();
        for language in languages {
            let entity = template_entity(name, language);
            if let NotificationState::Template(text) =
                read::<Notification>(&self.intake, event, &entity).await?
            {
                own.push(text.template);
            }
        }
        Ok(own)
    }

    async fn channel(
        &self,
        event: &StoredEvent,
        kind: ChannelKind,
    ) -> Result<Arc<dyn NotificationChannel>, SendFault> {
        if kind == ChannelKind::Sms {
            return self.texting(event).await;
        }
        let entity = account_entity(MAIL_ACCOUNT.0, MAIL_ACCOUNT.1);
        let own = read::<Tenant>(&self.intake, event, &entity).await.map_err(away)?;
        let (settings, own) = match own {
            TenantState::Account(account) => (Some(account.settings), true),
            _ => (self.fallback.clone(), false),
        };
        if settings.is_none() && event.tenant.is_platform() {
            return Ok(Arc::new(Log::in_full()));
        }
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(settings), Some((made_of, owned, known))) =
            (&settings, channels.get(&event.tenant))
            && kind == ChannelKind::Email
            && (made_of, *owned) == (settings, own)
        {
            return Ok(Arc::clone(known));
        }
        let allow_private = self.allow_private || !own;
        let made = channel(kind, settings.as_ref(), allow_private);
        let made = made.map_err(|fault| unusable(&fault))?;
        if let Some(settings) = settings
            && kind == ChannelKind::Email
        {
            if CHANNELS_MAX <= channels.len() {
                channels.clear();
            }
            channels.insert(event.tenant.clone(), (settings, own, Arc::clone(&made)));
        }
        Ok(made)
    }

    /// The tenant's own account at a provider of text messages, or the platform's.
    async fn texting(
        &self,
        event: &StoredEvent,
    ) -> Result<Arc<dyn NotificationChannel>, SendFault> {
        let none = || channel(ChannelKind::Sms, None, false).map_err(|fault| unusable(&fault));
        let Some(texts) = &self.texts else { return none() };
        for provider in sms_providers() {
            let entity = account_entity(provider.name, SMS_ACCOUNT);
            let own = read::<Tenant>(&self.intake, event, &entity).await.map_err(away)?;
            let known = match (own, &texts.fallback) {
                (TenantState::Account(account), _) => Some((account.settings, &texts.http)),
                (_, Some((name, settings, http))) if name == provider.name => {
                    Some((settings.clone(), http))
                }
                _ => None,
            };
            if let Some((settings, http)) = known {
                return (provider.build)(&settings, http).map_err(|fault| unusable(&fault));
            }
        }
        if event.tenant.is_platform() { Ok(Arc::new(Log::in_full())) } else { none() }
    }
}

/// Settings can be put right.
fn unusable(fault: &SettingsFault) -> SendFault {
    SendFault::new(FailureKind::RejectConfig, "settings", &fault.to_string())
}

/// What could not be read may be read later.
fn away(hitch: Hitch) -> SendFault {
    SendFault::new(FailureKind::RetryBackoff, "database", &hitch.reason)
}

#[async_trait]
impl Follow for NotificationSender {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn habits(&self) -> Habits {
        Habits { lanes_max: 512, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        let asking = ["notification.queued", "notification.due", "notification.retried"];
        asking.contains(&&*event.name).then(|| lane(&event.tenant, &event.entity))
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.send(event).instrument(acting("notifications", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
