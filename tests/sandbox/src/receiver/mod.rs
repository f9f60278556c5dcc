//! A receiver of outgoing webhooks: keeps what comes to `/hook/{name}` and checks its signature.

mod delivery;
mod settings;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::watch;

pub use delivery::{Delivery, Verdict};
pub use settings::HookSettings;

use crate::common::{lock, merged, now_ms};

const BODY_LEN_MAX: usize = 256 * 1024;

/// The sizes of the receiver.
#[derive(Clone, Debug)]
pub struct ReceiverLimits {
    /// Deliveries that are kept for all names together; further ones are answered 507.
    pub deliveries_max: usize,
    /// Bytes that all kept deliveries may have together; further ones are answered 507.
    pub stored_bytes_max: usize,
    /// Names that may be used; further ones are answered 507.
    pub hooks_max: usize,
}

impl Default for ReceiverLimits {
    fn default() -> Self {
        Self { deliveries_max: 20_000, stored_bytes_max: 256 * 1024 * 1024, hooks_max: 1_000 }
    }
}

/// The handle to a running receiver.
#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
}

struct Inner {
    base_url: String,
    limits: ReceiverLimits,
    hooks: Mutex<Hooks>,
    arrivals: watch::Sender<u64>,
}

#[derive(Default)]
struct Hooks {
    by_name: HashMap<String, Hook>,
    deliveries: usize,
    bytes: usize,
}

#[derive(Default)]
struct Hook {
    settings: HookSettings,
    deliveries: Vec<Arc<Delivery>>,
    /// The ids that were accepted, and how many deliveries were accepted apart from repeats.
    seen: HashSet<String>,
    accepted: usize,
}

impl Receiver {
    pub(crate) fn new(base_url: String, limits: ReceiverLimits) -> Self {
        let inner =
            Inner { base_url, limits, hooks: Mutex::default(), arrivals: watch::Sender::new(0) };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/hook/{name}", post(take))
            .layer(DefaultBodyLimit::max(BODY_LEN_MAX))
            .with_state(self.clone())
    }

    /// Where the receiver listens: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// The address to send webhooks for `name` to.
    pub fn hook_url(&self, name: &str) -> String {
        format!("{}/hook/{name}", self.inner.base_url)
    }

    /// How `name` behaves at present.
    pub fn settings(&self, name: &str) -> HookSettings {
        let hooks = lock(&self.inner.hooks);
        hooks.by_name.get(name).map(|hook| hook.settings.clone()).unwrap_or_default()
    }

    /// Changes how `name` behaves from now on.
    pub fn set(&self, name: &str, change: impl FnOnce(&mut HookSettings)) {
        if let Some(hook) = lock(&self.inner.hooks).open(name, self.inner.limits.hooks_max) {
            change(&mut hook.settings);
        }
    }

    /// Registers the Standard Webhooks secret of `name`, so that its deliveries are verified.
    pub fn register(&self, name: &str, secret: &str) {
        self.set(name, |settings| settings.secret = Some(secret.to_owned()));
    }

    pub(crate) fn patch(&self, name: &str, patch: Value) -> Result<(), String> {
        let mut hooks = lock(&self.inner.hooks);
        let hook = hooks.open(name, self.inner.limits.hooks_max).ok_or("too many names")?;
        hook.settings = merged(&hook.settings, patch)?;
        Ok(())
    }

    /// All deliveries to `name` in the order of arrival, refused ones included.
    pub fn deliveries(&self, name: &str) -> Vec<Arc<Delivery>> {
        let hooks = lock(&self.inner.hooks);
        hooks.by_name.get(name).map(|hook| hook.deliveries.clone()).unwrap_or_default()
    }

    /// The deliveries that were answered 2xx and not refused, each `webhook-id` once, in the order
    /// of their first acceptance.
    pub fn accepted(&self, name: &str) -> Vec<Arc<Delivery>> {
        let mut seen = HashSet::new();
        let mut accepted = self.deliveries(name);
        accepted.retain(|delivery| {
            let id = delivery.webhook_id.as_deref();
            delivery.accepted() && id.is_none_or(|id| seen.insert(id.to_owned()))
        });
        accepted
    }

