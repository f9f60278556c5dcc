//! XML: elements that repeat are rows, wherever they stand. Namespaces, order and whatever else is
//! in the document do not matter; that it ends does.

use super::RowReader;
use super::item::Item;
use super::raw::{Head, RawRow};
use crate::encoding::{Text, entities};
use crate::error::FeedError;
use crate::limits::Limits;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Elements within elements that are read at most.
const DEPTH_MAX: usize = 64;
/// Text outside rows that is kept at a time.
const HEAD_TEXT_BYTES_MAX: usize = 64 * 1024;

/// How rows are found in XML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XmlFormat {
    /// The elements that are rows.
    pub rows: Vec<RowElement>,
    /// Paths below the row of elements that are variants, each a row of its own that has the values
    /// of the element around it too.
    #[serde(default)]
    pub variants: Vec<String>,
}

/// An element that is a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowElement {
    /// Local names with `/` between; the last of them suffice, as in `SHOPITEM`.
    pub path: String,
    /// Whether its products are gone.
    #[serde(default)]
    pub deleted: bool,
}

impl XmlFormat {
    /// Rows of one kind, without variants.
    pub fn rows_at(path: &str) -> Self {
        let rows = vec![RowElement { path: path.to_owned(), deleted: false }];
        Self { rows, variants: Vec::new() }
    }
}

pub(super) struct Xml {
    reader: Reader<Text>,
    rows: Vec<RowElement>,
    event: Vec<u8>,
    item: Item,
    /// Local names of the open elements outside a row, with `/` between.
    path: String,
    /// Text of the open elements, each one's behind that of the one around it.
    values: String,
    /// Where the text of each open element begins.
    marks: Vec<usize>,
    /// No element has ended since the last one began.
    leaf: bool,
    root_closed: bool,
}

impl Xml {
    pub(super) fn new(
        mut text: Text,
        format: &XmlFormat,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        let sample = text.sample()?;
        if sample.first() != Some(&b'<') {
            let found = String::from_utf8_lossy(sample).chars().take(40).collect();
            return Err(FeedError::WrongFormat { expected: "XML", found });
        }
        if format.rows.is_empty() || format.rows.iter().any(|row| row.path.is_empty()) {
            let reason = "expected the name of an element at least".to_owned();
            return Err(FeedError::Settings { setting: "format.rows", reason });
        }
        let mut reader = Reader::from_reader(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // Addresses of pictures are full of them.
        config.allow_dangling_amp = true;
        Ok(Self {
            reader,
            rows: format.rows.clone(),
            event: Vec::new(),
            item: Item::new(&format.variants, limits),
            path: String::new(),
            values: String::new(),
            marks: Vec::new(),
            leaf: false,
            root_closed: false,
        })
    }

    /// Reads one event. `false` at the end of the document.
    fn step(&mut self) -> Result<bool, FeedError> {
        if self.item.depth() == 0 {
            self.reader.get_mut().row_begins();
        }
        let (line, offset) = (self.reader.get_ref().line(), self.reader.get_ref().offset());
        let mut buffer = std::mem::take(&mut self.event);
        buffer.clear();
        let outcome = match self.reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => self.open(&start, line, offset).map(|()| true),
            Ok(Event::End(_)) => self.close().map(|()| true),
            Ok(Event::Text(text)) => self.append(&text),
            Ok(Event::CData(text)) => self.append(&text),
            Ok(Event::GeneralRef(reference)) => {
                self.refer(&reference);
                Ok(true)
            }
            Ok(Event::Eof) if self.root_closed => Ok(false),
            Ok(Event::Eof) => {
                let open = if self.marks.is_empty() { "the root element" } else { &self.path };
                Err(FeedError::Truncated { line, reason: format!("{open} is not closed") })
            }
            Ok(
                Event::Empty(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_),
            ) => Ok(true),
            Err(error) => Err(fault(error, line)),
        };
        self.event = buffer;
        outcome
    }

    fn open(&mut self, start: &BytesStart<'_>, line: u64, offset: u64) -> Result<(), FeedError> {
        let name = start.local_name();
        let name = name.as_ref();
        if self.root_closed {
            let reason = format!("{name} begins after the end of the document");
            return Err(FeedError::Malformed { line, reason });
        }
        if self.marks.len() == DEPTH_MAX {
            let (what, limit) = ("the depth of elements", DEPTH_MAX as u64);
            return Err(FeedError::TooLarge { what, limit });
        }
        self.marks.push(self.values.len());
        self.leaf = true;
        if self.item.depth() > 0 {
            self.item.enter(name, self.reader.get_mut().report_mut())?;
            return self.attributes(start, line);
        }
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        if let Some(row) = self.rows.iter().find(|row| ends_with(&self.path, &row.path)) {
            self.item.begin(line, offset, row.deleted);
        }
        self.attributes(start, line)
    }

