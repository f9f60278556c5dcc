//! The command line. A command that concerns data is a call of the HTTP API: of the node that
//! runs on the data folder, or of one that is started inside this process for just that call.

mod client;
mod commands;
mod dead_letter;
mod journal;
mod print;
mod serve;
mod user;

use clap::{Args, CommandFactory, Parser, Subcommand};
use kontor_config::{Overrides, Settings};
use std::{path::PathBuf, process::ExitCode};

/// The back office of many shops: orders, stock, payments, messages and events on one journal.
#[derive(Debug, Parser)]
#[command(name = "kontor", version, about, propagate_version = true)]
pub struct Cli {
    /// Print one JSON value instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where settings and data are.
#[derive(Args, Clone, Debug, Default)]
struct Place {
    /// Settings file [default: kontor.toml, if there is one].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the embedded database and of the node's own files.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL instead of the embedded database: postgres://user:password@host/database.
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Ask the node at this address [default: the one that runs on the data folder, else none].
    #[arg(long, global = true, value_name = "URL", env = "KONTOR_URL")]
    url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a node until it is told to stop.
    Serve {
        /// Address to listen on [default: 127.0.0.1:3200].
        #[arg(long, value_name = "ADDR")]
        listen: Option<String>,
        /// RabbitMQ: amqp://user:password@host/vhost.
        #[arg(long, value_name = "URL")]
        amqp_url: Option<String>,
    },
    /// Run a node with three shops, their shoppers and stand-in providers; prove in the end that
    /// nothing was oversold, lost or done twice.
    Demo(crate::demo::DemoArgs),
    /// Shops.
    #[command(subcommand)]
    Tenant(commands::TenantCommand),
    /// API keys.
    #[command(subcommand)]
    Key(commands::KeyCommand),
    /// People who log in.
    #[command(subcommand)]
    User(user::UserCommand),
    /// The keys that sign their tokens.
    #[command(subcommand)]
    Identity(user::IdentityCommand),
    /// The journal.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// What could not be done, kept with the reason.
    #[command(subcommand)]
    DeadLetter(dead_letter::DeadLetterCommand),
    /// Domains that crashed again and again and are out of service.
    #[command(subcommand)]
    Quarantine(commands::QuarantineCommand),
    /// Measure the program on this machine, on data that is thrown away.
    #[command(subcommand)]
    Bench(crate::bench::BenchCommand),
    /// Settings.
    #[command(subcommand)]
    Config(commands::ConfigCommand),
    /// Ask a running node whether it can serve; exit code 0 or 1.
    Health,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Does what the command line says.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match obey(cli).await {
        Ok(code) => code,
        Err(problem) => {
            print::problem(json, &problem);
            ExitCode::FAILURE
        }
    }
}

async fn obey(cli: Cli) -> Result<ExitCode, String> {
    let Cli { json, place, command } = cli;
    match command {
        Command::Serve { listen, amqp_url } => {
            let overrides = Overrides { listen, amqp_url, ..place.overrides() };
            serve::run(load(&place, &overrides)?).await
        }
        Command::Demo(args) => demo(&place, json, args).await,
        Command::Tenant(command) => commands::tenant(&place, json, command).await,
        Command::Key(command) => commands::key(&place, json, command).await,
        Command::User(command) => user::run(&place, json, command).await,
        Command::Identity(command) => user::identity(&place, json, command).await,
        Command::Journal(command) => journal::run(&place, json, command).await,
        Command::DeadLetter(command) => dead_letter::run(&place, json, command).await,
        Command::Quarantine(command) => commands::quarantine(&place, json, command).await,
        Command::Bench(command) => crate::bench::run(command, json, place.database_url).await,
        Command::Config(command) => commands::config(&place, json, &command),
        Command::Health => commands::health(&place, json).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "kontor", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Never on what a settings file names: the demo's shops do not belong among real ones.
async fn demo(place: &Place, json: bool, args: crate::demo::DemoArgs) -> Result<ExitCode, String> {
    let folder = crate::demo::Folder::new(place.data_dir.clone())?;
    let settings = crate::demo::settings(&folder, place.database_url.clone());
    crate::demo::run(args, json, settings).await
}

/// The settings in force, or every mistake in them.
fn load(place: &Place, overrides: &Overrides) -> Result<Settings, String> {
    kontor_config::load(place.config.as_deref(), overrides).map_err(|mistakes| mistakes.to_string())
}

impl Place {
    fn overrides(&self) -> Overrides {
        Overrides {
            data_dir: self.data_dir.clone(),
            database_url: self.database_url.clone(),
            ..Overrides::default()
        }
    }
}
