//! A provider made of recorded exchanges, and what accounts do for all providers.

use super::{http::Http, *};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use kontor_actors::ports::AccountSettings;
use kontor_messages::tenant::AccountMode;
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

/// What a test's provider was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method and the path with its query.
    pub line: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's members, as a form.
    pub form: Vec<(String, String)>,
}

impl Asked {
    /// A member of the form.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A reply: status, headers, body. A status of 0 hangs up without a word.
pub type Recorded = (u16, &'static [(&'static str, &'static str)], String);

#[derive(Clone, Default)]
struct Script {
    replies: Arc<Mutex<VecDeque<Recorded>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A server that answers what was recorded, in order.
pub struct Server {
    /// Where it is.
    pub url: String,
    script: Script,
}

impl Server {
    /// Begins to listen.
    pub async fn new(replies: impl IntoIterator<Item = Recorded>) -> Self {
        let script = Script::default();
        script.replies.lock().unwrap().extend(replies);
        let app = Router::new().fallback(answer).with_state(script.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, script }
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = url::form_urlencoded::parse(&body).into_owned().collect();
    let line = format!("{method} {uri}");
    script.asked.lock().unwrap().push(Asked { line, headers, form });
    let Some((status, headers, body)) = script.replies.lock().unwrap().pop_front() else {
        return (StatusCode::NOT_FOUND, "nothing was recorded").into_response();
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

/// The client of tests: impatient.
pub fn http() -> Http {
    Http::with_timeouts(Duration::from_secs(2), Duration::from_secs(2), true).unwrap()
}

pub fn tenant() -> TenantId {
    "harbour-books".parse().unwrap()
}

fn url(server: &Server) -> url::Url {
    server.url.parse().unwrap()
}

#[tokio::test]
async fn a_provider_that_is_not_there_was_not_called() {
    let nobody = "http://127.0.0.1:1/".parse().unwrap();
    let fault = http().get(nobody).send().await.unwrap_err();
    assert!(matches!(fault, http::HttpFault::NotSent(_)), "{fault:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_outcome_unknown() {
    let server = Server::new([(0, &[][..], String::new())]).await;
    let fault = http().post(url(&server)).send().await.unwrap_err();
    assert!(matches!(fault, http::HttpFault::Unknown(_)), "{fault:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_reply_larger_than_a_mebibyte_is_not_read() {
    let server = Server::new([(200, &[][..], "x".repeat(1024 * 1024 + 1))]).await;
    let fault = http().get(url(&server)).send().await.unwrap_err();
    assert!(matches!(fault, http::HttpFault::Unknown(_)), "{fault:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::new([(302, &[("location", "/elsewhere")][..], String::new())]).await;
    let fault = http().get(url(&server)).send().await.unwrap_err();
    assert!(matches!(fault, http::HttpFault::Status(reply) if reply.status == 302));
    assert_eq!(server.asked().len(), 1);
}

/// The client of a node with real tenants.
pub fn strict() -> Http {
    Http::with_timeouts(Duration::from_secs(2), Duration::from_secs(2), false).unwrap()
}

#[tokio::test]
async fn nothing_private_is_called_however_its_address_is_written() {
    let server = Server::new([]).await;
    let port = url(&server).port().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
    ] {
        let private = format!("https://{host}:{port}/").parse().unwrap();
        let fault = strict().get(private).send().await.unwrap_err();
        assert!(matches!(fault, http::HttpFault::Refused(guard::Unsafe::Address)), "{host}");
        let fault = fault.into_fault();
        assert_eq!((&*fault.code, fault.cause), (http::ADDRESS_REFUSED, FaultCause::Here));
        assert_eq!(fault.message, "the address is not public");
    }
    let fault = strict().post(url(&server)).send().await.unwrap_err();
    assert!(matches!(fault, http::HttpFault::Refused(guard::Unsafe::Url)), "{fault:?}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_account_that_leads_inside_is_not_made_though_it_was_set_before() {
    let inside = serde_json::json!({"secret_key": "sk_test_1", "endpoint": "https://127.0.0.1"});
    let settings = Settings(HashMap::from([(("stripe", "main"), inside)]));
    let accounts = Accounts::new(Arc::new(settings), strict());
    let fault = accounts.get(&tenant(), "stripe", "main").await.err().unwrap();
    assert_eq!((&*fault.code, fault.cause), ("account_settings", FaultCause::Here));
    assert_eq!(fault.message, "endpoint: the address is not public");
}

#[tokio::test]
async fn faults_never_show_the_address() {
    let secret = "http://127.0.0.1:1/?token=secret".parse().unwrap();
    let fault = http().get(secret).send().await.unwrap_err();
    assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
}

/// Settings of accounts, as a test wants them.
pub struct Settings(pub HashMap<(&'static str, &'static str), Value>);

#[async_trait::async_trait]
impl AccountSettings for Settings {
    async fn account(
        &self,
        _tenant: &TenantId,
        provider: &str,
        name: &str,
    ) -> Option<kontor_actors::ports::AccountConfig> {
        let settings = self.0.get(&(provider, name))?.clone();
        let (provider, mode) = (provider.to_owned(), AccountMode::Test);
        Some(kontor_actors::ports::AccountConfig { provider, mode, settings })
    }
}

fn accounts(settings: impl IntoIterator<Item = (&'static str, &'static str, Value)>) -> Accounts {
    let map = settings.into_iter().map(|(provider, name, value)| ((provider, name), value));
    Accounts::new(Arc::new(Settings(map.collect())), http())
}

#[tokio::test]
async fn accounts_say_what_is_wrong_with_their_settings_and_never_show_them() {
    let accounts = accounts([
        ("stripe", "typo", serde_json::json!({"secret_key": "sk_test_hidden", "webhok": 1})),
        ("stripe", "kind", serde_json::json!({"secret_key": {"sk_test_hidden": 1}})),
    ]);
    for (provider, name, code) in [
        ("stripe", "typo", "account_settings"),
        ("stripe", "kind", "account_settings"),
        ("stripe", "none", "unknown_account"),
        ("acme", "main", "unknown_provider"),
    ] {
        let fault = accounts.get(&tenant(), provider, name).await.err().unwrap();
        assert_eq!((fault.code.as_str(), fault.cause), (code, FaultCause::Here), "{name}");
        assert!(!fault.message.contains("hidden"), "{}", fault.message);
    }
    assert!(accounts.get(&tenant(), "manual", "bank").await.is_ok(), "it needs no settings");
}

#[tokio::test]
async fn an_account_is_made_once() {
    let accounts = accounts([("stripe", "main", serde_json::json!({"secret_key": "sk_test_1"}))]);
    let tenant = tenant();
    let get = || async { accounts.get(&tenant, "stripe", "main").await.ok().unwrap() };
    let (one, two) = tokio::join!(get(), get());
    assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&one, &get().await));
}

#[tokio::test]
async fn the_figures_tell_calls_by_provider_and_outcome_and_how_many_are_under_way() {
    let figures = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _ours = metrics::set_default_local_recorder(&figures);
    let of = |line: &str| {
        let text = figures.handle().render();
        let found = text.lines().find_map(|shown| shown.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0, |count| count.parse().unwrap())
    };
    let in_flight = r#"kontor_gateway_calls_in_flight{provider="stripe"}"#;
    let server = Server::new([(500, &[][..], String::new()), (0, &[][..], String::new())]).await;
    let settings = serde_json::json!({"secret_key": "sk_test_1", "endpoint": server.url});
    let accounts = accounts([("stripe", "main", settings)]);
    let account = accounts.get(&tenant(), "stripe", "main").await.ok().unwrap();
    let references = vec!["cs_1".to_owned()];
    let ask =
        Ask::Query(QueryPayment { references, refunds: false, ours: Vec::new(), wanted: true });
    let payment = EntityId::named("p-1");
    assert!(account.call(&ask, &payment).await.answer.is_err());
    let asked = async {
        while server.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
        let (seen, calls) = account.seen_with_calls(Timestamp::now());
        let told = calls.iter().filter(|call| call.outcome.is_none()).count();
        assert_eq!((seen.under_way, told), (1, 1), "its account says so too");
        of(in_flight)
    };
    let (made, under_way) = tokio::join!(account.call(&ask, &payment), asked);
    assert_eq!((made.outcome, under_way, of(in_flight)), (CallOutcome::TimedOut, 1, 0));
    for outcome in ["failed", "timed_out"] {
        let labels = format!(r#"provider="stripe",operation="query",outcome="{outcome}""#);
        assert_eq!(of(&format!("kontor_gateway_calls_total{{{labels}}}")), 1);
        assert_eq!(of(&format!("kontor_gateway_call_seconds_count{{{labels}}}")), 1);
        let labels = format!(r#"provider="stripe",outcome="{outcome}""#);
        assert_eq!(of(&format!("kontor_gateway_requests_total{{{labels}}}")), 1);
    }
}

#[tokio::test]
async fn an_account_tells_of_its_failures_and_that_it_rests_after_some_in_a_row() {
    let failures = (0..5).map(|_| (500, &[][..], String::new()));
    let server = Server::new(failures).await;
    let settings = serde_json::json!({"secret_key": "sk_test_1", "endpoint": server.url});
    let accounts = accounts([("stripe", "main", settings)]);
    let account = accounts.get(&tenant(), "stripe", "main").await.ok().unwrap();
    let references = vec!["cs_1".to_owned()];
    let ask =
        Ask::Query(QueryPayment { references, refunds: false, ours: Vec::new(), wanted: true });
    let (before, _) = accounts.seen("stripe", 10);
    assert_eq!((before.len(), before[0].1.trouble()), (1, 3), "nobody has called it yet");
    let payment = EntityId::named("p-1");
    for _ in 0..6 {
        assert!(account.call(&ask, &payment).await.answer.is_err());
    }
    let (all, more) = accounts.seen("stripe", 10);
    let (whose, seen) = &all[0];
    assert_eq!((whose, more, seen.trouble(), seen.under_way), (&tenant(), false, 0, 0));
    assert_eq!(seen.breaker.position, breaker::Position::Open);
    assert!(seen.breaker.until.is_some_and(|until| Timestamp::now() < until));
    let counted: Vec<_> =
        seen.lately.calls.iter().map(|calls| (calls.outcome, calls.count)).collect();
    assert_eq!(counted, [(CallOutcome::Failed, 5), (CallOutcome::NotSent, 1)]);
    let failure = seen.lately.last_failure.as_ref().unwrap();
    assert_eq!((failure.operation, failure.outcome), ("query", CallOutcome::Failed));
    assert!(seen.lately.p99_ms.is_some() && seen.lately.last_answer_at.is_none());
    assert!(accounts.seen("paypal", 10).0.is_empty());
}

#[test]
fn a_notifications_body_is_cut_between_two_characters() {
    let text = "ž".repeat(NOTIFICATION_MAX);
    let cut = bounded(text.as_bytes());
    assert!(cut.len() <= NOTIFICATION_MAX && text.starts_with(&cut));
}

#[test]
fn no_copy_of_a_notification_keeps_what_lets_a_browser_go_on() {
    let body = r#"{"a":{"client_secret":"pi_1_secret_x","b":"client_secret"},"c":[{"client_secret" : "y"}],"client_secret":null}"#;
    let kept = bounded(body.as_bytes());
    assert!(!kept.contains("pi_1_secret_x") && !kept.contains("\"y\""), "{kept}");
    let read: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((&read["a"]["b"], &read["client_secret"]), (&"client_secret".into(), &Value::Null));
}
