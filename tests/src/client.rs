//! Somebody who calls a node's API.

use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// Somebody who calls the API with a token. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    tenant: Option<String>,
    trace: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; null if it is no JSON.
    pub body: Value,
    /// Whether the answer was given before under the same key.
    pub replayed: bool,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u64>,
}

impl Client {
    /// A caller of the node at `url`.
    ///
    /// # Panics
    /// If there is no HTTP client to be had.
    pub fn new(url: &str, token: &str) -> Self {
        let http = kontor_sandbox::plain_client(Duration::from_secs(30)).unwrap();
        Self { http, url: url.to_owned(), token: token.to_owned(), tenant: None, trace: None }
    }

    /// The same, with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), tenant: None, ..self.clone() }
    }

    /// The operator, for a tenant.
    pub fn for_tenant(&self, tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), ..self.clone() }
    }

    /// The same, as part of a trace, by its `traceparent`.
    pub fn in_trace(&self, traceparent: &str) -> Self {
        Self { trace: Some(traceparent.to_owned()), ..self.clone() }
    }

    /// What it calls with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None, None).await.unwrap()
    }

    /// Asks for something, once.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body), None).await.unwrap()
    }

    /// Sets something.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body), None).await.unwrap()
    }

    /// Asks; fails if the connection broke before the answer was there.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(&self.token);
        if let Some(tenant) = &self.tenant {
            request = request.header("x-kontor-tenant", tenant);
        }
        if let Some(trace) = &self.trace {
            request = request.header("traceparent", trace);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let header =
            |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let (status, replayed) =
            (response.status().as_u16(), header("idempotency-replayed").is_some());
        let retry_after_s = header("retry-after").and_then(|seconds| seconds.parse().ok());
        let body = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        Ok(Answer { status, body, replayed, retry_after_s })
    }

    /// Reads all pages of a list.
    ///
    /// # Panics
    /// If a page is refused.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{mark}limit=200{cursor}")).await.ok();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

impl Answer {
    /// What was answered, if it was a yes.
    ///
    /// # Panics
    /// If it was none.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// The id of what was answered.
    ///
    /// # Panics
    /// If it was no yes.
    #[track_caller]
    pub fn id(self) -> String {
        self.ok()["id"].as_str().unwrap().to_owned()
    }

    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}
