//! Statements with their values, and the rows that they bring: as much of sqlx's language as the
//! statements need that both databases share.

use super::line::{Connection, Fault, Result};
pub(super) use rusqlite::types::Value;
use std::sync::Arc;
use uuid::Uuid;

/// A statement and what is bound to it; `$1` is the first value.
pub(super) struct Query {
    text: String,
    values: Vec<Value>,
}

/// A statement without values yet.
pub(super) fn query(text: impl Into<String>) -> Query {
    Query { text: text.into(), values: Vec::new() }
}

impl Query {
    pub fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.bound());
        self
    }

    pub async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<Row>> {
        connection.rows(self.text, self.values).await
    }

    pub async fn fetch_optional(self, connection: &mut Connection) -> Result<Option<Row>> {
        Ok(self.fetch_all(connection).await?.into_iter().next())
    }

    pub async fn execute(self, connection: &mut Connection) -> Result<Done> {
        connection.execute(self.text, self.values).await
    }
}

/// Statements without values, one after another.
pub(super) struct Raw(String);

pub(super) fn raw_sql(text: impl Into<String>) -> Raw {
    Raw(text.into())
}

impl Raw {
    pub async fn execute(self, connection: &mut Connection) -> Result<()> {
        connection.run(move |database| Ok(database.execute_batch(&self.0)?)).await
    }
}

/// What a statement has done.
pub(super) struct Done(pub u64);

impl Done {
    pub fn rows_affected(&self) -> u64 {
        self.0
    }
}

/// A statement that is put together.
pub(super) struct Builder(Query);

impl Builder {
    pub fn new(text: impl Into<String>) -> Self {
        Self(query(text))
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.0.text.push_str(text);
        self
    }

    pub fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        self.0.values.push(value.bound());
        self.push("?")
    }

    #[cfg(test)]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    pub fn build(&mut self) -> Query {
        std::mem::replace(&mut self.0, query(String::new()))
    }
}

/// What can be bound.
pub(super) trait Bind {
    fn bound(self) -> Value;
}

impl Bind for i32 {
    fn bound(self) -> Value {
        Value::Integer(self.into())
    }
}

impl Bind for i64 {
    fn bound(self) -> Value {
        Value::Integer(self)
    }
}

impl Bind for &str {
    fn bound(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl Bind for String {
    fn bound(self) -> Value {
        Value::Text(self)
    }
}

impl Bind for &String {
    fn bound(self) -> Value {
        Value::Text(self.clone())
    }
}

impl Bind for &Arc<str> {
    fn bound(self) -> Value {
        Value::Text(self.as_ref().to_owned())
    }
}

impl<T: Bind> Bind for Option<T> {
    fn bound(self) -> Value {
        self.map_or(Value::Null, Bind::bound)
    }
}

/// A row, as it was brought.
pub(super) struct Row(Vec<Value>);

impl Row {
    /// The row that a statement stands at.
    pub fn of(row: &rusqlite::Row<'_>, columns: usize) -> Result<Self> {
        let values = (0..columns).map(|column| row.get_ref(column)?.try_into().map_err(broken));
        values.collect::<Result<_>>().map(Self)
    }
}

/// Reading a row's columns, by their places.
pub(super) trait Get {
    fn try_get<'r, T: Column<'r>>(&'r self, column: usize) -> Result<T>;
}

impl Get for Row {
    fn try_get<'r, T: Column<'r>>(&'r self, column: usize) -> Result<T> {
        let value = self.0.get(column).and_then(T::read);
        value.ok_or_else(|| broken(format!("column {column} has another type, or is not there")))
    }
}

/// A row that does not say what was written.
pub(super) fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::Row(error.into())
}

/// What a column can be read as.
pub(super) trait Column<'r>: Sized {
    fn read(value: &'r Value) -> Option<Self>;
}

impl Column<'_> for i64 {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Column<'_> for i32 {
    fn read(value: &Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl<'r> Column<'r> for &'r str {
    fn read(value: &'r Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Column<'_> for String {
    fn read(value: &Value) -> Option<Self> {
        <&str>::read(value).map(str::to_owned)
    }
}

impl Column<'_> for Arc<str> {
    fn read(value: &Value) -> Option<Self> {
        <&str>::read(value).map(Arc::from)
    }
}

impl<'r> Column<'r> for &'r [u8] {
    fn read(value: &'r Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl Column<'_> for Uuid {
    fn read(value: &Value) -> Option<Self> {
        Uuid::from_slice(<&[u8]>::read(value)?).ok()
    }
}

impl<'r, T: Column<'r>> Column<'r> for Option<T> {
    fn read(value: &'r Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}
