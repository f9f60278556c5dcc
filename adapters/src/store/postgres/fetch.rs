//! Many lookups at once: at most one question per kind.

use super::lookups::Questions;
use super::{
    Connection, Row,
    ask::{self, ask},
    rows,
};
use kontor_actors::store::{Found, Lookup};
use sqlx::Row as _;

/// Answers in the order of the questions.
pub async fn fetch(connection: &mut Connection, wanted: &[Lookup]) -> sqlx::Result<Vec<Found>> {
    let (questions, mut found) = Questions::sort(wanted);
    for row in ask(connection, &ask::ENTITIES, &questions.entities).await? {
        *place(&mut found, &row)? = Found::Entity(Some(rows::entity_from(&row, 1)?));
    }
    for row in ask(connection, &ask::KEYS, &questions.keys).await? {
        *place(&mut found, &row)? = Found::Key(Some(rows::name(&row, 1)?));
    }
    for row in ask(connection, &ask::REQUESTS, &questions.requests).await? {
        *place(&mut found, &row)? = Found::Request(Some(rows::request_from(&row, 1)?));
    }
    for row in ask(connection, &ask::PERSON_KEYS, &questions.person_keys).await? {
        *place(&mut found, &row)? = Found::PersonKey(Some(rows::person_key_from(&row, 1)?));
    }
    Ok(found)
}

/// The place of a question came back as the row's first column.
fn place<'a>(found: &'a mut [Found], row: &Row) -> sqlx::Result<&'a mut Found> {
    let place: i64 = row.try_get(0)?;
    found.get_mut(place as usize).ok_or(sqlx::Error::RowNotFound)
}
