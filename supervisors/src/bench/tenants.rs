//! `kontor bench tenants`: many tenants, of which some are active; and one that floods.

// Times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use super::{
    buyer::Buyer,
    caller::{Caller, Door},
    load::{Answered, Ask, Load, drive},
    machine::Machine,
    node::fill,
    report::{Report, Row},
    stage::{Place, Stage},
    times::{rounded, spread},
};
use clap::Args;
use serde_json::json;
use std::time::{Duration, Instant};

/// Tasks that create tenants, and tenants that are woken to time it.
const FOUNDERS: usize = 32;
const SLEEPERS: usize = 100;
/// Tenants that go on as ever while another floods, and how many orders a second each places.
const POLITE: usize = 20;
const POLITE_PACE: u64 = 10;
/// Requests a second that the flooding tenant may make, and how often it tries instead.
const LIMIT: u64 = 100;
const FLOOD: u64 = 10 * LIMIT;
const FLOODERS: usize = 16;
const QUANTITY: u64 = 1_000_000;

/// How tenants are measured.
#[derive(Args, Clone, Debug)]
pub struct TenantsArgs {
    /// Tenants.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(200..=100_000))]
    tenants: u64,
    /// Of these, how many are active: each places an order.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(20..=10_000))]
    active: u64,
    /// Seconds with the flood, and without.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

pub(super) async fn measure(args: &TenantsArgs, server: Option<String>) -> Result<Report, String> {
    if args.tenants < args.active + SLEEPERS as u64 {
        return Err(format!("--tenants: expected --active and {SLEEPERS} more at least"));
    }
    let machine = Machine::tried();
    let mut stage = Stage::open(&Place { server, ..Place::default() }).await?;
    let doors = found(&stage, args).await?;
    // Whoever was founded a moment ago is awake.
    stage.node.restart(Vec::new()).await?;
    stage.watch_anew();
    let address = stage.node.operator().address.clone();
    let doors: Vec<Door> =
        doors.into_iter().map(|door| Door { address: address.clone(), ..door }).collect();
    let (active, rest) = doors.split_at(usize::try_from(args.active).unwrap_or(usize::MAX));
    let memory_before = stage.node.memory_mb();
    for door in active {
        order(door).await?;
    }
    let memory_active = stage.node.memory_mb();
    let mut woken = Vec::new();
    for door in &rest[..SLEEPERS] {
        woken.push(order(door).await?);
    }
    let flooder = stage.node.shop_with("flooder", &json!({ "requests_per_second": LIMIT })).await?;
    fill(&flooder, &["SKU-0".to_owned()], QUANTITY).await?;
    let polite = &active[..POLITE];
    let calm = go_on(&stage, polite, args.seconds, "without the flood", None).await?;
    let flooded = go_on(&stage, polite, args.seconds, "during the flood", Some(&flooder)).await?;
    let again = go_on(&stage, polite, args.seconds, "without it again", None).await?;
    let calm_p99 = (calm.spread.p99_ms + again.spread.p99_ms) / 2.0;
    let rise = rounded(flooded.spread.p99_ms / calm_p99.max(0.01));
    let rows = vec![calm, flooded, again];
    let mut report = Report::of("tenants", "orders", machine, stage.database().await?, rows);
    report.done = format!(
        "{} tenants, {} of them active; then {POLITE} that place {POLITE_PACE} orders a second each \
         while another asks at ten times its limit.",
        args.tenants, args.active
    );
    report.memory_max_mb = stage.node.memory_max_mb();
    report.more.insert("memory_after_start_mb".to_owned(), json!(memory_before));
    report.more.insert("memory_active_mb".to_owned(), json!(memory_active));
    report.more.insert("first_request_of_a_sleeping_tenant".to_owned(), json!(spread(woken)));
    report.more.insert("p99_during_flood_ratio".to_owned(), json!(rise));
    stage.close().await?;
    Ok(report)
}

/// Founds all tenants; those that are to order something have it on their shelves.
async fn found(stage: &Stage, args: &TenantsArgs) -> Result<Vec<Door>, String> {
    use futures_util::{StreamExt, TryStreamExt};
    let founding = (0..args.tenants).map(|number| async move {
        let door = stage.node.shop(&format!("tenant-{number}")).await?;
        if number < args.active + SLEEPERS as u64 {
            fill(&door, &["SKU-0".to_owned()], QUANTITY).await?;
        }
        Ok::<_, String>(door)
    });
    futures_util::stream::iter(founding).buffered(FOUNDERS).try_collect().await
}

/// One order of a tenant; how long it took.
async fn order(door: &Door) -> Result<Duration, String> {
    let mut buyers = Buyer::many(door, 1, 1, 1).await?;
    let buyer = buyers.first_mut().ok_or("nobody buys")?;
    let begun = Instant::now();
    match buyer.ask().await? {
        Answered::Done => Ok(begun.elapsed()),
        other => Err(format!("a tenant's order came to {other:?}")),
    }
}

/// The polite tenants' orders, while another floods or does not.
async fn go_on(
    stage: &Stage,
    polite: &[Door],
    seconds: u64,
    what: &str,
    flooder: Option<&Door>,
) -> Result<Row, String> {
    let mut flooding = None;
    if let Some(door) = flooder {
        let mut flood = Vec::new();
        for _ in 0..FLOODERS {
            flood.push(Flooder(Caller::connect(door).await?));
        }
        let load = Load { callers: FLOODERS, seconds, pace: Some(FLOOD) };
        flooding = Some(tokio::spawn(drive_flood(load, flood)));
    }
    let mut buyers = Vec::new();
    for door in polite {
        buyers.extend(Buyer::many(door, 1, 1, 1).await?);
    }
    let pace = Some(POLITE_PACE * POLITE as u64);
    let load = Load { callers: POLITE, seconds, pace };
    let row = drive(format!("kontor, {what}"), true, load, buyers, &stage.watched).await?;
    if let Some(flooding) = flooding {
        flooding.await.map_err(|fault| fault.to_string())??;
    }
    Ok(row)
}

async fn drive_flood(load: Load, flood: Vec<Flooder>) -> Result<Row, String> {
    drive("the flood".to_owned(), false, load, flood, &[]).await
}

/// Asks, whatever it is told.
struct Flooder(Caller);

impl Ask for Flooder {
    async fn ask(&mut self) -> Result<Answered, String> {
        let answer = self.0.ask("GET", "/v1/stock/SKU-0", "").await?;
        Ok(if answer.status == 200 { Answered::Done } else { Answered::Refused })
    }
}
