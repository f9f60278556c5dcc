//! `kontor bench relay`: the journal told to RabbitMQ, each message confirmed.
//!
//! First orders are placed with the broker away; then it is there, and what was left is told as fast
//! as it goes; then orders come at a pace, and each message is timed from its decision to a consumer.

use super::{
    buyer::Buyer,
    caller::Door,
    consumer::Consumer,
    load::{Load, drive},
    machine::Machine,
    process::Clocks,
    report::{Report, Row},
    stage::{Place, Stage},
    times::{per_second, spread},
};
use clap::Args;
use serde_json::json;
use std::time::{Duration, Instant};

const SKUS: usize = 1_000;
const LINES: usize = 2;
const QUANTITY: u64 = 1_000_000;
const CALLERS: usize = 64;
/// Journal events of an order.
const EVENTS: u64 = 2;
/// How long the last messages may be on their way, and all of them.
const REST: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How the relay is measured.
#[derive(Args, Clone, Debug)]
pub struct RelayArgs {
    /// The RabbitMQ: amqp://user:password@host/vhost.
    #[arg(long, value_name = "URL")]
    amqp_url: String,
    /// Orders placed while the broker is away.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    orders: u64,
    /// Seconds of orders at a pace.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Orders a second of that pace; else half of what was told at best.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pace: Option<u64>,
}

pub(super) async fn measure(args: &RelayArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let mut stage = Stage::open(&Place { server, ..Place::default() }).await?;
    let shop = stage.shop(SKUS, QUANTITY).await?;
    let mut left = args.orders;
    while left > 0 {
        left = left.saturating_sub(place(&stage, &shop, None, 1).await?.count);
    }
    let consumer = Consumer::open(&args.amqp_url).await?;
    stage.node.restart(consumer.environment()).await?;
    stage.watch_anew();
    stage.watched.extend(consumer.watched());
    let told = tell(&stage, &consumer, EVENTS * args.orders).await?;
    let (messages, rate) = (told.count, told.throughput_per_second);
    // As many orders a second as make half of the messages a second.
    let pace = args.pace.unwrap_or(rate * args.orders / messages.max(1) / 2).max(1);
    // Buyers ask the node at its new address.
    let shop = Door { address: stage.node.operator().address.clone(), ..shop };
    let paced = place(&stage, &shop, Some(pace), args.seconds).await?;
    stage.caught_up("relay").await?;
    tokio::time::sleep(REST).await;
    let lags = spread(consumer.take_lags());
    let mut report = Report::of("relay", "messages", machine, stage.database().await?, vec![told]);
    report.done = format!(
        "{} orders told to RabbitMQ with confirms, to a quorum queue and a consumer; then {pace} \
         orders a second.",
        args.orders
    );
    report.spread = lags;
    report.memory_max_mb = stage.node.memory_max_mb();
    report.more.insert("lag_at_pace".to_owned(), json!(lags));
    report.more.insert("orders_at_pace".to_owned(), json!(paced));
    stage.close().await?;
    consumer.close().await?;
    Ok(report)
}

async fn place(stage: &Stage, shop: &Door, pace: Option<u64>, seconds: u64) -> Result<Row, String> {
    let load = Load { callers: CALLERS, seconds, pace };
    let buyers = Buyer::many(shop, CALLERS, SKUS, LINES).await?;
    drive("orders".to_owned(), true, load, buyers, &stage.watched).await
}

/// Waits until all that was left is told, and times it from the first message to the last: a relay
/// begins before its node says that it serves.
async fn tell(stage: &Stage, consumer: &Consumer, events: u64) -> Result<Row, String> {
    let (clocks, begun) = (Clocks::start(&stage.watched), Instant::now());
    let (mut first, mut last) = ((consumer.count(), begun), (0, begun));
    loop {
        let now = (consumer.count(), Instant::now());
        if first.0 == 0 {
            first = now;
        }
        if now.0 != last.0 {
            last = now;
        } else if REST < last.1.elapsed() && stage.backlog("relay").await? == Some(0) {
            break;
        }
        if PATIENCE < begun.elapsed() {
            return Err(format!("only {} messages within ten minutes", now.0));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // What these lags tell is how long the broker was away.
    consumer.take_lags();
    let told = last.0 - first.0;
    Ok(Row {
        what: format!("{events} events of the journal, {} messages", last.0),
        ours: true,
        count: last.0,
        throughput_per_second: per_second(told, last.1 - first.1),
        spread: spread(Vec::new()),
        cpu: clocks.usage(told),
        steal_percent: clocks.steal_percent(),
    })
}
