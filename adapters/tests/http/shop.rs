//! A node in one process: domains on a store in memory, the API in front, and the language that
//! the rules are told in.

use crate::people::{self, Seed, Tokens};
use async_trait::async_trait;
use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode};
use kontor_actors::{
    admission::{Admission, AdmissionSettings, Lane},
    catalog::Catalog,
    domain_actor::{DomainLimits, Ground},
    erasure::Erasure,
    host::{Hosts, Starter},
    intake::{Caller, Intake},
    journal::{Journal, JournalSettings},
    loader::Loader,
    memory::MemoryStore,
    notification::Notification,
    order::Order,
    payment::Payment,
    payout::Payout,
    reconciliation::Reconciliation,
    request::Terms,
    schedule::Schedule,
    signing::Signing,
    stock::Stock,
    store::Store,
    supplier::Supplier,
    tenant::Tenant,
    user::User,
    webhook::Webhook,
};
use kontor_adapters::{
    dispatch::{accounts::TenantAccounts, imports::files::FeedFiles},
    gateways::{Accounts, http::Http},
    hook_address::HookAddresses,
    http::{Api, Bearers, HttpSettings, RenderMetrics, Ties, router},
    identity::{Identity, IdentitySettings},
    media::{Media, MediaSettings},
    search::Search,
    store::SealedStore,
};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    order::{OrderCommand, StockStanding},
    stock::StockCommand,
};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tower::ServiceExt;

const HOUR: Duration = Duration::from_secs(3600);

pub const ADMIN: &str = "the-operator-of-this-platform";

/// A node with its API.
pub struct Shop {
    pub app: Router,
    pub api: Api,
    pub store: MemoryStore,
    pub intake: Intake,
    pub feeds: FeedFiles,
    /// Where uploads are kept; gone with the shop.
    media: tempfile::TempDir,
    /// The indexes of products.
    pub search: Search,
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Asker {
    app: Router,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::on(MemoryStore::new(), change).await
    }

    pub async fn on(store: MemoryStore, change: impl FnOnce(&mut HttpSettings)) -> Self {
        let mut settings = HttpSettings { admin_token: Some(ADMIN.into()), ..Default::default() };
        settings.webhooks_to_private = true;
        // Nobody follows the journal here, so there is nothing to wait for.
        settings.payment_wait_ms = 0;
        // Nor is anybody held to a pace, but where that is the test.
        settings.user_requests_per_second = 100_000;
        change(&mut settings);
        let intake = intake(Arc::new(SealedStore::over(Arc::new(store.clone())))).await;
        let identity = people::identity(&intake, &IdentitySettings::default());
        let metrics = Arc::new(|| "# nothing\n".to_owned());
        let media = tempfile::tempdir().unwrap();
        let search = Search::new(intake.clone(), media.path().join("search"));
        let feeds = feeds();
        let kept = Kept { feeds: feeds.clone(), media: media.path(), search: search.clone() };
        let api = api(settings, identity, Arc::new(Tokens), metrics, kept);
        Self { app: router(&api), api, store, intake, feeds, media, search }
    }

    /// The same node, where a user is whoever shows a token that its own identity signed.
    pub fn signing(&self) -> (Asker, Identity) {
        let identity = people::identity(&self.intake, &IdentitySettings::default());
        let metrics = Arc::new(String::new);
        let admin_token = Some(ADMIN.into());
        let settings =
            HttpSettings { admin_token, webhooks_to_private: true, ..Default::default() };
        let bearers = Arc::new(identity.clone());
        let api = api(settings, identity.clone(), bearers, metrics, self.kept());
        (Asker { app: router(&api), ..self.nobody() }, identity)
    }

    /// Somebody at a node whose figures cannot be rendered.
    pub fn panicking(&self) -> Asker {
        let metrics = Arc::new(|| panic!("no figures"));
        let identity = people::identity(&self.intake, &IdentitySettings::default());
        let api = api(HttpSettings::default(), identity, Arc::new(Tokens), metrics, self.kept());
        Asker { app: router(&api), ..self.nobody() }
    }

