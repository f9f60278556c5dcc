//! What the stand-ins of payment providers beside Stripe share: accounts, a till of payments, a
//! payment page, notifications, and faults on request. A provider's module brings the wire format.

mod notices;
mod pages;
mod switches;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{any, get, post};
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

pub use switches::StandSwitches;

use crate::PayerAct;
use crate::common::{Dice, lock, merged, now_s};
use crate::http::{Peer, plain_client};
use switches::{After, Before, take};

const PAYMENTS_MAX: usize = 50_000;
const ACCOUNTS_MAX: usize = 1_000;
const NEW_WORD: &str = "UNHEARD_OF";
const TIMEOUT: Duration = Duration::from_secs(10);

/// A payment as it is in truth.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TillPayment {
    /// The provider's name of it.
    pub id: String,
    /// The key of the account that made it.
    pub account: String,
    /// The shop's name of it.
    pub reference: String,
    /// The amount in hundredths.
    pub amount_minor: i64,
    /// The currency.
    pub currency: String,
    /// Where it stands, in the provider's words.
    pub status: String,
    /// Where it stood before the payer paid.
    pub earlier: String,
    /// Money is held first.
    pub hold: bool,
    /// What was taken.
    pub captured_minor: i64,
    /// Refunds: their name at the provider, the shop's name, the amount.
    pub refunds: Vec<(String, String, i64)>,
    /// Where notifications go, if the payment says so.
    pub notify_url: Option<String>,
    /// Where the payer goes back to.
    pub return_url: Option<String>,
    /// When it was last changed, in Unix seconds.
    pub changed_at_s: u64,
}

/// A notification to be sent.
#[derive(Clone)]
pub struct Notice {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// A call as it came.
pub struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a call is answered.
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// It changed something, so it may be left unanswered.
    pub(crate) changed: bool,
    /// The payment that is notified about.
    pub(crate) notify: Option<String>,
    /// The payment that it made.
    pub(crate) opened: Option<String>,
}

/// An account at a provider, and the provider's ways.
pub trait Merchant: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The provider's name, for people.
    const NAME: &'static str;

    /// By what an account is found.
    fn key(&self) -> &str;
    /// The provider's word for a payment after the payer has acted; none if it changes nothing.
    fn after(act: PayerAct, payment: &TillPayment) -> Option<&'static str>;
    /// Whether money has been taken with that word.
    fn is_taken(status: &str) -> bool;
    /// What is sent about a payment; none if there is nowhere to send it.
    fn notice(&self, stand: &Stand<Self>, payment: &TillPayment) -> Option<Notice>;
    /// Answers a call of the provider's interface.
    fn answer(stand: &Stand<Self>, asked: &Asked) -> Answer;

    /// How an outage answers.
    fn outage() -> Answer {
        Answer::text(503, "text/html", "<html><h1>Down for maintenance</h1></html>".into())
    }

    /// The word of an earlier try that comes after the money was taken.
    fn contradiction() -> Option<&'static str> {
        None
    }

    /// Pages beside the payment page.
    fn pages() -> Router<Stand<Self>> {
        Router::new()
    }
}

/// The handle to a provider's running stand-in.
#[derive(Clone)]
pub struct Stand<A> {
    inner: Arc<Inner<A>>,
}

struct Inner<A> {
    base_url: String,
    accounts: Mutex<BTreeMap<String, A>>,
    till: Mutex<BTreeMap<String, TillPayment>>,
    switches: Mutex<StandSwitches>,
    dice: Dice,
    calls: AtomicU64,
    number: AtomicU64,
    under_way: AtomicUsize,
    /// Held by each call until its work is done.
    working: tokio::sync::RwLock<()>,
    client: reqwest::Client,
    closing: watch::Receiver<bool>,
}

