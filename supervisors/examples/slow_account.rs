//! What a slow provider costs the others: the time from a payment that was accepted to the page
//! where it is paid, at a quick account, alone and beside an account whose provider has begun to
//! take two seconds for every answer. Providers and shops are in this process, over real sockets,
//! and so is the node unless one is named; quiet and slow phases take turns, so that what else the
//! machine does meets both.
//!
//! `cargo run --release -p kontor --example slow_account -- [ROUNDS] [SECONDS] [URL ADMIN_TOKEN]`
//!
//! A round is a quiet phase and a slow one, so many seconds each, and a pause after each. A node
//! that is named must let its tenants' accounts be on this machine and one address and one key ask
//! as fast as they can: `KONTOR_GATEWAYS__ALLOW_PRIVATE=true`,
//! `KONTOR_HTTP__ADDRESS_REQUESTS_PER_SECOND=0`, `KONTOR_HTTP__KEY_REQUESTS_PER_SECOND=0`.

// Times and ratios are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use kontor::{
    demo::{Folder, settings},
    node::{Node, Role},
};
use kontor_sandbox::{ComGateShop, Sandbox, SandboxConfig, StripeAccount};
use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What the slow provider takes for every answer.
const SLOW: Duration = Duration::from_secs(2);
/// Shops, each with both accounts.
const SHOPS: usize = 4;
/// Between two payments of one shop by the quick account: below what Stripe allows an account.
const QUICK_EVERY: Duration = Duration::from_millis(50);
/// The same by the slow one: twice what it gets done, so it always has more to do than it can.
const SLOW_EVERY: Duration = Duration::from_millis(125);
/// Between two looks at a payment.
const LOOK: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, usual: u64| args.get(place).map_or(Ok(usual), |n| n.parse());
    let (rounds, phase) = (number(0, 6)?, Duration::from_secs(number(1, 5)?));
    let sandbox = Sandbox::start(SandboxConfig::default()).await?;
    let (node, own) = match args.get(2..) {
        Some([url, admin]) => ((url.clone(), admin.clone()), None),
        None | Some([]) => Own::start().await.map(|(named, own)| (named, Some(own)))?,
        Some(_) => return Err("expected [ROUNDS] [SECONDS] [URL ADMIN_TOKEN]".into()),
    };
    let town = Town::open(&sandbox, node).await?;
    town.quick_for(Duration::from_secs(1)).await?;
    let (mut quiet, mut slow) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Now this one first, now that.
        for is_slow in [round % 2 == 1, round % 2 == 0] {
            if is_slow {
                slow.extend(town.beside_a_slow_one(&sandbox, phase).await?);
            } else {
                quiet.extend(town.quick_for(phase).await?);
            }
        }
    }
    if let Some(own) = own {
        own.end().await?;
    }
    let cores = std::thread::available_parallelism()?;
    println!("{cores} cores, {SHOPS} shops, {rounds} rounds of {phase:?}");
    let alone = say("the quick account alone", &mut quiet)?;
    let beside = say("beside an account at 2 s", &mut slow)?;
    println!("p99 beside / alone: {:.3}", beside / alone);
    Ok(())
}

/// The 99th percentile in milliseconds.
fn say(what: &str, times: &mut [Duration]) -> Result<f64, Fault> {
    if times.is_empty() {
        return Err("nothing was measured".into());
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1000].as_secs_f64() * 1000.0;
    let (p50, p95, p99, max) = (at(500), at(950), at(990), at(1000));
    let count = times.len();
    println!(
        "{what}: {count} payments, p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms, max {max:.2} ms"
    );
    Ok(p99)
}

/// A node in this process.
struct Own {
    end: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
    _folder: Folder,
}

impl Own {
    /// Starts it: its address and its operator's token.
    async fn start() -> Result<((String, String), Self), Fault> {
        let folder = Folder::new(None)?;
        let mut settings = settings(&folder, None);
        settings.gateways.allow_private = true;
        settings.http.address_requests_per_second = 0;
        settings.http.key_requests_per_second = 0;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let node = Node::start(settings, Role::Serve).await?;
        let admin = node.admin_token().expose_secret().to_owned();
        let (end, ended) = oneshot::channel::<()>();
        let served = tokio::spawn(node.serve(listener, async { drop(ended.await) }));
        Ok(((url, admin), Self { end, served, _folder: folder }))
    }

    async fn end(self) -> Result<(), Fault> {
        // A node that has ended already has its reason in `served`.
        let _ = self.end.send(());
        Ok(self.served.await??)
    }
}

/// The shops and how they ask.
#[derive(Clone)]
struct Town {
    http: Client,
    url: String,
    keys: Arc<Vec<String>>,
}

impl Town {
    /// Opens the shops with their accounts on a node, given by its address and operator's token.
    async fn open(sandbox: &Sandbox, (url, admin): (String, String)) -> Result<Self, Fault> {
        let http = kontor_sandbox::plain_client(PATIENCE)?;
        let url = url.trim_end_matches('/').to_owned();
        let mut town = Self { http, url, keys: Arc::default() };
        let (mut keys, run) = (Vec::new(), fastrand::u32(..));
        for shop in 0..SHOPS {
            keys.push(town.shop(&admin, &format!("slow-{run:08x}-{shop}"), sandbox).await?);
        }
        town.keys = Arc::new(keys);
        Ok(town)
    }

