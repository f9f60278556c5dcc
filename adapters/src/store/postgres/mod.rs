//! PostgreSQL, shared by as many nodes as there are.
//!
//! No lock is held between statements and no lease is taken: the journal's key is what keeps two
//! nodes from writing the same shard.

mod ask;
mod commit;
mod fetch;
mod lookups;
#[path = "../shared/port.rs"]
mod port;
#[path = "../shared/reads.rs"]
mod reads;
#[path = "../shared/rows.rs"]
mod rows;
#[path = "../shared/schema.rs"]
mod schema;
mod wall;

use self::PostgresStore as Database;
use super::{
    OpenError, StoreSettings,
    connections::{Connections, Link},
};
use kontor_actors::store::StoreFault;
use kontor_messages::TenantId;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Error as Fault,
    PgConnection as Connection, Postgres as Dialect, RawSql, Row as Get,
    error::BoxDynError,
    postgres::{PgArguments, PgConnectOptions, PgRow as Row, PgSslMode},
    query::Query,
};
use std::{fmt, time::Duration};
use tokio::time::timeout;

const BEGIN: &str = "BEGIN";
/// Nodes that start together bring the tables up to date one after another.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7811606231)";

const MIGRATIONS: &[&str] =
    &[include_str!("0001.sql"), include_str!("0002.sql"), include_str!("0003.sql")];

/// The half of an entity's history that it was touched by: shard, sequence and version.
/// `$1` to `$5` are tenant, domain, entity, the version before, and how many at most.
const TOUCHED: &str = "SELECT shard, seq, version FROM touches
    WHERE tenant = $1 AND domain = $2 AND entity = $3 AND version > $4 ORDER BY version LIMIT $5";

const VIEWS: &[(&str, &str)] = &[
    ("journal_events", include_str!("../views/postgres/journal_events.sql")),
    ("orders", include_str!("../views/postgres/orders.sql")),
    ("order_lines", include_str!("../views/postgres/order_lines.sql")),
    ("stock_levels", include_str!("../views/postgres/stock_levels.sql")),
    ("stock_movements", include_str!("../views/postgres/stock_movements.sql")),
    ("payments", include_str!("../views/postgres/payments.sql")),
    ("ledger_entries", include_str!("../views/postgres/ledger_entries.sql")),
    ("notifications", include_str!("../views/postgres/notifications.sql")),
];

/// Every statement here is served by an index, one row at a time or in its order. A plan made
/// while a table was small must not read it whole once it has grown, so no other plan is allowed.
const PLANS: [(&str, &str); 5] = [
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// A database on a server.
pub struct PostgresStore {
    writers: Connections<Connection>,
    readers: Connections<Connection>,
    walled: Connections<Connection>,
    answer_max: Duration,
    name: String,
}

impl PostgresStore {
    /// Connects, and brings the tables up to date.
    pub async fn open(url: &str, settings: &StoreSettings) -> Result<Self, OpenError> {
        let options = plain_at_home(url.parse()?).application_name("kontor");
        let connecting = timeout(settings.acquire_max(), options.connect()).await;
        let mut connection = connecting.map_err(|_| sqlx::Error::PoolTimedOut)??;
        let encoding = show(&mut connection, "SHOW server_encoding").await?;
        if encoding != "UTF8" {
            return Err(OpenError::Encoding(encoding));
        }
        let synchronous = show(&mut connection, "SHOW synchronous_commit").await?;
        schema::prepare(&mut connection).await?;
        let wall = wall::put_up(&mut connection).await?;
        connection.close().await?;
        if settings.require_wall && !wall {
            return Err(OpenError::NoWall);
        }

        let options = options.options(PLANS).options([
            ("statement_timeout", settings.statement_timeout_ms),
            ("lock_timeout", settings.lock_timeout_ms),
            ("idle_in_transaction_session_timeout", settings.statement_timeout_ms),
        ]);
        let writes = options.clone().options(durable(&synchronous));
        let acquire_max = settings.acquire_max();
        Ok(Self {
            name: options.get_database().unwrap_or_default().into(),
            writers: Connections::new(writes, settings.writers, acquire_max),
            walled: wall::behind(&options, wall, settings.readers, acquire_max),
            readers: Connections::new(options, settings.readers, acquire_max),
            answer_max: settings.answer_max(),
        })
    }
}

impl PostgresStore {
    /// The connections that answer for one tenant.
    fn walled(&self) -> &Connections<Connection> {
        &self.walled
    }
}

/// On the same machine there is nobody to hide from, and sqlx 0.9.0 sends each TLS record by
/// itself without TCP_NODELAY: every batch above 16 kB would wait 40 ms for an acknowledgement.
/// Whoever wants TLS there says `sslmode=require`.
fn plain_at_home(options: PgConnectOptions) -> PgConnectOptions {
    let home = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host());
    match options.get_ssl_mode() {
        PgSslMode::Prefer if home => options.ssl_mode(PgSslMode::Disable),
        _ => options,
    }
}

/// What makes an answer durable on a server that is set to hurry. A stricter setting (replicas)
/// stays as it is.
fn durable(synchronous_commit: &str) -> Option<(&'static str, &'static str)> {
    (synchronous_commit == "off").then_some(("synchronous_commit", "on"))
}

type Builder = sqlx::QueryBuilder<Dialect>;

/// A statement whose text is the program's own: values are bound, never written into it.
fn query<'q>(text: impl Into<String>) -> Query<'q, Dialect, PgArguments> {
    sqlx::query(AssertSqlSafe(text.into()))
}

/// Statements without values, one after another.
fn raw_sql(text: impl Into<String>) -> RawSql {
    sqlx::raw_sql(AssertSqlSafe(text.into()))
}

/// A row that does not say what was written.
fn broken(error: impl Into<BoxDynError>) -> Fault {
    Fault::Decode(error.into())
}

impl Link for Connection {
    type Options = PgConnectOptions;

    async fn connect(options: &PgConnectOptions) -> Result<Self, StoreFault> {
        options.connect().await.map_err(|error| StoreFault(error.to_string()))
    }

    async fn answers(&mut self) -> bool {
        self.ping().await.is_ok()
    }
}

async fn show(connection: &mut Connection, sql: &'static str) -> sqlx::Result<String> {
    query(sql).fetch_one(connection).await?.try_get(0)
}

/// The index of persons has one part here.
fn in_each_era(_: &mut Builder, _: &TenantId) {}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("database", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_left_out_only_at_home_and_only_where_nobody_asked_for_it() {
        for (url, tls) in [
            ("postgres://kontor@localhost/kontor", false),
            ("postgres://kontor@127.0.0.1:5433/kontor", false),
            ("postgres://kontor@[::1]/kontor", false),
            ("postgres://kontor@localhost/kontor?sslmode=require", true),
            ("postgres://kontor@db.example/kontor", true),
        ] {
            let options = plain_at_home(url.parse().unwrap());
            assert_eq!(!matches!(options.get_ssl_mode(), PgSslMode::Disable), tls, "{url}");
        }
    }

    #[test]
    fn only_a_server_that_answers_too_early_is_overruled() {
        assert_eq!(durable("off"), Some(("synchronous_commit", "on")));
        assert_eq!(durable("on"), None);
        assert_eq!(durable("remote_apply"), None);
    }
}
