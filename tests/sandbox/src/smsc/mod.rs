//! A stand-in for SMSC (smsc.kz and its sisters): `sys/send.php` and `sys/status.php` with forms
//! and answers in JSON, errors with status 200, and the refusal of a text that was just sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::common::{lock, merged, now_ms};
use crate::http::Peer;

const MESSAGES_MAX: usize = 50_000;
const ACCOUNTS_MAX: usize = 1_000;
const TEXT_MAX: usize = 1_000;
/// For so long the same text to the same number is refused.
const SAME_MS: u64 = 60_000;

/// An account at SMSC.
#[derive(Clone, Debug, Deserialize)]
pub struct SmscAccount {
    /// Who logs in.
    pub login: String,
    /// The password.
    pub password: String,
    /// The key that stands for both.
    pub api_key: String,
}

impl SmscAccount {
    /// An account.
    pub fn new(login: &str, password: &str, api_key: &str) -> Self {
        let (login, password) = (login.to_owned(), password.to_owned());
        Self { login, password, api_key: api_key.to_owned() }
    }
}

/// A text message that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct TextMessage {
    /// Its number, the sender's own or one of SMSC.
    pub id: i64,
    /// To whom, as it was given.
    pub phone: String,
    /// The text.
    pub text: String,
    /// The sender's name; empty if none was given.
    pub sender: String,
    /// When it came.
    pub at_ms: u64,
}

/// What goes wrong at the stand-in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmscSwitches {
    /// So many of the next messages are taken, and not answered.
    pub silent_after: u32,
    /// Every message is refused with this error; 0 for none.
    pub error_code: i64,
}

/// The handle to a running SMSC stand-in.
#[derive(Clone)]
pub struct Smsc {
    inner: Arc<Inner>,
}

struct Inner {
    base_url: String,
    accounts: Mutex<Vec<SmscAccount>>,
    messages: Mutex<Vec<TextMessage>>,
    switches: Mutex<SmscSwitches>,
}

impl Smsc {
    pub(crate) fn new(base_url: String) -> Self {
        let inner = Inner {
            base_url,
            accounts: Mutex::default(),
            messages: Mutex::default(),
            switches: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/_sandbox/accounts", post(register))
            .route("/_sandbox/switches", get(switches).post(set_switches))
            .route("/_sandbox/messages", get(messages))
            .route("/sys/send.php", post(send))
            .route("/sys/status.php", post(status))
            .with_state(self.clone())
    }

    /// Where the stand-in listens.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// Makes an account known.
    pub fn register(&self, account: SmscAccount) {
        let mut accounts = lock(&self.inner.accounts);
        if accounts.len() < ACCOUNTS_MAX {
            accounts.push(account);
        }
    }

    /// Changes what goes wrong from now on.
    pub fn set_switches(&self, change: impl FnOnce(&mut SmscSwitches)) {
        change(&mut lock(&self.inner.switches));
    }

    /// All messages that were taken, in their order.
    pub fn messages(&self) -> Vec<TextMessage> {
        lock(&self.inner.messages).clone()
    }

    /// Those to one number.
    pub fn to(&self, phone: &str) -> Vec<TextMessage> {
        self.messages().into_iter().filter(|message| message.phone == phone).collect()
    }

    fn knows(&self, form: &Form) -> bool {
        let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        lock(&self.inner.accounts).iter().any(|account| {
            account.api_key == said("apikey")
                || (account.login == said("login") && account.password == said("psw"))
        })
    }

    fn is_silent(&self) -> bool {
        let mut switches = lock(&self.inner.switches);
        let silent = switches.silent_after > 0;
        switches.silent_after = switches.silent_after.saturating_sub(1);
        silent
    }

    /// Takes a message, or says with which error not.
    fn take(&self, form: &Form) -> Result<i64, i64> {
        let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if !self.knows(form) {
            return Err(2);
        }
        let wrong = lock(&self.inner.switches).error_code;
        if wrong != 0 {
            return Err(wrong);
        }
        let (phone, text) = (said("phones"), said("mes"));
        // Without `charset` it would read windows-1251, without `fmt` answer in words.
        let formed = said("charset") == "utf-8" && said("fmt") == "3";
        if !formed || !(1..=TEXT_MAX).contains(&text.chars().count()) {
            return Err(1);
        }
        let digits = phone.strip_prefix('+').unwrap_or(phone);
        if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(7);
        }
        let (mut kept, now) = (lock(&self.inner.messages), now_ms());
        let same = |old: &TextMessage| {
            old.phone == phone && old.text == text && now < old.at_ms.saturating_add(SAME_MS)
        };
        if kept.iter().any(same) {
            return Err(9);
        }
        if MESSAGES_MAX <= kept.len() {
            return Err(3);
        }
        let own = said("id").parse().ok().filter(|id| (1..=2_147_483_647).contains(id));
        let id = own.unwrap_or_else(|| i64::try_from(kept.len()).unwrap_or(0) + 1);
        let (phone, text) = (phone.to_owned(), text.to_owned());
        kept.push(TextMessage { id, phone, text, sender: said("sender").to_owned(), at_ms: now });
        Ok(id)
    }
}

type Form = BTreeMap<String, String>;

fn form(body: &Bytes) -> Form {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn error(code: i64) -> Json<Value> {
    Json(json!({ "error": "refused", "error_code": code }))
}

async fn send(
    State(smsc): State<Smsc>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Json<Value> {
    let taken = smsc.take(&form(&body));
    if taken.is_ok() && smsc.is_silent() {
        peer.cut();
    }
    taken.map_or_else(error, |id| Json(json!({ "id": id, "cnt": 1 })))
}

async fn status(State(smsc): State<Smsc>, body: Bytes) -> Json<Value> {
    let form = form(&body);
    if !smsc.knows(&form) {
        return error(2);
    }
    let said = |name: &str| form.get(name).cloned().unwrap_or_default();
    let there = smsc.to(&said("phone")).iter().any(|kept| kept.id.to_string() == said("id"));
    // Delivered, or not found.
    Json(json!({ "status": if there { 1 } else { -3 } }))
}

async fn register(State(smsc): State<Smsc>, Json(account): Json<SmscAccount>) -> Json<Value> {
    let login = account.login.clone();
    smsc.register(account);
    Json(json!({ "account": login }))
}

async fn switches(State(smsc): State<Smsc>) -> Json<SmscSwitches> {
    Json(lock(&smsc.inner.switches).clone())
}

async fn set_switches(
    State(smsc): State<Smsc>,
    Json(patch): Json<Value>,
) -> Result<Json<SmscSwitches>, (StatusCode, String)> {
    let mut switches = lock(&smsc.inner.switches);
    *switches = merged(&*switches, patch).map_err(|text| (StatusCode::BAD_REQUEST, text))?;
    Ok(Json(switches.clone()))
}

/// Whose messages are shown.
#[derive(Deserialize)]
struct Whose {
    to: Option<String>,
}

async fn messages(State(smsc): State<Smsc>, Query(whose): Query<Whose>) -> Json<Vec<TextMessage>> {
    Json(whose.to.map_or_else(|| smsc.messages(), |to| smsc.to(&to)))
}
