//! Suppliers: each shop has one whose feed is imported by schedule while orders come in. One
//! writes XML, one CSV, one answers page by page. In the end every product must have what its
//! feed said last.

use super::{
    shops::{Ground, Shop, text},
    town::Town,
};
use kontor_feeds::{generate::Plan, mapping::presets::Preset};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::Read,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// Products of a feed.
const ROWS: u64 = 600;
/// Products of a thousand that change from one edition of a feed to the next.
const CHANGED_PERMILLE: u32 = 200;
/// How often a supplier writes a new edition.
const EDITION: Duration = Duration::from_secs(15);
/// Rows of a page.
const PAGE: u32 = 250;
/// How long an import may take to end.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
const SOURCE: &str = "wholesale";
/// The supplier's warehouse.
const WAREHOUSE: &str = "wholesale";

/// A shop's supplier.
#[derive(Debug)]
pub(super) struct Supplier {
    dialect: Preset,
    /// The feed's name at the stand-in.
    file: String,
    token: String,
    seed: u64,
    edition: AtomicU32,
}

/// An import as the API shows it.
#[derive(Deserialize)]
struct Import {
    id: String,
    status: String,
    trigger: Trigger,
    #[serde(default)]
    problem: Option<String>,
}

#[derive(Deserialize)]
struct Trigger {
    by: String,
}

/// A product's stock at its warehouses.
#[derive(Deserialize)]
struct Stock {
    id: String,
    levels: Vec<Level>,
}

#[derive(Deserialize)]
struct Level {
    warehouse: String,
    on_hand: i64,
}

/// How a shop's imports went.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Imports {
    /// Those that ended well.
    pub(super) completed: u64,
    /// Of these, those that began by themselves.
    pub(super) scheduled: u64,
    /// Products that have what the feed said last.
    pub(super) products: u64,
}

impl Supplier {
    /// The supplier of the shop with this number, and its first edition.
    pub(super) fn new(ground: &Ground<'_>, at: usize, tenant: &str) -> Self {
        let dialects = [Preset::Heureka, Preset::ShoptetCsv, Preset::RestJson];
        let dialect = dialects[at % dialects.len()];
        let supplier = Self {
            dialect,
            file: tenant.to_owned(),
            token: uuid::Uuid::new_v4().to_string(),
            seed: at as u64 + 1,
            edition: AtomicU32::new(0),
        };
        supplier.write(ground.sandbox);
        ground.sandbox.providers().suppliers.guard(&supplier.file, &supplier.token);
        supplier
    }

    fn plan(&self) -> Plan {
        Plan {
            seed: self.seed,
            edition: self.edition.load(Ordering::Relaxed),
            changed_permille: CHANGED_PERMILLE,
            ..Plan::new(self.dialect, ROWS)
        }
    }

    /// Puts the edition to where it is fetched.
    fn write(&self, sandbox: &kontor_sandbox::Sandbox) {
        let mut feed = Vec::new();
        // A generated feed reads from memory.
        let _ = self.plan().feed().read_to_end(&mut feed);
        let suppliers = &sandbox.providers().suppliers;
        match self.dialect {
            Preset::RestJson => {
                let mut told: Value = serde_json::from_slice(&feed).unwrap_or_default();
                let rows = told["data"].as_array_mut().map(std::mem::take).unwrap_or_default();
                suppliers.put_rows(&self.file, rows);
            }
            Preset::ShoptetCsv => drop(suppliers.put_file(&self.file, "text/csv", feed)),
            _ => drop(suppliers.put_file(&self.file, "application/xml", feed)),
        }
    }

    fn source(&self, url: String) -> Value {
        let paging = (self.dialect == Preset::RestJson)
            .then(|| json!({ "style": "offset", "size": PAGE, "rows": "/data" }));
        json!({
            "supplier": "wholesale", "name": "Everything", "currency": "CZK", "language": "cs",
            "warehouse": WAREHOUSE, "new_products": "active",
            "reach": {
                "by": "http", "url": url, "paging": paging,
                "access": { "with": "bearer", "token": self.token },
            },
            "format": { "preset": self.dialect }, "mapping": { "preset": self.dialect },
            // Made-up prices jump.
            "gates": { "price_item_permille_max": 1_000_000, "price_median_permille_max": 1_000_000 },
            "timetable": { "cron": "* * * * *", "zone": "Europe/Prague" },
        })
    }
}

