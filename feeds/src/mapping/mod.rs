//! From a supplier's row to our record, by rules that are data.
//!
//! A mapping is compiled once and then asked row by row. It never stops at a bad row: it says line,
//! field, value and reason, all of a row's faults at once, and the next row is another matter.

mod apply;
pub mod attributes;
pub mod categories;
mod convert;
mod expression;
mod path;
pub mod presets;
mod prices;
mod rules;
mod words;

pub(crate) use convert::one_line;
pub use rules::{
    CategoryReading, Combine, FieldRule, LeadTimeUnit, MinusOne, ParamRule, Reading, Rules,
    StockReading, StockWord, Target, VatNotation, WeightUnit,
};
pub(crate) use words::fold;

use crate::decimal::DecimalMark;
use crate::formats::RawRow;
use crate::hash::{Fingerprint, Fingerprinting, PathHash};
use crate::record::{Record, VatRate};
use expression::{Expression, Expressions};
use path::Path;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rules, ready to be applied.
pub struct Mapping {
    fields: BTreeMap<Target, Field>,
    params: Vec<Param>,
    filters: Vec<Expression>,
    expressions: Expressions,
    reading: Reading,
    vat_default: Option<VatRate>,
    /// The values that decide what the mapping makes of a row; `None` if any may.
    wanted: Option<Vec<PathHash>>,
    wanted_heads: Vec<PathHash>,
    prefixes: Vec<String>,
    digest: Fingerprint,
}

struct Field {
    from: Vec<Path>,
    combine: Combine,
    expression: Option<Expression>,
    default: Option<String>,
    required: bool,
    decimal: DecimalMark,
}

enum Param {
    Pairs { name: Path, value: Vec<Path>, unit: Option<Path>, separator: Option<String> },
    Prefix(String),
    Value { name: String, from: Path },
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// A record.
    Record(Box<Record>),
    /// A filter left it out.
    Filtered,
}

/// One fault of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The row's number, from 1.
    pub row: u64,
    /// The line where it begins.
    pub line: u64,
    /// The field that could not be filled, by its name in the rules.
    pub field: String,
    /// What was expected.
    pub reason: String,
    /// What was there, cut if it is long.
    pub value: Option<String>,
}

/// A fault of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct RuleFault {
    /// Where, as in `fields[3].expression`.
    pub place: String,
    /// What was expected.
    pub reason: String,
}

impl Mapping {
    /// Checks rules and makes them ready. All their faults are told at once.
    pub fn compile(rules: &Rules) -> Result<Self, Vec<RuleFault>> {
        let mut compiler = Compiler { expressions: Expressions::new(), faults: Vec::new() };
        let fields = compiler.fields(rules);
        let params = compiler.params(rules);
        let filters: Vec<Expression> = rules
            .filters
            .iter()
            .enumerate()
            .filter_map(|(at, filter)| compiler.expression(&format!("filters[{at}]"), filter))
            .collect();
        let vat_default = compiler.vat_default(&rules.reading);
        if !compiler.faults.is_empty() {
            return Err(compiler.faults);
        }
        let prefixes = params
            .iter()
            .filter_map(|param| match param {
                Param::Prefix(prefix) => Some(prefix.clone()),
                Param::Pairs { .. } | Param::Value { .. } => None,
            })
            .collect();
        let mut mapping = Self {
            fields,
            params,
            filters,
            expressions: compiler.expressions,
            reading: rules.reading.clone(),
            vat_default,
            wanted: None,
            wanted_heads: Vec::new(),
            prefixes,
            digest: Fingerprint::of(&serde_json::to_string(rules).unwrap_or_default()),
        };
        mapping.find_wanted();
        Ok(mapping)
    }

    /// What the row means. The mapping gives the same for the same row at all times.
    pub fn apply(&self, row: &RawRow) -> Result<Mapped, Vec<RowError>> {
        apply::apply(self, row)
    }

    /// The row's code alone, to look up what is known of it before anything else is done.
    pub fn code(&self, row: &RawRow) -> Option<String> {
        apply::code(self, row)
    }

    /// A hash of all values that this mapping looks at, and of the mapping itself. While it stays
    /// the same, applying the mapping gives what it gave before, so nothing needs to be done.
    pub fn fingerprint(&self, row: &RawRow) -> Fingerprint {
        let mut hashing = Fingerprinting::new();
        hashing.number(u64::from(row.deleted) | u64::from(row.misaligned.is_some()) << 1);
        for field in &row.fields {
            if self.wants(row, field.path, field.name) {
                hashing.number(field.path);
                hashing.text(row.value(*field));
            }
        }
        for head in &self.wanted_heads {
            hashing.text(row.head.by_hash(*head).unwrap_or(""));
        }
        self.digest.then(hashing.finish())
    }

