//! The events that happened, newest last, with the exact bytes in which they are delivered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::book::Draft;
use super::webhooks::Cause;

const API_VERSION: &str = "2026-10-28.endive";

pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) kind: &'static str,
    pub(crate) created: u64,
    pub(crate) body: String,
    /// Endpoints that have not taken it yet.
    pub(crate) pending: AtomicUsize,
}

#[derive(Default)]
pub(crate) struct EventLog(VecDeque<Arc<Event>>);

impl Event {
    pub(crate) fn new(
        id: String,
        draft: Draft,
        cause: &Cause,
        created: u64,
        pending: usize,
    ) -> Self {
        let body = json!({
            "id": id, "object": "event", "api_version": API_VERSION, "created": created,
            "data": {"object": draft.object}, "livemode": false, "pending_webhooks": pending,
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "type": draft.kind,
        });
        Self {
            id,
            account: draft.account,
            kind: draft.kind,
            created,
            body: body.to_string(),
            pending: AtomicUsize::new(pending),
        }
    }

    /// The event as `GET /v1/events` shows it, with what is still pending now.
    pub(crate) fn json(&self) -> Value {
        let mut event: Value = serde_json::from_str(&self.body).unwrap_or_default();
        event["pending_webhooks"] = json!(self.pending.load(Ordering::Acquire));
        event
    }

    pub(crate) fn delivered(&self) -> bool {
        self.pending.load(Ordering::Acquire) == 0
    }
}

impl EventLog {
    pub(crate) fn push(&mut self, event: Arc<Event>, events_max: usize) {
        self.0.push_back(event);
        while self.0.len() > events_max.max(1) {
            self.0.pop_front();
        }
    }

    /// The account's events, newest first.
    pub(crate) fn of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Arc<Event>> {
        self.0.iter().rev().filter(move |event| event.account == account)
    }
}
