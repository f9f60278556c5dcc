//! CSV in all its dialects: a record is read line by line, so what is quoted may hold line ends, and
//! a quote that is never closed is found out.

mod dialect;
mod splitter;

pub use dialect::{Delimiter, Dialect, Quote};

use super::RowReader;
use super::names::{Names, ROOT};
use super::raw::{Element, RawRow};
use crate::encoding::Text;
use crate::error::FeedError;
use crate::hash::PathHash;
use crate::limits::Limits;
use serde::{Deserialize, Serialize};
use splitter::Splitter;
use std::io::BufRead;
use std::sync::Arc;

/// How rows are found in CSV. What is not set is found out from the first lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvFormat {
    /// What stands between columns.
    pub delimiter: Option<Delimiter>,
    /// What stands around texts.
    pub quote: Option<Quote>,
    /// A backslash takes the next character's meaning away, as PHP writes it.
    pub backslash: bool,
    /// Lines before the header that are thrown away.
    pub lines_before: u32,
    /// Lines of the header: the first has the columns' names. None: columns are `#1`, `#2`…, or
    /// have the names in `columns`.
    pub header_lines: u32,
    /// Lines that begin with it are comments.
    pub comment: Option<char>,
    /// The columns' names, where the feed has none or wrong ones.
    pub columns: Vec<String>,
}

impl Default for CsvFormat {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: None,
            backslash: false,
            lines_before: 0,
            header_lines: 1,
            comment: None,
            columns: Vec::new(),
        }
    }
}

pub(super) struct Csv {
    text: Text,
    splitter: Splitter,
    comment: Option<u8>,
    columns: Vec<Column>,
    names: Arc<Names>,
    names_max: u32,
    fields_max: usize,
    line_buffer: Vec<u8>,
    /// Whether the last line that was read had an end.
    line_ended: bool,
    /// Some row ended before its last column: this writer leaves empty ones out.
    short_rows: bool,
}

#[derive(Clone, Copy)]
struct Column {
    name: u32,
    path: PathHash,
}

impl Csv {
    pub(super) fn new(
        mut text: Text,
        format: &CsvFormat,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        let sample = String::from_utf8_lossy(text.sample()?).into_owned();
        if let Some(found) = dialect::foreign(&sample) {
            return Err(FeedError::WrongFormat { expected: "CSV", found });
        }
        let comment = format.comment.map(ascii).transpose()?;
        let (dialect, names_delimiter) = dialect::resolve(&sample, format);
        let mut csv = Self {
            text,
            splitter: Splitter::new(&dialect),
            comment,
            columns: Vec::new(),
            names: Arc::default(),
            names_max: limits.names_max,
            fields_max: limits.row_fields_max as usize,
            line_buffer: Vec::new(),
            line_ended: true,
            short_rows: false,
        };
        for _ in 0..u64::from(format.lines_before) + u64::from(names_delimiter) {
            csv.read_line()?;
        }
        csv.read_header(format)?;
        Ok(csv)
    }

    fn read_header(&mut self, format: &CsvFormat) -> Result<(), FeedError> {
        let mut row = RawRow::default();
        let mut names: Vec<String> = Vec::new();
        for line in 0..format.header_lines {
            if self.read_record(&mut row)?.is_none() {
                return Ok(());
            }
            if line == 0 {
                names.extend(self.splitter.fields(&row.text).map(|name| name.trim().to_owned()));
            }
        }
        if !format.columns.is_empty() {
            names.clone_from(&format.columns);
        }
        for name in &names {
            let column = self.column(name);
            self.columns.extend(column);
        }
        if self.columns.len() < names.len() {
            let limit = u64::from(self.names_max);
            return Err(FeedError::TooLarge { what: "the header in columns", limit });
        }
        Ok(())
    }

    /// Columns of one name are several values of it. One without a name goes by its number.
    fn column(&mut self, name: &str) -> Option<Column> {
        let numbered = format!("#{}", self.columns.len() + 1);
        let name = if name.is_empty() { &numbered } else { name };
        let known = self.names.find(ROOT, name, false, &mut 0);
        let node = match known {
            Some(node) => node,
            None => Arc::make_mut(&mut self.names).add(ROOT, name, false, self.names_max)?,
        };
        Some(Column { name: node, path: self.names.hash(node) })
    }

