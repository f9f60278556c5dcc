//! One batch, one transaction.

use super::{
    BEGIN, Connection,
    values::{Bound, Values},
};
use kontor_actors::{
    storable,
    store::{
        Batch, CommitError, CursorRow, KeyRow, PersonKeyRow, RequestRow, StoredEntity, StoredEvent,
        TouchRow,
    },
};
use kontor_messages::Timestamp;
use sqlx::{Connection as _, Row as _, query};
use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

static EVENTS: LazyLock<Values> = LazyLock::new(|| {
    let into = "INSERT INTO journal (shard, seq, id, tenant, domain, entity, version, name, at,
        payload, meta) VALUES";
    Values::new(into, 11, "")
});

static STATES: LazyLock<Values> = LazyLock::new(|| {
    let into = "INSERT INTO entities (tenant, domain, id, shard, version, status, due, created_at,
        updated_at, state, label) VALUES";
    let upsert = "ON CONFLICT (tenant, domain, id) DO UPDATE SET shard = excluded.shard,
        version = excluded.version, status = excluded.status, due = excluded.due,
        updated_at = excluded.updated_at, state = excluded.state, label = excluded.label
        WHERE entities.version < excluded.version";
    Values::new(into, 11, upsert)
});

static TOUCHES: LazyLock<Values> = LazyLock::new(|| {
    Values::new("INSERT INTO touches (tenant, domain, entity, version, shard, seq) VALUES", 6, "")
});

/// A plain `IN (VALUES ...)` would pass over the whole table; this searches it, row by row.
static KEYS_GONE: LazyLock<Values> = LazyLock::new(|| {
    let delete = ") DELETE FROM entity_keys WHERE (tenant, domain, key, value) IN (
        SELECT k.tenant, k.domain, k.key, k.value FROM gone CROSS JOIN entity_keys k
        ON k.tenant = gone.tenant AND k.domain = gone.domain AND k.key = gone.key
            AND k.value = gone.value AND k.entity = gone.entity)";
    Values::new("WITH gone (tenant, domain, key, value, entity) AS (VALUES", 5, delete)
});

static KEYS: LazyLock<Values> = LazyLock::new(|| {
    Values::new("INSERT INTO entity_keys (tenant, domain, key, value, entity) VALUES", 5, "")
});

static REQUESTS: LazyLock<Values> = LazyLock::new(|| {
    let into = "INSERT INTO idempotency (tenant, domain, key, hash, entity, version, at) VALUES";
    Values::new(into, 7, "")
});

static CURSORS: LazyLock<Values> = LazyLock::new(|| {
    let upsert = "ON CONFLICT (shard, follower) DO UPDATE SET seq = excluded.seq
        WHERE cursors.seq < excluded.seq";
    Values::new("INSERT INTO cursors (shard, follower, seq) VALUES", 3, upsert)
});

static PERSON_KEYS: LazyLock<Values> = LazyLock::new(|| {
    let into = "INSERT INTO person_keys (tenant, domain, entity, person, key, at) VALUES";
    Values::new(into, 6, "ON CONFLICT DO NOTHING")
});

/// Writes all of a batch, or nothing.
pub(super) async fn commit(connection: &mut Connection, batch: &Batch) -> Result<(), CommitError> {
    storable::check(batch)?;
    let mut tx = connection.begin_with(BEGIN).await.map_err(unavailable)?;
    match write(&mut tx, batch).await {
        Ok(()) => tx.commit().await.map_err(unavailable),
        Err(error) => {
            tx.rollback().await.map_err(unavailable)?;
            Err(judge(connection, batch, error).await)
        }
    }
}

/// The journal first: whoever lost the shard must learn that before anything else.
async fn write(tx: &mut Connection, batch: &Batch) -> sqlx::Result<()> {
    EVENTS.run(tx, &batch.events, bind_event).await?;
    STATES.run(tx, &batch.states, bind_state).await?;
    TOUCHES.run(tx, &batch.touches, bind_touch).await?;
    KEYS_GONE.run(tx, &batch.keys_gone, bind_key).await?;
    KEYS.run(tx, &batch.keys, bind_key).await?;
    REQUESTS.run(tx, &batch.requests, bind_request).await?;
    PERSON_KEYS.run(tx, &batch.person_keys, bind_person_key).await?;
    CURSORS.run(tx, &batch.cursors, bind_cursor).await
}

