//! Calls of the API: over HTTP to a node that runs, or to one inside this process.

use super::Place;
use crate::node::{Node, NodeSettings, Role, RunFile};
use axum::{Router, body::Body, http::Request};
use kontor_config::Settings;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

/// Longest answer that is read.
const ANSWER_MAX: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(30);

/// Whom to ask.
pub enum Client {
    /// A node over HTTP.
    Remote { http: reqwest::Client, url: String, token: SecretString },
    /// A node inside this process.
    Local { node: Box<Node>, router: Router, token: SecretString },
}

impl Client {
    /// The node at `--url`, else the one that runs on the data folder, else one started here.
    pub async fn open(place: &Place) -> Result<Self, String> {
        let settings = super::load(place, &place.overrides())?;
        if let Some(url) = &place.url {
            let token = settings
                .admin_token()
                .ok_or("set KONTOR_ADMIN_TOKEN to ask a node by its address")?;
            return Self::remote(url, token);
        }
        if let Some(running) = RunFile::of_running(&settings.data_dir).await {
            return Self::remote(&running.url, running.token.into());
        }
        Self::local(settings).await
    }

    /// Only a node that runs already.
    pub async fn running(place: &Place) -> Result<Self, String> {
        let settings = super::load(place, &place.overrides())?;
        if let Some(url) = &place.url {
            return Self::remote(url, settings.admin_token().unwrap_or_default());
        }
        match RunFile::of_running(&settings.data_dir).await {
            Some(running) => Self::remote(&running.url, running.token.into()),
            None => Self::remote(&format!("http://{}", settings.listen()), SecretString::default()),
        }
    }

    fn remote(url: &str, token: SecretString) -> Result<Self, String> {
        let http = kontor_sandbox::plain_client(PATIENCE).map_err(|fault| fault.to_string())?;
        Ok(Self::Remote { http, url: url.trim_end_matches('/').into(), token })
    }

    async fn local(settings: Settings) -> Result<Self, String> {
        let node = Node::start(NodeSettings::of(settings), Role::Tool).await?;
        let (router, token) = (node.router(), node.admin_token());
        Ok(Self::Local { node: Box::new(node), router, token })
    }

    /// One call; an answer that is not 2xx is an error in its own words.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        tenant: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let (status, text) = match self {
            Self::Remote { http, url, token } => {
                remote_call(http, url, token, (method, path, tenant, body)).await?
            }
            Self::Local { router, token, .. } => {
                local_call(router, token, (method, path, tenant, body)).await?
            }
        };
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if (200..300).contains(&status) {
            return Ok(value);
        }
        Err(in_words(status, &value))
    }

    /// Ends the node, if it was started here.
    pub async fn close(self) {
        if let Self::Local { node, .. } = self {
            node.stop().await;
        }
    }
}

type Call<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a Value>);

async fn remote_call(
    http: &reqwest::Client,
    url: &str,
    token: &SecretString,
    (method, path, tenant, body): Call<'_>,
) -> Result<(u16, String), String> {
    let method = method.parse().map_err(|_| "no such method")?;
    let mut request = http.request(method, format!("{url}{path}"));
    request = request.bearer_auth(token.expose_secret());
    if let Some(tenant) = tenant {
        request = request.header("x-kontor-tenant", tenant);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.map_err(|fault| format!("{url} does not answer: {fault}"))?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.map_err(|fault| fault.to_string())?))
}

async fn local_call(
    router: &Router,
    token: &SecretString,
    (method, path, tenant, body): Call<'_>,
) -> Result<(u16, String), String> {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("authorization", format!("Bearer {}", token.expose_secret()));
    if let Some(tenant) = tenant {
        request = request.header("x-kontor-tenant", tenant);
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let request = request.body(body).map_err(|fault| fault.to_string())?;
    let answer = router.clone().oneshot(request).await.map_err(|fault| fault.to_string())?;
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), ANSWER_MAX).await;
    let bytes = bytes.map_err(|fault| fault.to_string())?;
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

/// A problem in one line: what, which member, what was expected.
fn in_words(status: u16, problem: &Value) -> String {
    let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut words = match (text("detail"), text("title")) {
        ("", "") => format!("the node answered {status}"),
        ("", title) => title.to_owned(),
        (detail, _) => detail.to_owned(),
    };
    let errors = problem.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for error in errors {
        let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        // The first one is the detail already.
        if !words.contains(part("detail")) {
            words.push_str(&format!("; {}: {}", part("pointer"), part("detail")));
        }
    }
    words
}
