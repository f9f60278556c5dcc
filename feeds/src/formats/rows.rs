//! The rows of a feed, with where one stands among them.

use super::RowReader;
use super::csv::Csv;
use super::json::Json;
use super::raw::{Head, RawRow};
use super::source::{Format, Source};
use super::xml::Xml;
use crate::encoding::{Text, TextReport};
use crate::error::FeedError;
use crate::hash::Fingerprint;
use crate::unpack::{self, BodyDigest};
use serde::{Deserialize, Serialize};
use std::io::Read;

/// The rows of one feed, read one after the other.
pub struct Rows {
    reader: Box<dyn RowReader>,
    row: RawRow,
    position: Position,
    rows_max: u64,
    may_be_empty: bool,
    ended: bool,
}

/// Where a reader stands: what to keep in order to go on there later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// How many rows were read.
    pub row: u64,
    /// A hash of all of them, by which the same feed is known again.
    pub digest: Fingerprint,
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Rows that were read.
    pub rows: u64,
    /// Bytes that were taken from the reader below: comparable with the size of the download.
    pub packed_bytes: u64,
    /// Bytes after unpacking.
    pub body_bytes: u64,
    /// The line of the text.
    pub line: u64,
}

/// Opens a feed. The reader may give its bytes in pieces of any size; it is read from one thread,
/// which may have to wait for it.
pub fn open(reader: impl Read + Send + 'static, source: &Source) -> Result<Rows, FeedError> {
    let body = unpack::unpack(reader, source.file_mask.as_deref(), &source.limits)?;
    let hints = crate::encoding::Hints {
        settled: source.charset,
        transport: source.transport_charset,
        declares: matches!(source.format, Format::Xml(_)),
    };
    let text = Text::new(body, &hints, &source.limits)?;
    let reader: Box<dyn RowReader> = match &source.format {
        Format::Xml(format) => Box::new(Xml::new(text, format, &source.limits)?),
        Format::Csv(format) => Box::new(Csv::new(text, format, &source.limits)?),
        Format::Json(format) => Box::new(Json::new(text, format, &source.limits)?),
    };
    Ok(Rows {
        reader,
        row: RawRow::default(),
        position: Position::default(),
        rows_max: source.limits.rows_max,
        may_be_empty: source.may_be_empty,
        ended: false,
    })
}

impl Rows {
    /// The next row; `None` once the whole feed was read and was complete. After an error there are
    /// no further rows.
    pub fn next_row(&mut self) -> Result<Option<&RawRow>, FeedError> {
        if self.ended {
            return Ok(None);
        }
        let found = self.reader.read(&mut self.row);
        self.ended = !matches!(found, Ok(true));
        if !found? {
            self.reader.text_mut().drain()?;
            if self.position.row == 0 && !self.may_be_empty {
                return Err(FeedError::NoRows { expected: self.reader.expected() });
            }
            return Ok(None);
        }
        if self.position.row == self.rows_max {
            self.ended = true;
            return Err(FeedError::TooLarge { what: "the feed in rows", limit: self.rows_max });
        }
        self.position.row += 1;
        self.position.digest = self.position.digest.then(self.row.fingerprint());
        self.row.number = self.position.row;
        Ok(Some(&self.row))
    }

    /// Reads up to where another reader of the same feed stood, so that the next row is the one
    /// after it. Another feed is refused.
    pub fn skip_to(&mut self, position: &Position) -> Result<(), FeedError> {
        let changed = FeedError::Changed { row: position.row };
        while self.position.row < position.row {
            if self.next_row()?.is_none() {
                return Err(changed);
            }
        }
        if self.position == *position { Ok(()) } else { Err(changed) }
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let text = self.reader.text();
        Progress {
            rows: self.position.row,
            packed_bytes: text.packed_bytes(),
            body_bytes: text.body_bytes(),
            line: text.line(),
        }
    }

    /// What was noticed about the text so far.
    pub fn report(&self) -> &TextReport {
        self.reader.text().report()
    }

    /// The digest of the body; `None` before its end.
    pub fn digest(&self) -> Option<&BodyDigest> {
        self.reader.text().digest()
    }

    /// The names of fields that occurred so far, for who maps them.
    pub fn names(&self) -> Vec<String> {
        self.reader.names()
    }

    /// What the feed said outside its rows so far.
    pub fn head(&self) -> &Head {
        self.row.head()
    }
}
