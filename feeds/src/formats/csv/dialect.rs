//! Which dialect a CSV is written in.

use super::CsvFormat;
use super::splitter::Splitter;
use serde::{Deserialize, Serialize};

/// How many records are tried.
const RECORDS_MAX: usize = 50;

/// What stands between columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `;`, as Czech and Slovak systems write.
    Semicolon,
    /// `,`, as Polish and English systems write.
    Comma,
    /// A tab.
    Tab,
    /// `|`.
    Pipe,
}

/// What stands around texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// `"`, doubled within a text.
    Double,
    /// `'`.
    Single,
    /// Nothing.
    None,
}

/// A dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// What stands between columns.
    pub delimiter: Delimiter,
    /// What stands around texts.
    pub quote: Quote,
    /// Whether a backslash takes a quote's meaning away.
    pub backslash: bool,
}

impl Delimiter {
    const ALL: [Self; 4] = [Self::Semicolon, Self::Comma, Self::Tab, Self::Pipe];

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

impl Quote {
    pub(crate) fn byte(self) -> Option<u8> {
        match self {
            Self::Double => Some(b'"'),
            Self::Single => Some(b'\''),
            Self::None => None,
        }
    }
}

impl Dialect {
    /// Finds the dialect of a sample: the one in which most records have the same number of columns.
    pub fn detect(sample: &str) -> Self {
        let format = CsvFormat::default();
        resolve(sample, &format).0
    }
}

/// The dialect of the settings, completed from the sample, and whether the first line is one that
/// names the delimiter for Excel.
pub(super) fn resolve(sample: &str, format: &CsvFormat) -> (Dialect, bool) {
    let named = sample.get(..4).filter(|begin| begin.eq_ignore_ascii_case("sep="));
    let told = named.and_then(|_| {
        Delimiter::ALL.into_iter().find(|one| sample.as_bytes().get(4) == Some(&one.byte()))
    });
    let sample: String = sample
        .lines()
        .skip(format.lines_before as usize + usize::from(told.is_some()))
        .filter(|line| !format.comment.is_some_and(|comment| line.starts_with(comment)))
        .flat_map(|line| [line, "\n"])
        .collect();
    let backslash = format.backslash;
    let delimiters = match format.delimiter.or(told) {
        Some(settled) => vec![settled],
        None => Delimiter::ALL.to_vec(),
    };
    let quotes = match format.quote {
        Some(settled) => vec![settled],
        None => vec![Quote::Double, Quote::Single],
    };
    let mut best: Option<(Score, Dialect)> = None;
    for &quote in &quotes {
        for &delimiter in &delimiters {
            let dialect = Dialect { delimiter, quote, backslash };
            let score = score(&sample, &dialect);
            if best.is_none_or(|(other, _)| score > other) {
                best = Some((score, dialect));
            }
        }
    }
    let fallback = Dialect { delimiter: delimiters[0], quote: quotes[0], backslash };
    let dialect = best.filter(|(score, _)| score.columns > 1).map_or(fallback, |(_, best)| best);
    (dialect, told.is_some())
}

/// Compared from the first member to the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// Several columns, and almost all records have the same number of them.
    good: bool,
    /// No text still stands in quotes of another kind.
    unquoted: bool,
    agreement_permille: usize,
    columns: usize,
}

fn score(sample: &str, dialect: &Dialect) -> Score {
    let mut splitter = Splitter::new(dialect);
    let mut counts = Vec::new();
    let mut text = Vec::new();
    let mut quotes_left = false;
    splitter.begin();
    for line in sample.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
        if splitter.split(line.as_bytes(), &mut text) {
            // A text that still stands in another kind of quotes was not understood.
            let other = if dialect.quote == Quote::Single { '"' } else { '\'' };
            let record = String::from_utf8_lossy(&text).into_owned();
            quotes_left |= splitter
                .fields(&record)
                .any(|field| field.starts_with(other) || field.ends_with(other));
            counts.push(splitter.count());
            splitter.begin();
            text.clear();
            if counts.len() == RECORDS_MAX {
                break;
            }
        }
    }
    let usual = counts
        .iter()
        .copied()
        .max_by_key(|count| (counts.iter().filter(|other| *other == count).count(), *count));
    let columns = usual.unwrap_or(0);
    let agreeing = counts.iter().filter(|count| **count == columns).count();
    let agreement_permille = agreeing * 1000 / counts.len().max(1);
    Score {
        good: columns > 1 && agreement_permille >= 800,
        unquoted: !quotes_left,
        agreement_permille,
        columns,
    }
}

/// The beginning of a text that is in another format than CSV.
pub(super) fn foreign(sample: &str) -> Option<String> {
    let begin = sample.trim_start();
    let json = begin.starts_with('{') || begin.starts_with("[{");
    let xml = begin.starts_with("<?xml") || begin.starts_with("<!DOCTYPE");
    // An element, not a text that begins with one.
    let element = begin.starts_with('<')
        && begin.lines().next().is_some_and(|line| line.trim_end().ends_with('>'));
    (json || xml || element).then(|| begin.chars().take(40).collect())
}
