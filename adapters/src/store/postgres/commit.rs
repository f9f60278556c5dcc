//! One batch, one statement.

use super::{Connection, Dialect};
use kontor_actors::{
    storable,
    store::{
        Batch, CommitError, CursorRow, KeyRow, PersonKeyRow, RequestRow, StoredEntity, StoredEvent,
        TouchRow,
    },
};
use kontor_messages::Timestamp;
use sqlx::{
    Encode, Type,
    postgres::{PgArguments, PgDatabaseError, PgHasArrayType},
    query::Query,
};

const COMMIT: &str = include_str!("commit.sql");

type Bound = Query<'static, Dialect, PgArguments>;

/// Writes all of a batch, or nothing.
pub(super) async fn commit(connection: &mut Connection, batch: &Batch) -> Result<(), CommitError> {
    // The server would refuse it too, after the whole batch has been sent.
    storable::check(batch)?;
    let statement = bind_events(sqlx::query(COMMIT), &batch.events);
    let statement = bind_states(statement, &batch.states);
    let statement = bind_touches(statement, &batch.touches);
    let statement = bind_keys(statement, &batch.keys_gone);
    let statement = bind_keys(statement, &batch.keys);
    let statement = bind_requests(statement, &batch.requests);
    let statement = bind_cursors(statement, &batch.cursors);
    let statement = bind_person_keys(statement, &batch.person_keys);
    let statement = column(statement, &batch.states, |row| row.label.as_deref());
    match statement.execute(connection).await {
        Ok(_) => Ok(()),
        Err(error) => Err(judge(batch, &error)),
    }
}

/// Says what a failure means for the writer.
fn judge(batch: &Batch, error: &sqlx::Error) -> CommitError {
    let unavailable = || CommitError::Unavailable(error.to_string());
    let Some(refused) = error.as_database_error() else {
        return unavailable();
    };
    let Some(refused) = refused.try_downcast_ref::<PgDatabaseError>() else {
        return unavailable();
    };
    if refused.constraint() == Some("journal_pkey") {
        let told = refused.detail().and_then(shard_in);
        let first = batch.events.first().map(|event| event.shard);
        return told.or(first).map_or_else(unavailable, CommitError::Fenced);
    }
    match refused.code() {
        // A key too long for an index: the limit of a program, but the row's fault.
        "54000" => CommitError::Rejected(error.to_string()),
        // Cardinality, data, integrity.
        code if ["21", "22", "23"].contains(&&code[..2]) => {
            CommitError::Rejected(error.to_string())
        }
        _ => unavailable(),
    }
}

/// The shard in `Key (shard, seq)=(3, 17) already exists.`, in whatever language that is said.
fn shard_in(detail: &str) -> Option<u32> {
    let (_, values) = detail.split_once("=(")?;
    let (shard, _) = values.split_once(',')?;
    shard.trim().parse().ok()
}

/// One list: a column of `rows`.
fn column<'r, R, T>(statement: Bound, rows: &'r [R], of: impl Fn(&'r R) -> T) -> Bound
where
    T: Encode<'r, Dialect> + Type<Dialect> + PgHasArrayType,
{
    statement.bind(rows.iter().map(of).collect::<Vec<T>>())
}

fn bind_events(statement: Bound, rows: &[StoredEvent]) -> Bound {
    let statement = column(statement, rows, |row| row.shard as i32);
    let statement = column(statement, rows, |row| row.seq);
    let statement = column(statement, rows, |row| row.id.0);
    let statement = column(statement, rows, |row| row.tenant.as_str());
    let statement = column(statement, rows, |row| &*row.domain);
    let statement = column(statement, rows, |row| row.entity.as_str());
    let statement = column(statement, rows, |row| row.version);
    let statement = column(statement, rows, |row| &*row.name);
    let statement = column(statement, rows, |row| row.at.millis());
    let statement = column(statement, rows, |row| &*row.payload);
    column(statement, rows, |row| &*row.meta)
}

fn bind_states(statement: Bound, rows: &[StoredEntity]) -> Bound {
    let statement = column(statement, rows, |row| row.tenant.as_str());
    let statement = column(statement, rows, |row| &*row.domain);
    let statement = column(statement, rows, |row| row.entity.as_str());
    let statement = column(statement, rows, |row| row.shard as i32);
    let statement = column(statement, rows, |row| row.version);
    let statement = column(statement, rows, |row| row.status.as_deref());
    let statement = column(statement, rows, |row| row.due.map(Timestamp::millis));
    let statement = column(statement, rows, |row| row.created_at.millis());
    let statement = column(statement, rows, |row| row.updated_at.millis());
    column(statement, rows, |row| &*row.state)
}

fn bind_touches(statement: Bound, rows: &[TouchRow]) -> Bound {
    let statement = column(statement, rows, |row| row.tenant.as_str());
    let statement = column(statement, rows, |row| &*row.domain);
    let statement = column(statement, rows, |row| row.entity.as_str());
    let statement = column(statement, rows, |row| row.version);
    let statement = column(statement, rows, |row| row.shard as i32);
    column(statement, rows, |row| row.seq)
}

fn bind_keys(statement: Bound, rows: &[KeyRow]) -> Bound {
    let statement = column(statement, rows, |row| row.tenant.as_str());
    let statement = column(statement, rows, |row| &*row.domain);
    let statement = column(statement, rows, |row| &*row.name);
    let statement = column(statement, rows, |row| row.value.as_str());
    column(statement, rows, |row| row.entity.as_str())
}

fn bind_requests(statement: Bound, rows: &[RequestRow]) -> Bound {
    let statement = column(statement, rows, |row| row.tenant.as_str());
    let statement = column(statement, rows, |row| &*row.domain);
    let statement = column(statement, rows, |row| row.key.as_str());
    let statement = column(statement, rows, |row| row.hash.as_slice());
    let statement = column(statement, rows, |row| row.entity.as_str());
    let statement = column(statement, rows, |row| row.version);
    column(statement, rows, |row| row.at.millis())
}

fn bind_person_keys(statement: Bound, rows: &[PersonKeyRow]) -> Bound {
    let statement = column(statement, rows, |row| row.tenant.as_str());
    let statement = column(statement, rows, |row| &*row.domain);
    let statement = column(statement, rows, |row| row.entity.as_str());
    let statement = column(statement, rows, |row| row.person.as_str());
    let statement = column(statement, rows, |row| row.key.as_ref().map(<[u8; 32]>::as_slice));
    column(statement, rows, |row| row.at.millis())
}

fn bind_cursors(statement: Bound, rows: &[CursorRow]) -> Bound {
    let statement = column(statement, rows, |row| row.shard as i32);
    let statement = column(statement, rows, |row| &*row.follower);
    column(statement, rows, |row| row.seq)
}

#[cfg(test)]
mod tests {
    use super::shard_in;

    #[test]
    fn the_fenced_shard_is_read_from_the_detail_in_any_language() {
        assert_eq!(shard_in("Key (shard, seq)=(3, 17) already exists."), Some(3));
        assert_eq!(shard_in("Schlüssel »(shard, seq)=(12, 1)« existiert bereits."), Some(12));
        assert_eq!(shard_in("nothing to see"), None);
    }
}