impl<A: Merchant> Stand<A> {
    pub(crate) fn new(
        base_url: String,
        seed: Option<u64>,
        closing: watch::Receiver<bool>,
    ) -> std::io::Result<Self> {
        let inner = Inner {
            base_url,
            accounts: Mutex::default(),
            till: Mutex::default(),
            switches: Mutex::default(),
            dice: Dice::new(seed),
            calls: AtomicU64::new(0),
            number: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
            working: tokio::sync::RwLock::default(),
            client: plain_client(TIMEOUT)?,
            closing,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/_sandbox/accounts", post(pages::register::<A>))
            .route("/_sandbox/switches", get(pages::switches::<A>).post(pages::set_switches::<A>))
            .route("/_sandbox/payments", get(pages::payments::<A>))
            .route("/pay/{id}", get(pages::page::<A>).post(pages::submit::<A>))
            .merge(A::pages())
            .route("/{*path}", any(receive::<A>))
            .with_state(self.clone())
    }

    /// Where the stand-in listens.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// Makes an account known, or changes it.
    pub fn register(&self, account: A) {
        let mut accounts = lock(&self.inner.accounts);
        if accounts.len() < ACCOUNTS_MAX {
            accounts.insert(account.key().to_owned(), account);
        }
    }

    /// Changes what goes wrong from now on.
    pub fn set_switches(&self, change: impl FnOnce(&mut StandSwitches)) {
        change(&mut lock(&self.inner.switches));
    }

    /// What goes wrong at present.
    pub fn switches(&self) -> StandSwitches {
        lock(&self.inner.switches).clone()
    }

    pub(crate) fn patch_switches(&self, patch: Value) -> Result<StandSwitches, String> {
        let mut switches = lock(&self.inner.switches);
        *switches = merged(&*switches, patch)?;
        Ok(switches.clone())
    }

    /// A payment as it is in truth.
    pub fn payment(&self, id: &str) -> Option<TillPayment> {
        lock(&self.inner.till).get(id).cloned()
    }

    /// All payments.
    pub fn payments(&self) -> Vec<TillPayment> {
        lock(&self.inner.till).values().cloned().collect()
    }

    /// Calls of the provider's interface that came so far.
    pub fn calls(&self) -> u64 {
        self.inner.calls.load(Ordering::Acquire)
    }

    /// Lets the payer act as on the payment page. The notification has been tried when it returns,
    /// unless it is to be late.
    pub async fn act(&self, id: &str, act: PayerAct) -> bool {
        let changed = self.change(id, |payment| {
            let Some(status) = A::after(act, payment) else { return false };
            payment.earlier = std::mem::replace(&mut payment.status, status.to_owned());
            if A::is_taken(status) {
                payment.captured_minor = payment.amount_minor;
            }
            true
        });
        if changed == Some(true) {
            self.notify(id).await;
        }
        changed == Some(true)
    }

    pub(crate) fn account(&self, key: &str) -> Option<A> {
        lock(&self.inner.accounts).get(key).cloned()
    }

    pub(crate) fn some_account(&self, fits: impl Fn(&A) -> bool) -> Option<A> {
        lock(&self.inner.accounts).values().find(|account| fits(account)).cloned()
    }

    pub(crate) fn id(&self, prefix: &str) -> String {
        self.inner.dice.id(prefix)
    }

    /// The next number of a row, from 0.
    pub(crate) fn number(&self) -> u64 {
        self.inner.number.fetch_add(1, Ordering::AcqRel)
    }

    /// Keeps a new payment, unless the till is full.
    pub(crate) fn keep(&self, payment: TillPayment) -> bool {
        let mut till = lock(&self.inner.till);
        let room = till.len() < PAYMENTS_MAX;
        if room {
            let payment = TillPayment { changed_at_s: now_s(), ..payment };
            till.insert(payment.id.clone(), payment);
        }
        room
    }

    pub(crate) fn change<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut TillPayment) -> T,
    ) -> Option<T> {
        let mut till = lock(&self.inner.till);
        let payment = till.get_mut(id)?;
        payment.changed_at_s = now_s();
        Some(change(payment))
    }

    /// The amount as it is told.
    pub(crate) fn told_amount(&self, payment: &TillPayment) -> i64 {
        payment.amount_minor + if self.switches().wrong_amount { 100 } else { 0 }
    }

    /// The status as it is told.
    pub(crate) fn told_status(&self, payment: &TillPayment) -> String {
        if self.switches().unknown_status { NEW_WORD.to_owned() } else { payment.status.clone() }
    }

    /// Whether a question is answered from before the payer paid.
    pub(crate) fn lags(&self) -> bool {
        take(&mut lock(&self.inner.switches).lagging_reads)
    }

    /// A payment as it is told to somebody who asks.
    pub(crate) fn asked_about(&self, payment: TillPayment) -> TillPayment {
        if payment.earlier.is_empty() || !self.lags() {
            return payment;
        }
        TillPayment { status: payment.earlier.clone(), captured_minor: 0, ..payment }
    }

    /// Waits until every call that has come has done its work, also one whose caller is gone.
    pub async fn caught_up(&self) {
        drop(self.inner.working.write().await);
    }

    async fn receive(self, asked: Asked) -> Option<Answer> {
        self.inner.calls.fetch_add(1, Ordering::AcqRel);
        let working = self.inner.working.read().await;
        let delay = self.switches().delay_ms;
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let before = lock(&self.inner.switches).before(&self.inner.dice);
        match before {
            Before::Nothing => {}
            Before::Fails => return Some(Answer::failure()),
            Before::Outage => return Some(A::outage()),
            Before::TooFast(seconds) => return Some(Answer::too_fast(seconds)),
        }
        let answer = A::answer(&self, &asked);
        drop(working);
        self.tell(&answer).await;
        let after = lock(&self.inner.switches).after(answer.changed, &self.inner.dice);
        match after {
            After::Nothing => Some(answer),
            After::Fails => Some(Answer::failure()),
            After::Cut => None,
            After::Hangs(wait_ms) => {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                None
            }
        }
    }

    /// Notifies about what a call did, before its answer or beside it.
    async fn tell(&self, answer: &Answer) {
        let first = self.switches().notify_before_answer;
        if let Some(id) = answer.opened.as_ref().filter(|_| first) {
            self.act(id, PayerAct::Pay).await;
        }
        let Some(id) = answer.notify.clone() else { return };
        if first {
            self.notify(&id).await;
            return;
        }
        let stand = self.clone();
        self.spawn(async move {
            stand.notify(&id).await;
        });
    }
}

