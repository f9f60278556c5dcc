//! The database: SQLite inside the process, or PostgreSQL beside it.
//!
//! Both implement `kontor_actors::store::Store`. Their simple statements are one text in
//! `shared/`; what differs is how a batch is written and how many things are looked up at once.
//! PostgreSQL is spoken to by sqlx. SQLite is by rusqlite, for its calls cost less than handing
//! each of them to another thread.

mod connections;
pub mod postgres;
pub mod sealed;
pub mod sqlite;

pub use self::{postgres::PostgresStore, sealed::SealedStore, sqlite::SqliteStore};

use kontor_actors::store::Store;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Opens the database that the settings name, and brings its tables up to date.
pub async fn open(settings: &StoreSettings) -> Result<Arc<dyn Store>, OpenError> {
    match settings.place()? {
        Place::Postgres(url) => Ok(sealed(PostgresStore::open(url, settings).await?)),
        Place::Folder(dir) => Ok(sealed(SqliteStore::open(dir, settings).await?)),
    }
}

/// Opens the database that the settings name to read it, beside a node that may be at work on it.
pub async fn open_beside(settings: &StoreSettings) -> Result<Arc<dyn Store>, OpenError> {
    match settings.place()? {
        Place::Postgres(url) => Ok(sealed(PostgresStore::open(url, settings).await?)),
        Place::Folder(dir) => Ok(sealed(SqliteStore::open_beside(dir, settings).await?)),
    }
}

/// Nobody gets at a database but through what seals personal data.
fn sealed(store: impl Store) -> Arc<dyn Store> {
    Arc::new(SealedStore::over(Arc::new(store)))
}

/// Where the data is kept, and how long to wait for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// `postgres://user:password@host/database`, or a folder for the embedded database.
    pub url: SecretString,
    /// Connections that commit. SQLite has one, whatever is asked for.
    #[serde(default = "writers")]
    pub writers: u32,
    /// Connections that read.
    #[serde(default = "readers")]
    pub readers: u32,
    /// How long a caller waits for a free connection.
    #[serde(default = "acquire_timeout_ms")]
    pub acquire_timeout_ms: u64,
    /// How long a statement may run.
    #[serde(default = "statement_timeout_ms")]
    pub statement_timeout_ms: u64,
    /// How long a statement may wait for another's lock.
    #[serde(default = "lock_timeout_ms")]
    pub lock_timeout_ms: u64,
    /// Refuses a database in which the second wall between tenants cannot be put up.
    #[serde(default)]
    pub require_wall: bool,
}

impl StoreSettings {
    /// The defaults, for a database or a folder.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into().into(),
            writers: writers(),
            readers: readers(),
            acquire_timeout_ms: acquire_timeout_ms(),
            statement_timeout_ms: statement_timeout_ms(),
            lock_timeout_ms: lock_timeout_ms(),
            require_wall: false,
        }
    }

    fn place(&self) -> Result<Place<'_>, OpenError> {
        let url = self.url.expose_secret();
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Place::Postgres(url)),
            Some((scheme, _)) => Err(OpenError::Scheme(scheme.into())),
            None if url.is_empty() => Err(OpenError::Scheme(String::new())),
            None => Ok(Place::Folder(Path::new(url))),
        }
    }

    fn acquire_max(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    /// The database ends a statement by itself first; this is for one that went silent.
    fn answer_max(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms) + Duration::from_secs(2)
    }
}

fn writers() -> u32 {
    2
}

fn readers() -> u32 {
    4
}

fn acquire_timeout_ms() -> u64 {
    5_000
}

fn statement_timeout_ms() -> u64 {
    15_000
}

fn lock_timeout_ms() -> u64 {
    5_000
}

enum Place<'a> {
    Postgres(&'a str),
    Folder(&'a Path),
}

/// Why a database cannot be opened. Each is one line for the person who starts the program.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The setting names no database that there is.
    #[error("store.url: expected postgres://... or a folder, found '{0}'")]
    Scheme(String),
    /// The folder cannot be made or written.
    #[error("the data folder {} cannot be used: {error}", .dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another process works on the folder.
    #[error("the data folder {} is in use by another process (pid {pid})", .dir.display())]
    Taken {
        /// The folder.
        dir: PathBuf,
        /// Whose it is, as far as it can be told.
        pid: String,
    },
    /// An earlier release has been here last, and who only reads brings no tables up to date.
    #[error("the database has layout {found}, and this program knows {known}: start its node once")]
    Older {
        /// Its layout.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// A later release has been here. Its tables are not touched.
    #[error("the database has layout {found}, and this program knows {known}: use a newer one")]
    Newer {
        /// The layout found.
        found: i64,
        /// The last one known.
        known: i64,
    },
    /// The database would not keep text as it is.
    #[error("the database keeps text as {0}: expected UTF8")]
    Encoding(String),
    /// The second wall is required, and the database's role may not put it up.
    #[error(
        "store.require_wall: there is no row-level security, for this database's role may not \
        make or take the role kontor_tenant: let an administrator run CREATE ROLE kontor_tenant \
        NOLOGIN and grant it to this role with ADMIN OPTION, or set store.require_wall = false"
    )]
    NoWall,
    /// The database does not answer, or refuses.
    #[error("the database cannot be opened: {0}")]
    Database(Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<sqlite::Fault> for OpenError {
    fn from(fault: sqlite::Fault) -> Self {
        Self::Database(fault.into())
    }
}
