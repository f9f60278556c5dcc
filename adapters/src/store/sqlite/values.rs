//! Statements over many rows, in a few fixed sizes.
//!
//! Handing a statement to SQLite's thread costs more than most rows do, so rows go together; and
//! with fixed sizes each statement is prepared once.

use super::{Connection, Dialect};
use sqlx::{AssertSqlSafe, query::Query, sqlite::SqliteArguments};
use std::sync::Arc;

const SIZES: [usize; 3] = [50, 10, 1];

/// A statement with a list of rows in it, as text in each size.
pub(super) struct Values {
    texts: [(usize, Arc<str>); 3],
}

/// A statement whose parameters are being bound.
pub(super) type Bound = Query<'static, Dialect, SqliteArguments>;

impl Values {
    /// `before (?, ...), (?, ...) after`, with `columns` marks a row.
    pub fn new(before: &str, columns: usize, after: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let text = |size: usize| {
            let rows = vec![row.as_str(); size].join(",");
            (size, Arc::from(format!("{before} {rows} {after}")))
        };
        Self { texts: SIZES.map(text) }
    }

    /// The statements as text, the largest first.
    #[cfg(test)]
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|(_, text)| &**text)
    }

    /// Cuts `rows` into statements, the largest first.
    pub fn cut<'r, T>(
        &self,
        mut rows: &'r [T],
        bind: impl Fn(Bound, &'r T) -> Bound,
    ) -> Vec<Bound> {
        let mut statements = Vec::new();
        for (size, text) in &self.texts {
            while let Some((chunk, rest)) = rows.split_at_checked(*size) {
                let statement = sqlx::query(AssertSqlSafe(Arc::clone(text)));
                statements.push(chunk.iter().fold(statement, &bind));
                rows = rest;
            }
        }
        statements
    }

    /// Runs the statements for all rows; nothing is done for none.
    pub async fn run<'r, T>(
        &self,
        connection: &mut Connection,
        rows: &'r [T],
        bind: impl Fn(Bound, &'r T) -> Bound,
    ) -> sqlx::Result<()> {
        for statement in self.cut(rows, bind) {
            statement.execute(&mut *connection).await?;
        }
        Ok(())
    }
}
