//! How fast feeds are read on one thread: `cargo run --release -p kontor-feeds --example read_rate`.
//!
//! Rows are generated beforehand where they fit, so that the generator's time is not counted.
//! `read`: rows alone. `unchanged`: what a row costs that stayed the same, its code and fingerprint
//! included. `changed`: what it costs to make a record of it.

use kontor_feeds::generate::{Packing, Plan};
use kontor_feeds::mapping::presets::Preset;
use kontor_feeds::{FeedError, Mapping, open};
use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

fn main() -> Result<(), FeedError> {
    let rows = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(200_000);
    println!("{:<24}{:>10}{:>12}{:>12}{:>12}", "feed", "MB", "read/s", "unchanged/s", "changed/s");
    for dialect in Preset::ALL {
        measure(&format!("{dialect:?}"), &Plan::new(dialect, rows))?;
    }
    let zipped = Plan { packing: Packing::Zip, ..Plan::new(Preset::Heureka, rows) };
    measure("Heureka, zip", &zipped)?;
    let cp1250 = kontor_feeds::Charset::WINDOWS_1250;
    measure("Heureka, cp1250", &Plan { charset: cp1250, ..Plan::new(Preset::Heureka, rows) })?;
    println!("peak memory, the generated feed included: {} MB", memory_max_mb());
    // Straight from the generator, which holds one row: what is left is what reading needs.
    let before = memory_now_mb();
    let plan = Plan::new(Preset::Heureka, rows * 5);
    run(plan.feed(), &plan, |_, _| ())?;
    println!("memory after {} streamed rows: {} MB, {before} MB before", rows * 5, memory_now_mb());
    Ok(())
}

fn measure(name: &str, plan: &Plan) -> Result<(), FeedError> {
    let mut feed = Vec::new();
    plan.feed().read_to_end(&mut feed).map_err(FeedError::Read)?;
    let megabytes = feed.len() >> 20;
    let mut rates = Vec::new();
    let steps: [fn(&Mapping, &kontor_feeds::RawRow); 3] = [
        |_, _| (),
        |mapping, row| {
            std::hint::black_box((mapping.code(row), mapping.fingerprint(row)));
        },
        |mapping, row| {
            std::hint::black_box(mapping.apply(row)).ok();
        },
    ];
    for step in steps {
        let took = run(Cursor::new(feed.clone()), plan, step)?;
        rates.push(u128::from(plan.rows) * 1_000_000 / took.as_micros().max(1));
    }
    println!("{name:<24}{megabytes:>10}{:>12}{:>12}{:>12}", rates[0], rates[1], rates[2]);
    Ok(())
}

fn run(
    feed: impl Read + Send + 'static,
    plan: &Plan,
    step: fn(&Mapping, &kontor_feeds::RawRow),
) -> Result<Duration, FeedError> {
    let mapping = Mapping::compile(&plan.rules()).expect("the preset is good");
    let start = Instant::now();
    let mut rows = open(feed, &plan.source())?;
    while let Some(row) = rows.next_row()? {
        step(&mapping, row);
    }
    assert_eq!(rows.position().row, plan.rows);
    Ok(start.elapsed())
}

fn memory_max_mb() -> u64 {
    status_mb("VmHWM:")
}

fn memory_now_mb() -> u64 {
    status_mb("VmRSS:")
}

/// 0 where there is no such file.
fn status_mb(member: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(member));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
