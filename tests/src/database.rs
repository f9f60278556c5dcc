//! A PostgreSQL database of one test, dropped with it.

use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;

/// A database that nobody else uses.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Creates one on the server that `KONTOR_TEST_POSTGRES_URL` names.
    ///
    /// # Panics
    /// If that does not work.
    pub async fn create() -> Self {
        let server = std::env::var("KONTOR_TEST_POSTGRES_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
        let name = format!("kontor_test_{}", uuid::Uuid::new_v4().simple());
        run(&server, format!("create database {name}")).await.unwrap();
        Self { server, name }
    }

    /// Its address, with user and password.
    ///
    /// # Panics
    /// Never, once it was created.
    pub fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// Its address by way of another port of this machine.
    pub fn url_through(&self, port: u16) -> String {
        self.options().host("127.0.0.1").port(port).to_url_lossy().to_string()
    }

    /// Where its server listens.
    pub fn server_address(&self) -> String {
        let options = self.options();
        format!("{}:{}", options.get_host(), options.get_port())
    }

    fn options(&self) -> PgConnectOptions {
        self.server.parse::<PgConnectOptions>().unwrap().database(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let dropping = run(&server, format!("drop database if exists {name} with (force)"));
            let patience = Duration::from_secs(10);
            runtime.unwrap().block_on(async { tokio::time::timeout(patience, dropping).await })
        });
        // What is left behind is swept by `./test`.
        let _ = dropping.join();
    }
}

async fn run(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let options: PgConnectOptions = server.parse()?;
    let mut connection = PgConnection::connect_with(&options).await?;
    connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    connection.close().await
}
