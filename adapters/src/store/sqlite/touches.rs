//! What an entity was touched by, beside its state.
//!
//! Entities are touched in no order, so a row of its own would cost a page for each touch. The state of a
//! touched entity is written anyway: its touches stand in the same row, as `[version, seq]`, and move
//! to the table `touches` a dozen at a time.

use kontor_actors::store::{Batch, StoredEntity, TouchRow};
use kontor_messages::{EntityId, TenantId, Timestamp};
use rusqlite::{Error, OptionalExtension, Transaction, ffi, params};
use std::{collections::HashMap, fmt::Write};

/// Touches stand with a state until they are so many characters.
const LENGTH_MAX: i64 = 240;
/// The half of an entity's history that it was touched by, in no order: shard, sequence and version.
/// `$1` to `$5` are tenant, domain, entity, the version before, and how many at most.
pub(super) const TOUCHED: &str = "SELECT * FROM (
        SELECT shard, seq, version FROM touches
        WHERE tenant = $1 AND domain = $2 AND entity = $3 AND version > $4
        ORDER BY version LIMIT $5
    )
    UNION ALL
    SELECT e.shard, t.value ->> 1, t.value ->> 0
    FROM entities e, json_each('[' || e.touched || ']') t
    WHERE e.tenant = $1 AND e.domain = $2 AND e.id = $3 AND t.value ->> 0 > $4";

const TOUCH: &str = "INSERT INTO touches (tenant, domain, entity, version, shard, seq)
    VALUES (?, ?, ?, ?, ?, ?)";

/// The last value is the first version that a touch gave: what is there must be older.
const TOUCHED_STATE: &str = "INSERT INTO entities (tenant, domain, id, shard, version, status, due,
        created_at, updated_at, state, label, touched)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT (tenant, domain, id) DO UPDATE SET shard = excluded.shard,
        version = excluded.version, status = excluded.status, due = excluded.due,
        updated_at = excluded.updated_at, state = excluded.state, label = excluded.label,
        touched = coalesce(entities.touched || ',', '') || excluded.touched
    WHERE entities.version < ?13
    RETURNING length(touched)";

const MOVE: &str = "INSERT INTO touches (tenant, domain, entity, version, shard, seq)
    SELECT e.tenant, e.domain, e.id, t.value ->> 0, e.shard, t.value ->> 1
    FROM entities e, json_each('[' || e.touched || ']') t
    WHERE e.tenant = ? AND e.domain = ? AND e.id = ?";

const MOVED: &str = "UPDATE entities SET touched = NULL WHERE tenant = ? AND domain = ? AND id = ?";

/// An entity's touches in one batch, in the order of their versions.
type Touches<'a> = HashMap<(&'a TenantId, &'a str, &'a EntityId), Vec<&'a TouchRow>>;

/// Writes a batch's states and touches. `write_state` writes one that nothing touched.
pub(super) fn write<'a>(
    tx: &Transaction<'_>,
    batch: &'a Batch,
    mut write_state: impl FnMut(&'a StoredEntity) -> rusqlite::Result<usize>,
) -> rusqlite::Result<()> {
    let mut all: Touches<'a> = HashMap::new();
    for touch in &batch.touches {
        all.entry((&touch.tenant, &touch.domain, &touch.entity)).or_default().push(touch);
    }
    for state in &batch.states {
        let name = (&state.tenant, &*state.domain, &state.entity);
        match all.remove(&name) {
            Some(touches) => write_beside(tx, state, &touches)?,
            None => write_state(state).map(|_| ())?,
        }
    }
    // What has no state to stand with.
    all.into_values().try_for_each(|touches| write_rows(tx, &touches))
}

fn write_beside(
    tx: &Transaction<'_>,
    state: &StoredEntity,
    touches: &[&TouchRow],
) -> rusqlite::Result<()> {
    if !touches.is_sorted_by(|one, next| one.version < next.version) {
        return Err(taken(state));
    }
    let mut touched = String::with_capacity(touches.len() * 16);
    for (place, touch) in touches.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // Writing to a text never fails.
        let _ = write!(touched, "{comma}[{},{}]", touch.version, touch.seq);
    }
    let first = touches.first().map(|touch| touch.version);
    let name = params![state.tenant.as_str(), &*state.domain, state.entity.as_str()];
    let written = tx.prepare_cached(TOUCHED_STATE)?.query_row(
        params![
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
            touched,
            first,
        ],
        |row| row.get::<_, i64>(0),
    );
    match written.optional()? {
        None => Err(taken(state)),
        Some(length) if length <= LENGTH_MAX => Ok(()),
        Some(_) => {
            tx.prepare_cached(MOVE)?.execute(name)?;
            tx.prepare_cached(MOVED)?.execute(name).map(|_| ())
        }
    }
}

fn write_rows(tx: &Transaction<'_>, touches: &[&TouchRow]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(TOUCH)?;
    touches.iter().try_for_each(|touch| {
        let TouchRow { tenant, domain, entity, version, shard, seq } = touch;
        let row = params![tenant.as_str(), &**domain, entity.as_str(), version, shard, seq];
        statement.execute(row).map(|_| ())
    })
}

/// A version that something else gave already.
fn taken(state: &StoredEntity) -> Error {
    let fault = ffi::Error::new(ffi::SQLITE_CONSTRAINT_UNIQUE);
    Error::SqliteFailure(fault, Some(format!("{} has such a version already", state.entity)))
}
