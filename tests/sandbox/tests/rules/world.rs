//! One small language for all tests: a running sandbox, a client, and calls as a shop makes them.

use std::time::Duration;

use http::HeaderMap;
use kontor_sandbox::{
    AccountSummary, Delivery, Sandbox, SandboxConfig, StripeAccount, StripeLimits, StripeSwitches,
    WebhookEndpoint, plain_client,
};
use serde_json::Value;

pub const KEY: &str = "sk_test_first_shop";
pub const OTHER_KEY: &str = "sk_test_second_shop";
pub const SECRET: &str = "whsec_of_the_first_shop";
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const SESSIONS: &str = "/v1/checkout/sessions";

pub struct World {
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON answer")
    }

    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }

    pub fn id(&self) -> String {
        self.at("/id").as_str().expect("an object with an id").to_owned()
    }

    pub fn replayed(&self) -> bool {
        self.headers.contains_key("idempotent-replayed")
    }

    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }
}

impl World {
    /// A sandbox whose first shop gets its events at the receiver's hook `stripe`.
    pub async fn new() -> Self {
        let limits = StripeLimits { webhook_backoff_ms: 10, ..StripeLimits::default() };
        let config = SandboxConfig { stripe_limits: limits, ..SandboxConfig::default() };
        Self::with(config).await
    }

    pub async fn with(config: SandboxConfig) -> Self {
        let sandbox = Sandbox::start(config).await.expect("free ports");
        let url = sandbox.receiver().hook_url("stripe");
        let endpoint = WebhookEndpoint { url, secret: SECRET.to_owned() };
        let account = StripeAccount { api_key: KEY.to_owned(), webhooks: vec![endpoint] };
        sandbox.stripe().register(account);
        Self { sandbox, client: plain_client(PATIENCE).expect("a client") }
    }

    pub fn switch(&self, change: impl FnOnce(&mut StripeSwitches)) {
        self.sandbox.stripe().set_switches(change);
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.stripe().base_url())
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Reply {
        read(self.client.get(self.url(path)).bearer_auth(key)).await.expect("an answer")
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.get_as(KEY, path).await
    }

    /// A POST that may end without an answer.
    pub async fn try_post(
        &self,
        path: &str,
        idempotency_key: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<Reply, reqwest::Error> {
        let mut request = self.form_request(KEY, path, form);
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        read(request).await
    }

    pub async fn post_as(&self, api_key: &str, path: &str, form: &[(&str, &str)]) -> Reply {
        read(self.form_request(api_key, path, form)).await.expect("an answer")
    }

    fn form_request(
        &self,
        api_key: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let request = self.client.post(self.url(path)).basic_auth(api_key, Some(""));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.body(encoded(form))
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.try_post(path, None, form).await.expect("an answer")
    }

    pub async fn post_keyed(&self, path: &str, key: &str, form: &[(&str, &str)]) -> Reply {
        self.try_post(path, Some(key), form).await.expect("an answer")
    }

    /// Opens a session over 1299.00 CZK for the order and answers its id.
    pub async fn session(&self, order: &str) -> String {
        self.post(SESSIONS, &order_form(order)).await.ok().id()
    }

    pub async fn manual_session(&self, order: &str) -> String {
        let mut form = order_form(order);
        form.push(("payment_intent_data[capture_method]", "manual"));
        self.post(SESSIONS, &form).await.ok().id()
    }

    /// The payer presses a button of the hosted page.
    pub async fn press(&self, session: &str, outcome: &str) -> Reply {
        let request = self.client.post(self.url(&format!("/pay/{session}")));
        read(request.body(encoded(&[("outcome", outcome)]))).await.expect("an answer")
    }

    /// A paid session's payment intent.
    pub async fn paid(&self, order: &str) -> String {
        let session = self.session(order).await;
        assert_eq!(self.press(&session, "pay").await.status, 302);
        self.intent_of(&session).await
    }

    pub async fn intent_of(&self, session: &str) -> String {
        let session = self.get(&format!("{SESSIONS}/{session}")).await.ok();
        session.at("/payment_intent").as_str().expect("a payment intent").to_owned()
    }

    pub async fn settled(&self) {
        let settled = self.sandbox.stripe().settled();
        tokio::time::timeout(PATIENCE, settled).await.expect("deliveries end");
    }

    pub fn books(&self) -> AccountSummary {
        self.sandbox.stripe().summary().accounts.remove(KEY).expect("the first shop")
    }

    pub fn deliveries(&self) -> Vec<std::sync::Arc<Delivery>> {
        self.sandbox.receiver().deliveries("stripe")
    }

    /// The types of all delivered events, in the order of arrival.
    pub fn kinds(&self) -> Vec<String> {
        let kind = |one: &Delivery| one.json()["type"].as_str().unwrap_or_default().to_owned();
        self.deliveries().iter().map(|one| kind(one)).collect()
    }
}

pub fn order_form(order: &str) -> Vec<(&str, &str)> {
    vec![
        ("mode", "payment"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "czk"),
        ("line_items[0][price_data][unit_amount]", "129900"),
        ("line_items[0][price_data][product_data][name]", "Žluťoučký kůň"),
        ("success_url", "http://shop.test/done?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "http://shop.test/basket"),
        ("client_reference_id", order),
        ("metadata[tenant]", "first"),
        ("payment_intent_data[metadata][order]", order),
    ]
}

pub async fn read(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply { status, headers, text: response.text().await? })
}

fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