    /// How many deliveries [`Receiver::accepted`] holds.
    pub fn accepted_count(&self, name: &str) -> usize {
        lock(&self.inner.hooks).by_name.get(name).map_or(0, |hook| hook.accepted)
    }

    /// The `webhook-id`s that were accepted more than once, with how often they were.
    pub fn duplicates(&self, name: &str) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for delivery in self.deliveries(name).iter().filter(|delivery| delivery.accepted()) {
            if let Some(id) = &delivery.webhook_id {
                *counts.entry(id.clone()).or_default() += 1;
            }
        }
        counts.retain(|_, count| *count > 1);
        counts
    }

    /// The accepted deliveries by subject, in the order of their first acceptance.
    pub fn by_subject(&self, name: &str) -> BTreeMap<String, Vec<Arc<Delivery>>> {
        let mut subjects: BTreeMap<String, Vec<Arc<Delivery>>> = BTreeMap::new();
        for delivery in self.accepted(name) {
            if let Some(subject) = &delivery.subject {
                subjects.entry(subject.clone()).or_default().push(delivery.clone());
            }
        }
        subjects
    }

    /// The subjects of which a lower sequence was accepted after a higher one.
    pub fn out_of_order(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (subject, deliveries) in self.by_subject(name) {
            let sequences: Vec<i64> = deliveries.iter().filter_map(|one| one.sequence).collect();
            if !sequences.is_sorted() {
                found.push(subject);
            }
        }
        found
    }

    /// Waits until `name` has at least `count` distinct accepted deliveries; false if that takes
    /// longer than `patience`.
    pub async fn wait_for(&self, name: &str, count: usize, patience: Duration) -> bool {
        let mut arrivals = self.inner.arrivals.subscribe();
        let enough = arrivals.wait_for(|_| self.accepted_count(name) >= count);
        matches!(tokio::time::timeout(patience, enough).await, Ok(Ok(_)))
    }

    /// Throws the deliveries of all names away; their settings stay.
    pub fn clear(&self) {
        let mut hooks = lock(&self.inner.hooks);
        for hook in hooks.by_name.values_mut() {
            *hook = Hook { settings: hook.settings.clone(), ..Hook::default() };
        }
        hooks.deliveries = 0;
        hooks.bytes = 0;
    }
}

impl Hooks {
    fn open(&mut self, name: &str, hooks_max: usize) -> Option<&mut Hook> {
        if !self.by_name.contains_key(name) && self.by_name.len() >= hooks_max {
            return None;
        }
        Some(self.by_name.entry(name.to_owned()).or_default())
    }

    /// Keeps a delivery. Answers the settings that it met, or none if there is no room.
    fn keep(
        &mut self,
        name: &str,
        headers: &HeaderMap,
        body: &Bytes,
        limits: &ReceiverLimits,
    ) -> Option<(HookSettings, Arc<Delivery>)> {
        let bytes = self.bytes.saturating_add(body.len());
        if self.deliveries >= limits.deliveries_max || bytes > limits.stored_bytes_max {
            return None;
        }
        let hook = self.open(name, limits.hooks_max)?;
        let status = hook.settings.next_status();
        let delivery = Delivery::read(headers, body, &hook.settings, status, now_ms());
        let delivery = Arc::new(delivery);
        let id = delivery.webhook_id.clone();
        if delivery.accepted() && id.is_none_or(|id| hook.seen.insert(id)) {
            hook.accepted += 1;
        }
        hook.deliveries.push(delivery.clone());
        let settings = hook.settings.clone();
        self.deliveries += 1;
        self.bytes = bytes;
        Some((settings, delivery))
    }
}

async fn take(
    State(receiver): State<Receiver>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let inner = &receiver.inner;
    let kept = lock(&inner.hooks).keep(&name, &headers, &body, &inner.limits);
    let Some((settings, delivery)) = kept else {
        return answer(507, None);
    };
    inner.arrivals.send_modify(|count| *count += 1);
    tokio::time::sleep(Duration::from_millis(settings.latency_ms)).await;
    let refused = !(200..300).contains(&delivery.answered);
    answer(delivery.answered, settings.retry_after_s.filter(|_| refused))
}

fn answer(status: u16, retry_after_s: Option<u64>) -> Response {
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after_s {
        response = response.header("Retry-After", seconds);
    }
    response.body(Body::empty()).unwrap_or_default()
}
