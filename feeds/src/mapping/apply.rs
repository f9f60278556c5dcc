//! Applying a mapping to one row.

use super::expression::Question;
use super::rules::{Combine, Target};
use super::{Field, Mapped, Mapping, Param, RowError, convert};
use crate::encoding::undo_double_encoding;
use crate::formats::RawRow;
use crate::gtin;
use crate::record::{self, LeadTime, Note, Quantity, Record, Stock};
use kontor_messages::catalog::Gtin;
use std::borrow::Cow;

const CODE_LEN_MAX: usize = 64;
const VALUE_LEN_MAX: usize = 200;
/// Pictures, parameters and categories of one product that are kept at most.
const LIST_LEN_MAX: usize = 500;

pub(super) fn apply(mapping: &Mapping, row: &RawRow) -> Result<Mapped, Vec<RowError>> {
    let mut reader = Reader::new(mapping, row);
    if let Some((found, expected)) = row.misaligned {
        let reason = format!("expected {expected} columns, found {found}: a value is misplaced");
        reader.fault("row", reason, None);
        return Err(reader.errors);
    }
    for filter in &mapping.filters {
        let question = Question::about(row);
        match mapping.expressions.holds(*filter, &question) {
            Ok(true) => {}
            Ok(false) => return Ok(Mapped::Filtered),
            Err(reason) => reader.fault("filters", reason, None),
        }
    }
    let record = reader.record();
    if reader.errors.is_empty() { Ok(Mapped::Record(Box::new(record))) } else { Err(reader.errors) }
}

pub(super) fn code(mapping: &Mapping, row: &RawRow) -> Option<String> {
    let mut reader = Reader::new(mapping, row);
    reader.code(&mut Record::default())
}

/// One row being read.
pub(super) struct Reader<'r> {
    pub(super) mapping: &'r Mapping,
    row: &'r RawRow,
    /// Made when the first expression asks for it: it costs a copy of the row.
    question: Option<Question>,
    errors: Vec<RowError>,
}

impl<'r> Reader<'r> {
    fn new(mapping: &'r Mapping, row: &'r RawRow) -> Self {
        Self { mapping, row, question: None, errors: Vec::new() }
    }

    fn record(&mut self) -> Record {
        let mut record = Record::default();
        record.deleted = self.deleted();
        record.code = self.code(&mut record).unwrap_or_default();
        // Of what is gone, nothing but its code matters, and mostly nothing else is there.
        if record.deleted {
            return record;
        }
        record.group = self.line(&Target::Group);
        record.mpn = self.line(&Target::Mpn);
        record.brand = self.line(&Target::Brand);
        record.name = self.line(&Target::Name);
        record.description = self.text(&Target::Description).map(Cow::into_owned);
        record.unit = self.line(&Target::Unit);
        record.ean = self.ean(&mut record.notes);
        record.images = self.images(&mut record.notes);
        record.categories = self.categories();
        record.params = self.params();
        record.weight_grams = self.convert(&Target::Weight, |mapping, field, text| {
            convert::grams(text, field.decimal, mapping.reading.weight)
        });
        self.prices(&mut record);
        self.stock(&mut record);
        self.extra(&mut record);
        record
    }

    fn deleted(&mut self) -> bool {
        let says = |_: &Mapping, _: &Field, text: &str| convert::yes_or_no(text);
        let deleted = self.convert(&Target::Deleted, says) == Some(true);
        let inactive = self.convert(&Target::Active, says) == Some(false);
        self.row.deleted || deleted || inactive
    }

    fn code(&mut self, record: &mut Record) -> Option<String> {
        let text = self.text(&Target::Code)?;
        let code = gtin::undo_quotes(text.trim());
        if code.len() != text.trim().len() {
            record.notes.push(Note::CodeRepaired);
        }
        let fault = if gtin::is_shortened(code) {
            "a spreadsheet has shortened the code"
        } else if code.chars().count() > CODE_LEN_MAX {
            "expected 64 characters at most"
        } else if code.is_empty() || code.chars().any(char::is_control) {
            "expected a code of one line"
        } else {
            return Some(code.to_owned());
        };
        self.fault("code", fault, Some(&text));
        None
    }

    fn ean(&mut self, notes: &mut Vec<Note>) -> Option<Gtin> {
        let text = self.text(&Target::Ean)?;
        gtin::read(&text).map_err(|fault| notes.push(Note::Ean { fault })).ok()
    }

