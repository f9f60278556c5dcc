//! `kontor demo`: a node with three shops, their shoppers and packers, and stand-ins for six
//! payment providers, suppliers, mail server and webhook receiver, all in one process over real
//! sockets. In the end it compares what was acknowledged with what everybody else saw, and says whether it is one story.
//!
//! The node is used through its public HTTP API only; the replay of its journal looks inside.

mod api;
mod feed;
mod ledger;
mod picture;
mod progress;
mod proof;
mod report;
mod shopper;
mod shops;
mod suppliers;
mod tills;
mod town;

use crate::{
    node::{Node, NodeSettings, Role, told_to_stop},
    verify,
};
use api::Client;
use clap::Args;
use kontor_actors::intake::Intake;
use kontor_sandbox::{Sandbox, SandboxConfig};
use ledger::Ledger;
use report::{Findings, Report};
use secrecy::ExposeSecret;
use shops::Ground;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use town::Town;
use tracing_subscriber::EnvFilter;

/// Where a demo without an end listens, if it can.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3200);
/// How long everything may take to come to rest.
const REST: Duration = Duration::from_secs(120);
/// How long a call that failed at a stand-in waits, and how long that has a rest.
const RETRY_MS: u64 = 250;
/// Signals that come within this time are one.
const ONE_STOP: Duration = Duration::from_secs(2);
/// What the stand-ins keep: a proof needs everything.
const KEPT: usize = 2_000_000;
const KEPT_BYTES: usize = 4 * 1024 * 1024 * 1024;

/// How the demo is run.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Stop after so many seconds and prove; without it, run until interrupted.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: Option<u64>,
    /// Address to listen on [default: 127.0.0.1:3200 if it is free, else any port; any with
    /// --seconds].
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Tell RabbitMQ too: amqp://user:password@host/vhost.
    #[arg(long, value_name = "URL")]
    pub amqp_url: Option<String>,
    /// How many shoppers buy at once.
    #[arg(long, value_name = "N", default_value_t = 32,
        value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub shoppers: u32,
}

/// A folder for the demo's database: the given one, or a new one that is removed when dropped.
pub struct Folder {
    path: PathBuf,
    _own: Option<TempDir>,
}

