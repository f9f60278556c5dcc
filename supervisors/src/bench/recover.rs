//! `kontor bench recover`: a node starts on a large journal, and the journal is verified.

use super::{
    database::Database,
    engine::{fill, some_tenants, start},
    machine::Machine,
    node::Node,
    process::{Clocks, Watched},
    report::{Report, Row},
    times::{milliseconds, per_second, spread},
};
use clap::Args;
use kontor_adapters::store::{StoreSettings, open};
use serde_json::json;
use std::time::Instant;

/// Tenants that the entities belong to.
const TENANTS: u32 = 16;
/// Shards and writers, as a node lays PostgreSQL and the embedded database out.
const POSTGRES: (u32, u32) = (64, 2);
const SQLITE: (u32, u32) = (1, 1);

/// How recovery is measured.
#[derive(Args, Clone, Debug)]
pub struct RecoverArgs {
    /// Events of the journal.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    events: u64,
    /// Entities that they are about.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    entities: u32,
}

pub(super) async fn measure(args: &RecoverArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let folder = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let database = match &server {
        Some(server) => Some(Database::create(server).await?),
        None => None,
    };
    let embedded = folder.path().join("data").display().to_string();
    let place = database.as_ref().map_or(embedded, Database::url);
    let laid_out = if database.is_some() { POSTGRES } else { SQLITE };
    let written = write(args, &place, laid_out).await?;
    let begun = Instant::now();
    let mut node = Node::start_in(folder, database.as_ref().map(Database::url), Vec::new()).await?;
    let ready = begun.elapsed();
    let memory_ready_mb = node.memory_mb();
    node.end().await?;
    let watched: Vec<_> = [Watched::load()]
        .into_iter()
        .chain(database.as_ref().and_then(Database::watched))
        .collect();
    let (clocks, begun) = (Clocks::start(&watched), Instant::now());
    let (verified, memory_max_mb) = node.command(&["--json", "journal", "verify"]).await?;
    let took = begun.elapsed();
    if verified["sound"] != true {
        return Err(format!("the journal is not sound: {verified}"));
    }
    let events = verified["events"].as_u64().unwrap_or_default();
    let row = Row {
        what: format!("kontor journal verify, {} entities", verified["entities"]),
        ours: true,
        count: events,
        throughput_per_second: per_second(events, took),
        spread: spread(Vec::new()),
        cpu: clocks.usage(events),
        steal_percent: clocks.steal_percent(),
    };
    let kind = match &database {
        Some(database) => database.description().await?,
        None => "sqlite".to_owned(),
    };
    let mut report = Report::of("recover", "events", machine, kind, vec![row]);
    report.done = format!("A node starts on {events} events, then all of them are verified.");
    report.memory_max_mb = memory_max_mb;
    report.more.insert("ready_ms".to_owned(), json!(milliseconds(ready)));
    report.more.insert("memory_ready_mb".to_owned(), json!(memory_ready_mb));
    report.more.insert("passes".to_owned(), verified["passes"].clone());
    report.more.insert("written_per_second".to_owned(), json!(written));
    drop(node);
    if let Some(database) = database {
        database.drop().await?;
    }
    Ok(report)
}

/// Writes the journal by decisions; says how many a second.
async fn write(args: &RecoverArgs, place: &str, laid_out: (u32, u32)) -> Result<u64, String> {
    let store = open(&StoreSettings::at(place)).await.map_err(|fault| fault.to_string())?;
    let engine = start(store, laid_out).await?;
    let tenants = some_tenants(TENANTS)?;
    let each = args.entities.div_ceil(TENANTS);
    let rounds = args.events.div_ceil(args.entities.into()).max(1);
    let begun = Instant::now();
    let intake = engine.intake();
    let filling = tenants.iter().map(|caller| fill(intake, caller, each as usize, rounds));
    futures_util::future::try_join_all(filling).await?;
    let written = per_second(u64::from(each * TENANTS) * rounds, begun.elapsed());
    engine.stop().await;
    Ok(written)
}
