//! A line to the embedded database: a thread that owns a connection, and jobs for it.
//!
//! SQLite's calls block, so they are made aside. To hand something to another thread and to be woken by
//! it costs more than most statements do; so a job may be as long as a transaction. That is why
//! this is not sqlx, which hands over each statement and each row by itself.

use super::statement::{Done, Row, Value};
use crate::store::connections::Link;
use kontor_actors::store::StoreFault;
use rusqlite::{InterruptHandle, OpenFlags, Statement, ToSql as _, config::DbConfig};
use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::Duration,
};
use tokio::sync::oneshot;

/// Statements that a connection keeps prepared, at most.
const PREPARED_MAX: usize = 100;

/// What SQLite, or a row that is not as it should be, says.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Fault {
    /// The database's own word.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// A row has something else in it than was written.
    #[error("a row cannot be read: {0}")]
    Row(Box<dyn std::error::Error + Send + Sync>),
    /// The thread is no more.
    #[error("the connection has ended")]
    Ended,
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

type Job = Box<dyn FnOnce(&mut rusqlite::Connection) + Send>;

/// How a connection is opened.
#[derive(Clone, Debug)]
pub(in crate::store) struct Opening {
    /// The database's file.
    pub file: PathBuf,
    /// What may be done with it.
    pub flags: OpenFlags,
    /// How long a statement waits for another's lock.
    pub lock_max: Duration,
    /// Settings, as `PRAGMA` has them.
    pub pragmas: Vec<(&'static str, &'static str)>,
}

/// A connection. One that is dropped ends what it was about.
pub(in crate::store) struct Connection {
    jobs: SyncSender<Job>,
    interrupt: InterruptHandle,
}

impl Connection {
    /// Has a job done on the connection's thread.
    pub async fn run<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut rusqlite::Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |database| {
            let _ = tell.send(job(database));
        });
        self.jobs.try_send(job).map_err(|_| Fault::Ended)?;
        told.await.map_err(|_| Fault::Ended)?
    }

    /// All rows that a statement brings.
    pub async fn rows(&mut self, text: String, values: Vec<Value>) -> Result<Vec<Row>> {
        self.run(move |database| {
            let mut statement = database.prepare_cached(&text)?;
            bind(&mut statement, &values)?;
            let columns = statement.column_count();
            let (mut rows, mut found) = (statement.raw_query(), Vec::new());
            while let Some(row) = rows.next()? {
                found.push(Row::of(row, columns)?);
            }
            Ok(found)
        })
        .await
    }

    /// What a statement that brings no rows has done.
    pub async fn execute(&mut self, text: String, values: Vec<Value>) -> Result<Done> {
        self.run(move |database| {
            let mut statement = database.prepare_cached(&text)?;
            bind(&mut statement, &values)?;
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            drop(rows);
            drop(statement);
            Ok(Done(database.changes()))
        })
        .await
    }
}

/// `$2` is the second value wherever it stands; SQLite would count marks as it meets them.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<()> {
    for place in 1..=statement.parameter_count() {
        let name = statement.parameter_name(place).and_then(|name| name.strip_prefix('$'));
        let number = name.and_then(|name| name.parse().ok()).unwrap_or(place);
        if let Some(value) = values.get(number - 1) {
            statement.raw_bind_parameter(place, value.to_sql()?)?;
        }
    }
    Ok(())
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.interrupt.interrupt();
    }
}

impl Link for Connection {
    type Options = Opening;

    async fn connect(opening: &Opening) -> std::result::Result<Self, StoreFault> {
        open(opening.clone()).await.map_err(|fault| StoreFault(fault.to_string()))
    }

    /// Nobody ends a connection inside the process but its owner.
    async fn answers(&mut self) -> bool {
        true
    }
}

/// Opens a connection on a thread of its own, which ends with it.
pub(super) async fn open(opening: Opening) -> Result<Connection> {
    let (tell, told) = oneshot::channel();
    let (jobs, line) = sync_channel(1);
    let live = move || match connect(&opening) {
        Ok(database) => {
            if tell.send(Ok(database.get_interrupt_handle())).is_ok() {
                work_off(database, &line);
            }
        }
        Err(fault) => {
            let _ = tell.send(Err(fault));
        }
    };
    let thread = std::thread::Builder::new().name("kontor-sqlite".to_owned());
    thread.spawn(live).map_err(|error| Fault::Row(error.into()))?;
    let interrupt = told.await.map_err(|_| Fault::Ended)??;
    Ok(Connection { jobs, interrupt })
}

fn connect(opening: &Opening) -> Result<rusqlite::Connection> {
    let database = rusqlite::Connection::open_with_flags(&opening.file, opening.flags)?;
    database.busy_timeout(opening.lock_max)?;
    database.set_prepared_statement_cache_capacity(PREPARED_MAX);
    // A statement with `LIMIT ?` is otherwise prepared anew each time, for the number might change its
    // plan: that costs more than most of them do.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    for (name, value) in &opening.pragmas {
        database.pragma_update(None, name, value)?;
    }
    Ok(database)
}

fn work_off(mut database: rusqlite::Connection, line: &Receiver<Job>) {
    while let Ok(job) = line.recv() {
        job(&mut database);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn a_statement_with_a_limit_is_prepared_once() {
        let folder = tempfile::tempdir().unwrap();
        let database = connect(&Opening {
            file: folder.path().join("numbers.db"),
            flags: OpenFlags::default(),
            lock_max: Duration::from_secs(1),
            pragmas: Vec::new(),
        });
        let database = database.unwrap();
        database.execute_batch("CREATE TABLE numbers (number integer PRIMARY KEY)").unwrap();
        let text = "SELECT number FROM numbers WHERE number > ? ORDER BY number LIMIT ?";
        let mut statement = database.prepare(text).unwrap();
        for limit in 1..=3 {
            let mut rows = statement.query([0, limit]).unwrap();
            assert!(rows.next().unwrap().is_none());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
