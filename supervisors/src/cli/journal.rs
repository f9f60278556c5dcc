//! `kontor journal ...`: reads the database itself, beside a node that may be at work on it.

use super::Place;
use crate::verify::{Report, memory_max};
use clap::Subcommand;
use kontor_actors::store::{Store, StoredEvent};
use kontor_adapters::store::open_beside;
use serde_json::{Value, json};
use std::{io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

/// `kontor journal ...`
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Replay the journal and compare every stored state, key and cursor with it, and all money; exit code 0 or 1.
    Verify {
        /// Memory for states that are derived at a time; more of them take several passes. A quarter
        /// of what the machine has left if it is not said.
        #[arg(long)]
        memory_mb: Option<u32>,
    },
    /// Print events as they come.
    Tail {
        /// Only this shop's.
        #[arg(long)]
        tenant: Option<String>,
        /// Begin so many events before the end of each shard.
        #[arg(long, default_value_t = 10)]
        last: i64,
        /// End at the journal's end instead of waiting for more.
        #[arg(long)]
        no_follow: bool,
    },
}

/// The journal.
pub async fn run(place: &Place, json: bool, command: JournalCommand) -> Result<ExitCode, String> {
    let settings = super::load(place, &place.overrides())?;
    let store = open_beside(&settings.store).await.map_err(|fault| fault.to_string())?;
    let shards = store.shards(settings.engine.shards).await.map_err(|fault| fault.to_string())?;
    match command {
        JournalCommand::Verify { memory_mb } => {
            let memory_max = memory_mb.map_or_else(memory_max, |mb| u64::from(mb) << 20);
            verify(&store, shards, memory_max, json).await
        }
        JournalCommand::Tail { tenant, last, no_follow } => {
            tail(&*store, shards, json, tenant.as_deref(), last, !no_follow).await
        }
    }
}

async fn verify(
    store: &Arc<dyn Store>,
    shards: u32,
    memory_max: u64,
    json: bool,
) -> Result<ExitCode, String> {
    let hosts = crate::engine::domains_at_rest(store, shards).await?;
    let watched = std::io::stderr().is_terminal() && !json;
    let report = crate::verify::verify(Arc::clone(store), &hosts, shards, memory_max, |progress| {
        if watched {
            eprint!("\r{} of {} events, pass {} ", progress.events, progress.of, progress.pass);
        }
    });
    let report = report.await.map_err(|fault| fault.to_string())?;
    if watched {
        eprint!("\r\x1b[K");
    }
    if json {
        println!("{}", document(&report));
    } else {
        println!(
            "{} events, {} states, {} keys, {} cursors compared; {} differences",
            report.events, report.entities, report.keys, report.cursors, report.differences_total
        );
        report.differences.iter().for_each(|difference| println!("{difference}"));
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn document(report: &Report) -> Value {
    let differences: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    json!({
        "sound": report.is_sound(),
        "events": report.events,
        "entities": report.entities,
        "keys": report.keys,
        "cursors": report.cursors,
        "passes": report.passes,
        "differences_total": report.differences_total,
        "differences": differences,
    })
}

async fn tail(
    store: &dyn Store,
    shards: u32,
    json: bool,
    tenant: Option<&str>,
    last: i64,
    follow: bool,
) -> Result<ExitCode, String> {
    let heads = store.heads(shards).await.map_err(|fault| fault.to_string())?;
    let mut read_to: Vec<i64> = heads.iter().map(|head| (head - last).max(0)).collect();
    loop {
        let mut quiet = true;
        for (shard, after) in (0_u32..).zip(read_to.iter_mut()) {
            let events = store.read(shard, *after, 500).await.map_err(|fault| fault.to_string())?;
            for event in &events {
                quiet = false;
                *after = event.seq;
                if tenant.is_none_or(|tenant| event.tenant.as_str() == tenant) {
                    print(event, json);
                }
            }
        }
        if quiet && !follow {
            return Ok(ExitCode::SUCCESS);
        }
        if quiet {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
                () = crate::node::told_to_stop() => return Ok(ExitCode::SUCCESS),
            }
        }
    }
}

/// A line an event: when, whose, what, who. Its content is printed only as JSON, since it may hold
/// personal data.
fn print(event: &StoredEvent, json: bool) {
    let meta: Value = serde_json::from_str(&event.meta).unwrap_or_default();
    if json {
        let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let line = json!({
            "shard": event.shard, "seq": event.seq, "id": event.id, "tenant": event.tenant,
            "name": &*event.name, "entity": event.entity, "version": event.version,
            "at": event.at, "meta": meta, "payload": payload,
        });
        println!("{line}");
        return;
    }
    let actor = meta.get("actor").and_then(Value::as_str).unwrap_or_default();
    println!(
        "{} {:>3}-{:<8} {:<20} {:<32} {} ({actor})",
        event.at, event.shard, event.seq, event.tenant, event.name, event.entity
    );
}
