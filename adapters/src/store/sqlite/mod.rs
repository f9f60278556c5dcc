//! The embedded database: one file in a data folder that belongs to one process.
//!
//! SQLite has one writer, so there is one writing connection; readers have their own and never
//! wait for it (WAL).

mod commit;
mod fetch;
mod folder;
mod line;
mod persons;
#[path = "../shared/port.rs"]
mod port;
#[path = "../shared/reads.rs"]
mod reads;
#[path = "../shared/rows.rs"]
mod rows;
#[path = "../shared/schema.rs"]
mod schema;
mod statement;
mod touches;
mod wall;

use self::SqliteStore as Database;
use super::{OpenError, StoreSettings, connections::Connections};
use folder::Folder;
pub(super) use line::Fault;
use line::{Connection, Opening};
use persons::in_each_era;
use rusqlite::OpenFlags;
use statement::{Builder, Get, Row, broken, query, raw_sql};
use std::{cmp::Ordering, fmt, path::Path, time::Duration};
use touches::TOUCHED;

const BEGIN: &str = "BEGIN IMMEDIATE";
/// The folder's lock has already made sure that nobody else migrates.
const LOCK: &str = "SELECT 1";

const MIGRATIONS: &[&str] = &[
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
    include_str!("0004.sql"),
];

const VIEWS: &[(&str, &str)] = &[
    ("journal_events", include_str!("../views/sqlite/journal_events.sql")),
    ("orders", include_str!("../views/sqlite/orders.sql")),
    ("order_lines", include_str!("../views/sqlite/order_lines.sql")),
    ("stock_levels", include_str!("../views/sqlite/stock_levels.sql")),
    ("stock_movements", include_str!("../views/sqlite/stock_movements.sql")),
    ("payments", include_str!("../views/sqlite/payments.sql")),
    ("ledger_entries", include_str!("../views/sqlite/ledger_entries.sql")),
    ("notifications", include_str!("../views/sqlite/notifications.sql")),
];

/// A database in a folder.
pub struct SqliteStore {
    writers: Connections<Connection>,
    readers: Connections<Connection>,
    answer_max: Duration,
    folder: Folder,
}

impl SqliteStore {
    /// Opens the folder, or makes it. Fails at once if another process works on it.
    pub async fn open(dir: &Path, settings: &StoreSettings) -> Result<Self, OpenError> {
        let folder = Folder::take(dir)?;
        let writes = writes(&folder, settings);
        schema::prepare(&mut line::open(writes.clone()).await?).await?;
        let reads = reads(&folder, settings);
        Ok(Self::new(folder, writes, reads, settings))
    }

    /// Opens a folder to read it, beside a process that may be at work on it. Writing fails.
    pub async fn open_beside(dir: &Path, settings: &StoreSettings) -> Result<Self, OpenError> {
        let folder = Folder::beside(dir)?;
        let reads = reads(&folder, settings);
        check_layout(&mut line::open(reads.clone()).await?).await?;
        Ok(Self::new(folder, reads.clone(), reads, settings))
    }

    fn new(folder: Folder, writes: Opening, reads: Opening, settings: &StoreSettings) -> Self {
        let acquire_max = settings.acquire_max();
        Self {
            writers: Connections::new(writes, 1, acquire_max),
            readers: Connections::new(reads, settings.readers, acquire_max),
            answer_max: settings.answer_max(),
            folder,
        }
    }
}

/// Whoever only reads cannot bring the tables up to date.
async fn check_layout(connection: &mut Connection) -> Result<(), OpenError> {
    let found = schema::setting(connection, "layout").await?;
    let found = found.and_then(|value| value.parse().ok()).unwrap_or(0_i64);
    let known = MIGRATIONS.len() as i64;
    match found.cmp(&known) {
        Ordering::Less => Err(OpenError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(OpenError::Newer { found, known }),
    }
}

fn writes(folder: &Folder, settings: &StoreSettings) -> Opening {
    let mut opening = reads(folder, settings);
    opening.flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    opening.pragmas.extend([
        ("cache_size", "-16000"),
        ("journal_mode", "wal"),
        ("synchronous", "full"),
        // A rare long checkpoint instead of many short ones, for a page that changed often is copied
        // once; the file is cut back after it.
        ("wal_autocheckpoint", "16000"),
        ("journal_size_limit", "67108864"),
        // What is overwritten is gone: a destroyed key is not left in a page's free space.
        // `FAST` does so where the page is written anyway.
        ("secure_delete", "fast"),
    ]);
    opening
}

fn reads(folder: &Folder, settings: &StoreSettings) -> Opening {
    Opening {
        file: folder.database(),
        flags: OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        lock_max: Duration::from_millis(settings.lock_timeout_ms),
        // There are several, and what lies beyond their indexes' upper pages is seldom read twice.
        pragmas: vec![("cache_size", "-4000"), ("temp_store", "memory")],
    }
}

impl SqliteStore {
    /// The connections that answer for one tenant.
    fn walled(&self) -> &Connections<Connection> {
        &self.readers
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}
