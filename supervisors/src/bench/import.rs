//! `kontor bench import`: a feed is imported, every row of it changed, then the same rows again, and
//! once more changed while orders are placed.

// Rates and times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use super::{
    ImportArgs,
    caller::{Caller, Door},
    machine::Machine,
    node::fill,
    stage::{Place, Stage},
};
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
use tokio::sync::mpsc;

/// Products that are ordered meanwhile.
const OWN_SKUS: usize = 200;
/// Units of each of them.
const QUANTITY: u64 = 10_000_000;
/// Callers that place orders.
const CALLERS: u32 = 16;
/// Spans of time for which orders are placed beside an import, at least.
const SPANS_BESIDE: u32 = 3;
/// What is under way when an import is told to stop is done by then.
const REST: Duration = Duration::from_secs(2);
/// Bytes of a part of an upload.
const PART: usize = 256 * 1024;
/// How long an import is waited for.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How often it is asked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

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
    /// The node's memory at most, from its start to the end of these imports.
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

pub(super) async fn measure(args: &ImportArgs, server: Option<String>) -> Result<Found, String> {
    let kind = if server.is_some() { "postgres" } else { "sqlite" };
    let machine = Machine::tried();
    let stage = Stage::open(&Place { server, ..Place::default() }).await?;
    let shop = furnish(&stage).await?;
    let plan = |edition, packing| Plan {
        edition,
        packing,
        changed_permille: 1_000,
        ..Plan::new(Preset::ShoptetCsv, args.rows)
    };
    let created = import(&shop, &plan(0, Packing::Plain)).await?;
    let changed = import(&shop, &plan(1, Packing::Plain)).await?;
    let unchanged = import(&shop, &plan(1, Packing::Gzip)).await?;
    let same = import(&shop, &plan(1, Packing::Gzip)).await?;
    let memory_max_mb = stage.node.memory_max_mb();
    expect(&unchanged, "unchanged", args.rows)?;
    let seconds = Duration::from_secs(args.seconds);
    let mut resting = orders_for(&shop, args.orders, seconds).await?;
    let begun = begin(&shop, &plan(2, Packing::Plain)).await?;
    let placing = orders_beside(&shop, args.orders, seconds, &begun).await;
    let (during, beside) = (p99(placing?), stop(&shop, &begun).await?);
    // A machine that others use drifts: the comparison is from both sides, when all has come to rest.
    tokio::time::sleep(REST).await;
    resting.extend(orders_for(&shop, args.orders, seconds).await?);
    let before = p99(resting);
    stage.close().await?;
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
        machine,
    })
}

