//! The real stores, each test with its own.

use kontor_actors::store::Store;
use kontor_adapters::store::{OpenError, SqliteStore, StoreSettings, open};
use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};
use std::{path::Path, sync::Arc};

pub async fn sqlite(folder: &Path) -> Arc<dyn Store> {
    open(&StoreSettings::at(folder.to_str().unwrap())).await.unwrap()
}

#[tokio::test]
async fn a_second_process_is_refused_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings::at("");
    let first = SqliteStore::open(folder.path(), &settings).await.unwrap();
    let second = SqliteStore::open(folder.path(), &settings).await.unwrap_err();
    assert_eq!(
        second.to_string(),
        format!(
            "the data folder {} is in use by another process (pid {})",
            folder.path().display(),
            std::process::id()
        )
    );
    drop(first);
    SqliteStore::open(folder.path(), &settings).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = SqliteStore::open(&file, &StoreSettings::at("")).await.unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn an_unknown_scheme_is_refused() {
    let error = open(&StoreSettings::at("mysql://localhost/kontor")).await.err().unwrap();
    assert!(matches!(error, OpenError::Scheme(scheme) if scheme == "mysql"));
}

#[tokio::test]
async fn a_folder_written_by_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(sqlite(folder.path()).await);
    let mut connection = inside(folder.path()).await;
    sqlx::query("UPDATE settings SET value = '999' WHERE name = 'layout'")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let error = open(&StoreSettings::at(folder.path().to_str().unwrap())).await.err().unwrap();
    assert!(matches!(error, OpenError::Newer { found: 999, .. }), "{error}");
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path()).await;
    store.commit(crate::rows::batch([crate::rows::event(0, 1, "a", 1)])).await.unwrap();
    drop(store);
    let store = sqlite(folder.path()).await;
    assert_eq!(store.heads(1).await.unwrap(), [1]);
}

#[tokio::test]
async fn the_journal_is_read_through_its_view() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path()).await;
    let event = crate::rows::event(0, 1, "a", 1);
    store.commit(crate::rows::batch([event.clone()])).await.unwrap();
    let sql = "SELECT id, at, payload ->> 'n' FROM journal_events WHERE tenant = 'harbour'";
    let row = sqlx::query(sql).fetch_one(&mut inside(folder.path()).await).await.unwrap();
    assert_eq!(row.get::<String, _>(0), event.id.to_string());
    assert_eq!(row.get::<String, _>(1), event.at.to_string());
    assert_eq!(row.get::<i64, _>(2), 1);
}

async fn inside(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("kontor.db")).connect().await.unwrap()
}

#[cfg(feature = "servers")]
pub use postgres::{Database, connect, run};

#[cfg(feature = "servers")]
mod postgres {
    use super::*;
    use sqlx::{
        AssertSqlSafe,
        postgres::{PgConnectOptions, PgConnection},
    };

    /// A database of its own for one test.
    pub struct Database {
        name: String,
    }

    impl Database {
        pub async fn create() -> Self {
            let name = format!("kontor_test_{:016x}", fastrand::u64(..));
            run(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).await;
            Self { name }
        }

        pub fn url(&self) -> String {
            let mut url = url::Url::parse(&server()).unwrap();
            url.set_path(&self.name);
            url.into()
        }

        pub async fn store(&self) -> Arc<dyn Store> {
            open(&StoreSettings::at(self.url())).await.unwrap()
        }

        pub async fn drop(self) {
            run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
        }
    }

    fn server() -> String {
        std::env::var("KONTOR_TEST_POSTGRES_URL")
            .expect("KONTOR_TEST_POSTGRES_URL names the server for tests with feature `servers`")
    }

    pub async fn connect(url: &str) -> PgConnection {
        url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
    }

    pub async fn run(sql: &str) {
        let mut connection = connect(&server()).await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    #[tokio::test]
    async fn nodes_that_start_together_bring_the_tables_up_to_date_once() {
        let database = Database::create().await;
        let (first, second) = tokio::join!(database.store(), database.store());
        assert_eq!(first.shards(64).await.unwrap(), 64);
        assert_eq!(second.shards(1).await.unwrap(), 64);
        drop((first, second));
        database.drop().await;
    }

    #[tokio::test]
    async fn a_connection_that_was_cut_is_an_outage_and_then_replaced() {
        let database = Database::create().await;
        let store = database.store().await;
        store.commit(crate::rows::batch([crate::rows::event(0, 1, "a", 1)])).await.unwrap();
        run(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            database.name
        ))
        .await;
        let lost = store.commit(crate::rows::batch([crate::rows::event(0, 2, "a", 2)])).await;
        assert!(matches!(lost, Err(kontor_actors::store::CommitError::Unavailable(_))), "{lost:?}");
        store.commit(crate::rows::batch([crate::rows::event(0, 2, "a", 2)])).await.unwrap();
        assert_eq!(store.heads(1).await.unwrap(), [2]);
        drop(store);
        database.drop().await;
    }

    #[tokio::test]
    async fn the_journal_is_read_through_its_view() {
        let database = Database::create().await;
        let store = database.store().await;
        store.commit(crate::rows::batch([crate::rows::event(0, 1, "a", 1)])).await.unwrap();
        let mut connection = connect(&database.url()).await;
        let sql = "SELECT payload ->> 'n', (extract(epoch FROM at) * 1000)::bigint
            FROM journal_events WHERE tenant = 'harbour'";
        let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
        assert_eq!(row.get::<String, _>(0), "1");
        assert_eq!(row.get::<i64, _>(1), crate::rows::NOW.millis());
        connection.close().await.unwrap();
        drop(store);
        database.drop().await;
    }
}