impl Folder {
    /// The given folder, or a new one.
    pub fn new(given: Option<PathBuf>) -> Result<Self, String> {
        if let Some(path) = given {
            return Ok(Self { path, _own: None });
        }
        let own = tempfile::Builder::new().prefix("kontor-demo-").tempdir();
        let own = own.map_err(|fault| format!("no temporary folder: {fault}"))?;
        Ok(Self { path: own.path().to_owned(), _own: Some(own) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The settings of a node on this folder, or on the given PostgreSQL.
pub fn settings(folder: &Folder, database_url: Option<String>) -> NodeSettings {
    let path = folder.path();
    let Some(url) = database_url else {
        return NodeSettings::at(path, path.display().to_string());
    };
    let mut settings = NodeSettings::at(path, url);
    settings.engine.shards = 64;
    settings.engine.journal.writers = 2;
    settings
}

/// A node that serves.
struct Running {
    intake: Intake,
    url: String,
    admin: String,
    /// Where its first person is made.
    setup: Option<String>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
}

/// Runs the demo on a node of these settings; fails if a proof does.
pub async fn run(
    args: DemoArgs,
    json: bool,
    mut settings: NodeSettings,
) -> Result<ExitCode, String> {
    log();
    // The stand-ins are on this machine.
    settings.webhooks.allow_private = true;
    settings.gateways.allow_private = true;
    // A day here is short, so nobody waits as long as for a real provider.
    settings.gateways.retry_ms = RETRY_MS;
    settings.gateways.rest_ms = RETRY_MS;
    settings.http.webhooks_to_private = true;
    // All shoppers have one address, and each shop one key.
    settings.http.address_requests_per_second = 0;
    settings.http.key_requests_per_second = 0;
    if let Some(url) = &args.amqp_url {
        settings.amqp = Some(kontor_adapters::amqp::AmqpSettings {
            url: Some(url.clone().into()),
            ..kontor_adapters::amqp::AmqpSettings::default()
        });
    }
    let shared = settings.store.url.expose_secret().starts_with("postgres");
    let sandbox = Arc::new(sandbox().await?);
    let listener = listen(&args).await?;
    let running = Running::start(settings, listener).await?;
    let client = Client::new(running.url.clone())?;
    let products = feed::products()?;
    let ground = Ground {
        client: &client,
        sandbox: &sandbox,
        node: &running.url,
        admin: &running.admin,
        products: &products,
        shared,
    };
    let shops = shops::open_all(&ground).await?;
    let town = Arc::new(Town {
        client,
        sandbox,
        shops,
        products,
        ledger: Ledger::default(),
        open_for: args.seconds.map(Duration::from_secs),
        closing: watch::Sender::new(false),
    });
    if args.seconds.is_none() {
        welcome(&running, &town);
    }
    let report = course(&town, &running.intake, args.shoppers as usize).await;
    running.end().await?;
    let report = report?;
    say(&report, json)?;
    Ok(if report.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Errors only, unless `RUST_LOG` wants more. Where there is a subscriber already, as in tests, it
/// stays.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = lines.try_init();
}

/// The day, the calm after it, and the proof.
async fn course(town: &Arc<Town>, intake: &Intake, shoppers: usize) -> Result<Report, String> {
    let shown = tokio::spawn(progress::show(Arc::clone(town)));
    let (took, placed) = town.open(shoppers, told_to_stop()).await;
    // What is shown is no part of the proof.
    let _ = shown.await;
    eprintln!("the shops are closed; waiting until nothing is in motion");
    let begun = Instant::now();
    suppliers::last(town).await?;
    let whole = tokio::select! {
        whole = picture::at_rest(town, REST) => whole?,
        () = told_again() => return Err("interrupted before everything was at rest".into()),
    };
    let rest = begun.elapsed();
    let mut found = Findings::default();
    let mut shops = proof::prove(town, &whole, &mut found);
    for (shop, report) in town.shops.iter().zip(&mut shops) {
        let (imports, wrong) = suppliers::prove(town, shop).await?;
        report.imports = imports;
        found.lost.extend(wrong);
    }
    let replayed = replay(intake).await?;
    found.differing = replayed.differences.iter().map(ToString::to_string).collect();
    let counts = town.ledger.counts();
    Ok(Report {
        passed: found.none(),
        orders: whole.shops.iter().map(|shop| shop.orders.len() as u64).sum(),
        oversold: found.oversold.len(),
        lost: found.lost.len(),
        duplicated: found.duplicated.len(),
        replay_equal: replayed.is_sound(),
        orders_per_second: progress::per_second(placed, took),
        p50_ms: progress::milliseconds(town.ledger.latency(500)),
        p99_ms: progress::milliseconds(town.ledger.latency(990)),
        seconds: took.as_secs_f64(),
        shoppers,
        shops,
        flash_sale: proof::flash(town),
        sent_twice: ledger::read(&counts.twice),
        asked_again: ledger::read(&counts.repeats),
        refusals: town.ledger.refusals(),
        replayed_events: replayed.events,
        replayed_entities: replayed.entities,
        rest_seconds: rest.as_secs_f64(),
        findings: found.shown(),
    })
}

/// Ready when the process is told to stop a second time. What follows at once on the first is the
/// same: a terminal and a wrapper may both send it.
async fn told_again() {
    tokio::time::sleep(ONE_STOP).await;
    told_to_stop().await;
}

/// Derives every state from the journal and compares it with what is stored.
async fn replay(intake: &Intake) -> Result<verify::Report, String> {
    let ground = intake.ground();
    let (store, shards) = (Arc::clone(&ground.store), ground.journal.shards());
    let replayed =
        verify::verify(store, intake.hosts(), shards, verify::memory_max(), |_| ()).await;
    replayed.map_err(|fault| fault.to_string())
}

async fn sandbox() -> Result<Sandbox, String> {
    let mut config = SandboxConfig::default();
    config.smtp_limits.messages_max = KEPT;
    config.smtp_limits.stored_bytes_max = KEPT_BYTES;
    config.receiver_limits.deliveries_max = KEPT;
    config.receiver_limits.stored_bytes_max = KEPT_BYTES;
    config.stripe_limits.objects_max = KEPT;
    Sandbox::start(config).await.map_err(|fault| format!("the stand-ins do not start: {fault}"))
}

async fn listen(args: &DemoArgs) -> Result<TcpListener, String> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bound = match (args.listen, args.seconds) {
        (Some(given), _) => TcpListener::bind(given).await,
        (None, Some(_)) => TcpListener::bind(any).await,
        (None, None) => match TcpListener::bind(USUAL).await {
            Ok(listener) => Ok(listener),
            Err(_) => TcpListener::bind(any).await,
        },
    };
    bound.map_err(|fault| format!("cannot listen: {fault}"))
}

impl Running {
    async fn start(mut settings: NodeSettings, listener: TcpListener) -> Result<Self, String> {
        let address = listener.local_addr().map_err(|fault| fault.to_string())?;
        settings.http.listen = address;
        // Stand-ins are told with each payment where they may send what happens to it.
        settings.http.public_url = url::Url::parse(&format!("http://{address}")).ok();
        let node = Node::start(settings, Role::Serve).await?;
        let (intake, admin) = (node.intake().clone(), node.admin_token());
        let setup = node.setup_link(address).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(node.serve(listener, async {
            // An error says that nobody can stop it any more, which stops it too.
            let _ = stopped.await;
        }));
        let admin = admin.expose_secret().to_owned();
        Ok(Self { intake, url: format!("http://{address}"), admin, setup, stop, served })
    }

    async fn end(self) -> Result<(), String> {
        // A node that has ended already has its reason in `served`.
        let _ = self.stop.send(());
        self.served.await.map_err(|panic| panic.to_string())?
    }
}

fn welcome(running: &Running, town: &Town) {
    let Running { url, setup, .. } = running;
    let token = town.shops.first().map(|shop| shop.bearer.token.as_str()).unwrap_or_default();
    eprintln!("The console: {url}/console");
    if let Some(setup) = setup {
        eprintln!("The first time, become its operator: {setup}");
    }
    eprintln!("The API, described: {url}/docs");
    eprintln!("Try: curl -H 'Authorization: Bearer {token}' '{url}/v1/orders?limit=3'");
    eprintln!("Ctrl-C closes the shops and proves.");
}

fn say(report: &Report, json: bool) -> Result<(), String> {
    if json {
        let text = serde_json::to_string(report).map_err(|broken| broken.to_string())?;
        println!("{text}");
    } else {
        print!("{}", report.table());
    }
    Ok(())
}
