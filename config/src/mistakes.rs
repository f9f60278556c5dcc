//! What is wrong with the settings, a line a mistake.

use figment::error::{Actual, Kind};
use serde::Serialize;
use std::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mistake {
    /// The key; empty if it is about the whole.
    pub key: String,
    /// Where it was said: the file, the variable, the command line.
    pub source: String,
    /// What is wrong, and what was expected.
    pub fault: String,
}

/// All mistakes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Mistakes(Vec<Mistake>);

impl Mistake {
    pub(crate) fn new(
        key: impl Into<String>,
        source: impl fmt::Display,
        fault: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), source: source.to_string(), fault: fault.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.is_empty() {
            true => write!(f, "{}: {}", self.source, self.fault),
            false => write!(f, "{} ({}): {}", self.key, self.source, self.fault),
        }
    }
}

impl From<Vec<Mistake>> for Mistakes {
    fn from(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort();
        mistakes.dedup();
        Self(mistakes)
    }
}

impl Mistakes {
    /// One line a mistake.
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// The mistakes.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// A reader's complaint in people's words; `secret` values are not quoted.
pub(crate) fn fault(kind: &Kind, secret: bool) -> String {
    match kind {
        Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
            format!("found {}, expected {}", shown(found, secret), expected(wanted))
        }
        Kind::UnknownVariant(found, wanted) => {
            format!("found \"{found}\", expected {}", alternatives(wanted))
        }
        Kind::UnknownField(_, wanted) => {
            format!("there is no such key; expected {}", alternatives(wanted))
        }
        Kind::MissingField(name) => format!("expected the key {name}"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "the number is too large".into(),
        // It may quote what was found.
        _ if secret => "the value cannot be read".into(),
        Kind::Message(text) => format!("the value cannot be read: {text}"),
        other => other.to_string(),
    }
}

fn shown(found: &Actual, secret: bool) -> String {
    match found {
        _ if secret => "something else".into(),
        Actual::Str(text) => format!("\"{text}\""),
        Actual::Bool(flag) => flag.to_string(),
        Actual::Unsigned(number) => number.to_string(),
        Actual::Signed(number) => number.to_string(),
        Actual::Float(number) => number.to_string(),
        Actual::Seq => "a list".into(),
        Actual::Map => "a section".into(),
        other => other.to_string(),
    }
}

fn expected(wanted: &str) -> String {
    match wanted {
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" | "u64" | "usize" => "a whole number, 0 or more".into(),
        "a boolean" => "true or false".into(),
        "a string" | "path string" => "text".into(),
        "a sequence" => "a list".into(),
        "socket address" => "an address and a port, such as 127.0.0.1:3200".into(),
        other if other.starts_with("struct ") || other == "a map" => "a section".into(),
        other => other.into(),
    }
}

fn alternatives(wanted: &[&str]) -> String {
    match wanted {
        [] => "nothing here".into(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
