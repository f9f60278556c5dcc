//! Packing while reading, so that packed feeds may be of any size, too.

use flate2::read::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use std::io::{self, Cursor, Read};

pub(super) fn gzip(feed: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(GzEncoder::new(feed, Compression::fast()))
}

/// A zip whose sizes follow its file, as programs write that do not go back.
pub(super) fn zip(feed: impl Read + Send + 'static, name: &str) -> Box<dyn Read + Send> {
    let counted = Counted { feed, crc: Crc::new(), bytes: 0 };
    Box::new(Zip {
        begin: Cursor::new(local_header(name)),
        encoder: DeflateEncoder::new(counted, Compression::fast()),
        packed_bytes: 0,
        end: None,
        name: name.to_owned(),
    })
}

struct Counted<R> {
    feed: R,
    crc: Crc,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.feed.read(into)?;
        self.crc.update(&into[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

struct Zip<R> {
    begin: Cursor<Vec<u8>>,
    encoder: DeflateEncoder<Counted<R>>,
    packed_bytes: u64,
    end: Option<Cursor<Vec<u8>>>,
    name: String,
}

impl<R: Read> Read for Zip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.begin.read(into)?;
        if count > 0 || into.is_empty() {
            return Ok(count);
        }
        if self.end.is_none() {
            let count = self.encoder.read(into)?;
            self.packed_bytes += count as u64;
            if count > 0 {
                return Ok(count);
            }
        }
        let name = &self.name;
        let (counted, packed_bytes) = (self.encoder.get_ref(), self.packed_bytes);
        let end = self.end.get_or_insert_with(|| {
            Cursor::new(end(name, counted.crc.sum(), packed_bytes, counted.bytes))
        });
        end.read(into)
    }
}

/// Version, flags (sizes follow, name in UTF-8), method deflate, no time.
const COMMON: [u8; 10] = [20, 0, 0x08, 0x08, 8, 0, 0, 0, 0x21, 0];

fn local_header(name: &str) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(COMMON);
    bytes.extend([0; 12]);
    bytes.extend((name.len() as u16).to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(name.as_bytes());
    bytes
}

/// Descriptor, directory and its end. Sizes over 4 GiB are cut, which no reader of ours looks at.
fn end(name: &str, crc: u32, packed_bytes: u64, bytes: u64) -> Vec<u8> {
    let numbers: Vec<u8> =
        [crc, packed_bytes as u32, bytes as u32].into_iter().flat_map(u32::to_le_bytes).collect();
    let mut out = b"PK\x07\x08".to_vec();
    out.extend(&numbers);
    let directory_at = (30 + name.len() as u64 + packed_bytes + 16) as u32;
    let directory_len = (46 + name.len()) as u32;
    out.extend(b"PK\x01\x02\x14\x00");
    out.extend(COMMON);
    out.extend(&numbers);
    out.extend((name.len() as u16).to_le_bytes());
    out.extend([0; 16]);
    out.extend(name.as_bytes());
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(directory_len.to_le_bytes());
    out.extend(directory_at.to_le_bytes());
    out.extend([0; 2]);
    out
}
