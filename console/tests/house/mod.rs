//! A stand-in for the API that answers with what a node was recorded to answer, and a browser that
//! keeps cookies. What is not recorded is not there.

// What is not there fails the test that needs it.
#![allow(clippy::unwrap_used)]

mod counts;
mod health;
mod records;
mod settings;
mod stock;
mod suppliers;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tower::{ServiceExt, util::BoxCloneSyncService};

/// The order that was recorded.
pub const ORDER: &str = "01a21d83-25b3-7860-b824-727a79b68477";

/// What was asked of the API, other than to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub body: String,
    pub key: String,
    /// At which version it is to stand, if that was said.
    pub version: String,
    /// For which tenant it is asked, if for one.
    pub tenant: String,
}

#[derive(Clone)]
struct House {
    role: Option<&'static str>,
    order: Value,
    /// What is answered in the place of what was recorded, by what is asked for.
    told: Arc<Mutex<Vec<(String, Value)>>>,
    /// What is not answered now.
    failing: Arc<Mutex<Vec<String>>>,
    /// The node's figures, in the place of those that were recorded.
    figures: Option<&'static str>,
    /// Whether more runs than a page tells.
    busy: bool,
    asked: Arc<Mutex<Vec<Asked>>>,
    read: Arc<Mutex<Vec<String>>>,
}

impl House {
    fn of(role: Option<&'static str>) -> Self {
        let (told, failing, asked, read) = Default::default();
        let (order, figures, busy) = (recorded("order"), None, false);
        Self { role, order, told, failing, figures, busy, asked, read }
    }
}

/// A browser in front of the console of such a house.
pub struct Browser {
    console: Router,
    cookies: Vec<(String, String)>,
    house: House,
}

/// A page as it came.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

/// A document as it was recorded.
pub fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/recorded/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A house whose visitor has this role in the shop; `None` runs the platform.
pub fn browser(role: Option<&'static str>) -> Browser {
    browser_of(role, recorded("order"))
}

/// The same, with another order in the place of the recorded one.
pub fn browser_of(role: Option<&'static str>, order: Value) -> Browser {
    browser_in(House { order, ..House::of(role) })
}

/// A browser of who runs the platform, where more runs than a page tells.
pub fn busy_browser() -> Browser {
    browser_in(House { busy: true, ..House::of(None) })
}

fn browser_in(house: House) -> Browser {
    let api = Router::new().fallback(answer).with_state(house.clone());
    let console = kontor_console::router(BoxCloneSyncService::new(api), &[3; 32]).unwrap();
    Browser { console, cookies: Vec::new(), house }
}

impl Browser {
    /// What was asked of the API so far, other than to read.
    pub fn asked(&self) -> Vec<Asked> {
        self.house.asked.lock().unwrap().clone()
    }

    /// What was read of the API so far.
    pub fn read(&self) -> Vec<String> {
        self.house.read.lock().unwrap().clone()
    }

    /// The same, where the API answers this to a question that begins so.
    pub fn telling(self, question: &str, document: Value) -> Self {
        self.house.told.lock().unwrap().push((question.to_owned(), document));
        self
    }

    /// The same, where the API cannot answer a question that begins so.
    pub fn failing(self, question: &str) -> Self {
        self.house.failing.lock().unwrap().push(question.to_owned());
        self
    }

    /// The same, where the node's figures are these.
    pub fn measuring(mut self, figures: &'static str) -> Self {
        self.house.figures = Some(figures);
        browser_in(self.house)
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Sends a form, with the token of the form on that page.
    pub async fn post(&mut self, page: &str, to: &str, fields: &[(&str, &str)]) -> Page {
        let shown = self.get(page).await;
        let token = shown.field("form");
        self.post_bare(to, &[&[("form", token.as_str()), ("key", "k1")], fields].concat()).await
    }

    /// Sends a form as another site would: without a token.
    pub async fn post_bare(&mut self, to: &str, fields: &[(&str, &str)]) -> Page {
        let form: String =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(to).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form)).await
    }

    /// Sends a form with a file, with the token of the form on that page.
    pub async fn upload(&mut self, page: &str, to: &str, file: &str) -> Page {
        let token = self.get(page).await.field("form");
        self.upload_bare(to, &token, file).await
    }

    /// The same with a token of one's own.
    pub async fn upload_bare(&mut self, to: &str, token: &str, file: &str) -> Page {
        let part = |head: &str, content: &str| {
            let head = format!("Content-Disposition: form-data; {head}");
            format!("--b0\r\n{head}\r\n\r\n{content}\r\n")
        };
        let whole = part("name=\"form\"", token)
            + &part("name=\"key\"", "k1")
            + &part("name=\"file\"; filename=\"feed.csv\"", file)
            + "--b0--\r\n";
        let kind = "multipart/form-data; boundary=b0";
        let request = Request::post(to).header(header::CONTENT_TYPE, kind);
        self.send(request, Body::from(whole)).await
    }

    /// Signs in, and is the browser then.
    pub async fn signed_in(mut self) -> Self {
        let fields = [("email", "jana@example.com"), ("password", "a long sentence")];
        let page = self.post("/console/sign-in", "/console/sign-in", &fields).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
        self.house.asked.lock().unwrap().clear();
        self
    }

    /// Asks for Czech from now on.
    pub async fn in_czech(mut self) -> Self {
        let fields = [("language", "cs"), ("next", "/console")];
        self.post("/console/sign-in", "/console/preferences", &fields).await;
        self
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Page {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::HOST, "localhost:3200")
            .header(header::COOKIE, cookies.join("; "))
            .body(body)
            .unwrap();
        let response = self.console.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status, headers: parts.headers, text }
    }
}

