//! What is broken, one file a victim. Every scenario runs customers against a node, breaks
//! something while they are at it, lets everything come to rest, and has the checker decide.

mod broker;
mod clock;
mod database;
mod disk;
mod failover;
mod gateways;
mod imports;
mod kills;
mod loss;
mod memory;
mod panics;

use crate::{
    Outcome,
    checker::{Evidence, Verdict, judge},
    load::{Load, Purchase},
    process::say,
    site::{Kind, Programs, SHELF, Servers, Site, TENANT, now_ms},
};
use std::{collections::BTreeMap, path::PathBuf, time::Instant};

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// How often the node is killed.
    pub kills: u32,
    /// How often each other fault is injected.
    pub rounds: u32,
    /// Whether faults last as long as they would in a bad night.
    pub long: bool,
}

/// Where scenarios run.
pub struct Ground {
    /// The programs.
    pub programs: Programs,
    /// Where everything is kept.
    pub folder: PathBuf,
    /// The servers.
    pub servers: Servers,
    /// How much is done.
    pub extent: Extent,
}

/// What was done, and what came of it.
pub struct Report {
    /// The scenario.
    pub name: &'static str,
    /// What was injected, and how often.
    pub injected: BTreeMap<&'static str, u64>,
    /// What the checker says.
    pub verdict: Verdict,
    /// How long it took.
    pub seconds: u64,
}

/// All scenarios, in the order in which they run.
pub const ALL: [&str; 16] = [
    "kill9-sqlite",
    "kill9-postgres",
    "sigterm",
    "database-line",
    "database-server",
    "broker",
    "gateways",
    "disk-full",
    "sqlite-read-only",
    "database-disk",
    "packet-loss",
    "clock",
    "memory",
    "import-kills",
    "failover",
    "panics",
];

/// Runs a scenario by its name.
pub async fn run(name: &str, ground: &mut Ground) -> Outcome<Report> {
    let name = ALL.into_iter().find(|known| *known == name).ok_or("no such scenario")?;
    let since = Instant::now();
    say(format!("{name}: begins"));
    let (injected, verdict) = match name {
        "kill9-sqlite" => kills::kill(ground, Kind::Sqlite).await,
        "kill9-postgres" => kills::kill(ground, Kind::Postgres).await,
        "sigterm" => kills::terminate(ground).await,
        "database-line" => database::line(ground).await,
        "database-server" => database::server(ground).await,
        "broker" => broker::broker(ground).await,
        "gateways" => gateways::gateways(ground).await,
        "sqlite-read-only" => disk::read_only(ground).await,
        "database-disk" => disk::database(ground).await,
        "packet-loss" => loss::loss(ground).await,
        "clock" => clock::clock(ground).await,
        "memory" => memory::memory(ground).await,
        "import-kills" => imports::imports(ground).await,
        "failover" => failover::failover(ground).await,
        "panics" => panics::panics(ground).await,
        _ => disk::disk(ground).await,
    }?;
    Ok(Report { name, injected, verdict, seconds: since.elapsed().as_secs() })
}

type Injected = BTreeMap<&'static str, u64>;

fn inject(injected: &mut Injected, what: &'static str) {
    *injected.entry(what).or_insert(0) += 1;
}

impl Ground {
    /// A site of a scenario's own, with a shop that is open.
    async fn site(&self, name: &str, kind: Kind, broker: bool) -> Outcome<Site> {
        let folder = self.folder.join(name);
        let mut site = Site::create(&self.programs, &folder, kind, &self.servers, broker).await?;
        site.start().await?;
        site.open_shop().await?;
        Ok(site)
    }
}

/// Lets customers finish, everything come to rest and the node end, and judges.
async fn conclude(site: &mut Site, load: Load) -> Outcome<Verdict> {
    let purchases = load.stop().await?;
    conclude_with(site, &purchases).await
}

async fn conclude_with(site: &mut Site, purchases: &[Purchase]) -> Outcome<Verdict> {
    let rest = site.rest().await;
    let books = site.books().await?;
    let mut verdict = Verdict::default();
    if let Err(fault) = rest {
        verdict.findings.push(fault.to_string());
    }
    if let Err(fault) = site.terminate().await {
        verdict.findings.push(fault.to_string());
    }
    let truth = site.database.read(TENANT).await?;
    let messages = site.consumer.as_ref().map(|consumer| consumer.messages());
    let judged = judge(&Evidence {
        purchases,
        truth: &truth,
        messages: messages.as_deref(),
        books: &books,
        shelf: &SHELF,
        now_ms: now_ms(),
    });
    verdict.counts = judged.counts;
    verdict.findings.extend(judged.findings);
    let tries: usize =
        site.client.records.lock().map_or(0, |records| {
            records.iter().map(|asked| asked.tries.len().saturating_sub(1)).sum()
        });
    verdict.counts.insert("requests asked again", i64::try_from(tries).unwrap_or(i64::MAX));
    if let Err(fault) = site.verify() {
        verdict.findings.push(fault.to_string());
    }
    Ok(verdict)
}
