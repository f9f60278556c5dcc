//! `kontor bench import`: a feed is imported, every row of it changed, then the same rows again, and
//! once more changed while orders are placed.

// Rates and times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use super::{
    ImportArgs,
    house::{Asker, House},
    machine::{self, Machine},
};
use axum::body::Body;
use http::Method;
use kontor_feeds::{
    generate::{Packing, Plan},
    mapping::presets::Preset,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::Read,
    time::{Duration, Instant},
};

/// Products that are ordered meanwhile.
const OWN_SKUS: usize = 200;
/// Callers that place orders.
const CALLERS: u32 = 16;
/// What is under way when an import is told to stop is done by then.
const REST: Duration = Duration::from_secs(2);
/// Bytes of a part of an upload.
const PART: usize = 256 * 1024;

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    /// Rows of the feed.
    rows: u64,
    /// Rows a second while every row is a new product.
    created_rows_per_second: u64,
    /// Rows a second while price and stock of every row have changed.
    changed_rows_per_second: u64,
    /// Rows a second of another file with the same rows.
    unchanged_rows_per_second: u64,
    /// Rows a second while orders are placed, all of them changed: an import gives way to them.
    changed_rows_per_second_beside_orders: u64,
    /// The process's memory at most during these imports.
    memory_max_mb: u64,
    /// The 99th percentile of placing an order, before and after an import.
    orders_p99_before_ms: f64,
    /// The same during one.
    orders_p99_during_ms: f64,
    /// The one by the other.
    orders_p99_ratio: f64,
    /// The same file a second time wrote nothing.
    same_file_writes_nothing: bool,
    /// `sqlite` or `postgres`.
    database: &'static str,
    /// What it was measured on.
    machine: Machine,
}

pub(super) async fn measure(args: &ImportArgs, database: Option<String>) -> Result<Found, String> {
    let kind = if database.is_some() { "postgres" } else { "sqlite" };
    let house = House::open(database).await?;
    let asker = house.asker();
    asker.furnish(OWN_SKUS).await?;
    source(&asker).await?;
    let plan = |edition, packing| Plan {
        edition,
        packing,
        changed_permille: 1_000,
        ..Plan::new(Preset::ShoptetCsv, args.rows)
    };
    machine::forget_memory();
    let created = import(&asker, &plan(0, Packing::Plain)).await?;
    let changed = import(&asker, &plan(1, Packing::Plain)).await?;
    let unchanged = import(&asker, &plan(1, Packing::Gzip)).await?;
    let same = import(&asker, &plan(1, Packing::Gzip)).await?;
    let memory_max_mb = machine::memory_max_mb();
    expect(&unchanged, "unchanged", args.rows)?;
    let seconds = Duration::from_secs(args.seconds);
    let mut resting = orders_for(&asker, args.orders, seconds).await?;
    let begun = begin(&asker, &plan(2, Packing::Plain)).await?;
    let placing = orders_for(&asker, args.orders, seconds * 3).await;
    let (during, beside) = (p99(placing?), stop(&asker, &begun).await?);
    // A machine that others use drifts: the comparison is from both sides, when all has come to rest.
    tokio::time::sleep(REST).await;
    resting.extend(orders_for(&asker, args.orders, seconds).await?);
    let before = p99(resting);
    house.close().await;
    Ok(Found {
        rows: args.rows,
        created_rows_per_second: pace(&created, args.rows),
        changed_rows_per_second: pace(&changed, args.rows),
        unchanged_rows_per_second: pace(&unchanged, args.rows),
        changed_rows_per_second_beside_orders: pace(&beside, updated(&beside)),
        memory_max_mb,
        orders_p99_before_ms: before,
        orders_p99_during_ms: during,
        orders_p99_ratio: (during / before.max(0.001) * 100.0).round() / 100.0,
        same_file_writes_nothing: same["not_modified"] == true,
        database: kind,
        machine: Machine::here(),
    })
}

/// A source whose file is uploaded, with gates that let a feed through in which all has changed.
async fn source(asker: &Asker) -> Result<(), String> {
    asker.ask(Method::PUT, "/v1/suppliers/bench", json!({ "name": "Bench" })).await?;
    let gates = json!({ "price_median_permille_max": 1_000_000, "price_item_permille_max": 1_000_000,
        "zero_stock_rise_permille_max": 1_000 });
    let settings = json!({
        "supplier": "bench", "name": "All", "currency": "CZK", "language": "cs",
        "warehouse": "supplier", "new_products": "active", "gates": gates,
        "format": { "preset": "shoptet_csv" }, "mapping": { "preset": "shoptet_csv" },
        "file_bytes_max": 10_000_000_000_u64,
    });
    asker.ask(Method::PUT, "/v1/sources/bench", settings).await.map(drop)
}

/// An import that was asked for.
struct Begun {
    import: Value,
    at: Instant,
}

impl Begun {
    /// The import as it stands, with what it took until now.
    fn told(&self, mut import: Value) -> Value {
        import["took_ms"] = json!(self.at.elapsed().as_millis() as u64);
        import
    }
}

