//! What was said in a call: every request of it and every reply, as far as they may be shown.
//!
//! Providers know nothing of this. A call is made inside [`Recorder::during`], and the client tells
//! whoever records the call that its task is at; that is a value of the task, and of nobody else.

use super::{
    http::{HttpFault, Reply},
    redact::Redactor,
};
use kontor_messages::{
    Timestamp,
    payment::{CallOutcome, Exchange},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Requests of a call that are kept.
const EXCHANGES_MAX: usize = 8;

tokio::task_local! {
    static CURRENT: Recorder;
}

/// Records the requests of one call.
#[derive(Clone)]
pub struct Recorder {
    provider: &'static str,
    /// The header in which the provider names a request.
    request_id: &'static str,
    redactor: Arc<Redactor>,
    said: Arc<Mutex<Said>>,
}

/// What was said in a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The requests, in order.
    pub exchanges: Vec<Exchange>,
    /// How many more there were.
    pub left_out: u32,
    /// Whether the last one got no answer in time.
    pub timed_out: bool,
}

/// A request that is under way. Dropped before its end, it has been given up for want of time.
pub struct Watched {
    recorder: Recorder,
    exchange: Option<Exchange>,
    begun: Instant,
    redactor: Redactor,
}

impl Recorder {
    /// Records a call of a provider.
    pub fn new(provider: &'static str, request_id: &'static str, redactor: &Arc<Redactor>) -> Self {
        Self { provider, request_id, redactor: Arc::clone(redactor), said: Arc::default() }
    }

    /// Does something, and records what is said meanwhile.
    pub async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), call).await
    }

    /// What was said so far.
    pub fn said(&self) -> Said {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, exchange: Exchange) {
        metrics::counter!("kontor_gateway_requests_total", "provider" => self.provider,
            "outcome" => exchange.outcome.word())
        .increment(1);
        let mut said = self.lock();
        said.timed_out = exchange.outcome == CallOutcome::TimedOut;
        if said.exchanges.len() < EXCHANGES_MAX {
            said.exchanges.push(exchange);
        } else {
            said.left_out = said.left_out.saturating_add(1);
        }
    }
}

/// A request goes out; nothing if nobody records it.
pub fn begin(request: &reqwest::Request) -> Option<Watched> {
    let recorder = CURRENT.try_with(Clone::clone).ok()?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // A token that was granted a moment ago stands in no settings.
    let credentials = header("authorization").and_then(|text| text.split_whitespace().last());
    let redactor = (*recorder.redactor).clone().and(credentials.unwrap_or_default());
    let sent = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let exchange = Exchange {
        method: request.method().to_string(),
        address: redactor.address(request.url()),
        started_at: Timestamp::now(),
        duration_ms: 0,
        outcome: CallOutcome::TimedOut,
        status: None,
        request_id: None,
        request_body: redactor.body(header("content-type"), sent),
        response_body: None,
    };
    Some(Watched { recorder, exchange: Some(exchange), begun: Instant::now(), redactor })
}

impl Watched {
    /// What came of it.
    pub fn end(mut self, answer: &Result<Reply, HttpFault>, timed_out: bool) {
        let Some(mut exchange) = self.exchange.take() else { return };
        let reply = match answer {
            Ok(reply) => Some(reply),
            Err(HttpFault::Status(reply)) => Some(&**reply),
            Err(_) => None,
        };
        if let Some(reply) = reply {
            let id = reply.header(self.recorder.request_id);
            exchange.status = Some(reply.status);
            exchange.request_id = id.and_then(|id| self.redactor.word(id));
            exchange.response_body = self.redactor.body(reply.header("content-type"), &reply.body);
        }
        exchange.outcome = outcome(answer, timed_out);
        self.keep(exchange);
    }

    fn keep(&self, mut exchange: Exchange) {
        exchange.duration_ms = millis(self.begun);
        self.recorder.keep(exchange);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            self.keep(exchange);
        }
    }
}

/// Milliseconds since then.
pub fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn outcome(answer: &Result<Reply, HttpFault>, timed_out: bool) -> CallOutcome {
    match answer {
        Ok(_) => CallOutcome::Answered,
        Err(HttpFault::Refused(_) | HttpFault::NotSent(_)) => CallOutcome::NotSent,
        Err(HttpFault::Unknown(_)) if timed_out => CallOutcome::TimedOut,
        Err(HttpFault::Unknown(_)) => CallOutcome::Unknown,
        Err(HttpFault::Status(reply)) => match reply.status {
            429 => CallOutcome::Throttled,
            408 | 425 | 500.. => CallOutcome::Failed,
            _ => CallOutcome::Refused,
        },
    }
}
