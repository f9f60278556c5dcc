//! Delivers events to the endpoints of their accounts: signed, retried, or spoilt as switched.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use tracing::debug;

use super::Inner;
use super::accounts::WebhookEndpoint;
use super::book::Draft;
use super::events::Event;
use super::switches::StripeSwitches;
use crate::common::{lock, now_s};
use crate::signing::stripe_signature;

const SHUFFLE_MS: u64 = 300;
const BACKOFF_MS_MAX: u64 = 5_000;
const RETIRED_SECRET: &str = "whsec_retired_by_the_sandbox";
const WRONG_BY: i64 = 100;

/// A status that nobody knows, in a session or an intent and what is expanded in it.
pub(crate) fn disguise(object: &mut Value) {
    let kind = object["object"].as_str().unwrap_or_default();
    if !matches!(kind, "checkout.session" | "payment_intent") {
        return;
    }
    for name in ["status", "payment_status"] {
        if object[name].is_string() {
            object[name] = "unheard_of".into();
        }
    }
    if object["payment_intent"].is_object() {
        disguise(&mut object["payment_intent"]);
    }
}

/// The call that caused an event; empty for the payer's acts and the passing of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cause {
    pub(crate) request_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

impl Inner {
    /// Records the drafts as events and delivers them, in their order. With `wait`, returns after
    /// the first attempts at all of them; otherwise at once.
    pub(crate) async fn publish(self: &Arc<Self>, drafts: Vec<Draft>, cause: &Cause, wait: bool) {
        if drafts.is_empty() {
            return;
        }
        let switches = lock(&self.switches).clone();
        let mut events = self.record(drafts, cause, &switches);
        if switches.shuffle_webhooks {
            self.dice.shuffle(&mut events);
        }
        if wait {
            for event in events {
                self.first_attempts(event).await;
            }
        } else if switches.shuffle_webhooks || switches.late_webhooks_ms > 0 {
            let random = if switches.shuffle_webhooks { SHUFFLE_MS } else { 0 };
            for event in events {
                let late = switches.late_webhooks_ms + self.dice.below(random);
                let late = Duration::from_millis(late);
                let inner = self.clone();
                self.spawn(async move {
                    tokio::time::sleep(late).await;
                    inner.first_attempts(event).await;
                });
            }
        } else {
            let inner = self.clone();
            self.spawn(async move {
                for event in events {
                    inner.first_attempts(event).await;
                }
            });
        }
    }

    /// Keeps the events and answers those that will be sent.
    fn record(
        &self,
        drafts: Vec<Draft>,
        cause: &Cause,
        switches: &StripeSwitches,
    ) -> Vec<Arc<Event>> {
        let mut events = Vec::new();
        for mut draft in drafts {
            if switches.wrong_amount {
                self.spoil(&mut draft);
            }
            if switches.unknown_status {
                disguise(&mut draft.object);
            }
            let endpoints = lock(&self.accounts).webhooks(&draft.account).len();
            let event = Event::new(self.dice.id("evt_"), draft, cause, now_s(), endpoints);
            let event = Arc::new(event);
            lock(&self.events).push(event.clone(), self.limits.events_max);
            if self.dice.chance(switches.drop_webhooks_percent) {
                lock(&self.accounts).count(&event.account, |account| account.counts.dropped += 1);
            } else if endpoints > 0 {
                events.push(event);
            }
        }
        events
    }

    /// Tells another amount of a session, or of an intent that has none.
    fn spoil(&self, draft: &mut Draft) {
        let names: &[&str] = if draft.kind.starts_with("checkout.session") {
            &["amount_total"]
        } else if lock(&self.book).is_alone(&draft.object) {
            &["amount", "amount_received", "amount_captured"]
        } else {
            &[]
        };
        for name in names {
            if let Some(told) = draft.object[*name].as_i64().filter(|told| *told > 0) {
                draft.object[*name] = (told + WRONG_BY).into();
            }
        }
    }

    async fn first_attempts(self: &Arc<Self>, event: Arc<Event>) {
        let endpoints = lock(&self.accounts).webhooks(&event.account);
        let twice = lock(&self.switches).duplicate_webhooks;
        for endpoint in endpoints {
            let taken = if twice {
                let both = (self.attempt(&event, &endpoint), self.attempt(&event, &endpoint));
                let (first, second) = futures_util::future::join(both.0, both.1).await;
                first || second
            } else {
                self.attempt(&event, &endpoint).await
            };
            if taken {
                self.mark_taken(&event);
            } else {
                self.spawn(self.clone().retry(event.clone(), endpoint));
            }
        }
    }

    async fn retry(self: Arc<Self>, event: Arc<Event>, endpoint: WebhookEndpoint) {
        let mut backoff_ms = self.limits.webhook_backoff_ms;
        for _ in 1..self.limits.webhook_attempts_max {
            tokio::time::sleep(Duration::from_millis(backoff_ms)).await;
            if self.attempt(&event, &endpoint).await {
                self.mark_taken(&event);
                return;
            }
            backoff_ms = backoff_ms.saturating_mul(2).min(BACKOFF_MS_MAX);
        }
        lock(&self.accounts).count(&event.account, |account| account.counts.given_up += 1);
    }

    /// One POST. Only a 2xx answer counts as taken.
    async fn attempt(&self, event: &Event, endpoint: &WebhookEndpoint) -> bool {
        let Ok(_permit) = self.attempts.acquire().await else { return false };
        let (two, wrong) = {
            let switches = lock(&self.switches);
            (switches.two_v1, switches.wrong_signature)
        };
        let secrets: &[&str] = match (two, wrong) {
            (_, true) => &[RETIRED_SECRET],
            (true, false) => &[RETIRED_SECRET, &endpoint.secret],
            (false, false) => &[&endpoint.secret],
        };
        let signature = stripe_signature(secrets, now_s(), event.body.as_bytes());
        let request = self
            .client
            .post(&endpoint.url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("Stripe-Signature", signature)
            .body(event.body.clone());
        let taken = match request.send().await {
            Ok(response) => response.status().is_success(),
            Err(error) => {
                debug!(%error, event = %event.id, "webhook not delivered");
                false
            }
        };
        lock(&self.accounts).count(&event.account, |account| {
            account.counts.attempts += 1;
            account.counts.failed_attempts += u64::from(!taken);
        });
        taken
    }

    fn mark_taken(&self, event: &Event) {
        // Endpoints may have been added since the event was made, so more may take it than counted.
        let less = |pending: usize| pending.checked_sub(1);
        let _ = event.pending.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        lock(&self.accounts).count(&event.account, |account| account.counts.delivered += 1);
    }
}
