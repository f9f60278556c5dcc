//! What logins cost everybody else: 99th percentiles of a tenant's reads alone, beside a thread
//! that only counts and gives way to all others, and while people log in at once. Hashing a
//! password takes a core for a while, so they must wait for each other and for nobody else. What
//! the counting thread costs is the machine's own: no program that uses a core costs less.
//!
//! `cargo run --release -p kontor --example login_rate -- URL ADMIN_TOKEN [LOGINS] [AT_ONCE]`
//!
//! The node must let one address and one account try that often:
//! `KONTOR_IDENTITY__PER_ADDRESS_PER_MINUTE=1000000 KONTOR_IDENTITY__PER_ACCOUNT_PER_MINUTE=1000000`,
//! and one address and one key ask as fast as they can:
//! `KONTOR_HTTP__ADDRESS_REQUESTS_PER_SECOND=0 KONTOR_HTTP__KEY_REQUESTS_PER_SECOND=0`.

// Times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use kontor_adapters::aside::give_way;
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

type Fault = Box<dyn std::error::Error + Send + Sync>;

const PASSWORD: &str = "correct horse battery";
const PATIENCE: Duration = Duration::from_secs(60);
/// Reads are measured alone, beside a counting thread and beside logins in turn, so often: a machine
/// drifts by more than what is measured.
const ROUNDS: usize = 10;
/// How long they are measured at a time when nobody logs in.
const SPAN: Duration = Duration::from_secs(2);
/// One read after another, with a pause, as a person's screen does.
const PAUSE: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, admin, rest @ ..] = args.as_slice() else {
        return Err("expected URL ADMIN_TOKEN [LOGINS] [AT_ONCE]".into());
    };
    let number = |place: usize, usual: usize| rest.get(place).map_or(Ok(usual), |n| n.parse());
    let (logins, at_once) = (number(0, 1_000)?, number(1, 32)?);
    let http = kontor_sandbox::plain_client(PATIENCE)?;
    let node = Node { http, url: url.trim_end_matches('/').to_owned() };
    let key = node.shop(admin).await?;
    let mut emails = Vec::new();
    for _ in 0..at_once {
        emails.push(node.user(admin).await?);
    }

    let (mut alone, mut counting, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    let (mut took, mut later) = (Duration::ZERO, 0);
    for round in 0..ROUNDS {
        alone.extend(node.read_for(&key, SPAN).await?);
        counting.extend(beside_counting(node.read_for(&key, SPAN)).await?);
        let done = Arc::new(AtomicBool::new(false));
        let reading = tokio::spawn({
            let (node, key, done) = (node.clone(), key.clone(), Arc::clone(&done));
            async move { node.read_until(&key, done, None).await }
        });
        let begun = Instant::now();
        let share = logins * (round + 1) / ROUNDS - logins * round / ROUNDS;
        later += node.log_in(&emails, share).await?;
        took += begun.elapsed();
        done.store(true, Ordering::Relaxed);
        beside.extend(reading.await??);
    }
    println!(
        "{logins} logins, {at_once} at once: {:.1} a second, {later} told to come again",
        logins as f64 / took.as_secs_f64()
    );
    let (alone, counting, beside) = (p99(alone), p99(counting), p99(beside));
    println!(
        "reads: p99 {:.1} ms alone, {:.1} ms beside a counting thread, {:.1} ms beside logins",
        alone * 1000.0,
        counting * 1000.0,
        beside * 1000.0,
    );
    println!("ratio {:.2} to alone, {:.2} to counting", beside / alone, beside / counting);
    Ok(())
}

/// Does something while a thread of the lowest priority keeps a core busy.
async fn beside_counting<T>(work: impl Future<Output = T>) -> T {
    let done = Arc::new(AtomicBool::new(false));
    let counting = std::thread::spawn({
        let done = Arc::clone(&done);
        move || {
            give_way();
            while !done.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        }
    });
    let result = work.await;
    done.store(true, Ordering::Relaxed);
    let _ = counting.join();
    result
}