    /// Whether a field is filled by this mapping: what is not must not be touched.
    pub fn fills(&self, target: &Target) -> bool {
        self.fields.contains_key(target)
    }

    fn wants(&self, row: &RawRow, path: PathHash, name: u32) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        wanted.binary_search(&path).is_ok()
            || self.prefixes.iter().any(|prefix| row.names.name(name).starts_with(prefix))
    }

    fn find_wanted(&mut self) {
        let fields = self.fields.values().flat_map(|field| &field.from);
        let params = self.params.iter().flat_map(|param| match param {
            Param::Pairs { name, value, unit, .. } => {
                [name].into_iter().chain(value).chain(unit).collect::<Vec<_>>()
            }
            Param::Value { from, .. } => vec![from],
            Param::Prefix(_) => Vec::new(),
        });
        let paths: Vec<&Path> = fields.chain(params).collect();
        let mut hashes: Vec<PathHash> = paths.iter().flat_map(|path| path.hashes()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        self.wanted_heads = paths.iter().filter_map(|path| path.head_hash()).collect();
        // An expression may ask the row for anything.
        let asks = !self.filters.is_empty()
            || self.fields.values().any(|field| field.expression.is_some());
        self.wanted = (!asks).then_some(hashes);
    }
}

impl Target {
    /// Its name in the rules.
    pub fn name(&self) -> String {
        if let Self::Extra(name) = self {
            return format!("extra.{name}");
        }
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        }
    }
}

struct Compiler {
    expressions: Expressions,
    faults: Vec<RuleFault>,
}

impl Compiler {
    fn fault(&mut self, place: &str, reason: impl Into<String>) {
        self.faults.push(RuleFault { place: place.to_owned(), reason: reason.into() });
    }

    fn path(&mut self, place: &str, text: &str) -> Option<Path> {
        Path::parse(text).map_err(|reason| self.fault(place, reason)).ok()
    }

    fn paths(&mut self, place: &str, texts: &[String]) -> Vec<Path> {
        let places = texts.iter().enumerate();
        places.filter_map(|(at, text)| self.path(&format!("{place}[{at}]"), text)).collect()
    }

    fn expression(&mut self, place: &str, source: &str) -> Option<Expression> {
        self.expressions.add(source).map_err(|reason| self.fault(place, reason)).ok()
    }

    fn fields(&mut self, rules: &Rules) -> BTreeMap<Target, Field> {
        let mut fields = BTreeMap::new();
        for (at, rule) in rules.fields.iter().enumerate() {
            let place = format!("fields[{at}]");
            if rule.from.is_empty() && rule.expression.is_none() && rule.default.is_none() {
                self.fault(&place, "expected from, an expression or a default");
            }
            let expression = rule
                .expression
                .as_deref()
                .and_then(|source| self.expression(&format!("{place}.expression"), source));
            let field = Field {
                from: self.paths(&format!("{place}.from"), &rule.from),
                combine: rule.combine,
                expression,
                default: rule.default.clone(),
                required: rule.required,
                decimal: rule.decimal.unwrap_or(rules.reading.decimal),
            };
            if fields.insert(rule.to.clone(), field).is_some() {
                self.fault(&format!("{place}.to"), format!("{} is mapped twice", rule.to.name()));
            }
        }
        if !fields.contains_key(&Target::Code) {
            self.fault("fields", "expected a rule for the code");
        }
        fields
    }

    fn params(&mut self, rules: &Rules) -> Vec<Param> {
        let mut params = Vec::new();
        for (at, rule) in rules.params.iter().enumerate() {
            let place = format!("params[{at}]");
            let param = match rule {
                ParamRule::Pairs { name, value, unit, separator } => {
                    let name = self.path(&format!("{place}.name"), name);
                    let value = self.paths(&format!("{place}.value"), value);
                    let unit =
                        unit.as_ref().and_then(|unit| self.path(&format!("{place}.unit"), unit));
                    let separator = separator.clone().filter(|separator| !separator.is_empty());
                    name.map(|name| Param::Pairs { name, value, unit, separator })
                }
                ParamRule::Prefix { prefix } if prefix.is_empty() => {
                    self.fault(&format!("{place}.prefix"), "expected some text");
                    None
                }
                ParamRule::Prefix { prefix } => Some(Param::Prefix(prefix.clone())),
                ParamRule::Value { name, from } => {
                    let from = self.path(&format!("{place}.from"), from);
                    from.map(|from| Param::Value { name: name.clone(), from })
                }
            };
            params.extend(param);
        }
        params
    }

    fn vat_default(&mut self, reading: &Reading) -> Option<VatRate> {
        let text = reading.vat_default.as_ref()?;
        convert::vat(text, DecimalMark::Dot, VatNotation::Percent, &reading.vat_words)
            .map_err(|reason| self.fault("reading.vat_default", reason))
            .ok()
    }
}
