//! Brings the tables and views up to date, in one transaction. Compiled once per database.
//!
//! Layouts only ever go forward. A database that is ahead of the program is left alone.

use super::{BEGIN, Connection, Fault, Get as _, LOCK, MIGRATIONS, VIEWS, query, raw_sql};
use crate::store::OpenError;
use sha2::{Digest, Sha256};

type Result<T, E = Fault> = std::result::Result<T, E>;

/// Applies the migrations that are missing and renews the views if they changed.
pub async fn prepare(connection: &mut Connection) -> Result<(), OpenError> {
    // A connection that ends before the last word has changed nothing.
    raw_sql(BEGIN).execute(&mut *connection).await?;
    raw_sql(LOCK).execute(&mut *connection).await?;
    raw_sql("CREATE TABLE IF NOT EXISTS settings (name text PRIMARY KEY, value text NOT NULL)")
        .execute(&mut *connection)
        .await?;
    let found = setting(&mut *connection, "layout").await?;
    let found = found.and_then(|value| value.parse().ok()).unwrap_or(0_i64);
    let known = MIGRATIONS.len() as i64;
    if known < found {
        return Err(OpenError::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        raw_sql(*migration).execute(&mut *connection).await?;
    }
    if found < known {
        set(&mut *connection, "layout", &known.to_string()).await?;
    }
    renew_views(&mut *connection).await?;
    raw_sql("COMMIT").execute(connection).await?;
    Ok(())
}

/// Unchanged views stay: to drop one waits for everybody who reads it.
async fn renew_views(connection: &mut Connection) -> Result<()> {
    let mut hash = Sha256::new();
    for (name, sql) in VIEWS {
        hash.update(name);
        hash.update(sql);
    }
    let now = hex::encode(hash.finalize());
    if setting(connection, "views").await?.is_some_and(|before| before == now) {
        return Ok(());
    }
    // Later views may read earlier ones.
    for (name, _) in VIEWS.iter().rev() {
        raw_sql(format!("DROP VIEW IF EXISTS {name}")).execute(&mut *connection).await?;
    }
    for (_, sql) in VIEWS {
        raw_sql(*sql).execute(&mut *connection).await?;
    }
    set(connection, "views", &now).await
}

/// A row of `settings`.
pub async fn setting(connection: &mut Connection, name: &str) -> Result<Option<String>> {
    let row = query("SELECT value FROM settings WHERE name = $1").bind(name);
    row.fetch_optional(connection).await?.map(|row| row.try_get(0)).transpose()
}

/// Sets a row of `settings`.
pub async fn set(connection: &mut Connection, name: &str, value: &str) -> Result<()> {
    let upsert = "INSERT INTO settings (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    query(upsert).bind(name).bind(value).execute(connection).await?;
    Ok(())
}
