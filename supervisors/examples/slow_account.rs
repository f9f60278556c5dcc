//! What one slow account of a provider costs another account of the same tenant: the 99th
//! percentiles of opening a payment there, while payments are opened at the first, which answers
//! at once, and then after two seconds. Both accounts are at Stripes of this program.
//!
//! `cargo run --release -p kontor --example slow_account -- URL ADMIN_TOKEN [SECONDS]`
//!
//! The node must be allowed to call this machine: `KONTOR_GATEWAYS__ALLOW_PRIVATE=true`.

// Times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use kontor_sandbox::{Sandbox, SandboxConfig};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

type Fault = Box<dyn std::error::Error + Send + Sync>;

const PATIENCE: Duration = Duration::from_secs(60);
/// What is added to the slow account.
const LATENCY_MS: u64 = 2_000;
/// Between two payments at the slow account: more than its lanes take with that latency.
const SLOW_EVERY: Duration = Duration::from_millis(100);
/// Between two looks at a payment.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Rounds of both, in turn, so that the machine's own moods count for both.
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, admin, rest @ ..] = args.as_slice() else {
        return Err("expected URL ADMIN_TOKEN [SECONDS]".into());
    };
    let seconds = rest.first().map_or(Ok(10), |seconds| seconds.parse())?;
    let http = kontor_sandbox::plain_client(PATIENCE)?;
    let mut node = Node { http, url: url.trim_end_matches('/').to_owned(), key: String::new() };
    node.shop(admin).await?;
    let (slow, quick) = (stripe().await?, stripe().await?);
    node.account("slow", &slow).await?;
    node.account("quick", &quick).await?;

    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (latency_ms, times) in [(0, &mut alone), (LATENCY_MS, &mut beside)] {
            slow.stripe().set_switches(|switches| switches.latency_ms = latency_ms);
            let payers = tokio::spawn({
                let node = node.clone();
                async move { node.ask_for_payments("slow").await }
            });
            times.extend(node.open_for("quick", Duration::from_secs(seconds)).await?);
            if payers.is_finished() {
                payers.await??;
                return Err("nobody pays at the slow account".into());
            }
            payers.abort();
        }
    }
    let (count, alone, beside) = (alone.len() + beside.len(), p99(alone), p99(beside));
    println!(
        "{count} payments opened: p99 {:.1} ms, {:.1} ms beside an account with {LATENCY_MS} ms more",
        alone * 1000.0,
        beside * 1000.0
    );
    println!("ratio {:.2}", beside / alone);
    Ok(())
}

async fn stripe() -> Result<Sandbox, Fault> {
    Ok(Sandbox::start(SandboxConfig::default()).await?)
}

#[derive(Clone)]
struct Node {
    http: Client,
    url: String,
    key: String,
}

impl Node {
    /// Opens a shop, and goes on with its key.
    async fn shop(&mut self, admin: &str) -> Result<(), Fault> {
        let tenant = format!("slow-{:08x}", fastrand::u32(..));
        let settings = json!({
            "name": "Slow", "country": "CZ", "currency": "CZK", "time_zone": "Europe/Prague",
            "limits": { "requests_per_second": 100_000, "requests_in_flight": 10_000 },
        });
        admin.clone_into(&mut self.key);
        let body = json!({ "tenant": tenant, "settings": settings });
        self.ask(Method::POST, "/v1/tenants", None, Some(&body)).await?;
        let body = json!({ "name": "slow", "scopes": ["*"] });
        let made = self.ask(Method::POST, "/v1/keys", Some(&tenant), Some(&body)).await?;
        made["token"].as_str().ok_or("no key was given")?.clone_into(&mut self.key);
        Ok(())
    }

    async fn account(&self, name: &str, sandbox: &Sandbox) -> Result<(), Fault> {
        let endpoint = sandbox.stripe().base_url();
        let settings = json!({ "secret_key": "sk_test_shop", "endpoint": endpoint });
        let body = json!({ "mode": "test", "settings": settings });
        let path = format!("/v1/accounts/stripe/{name}");
        self.ask(Method::PUT, &path, None, Some(&body)).await.map(drop)
    }

    /// Asks for payments as long as it may.
    async fn ask_for_payments(&self, account: &str) -> Result<(), Fault> {
        loop {
            self.payment(account).await?;
            tokio::time::sleep(SLOW_EVERY).await;
        }
    }

    /// How long it takes until payments can be paid, one after the other.
    async fn open_for(&self, account: &str, span: Duration) -> Result<Vec<Duration>, Fault> {
        let (begun, mut times) = (Instant::now(), Vec::new());
        while begun.elapsed() < span {
            let at = Instant::now();
            let payment = self.payment(account).await?;
            while !self.is_open(&payment).await? {
                if at.elapsed() > PATIENCE {
                    return Err("a payment was not opened".into());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            times.push(at.elapsed());
        }
        Ok(times)
    }

    async fn payment(&self, account: &str) -> Result<String, Fault> {
        let body = json!({
            "provider": "stripe", "account": account, "description": "a book",
            "amount": { "amount_minor": 34_900, "currency": "CZK" },
            "return_url": "https://shop.example/thanks",
        });
        let made = self.ask(Method::POST, "/v1/payments", None, Some(&body)).await?;
        Ok(made["id"].as_str().ok_or("no payment was made")?.to_owned())
    }

    async fn is_open(&self, payment: &str) -> Result<bool, Fault> {
        let path = format!("/v1/payments/{payment}");
        let payment = self.ask(Method::GET, &path, None, None).await?;
        Ok(payment["attempts"][0]["redirect_url"].is_string())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        tenant: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Fault> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(&self.key);
        if let Some(tenant) = tenant {
            request = request.header("x-kontor-tenant", tenant);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        if status.is_success() {
            return Ok(serde_json::from_str(&body)?);
        }
        Err(format!("{path} was answered {status}: {body}").into())
    }
}

fn p99(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) * 99 / 100).map_or(0.0, Duration::as_secs_f64)
}
