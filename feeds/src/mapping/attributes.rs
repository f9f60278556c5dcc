//! From the supplier's parameters to our attributes: names, values and units by tables, and what no
//! table knows is counted rather than guessed.

use super::fold;
use crate::decimal::{Decimal, DecimalMark};
use crate::record::Param;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The attribute mapping of one source or category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeRules {
    /// The supplier's parameters and what they are with us.
    pub attributes: Vec<AttributeRule>,
}

/// One parameter and our attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeRule {
    /// The supplier's names of it, compared without case and diacritics.
    pub names: Vec<String>,
    /// Our attribute.
    pub to: String,
    /// How its values are read.
    #[serde(default)]
    pub value: AttributeValue,
    /// What separates several values in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
}

/// How an attribute's values are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AttributeValue {
    /// As they are.
    #[default]
    Text,
    /// A number in the attribute's unit. Another unit is converted if it is in the table.
    Number {
        /// The attribute's unit, which may be missing in the value.
        unit: String,
        /// Other units, and what one of them is in the attribute's.
        #[serde(default)]
        others: Vec<(String, Decimal)>,
    },
    /// One of our values, by the supplier's words for it.
    Choice {
        /// Our values with the supplier's words.
        values: Vec<(String, Vec<String>)>,
    },
    /// Yes or no.
    Boolean,
}

/// What became of a record's parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributed {
    /// Our attributes with their values.
    pub attributes: Vec<(String, String)>,
    /// Parameters that no rule is for.
    pub unmapped: Vec<Param>,
    /// Parameters whose value no rule could read.
    pub unread: Vec<Param>,
}

/// Attribute rules, ready to be asked.
pub struct AttributeMap {
    rules: Vec<AttributeRule>,
    by_name: HashMap<String, usize>,
}

impl AttributeMap {
    /// Makes rules ready. Of two rules for one name the first counts.
    pub fn new(rules: &AttributeRules) -> Self {
        let mut by_name = HashMap::new();
        for (at, rule) in rules.attributes.iter().enumerate() {
            for name in &rule.names {
                by_name.entry(fold(name)).or_insert(at);
            }
        }
        Self { rules: rules.attributes.clone(), by_name }
    }

    /// Our attributes of a record.
    pub fn of(&self, params: &[Param]) -> Attributed {
        let mut found = Attributed::default();
        for param in params {
            let Some(&at) = self.by_name.get(&fold(&param.name)) else {
                found.unmapped.push(param.clone());
                continue;
            };
            let rule = &self.rules[at];
            let parts: Vec<&str> = match rule.separator.as_deref() {
                Some(separator) if !separator.is_empty() => param.value.split(separator).collect(),
                _ => vec![&param.value],
            };
            for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
                match rule.value.read(part) {
                    Some(value) => found.attributes.push((rule.to.clone(), value)),
                    None => {
                        let value = part.to_owned();
                        found.unread.push(Param { name: param.name.clone(), value });
                    }
                }
            }
        }
        found
    }
}

impl AttributeValue {
    fn read(&self, text: &str) -> Option<String> {
        match self {
            Self::Text => Some(text.to_owned()),
            Self::Boolean => super::words::boolean(&fold(text)).map(|yes| yes.to_string()),
            Self::Choice { values } => {
                let folded = fold(text);
                let says = |words: &Vec<String>| words.iter().any(|word| fold(word) == folded);
                let fits =
                    |value: &&(String, Vec<String>)| fold(&value.0) == folded || says(&value.1);
                values.iter().find(fits).map(|(value, _)| value.clone())
            }
            Self::Number { unit, others } => {
                let end = text.rfind(|character: char| character.is_ascii_digit())? + 1;
                let (number, said) = text.split_at(end);
                let number = Decimal::parse(number, DecimalMark::Auto).ok()?;
                let said = said.trim();
                if said.is_empty() || said == unit {
                    return Some(number.to_string());
                }
                let (_, factor) = others.iter().find(|(other, _)| other == said)?;
                number.times(*factor).map(|converted| converted.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(name: &str, value: &str) -> Param {
        Param { name: name.to_owned(), value: value.to_owned() }
    }

    fn map() -> AttributeMap {
        let rule = |name: &str, to: &str, value| AttributeRule {
            names: vec![name.to_owned()],
            to: to.to_owned(),
            value,
            separator: None,
        };
        let others = vec![("cm".to_owned(), Decimal::new(10, 0))];
        let red = ("red".to_owned(), vec!["červená".to_owned(), "rudá".to_owned()]);
        let mut color = rule("Barva", "color", AttributeValue::Choice { values: vec![red] });
        color.separator = Some(";".to_owned());
        AttributeMap::new(&AttributeRules {
            attributes: vec![
                color,
                rule(
                    "Průměr",
                    "diameter",
                    AttributeValue::Number { unit: "mm".to_owned(), others },
                ),
                rule("Vratný", "returnable", AttributeValue::Boolean),
            ],
        })
    }

    #[test]
    fn values_are_read_as_the_attribute_wants_them() {
        let found = map().of(&[
            param("BARVA", "Cervena"),
            param("prumer", "8 mm"),
            param("Průměr", "1,5 cm"),
            param("Vratný", "ano"),
        ]);
        let expected =
            [("color", "red"), ("diameter", "8"), ("diameter", "15.0"), ("returnable", "true")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.attributes, expected);
        assert_eq!((found.unmapped.len(), found.unread.len()), (0, 0));
    }

    #[test]
    fn what_no_table_knows_is_told_and_not_guessed() {
        let found = map().of(&[
            param("Materiál", "ocel"),
            param("Barva", "rudá;tyrkysová"),
            param("Průměr", "8 palců"),
        ]);
        assert_eq!(found.attributes, [("color".to_owned(), "red".to_owned())]);
        assert_eq!(found.unmapped, [param("Materiál", "ocel")]);
        assert_eq!(found.unread, [param("Barva", "tyrkysová"), param("Průměr", "8 palců")]);
    }
}
