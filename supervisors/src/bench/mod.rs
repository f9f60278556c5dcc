//! Measurements of the program on the machine at hand, on data of their own that is thrown away.

mod house;
mod import;
mod machine;

use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Imports of a supplier's feed: rows a second, memory, and what it does to orders meanwhile.
    Import(ImportArgs),
}

/// How an import is measured.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// Rows of the feed.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=5_000_000))]
    rows: u64,
    /// Seconds for which orders are placed without an import, for comparison.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Orders a second that are placed meanwhile.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=5_000))]
    orders: u64,
}

/// Measures, and prints what was found. `database_url` is PostgreSQL's; without one, the embedded
/// database is used. Its content is thrown away, so nothing else belongs in it.
pub async fn run(
    command: BenchCommand,
    json: bool,
    database_url: Option<String>,
) -> Result<ExitCode, String> {
    match command {
        BenchCommand::Import(args) => {
            let found = import::measure(&args, database_url).await?;
            if json {
                println!("{}", serde_json::to_string(&found).map_err(|fault| fault.to_string())?);
            } else {
                found.print();
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}