/// Says what a failure means for the writer, after the transaction was rolled back.
async fn judge(connection: &mut Connection, batch: &Batch, error: sqlx::Error) -> CommitError {
    const TOO_BIG: i32 = 18;
    const CONSTRAINT: i32 = 19;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        Some(CONSTRAINT) => match fenced(connection, batch).await {
            Ok(Some(shard)) => CommitError::Fenced(shard),
            Ok(None) => CommitError::Rejected(error.to_string()),
            Err(error) => unavailable(error),
        },
        Some(TOO_BIG) => CommitError::Rejected(error.to_string()),
        _ => unavailable(error),
    }
}

/// The shard of which a sequence of the batch is already there. SQLite looks at the newest index
/// first, so its message does not tell.
async fn fenced(connection: &mut Connection, batch: &Batch) -> sqlx::Result<Option<u32>> {
    let mut places = BTreeSet::new();
    for event in &batch.events {
        if !places.insert((event.shard, event.seq)) {
            return Ok(Some(event.shard));
        }
    }
    for (shard, seq) in places {
        let taken = query("SELECT EXISTS (SELECT 1 FROM journal WHERE shard = $1 AND seq = $2)");
        let row = taken.bind(i64::from(shard)).bind(seq).fetch_one(&mut *connection).await?;
        if row.try_get(0)? {
            return Ok(Some(shard));
        }
    }
    Ok(None)
}

fn unavailable(error: sqlx::Error) -> CommitError {
    CommitError::Unavailable(error.to_string())
}

fn bind_event(statement: Bound, event: &StoredEvent) -> Bound {
    statement
        .bind(i64::from(event.shard))
        .bind(event.seq)
        .bind(event.id.0)
        .bind(event.tenant.as_str())
        .bind(Arc::clone(&event.domain))
        .bind(event.entity.as_str())
        .bind(event.version)
        .bind(Arc::clone(&event.name))
        .bind(event.at.millis())
        .bind(Arc::clone(&event.payload))
        .bind(Arc::clone(&event.meta))
}

fn bind_state(statement: Bound, state: &StoredEntity) -> Bound {
    statement
        .bind(state.tenant.as_str())
        .bind(Arc::clone(&state.domain))
        .bind(state.entity.as_str())
        .bind(i64::from(state.shard))
        .bind(state.version)
        .bind(state.status.clone())
        .bind(state.due.map(Timestamp::millis))
        .bind(state.created_at.millis())
        .bind(state.updated_at.millis())
        .bind(Arc::clone(&state.state))
        .bind(state.label.clone())
}

fn bind_touch(statement: Bound, touch: &TouchRow) -> Bound {
    statement
        .bind(touch.tenant.as_str())
        .bind(Arc::clone(&touch.domain))
        .bind(touch.entity.as_str())
        .bind(touch.version)
        .bind(i64::from(touch.shard))
        .bind(touch.seq)
}

fn bind_key(statement: Bound, key: &KeyRow) -> Bound {
    statement
        .bind(key.tenant.as_str())
        .bind(Arc::clone(&key.domain))
        .bind(Arc::clone(&key.name))
        .bind(key.value.as_str())
        .bind(key.entity.as_str())
}

fn bind_request(statement: Bound, request: &RequestRow) -> Bound {
    statement
        .bind(request.tenant.as_str())
        .bind(Arc::clone(&request.domain))
        .bind(request.key.as_str())
        .bind(request.hash.as_slice())
        .bind(request.entity.as_str())
        .bind(request.version)
        .bind(request.at.millis())
}

fn bind_person_key(statement: Bound, row: &PersonKeyRow) -> Bound {
    statement
        .bind(row.tenant.as_str())
        .bind(Arc::clone(&row.domain))
        .bind(row.entity.as_str())
        .bind(row.person.as_str())
        .bind(row.key.as_ref().map(<[u8; 32]>::as_slice))
        .bind(row.at.millis())
}

fn bind_cursor(statement: Bound, cursor: &CursorRow) -> Bound {
    statement.bind(i64::from(cursor.shard)).bind(Arc::clone(&cursor.follower)).bind(cursor.seq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{MIGRATIONS, values::Bound};
    use sqlx::{AssertSqlSafe, ConnectOptions as _, sqlite::SqliteConnectOptions};

    #[tokio::test]
    async fn keys_that_end_are_searched_for() {
        let options = SqliteConnectOptions::new().in_memory(true);
        let mut connection = options.connect().await.unwrap();
        for migration in MIGRATIONS {
            sqlx::raw_sql(*migration).execute(&mut connection).await.unwrap();
        }
        for text in KEYS_GONE.texts() {
            let plan: Bound = query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
            let steps = plan.fetch_all(&mut connection).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get(3)).collect();
            assert!(!steps.iter().any(|step| step.starts_with("SCAN entity_keys")), "{steps:?}");
        }
    }
}
