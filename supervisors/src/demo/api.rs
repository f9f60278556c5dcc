//! The public HTTP API as somebody else's program would call it: nothing here knows how the node
//! works inside.

use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long a question that the node cannot answer now is asked again, under the same key.
const INSIST: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(640);

/// A client of one node.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
}

/// For whom something is asked.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub(super) token: String,
    /// The tenant, where the token is the platform operator's.
    pub(super) tenant: Option<String>,
}

/// What the node said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    /// How long the question took that was answered, those before it left out.
    pub(super) took: Duration,
    /// Questions that were not answered, or with "come again".
    pub(super) repeats: u32,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page {
    items: Vec<Value>,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl Client {
    pub(super) fn new(base: String) -> Result<Self, String> {
        let http = kontor_sandbox::plain_client(PATIENCE).map_err(|fault| fault.to_string())?;
        Ok(Self { http, base })
    }

    /// Asks for a change. POSTs carry the key, so asking again changes nothing.
    pub(super) async fn send(
        &self,
        bearer: &Bearer,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Answer, String> {
        let own;
        let key = match key {
            Some(key) => key,
            None => {
                own = uuid::Uuid::new_v4().to_string();
                &own
            }
        };
        self.insist(|| {
            let request = self.request(bearer, method.clone(), path).json(body);
            if method == Method::POST { request.header("Idempotency-Key", key) } else { request }
        })
        .await
    }

    /// Asks for a change that must work.
    pub(super) async fn expect(
        &self,
        bearer: &Bearer,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let answer = self.send(bearer, method.clone(), path, None, body).await?;
        match answer.status {
            200..=299 => Ok(answer.body),
            status => Err(format!("{method} {path}: {status} {}", answer.body)),
        }
    }

    /// Reads something that is there.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        bearer: &Bearer,
        path: &str,
    ) -> Result<T, String> {
        let answer = self.insist(|| self.request(bearer, Method::GET, path)).await?;
        if answer.status != 200 {
            return Err(format!("GET {path}: {} {}", answer.status, answer.body));
        }
        serde_json::from_value(answer.body).map_err(|broken| format!("GET {path}: {broken}"))
    }

    /// Whether something is there.
    pub(super) async fn has(&self, bearer: &Bearer, path: &str) -> Result<bool, String> {
        let answer = self.insist(|| self.request(bearer, Method::GET, path)).await?;
        Ok(answer.status == 200)
    }

    /// Reads a whole list. `path` has a question mark already.
    pub(super) async fn all<T: DeserializeOwned>(
        &self,
        bearer: &Bearer,
        path: &str,
    ) -> Result<Vec<T>, String> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let cursor = after.iter().map(|cursor| format!("&cursor={cursor}")).collect::<String>();
            let page: Page = self.get(bearer, &format!("{path}&limit=200{cursor}")).await?;
            for item in page.items {
                let item = serde_json::from_value(item);
                all.push(item.map_err(|broken| format!("GET {path}: {broken}"))?);
            }
            match page.next_cursor {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Reads text, such as the node's metrics.
    pub(super) async fn text(&self, path: &str) -> Result<String, String> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        answer.map_err(told)?.text().await.map_err(told)
    }

    /// Presses a button of a provider's page; the answer's status.
    pub(super) async fn press(&self, page: &str, form: String) -> Result<u16, String> {
        let request = self.http.post(page).body(form);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.send().await.map(|answer| answer.status().as_u16()).map_err(told)
    }

    fn request(&self, bearer: &Bearer, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(&bearer.token);
        match &bearer.tenant {
            Some(tenant) => request.header("X-Kontor-Tenant", tenant),
            None => request,
        }
    }

    async fn insist(&self, question: impl Fn() -> RequestBuilder) -> Result<Answer, String> {
        let (until, mut pause, mut repeats) = (Instant::now() + INSIST, PAUSE, 0);
        loop {
            let begun = Instant::now();
            let answer = once(question()).await;
            let took = begun.elapsed();
            let again = match &answer {
                Ok((status, _)) => matches!(status, 429 | 503),
                Err(_) => true,
            };
            if !again || until < Instant::now() {
                return answer.map(|(status, body)| Answer { status, body, took, repeats });
            }
            repeats += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

async fn once(question: RequestBuilder) -> Result<(u16, Value), String> {
    let answer = question.send().await.map_err(told)?;
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.map_err(told)?;
    Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
}

impl Answer {
    /// A member of the answer as text.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member)?.as_str()
    }

    /// The stable code of a problem.
    pub(super) fn code(&self) -> String {
        self.text("code").map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

fn told(fault: reqwest::Error) -> String {
    fault.to_string()
}
