//! Where a node works: its folder, its database, its broker. It outlives the node's processes.

use crate::{broker::Office, database::Database, node::Node};
use sqlx::{Connection, PgConnection};
use std::{net::TcpListener, path::Path, process::Command};
use tempfile::TempDir;

/// What the platform operator calls the API with.
pub const OPERATOR: &str = "the-operator-of-this-platform-0001";

/// Which database a site is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Where a node works.
pub struct Site {
    /// The node's folder.
    pub folder: TempDir,
    /// Its database, if that is not in the folder.
    pub database: Option<Database>,
    /// The names that it uses at the broker, if it has one.
    pub office: Option<Office>,
    database_url: Option<String>,
    amqp_url: Option<String>,
    /// Settings beside those of every site, as the environment has them.
    settings: Vec<(String, String)>,
    port: u16,
}

impl Site {
    /// An empty site.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn on(kind: Kind) -> Self {
        let database = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Database::create().await),
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            database_url: database.as_ref().map(Database::url),
            database,
            office: None,
            amqp_url: None,
            settings: Vec::new(),
            port: free_port(),
        }
    }

    /// The same; its nodes have these settings too, as the environment has them.
    pub fn with_settings(mut self, settings: &[(&str, &str)]) -> Self {
        let owned = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.settings.extend(owned);
        self
    }

    /// The same with a broker.
    pub async fn with_broker(self) -> Self {
        let office = Office::open().await;
        Self { amqp_url: Some(crate::broker::url()), office: Some(office), ..self }
    }

    /// The same; its broker is reached by a port of this machine.
    ///
    /// # Panics
    /// If it has none.
    pub fn with_broker_through(self, port: u16) -> Self {
        let mut url = self.amqp_url.as_deref().unwrap().parse::<reqwest::Url>().unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        Self { amqp_url: Some(url.into()), ..self }
    }

    /// The same; its database is reached by a port of this machine.
    pub fn with_database_through(self, port: u16) -> Self {
        let database_url = self.database.as_ref().map(|database| database.url_through(port));
        Self { database_url, ..self }
    }

    /// Another node's place on the same database and broker.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn beside(&self) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: None,
            office: None,
            database_url: self.database_url.clone(),
            amqp_url: None,
            settings: self.settings.clone(),
            port: free_port(),
        }
    }

    /// Starts a node and waits until it is ready.
    pub async fn start(&self) -> Node {
        let node = Node::spawn(self.serve(), self.url());
        node.ready().await;
        node
    }

    /// Where its node listens, whenever there is one.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The command that starts a node here.
    pub fn serve(&self) -> Command {
        let mut command = self.kontor(&["serve"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port)]);
        if let Some(url) = &self.amqp_url {
            command.args(["--amqp-url", url]);
        }
        if let Some(office) = &self.office {
            command.envs(office.environment());
        }
        command
    }

    /// Another command on its folder and database.
    pub fn kontor(&self, words: &[&str]) -> Command {
        let mut command = Command::new(crate::binary::kontor());
        command.args(words).arg("--data-dir").arg(self.folder.path());
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KONTOR_")) {
            command.env_remove(name);
        }
        command.env("KONTOR_ADMIN_TOKEN", OPERATOR);
        // The stand-in providers are on this machine.
        command.env("KONTOR_WEBHOOKS__ALLOW_PRIVATE", "true");
        command.env("KONTOR_GATEWAYS__ALLOW_PRIVATE", "true");
        // All callers have one address, and few keys.
        command.env("KONTOR_HTTP__ADDRESS_REQUESTS_PER_SECOND", "0");
        command.env("KONTOR_HTTP__KEY_REQUESTS_PER_SECOND", "0");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Everything that its database holds, as it is written there.
    ///
    /// # Panics
    /// If it cannot be read.
    pub async fn raw(&self) -> String {
        let Some(database) = &self.database else {
            let read = |file: &str| std::fs::read(self.folder.path().join(file)).unwrap();
            let bytes = [read("kontor.db"), read("kontor.db-wal")].concat();
            return String::from_utf8_lossy(&bytes).into_owned();
        };
        let sql = "SELECT coalesce(string_agg(text, ' '), '') FROM (
            SELECT payload || meta AS text FROM journal UNION ALL SELECT state FROM entities
            UNION ALL SELECT value FROM entity_keys UNION ALL SELECT payload FROM dead_letters
        ) AS texts";
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    }

    /// What the store of its database opens.
    pub fn place(&self) -> String {
        let folder: &Path = self.folder.path();
        self.database_url.clone().unwrap_or_else(|| folder.display().to_string())
    }
}

/// A port that is not given out for outgoing connections, so that a node finds it again after a
/// restart.
fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(20_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
