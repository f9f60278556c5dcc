//! The node is killed in the middle of a supplier's import, again and again. What is there in the end
//! is what an import that nobody disturbed leaves.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    load::Load,
    process::say,
    site::{Kind, Site, TENANT},
    until,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, time::Duration};

const CUSTOMERS: usize = 2;
/// How long an import may take, kills and all.
const PATIENCE: Duration = Duration::from_secs(240);
/// Words of entities that differ from one import to the next: when, and by which event.
const OWN: [&str; 6] = ["at", "since", "import", "run", "writer", "revision"];

/// Two sites with the same feeds; in the second the node is killed while it reads them.
pub async fn imports(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let rows = if ground.extent.long { 20_000 } else { 600 };
    let feeds = [feed(rows, 0), feed(rows, 1)];
    let mut calm = ground.site("import-calm", Kind::Sqlite, false).await?;
    supply(&calm).await?;
    let mut expected = Vec::new();
    for feed in &feeds {
        let import = begin(&calm, feed).await?;
        finished(&calm, &import).await?;
        expected.push(left(&calm).await?);
    }
    calm.terminate().await?;

    let mut site = ground.site("import-kills", Kind::Sqlite, false).await?;
    supply(&site).await?;
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let mut findings = Vec::new();
    for (place, feed) in feeds.iter().enumerate() {
        let import = begin(&site, feed).await?;
        let mut kills = 0;
        while kills < ground.extent.kills / 2 {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(10..400))).await;
            if is_over(&site, &import).await {
                break;
            }
            site.kill()?;
            inject(&mut injected, "kill -9 in the middle of an import");
            kills += 1;
            site.start().await?;
        }
        let shown = finished(&site, &import).await?;
        if shown["status"] != "completed" {
            findings.push(format!("the import ended otherwise: {shown}"));
        }
        findings.extend(differences(&expected[place], &left(&site).await?));
    }
    let mut verdict = conclude(&mut site, load).await?;
    verdict.counts.insert("rows of each feed", i64::from(rows));
    verdict.findings.extend(findings);
    Ok((injected, verdict))
}

/// Rows of a supplier's list; the second edition has other prices and stock for some.
fn feed(rows: u32, edition: u32) -> String {
    let mut text = "code;name;ean;price;stock;category\n".to_owned();
    for row in 0..rows {
        let changed = if row.is_multiple_of(3) { edition } else { 0 };
        let (price, stock, shelf) = (100 + row % 900 + changed, row % 50 + changed, row % 20);
        let ean = 8_590_000_000_000_u64 + u64::from(row);
        // Writing into a string cannot fail.
        let _ = writeln!(text, "A{row};Item {row};{ean};{price};{stock};Tools > Shelf {shelf}");
    }
    text
}

async fn supply(site: &Site) -> Outcome<()> {
    let supplier = json!({ "name": "Acme" });
    site.client.put("/v1/suppliers/acme", supplier).await?;
    let warehouse = json!({ "name": "Acme", "kind": "supplier" });
    site.client.put("/v1/warehouses/acme", warehouse).await?;
    let fields: Vec<Value> = [
        ("code", "code"),
        ("name", "name"),
        ("ean", "ean"),
        ("purchase_price", "price"),
        ("stock", "stock"),
        ("categories", "category"),
    ]
    .map(|(to, from)| json!({ "to": to, "from": [from] }))
    .to_vec();
    let source = json!({
        "supplier": "acme", "name": "Acme, all", "currency": "CZK", "language": "cs",
        "warehouse": "acme", "new_products": "active", "sku_prefix": "AC-",
        "format": { "format": { "kind": "csv" } }, "mapping": { "fields": fields },
        "gates": { "price_item_permille_max": 100_000, "price_median_permille_max": 100_000 },
    });
    site.client.put("/v1/sources/full", source).await.map(drop)
}

async fn begin(site: &Site, feed: &str) -> Outcome<String> {
    site.client.upload("/v1/sources/full/file", feed).await?;
    let key = uuid::Uuid::new_v4().to_string();
    let made = site.client.done("/v1/imports", json!({ "source": "full" }), &key).await?;
    Ok(made["id"].as_str().ok_or("an import without an id")?.to_owned())
}

async fn is_over(site: &Site, import: &str) -> bool {
    let shown = site.client.get(&format!("/v1/imports/{import}")).await;
    shown.is_some_and(|shown| shown["ended_at"].is_string())
}

async fn finished(site: &Site, import: &str) -> Outcome<Value> {
    let path = format!("/v1/imports/{import}");
    until("the end of an import", PATIENCE, || async {
        let shown = site.client.get(&path).await?;
        shown["ended_at"].is_string().then_some(shown)
    })
    .await
}

/// What an import leaves: offers, products with what they cost, and what lies at the supplier; each
/// without what is its own.
async fn left(site: &Site) -> Outcome<BTreeMap<String, String>> {
    let truth = site.database.read(TENANT).await?;
    let mut left = BTreeMap::new();
    for ((domain, id), entity) in truth.entities {
        let name = match domain.as_str() {
            "catalog" => entity.state["sku"].as_str().map(|sku| format!("product {sku}")),
            "stock" => id.contains("AC-").then(|| format!("stock {id}")),
            "supplier" => ["offers/", "shelf/", "categories/"]
                .iter()
                .any(|start| id.starts_with(start))
                .then(|| format!("of the source {id}")),
            _ => None,
        };
        let Some(name) = name else { continue };
        let mut state = entity.state;
        bare(&mut state);
        left.insert(name, state.to_string());
    }
    say(format!("  an import leaves {} entities", left.len()));
    Ok(left)
}

/// Takes away what differs from one run to the next: ids, instants, and who wrote it last.
fn bare(state: &mut Value) {
    match state {
        Value::Object(members) => {
            members.retain(|name, _| !OWN.contains(&name.as_str()) && !name.ends_with("_at"));
            members.values_mut().for_each(bare);
        }
        Value::Array(items) => items.iter_mut().for_each(bare),
        Value::String(text) if uuid::Uuid::parse_str(text).is_ok() => *state = Value::Null,
        _ => {}
    }
}

fn differences(
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Vec<String> {
    let names = expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name)));
    let differ = names.filter(|name| expected.get(*name) != found.get(*name));
    let told = differ.map(|name| {
        let (one, other) = (expected.get(name), found.get(name));
        format!("{name} is {other:?}, and {one:?} where nobody was disturbed")
    });
    told.take(10).collect()
}
