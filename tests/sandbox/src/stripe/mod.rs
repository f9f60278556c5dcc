//! A stand-in for Stripe: hosted checkout, payment intents, refunds, events, signed webhooks.
//!
//! What a caller sees over the socket is Stripe's; everything under `/_sandbox` is ours. Objects
//! belong to the account of the API key that made them.

mod accounts;
mod api;
mod balance;
mod book;
mod create;
mod error;
mod events;
mod idempotency;
mod intents;
mod money;
mod objects;
mod page;
mod params;
mod routes;
mod summary;
mod switches;
mod webhooks;

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tracing::warn;

pub use accounts::{StripeAccount, WebhookEndpoint};
pub use book::{PayerAct, PayerResult};
pub use objects::SessionStatus;
pub use summary::{AccountSummary, StripeSummary, WebhookCounts};
pub use switches::StripeSwitches;

use crate::common::{Dice, lock, merged, now_ms};
use crate::http::{plain_client, until_closed};
use accounts::Accounts;
use book::{Book, Later};
use events::EventLog;
use idempotency::Keys;
use objects::RefundStatus;
use webhooks::Cause;

const SWEEP: Duration = Duration::from_millis(100);
const POLL: Duration = Duration::from_millis(5);
const ATTEMPTS_AT_ONCE_MAX: usize = 64;

/// The sizes and times of the Stripe stand-in.
#[derive(Clone, Debug)]
pub struct StripeLimits {
    /// Sessions, and as many refunds, that are kept; creating more answers 503.
    pub objects_max: usize,
    /// Events that are kept for `GET /v1/events`; the oldest go first.
    pub events_max: usize,
    /// Idempotency keys that are kept; the oldest go first.
    pub keys_max: usize,
    /// Accounts that are known; further API keys answer 401.
    pub accounts_max: usize,
    /// How often an event is tried at an endpoint.
    pub webhook_attempts_max: u32,
    /// The wait before the second attempt; it doubles from one to the next, up to five seconds.
    pub webhook_backoff_ms: u64,
    /// How long an endpoint may take to answer.
    pub webhook_timeout_ms: u64,
    /// Deliveries and delayed effects that may be under way; further ones are lost and counted.
    pub tasks_max: usize,
}

impl Default for StripeLimits {
    fn default() -> Self {
        Self {
            objects_max: 50_000,
            events_max: 50_000,
            keys_max: 50_000,
            accounts_max: 1_000,
            webhook_attempts_max: 8,
            webhook_backoff_ms: 200,
            webhook_timeout_ms: 10_000,
            tasks_max: 20_000,
        }
    }
}

/// The handle to a running Stripe stand-in.
#[derive(Clone)]
pub struct Stripe {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    base_url: String,
    limits: StripeLimits,
    known_keys_only: bool,
    book: Mutex<Book>,
    keys: Mutex<Keys>,
    events: Mutex<EventLog>,
    accounts: Mutex<Accounts>,
    switches: Mutex<StripeSwitches>,
    dice: Dice,
    client: reqwest::Client,
    attempts: Semaphore,
    tasks: AtomicUsize,
    lost_tasks: AtomicU64,
    closing: watch::Receiver<bool>,
}

/// What the stand-in is started with.
pub(crate) struct Setup {
    pub(crate) base_url: String,
    pub(crate) accounts: Vec<StripeAccount>,
    pub(crate) known_keys_only: bool,
    pub(crate) switches: StripeSwitches,
    pub(crate) limits: StripeLimits,
    pub(crate) seed: Option<u64>,
}

impl Stripe {
    pub(crate) fn new(setup: Setup, closing: watch::Receiver<bool>) -> io::Result<Self> {
        let timeout = Duration::from_millis(setup.limits.webhook_timeout_ms);
        let inner = Inner {
            base_url: setup.base_url,
            limits: setup.limits,
            known_keys_only: setup.known_keys_only,
            book: Mutex::default(),
            keys: Mutex::default(),
            events: Mutex::default(),
            accounts: Mutex::default(),
            switches: Mutex::new(setup.switches),
            dice: Dice::new(setup.seed),
            client: plain_client(timeout)?,
            attempts: Semaphore::new(ATTEMPTS_AT_ONCE_MAX),
            tasks: AtomicUsize::new(0),
            lost_tasks: AtomicU64::new(0),
            closing,
        };
        let stripe = Self { inner: Arc::new(inner) };
        for account in setup.accounts {
            stripe.register(account);
        }
        tokio::spawn(sweep(stripe.inner.clone()));
        Ok(stripe)
    }

