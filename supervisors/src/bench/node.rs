//! A node in a process of its own, as a shop would run it, on data that is thrown away.

use super::{
    caller::{Caller, Door},
    process::Watched,
};
use crate::node::RunFile;
use serde_json::{Value, json};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a node may take to be ready, and to end.
const READY_MAX: Duration = Duration::from_secs(120);
const END_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What it says, in its folder.
const LOG: &str = "node.log";
/// Callers that fill shelves.
const FILLERS: usize = 64;
/// Things on a page.
const PAGE: usize = 200;

/// Settings of a node beyond its defaults, as the environment names them.
pub(super) type Environment = Vec<(&'static str, String)>;

/// A node that serves; killed when it is dropped.
pub(super) struct Node {
    process: Child,
    folder: tempfile::TempDir,
    environment: Environment,
    operator: Door,
}

impl Node {
    /// Starts one, on PostgreSQL if an address is given, and waits until it serves. Nobody who
    /// measures is held to a pace.
    pub(super) async fn start(
        database_url: Option<String>,
        environment: Environment,
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|fault| fault.to_string())?;
        Self::start_in(folder, database_url, environment).await
    }

    /// The same in a folder, whose `data` may hold an embedded database already.
    pub(super) async fn start_in(
        folder: tempfile::TempDir,
        database_url: Option<String>,
        mut environment: Environment,
    ) -> Result<Self, String> {
        environment.extend(database_url.map(|url| ("KONTOR_DATABASE_URL", url)));
        let process = spawn(&folder, &environment)?;
        let (address, token, tenant) = (String::new(), String::new(), None);
        let operator = Door { address, token, tenant };
        let mut node = Self { process, folder, environment, operator };
        node.ready().await?;
        Ok(node)
    }

    /// Ends it as an operator would, starts it again with more settings, and says how long it took
    /// until it served.
    pub(super) async fn restart(&mut self, more: Environment) -> Result<Duration, String> {
        self.end().await?;
        self.environment.extend(more);
        let begun = Instant::now();
        self.process = spawn(&self.folder, &self.environment)?;
        self.ready().await?;
        Ok(begun.elapsed())
    }

    /// Who may do everything.
    pub(super) fn operator(&self) -> &Door {
        &self.operator
    }

    /// Its process.
    pub(super) fn watched(&self) -> Watched {
        Watched::node(self.process.id())
    }

    /// Its memory now, in megabytes.
    pub(super) fn memory_mb(&self) -> u64 {
        super::process::memory_mb(self.process.id(), "VmRSS")
    }

    /// Its memory at most, in megabytes.
    pub(super) fn memory_max_mb(&self) -> u64 {
        super::process::memory_mb(self.process.id(), "VmHWM")
    }

    /// The folder of its data.
    pub(super) fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Tells it to end, and waits until it has.
    pub(super) async fn end(&mut self) -> Result<(), String> {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        told.map_err(|fault| format!("kill: {fault}"))?;
        let until = Instant::now() + END_MAX;
        while Instant::now() < until {
            if self.process.try_wait().map_err(|fault| fault.to_string())?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("the node did not end within a minute".to_owned())
    }

    async fn ready(&mut self) -> Result<(), String> {
        let until = Instant::now() + READY_MAX;
        while Instant::now() < until {
            if let Some(status) = self.process.try_wait().map_err(|fault| fault.to_string())? {
                let log = std::fs::read_to_string(self.folder.path().join(LOG));
                let last = log.unwrap_or_default().lines().last().unwrap_or_default().to_owned();
                return Err(format!("the node ended at once, {status}: {last}"));
            }
            if let Some(found) = RunFile::of_running(&self.data_dir()).await
                && found.pid == self.process.id()
            {
                let address = found.url.trim_start_matches("http://").to_owned();
                self.operator = Door { address, token: found.token, tenant: None };
                let mut caller = Caller::connect(&self.operator).await?;
                if caller.ask("GET", "/ready", "").await?.status == 200 {
                    return Ok(());
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("the node was not ready in time".to_owned())
    }

    /// A shop with a key of its own; limits that nobody reaches.
    pub(super) async fn shop(&self, tenant: &str) -> Result<Door, String> {
        let limits = json!({ "requests_per_second": 100_000, "requests_in_flight": 10_000 });
        self.shop_with(tenant, &limits).await
    }

    /// A shop with a key of its own.
    pub(super) async fn shop_with(&self, tenant: &str, limits: &Value) -> Result<Door, String> {
        let settings = json!({ "name": "Bench", "country": "CZ", "currency": "CZK",
            "time_zone": "Europe/Prague", "limits": limits });
        let body = json!({ "tenant": tenant, "settings": settings }).to_string();
        Caller::connect(&self.operator).await?.must("POST", "/v1/tenants", &body).await?;
        let within = Door { tenant: Some(tenant.to_owned()), ..self.operator.clone() };
        let key = json!({ "name": "bench", "scopes": ["*"] }).to_string();
        let key = Caller::connect(&within).await?.must("POST", "/v1/keys", &key).await?;
        let token = key["token"].as_str().ok_or("no key was given")?.to_owned();
        let shop = Door { token, tenant: None, ..within };
        let warehouse = json!({ "name": "Main" }).to_string();
        Caller::connect(&shop).await?.must("PUT", "/v1/warehouses/main", &warehouse).await?;
        Ok(shop)
    }

    /// Runs a command on the node's database, beside it or after it, and waits for its end; what it
    /// printed, and its memory at most.
    pub(super) async fn command(&self, arguments: &[&str]) -> Result<(Value, u64), String> {
        let mut command = program(&self.folder, &self.environment)?;
        let mut process = command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|fault| fault.to_string())?;
        let mut memory_max_mb = 0;
        loop {
            memory_max_mb = memory_max_mb.max(super::process::memory_mb(process.id(), "VmHWM"));
            if process.try_wait().map_err(|fault| fault.to_string())?.is_some() {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let output = process.wait_with_output().map_err(|fault| fault.to_string())?;
        let printed = serde_json::from_slice(&output.stdout);
        let printed = printed.map_err(|broken| format!("{arguments:?} printed {broken}"))?;
        Ok((printed, memory_max_mb))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &tempfile::TempDir, environment: &Environment) -> Result<Child, String> {
    // Its log is written as it would be elsewhere, and read only if it fails.
    let log = std::fs::File::options().create(true).append(true).open(folder.path().join(LOG));
    let log = log.map_err(|fault| fault.to_string())?;
    let mut command = program(folder, environment)?;
    command.arg("serve").stdout(Stdio::null()).stderr(log);
    command.spawn().map_err(|fault| fault.to_string())
}

/// This program, with these settings and no others.
fn program(folder: &tempfile::TempDir, environment: &Environment) -> Result<Command, String> {
    let program = std::env::current_exe().map_err(|fault| fault.to_string())?;
    let mut command = Command::new(program);
    // A settings file of the folder that one happens to be in is not for this node.
    command.current_dir(folder.path()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("KONTOR_")) {
            command.env_remove(name);
        }
    }
    command
        .env("KONTOR_DATA_DIR", folder.path().join("data"))
        .env("KONTOR_LISTEN", "127.0.0.1:0")
        .env("KONTOR_HTTP__ADDRESS_REQUESTS_PER_SECOND", "0")
        .env("KONTOR_HTTP__KEY_REQUESTS_PER_SECOND", "0")
        .envs(environment.iter().map(|(name, value)| (*name, value)));
    Ok(command)
}

/// Brings goods to a shop: so many of each of `skus`.
pub(super) async fn fill(shop: &Door, skus: &[String], quantity: u64) -> Result<(), String> {
    let mut fillers = Vec::new();
    for part in skus.chunks(skus.len().div_ceil(FILLERS).max(1)) {
        let (shop, part) = (shop.clone(), part.to_vec());
        fillers.push(tokio::spawn(async move {
            let mut caller = Caller::connect(&shop).await?;
            for sku in part {
                let goods = json!({ "sku": sku, "warehouse": "main", "kind": "in",
                    "quantity": quantity });
                caller.must("POST", "/v1/stock/movements", &goods.to_string()).await?;
            }
            Ok::<_, String>(())
        }));
    }
    for filler in fillers {
        filler.await.map_err(|fault| fault.to_string())??;
    }
    Ok(())
}

/// Units that a shop can still sell, of all its products.
pub(super) async fn sellable(shop: &Door) -> Result<i64, String> {
    let mut caller = Caller::connect(shop).await?;
    let (mut total, mut cursor) = (0_i64, String::new());
    loop {
        let path = format!("/v1/stock?limit={PAGE}{cursor}");
        let page = caller.must("GET", &path, "").await?;
        let items = page["items"].as_array().ok_or("a page without items")?;
        for item in items {
            total += item["total_available"].as_i64().ok_or("a product without a total")?;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(total),
        }
    }
}
