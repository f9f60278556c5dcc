//! Who wrote a field, and how much that weighs.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

/// Where a value comes from. As text: `operator`, `marketplace:<name>`, `rule`, and
/// `supplier:<name>` or `supplier:<name>:<priority>`, the priority from 0 to 99.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A supplier's feed; of two suppliers the one of the higher priority counts.
    Supplier {
        /// Which.
        name: String,
        /// Its weight among suppliers, up to 99.
        priority: u8,
    },
    /// The tenant's own price rules.
    Rule,
    /// What a marketplace knows of it.
    Marketplace(String),
    /// A person, or a program that works for one.
    Operator,
}

/// How a source is written.
const PATTERN: &str = "^(operator|rule|marketplace:[a-z0-9][a-z0-9-]{0,39}|supplier:[a-z0-9][a-z0-9-]{0,39}(:[0-9]{1,2})?)$";

impl PartialSchema for Source {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(PATTERN));
        text.examples([serde_json::json!("supplier:acme")]).into()
    }
}

impl ToSchema for Source {}

/// The highest priority of a supplier.
const PRIORITY_MAX: u8 = 99;

impl Source {
    /// How much its word weighs; an equal or higher one overwrites.
    pub fn rank(&self) -> u16 {
        match self {
            Self::Supplier { priority, .. } => 100 + u16::from(*priority),
            Self::Rule => 200,
            Self::Marketplace(_) => 300,
            Self::Operator => 400,
        }
    }

    /// The supplier's name, if it is one.
    pub fn supplier(&self) -> Option<&str> {
        match self {
            Self::Supplier { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// Why a text names no source.
pub const EXPECTED: &str = "expected operator, rule, marketplace:<name>, supplier:<name> or \
    supplier:<name>:<priority>, names of a-z, 0-9 and '-'";

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supplier { name, priority: 0 } => write!(f, "supplier:{name}"),
            Self::Supplier { name, priority } => write!(f, "supplier:{name}:{priority}"),
            Self::Rule => f.write_str("rule"),
            Self::Marketplace(name) => write!(f, "marketplace:{name}"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split(':');
        let read = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("operator"), None, None, None) => Some(Self::Operator),
            (Some("rule"), None, None, None) => Some(Self::Rule),
            (Some("marketplace"), Some(name), None, None) if is_name(name) => {
                Some(Self::Marketplace(name.to_owned()))
            }
            (Some("supplier"), Some(name), priority, None) if is_name(name) => {
                let priority = match priority {
                    None => Some(0),
                    Some(text) => text.parse().ok().filter(|priority| *priority <= PRIORITY_MAX),
                };
                priority.map(|priority| Self::Supplier { name: name.to_owned(), priority })
            }
            _ => None,
        };
        read.ok_or(EXPECTED)
    }
}

/// A source's short name.
pub fn is_name(text: &str) -> bool {
    let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|first| known(*first))
        && bytes.len() <= 40
        && bytes.iter().all(|c| known(*c) || *c == b'-')
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who wrote something, and in which run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Writer {
    /// Where it comes from.
    pub source: Source,
    /// The import that brought it, so that it can be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub run: Option<String>,
}

impl Writer {
    /// A person, or a program that works for one.
    pub fn operator() -> Self {
        Self { source: Source::Operator, run: None }
    }

    /// The tenant's price rules.
    pub fn rule() -> Self {
        Self { source: Source::Rule, run: None }
    }

    /// Whether it may overwrite what `other` wrote.
    pub fn outranks(&self, other: &Self) -> bool {
        other.source.rank() <= self.source.rank()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_back_what_it_writes() {
        for text in ["operator", "rule", "marketplace:allegro", "supplier:acme", "supplier:acme:20"]
        {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for bad in ["", "supplier", "supplier:", "supplier:Acme", "supplier:a:100", "operator:x"] {
            assert!(bad.parse::<Source>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_person_s_word_weighs_more_than_a_marketplace_s_and_that_more_than_a_supplier_s() {
        let rank = |text: &str| text.parse::<Source>().unwrap().rank();
        assert!(rank("operator") > rank("marketplace:allegro"));
        assert!(rank("marketplace:allegro") > rank("rule"));
        assert!(rank("rule") > rank("supplier:acme:99"));
        assert!(rank("supplier:acme:1") > rank("supplier:other"));
    }
}
