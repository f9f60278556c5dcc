//! Questions by key, many at once.

use super::{Connection, Row, rows, values::Values};
use crate::store::lookups::Question;
use std::sync::LazyLock;

pub(super) static ENTITIES: LazyLock<Values> = LazyLock::new(|| {
    let columns = rows::ENTITY.split(", ").collect::<Vec<_>>().join(", e.");
    let answer = format!("e.{columns} FROM wanted CROSS JOIN entities e");
    questions(4, "place, tenant, domain, id", &answer, &["tenant", "domain", "id"])
});

pub(super) static KEYS: LazyLock<Values> = LazyLock::new(|| {
    let answer = "e.entity FROM wanted CROSS JOIN entity_keys e";
    let key = ["tenant", "domain", "key", "value"];
    questions(5, "place, tenant, domain, key, value", answer, &key)
});

pub(super) static REQUESTS: LazyLock<Values> = LazyLock::new(|| {
    let answer = "e.tenant, e.domain, e.key, e.hash, e.entity, e.version, e.at
        FROM wanted CROSS JOIN idempotency e";
    questions(4, "place, tenant, domain, key", answer, &["tenant", "domain", "key"])
});

pub(super) static PERSON_KEYS: LazyLock<Values> = LazyLock::new(|| {
    let answer = "e.tenant, e.domain, e.entity, e.person, e.key, e.at
        FROM wanted CROSS JOIN person_keys e";
    questions(4, "place, tenant, domain, entity", answer, &["tenant", "domain", "entity"])
});

/// Rows that fit, each led by the place of its question.
pub(super) async fn ask<const N: usize>(
    connection: &mut Connection,
    values: &Values,
    questions: &[Question<'_, N>],
) -> sqlx::Result<Vec<Row>> {
    let statements = values.cut(questions, |statement, (place, texts)| {
        texts.iter().fold(statement.bind(*place), |statement, text| statement.bind(*text))
    });
    let mut rows = Vec::with_capacity(questions.len());
    for statement in statements {
        rows.extend(statement.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}

/// `CROSS JOIN` keeps SQLite to this order: each question is one search of the key.
fn questions(columns: usize, names: &str, answer: &str, key: &[&str]) -> Values {
    let same: Vec<_> = key.iter().map(|name| format!("e.{name} = wanted.{name}")).collect();
    let after = format!(") SELECT wanted.place, {answer} ON {}", same.join(" AND "));
    Values::new(&format!("WITH wanted ({names}) AS (VALUES"), columns, &after)
}
