//! The API as the console sees it: a service that takes requests and answers with JSON.
//!
//! In a node it is the API's own router, called in the same process. So the console can ask nothing
//! that the API lacks, and who may what is judged in one place.

use crate::value::Read;
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use serde_json::Value;
use std::{convert::Infallible, net::SocketAddr, time::Duration};
use tower::{ServiceExt, util::BoxCloneSyncService};

/// The API, as a service.
pub type Backend = BoxCloneSyncService<Request, Response, Infallible>;

/// How long a page waits for one answer: longer than the API does itself, whose word on what came
/// of it is better than ours.
const WAIT: Duration = Duration::from_secs(45);
/// For a file: a little longer than the API takes to receive one.
const UPLOAD_WAIT: Duration = Duration::from_secs(2 * 3600 + 60);
/// Bytes of an answer at most.
const ANSWER_MAX: usize = 16 * 1024 * 1024;
/// What of a browser's request the API has to know, to count and to tell its sender.
const HANDED_ON: [HeaderName; 4] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("forwarded"),
    header::USER_AGENT,
    HeaderName::from_static("traceparent"),
];

/// Why there is no answer: a problem as the API tells it (RFC 9457), or as the console does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// HTTP status.
    pub(crate) status: u16,
    /// Stable, in snake case.
    pub(crate) code: String,
    /// What is wrong, for people.
    pub(crate) detail: String,
    /// The request's id, to be told to whoever helps.
    pub(crate) request: String,
    /// The members at fault: each as a JSON pointer, and what was expected there.
    pub(crate) faults: Vec<(String, String)>,
}

impl Trouble {
    /// A problem of the console's own.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let (code, detail) = (code.to_owned(), detail.into());
        let (request, faults) = (String::new(), Vec::new());
        Self { status: status.as_u16(), code, detail, request, faults }
    }

    /// Nothing at this address.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
    }

    /// A field of a form that says what cannot be.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    /// The same, at one member.
    pub(crate) fn at(pointer: &str, detail: impl Into<String>) -> Self {
        Self::invalid(detail).about(pointer)
    }

    /// The same, told at a member that it does not name itself.
    pub(crate) fn about(mut self, pointer: &str) -> Self {
        self.faults.push((pointer.to_owned(), self.detail.clone()));
        self
    }

    /// What was expected of a member, if that is at fault.
    pub(crate) fn of(&self, pointer: &str) -> Option<&str> {
        let found = self.faults.iter().find(|(at, _)| at == pointer);
        found.map(|(_, expected)| expected.as_str())
    }

    /// Whether it is about what a form says, so that it is told at the form, which keeps it.
    pub(crate) fn is_of_the_form(&self) -> bool {
        matches!(self.status, 400 | 403 | 404 | 409 | 412 | 422)
    }
}

/// Asks the API in the name of whoever is signed in, for one tenant. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    backend: Backend,
    token: Option<HeaderValue>,
    tenant: Option<HeaderValue>,
    handed_on: HeaderMap,
    address: Option<SocketAddr>,
}

/// A change that is asked for.
pub(crate) struct Change<'c> {
    /// POST, PUT, PATCH or DELETE.
    pub(crate) method: Method,
    /// The route with its query.
    pub(crate) path: &'c str,
    /// What is said.
    pub(crate) body: Value,
    /// The request's name: the same one a second time changes nothing.
    pub(crate) key: &'c str,
}

