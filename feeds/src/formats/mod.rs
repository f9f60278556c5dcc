//! The formats: each turns text into rows, one at a time, in buffers that it uses again.

mod csv;
mod item;
mod json;
mod names;
mod raw;
mod rows;
mod source;
mod xml;

pub use csv::{CsvFormat, Delimiter, Dialect, Quote};
pub use json::{Envelope, JsonFormat};
pub use raw::{Head, RawRow};
pub use rows::{Position, Progress, Rows, open};
pub use source::{Format, Source};
pub use xml::{RowElement, XmlFormat};

pub(crate) use raw::Field;

use crate::encoding::Text;
use crate::error::FeedError;

/// What a format is to `Rows`.
trait RowReader: Send {
    /// Fills the row with the next one; `false` at the end of a whole feed.
    fn read(&mut self, row: &mut RawRow) -> Result<bool, FeedError>;
    /// The text below.
    fn text(&self) -> &Text;
    /// The same, to read its rest.
    fn text_mut(&mut self) -> &mut Text;
    /// What a row would have been, for a feed that has none.
    fn expected(&self) -> String;
    /// The names that occurred so far.
    fn names(&self) -> Vec<String>;
}
