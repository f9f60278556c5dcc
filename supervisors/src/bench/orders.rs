//! `kontor bench orders`: orders through HTTP, held and durable; and the same flow in SQL.

use super::{
    buyer::{Buyer, oversold},
    caller::Door,
    load::{Load, drive},
    machine::Machine,
    process::Watched,
    reference::{Reference, Trial},
    report::{Report, Row, best_rate},
    stage::{Place, Stage},
};
use clap::Args;
use serde_json::{Value, json};

/// Units of each product, more than are sold.
const QUANTITY: u64 = 1_000_000;
/// Lines of an order.
const LINES: usize = 2;
/// Callers at half load, and for how long callers warm the node up.
const HALF_CALLERS: u16 = 64;
const WARM_UP_S: u64 = 2;

/// How orders are measured.
#[derive(Args, Clone, Debug)]
pub struct OrdersArgs {
    /// Callers at once, one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256],
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    callers: Vec<u16>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Products of all shops together.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(200..=100_000))]
    skus: u32,
    /// Shops that the callers buy in, in turn. One writer serves a shop.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    shops: u32,
    /// Orders a second that all callers place together, instead of as many as they can.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pace: Option<u64>,
    /// A RabbitMQ that events are published to and consumed from: amqp://user:password@host/vhost.
    #[arg(long, value_name = "URL")]
    amqp_url: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

pub(super) async fn measure(args: &OrdersArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let place = Place { server, amqp_url: args.amqp_url.clone(), ..Place::default() };
    let reference = Reference::open(&place, args.skus as usize, LINES, QUANTITY).await?;
    let mut rows = Vec::new();
    if let Some(reference) = &reference {
        rows = args.trial.sweep(reference).await?;
    }
    let stage = Stage::open(&place).await?;
    let skus = (args.skus / args.shops) as usize;
    let mut shops = Vec::new();
    for _ in 0..args.shops {
        shops.push(stage.shop(skus, QUANTITY).await?);
    }
    let till = Till { shops: &shops, skus, watched: &stage.watched };
    let mut placed = till.run(HALF_CALLERS, WARM_UP_S, None).await?.count;
    for callers in &args.callers {
        stage.rest().await?;
        rows.push(till.run(*callers, args.seconds, args.pace).await?);
    }
    let published = published(&stage, args.seconds).await?;
    let half = (best_rate(&rows, true) / 2).max(1);
    let half = till.run(HALF_CALLERS, args.seconds, Some(half)).await?;
    placed += half.count + rows.iter().filter(|row| row.ours).map(|row| row.count).sum::<u64>();
    if let Some(reference) = &reference {
        rows.extend(args.trial.again(reference, &rows).await?);
    }
    let ours = best_rate(&rows, true);
    let by_style = reference.as_ref().map(|_| args.trial.by_style(&rows, ours));
    let mut report = Report::of("orders", "orders", machine, stage.database().await?, rows);
    report.done = format!(
        "Orders through HTTP in {} shops, {LINES} lines over {} products, held and durable when \
         answered.",
        args.shops, args.skus
    );
    let stocked = i64::from(args.shops) * skus as i64 * QUANTITY as i64;
    let acknowledged = placed as i64 * Buyer::units(LINES);
    let mut left = 0;
    for shop in &shops {
        left += stage.sellable(shop).await?;
    }
    report.oversold = Some(oversold(stocked, acknowledged, left));
    report.memory_max_mb = stage.node.memory_max_mb();
    report.more.insert("ratio_by_style".to_owned(), json!(by_style));
    report.more.insert("half_load".to_owned(), json!(half));
    report.more.extend(published.map(|published| ("relay".to_owned(), published)));
    stage.close().await?;
    if let Some(reference) = reference {
        reference.close().await?;
    }
    Ok(report)
}

/// What the shops' callers do.
struct Till<'a> {
    shops: &'a [Door],
    skus: usize,
    watched: &'a [Watched],
}

impl Till<'_> {
    async fn run(&self, callers: u16, seconds: u64, pace: Option<u64>) -> Result<Row, String> {
        let load = Load { callers: callers.into(), seconds, pace };
        let mut buyers = Vec::with_capacity(load.callers);
        for shop in self.shops.iter().cycle().take(load.callers) {
            buyers.extend(Buyer::many(shop, 1, self.skus, LINES).await?);
        }
        let paced = pace.map(|pace| format!(" at {pace}/s")).unwrap_or_default();
        let what = format!("kontor, {callers} callers{paced}");
        drive(what, true, load, buyers, self.watched).await
    }
}

/// How far the relay is behind when the load ends, and how long it takes to tell the rest.
async fn published(stage: &Stage, seconds: u64) -> Result<Option<Value>, String> {
    let Some(consumer) = &stage.consumer else { return Ok(None) };
    let behind = stage.backlog("relay").await?.unwrap_or_default();
    let took = stage.caught_up("relay").await?;
    Ok(Some(json!({
        "events_behind_at_the_end": behind,
        "seconds_of_load": seconds,
        "ms_to_catch_up": took.as_millis() as u64,
        "messages_consumed": consumer.count(),
    })))
}