impl Api {
    /// The API for whoever sends this request.
    pub(crate) fn new(backend: Backend, parts: &Parts) -> Self {
        let mut handed_on = HeaderMap::new();
        for name in HANDED_ON {
            if let Some(value) = parts.headers.get(&name) {
                handed_on.insert(name, value.clone());
            }
        }
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|known| known.0);
        Self { backend, token: None, tenant: None, handed_on, address }
    }

    /// The same, with an access token.
    pub(crate) fn signed_in(mut self, token: &str) -> Self {
        self.token = HeaderValue::from_str(&format!("Bearer {token}")).ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        self
    }

    /// The same, for a tenant.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        Self { tenant: HeaderValue::from_str(tenant).ok(), ..self.clone() }
    }

    /// A document.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        document(self.ask(Method::GET, path, None, None).await?).await
    }

    /// A document, or null where there is none or it is not for whoever asks.
    pub(crate) async fn get_if_any(&self, path: &str) -> Value {
        self.get(path).await.unwrap_or_default()
    }

    /// A text, such as the figures.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Trouble> {
        let answer = self.ask(Method::GET, path, None, None).await?;
        let bytes = axum::body::to_bytes(answer.into_body(), ANSWER_MAX).await;
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|_| too_long())
    }

    /// Changes something.
    pub(crate) async fn change(&self, change: Change<'_>) -> Result<Value, Trouble> {
        let Change { method, path, body, key } = change;
        document(self.ask(method, path, Some(&body), Some(key)).await?).await
    }

    /// Posts.
    pub(crate) async fn post(&self, path: &str, body: Value, key: &str) -> Result<Value, Trouble> {
        self.change(Change { method: Method::POST, path, body, key }).await
    }

    /// Says what a change would do, and does not do it.
    pub(crate) async fn would(&self, path: &str, body: Value) -> Result<Value, Trouble> {
        self.change_would(Method::POST, path, body).await
    }

    /// The same, for a change that is no POST.
    pub(crate) async fn change_would(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Value, Trouble> {
        let path = format!("{path}?dry_run=true");
        document(self.ask(method, &path, Some(&body), None).await?).await
    }

    /// Changes a thing that still stands as it was read, at that version.
    pub(crate) async fn change_at(
        &self,
        change: Change<'_>,
        version: i64,
    ) -> Result<Value, Trouble> {
        let Change { method, path, body, key } = change;
        let tag = HeaderValue::from_str(&format!("\"{version}\"")).ok();
        let mut known = self.clone();
        tag.map(|tag| known.handed_on.insert(header::IF_MATCH, tag));
        document(known.ask(method, path, Some(&body), Some(key)).await?).await
    }

    /// Hands a file on as it comes.
    pub(crate) async fn upload(&self, path: &str, file: Body) -> Result<Value, Trouble> {
        let mut request = self.request(Method::PUT, path, file)?;
        let kind = HeaderValue::from_static("application/octet-stream");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        document(self.send_within(UPLOAD_WAIT, request).await?).await
    }

    /// The answer as it comes, for what goes on for ever: streams of events and files.
    pub(crate) async fn raw(
        &self,
        path: &str,
        accept: &'static str,
        extra: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response, Trouble> {
        let mut request = self.request(Method::GET, path, Body::empty())?;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(accept));
        if let Some((name, value)) = extra {
            request.headers_mut().insert(name, value);
        }
        self.send(request).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Response, Trouble> {
        let bytes = body.map(|body| body.to_string()).unwrap_or_default();
        let mut request = self.request(method, path, Body::from(bytes))?;
        let headers = request.headers_mut();
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
            headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str, body: Body) -> Result<Request, Trouble> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .map_err(|_| Trouble::not_found())?;
        *request.headers_mut() = self.handed_on.clone();
        let named = [
            (header::AUTHORIZATION, &self.token),
            (HeaderName::from_static("x-kontor-tenant"), &self.tenant),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.clone());
            }
        }
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        Ok(request)
    }

    async fn send(&self, request: Request) -> Result<Response, Trouble> {
        self.send_within(WAIT, request).await
    }

    async fn send_within(&self, wait: Duration, request: Request) -> Result<Response, Trouble> {
        match tokio::time::timeout(wait, self.backend.clone().oneshot(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(answer),
            Ok(Ok(answer)) => Err(problem(answer).await),
            Ok(Err(never)) => match never {},
            Err(_) => {
                let detail = "no answer came in time; what was asked may have been done";
                Err(Trouble::new(StatusCode::GATEWAY_TIMEOUT, "no_answer", detail))
            }
        }
    }
}

async fn document(answer: Response) -> Result<Value, Trouble> {
    let bytes = axum::body::to_bytes(answer.into_body(), ANSWER_MAX).await;
    let bytes = bytes.map_err(|_| too_long())?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|broken| {
        tracing::warn!(%broken, "an answer of the API is no JSON");
        Trouble::new(StatusCode::BAD_GATEWAY, "no_document", "the API answered with no document")
    })
}

async fn problem(answer: Response) -> Trouble {
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), ANSWER_MAX).await.unwrap_or_default();
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    Trouble {
        status: status.as_u16(),
        code: or(told.text("code"), "unknown"),
        detail: or(told.text("detail"), status.canonical_reason().unwrap_or("an error")),
        request: told.text("instance").to_owned(),
        faults: told
            .list("errors")
            .iter()
            .map(|fault| (fault.text("pointer").to_owned(), fault.text("detail").to_owned()))
            .collect(),
    }
}

fn too_long() -> Trouble {
    Trouble::new(StatusCode::BAD_GATEWAY, "answer_too_long", "the answer broke off or is too long")
}

/// The page of a list at a cursor; the first one, if there is none. `list` has its `?` already.
pub(crate) fn page_at(list: &str, cursor: &str) -> String {
    match cursor {
        "" => list.to_owned(),
        cursor => format!("{list}&cursor={}", escape(cursor)),
    }
}

/// A part of a path, such that it cannot leave its place.
pub(crate) fn escape(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                escaped.push(byte as char);
            }
            // A part that is `.` or `..` would be taken for a step in the path.
            b'.' if part.bytes().any(|other| other != b'.') => escaped.push('.'),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_cannot_leave_its_place() {
        assert_eq!(escape("../x?y#z"), "..%2Fx%3Fy%23z");
        assert_eq!(escape(".."), "%2E%2E");
        assert_eq!(escape("2026-000123"), "2026-000123");
    }
}
