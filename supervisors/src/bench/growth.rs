//! `kontor bench growth`: how orders, and lists of them, slow down as more of them are stored.

use super::{
    buyer::Buyer,
    caller::{Caller, Door},
    load::{Load, drive},
    machine::Machine,
    process::Clocks,
    report::{Report, Row},
    stage::{Place, Stage},
    times::{per_second, ratio, spread},
};
use clap::Args;
use serde_json::json;
use std::time::Instant;

const SKUS: usize = 10_000;
const LINES: usize = 2;
const QUANTITY: u64 = 1_000_000_000;
const CALLERS: usize = 64;
/// Callers, and seconds at a time, while orders are only stored.
const STORERS: usize = 256;
const STORE_S: u64 = 1;
/// How often each list is opened.
const LISTS: usize = 100;
/// Lists of orders: what is asked for, and what it is called.
const LISTED: [(&str, &str); 4] = [
    ("?limit=50", "newest"),
    ("?limit=50&status=pending", "newest of a status"),
    ("?limit=50&channel=web", "newest of a channel"),
    ("?limit=50&status=pending&channel=web", "newest of both"),
];

/// How growth is measured.
#[derive(Args, Clone, Debug)]
pub struct GrowthArgs {
    /// Orders that are stored when it is measured, ascending.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 50_000],
        value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    orders: Vec<u64>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

pub(super) async fn measure(args: &GrowthArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let stage = Stage::open(&Place { server, ..Place::default() }).await?;
    let shop = stage.shop(SKUS, QUANTITY).await?;
    let (mut stored, mut rows, mut listed) = (0, Vec::new(), Vec::new());
    for wanted in &args.orders {
        while stored < *wanted {
            stored += place(&stage, &shop, STORERS, STORE_S, String::new()).await?.count;
        }
        stage.rest().await?;
        let what = format!("kontor, {stored} orders stored");
        let row = place(&stage, &shop, CALLERS, args.seconds, what).await?;
        stored += row.count;
        rows.push(row);
        for (asked, name) in LISTED {
            let what = format!("list of the {name}, of {stored} orders");
            listed.push(list(&shop, &stage, asked, what).await?);
        }
    }
    let rate = |row: Option<&Row>| row.map_or(0, |row| row.throughput_per_second);
    let last_by_first = ratio(rate(rows.last()), rate(rows.first()));
    let mut report = Report::of("growth", "orders", machine, stage.database().await?, rows);
    report.done = format!(
        "Orders through HTTP, {LINES} lines over {SKUS} products, as they grow many; lists of 50."
    );
    report.rows.extend(listed);
    report.memory_max_mb = stage.node.memory_max_mb();
    report.more.insert("last_by_first".to_owned(), json!(last_by_first));
    stage.close().await?;
    Ok(report)
}

async fn place(
    stage: &Stage,
    shop: &Door,
    callers: usize,
    seconds: u64,
    what: String,
) -> Result<Row, String> {
    let load = Load { callers, seconds, pace: None };
    let buyers = Buyer::many(shop, callers, SKUS, LINES).await?;
    drive(what, true, load, buyers, &stage.watched).await
}

/// Opens a list again and again, one after the other.
async fn list(shop: &Door, stage: &Stage, asked: &str, what: String) -> Result<Row, String> {
    let (mut caller, path) = (Caller::connect(shop).await?, format!("/v1/orders{asked}"));
    let (clocks, begun) = (Clocks::start(&stage.watched), Instant::now());
    let mut times = Vec::with_capacity(LISTS);
    for _ in 0..LISTS {
        let asked = Instant::now();
        caller.must("GET", &path, "").await?;
        times.push(asked.elapsed());
    }
    let count = LISTS as u64;
    Ok(Row {
        what,
        ours: true,
        count,
        throughput_per_second: per_second(count, begun.elapsed()),
        spread: spread(times),
        cpu: clocks.usage(count),
        steal_percent: clocks.steal_percent(),
    })
}
