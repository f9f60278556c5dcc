//! The gate before the API: authorisation, faults on request, idempotency keys, headers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Uri};

use super::Inner;
use super::error::ApiError;
use super::idempotency::{Fingerprint, Known};
use super::params::Params;
use super::routes::{Call, creates_payable};
use super::switches::StripeSwitches;
use super::webhooks::{Cause, disguise};
use crate::common::lock;
use crate::http::Peer;

const KEY_LEN_MAX: usize = 255;

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new().route("/v1/{*path}", any(receive)).with_state(inner)
}

/// A call as it came over the socket.
struct Incoming {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What goes back, unless the connection is cut instead.
struct Answer {
    status: u16,
    body: String,
    replayed: bool,
    cut: bool,
    /// How long the caller is kept waiting before that.
    hangs: Duration,
    /// Seconds until a call that was too fast may come again.
    retry_after: Option<u32>,
}

impl Answer {
    fn new(status: u16, body: String) -> Self {
        let (replayed, cut) = (false, false);
        Self { status, body, replayed, cut, hangs: Duration::ZERO, retry_after: None }
    }

    fn error(error: &ApiError) -> Self {
        Self::new(error.status, error.body().to_string())
    }
}

async fn receive(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request_id = inner.dice.id("req_");
    let incoming = Incoming {
        method: method.to_string(),
        path: uri.path().trim_end_matches('/').to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers: headers.clone(),
        body,
    };
    let id = request_id.clone();
    // A task of its own: the work goes on when the caller hangs up, as it does at Stripe.
    let work = tokio::spawn(async move {
        inner.answer(&incoming, &id).await.unwrap_or_else(|error| Answer::error(&error))
    });
    let answer = work.await.unwrap_or_else(|_| Answer::error(&ApiError::server()));
    tokio::time::sleep(answer.hangs).await;
    if answer.cut {
        peer.cut();
    }
    respond(answer, &request_id, &headers)
}

fn respond(answer: Answer, request_id: &str, asked: &HeaderMap) -> Response {
    let mut response = Response::builder()
        .status(answer.status)
        .header("Content-Type", "application/json")
        .header("Request-Id", request_id);
    for name in ["idempotency-key", "stripe-version"] {
        if let Some(value) = asked.get(name) {
            response = response.header(name, value);
        }
    }
    if let Some(seconds) = answer.retry_after {
        response = response.header("Retry-After", seconds);
    }
    if answer.replayed {
        response = response.header("Idempotent-Replayed", "true");
    }
    response.body(Body::from(answer.body)).unwrap_or_default()
}

impl Inner {
    async fn answer(
        self: &Arc<Self>,
        incoming: &Incoming,
        request_id: &str,
    ) -> Result<Answer, ApiError> {
        let account = self.authorise(&incoming.headers)?;
        let switches = lock(&self.switches).clone();
        if self.dice.chance(switches.rate_limit_percent) {
            let retry_after = Some(switches.retry_after_s);
            return Ok(Answer { retry_after, ..Answer::error(&ApiError::rate_limited()) });
        }
        if self.dice.chance(switches.fail_rate_percent) {
            return Err(ApiError::server());
        }
        let params = read_params(incoming)?;
        let key = idempotency_key(incoming)?;
        if let Some(key) = &key {
            let fingerprint = Fingerprint { path: incoming.path.clone(), params: params.clone() };
            let keys_max = self.limits.keys_max;
            let known = lock(&self.keys).begin(&account, key, fingerprint, keys_max)?;
            if let Known::Replay { status, body } = known {
                lock(&self.accounts).count(&account, |account| account.replays += 1);
                return Ok(Answer { replayed: true, ..Answer::new(status, body) });
            }
        }
        tokio::time::sleep(Duration::from_millis(switches.latency_ms)).await;
        let call = Call {
            account: &account,
            method: &incoming.method,
            path: &incoming.path,
            params: &params,
            switches: &switches,
        };
        let cause = Cause { request_id: Some(request_id.to_owned()), idempotency_key: key.clone() };
        let worked = self.work(&call, &cause).await;
        Ok(self.conclude(worked, &account, key.as_deref(), &switches))
    }

    async fn work(self: &Arc<Self>, call: &Call<'_>, cause: &Cause) -> Result<String, ApiError> {
        let mut done = self.operate(call)?;
        if call.switches.unknown_status {
            disguise(&mut done.answer);
        }
        let instant = call.switches.instant_pay_before_create_answer
            && creates_payable(call.method, call.path);
        let wait = call.switches.webhook_before_answer || instant;
        self.publish(done.drafts, cause, wait).await;
        self.later(done.later);
        match done.refused {
            Some(refused) => Err(refused),
            None => Ok(done.answer.to_string()),
        }
    }

    /// Remembers the answer under the key, then perhaps keeps it from the caller.
    fn conclude(
        &self,
        worked: Result<String, ApiError>,
        account: &str,
        key: Option<&str>,
        switches: &StripeSwitches,
    ) -> Answer {
        let lost = worked.is_ok() && self.dice.chance(switches.fail_after_rate_percent);
        let saved = !matches!(&worked, Err(error) if !error.saved);
        let mut answer = match worked {
            Ok(body) => Answer::new(200, body),
            Err(error) => Answer::error(&error),
        };
        let failure = Answer::error(&ApiError::server());
        if let Some(key) = key {
            let kept = if lost && switches.fail_after_saves_500 { &failure } else { &answer };
            let mut keys = lock(&self.keys);
            if saved {
                keys.finish(account, key, kept.status, &kept.body);
            } else {
                keys.forget(account, key);
            }
        }
        if self.dice.chance(switches.hang_percent) {
            let hangs = Duration::from_millis(switches.hang_ms);
            answer = Answer { cut: true, hangs, ..answer };
        } else if lost {
            answer = Answer { cut: self.dice.chance(50), ..failure };
        }
        answer
    }

    fn authorise(&self, headers: &HeaderMap) -> Result<String, ApiError> {
        let api_key = api_key(headers).ok_or_else(|| {
            ApiError::unauthorized("You did not provide an API key in the Authorization header.")
        })?;
        let limits = &self.limits;
        let opened = lock(&self.accounts).open(&api_key, self.known_keys_only, limits.accounts_max);
        opened.ok_or_else(|| ApiError::unauthorized("Invalid API Key provided."))
    }
}

/// The key of a Bearer header, or the user of a Basic one.
fn api_key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("authorization")?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(user, _)| user.to_owned())
}

fn read_params(incoming: &Incoming) -> Result<Params, ApiError> {
    if incoming.method != "POST" {
        return Params::parse(incoming.query.as_bytes());
    }
    let kind = incoming.headers.get("content-type").and_then(|value| value.to_str().ok());
    let form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !form && !incoming.body.is_empty() {
        return Err(ApiError::not_a_form());
    }
    Params::parse(&incoming.body)
}

fn idempotency_key(incoming: &Incoming) -> Result<Option<String>, ApiError> {
    if incoming.method != "POST" {
        return Ok(None);
    }
    let Some(value) = incoming.headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if key.len() <= KEY_LEN_MAX && !key.is_empty() => Ok(Some(key.to_owned())),
        _ => Err(ApiError::invalid("", "Idempotency keys have from 1 to 255 characters.")),
    }
}
