//! What the tests share: readers of odd pieces, and all of a feed at once.

use kontor_feeds::mapping::presets::Preset;
use kontor_feeds::{FeedError, Mapped, Mapping, RawRow, Rows, Source, open};
use std::io::{self, Read, Write};

/// Gives its bytes in pieces of the sizes that it is told, again and again.
pub struct Pieces {
    pub bytes: Vec<u8>,
    pub at: usize,
    pub sizes: Vec<usize>,
    pub next: usize,
}

impl Pieces {
    pub fn of(bytes: Vec<u8>, sizes: Vec<usize>) -> Self {
        Self { bytes, at: 0, sizes, next: 0 }
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.next % self.sizes.len()];
        self.next += 1;
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = size.min(into.len()).min(self.bytes.len() - self.at);
        into[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

pub fn bytes_of(mut reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip of stored files.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let len = (content.len() as u32).to_le_bytes();
        out.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0");
        out.extend(crc.sum().to_le_bytes());
        out.extend(len);
        out.extend(len);
        out.extend((name.len() as u16).to_le_bytes());
        out.extend([0; 2]);
        out.extend(name.as_bytes());
        out.extend(*content);
    }
    out.extend(b"PK\x05\x06");
    out.extend([0; 18]);
    out
}

pub fn rows(source: &Source, reader: impl Read + Send + 'static) -> Result<Vec<RawRow>, FeedError> {
    let mut rows = open(reader, source)?;
    rest(&mut rows)
}

pub fn rest(rows: &mut Rows) -> Result<Vec<RawRow>, FeedError> {
    let mut all = Vec::new();
    while let Some(row) = rows.next_row()? {
        all.push(row.clone());
    }
    Ok(all)
}

/// Everything that a row says, to be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    place: (u64, u64, u64),
    variant: Option<u32>,
    deleted: bool,
    values: Vec<(String, String)>,
}

pub fn said(row: &RawRow) -> Said {
    Said {
        place: (row.number, row.line, row.offset),
        variant: row.variant,
        deleted: row.deleted,
        values: row.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

pub fn heureka() -> Source {
    Source::new(Preset::Heureka.format())
}

/// One text in a shop of one item.
pub fn shop(inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID>{inside}</SHOPITEM></SHOP>")
}

pub fn map_all(mapping: &Mapping, rows: &[RawRow]) -> Vec<serde_json::Value> {
    let one = |row: &RawRow| match mapping.apply(row) {
        Ok(Mapped::Record(record)) => serde_json::to_value(record).unwrap(),
        Ok(Mapped::Filtered) => serde_json::json!("filtered"),
        Err(faults) => serde_json::json!({ "faults": faults }),
    };
    rows.iter().map(one).collect()
}
