//! What the stand-ins of payment providers beside Stripe share: accounts, a till of payments, a
//! payment page, notifications, and faults on request. A provider's module brings the wire format.

mod pages;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{any, get, post};
use http::{HeaderMap, Method, Uri};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::PayerAct;
use crate::common::{Dice, lock};
use crate::http::{Peer, plain_client, until_closed};

const PAYMENTS_MAX: usize = 50_000;
const ACCOUNTS_MAX: usize = 1_000;
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(10);

/// What goes wrong at a provider's stand-in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StandSwitches {
    /// So many of the next calls that change something do their work, and are not answered.
    pub silent_after: u32,
    /// Payments are told with 100 minor units too much.
    pub wrong_amount: bool,
    /// Notifications carry a wrong signature or secret.
    pub wrong_signature: bool,
    /// Notifications are not sent.
    pub drop_notifications: bool,
}

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
}

/// A notification to be sent.
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
}

/// An account at a provider, and the provider's ways.
pub trait Merchant: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
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

    /// Lets the payer act as on the payment page. The notification is delivered when it returns.
    pub async fn act(&self, id: &str, act: PayerAct) -> bool {
        let changed = self.change(id, |payment| {
            let Some(status) = A::after(act, payment) else { return false };
            status.clone_into(&mut payment.status);
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

    /// Sends the notification about a payment as it stands, up to three times; says whether it
    /// was taken.
    pub async fn notify(&self, id: &str) -> bool {
        let Some(payment) = self.payment(id) else { return false };
        let account = lock(&self.inner.accounts).get(&payment.account).cloned();
        let notice = account.and_then(|account| account.notice(self, &payment));
        let Some(notice) = notice.filter(|_| !self.switches().drop_notifications) else {
            return false;
        };
        for _ in 0..TRIES {
            let mut request = self.inner.client.post(&notice.url).body(notice.body.clone());
            for (name, value) in &notice.headers {
                request = request.header(*name, value);
            }
            if request.send().await.is_ok_and(|answer| answer.status() == 200) {
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
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

    /// Keeps a new payment, unless the till is full.
    pub(crate) fn keep(&self, payment: TillPayment) -> bool {
        let mut till = lock(&self.inner.till);
        let room = till.len() < PAYMENTS_MAX;
        if room {
            till.insert(payment.id.clone(), payment);
        }
        room
    }

    pub(crate) fn change<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut TillPayment) -> T,
    ) -> Option<T> {
        lock(&self.inner.till).get_mut(id).map(change)
    }

    /// The amount as it is told.
    pub(crate) fn told_amount(&self, payment: &TillPayment) -> i64 {
        payment.amount_minor + if self.switches().wrong_amount { 100 } else { 0 }
    }

    fn is_silent(&self) -> bool {
        let mut switches = lock(&self.inner.switches);
        let silent = switches.silent_after > 0;
        switches.silent_after = switches.silent_after.saturating_sub(1);
        silent
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
        Self { status, headers, body, changed: false, notify: None }
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
    stand.inner.calls.fetch_add(1, Ordering::AcqRel);
    let answer = A::answer(&stand, &Asked { method, path, query, headers, body });
    if let Some(id) = answer.notify.clone() {
        let stand = stand.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = until_closed(stand.inner.closing.clone()) => {}
                _ = stand.notify(&id) => {}
            }
        });
    }
    if answer.changed && stand.is_silent() {
        peer.cut();
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap_or_default()
}
