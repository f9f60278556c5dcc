//! One batch, one transaction.

use super::{line::Connection, persons, touches};
use kontor_actors::{
    storable,
    store::{
        Batch, CommitError, CursorRow, KeyRow, PersonKeyRow, RequestRow, StoredEntity, StoredEvent,
    },
};
use kontor_messages::Timestamp;
use rusqlite::{ErrorCode, Statement, Transaction, TransactionBehavior, params};
use std::{collections::BTreeSet, fmt::Display, sync::Arc};

const EVENT: &str =
    "INSERT INTO journal (shard, seq, id, tenant, domain, entity, version, name, at,
    payload, meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const STATE: &str = "INSERT INTO entities (tenant, domain, id, shard, version, status, due,
        created_at, updated_at, state, label) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (tenant, domain, id) DO UPDATE SET shard = excluded.shard,
        version = excluded.version, status = excluded.status, due = excluded.due,
        updated_at = excluded.updated_at, state = excluded.state, label = excluded.label
    WHERE entities.version < excluded.version";

const KEY_GONE: &str = "DELETE FROM entity_keys
    WHERE tenant = ? AND domain = ? AND key = ? AND value = ? AND entity = ?";

const KEY: &str = "INSERT INTO entity_keys (tenant, domain, key, value, entity)
    VALUES (?, ?, ?, ?, ?)";

const REQUEST: &str = "INSERT INTO idempotency (tenant, domain, key, hash, entity, version, at)
    VALUES (?, ?, ?, ?, ?, ?, ?)";

const PERSON_KEY: &str = "INSERT INTO person_keys (tenant, domain, entity, person, key, at, era)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

const CURSOR: &str = "INSERT INTO cursors (shard, follower, seq) VALUES (?, ?, ?)
    ON CONFLICT (shard, follower) DO UPDATE SET seq = excluded.seq
    WHERE cursors.seq < excluded.seq";

/// Writes all of a batch, or nothing.
pub(super) async fn commit(
    connection: &mut Connection,
    batch: &Arc<Batch>,
) -> Result<(), CommitError> {
    storable::check(batch)?;
    let batch = Arc::clone(batch);
    let written = connection.run(move |database| Ok(attempt(database, &batch)));
    written.await.unwrap_or_else(|fault| Err(unavailable(fault)))
}

fn attempt(database: &mut rusqlite::Connection, batch: &Batch) -> Result<(), CommitError> {
    let begun = database.transaction_with_behavior(TransactionBehavior::Immediate);
    let tx = begun.map_err(unavailable)?;
    match write(&tx, batch) {
        Ok(()) => tx.commit().map_err(unavailable),
        Err(error) => {
            tx.rollback().map_err(unavailable)?;
            Err(judge(database, batch, &error))
        }
    }
}

/// The journal first: whoever lost the shard must learn that before anything else.
fn write(tx: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    each(tx, EVENT, &batch.events, write_event)?;
    let mut state = tx.prepare_cached(STATE)?;
    touches::write(tx, batch, |row| write_state(&mut state, row))?;
    each(tx, KEY_GONE, &batch.keys_gone, write_key)?;
    each(tx, KEY, &batch.keys, write_key)?;
    each(tx, REQUEST, &batch.requests, write_request)?;
    let era = persons::era(batch);
    each(tx, PERSON_KEY, &batch.person_keys, |key, row| write_person_key(key, row, era))?;
    each(tx, CURSOR, &batch.cursors, write_cursor)
}

fn each<T>(
    tx: &Transaction<'_>,
    text: &str,
    rows: &[T],
    write: impl Fn(&mut Statement<'_>, &T) -> rusqlite::Result<usize>,
) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = tx.prepare_cached(text)?;
    rows.iter().try_for_each(|row| write(&mut statement, row).map(|_| ()))
}

/// Says what a failure means for the writer, after the transaction was rolled back.
fn judge(database: &rusqlite::Connection, batch: &Batch, error: &rusqlite::Error) -> CommitError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => match fenced(database, batch) {
            Ok(Some(shard)) => CommitError::Fenced(shard),
            Ok(None) => CommitError::Rejected(error.to_string()),
            Err(error) => unavailable(error),
        },
        Some(ErrorCode::TooBig) => CommitError::Rejected(error.to_string()),
        _ => unavailable(error),
    }
}

/// The shard of which a sequence of the batch is already there. SQLite looks at the newest index
/// first, so its message does not tell.
fn fenced(database: &rusqlite::Connection, batch: &Batch) -> rusqlite::Result<Option<u32>> {
    let mut places = BTreeSet::new();
    for event in &batch.events {
        if !places.insert((event.shard, event.seq)) {
            return Ok(Some(event.shard));
        }
    }
    let mut taken = database.prepare_cached("SELECT 1 FROM journal WHERE shard = ? AND seq = ?")?;
    for (shard, seq) in places {
        if taken.exists(params![shard, seq])? {
            return Ok(Some(shard));
        }
    }
    Ok(None)
}

fn unavailable(error: impl Display) -> CommitError {
    CommitError::Unavailable(error.to_string())
}

fn write_event(statement: &mut Statement<'_>, event: &StoredEvent) -> rusqlite::Result<usize> {
    statement.execute(params![
        event.shard,
        event.seq,
        event.id.0.as_bytes().as_slice(),
        event.tenant.as_str(),
        &*event.domain,
        event.entity.as_str(),
        event.version,
        &*event.name,
        event.at.millis(),
        &*event.payload,
        &*event.meta,
    ])
}

