//! Copies what commits have put into the write-ahead log over into the database, beside the writer.
//!
//! SQLite would have the writer do so, after the commit that makes the log too long: everybody then waits
//! for thousands of pages. A connection of its own copies them while the writer goes on, again and again
//! until little is left; only that is copied in the writer's turn, so that the next commit begins the
//! log anew. See <https://sqlite.org/wal.html#avoiding_excessively_large_wal_files>.

use super::line::{self, Connection, Opening, Result};
use crate::store::connections::Connections;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// A page that changes often is copied once in this time.
const EVERY: Duration = Duration::from_secs(2);
/// So few pages may be copied in the writer's turn.
const FEW: i64 = 200;
/// How often at a time the rest is copied beside the writer.
const PASSES_MAX: u32 = 6;
/// Without this, a log that nobody copies would grow for ever: in pages, the writer's own limit.
pub(super) const PAGES_MAX: &str = "64000";

/// Copies for as long as the task is kept.
pub(super) fn keep_short(opening: Opening, writers: Arc<Connections<Connection>>) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(async move {
        let (mut copier, mut seen) = (None, 0);
        loop {
            tokio::time::sleep(EVERY).await;
            // A connection that failed is opened anew the next time.
            let opened = match copier.take() {
                Some(connection) => Ok(connection),
                None => line::open(opening.clone()).await,
            };
            match turn(opened, &writers, &mut seen).await {
                Ok(connection) => copier = Some(connection),
                Err(fault) => tracing::warn!(%fault, "the log was not copied to the database"),
            }
        }
    });
    task
}

async fn turn(
    opened: Result<Connection>,
    writers: &Connections<Connection>,
    seen: &mut i64,
) -> Result<Connection> {
    let mut connection = opened?;
    copy(&mut connection, writers, seen).await?;
    Ok(connection)
}

/// Copies all that there is, if something was written since the version that was `seen`.
async fn copy(
    copier: &mut Connection,
    writers: &Connections<Connection>,
    seen: &mut i64,
) -> Result<()> {
    let version = copier.run(|database| number(database, "data_version", 0)).await?;
    if *seen == version {
        return Ok(());
    }
    let (mut before, mut left) = (0, i64::MAX);
    for _ in 0..PASSES_MAX {
        let copied = copier.run(pass).await?;
        // The log may have begun anew meanwhile.
        left = if copied < before { copied } else { copied - before };
        before = copied;
        if left <= FEW {
            break;
        }
    }
    // The writer is not kept for more: it is tried again soon.
    if FEW < left {
        return Ok(());
    }
    // Who waits too long for its turn comes later.
    if let Ok(mut writer) = writers.lend().await {
        writer.run(pass).await?;
        writer.keep();
        *seen = version;
    }
    Ok(())
}

/// Copies what no reader needs in the log any more; says how many of its pages are copied by now.
fn pass(database: &mut rusqlite::Connection) -> Result<i64> {
    number(database, "wal_checkpoint(passive)", 2)
}

fn number(database: &rusqlite::Connection, pragma: &str, column: usize) -> Result<i64> {
    let mut asked = database.prepare_cached(&format!("PRAGMA {pragma}"))?;
    Ok(asked.query_row([], |row| row.get(column))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::OpenFlags;

    async fn write(writers: &Connections<Connection>, rows: u32) {
        let mut writer = writers.lend().await.unwrap();
        let written = writer.run(move |database| {
            database.execute_batch("CREATE TABLE IF NOT EXISTS large (content BLOB)")?;
            for _ in 0..rows {
                database.execute("INSERT INTO large VALUES (zeroblob(4000))", [])?;
            }
            Ok(())
        });
        written.await.unwrap();
        writer.keep();
    }

    #[tokio::test]
    async fn after_a_copy_the_next_commit_begins_the_log_anew() {
        let folder = tempfile::tempdir().unwrap();
        let opening = Opening {
            file: folder.path().join("test.db"),
            flags: OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            lock_max: Duration::from_secs(5),
            pragmas: vec![("journal_mode", "wal"), ("wal_autocheckpoint", "0")],
        };
        let writers = Connections::new(opening.clone(), 1, Duration::from_secs(5));
        write(&writers, 500).await;
        let mut copier = line::open(opening).await.unwrap();
        let mut seen = 0;
        copy(&mut copier, &writers, &mut seen).await.unwrap();
        let first = seen;
        assert_eq!(copier.run(pass).await.unwrap(), copier.run(pages).await.unwrap());
        assert!(500 <= copier.run(pages).await.unwrap());
        write(&writers, 1).await;
        assert!(copier.run(pages).await.unwrap() < 10);
        copy(&mut copier, &writers, &mut seen).await.unwrap();
        assert_ne!(seen, first, "something was written");
    }

    /// How long the log is.
    fn pages(database: &mut rusqlite::Connection) -> Result<i64> {
        number(database, "wal_checkpoint(passive)", 1)
    }
}
