//! Where a node works: its folder, database and broker, the provider beside it. It outlives the
//! node's processes.

use crate::{
    Outcome,
    client::Client,
    cluster::Cluster,
    free_port,
    load::Manners,
    process::{Process, run, say},
    proxy::Proxy,
    rabbit::{Consumer, Rabbit},
    truth::Database,
    until,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicI64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What the operator calls the API with.
const OPERATOR: &str = "the-operator-of-this-platform-0001";
/// The tenant.
pub const TENANT: &str = "harbour-books";
/// What the tenant's provider is called with.
const STRIPE_KEY: &str = "sk_test_harbour_books";
const STRIPE_SECRET: &str = "whsec_of_the_faults";
/// What is put on the shelf of each product; of the last one there is little.
pub const SHELF: [(&str, i64); 3] = [("atlas", 1_000_000), ("globe", 1_000_000), ("rare", 40)];
/// How long everything may take to come to rest.
const REST: Duration = Duration::from_secs(150);

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `kontor`.
    pub kontor: PathBuf,
    /// `kontor-sandbox`.
    pub sandbox: PathBuf,
}

/// Which database a site is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The servers that all sites of a run share.
#[derive(Default)]
pub struct Servers {
    /// PostgreSQL, once somebody has asked for it.
    pub cluster: Option<Cluster>,
    /// RabbitMQ, once somebody has asked for it.
    pub rabbit: Option<Rabbit>,
}

/// Where a node works.
pub struct Site {
    programs: Programs,
    folder: PathBuf,
    url: String,
    port: u16,
    /// The database as the harness reaches it.
    pub database: Database,
    database_url: Option<String>,
    amqp_url: Option<String>,
    /// The line to the database.
    pub database_line: Option<Proxy>,
    /// The line to the broker.
    pub broker_line: Option<Proxy>,
    /// What a consumer has seen.
    pub consumer: Option<Consumer>,
    sandbox: Process,
    sandbox_url: String,
    /// The node, while there is one.
    pub node: Option<Process>,
    /// The tenant's client, with its records.
    pub client: Client,
    /// The operator's.
    pub operator: Client,
    /// The next order's price.
    pub prices: Arc<AtomicI64>,
    settings: Vec<(String, String)>,
    starts: u32,
}

