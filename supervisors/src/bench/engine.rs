//! `kontor bench engine`: domain actor and group commit, without HTTP.
//!
//! A decision sets a product's threshold: one event, one state, no reservation and no other domain.
//! Its callers are in this process, so what each process took is told for both together.

use super::{
    database::Database,
    load::{Answered, Ask, Load, drive},
    machine::{self, Machine},
    process::Watched,
    report::{Report, Row},
};
use crate::engine::{Engine, EngineSettings};
use clap::Args;
use kontor_actors::{
    admission::Lane,
    intake::{Caller, Intake},
    memory::MemoryStore,
    request::Terms,
    stock::Stock,
    store::Store,
};
use kontor_adapters::store::{StoreSettings, open};
use kontor_messages::{
    Meta, TenantId,
    stock::{StockCommand, StockSettings},
};
use std::sync::Arc;

/// Products that decisions are spread over, and how many are prepared at once.
const SKUS: usize = 10_000;
const TOGETHER: usize = 256;
/// Writers on PostgreSQL, and so tenants, each in a shard of another writer.
const WRITERS: u32 = 2;

/// How the engine is measured.
#[derive(Args, Clone, Debug)]
pub struct EngineArgs {
    /// Callers at once.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u16).range(1..=4000))]
    callers: u16,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

pub(super) async fn measure(args: &EngineArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let mut kinds = vec!["in memory", "sqlite"];
    let mut rows = of_store(args, "in memory", 1, Arc::new(MemoryStore::new()), None).await?;
    let folder = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let sqlite = store(&folder.path().display().to_string()).await?;
    rows.extend(of_store(args, "sqlite", 1, sqlite, None).await?);
    let postgres;
    if let Some(server) = &server {
        let database = Database::create(server).await?;
        let watched = database.watched();
        let store = store(&database.url()).await?;
        rows.extend(of_store(args, "postgres, two writers", WRITERS, store, watched).await?);
        postgres = database.description().await?;
        kinds.push(&postgres);
        database.drop().await?;
    }
    let mut report = Report::of("engine", "decisions", machine, kinds.join("; "), rows);
    report.done = format!(
        "Decisions of {} callers in the process: one event and one state each, durable when answered.",
        args.callers
    );
    report.memory_max_mb = machine::memory_max_mb();
    Ok(report)
}

async fn store(place: &str) -> Result<Arc<dyn Store>, String> {
    open(&StoreSettings::at(place)).await.map_err(|fault| fault.to_string())
}

/// Decisions spread over many products, then all about one.
async fn of_store(
    args: &EngineArgs,
    name: &str,
    writers: u32,
    store: Arc<dyn Store>,
    database: Option<Watched>,
) -> Result<Vec<Row>, String> {
    let mut settings = EngineSettings { shards: writers, ..EngineSettings::default() };
    settings.journal.writers = writers;
    settings.admission.tenant_max = usize::from(args.callers);
    let engine = Engine::start(store, settings, |_| Vec::new()).await?;
    let intake = engine.intake().clone();
    let callers: Vec<Caller> = (0..writers).map(|shard| in_shard(shard, writers)).collect();
    for caller in &callers {
        fill(&intake, caller, SKUS).await?;
    }
    let watched: Vec<_> = [Watched::load()].into_iter().chain(database).collect();
    let load = Load { callers: args.callers.into(), seconds: args.seconds, pace: None };
    let mut rows = Vec::new();
    for (skus, word) in [(SKUS, "spread"), (1, "hot")] {
        let decider = |place: usize| Decider {
            intake: intake.clone(),
            caller: callers[place % callers.len()].clone(),
            skus,
        };
        let deciders = (0..load.callers).map(decider).collect();
        rows.push(drive(format!("{name}, {word}"), true, load, deciders, &watched).await?);
    }
    engine.stop().await;
    Ok(rows)
}

/// A tenant of this shard.
pub(super) fn in_shard(shard: u32, shards: u32) -> Caller {
    let names = (0..).map(|number| format!("bench-{number}"));
    let tenants = names.filter_map(|name| name.parse::<TenantId>().ok());
    let tenant = tenants.into_iter().find(|tenant| tenant.shard(shards) == shard);
    let tenant = tenant.unwrap_or_else(|| unreachable!("names go round all shards"));
    Caller { tenant, meta: Meta::by("bench"), lane: Lane::Realtime }
}

/// Sets the thresholds of so many products, so that all are known and in memory.
pub(super) async fn fill(intake: &Intake, caller: &Caller, skus: usize) -> Result<(), String> {
    for part in (0..skus).collect::<Vec<_>>().chunks(TOGETHER) {
        let told = part.iter().map(|sku| tell(intake, caller, threshold(*sku)));
        futures_util::future::try_join_all(told).await?;
    }
    Ok(())
}

/// A threshold that the product surely does not have: the same again would be no decision.
fn threshold(sku: usize) -> StockCommand {
    let low_threshold = fastrand::i64(1..1_000_000_000);
    let settings = StockSettings { low_threshold, ..StockSettings::default() };
    StockCommand::Configure { sku: format!("SKU-{sku}"), settings }
}

async fn tell(intake: &Intake, caller: &Caller, command: StockCommand) -> Result<(), String> {
    let answer = intake.ask::<Stock>(caller, command, Terms::default()).await;
    answer.map(drop).map_err(|denied| denied.to_string())
}

/// One who sets thresholds.
struct Decider {
    intake: Intake,
    caller: Caller,
    skus: usize,
}

impl Ask for Decider {
    async fn ask(&mut self) -> Result<Answered, String> {
        let command = threshold(fastrand::usize(..self.skus));
        tell(&self.intake, &self.caller, command).await.map(|()| Answered::Done)
    }
}
