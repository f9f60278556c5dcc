//! PostgreSQL goes away, or the line to it does.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Fault, Outcome,
    checker::Verdict,
    load::Load,
    proxy::Weather,
    site::{Kind, Site},
};
use sqlx::{Connection, PgConnection};
use std::time::Duration;

const CUSTOMERS: usize = 6;
/// What a transaction that brings an order holds; the piece that reaches the server is answered
/// into the void.
const COMMIT_OF_AN_ORDER: &[u8] = b"order.created";

/// The line is slow, cut, half open, and loses answers to commits.
pub async fn line(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut site = ground.site("database-line", Kind::Postgres, false).await?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let outage = Duration::from_secs(if ground.extent.long { 20 } else { 2 });
    for _ in 0..ground.extent.rounds {
        let line = site.database_line.as_ref().ok_or("no line")?;
        load.more(8).await?;
        line.set(Weather::Slow(20));
        inject(&mut injected, "20 ms more for each piece to and from PostgreSQL");
        tokio::time::sleep(outage).await;
        line.set(Weather::Cut);
        inject(&mut injected, "connections to PostgreSQL cut");
        tokio::time::sleep(outage / 2).await;
        line.set(Weather::Fair);
        load.more(8).await?;
        line.set(Weather::HalfOpen);
        inject(&mut injected, "connections to PostgreSQL half open");
        tokio::time::sleep(outage).await;
        line.set(Weather::Cut);
        line.set(Weather::Fair);
        load.more(8).await?;
        for _ in 0..4 {
            let before = line.swallowed();
            line.set(Weather::SwallowAnswerTo(COMMIT_OF_AN_ORDER));
            load.more(6).await?;
            if line.swallowed() > before {
                inject(&mut injected, "the answer to a commit lost");
            }
            line.set(Weather::Fair);
        }
    }
    Ok((injected, conclude(&mut site, load).await?))
}

/// The server stops, crashes, reads only, and has no connection left.
pub async fn server(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut site = ground.site("database-server", Kind::Postgres, false).await?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let outage = Duration::from_secs(if ground.extent.long { 60 } else { 2 });
    let cluster = ground.servers.cluster.as_ref().ok_or("no PostgreSQL")?;
    for _ in 0..ground.extent.rounds {
        load.more(10).await?;
        for mode in ["fast", "immediate"] {
            cluster.stop(mode)?;
            inject(
                &mut injected,
                match mode {
                    "fast" => "PostgreSQL stopped and started",
                    _ => "PostgreSQL crashed and started",
                },
            );
            tokio::time::sleep(outage).await;
            cluster.start().await?;
            load.more(10).await?;
        }
        read_only(&site, cluster, true).await?;
        inject(&mut injected, "PostgreSQL reads only");
        tokio::time::sleep(outage).await;
        read_only(&site, cluster, false).await?;
        load.more(10).await?;
        take_all_connections(&site, cluster, outage).await?;
        inject(&mut injected, "PostgreSQL has no connection left");
        load.more(10).await?;
    }
    Ok((injected, conclude(&mut site, load).await?))
}

async fn read_only(site: &Site, cluster: &crate::cluster::Cluster, yes: bool) -> Outcome<()> {
    let state = if yes { "on" } else { "off" };
    cluster.execute(format!("ALTER SYSTEM SET default_transaction_read_only = {state}")).await?;
    cluster.execute("SELECT pg_reload_conf()".to_owned()).await?;
    // Connections that stand take it up with their next transaction.
    let _ = site;
    Ok(())
}

async fn take_all_connections(
    site: &Site,
    cluster: &crate::cluster::Cluster,
    outage: Duration,
) -> Outcome<()> {
    // A role that is no superuser, so that what is kept for these stays free.
    let _ = cluster.execute("CREATE ROLE crowd LOGIN".to_owned()).await;
    let url = cluster.url("postgres").replace("postgres@", "crowd@");
    let mut crowd = Vec::new();
    while crowd.len() < 200
        && let Ok(connection) = PgConnection::connect(&url).await
    {
        crowd.push(connection);
    }
    // Those that the node has are ended, so that it finds none.
    let line = site.database_line.as_ref().ok_or_else(|| Fault::from("no line"))?;
    line.set(Weather::Cut);
    line.set(Weather::Fair);
    tokio::time::sleep(outage).await;
    for connection in crowd {
        let _ = connection.close().await;
    }
    Ok(())
}
