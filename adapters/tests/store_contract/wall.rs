//! PostgreSQL's second wall: a statement that forgot its tenant sees nothing.

use crate::{
    rows::{batch, event, tenant},
    stores::{Database, connect, run},
};
use kontor_actors::store::{Batch, ListQuery, Store, StoredEvent};
use kontor_adapters::store::{OpenError, StoreSettings, open};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::sync::Arc;

const TABLES: [&str; 7] =
    ["journal", "entities", "entity_keys", "idempotency", "touches", "dead_letters", "person_keys"];

/// Two tenants with an event and an entity each.
async fn two_tenants(store: &dyn Store) {
    let theirs = StoredEvent { tenant: tenant("tide"), ..event(0, 2, "b", 1) };
    store.commit(batch([event(0, 1, "a", 1), theirs])).await.unwrap();
    let mine = crate::rows::state("a", 1);
    let theirs =
        kontor_actors::store::StoredEntity { tenant: tenant("tide"), ..crate::rows::state("b", 1) };
    let states = Batch { states: vec![mine, theirs], ..Batch::default() };
    store.commit(Arc::new(states)).await.unwrap();
}

async fn tenants_in(connection: &mut PgConnection, table: &str) -> Vec<String> {
    let sql = format!("SELECT DISTINCT tenant FROM {table} ORDER BY 1");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn execute(connection: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn behind_the_wall_there_is_one_tenant_or_none() {
    let database = Database::create().await;
    let store = database.store().await;
    two_tenants(&*store).await;
    let mut inside = connect(&database.url()).await;
    execute(&mut inside, "SET ROLE kontor_tenant").await;
    for table in TABLES {
        assert_eq!(tenants_in(&mut inside, table).await, Vec::<String>::new(), "{table}");
    }
    execute(&mut inside, "SET kontor.tenant = 'tide'").await;
    for table in ["journal", "entities", "journal_events", "orders"] {
        assert_eq!(tenants_in(&mut inside, table).await, ["tide"], "{table}");
    }
    for write in ["DELETE FROM journal", "UPDATE entities SET state = '{}'"] {
        let refused = sqlx::query(write).execute(&mut inside).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{refused}");
    }
    let sql = "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = 'kontor_tenant'";
    assert!(!sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut inside).await.unwrap());
    inside.close().await.unwrap();
    drop(store);
    database.drop().await;
}

#[tokio::test]
async fn one_connection_serves_one_tenant_after_the_other_and_mixes_none() {
    let database = Database::create().await;
    let settings =
        StoreSettings { readers: 1, require_wall: true, ..StoreSettings::at(database.url()) };
    let store = open(&settings).await.unwrap();
    two_tenants(&*store).await;
    for name in ["harbour", "tide", "harbour", "nobody"] {
        let query = ListQuery {
            tenant: tenant(name),
            domain: "order".into(),
            prefix: String::new(),
            status: None,
            label: None,
            from: None,
            before: None,
            limit: 10,
        };
        let found = store.list(&query).await.unwrap();
        assert!(found.iter().all(|row| row.tenant == tenant(name)));
        assert_eq!(found.len(), usize::from(name != "nobody"), "{name}");
        let told = store.read_tenant(&tenant(name), 0, 0, 100).await.unwrap();
        assert_eq!(told.len(), usize::from(name != "nobody"), "{name}");
    }
    drop(store);
    database.drop().await;
}

/// Breaks the policy, so that the statement's own `tenant =` is all there is; then the reverse.
#[tokio::test]
async fn a_tenant_s_journal_is_read_behind_the_wall() {
    let database = Database::create().await;
    let store = database.store().await;
    two_tenants(&*store).await;
    let mut owner = connect(&database.url()).await;
    execute(&mut owner, "ALTER POLICY tenant ON journal USING (false)").await;
    let told = store.read_tenant(&tenant("tide"), 0, 0, 100).await.unwrap();
    assert!(told.is_empty(), "it was not the wall's role that read: {told:?}");
    assert_eq!(store.read(0, 0, 100).await.unwrap().len(), 2);
    owner.close().await.unwrap();
    drop(store);
    database.drop().await;
}

async fn plan(connection: &mut PgConnection, sql: &'static str) -> String {
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}

/// The journal's key serves it, whatever the tables' sizes: never a tenant's whole history.
#[tokio::test]
async fn a_tenant_s_stretch_costs_its_rows_and_not_the_tenant_s_history() {
    let database = Database::create().await;
    drop(database.store().await);
    let mut inside = connect(&database.url()).await;
    execute(
        &mut inside,
        "INSERT INTO journal (shard, seq, id, tenant, domain, entity, version, name, at, payload, meta)
        SELECT 0, n, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'tide' ELSE 't' || n END, 'order',
            'e' || n, 1, 'order.created', 1, '{}', '{}' FROM generate_series(1, 20000) AS n;
        ANALYZE journal; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
        SET ROLE kontor_tenant; SET kontor.tenant = 'tide';
        PREPARE stretch (integer, bigint, bigint, text, bigint) AS SELECT seq FROM journal
            WHERE shard = $1 AND seq > $2 AND seq <= $3 AND tenant || '' = $4 ORDER BY seq LIMIT $5",
    )
    .await;
    let plan = plan(&mut inside, "EXPLAIN EXECUTE stretch (0, 100, 600, 'tide', 500)").await;
    assert!(plan.contains("journal_pkey") && !plan.contains("Sort"), "{plan}");
    let history = "EXPLAIN SELECT seq FROM journal WHERE tenant = 'tide' AND domain = 'order'
        AND entity = 'e2' AND version > 0 ORDER BY version LIMIT 10";
    let plan = self::plan(&mut inside, history).await;
    assert!(plan.contains("journal_version") && !plan.contains("Sort"), "{plan}");
    inside.close().await.unwrap();
    database.drop().await;
}

#[tokio::test]
async fn a_role_that_may_not_make_roles_works_without_the_second_wall() {
    let name = format!("kontor_plain_{:08x}", fastrand::u32(..));
    let database = Database::create().await;
    // The role of the wall is there before.
    drop(database.store().await);
    let plain = Database::create().await;
    run(&format!("CREATE ROLE {name} LOGIN PASSWORD 'plain'")).await;
    let mut owner = connect(&plain.url()).await;
    let grant = format!("GRANT ALL ON SCHEMA public TO {name}");
    sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    let mut url = url::Url::parse(&plain.url()).unwrap();
    url.set_username(&name).unwrap();
    url.set_password(Some("plain")).unwrap();
    let settings = StoreSettings::at(url.as_str());
    let store = open(&settings).await.unwrap();
    two_tenants(&*store).await;
    assert_eq!(store.heads(1).await.unwrap(), [2]);
    drop(store);
    // Who requires the wall is told so, and what would help.
    let refused = open(&StoreSettings { require_wall: true, ..settings }).await.err().unwrap();
    assert!(matches!(refused, OpenError::NoWall), "{refused}");
    assert!(refused.to_string().contains("store.require_wall"), "{refused}");
    assert!(refused.to_string().contains("CREATE ROLE kontor_tenant"), "{refused}");
    plain.drop().await;
    database.drop().await;
    run(&format!("DROP ROLE {name}")).await;
}
