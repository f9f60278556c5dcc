//! PostgreSQL fails over in the middle of a commit: the answer to the commit is lost, the server is
//! gone, its standby is promoted, and the node's line leads there. A commit is answered only once
//! the standby has it, as who wants to fail over without loss has to set it.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    cluster::Cluster,
    load::Load,
    proxy::Weather,
    site::{Kind, Site},
    truth::Database,
    until,
};
use std::time::Duration;

const CUSTOMERS: usize = 6;
/// How long a commit is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a transaction that brings an order holds.
const COMMIT_OF_AN_ORDER: &[u8] = b"order.created";

/// One fail-over a round, each on a pair of servers of its own.
pub async fn failover(ground: &mut Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let scratch = tempfile::tempdir()?;
    let mut primary = Cluster::create(scratch.path()).await?;
    let shared = ground.servers.cluster.take();
    // The site is on these servers, and on nobody else's.
    let standby = primary.standby(&scratch.path().join("standby-0")).await;
    ground.servers.cluster = Some(primary);
    let made = ground.site("failover", Kind::Postgres, false).await;
    primary = ground.servers.cluster.take().ok_or("no PostgreSQL")?;
    ground.servers.cluster = shared;
    let (mut site, mut standby) = (made?, standby?);
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    for round in 0..ground.extent.rounds {
        load.more(10).await?;
        lose_a_commit(&site, &mut injected).await?;
        primary.stop("immediate")?;
        inject(&mut injected, "PostgreSQL gone for good");
        standby.promote().await?;
        inject(&mut injected, "its standby promoted");
        turn_to(&mut site, &standby)?;
        load.more(10).await?;
        if round + 1 < ground.extent.rounds {
            let next = scratch.path().join(format!("standby-{}", round + 1));
            let next = standby.standby(&next).await?;
            primary = std::mem::replace(&mut standby, next);
        }
    }
    Ok((injected, conclude(&mut site, load).await?))
}

/// Has a commit reach the server, and its answer not come back; nothing comes through afterwards.
async fn lose_a_commit(site: &Site, injected: &mut Injected) -> Outcome<()> {
    let line = site.database_line.as_ref().ok_or("no line")?;
    let before = line.swallowed();
    line.set(Weather::SwallowAnswerTo(COMMIT_OF_AN_ORDER));
    // Somebody orders within a second; if nobody does, nothing was lost and nothing is counted.
    let lost = until("a commit without an answer", PATIENCE, || async {
        (before < line.swallowed()).then_some(())
    })
    .await;
    line.set(Weather::Cut);
    if lost.is_ok() {
        inject(injected, "the answer to a commit lost");
    }
    Ok(())
}

/// Leads the node's line, and the checker, to another server.
fn turn_to(site: &mut Site, cluster: &Cluster) -> Outcome<()> {
    let Database::Postgres(url) = &site.database else { return Err("no PostgreSQL".into()) };
    let name = url.rsplit('/').next().unwrap_or_default().to_owned();
    site.database = Database::Postgres(cluster.url(&name));
    let line = site.database_line.as_ref().ok_or("no line")?;
    line.lead_to(format!("127.0.0.1:{}", cluster.port));
    line.set(Weather::Fair);
    Ok(())
}
