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
const TOGETHER: usize = 200;
/// Names among which there is one of each shard, for as few shards as there are here.
const NAMES: u32 = 64;
/// Callers at once, at most.
const CALLERS_MAX: usize = 4096;
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
    let mut kinds = vec!["in memory".to_owned(), "sqlite".to_owned()];
    let mut rows = of_store(args, "in memory", 1, Arc::new(MemoryStore::new()), None).await?;
    let folder = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let sqlite = store(&folder.path().display().to_string()).await?;
    rows.extend(of_store(args, "sqlite", 1, sqlite, None).await?);
    if let Some(server) = &server {
        let database = Database::create(server).await?;
        let watched = database.watched();
        let store = store(&database.url()).await?;
        rows.extend(of_store(args, "postgres, two writers", WRITERS, store, watched).await?);
        kinds.push(database.description().await?);
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
    let engine = start(store, (writers, writers)).await?;
    let intake = engine.intake().clone();
    let callers = of_each_shard(writers)?;
    for caller in &callers {
        fill(&intake, caller, SKUS, 1).await?;
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
        let deciders: Vec<_> = (0..load.callers).map(decider).collect();
        rows.push(drive(format!("{name}, {word}"), true, load, deciders, &watched).await?);
    }
    engine.stop().await;
    Ok(rows)
}

/// A tenant of each shard, so that all writers have something to do.
fn of_each_shard(shards: u32) -> Result<Vec<Caller>, String> {
    let all = some_tenants(NAMES)?;
    let of = |shard| all.iter().find(|caller| caller.tenant.shard(shards) == shard).cloned();
    (0..shards)
        .map(|shard| of(shard).ok_or_else(|| "a shard without a tenant".to_owned()))
        .collect()
}

/// An engine without followers, laid out for so many shards and writers.
pub(super) async fn start(
    store: Arc<dyn Store>,
    (shards, writers): (u32, u32),
) -> Result<Engine, String> {
    let mut settings = EngineSettings { shards, ..EngineSettings::default() };
    settings.journal.writers = writers;
    settings.admission.tenant_max = CALLERS_MAX;
    settings.admission.realtime_max = CALLERS_MAX;
    Engine::start(store, settings, |_| Vec::new()).await
}

/// So many tenants.
pub(super) fn some_tenants(tenants: u32) -> Result<Vec<Caller>, String> {
    let caller = |number| -> Result<Caller, String> {
        let tenant: TenantId = format!("bench-{number}").parse().map_err(|_| "no name")?;
        Ok(Caller { tenant, meta: Meta::by("bench"), lane: Lane::Realtime })
    };
    (0..tenants).map(caller).collect()
}

/// Sets the thresholds of so many products, each so many times.
pub(super) async fn fill(
    intake: &Intake,
    caller: &Caller,
    skus: usize,
    rounds: u64,
) -> Result<(), String> {
    for part in (0..skus).collect::<Vec<_>>().chunks(TOGETHER) {
        for _ in 0..rounds {
            let told = part.iter().map(|sku| tell(intake, caller, threshold(*sku)));
            futures_util::future::try_join_all(told).await?;
        }
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
