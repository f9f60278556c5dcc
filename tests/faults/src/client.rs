//! A client of the node that records every request, its key and its answer, and asks again with the
//! same key for as long as it does not know what became of it.

use crate::Outcome;
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long one try may take.
const TRY: Duration = Duration::from_secs(20);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// A request, and what is known of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its idempotency key.
    pub key: String,
    /// Its path.
    pub path: String,
    /// What was asked.
    pub body: Value,
    /// The status of each try; 0 where no answer came.
    pub tries: Vec<u16>,
    /// The final answer: status and body. None: it is not known what became of it.
    pub answer: Option<(u16, Value)>,
}

/// All requests, in the order in which they came to an end.
pub type Records = Arc<Mutex<Vec<Asked>>>;

/// A client of a node. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    tenant: Option<String>,
    /// What it has asked so far.
    pub records: Records,
    /// How long it asks for one answer.
    pub patience: Duration,
}

impl Client {
    /// A client of the node at `url`.
    pub fn new(url: &str, token: &str) -> Outcome<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TRY)
            .build()?;
        let patience = Duration::from_secs(90);
        let (url, token, records) = (url.to_owned(), token.to_owned(), Records::default());
        Ok(Self { http, url, token, tenant: None, records, patience })
    }

    /// The same with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), tenant: None, ..self.clone() }
    }

    /// The same for a tenant.
    pub fn for_tenant(&self, tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), ..self.clone() }
    }

    /// Reads; none if there is no answer, or it is no yes.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = self.once("GET", path, None, None).await?;
        (200..300).contains(&status).then_some(body)
    }

    /// Sets something, asking again until it is done.
    pub async fn put(&self, path: &str, body: Value) -> Outcome<Value> {
        let since = Instant::now();
        loop {
            let answer = self.once("PUT", path, Some(&body), None).await;
            match answer {
                Some((200..300, answer)) => return Ok(answer),
                _ if since.elapsed() < self.patience => tokio::time::sleep(PAUSE).await,
                other => return Err(format!("PUT {path}: {other:?}").into()),
            }
        }
    }

    /// Asks with a key until there is an answer, and records it. None: it is not known.
    pub async fn post(&self, path: &str, body: Value, key: &str) -> Option<(u16, Value)> {
        let since = Instant::now();
        let mut tries = Vec::new();
        let answer = loop {
            let answer = self.once("POST", path, Some(&body), Some(key)).await;
            tries.push(answer.as_ref().map_or(0, |(status, _)| *status));
            match &answer {
                Some((status, _)) if is_final(*status) => break answer,
                _ if since.elapsed() < self.patience => tokio::time::sleep(PAUSE).await,
                _ => break None,
            }
        };
        let (key, path) = (key.to_owned(), path.to_owned());
        let asked = Asked { key, path, body, tries, answer: answer.clone() };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        answer
    }

    /// Asks with a key, and takes only a yes.
    pub async fn done(&self, path: &str, body: Value, key: &str) -> Outcome<Value> {
        match self.post(path, body, key).await {
            Some((200..300, answer)) => Ok(answer),
            other => Err(format!("POST {path}: {other:?}").into()),
        }
    }

    /// Asks once.
    pub async fn once(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Option<(u16, Value)> {
        let method = method.parse().ok()?;
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(&self.token);
        if let Some(tenant) = &self.tenant {
            request = request.header("x-kontor-tenant", tenant);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        // An answer that breaks off is none.
        let bytes = response.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Keeps a file, asking again until it is kept.
    pub async fn upload(&self, path: &str, text: &str) -> Outcome<()> {
        let since = Instant::now();
        loop {
            let request = self.http.put(format!("{}{path}", self.url)).bearer_auth(&self.token);
            let request = request.header("content-type", "application/octet-stream");
            let answer = request.body(text.to_owned()).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200..300) => return Ok(()),
                _ if since.elapsed() < self.patience => tokio::time::sleep(PAUSE).await,
                other => return Err(format!("PUT {path}: {other:?}").into()),
            }
        }
    }

    /// Sends a form to somebody else, such as a payment page; the status.
    pub async fn form(&self, url: &str, form: &str) -> Option<u16> {
        let request = self.http.post(url).body(form.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Some(request.send().await.ok()?.status().as_u16())
    }
}

/// Whether a status says what became of a request: too busy, away and broken do not.
fn is_final(status: u16) -> bool {
    (200..500).contains(&status) && status != 429
}
