//! Many lookups at once: one job, one search of a key for each.

use super::{
    line::{Connection, Result},
    rows,
    statement::Row,
};
use kontor_actors::store::{Found, Lookup};
use rusqlite::{ToSql, params_from_iter};
use std::sync::LazyLock;

static ENTITY: LazyLock<String> = LazyLock::new(|| {
    let columns = rows::ENTITY;
    format!("SELECT {columns} FROM entities WHERE tenant = ? AND domain = ? AND id = ?")
});

const KEY: &str = "SELECT entity FROM entity_keys
    WHERE tenant = ? AND domain = ? AND key = ? AND value = ?";

const REQUEST: &str = "SELECT tenant, domain, key, hash, entity, version, at FROM idempotency
    WHERE tenant = ? AND domain = ? AND key = ?";

const PERSON_KEY: &str = "SELECT tenant, domain, entity, person, key, at FROM person_keys
    WHERE tenant = ? AND domain = ? AND entity = ?";

/// Answers in the order of the questions, from one state of the database.
pub(super) async fn fetch(connection: &mut Connection, wanted: &[Lookup]) -> Result<Vec<Found>> {
    let wanted = wanted.to_vec();
    let job = move |database: &mut rusqlite::Connection| {
        let snapshot = database.transaction()?;
        wanted.iter().map(|it| find(&snapshot, it)).collect()
    };
    connection.run(job).await
}

fn find(database: &rusqlite::Connection, wanted: &Lookup) -> Result<Found> {
    Ok(match wanted {
        Lookup::Entity(it) => {
            let name: [&dyn ToSql; 3] = [&it.tenant.as_str(), &&*it.domain, &it.entity.as_str()];
            Found::Entity(one(database, &ENTITY, &name, |row| rows::entity_from(row, 0))?)
        }
        Lookup::Key { tenant, domain, name, value } => {
            let key: [&dyn ToSql; 4] = [&tenant.as_str(), &&**domain, &&**name, &value.as_str()];
            Found::Key(one(database, KEY, &key, |row| rows::name(row, 0))?)
        }
        Lookup::Request { tenant, domain, key } => {
            let key: [&dyn ToSql; 3] = [&tenant.as_str(), &&**domain, &key.as_str()];
            Found::Request(one(database, REQUEST, &key, |row| rows::request_from(row, 0))?)
        }
        Lookup::PersonKey(it) => {
            let name: [&dyn ToSql; 3] = [&it.tenant.as_str(), &&*it.domain, &it.entity.as_str()];
            Found::PersonKey(one(database, PERSON_KEY, &name, |row| rows::person_key_from(row, 0))?)
        }
    })
}

fn one<T>(
    database: &rusqlite::Connection,
    text: &str,
    key: &[&dyn ToSql],
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Option<T>> {
    let mut statement = database.prepare_cached(text)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(key))?;
    rows.next()?.map(|row| read(&Row::of(row, columns)?)).transpose()
}