    /// One line into the buffer, its end included. `false` at the end of the text.
    fn read_line(&mut self) -> Result<bool, FeedError> {
        self.line_buffer.clear();
        self.text.read_until(b'\n', &mut self.line_buffer).map_err(FeedError::from_io)?;
        if self.line_buffer.is_empty() {
            return Ok(false);
        }
        self.line_ended = self.line_buffer.ends_with(b"\n");
        if !self.line_ended {
            self.line_buffer.push(b'\n');
        }
        Ok(true)
    }

    /// The next record's text into the row, its fields into the splitter. Where it began, or `None`
    /// at the end of the text.
    fn read_record(&mut self, row: &mut RawRow) -> Result<Option<(u64, u64)>, FeedError> {
        loop {
            self.text.row_begins();
            let begin = (self.text.line(), self.text.offset());
            if !self.read_line()? {
                return Ok(None);
            }
            let comment =
                self.comment.is_some() && self.line_buffer.first() == self.comment.as_ref();
            if comment || self.line_buffer.trim_ascii().is_empty() {
                continue;
            }
            let mut bytes = std::mem::take(&mut row.text).into_bytes();
            bytes.clear();
            self.splitter.begin();
            while !self.splitter.split(&self.line_buffer, &mut bytes) {
                if !self.read_line()? {
                    let reason =
                        format!("a quote that was opened in line {} is not closed", begin.0);
                    return Err(FeedError::Truncated { line: self.text.line(), reason });
                }
            }
            row.text = String::from_utf8(bytes).unwrap_or_default();
            if self.splitter.count() > self.fields_max {
                let (what, limit) = ("a row in values", self.fields_max as u64);
                return Err(FeedError::TooLarge { what, limit });
            }
            if self.splitter.fields(&row.text).any(|field| !field.is_empty()) {
                return Ok(Some(begin));
            }
        }
    }

    /// A last line without an end and with too few columns was cut off by somebody.
    fn judge_last(&mut self, count: usize) -> Result<(), FeedError> {
        let short = count < self.columns.len();
        if self.line_ended || !short || self.short_rows {
            self.short_rows |= short;
            return Ok(());
        }
        let reason = format!("the last line has {count} of {} columns", self.columns.len());
        Err(FeedError::Truncated { line: self.text.line(), reason })
    }
}

impl RowReader for Csv {
    fn read(&mut self, row: &mut RawRow) -> Result<bool, FeedError> {
        row.clear();
        let Some((line, offset)) = self.read_record(row)? else { return Ok(false) };
        let count = self.splitter.count();
        self.judge_last(count)?;
        (row.line, row.offset) = (line, offset);
        if self.columns.is_empty() {
            self.number_columns(count);
        }
        // A row that is wider than its header, but for empty columns at its end, has one of its
        // values under the wrong name: which one nobody knows.
        let expected = self.columns.len();
        if self.splitter.fields(&row.text).skip(expected).any(|surplus| !surplus.trim().is_empty())
        {
            row.misaligned = Some((count as u32, expected as u32));
        }
        row.elements.push(Element { path: self.names.hash(ROOT), parent: 0 });
        if !Arc::ptr_eq(&row.names, &self.names) {
            row.names = self.names.clone();
        }
        for (column, (from, to)) in self.columns.iter().zip(self.splitter.spans()) {
            row.fields.push(super::Field {
                path: column.path,
                name: column.name,
                element: 0,
                owner: 0,
                variant: 0,
                from,
                to,
            });
        }
        Ok(true)
    }

    fn text(&self) -> &Text {
        &self.text
    }

    fn text_mut(&mut self) -> &mut Text {
        &mut self.text
    }

    fn expected(&self) -> String {
        "lines below the header".to_owned()
    }

    fn names(&self) -> Vec<String> {
        self.names.iter().map(str::to_owned).collect()
    }
}

impl Csv {
    /// Without a header, the first row says how many columns there are.
    fn number_columns(&mut self, count: usize) {
        for _ in 0..count {
            let Some(column) = self.column("") else { return };
            self.columns.push(column);
        }
    }
}

fn ascii(character: char) -> Result<u8, FeedError> {
    u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| FeedError::Settings {
        setting: "format.comment",
        reason: "expected a character of ASCII".to_owned(),
    })
}
