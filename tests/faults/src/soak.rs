//! Customers at a steady pace for a long time, with a fault now and then: memory, file handles and
//! the database must be flat where they should be.

use crate::{
    Outcome,
    checker::{Evidence, judge},
    load::Load,
    process::say,
    proxy::Weather,
    scenarios::{Ground, Report},
    site::{Kind, SHELF, Site, TENANT, now_ms},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// One look at the node.
#[derive(Clone, Copy, Debug)]
struct Look {
    memory_kib: u64,
    handles: usize,
    bytes: u64,
    purchases: u64,
}

/// How much memory may grow from the second quarter of the time to the last, in percent.
const GROWTH_MAX_PERCENT: u64 = 25;

/// Runs for so many minutes.
pub async fn soak(ground: &Ground, minutes: u64) -> Outcome<Report> {
    let since = Instant::now();
    let folder = ground.folder.join("soak");
    let mut site =
        Site::create(&ground.programs, &folder, Kind::Postgres, &ground.servers, true).await?;
    site.start().await?;
    site.open_shop().await?;
    let load = Load::start(&site.client, &site.prices, site.manners(12));
    let mut injected = BTreeMap::new();
    let mut looks = Vec::new();
    let end = Duration::from_secs(60 * minutes);
    let every = (end / 60).clamp(Duration::from_secs(2), Duration::from_secs(30));
    while since.elapsed() < end {
        tokio::time::sleep(every).await;
        let look = look(&site, &load).await?;
        say(format!("  {} s: {look:?}", since.elapsed().as_secs()));
        looks.push(look);
        if looks.len() % 5 == 0 {
            let (line, what) = match looks.len() / 5 % 2 {
                0 => (&site.database_line, "connections to PostgreSQL cut"),
                _ => (&site.broker_line, "connections to RabbitMQ cut"),
            };
            if let Some(line) = line {
                line.set(Weather::Cut);
                tokio::time::sleep(Duration::from_millis(500)).await;
                line.set(Weather::Fair);
                *injected.entry(what).or_insert(0) += 1;
            }
        }
    }
    let purchases = load.stop().await?;
    site.rest().await?;
    let books = site.books().await?;
    site.terminate().await?;
    let truth = site.database.read(TENANT).await?;
    let messages = site.consumer.as_ref().map(|consumer| consumer.messages());
    let mut verdict = judge(&Evidence {
        purchases: &purchases,
        truth: &truth,
        messages: messages.as_deref(),
        books: &books,
        shelf: &SHELF,
        now_ms: now_ms(),
    });
    flat(&looks, &mut verdict.findings);
    Ok(Report { name: "soak", injected, verdict, seconds: since.elapsed().as_secs() })
}

async fn look(site: &Site, load: &Load) -> Outcome<Look> {
    let node = site.node.as_ref().ok_or("no node")?;
    Ok(Look {
        memory_kib: node.memory_kib()?,
        handles: node.handles()?,
        bytes: site.database.size().await?,
        purchases: load.answered(),
    })
}

/// Memory and handles of the last quarter against the second: the first is for warming up.
fn flat(looks: &[Look], findings: &mut Vec<String>) {
    let quarter = looks.len() / 4;
    if quarter == 0 {
        return;
    }
    let most = |part: &[Look], number: fn(&Look) -> u64| part.iter().map(number).max().unwrap_or(0);
    let (early, late) = (&looks[quarter..2 * quarter], &looks[looks.len() - quarter..]);
    for (what, number) in [
        ("memory in KiB", (|look| look.memory_kib) as fn(&Look) -> u64),
        ("file handles", |look| look.handles as u64),
        // Each purchase adds its rows, and no more.
        ("bytes of the database for each purchase", |look| look.bytes / look.purchases.max(1)),
    ] {
        let (before, after) = (most(early, number), most(late, number));
        if after * 100 > before * (100 + GROWTH_MAX_PERCENT) {
            findings.push(format!("{what} grew from {before} to {after}"));
        }
    }
}
