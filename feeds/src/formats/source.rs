//! How a source's feed is to be read: settings, as a tenant keeps them.

use super::csv::CsvFormat;
use super::json::JsonFormat;
use super::xml::XmlFormat;
use crate::encoding::Charset;
use crate::limits::Limits;
use serde::{Deserialize, Serialize};

/// The format of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    /// Elements that repeat.
    Xml(XmlFormat),
    /// Lines of columns.
    Csv(CsvFormat),
    /// An array of objects, or one object a line.
    Json(JsonFormat),
}

/// Everything that reading needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The format.
    pub format: Format,
    /// The encoding, where the operator knows better than the bytes; a byte order mark still counts
    /// more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<Charset>,
    /// The encoding that the transport named, known anew for each answer.
    #[serde(skip)]
    pub transport_charset: Option<Charset>,
    /// Which file of a zip, with `*` and `?`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_mask: Option<String>,
    /// Whether no rows are an answer, as in a feed of changes.
    #[serde(default)]
    pub may_be_empty: bool,
    /// What it may cost.
    #[serde(default)]
    pub limits: Limits,
}

impl Source {
    /// A source with nothing but its format settled.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            charset: None,
            transport_charset: None,
            file_mask: None,
            may_be_empty: false,
            limits: Limits::default(),
        }
    }
}