    async fn shop(&self, admin: &str, name: &str, sandbox: &Sandbox) -> Result<String, Fault> {
        let limits = json!({"requests_per_second": 100_000, "requests_in_flight": 10_000});
        let settings = json!({"name": name, "country": "CZ", "currency": "CZK",
            "time_zone": "Europe/Prague", "limits": limits});
        let tenant = json!({"tenant": name, "settings": settings});
        self.ask(Method::POST, "/v1/tenants", (admin, None), Some(tenant)).await?;
        let key = json!({"name": "all", "scopes": ["*"]});
        let made = self.ask(Method::POST, "/v1/keys", (admin, Some(name)), Some(key)).await?;
        let key = made["token"].as_str().ok_or("no key was given")?.to_owned();
        let stripe = format!("sk_test_{}", name.replace('-', "_"));
        let stripe_account = StripeAccount { api_key: stripe.clone(), webhooks: Vec::new() };
        sandbox.stripe().register(stripe_account);
        let at = sandbox.providers();
        let (merchant, secret) = (name.to_owned(), "the-secret-of-the-shop".to_owned());
        at.comgate.register(ComGateShop { merchant, secret: secret.clone(), push_url: None });
        let accounts = [
            ("stripe", json!({"secret_key": stripe, "endpoint": sandbox.stripe().base_url()})),
            (
                "comgate",
                json!({"merchant": name, "secret": secret, "test": true,
                    "endpoint": at.comgate.base_url()}),
            ),
        ];
        for (provider, settings) in accounts {
            let (path, body) =
                (format!("/v1/accounts/{provider}/main"), json!({"settings": settings}));
            self.ask(Method::PUT, &path, (&key, None), Some(body)).await?;
        }
        Ok(key)
    }

    /// Payments by the quick account of every shop.
    async fn quick_for(&self, phase: Duration) -> Result<Vec<Duration>, Fault> {
        let mut shops = JoinSet::new();
        for (at, key) in self.keys.iter().cloned().enumerate() {
            let town = self.clone();
            // Not all at the same instant.
            let begin = Instant::now() + QUICK_EVERY * u32::try_from(at)? / u32::try_from(SHOPS)?;
            shops.spawn(async move {
                let (mut times, mut due) = (Vec::new(), begin);
                while due < begin + phase {
                    tokio::time::sleep_until(due.into()).await;
                    times.push(town.opened(&key).await?);
                    due += QUICK_EVERY;
                }
                Ok::<_, Fault>(times)
            });
        }
        let mut times = Vec::new();
        while let Some(shop) = shops.join_next().await {
            times.extend(shop??);
        }
        Ok(times)
    }

    /// The same while every shop's other account is slow and has more to do than it can.
    async fn beside_a_slow_one(
        &self,
        sandbox: &Sandbox,
        phase: Duration,
    ) -> Result<Vec<Duration>, Fault> {
        let comgate = &sandbox.providers().comgate;
        comgate.set_switches(|switches| {
            switches.delay_ms = u64::try_from(SLOW.as_millis()).unwrap_or(u64::MAX);
        });
        let mut shops = JoinSet::new();
        for key in self.keys.iter().cloned() {
            shops.spawn(self.clone().keeps_asking(key));
        }
        // Until all that may be under way there is.
        tokio::time::sleep(SLOW).await;
        let before = comgate.calls();
        let times = self.quick_for(phase).await?;
        if comgate.calls() == before {
            return Err("nobody was slow".into());
        }
        shops.abort_all();
        while let Some(shop) = shops.join_next().await {
            if let Ok(fault) = shop {
                return Err(fault);
            }
        }
        comgate.set_switches(|switches| switches.delay_ms = 0);
        // Until the slow account has caught up.
        tokio::time::sleep(SLOW).await;
        loop {
            let calls = comgate.calls();
            tokio::time::sleep(Duration::from_millis(500)).await;
            if comgate.calls() == calls {
                return Ok(times);
            }
        }
    }

    /// Asks for payments by the slow account; comes back with a fault only.
    async fn keeps_asking(self, key: String) -> Fault {
        loop {
            if let Err(fault) = self.asks_for(&key, "comgate").await {
                return fault;
            }
            tokio::time::sleep(SLOW_EVERY).await;
        }
    }

    /// How long after it was accepted a payment by the quick account has a page.
    async fn opened(&self, key: &str) -> Result<Duration, Fault> {
        let path = format!("/v1/payments/{}", self.asks_for(key, "stripe").await?);
        let accepted = Instant::now();
        loop {
            let found = self.ask(Method::GET, &path, (key, None), None).await?;
            if found["attempts"][0]["redirect_url"].is_string() {
                return Ok(accepted.elapsed());
            }
            if PATIENCE < accepted.elapsed() {
                return Err(format!("no page came: {found}").into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks for a payment, and does not wait for its page.
    async fn asks_for(&self, key: &str, provider: &str) -> Result<String, Fault> {
        let body = json!({
            "amount": {"amount_minor": 129_900, "currency": "CZK"}, "provider": provider,
            "account": "main", "description": "Order", "customer_email": "jana@example.com",
            "return_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/no",
        });
        let made = self.ask(Method::POST, "/v1/payments", (key, None), Some(body)).await?;
        Ok(made["id"].as_str().ok_or("no payment was made")?.to_owned())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        (token, tenant): (&str, Option<&str>),
        body: Option<Value>,
    ) -> Result<Value, Fault> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(token).header("prefer", "wait=0");
        request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        if let Some(tenant) = tenant {
            request = request.header("x-kontor-tenant", tenant);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        if !status.is_success() {
            return Err(format!("{path}: {status} {body}").into());
        }
        Ok(body)
    }
}
