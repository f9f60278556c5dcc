//! Breaks things around a node and says what came of it.

use clap::Parser;
use kontor_faults::{
    Outcome,
    cluster::Cluster,
    process::say,
    rabbit::Rabbit,
    scenarios::{self, Extent, Ground, Report},
    site::{Programs, Servers},
    soak,
};
use std::{path::PathBuf, process::ExitCode};

/// Breaks things around a node under load, and decides from the outside whether anything
/// acknowledged is missing, doubled, out of order, oversold or unpaid.
#[derive(Parser)]
#[command(name = "kontor-faults")]
struct Arguments {
    /// The program; else the one beside this
    #[arg(long, value_name = "PATH")]
    kontor: Option<PathBuf>,
    /// The stand-in providers; else the program beside this
    #[arg(long, value_name = "PATH")]
    sandbox: Option<PathBuf>,
    /// Only these scenarios; if none is named, the short ones, or all of a bad night
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// As in a bad night: 200 kills on each database, outages of minutes
    #[arg(long)]
    long: bool,
    /// How often the node is killed on each database
    #[arg(long, value_name = "N")]
    kills: Option<u32>,
    /// Instead of scenarios: a steady load for so many minutes
    #[arg(long, value_name = "MINUTES")]
    soak_minutes: Option<u64>,
    /// Makes the harness's own choices repeatable; the machine's are not
    #[arg(long)]
    seed: Option<u64>,
    /// Keeps databases and logs in this folder; else they are thrown away
    #[arg(long, value_name = "PATH")]
    keep: Option<PathBuf>,
    /// Runs without PostgreSQL and RabbitMQ, and leaves out what needs them
    #[arg(long)]
    no_servers: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            say(format!("kontor-faults: {fault}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Outcome<bool> {
    // No TLS is spoken here, but clients want to know how they would.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    fastrand::seed(seed);
    say(format!("--seed {seed}"));
    let beside =
        |name: &str| -> Outcome<PathBuf> { Ok(std::env::current_exe()?.with_file_name(name)) };
    let programs = Programs {
        kontor: arguments.kontor.clone().map_or_else(|| beside("kontor"), Ok)?,
        sandbox: arguments.sandbox.clone().map_or_else(|| beside("kontor-sandbox"), Ok)?,
    };
    let scratch = tempfile::tempdir()?;
    let folder = arguments.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let mut servers = Servers::default();
    if !arguments.no_servers {
        // Beside the data, so that what is kept is not in the way of the next run.
        servers.cluster = Some(Cluster::create(scratch.path()).await?);
        servers.rabbit = Some(Rabbit::create(scratch.path()).await?);
    }
    let extent = Extent {
        kills: arguments.kills.unwrap_or(if arguments.long { 200 } else { 8 }),
        rounds: if arguments.long { 5 } else { 1 },
        long: arguments.long,
    };
    let mut ground = Ground { programs, folder, servers, extent };
    if let Some(minutes) = arguments.soak_minutes {
        return Ok(tell(&soak::soak(&ground, minutes).await?));
    }
    let mut kept = true;
    for name in names(&arguments) {
        match scenarios::run(&name, &mut ground).await {
            Ok(report) => kept &= tell(&report),
            Err(fault) => {
                say(format!("{name}: the harness could not go on: {fault}"));
                kept = false;
            }
        }
    }
    say(if kept { "verdict: every promise was kept" } else { "verdict: PROMISES WERE BROKEN" });
    Ok(kept)
}

fn names(arguments: &Arguments) -> Vec<String> {
    if !arguments.scenario.is_empty() {
        return arguments.scenario.clone();
    }
    let without = [
        "kill9-sqlite",
        "gateways",
        "disk-full",
        "sqlite-read-only",
        "clock",
        "memory",
        "import-kills",
        "panics",
    ];
    let short = [
        "kill9-sqlite",
        "kill9-postgres",
        "sigterm",
        "database-line",
        "clock",
        "memory",
        "import-kills",
        "failover",
        "panics",
    ];
    let all = scenarios::ALL.iter();
    let fit = |name: &&&str| {
        (arguments.long || short.contains(name))
            && (!arguments.no_servers || without.contains(name))
    };
    all.filter(fit).map(|name| (*name).to_owned()).collect()
}

/// Says what was injected, what was counted and what is wrong; whether nothing is.
fn tell(report: &Report) -> bool {
    say(format!("{}: {} s", report.name, report.seconds));
    for (what, times) in &report.injected {
        say(format!("  injected {times:>4} x {what}"));
    }
    for (what, number) in &report.verdict.counts {
        say(format!("  counted {number:>8} {what}"));
    }
    for finding in &report.verdict.findings {
        say(format!("  FOUND: {finding}"));
    }
    let kept = report.verdict.findings.is_empty();
    say(format!("  {}", if kept { "nothing found" } else { "promises were broken" }));
    kept
}