/// A shop with goods to be ordered, a supplier's warehouse, and a source whose file is uploaded, with
/// gates that let a feed through in which all has changed.
async fn furnish(stage: &Stage) -> Result<Door, String> {
    let shop = stage.node.shop("bench").await?;
    let skus: Vec<String> = (0..OWN_SKUS).map(|sku| format!("OWN-{sku}")).collect();
    fill(&shop, &skus, QUANTITY).await?;
    let mut caller = Caller::connect(&shop).await?;
    let warehouse = json!({ "name": "Supplier", "kind": "supplier" }).to_string();
    caller.must("PUT", "/v1/warehouses/supplier", &warehouse).await?;
    let supplier = json!({ "name": "Bench" }).to_string();
    caller.must("PUT", "/v1/suppliers/bench", &supplier).await?;
    let gates = json!({ "price_median_permille_max": 1_000_000, "price_item_permille_max": 1_000_000,
        "zero_stock_rise_permille_max": 1_000 });
    let settings = json!({
        "supplier": "bench", "name": "All", "currency": "CZK", "language": "cs",
        "warehouse": "supplier", "new_products": "active", "gates": gates,
        "format": { "preset": "shoptet_csv" }, "mapping": { "preset": "shoptet_csv" },
        "file_bytes_max": 10_000_000_000_u64,
    });
    caller.must("PUT", "/v1/sources/bench", &settings.to_string()).await?;
    Ok(shop)
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
async fn import(shop: &Door, plan: &Plan) -> Result<Value, String> {
    let begun = begin(shop, plan).await?;
    let ended = tokio::time::timeout(PATIENCE, ended(shop, &begun.import)).await;
    Ok(begun.told(ended.map_err(|_| "an import took more than an hour".to_owned())??))
}

/// Waits until an import has ended as it should; answers with it.
async fn ended(shop: &Door, import: &Value) -> Result<Value, String> {
    let (mut caller, path) = (Caller::connect(shop).await?, path_of(import));
    loop {
        let now = caller.must("GET", &path, "").await?;
        match now["status"].as_str() {
            Some("queued" | "running") => tokio::time::sleep(LOOK_EVERY).await,
            Some("completed") => return Ok(now),
            _ => return Err(format!("an import ended otherwise: {now}")),
        }
    }
}

fn path_of(import: &Value) -> String {
    format!("/v1/imports/{}", import["id"].as_str().unwrap_or_default())
}

/// Says how far an import is that is under way still, and has it stop there.
async fn stop(shop: &Door, begun: &Begun) -> Result<Value, String> {
    let (mut caller, path) = (Caller::connect(shop).await?, path_of(&begun.import));
    let there = begun.told(caller.must("GET", &path, "").await?);
    if there["status"] != "running" || updated(&there) == 0 {
        return Err(format!("the import was not under way, ask for more rows: {there}"));
    }
    caller.must("POST", &format!("{path}/cancel"), "{}").await?;
    Ok(there)
}

fn updated(import: &Value) -> u64 {
    import["counts"]["updated"].as_u64().unwrap_or_default()
}

/// Uploads a feed as it is made, and has it imported.
async fn begin(shop: &Door, plan: &Plan) -> Result<Begun, String> {
    let (parts, made) = mpsc::channel(4);
    let mut feed = plan.feed();
    let making = tokio::task::spawn_blocking(move || {
        loop {
            let mut part = vec![0; PART];
            let len = feed.read(&mut part)?;
            part.truncate(len);
            if len == 0 || parts.blocking_send(part).is_err() {
                return Ok::<_, std::io::Error>(());
            }
        }
    });
    let mut caller = Caller::connect(shop).await?;
    caller.upload("/v1/sources/bench/file", made).await?;
    making.await.map_err(|fault| fault.to_string())?.map_err(|fault| fault.to_string())?;
    let at = Instant::now();
    let import = json!({ "source": "bench" }).to_string();
    let import = caller.must("POST", "/v1/imports", &import).await?;
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
async fn orders_for(shop: &Door, per_second: u64, span: Duration) -> Result<Vec<Duration>, String> {
    let gap = Duration::from_secs(1) * CALLERS / u32::try_from(per_second).unwrap_or(1).max(1);
    let begun = Instant::now();
    let mut callers = Vec::new();
    for place in 0..CALLERS {
        let mut caller = Caller::connect(shop).await?;
        callers.push(tokio::spawn(async move {
            let mut due = begun + gap * place / CALLERS;
            let mut times = Vec::new();
            while due < begun + span {
                tokio::time::sleep_until(due.into()).await;
                caller.must("POST", "/v1/orders", &order().to_string()).await?;
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

/// The same while an import is under way: for three spans, and until it has come to its rows, for a large
/// feed is looked through before.
async fn orders_beside(
    shop: &Door,
    per_second: u64,
    span: Duration,
    begun: &Begun,
) -> Result<Vec<Duration>, String> {
    let (mut caller, path) = (Caller::connect(shop).await?, path_of(&begun.import));
    let mut times = Vec::new();
    for spans in 1.. {
        times.extend(orders_for(shop, per_second, span).await?);
        let there = caller.must("GET", &path, "").await?;
        let ended = !matches!(there["status"].as_str(), Some("queued" | "running"));
        let applied = ended || 0 < updated(&there);
        if (SPANS_BESIDE <= spans && applied) || PATIENCE < begun.at.elapsed() {
            break;
        }
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
