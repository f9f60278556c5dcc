//! From the bytes that came to the bytes of the feed: gzip and zip are recognised by their first
//! bytes, peeled at most twice, and guarded against bombs. What comes out is counted and hashed.
//!
//! Names and content types are not asked: suppliers call everything `feed.xml`.

mod guard;
mod gzip;
mod zip;

pub(crate) use guard::Body;
pub use guard::BodyDigest;

use crate::error::FeedError;
use crate::limits::Limits;
use guard::{Counted, Guard};
use gzip::Gzip;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use zip::Zip;

/// `.gz` in a zip, or `.gz` that the server packed once more: deeper ones are made by enemies.
const LEVELS_MAX: usize = 2;
const BUFFER_BYTES: usize = 64 * 1024;

/// A reader whose first bytes were looked at.
type Peeked<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// Peels what is packed. `mask` chooses the file in a zip.
pub(crate) fn unpack<R: Read + Send + 'static>(
    reader: R,
    mask: Option<&str>,
    limits: &Limits,
) -> Result<Body, FeedError> {
    let (counted, packed_bytes) = Counted::new(reader);
    let mut layer: Box<dyn Read + Send> = Box::new(counted);
    for level in 0..=LEVELS_MAX {
        let (magic, mut peeked) = peek(layer)?;
        let packing = Packing::of(&magic);
        if packing == Packing::None {
            return Ok(Body::new(Guard::new(Box::new(peeked), packed_bytes, limits)));
        }
        if level == LEVELS_MAX {
            let reason = format!("packed more than {LEVELS_MAX} times");
            return Err(FeedError::Archive { reason });
        }
        // A guard per level: a bomb may hide in what the level above throws away.
        let unpacked: Box<dyn Read + Send> = match packing {
            Packing::Gzip => Box::new(Gzip::new(peeked)),
            Packing::Zip => Box::new(Zip::open(peeked, mask, limits)?),
            Packing::Foreign(name) => {
                let reason = format!("it is {name}; expected gzip or zip");
                return Err(FeedError::Archive { reason });
            }
            Packing::None => {
                peeked.consume(0);
                Box::new(peeked)
            }
        };
        layer = Box::new(Guard::new(unpacked, packed_bytes.clone(), limits));
    }
    Err(FeedError::Archive { reason: format!("packed more than {LEVELS_MAX} times") })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zip,
    Foreign(&'static str),
}

impl Packing {
    fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // The second is the end of an archive without files.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            [b'7', b'z', 0xbc, 0xaf, ..] => Self::Foreign("7z"),
            [b'R', b'a', b'r', b'!', ..] => Self::Foreign("rar"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Foreign("zstd"),
            [0xfd, b'7', b'z', b'X', ..] => Self::Foreign("xz"),
            [b'B', b'Z', b'h', ..] => Self::Foreign("bzip2"),
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Self::Foreign("an old Excel workbook"),
            _ => Self::None,
        }
    }
}

/// The first bytes of a reader, however small the pieces are in which it gives them.
fn peek<R: Read>(mut reader: R) -> Result<(Vec<u8>, Peeked<R>), FeedError> {
    let mut magic = vec![0; 4];
    let mut filled = 0;
    while filled < magic.len() {
        match reader.read(&mut magic[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FeedError::from_io(error)),
        }
    }
    magic.truncate(filled);
    let whole = Cursor::new(magic.clone()).chain(reader);
    Ok((magic, BufReader::with_capacity(BUFFER_BYTES, whole)))
}
