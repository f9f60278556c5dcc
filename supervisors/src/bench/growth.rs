//! `kontor bench growth`: how orders slow down as more of them are stored.

use super::{
    buyer::Buyer,
    caller::Door,
    load::{Load, drive},
    machine::Machine,
    report::{Report, Row},
    stage::{Place, Stage},
    times::ratio,
};
use clap::Args;
use serde_json::json;

const SKUS: usize = 10_000;
const LINES: usize = 2;
const QUANTITY: u64 = 1_000_000_000;
const CALLERS: usize = 64;
/// Callers, and seconds at a time, while orders are only stored.
const STORERS: usize = 256;
const STORE_S: u64 = 1;

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
    let (mut stored, mut rows) = (0, Vec::new());
    for wanted in &args.orders {
        while stored < *wanted {
            stored += place(&stage, &shop, STORERS, STORE_S, String::new()).await?.count;
        }
        stage.rest().await?;
        let what = format!("kontor, {stored} orders stored");
        let row = place(&stage, &shop, CALLERS, args.seconds, what).await?;
        stored += row.count;
        rows.push(row);
    }
    let rate = |row: Option<&Row>| row.map_or(0, |row| row.throughput_per_second);
    let last_by_first = ratio(rate(rows.last()), rate(rows.first()));
    let mut report = Report::of("growth", "orders", machine, stage.database().await?, rows);
    report.done =
        format!("Orders through HTTP, {LINES} lines over {SKUS} products, as they grow many.");
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
