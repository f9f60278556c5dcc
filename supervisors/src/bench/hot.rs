//! `kontor bench hot`: everybody wants one product of which there is little.

use super::{
    buyer::{Buyer, oversold},
    load::{Load, drive},
    machine::Machine,
    reference::{Reference, Trial},
    report::{Report, best_rate},
    stage::{Place, Stage},
    times::ratio,
};
use clap::Args;
use serde_json::json;
use std::time::Duration;

/// Products, lines and units that the hot one is compared with.
const SKUS: usize = 10_000;
const LINES: usize = 2;
const QUANTITY: u64 = 1_000_000;
/// Seconds of that comparison, and after which nobody waits any more for the shelf to be empty.
const ORDERS_S: u64 = 3;
const SECONDS_MAX: u64 = 600;

/// How a hot product is measured.
#[derive(Args, Clone, Debug)]
pub struct HotArgs {
    /// Units that there are; as many buyers as there are callers want one at a time.
    #[arg(long, default_value_t = 40_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    stock: u64,
    /// Buyers at once.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=1000))]
    callers: u16,
    /// Thousandths of a millisecond by which everything that is sent to the database arrives later,
    /// Kontor's and the reference's alike: 1500 is a server in the next town.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    latency_us: u64,
    #[command(flatten)]
    trial: Trial,
}

pub(super) async fn measure(args: &HotArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let later = (args.latency_us > 0).then(|| Duration::from_micros(args.latency_us));
    if later.is_some() && server.is_none() {
        return Err("--latency-us needs a PostgreSQL: --database-url".to_owned());
    }
    let place = Place { server, later, ..Place::default() };
    let reference = Reference::open(&place, 1, 1, args.stock).await?;
    let mut rows = Vec::new();
    if let Some(reference) = &reference {
        rows = args.trial.sweep(reference).await?;
    }
    let stage = Stage::open(&place).await?;
    let spread = stage.shop(SKUS, QUANTITY).await?;
    let load = Load { callers: args.callers.into(), seconds: ORDERS_S, pace: None };
    let buyers = Buyer::many(&spread, load.callers, SKUS, LINES).await?;
    let what = format!("kontor, orders of {LINES} of {SKUS} products");
    // No part of what is measured here, but what it is held against.
    let orders = drive(what, false, load, buyers, &stage.watched).await?;
    stage.rest().await?;
    let shop = stage.shop(1, args.stock).await?;
    let load = Load { seconds: SECONDS_MAX, ..load };
    let buyers = Buyer::many(&shop, load.callers, 1, 1).await?;
    let what = format!("kontor, {} callers until it is sold out", args.callers);
    let hot = drive(what, true, load, buyers, &stage.watched).await?;
    let sold = hot.count;
    let by_orders = ratio(hot.throughput_per_second, orders.throughput_per_second);
    rows.push(hot);
    let mut overdrawn = 0;
    if let Some(reference) = &reference {
        rows.extend(args.trial.again(reference, &rows).await?);
        overdrawn = reference.oversold().await?;
    }
    let ours = best_rate(&rows, true);
    let by_style = reference.as_ref().map(|_| args.trial.by_style(&rows, ours));
    let mut report = Report::of("hot", "orders", machine, stage.database().await?, rows);
    report.done = format!(
        "Orders of one unit of one product through HTTP, {} units, everything that is sent to the \
         database {} us later.",
        args.stock, args.latency_us
    );
    let left = stage.sellable(&shop).await?;
    report.oversold = Some(oversold(args.stock as i64, sold as i64, left));
    report.memory_max_mb = stage.node.memory_max_mb();
    report.more.insert("ratio_by_style".to_owned(), json!(by_style));
    report.more.insert("sold".to_owned(), json!(sold));
    report.more.insert("left".to_owned(), json!(left));
    report.more.insert("ratio_to_orders".to_owned(), json!(by_orders));
    report.more.insert("orders".to_owned(), json!(orders));
    report.more.insert("reference_oversold".to_owned(), json!(overdrawn));
    stage.close().await?;
    if let Some(reference) = reference {
        reference.close().await?;
    }
    Ok(report)
}