impl Page {
    /// The value of a form's field.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let start = self.text.find(&marker).map(|start| start + marker.len()).unwrap();
        self.text[start..].split('"').next().unwrap().to_owned()
    }

    pub fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

fn json(document: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (kind, document.to_string()).into_response()
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let told = json!({ "status": status.as_u16(), "code": code, "detail": detail });
    (status, told.to_string()).into_response()
}

async fn answer(State(house): State<House>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let header = |name: &str| parts.headers.get(name).map_or("", |text| text.to_str().unwrap());
    let (key, version) = (header("idempotency-key").to_owned(), header("if-match").to_owned());
    let tenant = header("x-kontor-tenant").to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let sends = parts.method != Method::GET;
    if sends {
        let (method, path, tenant) = (parts.method.clone(), path.clone(), tenant.clone());
        let asked = Asked { method, path, body, key, version, tenant };
        house.asked.lock().unwrap().push(asked);
    }
    if tenant == "platform" {
        // Nobody trades under it: no route of a tenant knows it.
        return problem(StatusCode::NOT_FOUND, "unknown_tenant", "there is no such tenant");
    }
    if sends {
        let asked = house.asked.lock().unwrap().last().cloned().unwrap();
        let known = settings::done(&asked).or_else(|| stock::done(&asked));
        let known = known.or_else(|| suppliers::done(&asked));
        return known.unwrap_or_else(|| done(&house, &path));
    }
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return problem(StatusCode::UNAUTHORIZED, "unauthorized", "who asks?");
    }
    house.read.lock().unwrap().push(path.clone());
    if house.failing.lock().unwrap().iter().any(|question| path.starts_with(question)) {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the store is away");
    }
    let told = house.told.lock().unwrap().clone();
    if let Some((_, told)) = told.iter().find(|(question, _)| path.starts_with(question)) {
        return json(told);
    }
    if let Some(file) = suppliers::file(&path) {
        return file;
    }
    let known = settings::read(&path).or_else(|| health::read(&path));
    let known = known.or_else(|| stock::read(&path)).or_else(|| suppliers::read(&path));
    let known = known.or_else(|| counts::read(&path));
    known.map_or_else(|| records::read(&house, &path), |told| json(&told))
}

fn done(house: &House, path: &str) -> Response {
    let route = path.split('?').next().unwrap();
    if route == "/v1/auth/login" {
        let tokens = json!({"access_token": "at", "refresh_token": "rt", "expires_in": 600});
        return json(&tokens);
    }
    if route.starts_with("/v1/auth/me/views/") {
        return json(&json!({"name": "Web", "query": "channel=web"}));
    }
    if route.contains("/dead-letters/") {
        return json(&json!({}));
    }
    if route == "/v1/templates/shipped/en/preview" {
        return json(&json!({"subject": "Order 2026-000007 is on its way", "text": "By PPL.",
                            "language": "en", "samples": ["carrier"]}));
    }
    let order = format!("/v1/orders/{ORDER}/");
    match route.strip_prefix(&order) {
        Some("cancel") if path.contains("dry_run=true") => json(&json!({
            "would": [{"type": "order.cancelled", "entity": ORDER,
                       "data": {"type": "cancelled", "reason": "customer"}}],
            "result": house.order,
        })),
        Some("deliver") => json(&house.order),
        _ => problem(StatusCode::CONFLICT, "wrong_status", "the order is shipped already"),
    }
}
