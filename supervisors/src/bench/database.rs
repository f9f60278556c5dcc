//! A database of a measurement's own, on the server that is named; dropped in the end.

use super::process::Watched;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
    postgres::PgConnectOptions,
};

/// A database that nobody else uses.
pub(super) struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// Creates one; the server's role must be allowed to.
    pub(super) async fn create(server: &str) -> Result<Self, String> {
        let server: PgConnectOptions = server.parse().map_err(told)?;
        let name = format!("kontor_bench_{:08x}", fastrand::u32(..));
        let mut connection = connect(&server).await?;
        execute(&mut connection, format!("CREATE DATABASE {name}")).await?;
        connection.close().await.map_err(told)?;
        Ok(Self { server, name })
    }

    /// How it is reached.
    pub(super) fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// Its address, with user and password.
    pub(super) fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// The same by way of another port of this machine.
    pub(super) fn url_by(&self, port: u16) -> String {
        self.options().host("127.0.0.1").port(port).to_url_lossy().to_string()
    }

    /// Where its server listens.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.server.get_host(), self.server.get_port())
    }

    /// The server's processes, if they run here.
    pub(super) fn watched(&self) -> Option<Watched> {
        Watched::listener("postgres", self.server.get_port())
    }

    /// `postgres 15.8`, with the settings that make it fast or slow.
    pub(super) async fn description(&self) -> Result<String, String> {
        let mut connection = connect(&self.options()).await?;
        let row = sqlx::query(
            "SELECT split_part(current_setting('server_version'), ' ', 1),
                current_setting('shared_buffers'), current_setting('max_wal_size'),
                current_setting('fsync'), current_setting('synchronous_commit')",
        );
        let row = row.fetch_one(&mut connection).await.map_err(told)?;
        let text = |place: usize| row.try_get::<String, _>(place).map_err(told);
        Ok(format!(
            "postgres {} (shared_buffers {}, max_wal_size {}, fsync {}, synchronous_commit {})",
            text(0)?,
            text(1)?,
            text(2)?,
            text(3)?,
            text(4)?
        ))
    }

    /// Writes what waits to be written, so that one measurement does not pay for another's pages.
    /// A role that may not is let off.
    pub(super) async fn rest(&self) -> Result<(), String> {
        let mut connection = connect(&self.options()).await?;
        if let Err(fault) = connection.execute("CHECKPOINT").await {
            tracing::debug!(%fault, "no checkpoint");
        }
        connection.close().await.map_err(told)
    }

    /// Drops it.
    pub(super) async fn drop(self) -> Result<(), String> {
        let mut connection = connect(&self.server).await?;
        execute(&mut connection, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }
}

pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, String> {
    options.connect().await.map_err(told)
}

pub(super) async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), String> {
    connection.execute(AssertSqlSafe(sql)).await.map(drop).map_err(told)
}

/// What the database says, for people.
pub(super) fn told(fault: sqlx::Error) -> String {
    fault.to_string()
}