    fn kept(&self) -> Kept<'_> {
        let (feeds, search) = (self.feeds.clone(), self.search.clone());
        Kept { feeds, media: self.media.path(), search }
    }

    /// A shop in which `harbour-books` trades, with a warehouse and ten of one book; and a key
    /// that may do everything.
    pub async fn trading() -> (Self, Asker) {
        let shop = Self::open().await;
        let harbour = shop.tenant("harbour-books").await;
        stock(&harbour, "atlas", 10).await;
        (shop, harbour)
    }

    /// Where this shop's uploads are.
    pub fn uploads(&self) -> Media {
        Media::open(self.media.path(), MediaSettings::default()).unwrap()
    }

    pub fn nobody(&self) -> Asker {
        Asker { app: self.app.clone(), token: None, headers: Vec::new() }
    }

    pub fn operator(&self) -> Asker {
        self.nobody().token(ADMIN)
    }

    pub fn operator_for(&self, tenant: &str) -> Asker {
        self.operator().header("x-kontor-tenant", tenant)
    }

    /// Opens a tenant's books, and makes a key that may do everything.
    pub async fn tenant(&self, name: &str) -> Asker {
        let made = self
            .operator()
            .post("/v1/tenants", json!({ "tenant": name, "settings": settings(name) }))
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        self.key(name, &["*"]).await
    }

    /// What the policy does for a paid order, for nobody follows the journal here.
    pub async fn commit_goods(&self, tenant: &str, order: &str) {
        let order = EntityId::parse(order).unwrap();
        let reservation = order.clone();
        let standing = StockStanding::Committed;
        let (tenant, meta) = (TenantId::parse(tenant).unwrap(), Meta::by("test"));
        let caller = Caller { tenant, meta, lane: Lane::Realtime };
        let commit = StockCommand::Commit { reservation };
        self.intake.tell::<Stock>(&caller, commit, Terms::default()).await.unwrap();
        let told = OrderCommand::RecordStock { order, standing, version: 2 };
        self.intake.tell::<Order>(&caller, told, Terms::default()).await.unwrap();
    }

    /// Where a provider sends what it has to say about a tenant's account, there or not.
    pub fn hook(&self, tenant: &str, provider: &str, account: &str) -> String {
        let addresses = HookAddresses::new(Arc::new(Seed), None);
        addresses.path(&TenantId::parse(tenant).unwrap(), provider, account)
    }

    /// A user who is signed in, with `<name>@example.com` for an address.
    pub fn user(&self, name: &str) -> Asker {
        self.nobody().token(&people::access_token(name, Timestamp::now().plus(HOUR), "user"))
    }

    /// The same, at work for a tenant.
    pub fn user_at(&self, name: &str, tenant: &str) -> Asker {
        self.user(name).header("x-kontor-tenant", tenant)
    }

    /// Makes a user a member of a tenant.
    pub async fn member(&self, name: &str, tenant: &str, role: &str) -> Asker {
        let body = json!({ "role": role, "email": format!("{name}@example.com") });
        self.operator_for(tenant).put(&format!("/v1/members/{name}"), body).await.ok();
        self.user_at(name, tenant)
    }

    /// Makes a key of a tenant.
    pub async fn key(&self, tenant: &str, scopes: &[&str]) -> Asker {
        let made = self
            .operator_for(tenant)
            .post("/v1/keys", json!({ "name": "test", "scopes": scopes }))
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        self.nobody().token(made.json()["token"].as_str().unwrap())
    }
}

impl Asker {
    pub fn token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same at another node.
    pub fn at(self, shop: &Shop) -> Self {
        Self { app: shop.app.clone(), ..self }
    }

    pub fn app(&self) -> Router {
        self.app.clone()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Body::empty(), None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, Body::empty(), None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, body.to_string().into(), Some("application/json")).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, body.to_string().into(), Some("application/json")).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, body.to_string().into(), Some("application/json")).await
    }

    /// A POST without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.ask(Method::POST, path, Body::empty(), None).await
    }

    pub async fn raw(&self, path: &str, body: impl Into<Body>, kind: Option<&str>) -> Answer {
        self.ask(Method::POST, path, body.into(), kind).await
    }

    pub async fn ask(&self, method: Method, path: &str, body: Body, kind: Option<&str>) -> Answer {
        let response = self.app.clone().oneshot(self.request(method, path, body, kind)).await;
        let response = response.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }

    pub fn request(
        &self,
        method: Method,
        path: &str,
        body: Body,
        kind: Option<&str>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body).unwrap()
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self.json()
    }

    /// It is this problem, and says so as RFC 9457 wants it.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.head("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["instance"], self.head("x-request-id"));
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        body
    }

    /// It is this problem, and names this member.
    #[track_caller]
    pub fn at(self, status: u16, code: &str, pointer: &str) -> Value {
        let body = self.problem(status, code);
        assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
        body
    }

    pub fn head(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }
}

pub fn settings(name: &str) -> Value {
    json!({
        "name": name, "country": "CZ", "currency": "CZK", "time_zone": "Europe/Prague",
        "limits": { "requests_in_flight": 1000, "requests_per_second": 100_000, "import_rows": 1000 },
    })
}