    fn images(&mut self, notes: &mut Vec<Note>) -> Vec<String> {
        let reading = &self.mapping.reading;
        let mut images: Vec<String> = Vec::new();
        for text in self.all(&Target::Images) {
            let parts: Vec<&str> = match reading.images_separator.as_deref() {
                Some(separator) if !separator.is_empty() => text.split(separator).collect(),
                _ => vec![&text],
            };
            for part in parts.into_iter().filter(|part| !part.trim().is_empty()) {
                match convert::image(part, reading.images_base.as_deref()) {
                    Some(image) if images.contains(&image) => {}
                    Some(image) if images.len() < LIST_LEN_MAX => images.push(image),
                    Some(_) => {}
                    None => notes.push(Note::ImageAddress),
                }
            }
        }
        images
    }

    fn categories(&mut self) -> Vec<Vec<String>> {
        let mut categories: Vec<Vec<String>> = Vec::new();
        for text in self.all(&Target::Categories) {
            for path in convert::categories(&text, &self.mapping.reading.categories) {
                if !categories.contains(&path) && categories.len() < LIST_LEN_MAX {
                    categories.push(path);
                }
            }
        }
        categories
    }

    fn params(&mut self) -> Vec<record::Param> {
        let mut params = Vec::new();
        let row = self.row;
        let mut put = |name: &str, value: &str| {
            let (name, value) = (convert::one_line(name), convert::one_line(value));
            let param = record::Param { name, value };
            let told = !param.name.is_empty() && !param.value.is_empty();
            if told && params.len() < LIST_LEN_MAX && !params.contains(&param) {
                params.push(param);
            }
        };
        for rule in &self.mapping.params {
            match rule {
                Param::Value { name, from } => from.values(row).for_each(|value| put(name, value)),
                Param::Prefix(prefix) => {
                    for field in &row.fields {
                        if let Some(name) = row.names.name(field.name).strip_prefix(prefix) {
                            put(name, row.value(*field));
                        }
                    }
                }
                Param::Pairs { name, value, unit, separator } => {
                    for field in row.fields.iter().filter(|field| field.path == name.hash) {
                        let beside = |path: u64| {
                            let same = move |other: &&crate::formats::Field| {
                                other.path == path && row.is_within(other.owner, field.owner)
                            };
                            row.fields.iter().filter(same).map(|other| row.value(*other))
                        };
                        let unit = unit.as_ref().and_then(|unit| beside(unit.hash).next());
                        let Some(path) =
                            value.iter().find(|path| beside(path.hash).next().is_some())
                        else {
                            continue;
                        };
                        for text in beside(path.hash) {
                            let texts: Vec<&str> = match separator {
                                Some(separator) => text.split(separator.as_str()).collect(),
                                None => vec![text],
                            };
                            for text in texts {
                                match unit {
                                    Some(unit) if !text.trim().is_empty() => {
                                        put(row.value(*field), &format!("{text} {unit}"));
                                    }
                                    _ => put(row.value(*field), text),
                                }
                            }
                        }
                    }
                }
            }
        }
        params
    }

    fn stock(&mut self, record: &mut Record) {
        let reading = &self.mapping.reading.stock;
        record.lead_time = self
            .convert(&Target::LeadTime, |mapping, _, text| {
                convert::lead_time(text, mapping.reading.lead_time)
            })
            .flatten();
        let mapped = self.mapping.fields.get(&Target::Stock);
        let mut said_when = None;
        if let Some(field) = mapped {
            let texts = if field.combine == Combine::Sum {
                self.all(&Target::Stock)
            } else {
                self.text(&Target::Stock).into_iter().collect()
            };
            let mut total: Option<Stock> = None;
            for text in texts {
                match convert::stock(&text, field.decimal, reading) {
                    Ok(found) => {
                        total = Some(total.map_or(found.stock, |other| sum(other, found.stock)));
                        said_when = said_when.or(found.lead_time);
                        if found.oversold {
                            record.notes.push(Note::Oversold);
                        }
                    }
                    Err(reason) => self.fault("stock", reason, Some(&text)),
                }
            }
            record.stock = Some(total.unwrap_or(Stock::Unknown));
        }
        if let Some(text) = self.text(&Target::Availability)
            && let Some(found) = convert::word(&text, reading)
        {
            said_when = said_when.or(found.lead_time);
            if matches!(record.stock, None | Some(Stock::Unknown)) {
                record.stock = Some(found.stock);
            }
        }
        record.lead_time = match (record.lead_time, said_when) {
            (None, Some(said)) => Some(said),
            (known, _) => known,
        };
        // Who sends at once has some.
        if let (Some(Stock::Unknown), Some(LeadTime::Days { days: 0 })) =
            (record.stock, record.lead_time)
        {
            record.stock = Some(Stock::InStock);
        }
    }

    fn extra(&mut self, record: &mut Record) {
        for target in self.mapping.fields.keys() {
            if let Target::Extra(name) = target
                && let Some(text) = self.text(target)
            {
                record.extra.insert(name.clone(), text.into_owned());
            }
        }
    }