#[derive(Clone)]
struct Node {
    http: Client,
    url: String,
}

impl Node {
    /// A shop's key.
    async fn shop(&self, admin: &str) -> Result<String, Fault> {
        let tenant = format!("rate-{:08x}", fastrand::u32(..));
        let settings = json!({
            "name": "Rate", "country": "CZ", "currency": "CZK", "time_zone": "Europe/Prague",
            "limits": { "requests_per_second": 100_000, "requests_in_flight": 10_000 },
        });
        let body = json!({ "tenant": tenant, "settings": settings });
        self.post("/v1/tenants", admin, None, &body).await?;
        let body = json!({ "name": "rate", "scopes": ["*"] });
        let made = self.post("/v1/keys", admin, Some(&tenant), &body).await?;
        Ok(made["token"].as_str().ok_or("no key was given")?.to_owned())
    }

    /// Somebody with a password.
    async fn user(&self, admin: &str) -> Result<String, Fault> {
        let email = format!("rate-{:08x}@example.com", fastrand::u32(..));
        let made = self.post("/v1/users", admin, None, &json!({ "email": email })).await?;
        let set = json!({ "token": made["token"], "password": PASSWORD });
        self.post("/v1/auth/password/reset", "", None, &set).await?;
        Ok(email)
    }

    /// So many logins of these people at once; says how often they were told to come again.
    async fn log_in(&self, emails: &[String], logins: usize) -> Result<u32, Fault> {
        let left = Arc::new(AtomicUsize::new(logins));
        let mut people = Vec::new();
        for email in emails {
            let (node, email, left) = (self.clone(), email.clone(), Arc::clone(&left));
            people.push(tokio::spawn(async move { node.log_in_while(&email, &left).await }));
        }
        let mut later = 0;
        for person in people {
            later += person.await??;
        }
        Ok(later)
    }

    /// Logs in as long as there are logins left; says how often it was told to come again.
    async fn log_in_while(&self, email: &str, left: &AtomicUsize) -> Result<u32, Fault> {
        let mut later = 0;
        let take = |left: usize| left.checked_sub(1);
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            let body = json!({ "email": email, "password": PASSWORD });
            loop {
                let (status, _) = self.ask("/v1/auth/login", "", None, &body).await?;
                match status {
                    200 => break,
                    429 | 503 => later += 1,
                    _ => return Err(format!("a login was answered {status}").into()),
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(later)
    }

    /// How long reads take in a span of time.
    async fn read_for(&self, key: &str, span: Duration) -> Result<Vec<Duration>, Fault> {
        self.read_until(key, Arc::new(AtomicBool::new(false)), Some(span)).await
    }

    /// How long reads take, one after the other.
    async fn read_until(
        &self,
        key: &str,
        done: Arc<AtomicBool>,
        span: Option<Duration>,
    ) -> Result<Vec<Duration>, Fault> {
        let (begun, mut times) = (Instant::now(), Vec::new());
        while !done.load(Ordering::Relaxed) && span.is_none_or(|span| begun.elapsed() < span) {
            let at = Instant::now();
            let request = self.http.get(format!("{}/v1/orders", self.url)).bearer_auth(key);
            let status = request.send().await?.status();
            if !status.is_success() {
                return Err(format!("a read was answered {status}").into());
            }
            times.push(at.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Ok(times)
    }

    async fn post(
        &self,
        path: &str,
        token: &str,
        tenant: Option<&str>,
        body: &Value,
    ) -> Result<Value, Fault> {
        let (status, answer) = self.ask(path, token, tenant, body).await?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        Err(format!("{path} was answered {status}: {answer}").into())
    }

    async fn ask(
        &self,
        path: &str,
        token: &str,
        tenant: Option<&str>,
        body: &Value,
    ) -> Result<(u16, Value), Fault> {
        let mut request = self.http.post(format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(tenant) = tenant {
            request = request.header("x-kontor-tenant", tenant);
        }
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
    }
}

fn p99(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) * 99 / 100).map_or(0.0, Duration::as_secs_f64)
}