/// Puts units of a product on the shelf.
pub async fn stock(asker: &Asker, sku: &str, quantity: i64) {
    asker.put("/v1/warehouses/main", json!({ "name": "Main" })).await.ok();
    let arrival = json!({ "sku": sku, "warehouse": "main", "kind": "in", "quantity": quantity });
    asker.post("/v1/stock/movements", arrival).await.ok();
}

/// An order of some units of one product at 349,00.
pub fn order(sku: &str, quantity: i64) -> Value {
    let total = 34900 * quantity;
    json!({
        "channel": "web", "currency": "CZK",
        "customer": { "name": "Jana Nováková", "email": "jana@example.com" },
        "lines": [{ "sku": sku, "title": "Atlas", "quantity": quantity, "unit_price_minor": 34900 }],
        "totals": { "subtotal_minor": total, "total_minor": total },
    })
}

/// Units that may be sold.
pub async fn available(asker: &Asker, sku: &str) -> i64 {
    asker.get(&format!("/v1/stock/{sku}")).await.ok()["total_available"].as_i64().unwrap()
}

/// What a node keeps beside its journal.
struct Kept<'a> {
    feeds: FeedFiles,
    media: &'a Path,
    search: Search,
}

fn api(
    settings: HttpSettings,
    identity: Identity,
    bearers: Arc<dyn Bearers>,
    metrics: RenderMetrics,
    kept: Kept<'_>,
) -> Api {
    let intake = identity.intake().clone();
    let client = Http::new(settings.webhooks_to_private).unwrap();
    let hooks = HookAddresses::new(Arc::new(Seed), settings.public_url.clone());
    let accounts = Accounts::new(Arc::new(TenantAccounts::new(intake.clone())), client.clone());
    let accounts = accounts.told_at(hooks);
    let hosts = Arc::clone(intake.hosts());
    let release = move |tenant: &TenantId, domain: &str| hosts.release(domain, tenant);
    let (accounts, release) = (Arc::new(accounts), Arc::new(release));
    let (bearers, secrets) = (Some(bearers), Some(Arc::new(Seed) as _));
    let media = Some(Media::open(kept.media, MediaSettings::default()).unwrap());
    let search = Some(kept.search);
    let feeds = kept.feeds;
    let ties = Ties {
        metrics,
        accounts,
        client,
        release,
        bearers,
        secrets,
        identity,
        feeds,
        media,
        search,
    };
    Api::new(settings, intake, ties)
}

/// A folder that is made when something is kept there; most tests keep nothing.
fn feeds() -> FeedFiles {
    let id = EntityId::fresh(Timestamp::now());
    FeedFiles::new(std::env::temp_dir().join(format!("kontor-feeds-{id}")))
}

async fn intake(store: Arc<dyn Store>) -> Intake {
    let journal = Journal::open(Arc::clone(&store), 1, JournalSettings::default()).await.unwrap();
    let loader = Loader::start(Arc::clone(&store), 1);
    let ground = Ground { journal, loader, store, limits: DomainLimits::default() };
    let mut hosts = Hosts::default();
    hosts.host::<Tenant>(&ground);
    hosts.host::<Stock>(&ground);
    hosts.host::<Order>(&ground);
    hosts.host::<Payment>(&ground);
    hosts.host::<Payout>(&ground);
    hosts.host::<Notification>(&ground);
    hosts.host::<Webhook>(&ground);
    hosts.host::<Erasure>(&ground);
    hosts.host::<Schedule>(&ground);
    hosts.host::<Reconciliation>(&ground);
    hosts.host::<User>(&ground);
    hosts.host::<Signing>(&ground);
    hosts.host::<Supplier>(&ground);
    hosts.host::<Catalog>(&ground);
    let hosts = Arc::new(hosts);
    let (root, _) = Actor::spawn(None, Root, ()).await.unwrap();
    let starting =
        Starting { hosts: OnceLock::from(Arc::downgrade(&hosts)), root: root.get_cell() };
    hosts.started_by(Arc::new(starting));
    Intake::new(hosts, ground, Admission::new(AdmissionSettings::default()))
}

/// Starts domains under a supervisor that does not care.
struct Starting {
    hosts: OnceLock<std::sync::Weak<Hosts>>,
    root: ActorCell,
}

#[async_trait]
impl Starter for Starting {
    async fn start(&self, tenant: &TenantId, domain: &'static str) -> Result<(), String> {
        let hosts = self.hosts.get().and_then(std::sync::Weak::upgrade).ok_or("closed")?;
        let host = hosts.named(domain).ok_or("no such domain")?;
        host.start(tenant, self.root.clone()).await.map(drop)
    }

    fn pardon(&self, _: &TenantId, _: &'static str) {}
}

struct Root;

impl Actor for Root {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        _: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}