fn write_state(statement: &mut Statement<'_>, state: &StoredEntity) -> rusqlite::Result<usize> {
    statement.execute(params![
        state.tenant.as_str(),
        &*state.domain,
        state.entity.as_str(),
        state.shard,
        state.version,
        state.status.as_deref(),
        state.due.map(Timestamp::millis),
        state.created_at.millis(),
        state.updated_at.millis(),
        &*state.state,
        state.label.as_deref(),
    ])
}

fn write_key(statement: &mut Statement<'_>, key: &KeyRow) -> rusqlite::Result<usize> {
    statement.execute(params![
        key.tenant.as_str(),
        &*key.domain,
        &*key.name,
        key.value,
        key.entity.as_str(),
    ])
}

fn write_request(statement: &mut Statement<'_>, request: &RequestRow) -> rusqlite::Result<usize> {
    statement.execute(params![
        request.tenant.as_str(),
        &*request.domain,
        request.key,
        request.hash.as_slice(),
        request.entity.as_str(),
        request.version,
        request.at.millis(),
    ])
}

fn write_person_key(
    statement: &mut Statement<'_>,
    row: &PersonKeyRow,
    era: i64,
) -> rusqlite::Result<usize> {
    statement.execute(params![
        row.tenant.as_str(),
        &*row.domain,
        row.entity.as_str(),
        row.person,
        row.key.as_ref().map(<[u8; 32]>::as_slice),
        row.at.millis(),
        era,
    ])
}

fn write_cursor(statement: &mut Statement<'_>, cursor: &CursorRow) -> rusqlite::Result<usize> {
    statement.execute(params![cursor.shard, &*cursor.follower, cursor.seq])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{MIGRATIONS, reads};
    use kontor_actors::store::PersonQuery;

    #[test]
    fn keys_that_end_are_searched_for() {
        let steps = plan(KEY_GONE);
        assert!(steps.iter().all(|step| step.starts_with("SEARCH entity_keys")), "{steps:?}");
    }

    #[test]
    fn a_person_is_searched_for_in_each_era() {
        let query = PersonQuery {
            tenant: "a".parse().unwrap(),
            person: "p".into(),
            domain: "order".into(),
            before: Some("o".into()),
            limit: 5,
        };
        let steps = plan(reads::of_person(&query).text());
        let index = "INDEX person_keys_person (tenant=? AND era=? AND person=?";
        assert!(steps.iter().any(|step| step.contains(index)), "{steps:?}");
        // Nothing is read whole but the few eras that were found.
        let mut whole = steps.iter().filter(|step| step.starts_with("SCAN"));
        assert!(whole.all(|step| step == "SCAN eras"), "{steps:?}");
    }

    #[test]
    fn an_entity_s_history_is_searched_for() {
        let steps = plan(&reads::history_sql());
        for table in ["SEARCH touches USING", "SEARCH e USING", "SEARCH journal USING"] {
            assert!(steps.iter().any(|step| step.starts_with(table)), "{table}: {steps:?}");
        }
        // The journal by what touched the entity, not the other way round.
        assert!(steps.iter().any(|step| step.starts_with("SEARCH j USING")), "{steps:?}");
        let mut whole = steps.iter().filter(|step| step.starts_with("SCAN"));
        let small = ["SCAN t", "SCAN owned", "SCAN changes", "SCAN (subquery"];
        assert!(whole.all(|step| small.iter().any(|small| step.starts_with(small))), "{steps:?}");
    }

    #[test]
    fn what_an_older_layout_has_is_found_in_this_one() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        let (before, since) = MIGRATIONS.split_at(3);
        before.iter().for_each(|migration| database.execute_batch(migration).unwrap());
        let rows =
            "INSERT INTO journal VALUES (0, 1, x'00', 'a', 'stock', 'hold', 1, 'n', 1, '{}', '{}');
            INSERT INTO entities (tenant, domain, id, shard, version, created_at, updated_at, state)
                VALUES ('a', 'stock', 'sku', 0, 1, 1, 1, '{}');
            INSERT INTO touches VALUES ('a', 'stock', 'sku', 1, 0, 1);
            INSERT INTO person_keys VALUES ('a', 'order', 'o', 'p', x'00', 1);";
        database.execute_batch(rows).unwrap();
        since.iter().for_each(|migration| database.execute_batch(migration).unwrap());
        let mut history = database.prepare(&reads::history_sql()).unwrap();
        let asked = params!["a", "stock", "sku", 0, 10];
        let found: (i64, String) =
            history.query_row(asked, |row| Ok((row.get(6)?, row.get(5)?))).unwrap();
        assert_eq!(found, (1, "hold".to_owned()));
        let query = PersonQuery {
            tenant: "a".parse().unwrap(),
            person: "p".into(),
            domain: "order".into(),
            before: None,
            limit: 5,
        };
        let mut theirs = database.prepare(reads::of_person(&query).text()).unwrap();
        let asked = params!["a", "p", "order", "a", "a", 5];
        assert_eq!(theirs.query_row(asked, |row| row.get::<_, String>(0)).unwrap(), "o");
    }

    fn plan(sql: &str) -> Vec<String> {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|migration| database.execute_batch(migration).unwrap());
        let mut plan = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nothing = vec![None::<&str>; plan.parameter_count()];
        let nothing = rusqlite::params_from_iter(nothing);
        let steps = plan.query_map(nothing, |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect()
    }
}