    fn attributes(&mut self, start: &BytesStart<'_>, line: u64) -> Result<(), FeedError> {
        if start.attributes_raw().trim_ascii().is_empty() {
            return Ok(());
        }
        let mut value = String::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| {
                let reason = format!("an attribute of {}: {error}", start.name().as_ref());
                FeedError::Malformed { line, reason }
            })?;
            if attribute.key.as_ref().starts_with("xmlns") {
                continue;
            }
            value.clear();
            let unknown = entities::unescape(&attribute.value, &mut value);
            self.reader.get_mut().report_mut().entities_unknown += u64::from(unknown);
            let name = attribute.key.local_name();
            if self.item.depth() > 0 {
                self.item.attribute(name.as_ref(), value.trim())?;
            } else {
                let path = format!("{}@{}", self.path, name.as_ref());
                Head::put(&mut self.item.head, &path, value.trim());
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), FeedError> {
        let mark = self.marks.pop().unwrap_or(0);
        let value = self.values[mark..].trim();
        let tells = self.leaf || !value.is_empty();
        self.leaf = false;
        if self.item.depth() > 0 {
            if tells {
                self.item.value(value)?;
            }
            self.item.leave();
            if self.item.depth() == 0 {
                self.item.end();
            }
        } else if !value.is_empty() {
            Head::put(&mut self.item.head, &self.path, value);
        }
        self.values.truncate(mark);
        if self.item.depth() == 0 {
            let above = self.path.rfind('/').unwrap_or(0);
            self.path.truncate(above);
        }
        self.root_closed = self.marks.is_empty();
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<bool, FeedError> {
        // White space between rows is most of what stands there.
        if self.takes_text() && (self.item.depth() > 0 || !text.trim_ascii().is_empty()) {
            self.values.push_str(text);
        }
        Ok(true)
    }

    /// Within a row its limit holds. Outside, text is taken as long as it is short: an element that
    /// is open around all rows must not gather what stands between them.
    fn takes_text(&self) -> bool {
        self.item.depth() > 0 || (!self.marks.is_empty() && self.values.len() < HEAD_TEXT_BYTES_MAX)
    }

    /// What is not in the table stays as it was written: it is a text, not a reason to stop.
    fn refer(&mut self, reference: &str) {
        let known = entities::character(reference);
        if known.is_none() {
            self.reader.get_mut().report_mut().entities_unknown += 1;
        }
        if !self.takes_text() {
            return;
        }
        match known {
            Some(character) => self.values.push(character),
            None => {
                self.values.push('&');
                self.values.push_str(reference);
                self.values.push(';');
            }
        }
    }
}

impl RowReader for Xml {
    fn read(&mut self, row: &mut RawRow) -> Result<bool, FeedError> {
        loop {
            if self.item.depth() == 0 && self.item.give(row) {
                return Ok(true);
            }
            if !self.step()? {
                return Ok(false);
            }
        }
    }

    fn text(&self) -> &Text {
        self.reader.get_ref()
    }

    fn text_mut(&mut self) -> &mut Text {
        self.reader.get_mut()
    }

    fn expected(&self) -> String {
        let rows: Vec<&str> = self.rows.iter().map(|row| row.path.as_str()).collect();
        format!("elements {}", rows.join(" or "))
    }

    fn names(&self) -> Vec<String> {
        self.item.names.iter().map(str::to_owned).collect()
    }
}

/// Whole names only: `ITEM` is not the end of `SHOPITEM`.
fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn fault(error: quick_xml::Error, line: u64) -> FeedError {
    match error {
        quick_xml::Error::Io(error) => match Arc::try_unwrap(error) {
            Ok(error) => FeedError::from_io(error),
            Err(shared) => FeedError::Read(std::io::Error::new(shared.kind(), shared.to_string())),
        },
        // All of these say that something began and the text ended before it did.
        quick_xml::Error::Syntax(error) => FeedError::Truncated { line, reason: error.to_string() },
        other => FeedError::Malformed { line, reason: other.to_string() },
    }
}
