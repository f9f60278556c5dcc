//! Orders per second through HTTP, against a node that runs: the load that the figures in the
//! README were measured with. One keep-alive connection a caller, two lines over 10,000 SKUs, a
//! fresh idempotency key each.
//!
//! `cargo run --release -p kontor --example order_rate -- URL ADMIN_TOKEN CALLERS SECONDS [PER_SECOND]`
//!
//! All callers have one address and one key, so the node must not limit those:
//! `KONTOR_HTTP__ADDRESS_REQUESTS_PER_SECOND=0 KONTOR_HTTP__KEY_REQUESTS_PER_SECOND=0`.
//!
//! With `PER_SECOND`, callers keep to that rate together, and latency counts from when a request
//! was due.

// Rates and times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const SKUS: usize = 10_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, admin, callers, seconds, rest @ ..] = args.as_slice() else {
        return Err("expected URL ADMIN_TOKEN CALLERS SECONDS [PER_SECOND]".into());
    };
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (callers, seconds): (usize, u64) = (callers.parse()?, seconds.parse()?);
    let pace: Option<f64> = rest.first().map(|text| text.parse()).transpose()?;
    let token = prepare(&address, admin).await?;
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for place in 0..callers {
        let (address, token) = (address.clone(), token.clone());
        let gap = pace.map(|pace| Duration::from_secs_f64(callers as f64 / pace));
        tasks.push(tokio::spawn(async move {
            let mut caller = Caller::connect(&address, &token).await?;
            let mut times = Vec::new();
            let mut due = begun + gap.unwrap_or_default().mul_f64(place as f64 / callers as f64);
            while begun.elapsed() < Duration::from_secs(seconds) {
                let mut at = Instant::now();
                if let Some(gap) = gap {
                    tokio::time::sleep_until(due.into()).await;
                    (at, due) = (due, due + gap);
                }
                let status = caller.post("/v1/orders", &order(), None).await?.0;
                if status != 201 {
                    return Err(format!("an order was answered {status}").into());
                }
                times.push(at.elapsed());
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let took = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1000].as_secs_f64() * 1000.0;
    println!(
        "{callers} callers: {:.0} orders/s, p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        times.len() as f64 / took,
        at(500),
        at(950),
        at(990),
        at(1000)
    );
    Ok(())
}

/// A fresh tenant with stock to sell; gives its API key.
async fn prepare(
    address: &str,
    admin: &str,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let tenant = format!("rate-{:08x}", fastrand::u32(..));
    let mut operator = Caller::connect(address, admin).await?;
    let settings = r#""settings":{"name":"Rate","country":"CZ","currency":"CZK","time_zone":"Europe/Prague","limits":{"requests_per_second":100000,"requests_in_flight":10000}}"#;
    operator.post("/v1/tenants", &format!("{{\"tenant\":\"{tenant}\",{settings}}}"), None).await?;
    let key = r#"{"name":"rate","scopes":["*"]}"#;
    let (_, answer) = operator.post("/v1/keys", key, Some(&tenant)).await?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let token = answer["token"].as_str().ok_or("no key was given")?.to_owned();
    let mut shop = Caller::connect(address, &token).await?;
    shop.send("PUT", "/v1/warehouses/main", r#"{"name":"Main"}"#, None).await?;
    let mut tasks = Vec::new();
    for part in 0..64 {
        let (address, token) = (address.to_owned(), token.clone());
        tasks.push(tokio::spawn(async move {
            let mut shop = Caller::connect(&address, &token).await?;
            for sku in (part..SKUS).step_by(64) {
                let body = format!(
                    "{{\"sku\":\"SKU-{sku}\",\"warehouse\":\"main\",\"kind\":\"in\",\"quantity\":1000000}}"
                );
                shop.post("/v1/stock/movements", &body, None).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(token)
}

fn order() -> String {
    let sku = || fastrand::usize(..SKUS);
    format!(
        "{{\"channel\":\"web\",\"currency\":\"CZK\",\"customer\":{{\"name\":\"Jana Novakova\"}},\
         \"shipping_address\":{{\"name\":\"Jana Novakova\",\"street\":\"Dlouha 1\",\"city\":\"Praha\",\
         \"postal_code\":\"11000\",\"country\":\"CZ\"}},\"lines\":[{{\"sku\":\"SKU-{}\",\
         \"title\":\"A thing that is sold\",\"quantity\":1,\"unit_price_minor\":34900}},\
         {{\"sku\":\"SKU-{}\",\"title\":\"Another thing that is sold\",\"quantity\":2,\
         \"unit_price_minor\":12900}}],\"totals\":{{\"subtotal_minor\":60700,\"total_minor\":60700}}}}",
        sku(),
        sku()
    )
}

/// One keep-alive connection.
struct Caller {
    stream: TcpStream,
    token: String,
    buffer: Vec<u8>,
}

impl Caller {
    async fn connect(address: &str, token: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, token: token.to_owned(), buffer: Vec::with_capacity(8192) })
    }

    async fn post(
        &mut self,
        path: &str,
        body: &str,
        tenant: Option<&str>,
    ) -> Result<(u16, String), Box<dyn std::error::Error + Send + Sync>> {
        self.send("POST", path, body, tenant).await
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        tenant: Option<&str>,
    ) -> Result<(u16, String), Box<dyn std::error::Error + Send + Sync>> {
        let tenant =
            tenant.map(|tenant| format!("X-Kontor-Tenant: {tenant}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: kontor\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: {:032x}\r\n{tenant}\
             Content-Length: {}\r\n\r\n{body}",
            self.token,
            fastrand::u128(..),
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the node hung up".into());
            }
            let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.unwrap_or("0").trim().parse()?;
            if self.buffer.len() < end + 4 + length {
                continue;
            }
            let status = head.split(' ').nth(1).unwrap_or("0").parse()?;
            let body = String::from_utf8_lossy(&self.buffer[end + 4..end + 4 + length]);
            return Ok((status, body.into_owned()));
        }
    }
}