impl TillPayment {
    /// What can still be given back.
    pub fn refundable(&self) -> i64 {
        self.captured_minor - self.refunds.iter().map(|refund| refund.2).sum::<i64>()
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The path's parts.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(crate) fn in_query(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl Answer {
    pub(crate) fn text(status: u16, kind: &str, body: String) -> Self {
        let headers = vec![("Content-Type", kind.to_owned())];
        Self { status, headers, body, changed: false, notify: None, opened: None }
    }

    fn failure() -> Self {
        Self::json(500, &json!({"message": "the stand-in was told to fail"}))
    }

    fn too_fast(seconds: u32) -> Self {
        let mut answer = Self::json(429, &json!({"message": "too many requests"}));
        answer.headers.push(("Retry-After", seconds.to_string()));
        answer
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(crate) fn changed(self) -> Self {
        Self { changed: true, ..self }
    }
}

async fn receive<A: Merchant>(
    State(stand): State<Stand<A>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
    let asked = Asked { method, path, query, headers, body };
    // A task of its own: the work goes on when the caller hangs up, as it does at a provider.
    let work = tokio::spawn(stand.receive(asked)).await;
    let answer = work.unwrap_or_else(|_| Some(Answer::failure()));
    let Some(answer) = answer else {
        peer.cut();
        return Response::default();
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap_or_default()
}
