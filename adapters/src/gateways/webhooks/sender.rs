//! One post to one endpoint.

use super::sign;
use crate::gateways::{
    guard::{self, GuardedResolver},
    retry_after,
};
use async_trait::async_trait;
use kontor_actors::ports_webhook::{PostContent, PostOutcome, WebhookPost, WebhookSender};
use kontor_messages::Timestamp;
use reqwest::{
    Client, StatusCode,
    header::{self, HeaderValue},
    redirect,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;

/// What an event says takes this many bytes at most; more is left out, and the receiver asks.
const DATA_LEN_MAX: usize = 256 * 1024;
/// Connections to a host that are kept while nothing is posted, and for how long: whoever has many
/// endpoints there, or is told of much at once, is not connected to anew for each post.
const IDLE_MAX: usize = 32;
const IDLE_FOR: Duration = Duration::from_secs(30);

/// How endpoints are posted to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SenderSettings {
    /// How long an endpoint may take to answer.
    pub timeout_ms: u64,
    /// Whether endpoints may be on private addresses, and without TLS.
    pub allow_private: bool,
}

impl Default for SenderSettings {
    fn default() -> Self {
        Self { timeout_ms: 15_000, allow_private: false }
    }
}

/// Posts to endpoints.
pub struct Sender {
    client: Client,
    allow_private: bool,
}

/// What is posted, in this order.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    name: &'a str,
    timestamp: Timestamp,
    data: &'a serde_json::Value,
}

impl Sender {
    /// A sender with its own connections. No proxy, no cookies, no redirects.
    pub fn new(settings: &SenderSettings) -> Result<Self, reqwest::Error> {
        // The first one in the process counts; all are the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("Kontor/", env!("CARGO_PKG_VERSION")))
            .timeout(Duration::from_millis(settings.timeout_ms))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver { allow_private: settings.allow_private }))
            .https_only(!settings.allow_private)
            .pool_max_idle_per_host(IDLE_MAX)
            .pool_idle_timeout(IDLE_FOR)
            .build()?;
        Ok(Self { client, allow_private: settings.allow_private })
    }

    async fn attempt(&self, post: &WebhookPost) -> Result<u16, Fault> {
        let url = Url::parse(&post.url).map_err(|_| Fault::plain("the address is no URL"))?;
        guard::check(&url, &[], self.allow_private).map_err(Fault::plain)?;
        let id = post.event.to_string();
        let seconds = Timestamp::now().seconds();
        let body = body(post)?;
        let signature = sign::signatures(&post.secrets, &id, seconds, &body)
            .ok_or_else(|| Fault::plain("there is nothing to sign with"))?;
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        let request = match &post.content {
            PostContent::Callback { api_key: Some(key), .. } => {
                let mut value = HeaderValue::from_str(&key.0)
                    .map_err(|_| Fault::plain("the x-api-key is no header's value"))?;
                value.set_sensitive(true);
                request.header("x-api-key", value)
            }
            PostContent::Callback { api_key: None, .. } | PostContent::Event(_) => request,
        };
        // The answer's body is nobody's business here, and is not read.
        let answer = request.send().await.map_err(|error| Fault::plain(reason(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(status.as_u16());
        }
        let retry_after = answer.headers().get(header::RETRY_AFTER);
        Err(Fault {
            status: Some(status.as_u16()),
            error: said(status),
            retry_after: retry_after
                .and_then(|value| value.to_str().ok())
                .and_then(|text| retry_after::delay(text, Timestamp::now())),
        })
    }
}

#[async_trait]
impl WebhookSender for Sender {
    async fn post(&self, post: &WebhookPost) -> PostOutcome {
        let begun = Instant::now();
        match self.attempt(post).await {
            Ok(status) => PostOutcome::Delivered { status, duration: begun.elapsed() },
            Err(Fault { status, error, retry_after }) => {
                PostOutcome::Failed { status, error, retry_after, duration: begun.elapsed() }
            }
        }
    }
}

struct Fault {
    status: Option<u16>,
    error: String,
    retry_after: Option<Duration>,
}

impl Fault {
    fn plain(error: impl ToString) -> Self {
        Self { status: None, error: error.to_string(), retry_after: None }
    }
}

fn body(post: &WebhookPost) -> Result<Vec<u8>, Fault> {
    let data = match &post.content {
        PostContent::Callback { body, .. } => return Ok(body.clone().into_bytes()),
        PostContent::Event(data) => data,
    };
    let write = |data| {
        serde_json::to_vec(&Body { name: &post.name, timestamp: post.at, data })
            .map_err(|_| Fault::plain("the event cannot be written"))
    };
    let whole = write(data)?;
    if whole.len() <= DATA_LEN_MAX {
        return Ok(whole);
    }
    write(&json!({"omitted": true, "bytes": whole.len()}))
}

/// What went wrong, without the address: it may hold a secret of the tenant's.
fn reason(error: &reqwest::Error) -> String {
    if let Some(refused) = guard::refused(error) {
        return refused.to_string();
    }
    let text = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        error if error.is_body() || error.is_request() => "the connection was lost",
        _ => "the request failed",
    };
    text.to_owned()
}

fn said(status: StatusCode) -> String {
    if status.is_redirection() {
        return "redirects are not followed".to_owned();
    }
    status.canonical_reason().unwrap_or("an unknown status").to_owned()
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod sender_tests;
