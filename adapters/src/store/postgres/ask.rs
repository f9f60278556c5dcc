//! Questions by key, many at once: one search of the primary key for each.

use super::lookups::Question;
use super::{Connection, Row};

pub(super) static ENTITIES: &str = "SELECT w.place, e.tenant, e.domain, e.id, e.shard, e.version,
        e.status, e.due, e.created_at, e.updated_at, e.state, e.label
    FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[]) AS w (place, tenant, domain, id)
    JOIN entities e ON e.tenant = w.tenant AND e.domain = w.domain AND e.id = w.id";

pub(super) static KEYS: &str = "SELECT w.place, e.entity
    FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[])
        AS w (place, tenant, domain, key, value)
    JOIN entity_keys e ON e.tenant = w.tenant AND e.domain = w.domain AND e.key = w.key
        AND e.value = w.value";

pub(super) static REQUESTS: &str = "SELECT w.place, e.tenant, e.domain, e.key, e.hash, e.entity,
        e.version, e.at
    FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[]) AS w (place, tenant, domain, key)
    JOIN idempotency e ON e.tenant = w.tenant AND e.domain = w.domain AND e.key = w.key";

pub(super) static PERSON_KEYS: &str = "SELECT w.place, e.tenant, e.domain, e.entity, e.person,
        e.key, e.at
    FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[]) AS w (place, tenant, domain, entity)
    JOIN person_keys e ON e.tenant = w.tenant AND e.domain = w.domain AND e.entity = w.entity";

/// Rows that fit, each led by the place of its question.
pub(super) async fn ask<const N: usize>(
    connection: &mut Connection,
    sql: &&'static str,
    questions: &[Question<'_, N>],
) -> sqlx::Result<Vec<Row>> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<i64> = questions.iter().map(|(place, _)| *place).collect();
    let mut question = sqlx::query(*sql).bind(places);
    for column in 0..N {
        let texts: Vec<&str> = questions.iter().map(|(_, texts)| texts[column]).collect();
        question = question.bind(texts);
    }
    question.fetch_all(connection).await
}
