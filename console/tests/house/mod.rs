//! A stand-in for the API that answers with what a node was recorded to answer, and a browser that
//! keeps cookies. What is not recorded is not there.

// What is not there fails the test that needs it.
#![allow(clippy::unwrap_used)]

mod counts;
mod health;
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
}

#[derive(Clone)]
struct House {
    role: Option<&'static str>,
    order: Value,
    /// What is answered in the place of what was recorded, by what is asked for.
    told: Arc<Mutex<Vec<(String, Value)>>>,
    /// Whether more runs than a page tells.
    busy: bool,
    asked: Arc<Mutex<Vec<Asked>>>,
    read: Arc<Mutex<Vec<String>>>,
}

impl House {
    fn of(role: Option<&'static str>) -> Self {
        let (told, asked, read) = (Arc::default(), Arc::default(), Arc::default());
        Self { role, order: recorded("order"), told, busy: false, asked, read }
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

fn summary() -> Value {
    let tally = |orders: i64, without: i64, minor: i64| {
        let mut hours = vec![0; 24];
        hours[0] = orders;
        json!({ "orders": orders, "paid": 1, "cancelled": 0, "paid_without_stock": without,
                "revenue": [{"amount_minor": minor, "currency": "CZK"}], "hours": hours,
                "margin": [{"currency": "CZK", "revenue_minor": 2_000_000, "cost_minor": 1_250_000,
                            "margin_minor": 750_000, "lines_with_cost": 1_150,
                            "lines_without_cost": 50, "revenue_without_cost_minor": 90_000,
                            "lines_without_tax": 7}] })
    };
    let of = |channel: &str, mut tally: Value| {
        tally["channel"] = json!(channel);
        tally["last_order"] =
            json!({"id": ORDER, "number": "2026-000007", "placed_at": "2026-11-27T14:57:00Z"});
        tally
    };
    let mut day = tally(1_200, 1, 4_188_000);
    day["day"] = json!("2026-11-27");
    day["complete"] = json!(true);
    day["products_without_cost"] = json!([{"sku": "lamp", "currency": "CZK", "lines": 50}]);
    day["minutes"] = json!([{"at": "2026-11-27T14:57:00Z", "orders": 1_200}]);
    day["channels"] =
        json!([of("till", tally(200, 0, 698_000)), of("web", tally(1_000, 1, 3_490_000))]);
    day
}

async fn answer(State(house): State<House>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let header = |name: &str| parts.headers.get(name).map_or("", |text| text.to_str().unwrap());
    let (key, version) = (header("idempotency-key").to_owned(), header("if-match").to_owned());
    let body = String::from_utf8(body.to_vec()).unwrap();
    if parts.method != Method::GET {
        let asked = Asked { method: parts.method.clone(), path: path.clone(), body, key, version };
        house.asked.lock().unwrap().push(asked.clone());
        let known = settings::done(&asked).or_else(|| stock::done(&asked));
        let known = known.or_else(|| suppliers::done(&asked));
        return known.unwrap_or_else(|| done(&house, &path));
    }
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return problem(StatusCode::UNAUTHORIZED, "unauthorized", "who asks?");
    }
    house.read.lock().unwrap().push(path.clone());
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
    known.map_or_else(|| read(&house, &path), |told| json(&told))
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

fn read(house: &House, path: &str) -> Response {
    let order = format!("/v1/orders/{ORDER}");
    let me = || {
        let tenants = house.role.map(|role| json!({"tenant": "harbour-books", "role": role}));
        let role = if house.role.is_none() { "operator" } else { "none" };
        json!({ "name": "Jana", "email": "jana@example.com", "platform_role": role,
                "tenants": tenants.into_iter().collect::<Vec<_>>() })
    };
    let tenant = || recorded("tenants")["items"][0].clone();
    match path {
        "/v1/auth/me" => json(&me()),
        "/v1/tenant" => json(&tenant()),
        path if path.starts_with("/v1/summary") => json(&summary()),
        "/v1/auth/me/views" => json(&json!({"items": [
            {"name": "To pack at the till", "query": "status=confirmed&channel=till"}]})),
        "/v1/permissions" => json(&recorded("permissions")),
        "/v1/quarantine" => json(&json!({"items": [{"tenant": "polar-tea", "domain": "order",
            "since": "2026-11-27T14:02:00Z", "reason": "panic in order.decide"}]})),
        path if path.starts_with("/v1/actors") => json(&json!({
            "next_cursor": house.busy.then_some("polar-tea/order"), "items": [
            {"tenant": "harbour-books", "domain": "stock", "shard": 0, "status": "running", "waiting": 3,
             "done": 128, "answers_per_minute": 96, "answer_p99_us": 7167, "crashes": 1, "since": "2026-11-27T14:02:00Z",
             "crashed_at": "2026-11-27T14:01:59Z", "crashed_by": "crashed on request"},
            {"tenant": "harbour-books", "domain": "catalog", "shard": 0, "status": "paused",
             "waiting": 0, "done": 0, "answers_per_minute": 0, "crashes": 0,
             "since": "2026-11-27T14:02:00Z"},
            {"tenant": "polar-tea", "domain": "order", "shard": 0, "status": "quarantined",
             "waiting": 0, "crashed_by": "panic in order.decide", "done": 0, "answers_per_minute": 0, "crashes": 6, "since": "2026-11-27T14:02:00Z"}]})),
        path if path.starts_with("/v1/platform/timers") => json(&json!({"items": [
            {"tenant": "polar-tea", "domain": "order", "entity": "o9", "version": 1,
             "status": "pending", "due": "2126-11-27T15:00:00Z", "overdue": false},
            {"tenant": "platform", "domain": "signing", "entity": "ring", "version": 2,
             "due": "2126-11-28T15:00:00Z", "overdue": false}],
            "next_cursor": "1~platform~signing~ring"})),
        path if path.starts_with("/v1/timers?") && path.contains("overdue=false") => {
            json(&json!({"items": [{"domain": "order", "entity": ORDER, "version": 3,
                "status": "pending", "due": "2126-11-27T15:00:00Z", "overdue": false}]}))
        }
        path if path.starts_with("/v1/timers?") => json(&json!({"items": []})),
        "/v1/products/p1" => json(&json!({"id": "p1", "sku": "atlas", "status": "active",
            "titles": {"en": "Large atlas"}, "owners": [], "prices": [], "media": []})),
        "/v1/products/p1/history?limit=100" => json(&json!({"items": [
            {"type": "product.created", "at": "2026-11-27T14:00:00Z", "actor": "operator",
             "data": {"type": "created", "sku": "atlas"}},
            {"type": "price.changed", "at": "2026-11-27T14:01:00Z", "actor": "operator",
             "data": {"sku": "atlas", "changes": [
                {"field": "price.cost.CZK", "was": {"price": {"amount_minor": 20_000}},
                 "now": {"price": {"amount_minor": 21_000}}},
                {"field": "price.sale.CZK@web", "now": {"price": {"amount_minor": 29_900}}}]}}]})),
        "/v1/shards" | "/v1/shards?limit=200" => {
            json(&json!({"items": [{"shard": 0, "events": 15_060, "actors_running": 1,
            "followers": [{"follower": "policies", "done": 14_990}]}]}))
        }
        "/ready" => json(&json!({"ready": true})),
        "/metrics" => health::metrics(house.busy).into_response(),
        path if path.starts_with("/v1/tenants/") => json(&tenant()),
        path if path.starts_with("/v1/tenants") => json(&recorded("tenants")),
        path if path == order => json(&house.order),
        path if path == format!("{order}/margin") && house.role == Some("packer") => {
            problem(StatusCode::FORBIDDEN, "missing_scope", "your role has no scope catalog:read")
        }
        path if path == format!("{order}/margin") => json(&json!({
            "sum": {"currency": "CZK", "revenue_minor": 57_686, "cost_minor": 40_000,
                    "margin_minor": 17_686, "lines_with_cost": 1, "lines_without_cost": 1,
                    "revenue_without_cost_minor": 10_000, "lines_without_tax": 0},
            "lines": [{"sku": "atlas", "units": 2, "revenue_minor": 57_686, "cost_minor": 40_000,
                       "margin_minor": 17_686},
                      {"sku": "lamp", "units": 1, "revenue_minor": 10_000}]})),
        path if path.starts_with(&format!("{order}?at=")) => {
            let mut then = house.order.clone();
            then["status"] = json!("pending");
            json(&then)
        }
        path if path.starts_with(&format!("{order}/history")) => json(&recorded("history")),
        path if path.starts_with("/v1/orders?") && path.contains("status=returned") => {
            json(&json!({ "items": [] }))
        }
        path if path.starts_with("/v1/orders?") => json(&recorded("orders")),
        path if path.starts_with("/v1/payments?limit=") => json(&recorded("payments")),
        path if path.starts_with("/v1/payments?order=") => json(&recorded("payments")),
        path if path.starts_with("/v1/payments/") && path.contains("/history") => {
            json(&recorded("payment-history"))
        }
        path if path.starts_with("/v1/stock/reservations/") => json(&recorded("reservation")),
        path if path.starts_with("/v1/stock?") => json(&json!({"items": [{"id": "lamp",
            "total_available": 2, "levels": [{"warehouse": "main", "on_hand": 3, "reserved": 1}],
            "settings": {"low_threshold": 4}}, {"id": "set", "total_available": 0, "levels": [],
            "settings": {"components": {"lamp": 2}}}]})),
        path if path.starts_with("/v1/notifications?") && path.contains("order=") => {
            json(&json!({"items": [{"id": "m1",
            "template": "shipped", "status": "sent", "recipient": "jana@example.com",
            "queued_at": "2026-11-27T15:00:00Z", "about": ORDER}]}))
        }
        path if path.starts_with("/v1/audit") && path.contains("domain=stock") => {
            json(&recorded("history"))
        }
        path if path.starts_with("/v1/dead-letters?") => json(&json!({"items": [{"id": "d1",
            "source": "domain:stock", "reason": "panic: as a bug would", "attempts": 1,
            "at": "2026-11-27T14:01:59Z"}]})),
        "/v1/notifications/m1" => json(&json!({"id": "m1", "template": "shipped",
            "status": "sent", "channel": "email", "recipient": "jana@example.com", "attempts": 2,
            "queued_at": "2026-11-27T15:00:00Z", "about": ORDER,
            "last_failure": {"kind": "retry_backoff", "code": "450", "message": "try later"}})),
        "/v1/notifications/m1/attempts?limit=200" => json(&json!({"items": [
            {"version": 3, "at": "2026-11-27T15:00:01Z", "result": "failed",
             "failure": {"kind": "retry_backoff", "code": "450", "message": "the box is <full>"},
             "next_attempt_at": "2026-11-27T15:01:00Z"},
            {"version": 6, "at": "2026-11-27T15:01:02Z", "result": "sent",
             "provider_id": "q-17"}]})),
        path if path.starts_with("/v1/notifications") || path.starts_with("/v1/audit") => {
            json(&json!({"items": []}))
        }
        _ => problem(StatusCode::NOT_FOUND, "not_found", "there is no such thing"),
    }
}
