//! What the database says, read by SQL of our own.

use crate::Outcome;
use serde_json::Value;
use sqlx::{
    ConnectOptions, Connection, PgConnection, Row, SqliteConnection, sqlite::SqliteConnectOptions,
};
use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

/// Where a node's data is.
#[derive(Clone, Debug)]
pub enum Database {
    /// The embedded database, by its file.
    Sqlite(PathBuf),
    /// PostgreSQL, by an address that no proxy stands in.
    Postgres(String),
}

/// A row of the journal.
#[derive(Clone, Debug)]
pub struct Event {
    /// The shard.
    pub shard: i64,
    /// Its place there.
    pub seq: i64,
    /// Its identity.
    pub id: String,
    /// Which domain's.
    pub domain: String,
    /// The entity that owns it.
    pub entity: String,
    /// Which change of the entity it is.
    pub version: i64,
    /// Its public name.
    pub name: String,
    /// The event.
    pub payload: Value,
}

/// An entity as it stands.
#[derive(Clone, Debug)]
pub struct Entity {
    /// How many changes led to it.
    pub version: i64,
    /// When it must be woken, in milliseconds since 1970.
    pub due: Option<i64>,
    /// Its state.
    pub state: Value,
}

/// All that one tenant has in the database.
#[derive(Debug, Default)]
pub struct Truth {
    /// The journal of all tenants, in order.
    pub journal: Vec<Event>,
    /// The tenant's entities, by domain and name.
    pub entities: BTreeMap<(String, String), Entity>,
    /// Which versions of which entities came by another's event.
    pub touches: Vec<(String, String, i64)>,
    /// Follower, shard, and how far it has come.
    pub cursors: Vec<(String, i64, i64)>,
    /// Why something could not be done, and whether it is tried again.
    pub dead_letters: Vec<(String, bool)>,
}

const JOURNAL: &str = "SELECT CAST(shard AS bigint), seq, ID, domain, entity, version, name, \
    payload, tenant FROM journal ORDER BY shard, seq";
const ENTITIES: &str = "SELECT domain, id, version, due, state, tenant FROM entities";
const TOUCHES: &str = "SELECT domain, entity, version, tenant FROM touches";
/// SQLite keeps the newest of them beside the entity's state.
const TOUCHES_SQLITE: &str = "SELECT domain, entity, version, tenant FROM touches UNION ALL \
    SELECT e.domain, e.id, t.value ->> 0, e.tenant \
    FROM entities e, json_each('[' || e.touched || ']') t";
const CURSORS: &str = "SELECT follower, CAST(shard AS bigint), seq FROM cursors";
const LETTERS: &str = "SELECT reason, retry_at FROM dead_letters";
/// Events that followers have not done with, counted with the slowest.
const LAG: &str = "SELECT CAST(coalesce(max(head.seq - c.seq), 0) AS bigint) FROM cursors AS c \
    JOIN (SELECT shard, max(seq) AS seq FROM journal GROUP BY shard) AS head \
    ON head.shard = c.shard";
/// What waits for a time that is over, and what is to be tried again.
const WAITING: &str = "SELECT CAST((SELECT count(*) FROM entities WHERE due < $1) \
    + (SELECT count(*) FROM dead_letters WHERE retry_at IS NOT NULL) AS bigint)";

macro_rules! read {
    ($connection:expr, $tenant:expr, $id:literal, $touches:expr) => {{
        let mut truth = Truth::default();
        let journal = sqlx::AssertSqlSafe(JOURNAL.replace("ID", $id));
        for row in sqlx::query(journal).fetch_all(&mut $connection).await? {
            if row.try_get::<String, _>(8)? != $tenant {
                // Its place counts, and nothing else of it.
                truth.journal.push(stranger(row.try_get(0)?, row.try_get(1)?));
                continue;
            }
            truth.journal.push(Event {
                shard: row.try_get(0)?,
                seq: row.try_get(1)?,
                id: row.try_get(2)?,
                domain: row.try_get(3)?,
                entity: row.try_get(4)?,
                version: row.try_get(5)?,
                name: row.try_get(6)?,
                payload: serde_json::from_str(row.try_get(7)?)?,
            });
        }
        for row in sqlx::query(ENTITIES).fetch_all(&mut $connection).await? {
            if row.try_get::<String, _>(5)? == $tenant {
                let entity = Entity {
                    version: row.try_get(2)?,
                    due: row.try_get(3)?,
                    state: serde_json::from_str(row.try_get(4)?)?,
                };
                truth.entities.insert((row.try_get(0)?, row.try_get(1)?), entity);
            }
        }
        for row in sqlx::query($touches).fetch_all(&mut $connection).await? {
            if row.try_get::<String, _>(3)? == $tenant {
                truth.touches.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            }
        }
        for row in sqlx::query(CURSORS).fetch_all(&mut $connection).await? {
            truth.cursors.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        }
        for row in sqlx::query(LETTERS).fetch_all(&mut $connection).await? {
            let again: Option<i64> = row.try_get(1)?;
            truth.dead_letters.push((row.try_get(0)?, again.is_some()));
        }
        truth
    }};
}

impl Database {
    /// Reads all of a tenant's.
    pub async fn read(&self, tenant: &str) -> Outcome<Truth> {
        Ok(match self {
            Self::Sqlite(file) => {
                let mut connection = sqlite(file).await?;
                read!(connection, tenant, "lower(hex(id))", TOUCHES_SQLITE)
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await?;
                read!(connection, tenant, "replace(CAST(id AS text), '-', '')", TOUCHES)
            }
        })
    }

    /// Events that the slowest follower has not done with, and what waits for a time that is over.
    pub async fn unrest(&self, before_ms: i64) -> Outcome<(i64, i64)> {
        Ok(match self {
            Self::Sqlite(file) => {
                let mut connection = sqlite(file).await?;
                let lag = sqlx::query_scalar(LAG).fetch_one(&mut connection).await?;
                let waiting = sqlx::query_scalar(WAITING).bind(before_ms);
                (lag, waiting.fetch_one(&mut connection).await?)
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await?;
                let lag = sqlx::query_scalar(LAG).fetch_one(&mut connection).await?;
                let waiting = sqlx::query_scalar(WAITING).bind(before_ms);
                (lag, waiting.fetch_one(&mut connection).await?)
            }
        })
    }

    /// How large it is, in bytes.
    pub async fn size(&self) -> Outcome<u64> {
        Ok(match self {
            Self::Sqlite(file) => {
                let part = |end: &str| {
                    let name = format!("{}{end}", file.display());
                    std::fs::metadata(name).map_or(0, |found| found.len())
                };
                part("") + part("-wal")
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await?;
                let size = "SELECT pg_database_size(current_database())";
                let size: i64 = sqlx::query_scalar(size).fetch_one(&mut connection).await?;
                size.unsigned_abs()
            }
        })
    }
}

async fn sqlite(file: &std::path::Path) -> Outcome<SqliteConnection> {
    let options = SqliteConnectOptions::from_str(&format!("sqlite://{}", file.display()))?;
    Ok(options.busy_timeout(std::time::Duration::from_secs(20)).connect().await?)
}

fn stranger(shard: i64, seq: i64) -> Event {
    Event {
        shard,
        seq,
        id: String::new(),
        domain: String::new(),
        entity: String::new(),
        version: 0,
        name: String::new(),
        payload: Value::Null,
    }
}