    /// The field's one text, if it is not blank.
    pub(super) fn text(&mut self, target: &Target) -> Option<Cow<'r, str>> {
        let mapping = self.mapping;
        let field = mapping.fields.get(target)?;
        let mut values = self.values(field, false);
        let joined = field.combine == Combine::Join && values.len() > 1;
        let found = if let Some(expression) = field.expression {
            let row = self.row;
            let question = self.question.get_or_insert_with(|| Question::about(row));
            let texts: Vec<&str> = values.iter().map(Cow::as_ref).collect();
            match mapping.expressions.text(expression, question, &texts) {
                Ok(text) => Some(Cow::Owned(text)),
                Err(reason) => {
                    let value = texts.first().map(|text| (*text).to_owned());
                    self.fault(&target.name(), reason, value.as_deref());
                    return None;
                }
            }
        } else if joined {
            Some(Cow::Owned(values.join(" ")))
        } else if values.is_empty() {
            None
        } else {
            Some(values.swap_remove(0))
        };
        let found = found.filter(|text| !text.trim().is_empty());
        let found = found.or_else(|| field.default.as_deref().map(Cow::Borrowed));
        if found.is_none() && (field.required || *target == Target::Code) {
            self.fault(&target.name(), "expected a value, there is none", None);
        }
        found
    }

    /// All texts of a field that is a list.
    fn all(&mut self, target: &Target) -> Vec<Cow<'r, str>> {
        let Some(field) = self.mapping.fields.get(target) else { return Vec::new() };
        if field.expression.is_some() {
            return self.text(target).into_iter().collect();
        }
        let mut values = self.values(field, true);
        if values.is_empty() {
            values.extend(field.default.as_deref().map(Cow::Borrowed));
        }
        if values.is_empty() && field.required {
            self.fault(&target.name(), "expected a value, there is none", None);
        }
        values
    }

    /// Values that are not blank: of the first path that has any, or of all.
    fn values(&self, field: &'r Field, of_all: bool) -> Vec<Cow<'r, str>> {
        let mut values: Vec<Cow<'r, str>> = Vec::new();
        let row = self.row;
        for path in &field.from {
            for value in path.values(row).filter(|value| !value.trim().is_empty()) {
                let undone = if self.mapping.reading.undo_double_encoding {
                    undo_double_encoding(value)
                } else {
                    None
                };
                values.push(undone.map_or(Cow::Borrowed(value), Cow::Owned));
            }
            if !values.is_empty() && !of_all {
                break;
            }
        }
        values
    }

    fn line(&mut self, target: &Target) -> Option<String> {
        self.text(target).map(|text| convert::one_line(&text))
    }

    /// The field through a converter, whose words become the row's error.
    pub(super) fn convert<T>(
        &mut self,
        target: &Target,
        converter: impl FnOnce(&Mapping, &Field, &str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(target)?;
        let mapping = self.mapping;
        let field = mapping.fields.get(target)?;
        match converter(mapping, field, &text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.fault(&target.name(), reason, Some(&text));
                None
            }
        }
    }

    pub(super) fn fault(&mut self, field: &str, reason: impl Into<String>, value: Option<&str>) {
        self.errors.push(RowError {
            row: self.row.number,
            line: self.row.line,
            field: field.to_owned(),
            reason: reason.into(),
            value: value.map(|value| value.chars().take(VALUE_LEN_MAX).collect()),
        });
    }
}

/// Two warehouses together. A part that is not counted makes the sum a lower bound.
fn sum(one: Stock, other: Stock) -> Stock {
    let counted = |stock| match stock {
        Stock::Exact { quantity_milli } => Some((quantity_milli.0, true)),
        Stock::AtLeast { quantity_milli } => Some((quantity_milli.0, false)),
        Stock::None => Some((0, true)),
        Stock::InStock | Stock::Unknown => None,
    };
    match (counted(one), counted(other)) {
        (Some((a, exact_a)), Some((b, exact_b))) => {
            let quantity_milli = Quantity(a.saturating_add(b));
            match (exact_a && exact_b, quantity_milli.0) {
                (true, 0) => Stock::None,
                (true, _) => Stock::Exact { quantity_milli },
                (false, _) => Stock::AtLeast { quantity_milli },
            }
        }
        (Some((count, _)), None) | (None, Some((count, _))) => {
            let open = if counted(one).is_none() { one } else { other };
            match (open, count) {
                (Stock::Unknown, 0) => Stock::Unknown,
                (_, 0) => Stock::InStock,
                (_, count) => Stock::AtLeast { quantity_milli: Quantity(count) },
            }
        }
        (None, None) if one == Stock::Unknown => other,
        (None, None) => Stock::InStock,
    }
}
