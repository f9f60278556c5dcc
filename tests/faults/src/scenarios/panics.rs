//! Every domain is ended by a panic where it stands, under load, one after another and all at once;
//! one that panics too often is put out of service, and an operator lets it serve again.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome, checker::Verdict, client::Client, load::Load, site::Kind, site::TENANT, until,
};
use serde_json::{Value, json};
use std::time::Duration;

const CUSTOMERS: usize = 8;
/// More than a domain may have in a minute.
const TOO_OFTEN: u32 = 8;

/// Panics in every domain that runs, and one domain that panics until it is out of service.
pub async fn panics(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut site = ground.site("panics", Kind::Sqlite, false).await?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    for _ in 0..ground.extent.rounds {
        load.more(20).await?;
        for domain in running(&site.operator).await? {
            if panic(&site.operator, &domain).await {
                inject(&mut injected, "a panic in a domain under load");
            }
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..120))).await;
        }
        load.more(10).await?;
        for domain in running(&site.operator).await? {
            if panic(&site.operator, &domain).await {
                inject(&mut injected, "a panic in every domain at once");
            }
        }
        load.more(10).await?;
        wear_out(&site.operator, &mut injected).await?;
        load.more(10).await?;
        // What counts against a domain is forgotten after a minute.
        if ground.extent.long {
            tokio::time::sleep(Duration::from_secs(61)).await;
        }
    }
    // Ended on request, no command is to blame: a dead letter would be one that the checker finds.
    Ok((injected, conclude(&mut site, load).await?))
}

/// The tenant's domains that are up now.
async fn running(operator: &Client) -> Outcome<Vec<String>> {
    let page = operator.get(&format!("/v1/actors?tenant={TENANT}")).await;
    let page = page.ok_or("the list of actors")?;
    let items = page["items"].as_array().into_iter().flatten();
    Ok(items.filter_map(|item| item["domain"].as_str().map(str::to_owned)).collect())
}

async fn panic(operator: &Client, domain: &str) -> bool {
    let path = format!("/v1/actors/{TENANT}/{domain}/restart");
    let answer = operator.once("POST", &path, Some(&json!({})), None).await;
    // One that sleeps, or is being started, is not there.
    matches!(answer, Some((204, _)))
}

/// Ends the domain of orders until it is out of service, and lets it serve again.
async fn wear_out(operator: &Client, injected: &mut Injected) -> Outcome<()> {
    let held = until("a domain out of service", Duration::from_secs(60), || async {
        for _ in 0..TOO_OFTEN {
            panic(operator, "order").await;
        }
        let page = operator.get("/v1/quarantine").await?;
        let held = page["items"].as_array()?.iter().find(|held| held["domain"] == "order")?;
        Some(held.clone())
    });
    let held: Value = held.await?;
    inject(injected, "a domain put out of service by its panics");
    let (tenant, domain) = (held["tenant"].as_str(), held["domain"].as_str());
    let (Some(tenant), Some(domain)) = (tenant, domain) else { return Err("no name".into()) };
    let path = format!("/v1/quarantine/{tenant}/{domain}/release");
    until("its release", Duration::from_secs(30), || async {
        let answer = operator.once("POST", &path, Some(&json!({})), None).await;
        matches!(answer, Some((204 | 404, _))).then_some(())
    })
    .await
}
