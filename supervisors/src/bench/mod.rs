//! Measurements of the program on the machine at hand, on data of their own that is thrown away.
//!
//! Each says what it did, on what, how fast and at what cost; and, where hand-written SQL can do the
//! same, how that compares in the same run. `docs/performance.md` says what was found.

mod buyer;
mod caller;
mod consumer;
mod database;
mod distance;
mod engine;
mod growth;
mod hot;
mod import;
mod load;
mod machine;
mod node;
mod orders;
mod process;
mod recover;
mod reference;
mod relay;
mod report;
mod stage;
mod tenants;
mod times;
mod webhooks;

use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Orders through HTTP, held and durable; beside the same flow as hand-written SQL.
    Orders(orders::OrdersArgs),
    /// Everybody wants one product of which there is little; beside hand-written SQL.
    Hot(hot::HotArgs),
    /// Domain actors and group commit without HTTP: in memory, on SQLite, and on PostgreSQL if named.
    Engine(engine::EngineArgs),
    /// The journal told to RabbitMQ, each message confirmed.
    Relay(relay::RelayArgs),
    /// Deliveries to endpoints.
    Webhooks(webhooks::WebhooksArgs),
    /// Many tenants: memory, waking up, and what one that floods does to the others.
    Tenants(tenants::TenantsArgs),
    /// Starting on a large journal, and verifying it.
    Recover(recover::RecoverArgs),
    /// How orders slow down as more of them are stored.
    Growth(growth::GrowthArgs),
    /// Imports of a supplier's feed: rows a second, memory, and what it does to orders meanwhile.
    Import(ImportArgs),
}

/// How an import is measured.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// Rows of the feed.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=5_000_000))]
    rows: u64,
    /// Seconds for which orders are placed before an import and after it, and at least three times as
    /// long while it is under way.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Orders a second that are placed meanwhile.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=5_000))]
    orders: u64,
}

/// Measures, and prints what was found. `database_url` is PostgreSQL's; without one, the embedded
/// database is used. Databases of its own are created on that server, and dropped in the end.
pub async fn run(
    command: BenchCommand,
    json: bool,
    database_url: Option<String>,
) -> Result<ExitCode, String> {
    let report = match command {
        BenchCommand::Orders(args) => orders::measure(&args, database_url).await?,
        BenchCommand::Hot(args) => hot::measure(&args, database_url).await?,
        BenchCommand::Engine(args) => engine::measure(&args, database_url).await?,
        BenchCommand::Relay(args) => relay::measure(&args, database_url).await?,
        BenchCommand::Webhooks(args) => webhooks::measure(&args, database_url).await?,
        BenchCommand::Tenants(args) => tenants::measure(&args, database_url).await?,
        BenchCommand::Recover(args) => recover::measure(&args, database_url).await?,
        BenchCommand::Growth(args) => growth::measure(&args, database_url).await?,
        BenchCommand::Import(args) => {
            let found = import::measure(&args, database_url).await?;
            if json {
                println!("{}", serde_json::to_string(&found).map_err(|fault| fault.to_string())?);
            } else {
                found.print();
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    report.print(json)?;
    // What was sold and is not there is no slow result but a wrong one.
    let sound = report.oversold.is_none_or(|oversold| oversold == 0);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