/// Imports a feed, to the end.
async fn import(asker: &Asker, plan: &Plan) -> Result<Value, String> {
    let begun = begin(asker, plan).await?;
    let ended = asker.ended(&begun.import).await?;
    Ok(begun.told(ended))
}

/// Says how far an import is that is under way still, and has it stop there.
async fn stop(asker: &Asker, begun: &Begun) -> Result<Value, String> {
    let path = format!("/v1/imports/{}", begun.import["id"].as_str().unwrap_or_default());
    let there = begun.told(asker.ask(Method::GET, &path, Value::Null).await?);
    if there["status"] != "running" || updated(&there) == 0 {
        return Err(format!("the import was not under way, ask for more rows: {there}"));
    }
    asker.ask(Method::POST, &format!("{path}/cancel"), json!({})).await?;
    Ok(there)
}

fn updated(import: &Value) -> u64 {
    import["counts"]["updated"].as_u64().unwrap_or_default()
}

/// Uploads a feed as it is made, and has it imported.
async fn begin(asker: &Asker, plan: &Plan) -> Result<Begun, String> {
    let (parts, sent) = tokio::sync::mpsc::channel::<std::io::Result<Vec<u8>>>(4);
    let mut feed = plan.feed();
    tokio::task::spawn_blocking(move || {
        loop {
            let mut part = vec![0; PART];
            let read = feed.read(&mut part);
            if matches!(read, Ok(0)) {
                return;
            }
            let broken = read.is_err();
            let part = read.map(|len| {
                part.truncate(len);
                part
            });
            if parts.blocking_send(part).is_err() || broken {
                return;
            }
        }
    });
    let stream = futures_util::stream::unfold(sent, |mut sent| async move {
        let part = sent.recv().await?;
        Some((part, sent))
    });
    let path = "/v1/sources/bench/file";
    asker.send(Method::PUT, path, Body::from_stream(stream), "application/octet-stream").await?;
    let at = Instant::now();
    let import = asker.ask(Method::POST, "/v1/imports", json!({ "source": "bench" })).await?;
    Ok(Begun { import, at })
}

fn expect(import: &Value, count: &str, rows: u64) -> Result<(), String> {
    match import["counts"][count].as_u64() {
        Some(found) if found == rows => Ok(()),
        _ => Err(format!("expected {rows} {count} rows: {}", import["counts"])),
    }
}

/// Rows a second, from the request to the end.
fn pace(import: &Value, rows: u64) -> u64 {
    rows.saturating_mul(1_000) / import["took_ms"].as_u64().unwrap_or(1).max(1)
}

/// Places orders at a pace for so long; how long each took from when it was due.
async fn orders_for(
    asker: &Asker,
    per_second: u64,
    span: Duration,
) -> Result<Vec<Duration>, String> {
    let gap = Duration::from_secs(1) * CALLERS / u32::try_from(per_second).unwrap_or(1).max(1);
    let begun = Instant::now();
    let mut callers = Vec::new();
    for place in 0..CALLERS {
        let asker = asker.clone();
        callers.push(tokio::spawn(async move {
            let mut due = begun + gap * place / CALLERS;
            let mut times = Vec::new();
            while due < begun + span {
                tokio::time::sleep_until(due.into()).await;
                asker.ask(Method::POST, "/v1/orders", order()).await?;
                times.push(due.elapsed());
                due += gap;
            }
            Ok::<_, String>(times)
        }));
    }
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await.map_err(|fault| fault.to_string())??);
    }
    Ok(times)
}

fn order() -> Value {
    let sku = fastrand::usize(0..OWN_SKUS);
    json!({
        "channel": "web", "currency": "CZK",
        "customer": { "name": "Jana", "email": "jana@example.com" },
        "lines": [{ "sku": format!("OWN-{sku}"), "title": "Goods", "quantity": 1,
            "unit_price_minor": 10_000 }],
        "totals": { "subtotal_minor": 10_000, "total_minor": 10_000 },
    })
}

/// In milliseconds.
fn p99(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let place = times.len().saturating_sub(1) * 99 / 100;
    let found = times.get(place).copied().unwrap_or_default();
    (found.as_secs_f64() * 100_000.0).round() / 100.0
}

impl Found {
    /// For people.
    pub(super) fn print(&self) {
        println!("rows                       {}", self.rows);
        println!("new rows a second          {}", self.created_rows_per_second);
        println!("changed rows a second      {}", self.changed_rows_per_second);
        println!("unchanged rows a second    {}", self.unchanged_rows_per_second);
        let beside = self.changed_rows_per_second_beside_orders;
        println!("changed beside orders      {beside}");
        println!("memory at most             {} MB", self.memory_max_mb);
        println!("p99 of orders, without     {} ms", self.orders_p99_before_ms);
        println!("p99 of orders, during      {} ms", self.orders_p99_during_ms);
        println!("ratio                      {}", self.orders_p99_ratio);
        println!(
            "the same file wrote        {}",
            if self.same_file_writes_nothing { "nothing" } else { "something" }
        );
    }
}
