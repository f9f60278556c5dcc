//! Expressions of a mapping: minijinja over one row, with fuel, without loops over the world and
//! without floats.

use crate::decimal::{Decimal, DecimalMark};
use crate::formats::RawRow;
use minijinja::value::{Enumerator, Object, Rest, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use std::sync::Arc;

/// Steps that one expression may take for one row.
const FUEL: u64 = 20_000;
const RECURSION_MAX: usize = 40;
const SOURCE_BYTES_MAX: usize = 4_096;
/// The longest text that an expression may make.
const RESULT_BYTES_MAX: usize = 256 * 1024;

/// All expressions of a mapping.
pub(super) struct Expressions {
    environment: Environment<'static>,
    count: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expression(usize);

/// A row as expressions see it: `row.PRICE`, `row["PARAMS/COLOR"]`.
#[derive(Debug)]
struct Row(Arc<RawRow>);

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let head = key.strip_prefix('/').and_then(|path| self.0.head().get(path));
        head.or_else(|| self.0.get(key)).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// The names that an expression may use.
#[derive(Debug)]
struct Context {
    row: Value,
    values: Vec<Value>,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "row" => Some(self.row.clone()),
            "value" => self.values.first().cloned(),
            "values" => Some(self.values.iter().cloned().collect()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["row", "value", "values"])
    }
}

/// What an expression is asked with.
pub(super) struct Question {
    row: Value,
}

impl Question {
    pub(super) fn about(row: &RawRow) -> Self {
        Self { row: Value::from_object(Row(Arc::new(row.clone()))) }
    }
}

impl Expressions {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(RECURSION_MAX);
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // Nothing prints as nothing.
        environment.set_formatter(|out, state, value| {
            if value.is_undefined() || value.is_none() {
                return Ok(());
            }
            minijinja::escape_formatter(out, state, value)
        });
        // No float comes near a price, and nothing grows without end.
        for name in ["float", "round", "pprint", "tojson", "urlencode", "indent"] {
            environment.remove_filter(name);
        }
        for name in ["range", "debug", "dict", "namespace"] {
            environment.remove_global(name);
        }
        environment
            .add_filter("decimal", |value: String| exactly(&value).map(|one| one.to_string()));
        environment
            .add_filter("times", |value: String, by: Value| calculate(&value, &by, Decimal::times));
        environment
            .add_filter("over", |value: String, by: Value| calculate(&value, &by, Decimal::over));
        environment
            .add_filter("plus", |value: String, by: Value| calculate(&value, &by, Decimal::plus));
        environment.add_filter("rounded", |value: String, decimals: u32| {
            let number = exactly(&value)?;
            let units = number.to_units(decimals.min(9)).ok_or_else(|| odd("too large"))?;
            Ok::<_, Error>(Decimal::new(units, decimals.min(9) as u8).to_string())
        });
        environment.add_filter("digits", |value: String| -> String {
            value.chars().filter(char::is_ascii_digit).collect()
        });
        environment.add_filter("before", |value: String, mark: String| -> String {
            value.split_once(&mark).map_or(value.clone(), |(before, _)| before.to_owned())
        });
        environment.add_filter("after", |value: String, mark: String| -> String {
            value.split_once(&mark).map_or(value.clone(), |(_, after)| after.to_owned())
        });
        environment.add_function("first", |values: Rest<Value>| -> Value {
            let told = |value: &Value| {
                !value.is_undefined() && !value.is_none() && value.as_str() != Some("")
            };
            values.iter().find(|value| told(value)).cloned().unwrap_or_default()
        });
        Self { environment, count: 0 }
    }

    /// Takes an expression, or a template if it has one's marks.
    pub(super) fn add(&mut self, source: &str) -> Result<Expression, String> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(format!("expected {SOURCE_BYTES_MAX} bytes at most"));
        }
        let template = if source.contains("{{") || source.contains("{%") {
            source.to_owned()
        } else {
            format!("{{{{ ({source}) }}}}")
        };
        let name = self.count.to_string();
        self.environment.add_template_owned(name, template).map_err(|error| plain(&error))?;
        self.count += 1;
        Ok(Expression(self.count - 1))
    }

    /// The text that it makes of a row.
    pub(super) fn text(
        &self,
        expression: Expression,
        question: &Question,
        values: &[&str],
    ) -> Result<String, String> {
        let template = self
            .environment
            .get_template(&expression.0.to_string())
            .map_err(|error| plain(&error))?;
        let context = Context {
            row: question.row.clone(),
            values: values.iter().map(|value| Value::from(*value)).collect(),
        };
        let text = template.render(Value::from_object(context)).map_err(|error| plain(&error))?;
        if text.len() > RESULT_BYTES_MAX {
            return Err(format!("expected {RESULT_BYTES_MAX} bytes at most"));
        }
        Ok(text)
    }

    /// Whether it holds for a row: its text says so.
    pub(super) fn holds(
        &self,
        expression: Expression,
        question: &Question,
    ) -> Result<bool, String> {
        let text = self.text(expression, question, &[])?;
        match text.trim() {
            "true" | "True" | "1" => Ok(true),
            "false" | "False" | "0" | "" => Ok(false),
            other => Err(format!("expected true or false, got {other:?}")),
        }
    }
}

/// Numbers travel through expressions as texts with a point.
fn exactly(value: &str) -> Result<Decimal, Error> {
    Decimal::parse(value, DecimalMark::Auto).map_err(|fault| odd(&fault.to_string()))
}

fn calculate(
    value: &str,
    by: &Value,
    operation: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<String, Error> {
    let by = exactly(&by.to_string())?;
    let result = operation(exactly(value)?, by).ok_or_else(|| odd("the result is no number"))?;
    Ok(result.to_string())
}

fn odd(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.to_owned())
}

fn plain(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, JsonFormat, Source, open};

    fn text(source: &str, values: &[&str]) -> Result<String, String> {
        let feed = r#"{"price":"12,50","tax/kind":"high","empty":""}"#;
        let source_of = Source::new(Format::Json(JsonFormat::default()));
        let mut rows = open(feed.as_bytes(), &source_of).unwrap();
        let question = Question::about(rows.next_row().unwrap().unwrap());
        let mut expressions = Expressions::new();
        let expression = expressions.add(source)?;
        expressions.text(expression, &question, values)
    }

    #[test]
    fn an_expression_sees_its_values_and_its_row() {
        let cases: [(&str, &[&str], &str); 12] = [
            ("value", &["a", "b"], "a"),
            ("values|join('+')", &["a", "b"], "a+b"),
            ("value", &[], ""),
            ("row.price", &[], "12,50"),
            ("row['tax/kind']", &[], "high"),
            ("row.nothing.at.all", &[], ""),
            ("value|upper if row.price else ''", &["a"], "A"),
            ("{{ value }}-{{ row.price }}", &["a"], "a-12,50"),
            ("row.price|times('1.21')|rounded(2)", &[], "15.13"),
            ("row.price|plus(1)|over(3)|rounded(2)", &[], "4.50"),
            ("value|before('/')|digits", &["a1b2/3"], "12"),
            ("first(row.empty, row.nothing, row.price)", &[], "12,50"),
        ];
        for (source, values, expected) in cases {
            assert_eq!(text(source, values).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn an_expression_cannot_do_without_end_or_with_floats() {
        let endless = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}";
        let cases = [
            endless,
            "value|float",
            "range(1000000)",
            "'x' * 1000000000",
            "nothing(",
            "row.price|times('x')",
        ];
        for source in cases {
            assert!(text(source, &["1"]).is_err(), "{source}");
        }
    }
}