    pub(crate) fn router(&self) -> Router {
        api::router(self.inner.clone()).merge(page::router(self.inner.clone()))
    }

    /// Where the stand-in listens: `http://127.0.0.1:PORT`, without `/v1`.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// Makes an account known, or gives a known one other webhook endpoints. Answers its id.
    pub fn register(&self, account: StripeAccount) -> String {
        lock(&self.inner.accounts).register(account)
    }

    /// What goes wrong at present.
    pub fn switches(&self) -> StripeSwitches {
        lock(&self.inner.switches).clone()
    }

    /// Changes what goes wrong from now on.
    pub fn set_switches(&self, change: impl FnOnce(&mut StripeSwitches)) {
        change(&mut lock(&self.inner.switches));
    }

    pub(crate) fn patch_switches(&self, patch: Value) -> Result<(), String> {
        let mut switches = lock(&self.inner.switches);
        *switches = merged(&*switches, patch)?;
        Ok(())
    }

    /// Lets the payer act on a session, or on an intent that has none, as the page's buttons do. With
    /// `webhook_before_answer` the events are delivered when this returns.
    pub async fn act(&self, session: &str, act: PayerAct) -> PayerResult {
        self.inner.act(session, act).await
    }

    /// The books, for proofs: what was paid, charged and refunded in truth.
    pub fn summary(&self) -> StripeSummary {
        self.inner.summary()
    }

    /// Waits until no delivery, retry or delayed effect is under way.
    pub async fn settled(&self) {
        while self.inner.tasks.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Inner {
    /// Runs work that no caller waits for, until it ends or the sandbox closes.
    fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        if self.tasks.fetch_add(1, Ordering::AcqRel) >= self.limits.tasks_max {
            self.tasks.fetch_sub(1, Ordering::AcqRel);
            self.lost_tasks.fetch_add(1, Ordering::AcqRel);
            warn!("too many deliveries under way, one is lost");
            return;
        }
        let inner = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = until_closed(inner.closing.clone()) => {}
                () = work => {}
            }
            inner.tasks.fetch_sub(1, Ordering::AcqRel);
        });
    }

    async fn act(self: &Arc<Self>, id: &str, act: PayerAct) -> PayerResult {
        let (result, done) = match id.starts_with("pi_") {
            true => lock(&self.book).act_on_intent(id, act, &self.dice),
            false => lock(&self.book).act(id, act, &self.dice),
        };
        let wait = lock(&self.switches).webhook_before_answer;
        self.publish(done.drafts, &Cause::default(), wait).await;
        self.later(done.later);
        result
    }

    /// Schedules what will happen by itself.
    fn later(self: &Arc<Self>, later: Option<Later>) {
        let Some(later) = later else { return };
        let wait = Duration::from_millis(lock(&self.switches).later_ms);
        let inner = self.clone();
        self.spawn(async move {
            tokio::time::sleep(wait).await;
            let drafts = {
                let mut book = lock(&inner.book);
                match later {
                    Later::SettleSession { session, succeeds } => {
                        book.settle_session(&session, succeeds, &inner.dice)
                    }
                    Later::SettleIntent { intent, succeeds } => {
                        book.settle_intent(&intent, succeeds, &inner.dice)
                    }
                    Later::FailRefund { refund } => book.end_refund(&refund, RefundStatus::Failed),
                    Later::SettleRefund { refund } => {
                        book.end_refund(&refund, RefundStatus::Succeeded)
                    }
                }
            };
            inner.publish(drafts, &Cause::default(), false).await;
        });
    }
}

/// Expires sessions when their time is over, until the sandbox closes.
async fn sweep(inner: Arc<Inner>) {
    let closing = inner.closing.clone();
    let sweeping = async {
        loop {
            tokio::time::sleep(SWEEP).await;
            let drafts = lock(&inner.book).expire_due(now_ms());
            inner.publish(drafts, &Cause::default(), false).await;
        }
    };
    tokio::select! {
        () = until_closed(closing) => {}
        () = sweeping => {}
    }
}