/// The shop's source, imported once before the shop opens.
pub(super) async fn connect(ground: &Ground<'_>, shop: &Shop) -> Result<(), String> {
    let Ground { client, sandbox, .. } = ground;
    let put = |path, body| client_put(ground, shop, path, body);
    put("/v1/suppliers/wholesale", json!({ "name": "The wholesaler" })).await?;
    let warehouse = json!({ "name": "At the wholesaler", "kind": "supplier" });
    put("/v1/warehouses/wholesale", warehouse).await?;
    let url = sandbox.providers().suppliers.url(&shop.supplier.file);
    put("/v1/sources/wholesale", shop.supplier.source(url)).await?;
    let body = json!({ "source": SOURCE });
    client.expect(&shop.bearer, Method::POST, "/v1/imports", &body).await.map(drop)
}

async fn client_put(
    ground: &Ground<'_>,
    shop: &Shop,
    path: &'static str,
    body: Value,
) -> Result<Value, String> {
    ground.client.expect(&shop.bearer, Method::PUT, path, &body).await
}

/// New editions of all feeds, until the shops close.
pub(super) async fn write(town: std::sync::Arc<Town>) {
    loop {
        town.until_closed(EDITION).await;
        if town.closed() {
            return;
        }
        for shop in &town.shops {
            shop.supplier.edition.fetch_add(1, Ordering::Relaxed);
            shop.supplier.write(&town.sandbox);
        }
    }
}

/// Imports every feed once more, after the shops have closed, and ends the schedules: from then on
/// nothing changes by itself.
pub(super) async fn last(town: &Town) -> Result<(), String> {
    for shop in &town.shops {
        let url = town.sandbox.providers().suppliers.url(&shop.supplier.file);
        let mut source = shop.supplier.source(url);
        source["timetable"]["enabled"] = false.into();
        let path = "/v1/sources/wholesale";
        town.client.expect(&shop.bearer, Method::PUT, path, &source).await?;
        let begun = Instant::now();
        let import = loop {
            let body = json!({ "source": SOURCE });
            let path = "/v1/imports";
            let answer = town.client.send(&shop.bearer, Method::POST, path, None, &body).await?;
            match answer.status {
                200..=299 => break text(&answer.body, "id")?,
                // One is under way.
                409 if begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                status => return Err(format!("POST {path}: {status} {}", answer.body)),
            }
        };
        loop {
            let path = format!("/v1/imports/{import}");
            let import: Import = town.client.get(&shop.bearer, &path).await?;
            match &*import.status {
                "queued" | "running" if begun.elapsed() < PATIENCE => {}
                _ => break,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Whether the shop knows of every product what its supplier's feed said last; findings in words.
pub(super) async fn prove(town: &Town, shop: &Shop) -> Result<(Imports, Vec<String>), String> {
    let imports: Vec<Import> = town.client.all(&shop.bearer, "/v1/imports?").await?;
    let mut found = Vec::new();
    let mut report = Imports::default();
    for import in &imports {
        if import.status == "completed" {
            report.completed += 1;
            report.scheduled += u64::from(import.trigger.by == "schedule");
        } else {
            let why = import.problem.as_deref().unwrap_or_default();
            found.push(format!("{}: import {} is {} {why}", shop.tenant, import.id, import.status));
        }
    }
    let stock: Vec<Stock> = town.client.all(&shop.bearer, "/v1/stock?").await?;
    let there: HashMap<&str, i64> = stock
        .iter()
        .filter_map(|stock| {
            let level = stock.levels.iter().find(|level| level.warehouse == WAREHOUSE)?;
            Some((stock.id.as_str(), level.on_hand))
        })
        .collect();
    let plan = shop.supplier.plan();
    for row in 0..ROWS {
        let product = plan.product(row);
        let said = product.stock.countable(0).unwrap_or(0);
        match there.get(product.code.as_str()) {
            Some(units) if *units == said => report.products += 1,
            units => found.push(format!(
                "{}: the feed says {said} of {}, the shelf {units:?}",
                shop.tenant, product.code
            )),
        }
    }
    Ok((report, found))
}
