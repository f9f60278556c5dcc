//! The node is gone from one instruction to the next, or is asked to go while everybody is busy.

use super::{Ground, Injected, conclude, inject};
use crate::{Outcome, checker::Verdict, load::Load, site::Kind};
use serde_json::json;
use std::time::Duration;

/// Customers at once.
const CUSTOMERS: usize = 8;

/// Kills the node again and again. Some kills come while it still starts.
pub async fn kill(ground: &Ground, kind: Kind) -> Outcome<(Injected, Verdict)> {
    let (name, broker) = match kind {
        Kind::Sqlite => ("kill9-sqlite", false),
        Kind::Postgres => ("kill9-postgres", true),
    };
    let mut site = ground.site(name, kind, broker).await?;
    // What comes twice anyway comes twice here.
    site.switch(json!({ "duplicate_webhooks": true, "latency_ms": 20 })).await?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    load.more(5).await?;
    for _ in 0..ground.extent.kills {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..900))).await;
        site.kill()?;
        inject(&mut injected, "kill -9 under load");
        if fastrand::u8(..4) == 0 {
            site.launch()?;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(5..300))).await;
            site.kill()?;
            inject(&mut injected, "kill -9 while starting");
        }
        site.start().await?;
    }
    load.more(10).await?;
    Ok((injected, conclude(&mut site, load).await?))
}

/// Asks the node to end under full load: it answers what it has begun, and ends in seconds.
pub async fn terminate(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut site = ground.site("sigterm", Kind::Sqlite, true).await?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(2 * CUSTOMERS));
    for _ in 0..4 * ground.extent.rounds {
        load.more(20).await?;
        site.terminate().await?;
        inject(&mut injected, "SIGTERM under load");
        site.start().await?;
    }
    load.more(10).await?;
    Ok((injected, conclude(&mut site, load).await?))
}