impl Site {
    /// An empty site with a provider; PostgreSQL and broker are reached by lines that can be spoilt.
    pub async fn create(
        programs: &Programs,
        folder: &Path,
        kind: Kind,
        servers: &Servers,
        broker: bool,
    ) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        let (mut database_line, mut database_url) = (None, None);
        let mut database = Database::Sqlite(folder.join("data/kontor.db"));
        if let (Kind::Postgres, Some(cluster)) = (kind, &servers.cluster) {
            let name = format!("faults_{}", uuid::Uuid::new_v4().simple());
            cluster.execute(format!("CREATE DATABASE {name}")).await?;
            let line = Proxy::to(format!("127.0.0.1:{}", cluster.port)).await?;
            let url = format!("postgres://postgres@127.0.0.1:{}/{name}", line.port);
            (database_url, database_line) = (Some(url), Some(line));
            database = Database::Postgres(cluster.url(&name));
        }
        let (mut broker_line, mut amqp_url, mut consumer) = (None, None, None);
        if let (true, Some(rabbit)) = (broker, &servers.rabbit) {
            let line = Proxy::to(format!("127.0.0.1:{}", rabbit.port)).await?;
            amqp_url = Some(rabbit.url(line.port));
            consumer = Some(rabbit.consumer().await?);
            broker_line = Some(line);
        }
        let (sandbox, sandbox_url) = start_sandbox(programs, folder).await?;
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let operator = Client::new(&url, OPERATOR)?;
        Ok(Self {
            programs: programs.clone(),
            folder: folder.to_owned(),
            port,
            database,
            database_url,
            amqp_url,
            database_line,
            broker_line,
            consumer,
            sandbox,
            sandbox_url,
            node: None,
            client: operator.for_tenant(TENANT),
            operator,
            prices: crate::load::prices(),
            settings: Vec::new(),
            starts: 0,
            url,
        })
    }

    /// Another setting of the node, as the environment has it.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// The ports that a line of the node goes by: its own, and those to its database and broker.
    pub fn ports(&self) -> Vec<u16> {
        let lines = [&self.database_line, &self.broker_line];
        lines.into_iter().flatten().map(|line| line.port).chain([self.port]).collect()
    }

    /// All that the node has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("node.log")).unwrap_or_default()
    }

    /// Has the data somewhere else.
    pub fn keep_data_in(&mut self, folder: &Path) {
        self.set("KONTOR_DATA_DIR", &folder.display().to_string());
        self.database = Database::Sqlite(folder.join("kontor.db"));
    }

    /// Starts the node and waits until it can serve.
    pub async fn start(&mut self) -> Outcome<()> {
        self.launch()?;
        self.ready(Duration::from_secs(90)).await
    }

    /// Starts the node.
    pub fn launch(&mut self) -> Outcome<()> {
        let mut command = self.kontor(&["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        if let Some(url) = &self.amqp_url {
            command.args(["--amqp-url", url]);
        }
        self.starts += 1;
        self.node = Some(Process::start(command, &self.folder.join("node.log"))?);
        Ok(())
    }

    /// Waits until the node can serve.
    pub async fn ready(&self, patience: Duration) -> Outcome<()> {
        let ready = until("a node that is ready", patience, || async {
            let answer = self.client.once("GET", "/ready", None, None).await;
            answer.filter(|(status, _)| *status == 200).map(drop)
        });
        let said = || self.node.as_ref().map(|node| node.tail(15)).unwrap_or_default();
        ready.await.map_err(|fault| format!("{fault}\n{}", said()).into())
    }

    /// Ends the node where it stands.
    pub fn kill(&mut self) -> Outcome<()> {
        match self.node.take() {
            Some(mut node) => node.kill(),
            None => Ok(()),
        }
    }

    /// Asks the node to end, and waits until it has.
    pub async fn terminate(&mut self) -> Outcome<()> {
        let Some(mut node) = self.node.take() else { return Ok(()) };
        node.signal("TERM")?;
        let status = node.ended(Duration::from_secs(60)).await?;
        if status.success() {
            return Ok(());
        }
        Err(format!("the node ended with {status}:\n{}", node.tail(15)).into())
    }

    /// The tenant, its warehouse, its provider's account, and goods on the shelf.
    pub async fn open_shop(&mut self) -> Outcome<()> {
        let settings = json!({
            "name": TENANT, "country": "CZ", "currency": "CZK", "time_zone": "Europe/Prague",
            "limits": { "requests_in_flight": 1000, "requests_per_second": 100_000 },
        });
        let tenant = json!({ "tenant": TENANT, "settings": settings });
        self.operator.done("/v1/tenants", tenant, "the-tenant").await?;
        let key = json!({ "name": "faults", "scopes": ["*"] });
        let made = self.operator.for_tenant(TENANT).done("/v1/keys", key, "the-key").await?;
        let token = made["token"].as_str().ok_or("no token")?;
        self.client = self.operator.with_token(token);
        self.client.put("/v1/warehouses/main", json!({ "name": "Main" })).await?;
        let settings = json!({
            "secret_key": STRIPE_KEY, "webhook_secrets": [STRIPE_SECRET],
            "endpoint": self.sandbox_url,
        });
        let account = json!({ "settings": settings });
        let account = self.client.put("/v1/accounts/stripe/main", account).await?;
        let path = account["webhook_path"].as_str().ok_or("no webhook path")?;
        let hook = json!({ "url": format!("{}{path}", self.url), "secret": STRIPE_SECRET });
        let register = json!({ "api_key": STRIPE_KEY, "webhooks": [hook] });
        self.at_sandbox("POST", "/_sandbox/stripe/accounts", Some(&register)).await?;
        for (sku, quantity) in SHELF {
            let goods =
                json!({ "sku": sku, "warehouse": "main", "kind": "in", "quantity": quantity });
            self.client.done("/v1/stock/movements", goods, &format!("first-{sku}")).await?;
        }
        Ok(())
    }

    /// How customers behave here.
    pub fn manners(&self, customers: usize) -> Manners {
        Manners {
            customers,
            skus: SHELF.iter().map(|(sku, _)| (*sku).to_owned()).collect(),
            pay: true,
            rest: Duration::from_millis(30),
        }
    }

    /// Sets the provider's switches.
    pub async fn switch(&self, stripe: Value) -> Outcome<()> {
        let patch = json!({ "stripe": stripe });
        self.at_sandbox("POST", "/_sandbox/switches", Some(&patch)).await.map(drop)
    }

    /// The provider's books about our account.
    pub async fn books(&self) -> Outcome<Value> {
        let summary = self.at_sandbox("GET", "/_sandbox/stripe/summary", None).await?;
        Ok(summary["accounts"][STRIPE_KEY].clone())
    }

    /// Has the provider asked now about these payments, as an operator may: what is not known is
    /// otherwise asked for by a schedule that takes its time.
    pub async fn ask_about(&self, payments: impl Iterator<Item = &str>) -> Outcome<()> {
        for payment in payments {
            let key = uuid::Uuid::new_v4().to_string();
            let path = format!("/v1/payments/{payment}/query");
            self.client.done(&path, json!({}), &key).await?;
        }
        Ok(())
    }

    /// Waits until followers have done everything, and nothing waits for a time that is over.
    pub async fn rest(&self) -> Outcome<()> {
        let rest = until("rest", REST, || async {
            let now = now_ms();
            let before = self.books().await.ok()?;
            match self.database.unrest(now).await {
                Ok((0, 0)) => {}
                _ => return None,
            }
            tokio::time::sleep(Duration::from_millis(700)).await;
            // Still so, and the provider has heard of nothing new meanwhile.
            let after = self.books().await.ok()?;
            let calm = matches!(self.database.unrest(now_ms()).await, Ok((0, 0)));
            (calm && before == after).then_some(())
        });
        if let Err(fault) = rest.await {
            let unrest = self.database.unrest(now_ms()).await;
            return Err(format!("{fault}: followers behind, and overdue: {unrest:?}").into());
        }
        Ok(())
    }

    /// Has the program compare every state with the journal; the node must not run.
    pub fn verify(&self) -> Outcome<()> {
        let said = run(self.kontor(&["journal", "verify"]))?;
        say(format!("  journal verify: {}", said.lines().last().unwrap_or_default()));
        Ok(())
    }

    /// A command on this site's data.
    pub fn kontor(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.programs.kontor);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KONTOR_")) {
            command.env_remove(name);
        }
        command.args(words).env("KONTOR_DATA_DIR", self.folder.join("data"));
        if let Some(url) = &self.database_url {
            command.env("KONTOR_DATABASE_URL", url);
        }
        let hurry = [
            ("KONTOR_ADMIN_TOKEN", OPERATOR),
            ("KONTOR_GATEWAYS__ALLOW_PRIVATE", "true"),
            ("KONTOR_HTTP__ADDRESS_REQUESTS_PER_SECOND", "0"),
            ("KONTOR_HTTP__KEY_REQUESTS_PER_SECOND", "0"),
            ("KONTOR_HTTP__STRANGER_REQUESTS_PER_SECOND", "0"),
            ("KONTOR_GATEWAYS__RETRY_MS", "200"),
            ("KONTOR_GATEWAYS__RETRY_MS_MAX", "2000"),
            ("KONTOR_GATEWAYS__REST_MS", "200"),
            ("KONTOR_GATEWAYS__REST_MS_MAX", "1000"),
            ("KONTOR_LOG__FILTER", "warn"),
        ];
        command.envs(hurry);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    async fn at_sandbox(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome<Value> {
        let answer = Client::new(&self.sandbox_url, "")?.once(method, path, body, None).await;
        match answer {
            Some((200..300, body)) => Ok(body),
            other => Err(format!("sandbox {path}: {other:?}, {}", self.sandbox.tail(5)).into()),
        }
    }
}

async fn start_sandbox(programs: &Programs, folder: &Path) -> Outcome<(Process, String)> {
    let log = folder.join("sandbox.log");
    let mut command = Command::new(&programs.sandbox);
    command.env("RUST_LOG", "warn");
    let process = Process::start(command, &log)?;
    let url = until("the sandbox", Duration::from_secs(30), || async {
        let said = std::fs::read_to_string(&log).ok()?;
        let addresses: Value = said.lines().find_map(|line| serde_json::from_str(line).ok())?;
        addresses["stripe"].as_str().map(str::to_owned)
    });
    Ok((process, url.await?))
}

/// The present instant, in milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
