//! Zip, read front to back: the one file that the mask chooses, then the rest to be sure that it is
//! the only one and that the archive is whole.
//!
//! The directory at the end is not needed for that, so neither is a file to seek in. Stored and
//! deflated files are read, also those whose sizes follow their content.

use super::gzip::damage;
use crate::error::FeedError;
use crate::limits::Limits;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufRead, Read};

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
/// Headers of the directory, of its ends, and of a signature: no further file follows.
const DIRECTORY: [u32; 4] = [0x0201_4b50, 0x0605_4b50, 0x0606_4b50, 0x0806_4b50];

const ENCRYPTED: u16 = 1;
const SIZES_FOLLOW: u16 = 1 << 3;
const ENTRIES_MAX: usize = 1_000;
/// What a zip without a mask may hold as its feed.
const FEED_ENDINGS: [&str; 9] =
    [".xml", ".csv", ".json", ".txt", ".tsv", ".ndjson", ".jsonl", ".gz", ".rss"];

pub(super) struct Zip<R: BufRead> {
    mask: Option<String>,
    /// The one file, until it is read to its end.
    entry: Option<Entry<R>>,
    entries: usize,
    name: String,
    skipped_bytes_max: u64,
}

struct Entry<R: BufRead> {
    content: Content<R>,
    header: Header,
    crc: Crc,
}

enum Content<R: BufRead> {
    Stored(io::Take<R>),
    Deflated(DeflateDecoder<R>),
}

#[derive(Clone)]
struct Header {
    name: String,
    flags: u16,
    method: u16,
    crc: u32,
    packed_bytes: u64,
    bytes: u64,
    wide: bool,
}

impl<R: BufRead> Zip<R> {
    /// Goes to the file to be read.
    pub(super) fn open(reader: R, mask: Option<&str>, limits: &Limits) -> Result<Self, FeedError> {
        let mut zip = Self {
            mask: mask.map(str::to_lowercase),
            entry: None,
            entries: 0,
            name: String::new(),
            skipped_bytes_max: limits.body_bytes_max,
        };
        zip.seek(reader)?;
        if zip.entry.is_none() {
            let reason = match mask {
                Some(mask) => format!("none of {} files fits {mask}", zip.entries),
                None => format!("none of {} files looks like a feed", zip.entries),
            };
            return Err(FeedError::ArchiveContent { reason });
        }
        Ok(zip)
    }

    /// Reads headers until a file is chosen or there are no more.
    fn seek(&mut self, mut reader: R) -> Result<(), FeedError> {
        while let Some(header) = Header::read(&mut reader)? {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                let (what, limit) = ("the archive in files", ENTRIES_MAX as u64);
                return Err(FeedError::TooLarge { what, limit });
            }
            let chosen = self.chooses(&header)?;
            if chosen && !self.name.is_empty() {
                let reason = format!("both {} and {} fit", self.name, header.name);
                return Err(FeedError::ArchiveContent { reason });
            }
            let mut entry = Entry::new(reader, header)?;
            if chosen {
                self.name.clone_from(&entry.header.name);
                self.entry = Some(entry);
                return Ok(());
            }
            let skipped = io::copy(&mut (&mut entry).take(self.skipped_bytes_max), &mut io::sink())
                .map_err(FeedError::from_io)?;
            self.skipped_bytes_max -= skipped;
            if self.skipped_bytes_max == 0 {
                let (what, limit) = ("the archive's other files in bytes", skipped);
                return Err(FeedError::TooLarge { what, limit });
            }
            reader = entry.finish()?;
        }
        Ok(())
    }

    /// The mask is held against the whole name and against its last part.
    fn chooses(&self, header: &Header) -> Result<bool, FeedError> {
        let name = header.name.replace('\\', "/").to_lowercase();
        let outside = name.starts_with('/')
            || name.get(1..2) == Some(":")
            || name.split('/').any(|part| part == "..");
        if outside {
            let reason = format!("the name {:?} leads out of it", header.name);
            return Err(FeedError::Archive { reason });
        }
        if name.is_empty() || name.ends_with('/') {
            return Ok(false);
        }
        let last = name.rsplit('/').next().unwrap_or(&name);
        // What a Mac adds beside each file.
        if name.starts_with("__macosx/") || last.starts_with("._") {
            return Ok(false);
        }
        Ok(match &self.mask {
            Some(mask) => {
                fits(mask.as_bytes(), name.as_bytes()) || fits(mask.as_bytes(), last.as_bytes())
            }
            None => FEED_ENDINGS.iter().any(|ending| last.ends_with(ending)),
        })
    }
}

impl<R: BufRead> Read for Zip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let Some(entry) = &mut self.entry else { return Ok(0) };
        let count = entry.read(buffer)?;
        if count == 0
            && let Some(entry) = self.entry.take()
        {
            let reader = entry.finish().map_err(FeedError::into_io)?;
            self.seek(reader).map_err(FeedError::into_io)?;
        }
        Ok(count)
    }
}

impl<R: BufRead> Entry<R> {
    fn new(reader: R, header: Header) -> Result<Self, FeedError> {
        let refuse = |reason: String| Err(FeedError::Archive { reason });
        if header.flags & ENCRYPTED != 0 {
            return refuse(format!("{} is encrypted", header.name));
        }
        let sizes_follow = header.flags & SIZES_FOLLOW != 0;
        let content = match header.method {
            0 if sizes_follow && header.packed_bytes == 0 && !header.name.ends_with('/') => {
                return refuse(format!("{} is stored without saying its size", header.name));
            }
            0 => Content::Stored(reader.take(header.packed_bytes)),
            8 => Content::Deflated(DeflateDecoder::new(reader)),
            method => return refuse(format!("{} is packed with method {method}", header.name)),
        };
        Ok(Self { content, header, crc: Crc::new() })
    }

    /// Behind the content stands what could not be said before it. Both must be true.
    fn finish(mut self) -> Result<R, FeedError> {
        let mut reader = match self.content {
            Content::Stored(content) => content.into_inner(),
            Content::Deflated(content) => content.into_inner(),
        };
        if self.header.flags & SIZES_FOLLOW != 0 {
            self.header.read_descriptor(&mut reader)?;
        }
        let same = self.crc.sum() == self.header.crc
            && u64::from(self.crc.amount()) == self.header.bytes & u64::from(u32::MAX);
        if !same {
            // A cut deflate stream simply ends: its checksum is what tells.
            if reader.fill_buf().map_err(FeedError::from_io)?.is_empty() {
                return Err(truncated());
            }
            let reason = format!("{} is not what its checksum says", self.header.name);
            return Err(FeedError::Archive { reason });
        }
        Ok(reader)
    }
}

impl<R: BufRead> Read for Entry<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.content {
            Content::Stored(content) => content.read(buffer)?,
            Content::Deflated(content) => content.read(buffer).map_err(damage)?,
        };
        self.crc.update(&buffer[..count]);
        Ok(count)
    }
}

impl Header {
    /// `None` where the directory begins.
    fn read(reader: &mut impl Read) -> Result<Option<Self>, FeedError> {
        let signature = u32::from_le_bytes(bytes(reader)?);
        if DIRECTORY.contains(&signature) {
            return Ok(None);
        }
        if signature != LOCAL_HEADER {
            let reason = "expected a file's header or the directory".to_owned();
            return Err(FeedError::Archive { reason });
        }
        let _version: [u8; 2] = bytes(reader)?;
        let flags = u16::from_le_bytes(bytes(reader)?);
        let method = u16::from_le_bytes(bytes(reader)?);
        let _modified: [u8; 4] = bytes(reader)?;
        let crc = u32::from_le_bytes(bytes(reader)?);
        let packed_bytes = u32::from_le_bytes(bytes(reader)?);
        let size = u32::from_le_bytes(bytes(reader)?);
        let name_len = u16::from_le_bytes(bytes(reader)?);
        let extra_len = u16::from_le_bytes(bytes(reader)?);
        let name = take(reader, usize::from(name_len))?;
        let extra = take(reader, usize::from(extra_len))?;
        let mut header = Self {
            // Old packers write names in the code page of their time; only ASCII is asked for.
            name: String::from_utf8_lossy(&name).into_owned(),
            flags,
            method,
            crc,
            packed_bytes: u64::from(packed_bytes),
            bytes: u64::from(size),
            wide: false,
        };
        header.widen(&extra, size, packed_bytes);
        Ok(Some(header))
    }

    /// Sizes over 4 GiB stand in an extra field.
    fn widen(&mut self, mut extra: &[u8], size: u32, packed_bytes: u32) {
        while let [a, b, c, d, rest @ ..] = extra {
            let (id, len) =
                (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
            let Some((field, others)) = rest.split_at_checked(len) else { return };
            if id == 1 {
                self.wide = true;
                let mut numbers = field
                    .chunks_exact(8)
                    .filter_map(|number| number.try_into().ok().map(u64::from_le_bytes));
                if size == u32::MAX {
                    self.bytes = numbers.next().unwrap_or(self.bytes);
                }
                if packed_bytes == u32::MAX {
                    self.packed_bytes = numbers.next().unwrap_or(self.packed_bytes);
                }
            }
            extra = others;
        }
    }

    /// The signature is optional, so the first number may already be the checksum.
    fn read_descriptor(&mut self, reader: &mut impl Read) -> Result<(), FeedError> {
        let first = u32::from_le_bytes(bytes(reader)?);
        self.crc = if first == DESCRIPTOR { u32::from_le_bytes(bytes(reader)?) } else { first };
        if self.wide {
            self.packed_bytes = u64::from_le_bytes(bytes(reader)?);
            self.bytes = u64::from_le_bytes(bytes(reader)?);
        } else {
            self.packed_bytes = u64::from(u32::from_le_bytes(bytes(reader)?));
            self.bytes = u64::from(u32::from_le_bytes(bytes(reader)?));
        }
        Ok(())
    }
}

fn truncated() -> FeedError {
    FeedError::Truncated { line: 0, reason: "the archive ends too early".to_owned() }
}

fn exactly(reader: &mut impl Read, buffer: &mut [u8]) -> Result<(), FeedError> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(),
        _ => FeedError::from_io(error),
    })
}

fn bytes<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], FeedError> {
    let mut buffer = [0; N];
    exactly(reader, &mut buffer)?;
    Ok(buffer)
}

fn take(reader: &mut impl Read, len: usize) -> Result<Vec<u8>, FeedError> {
    let mut buffer = vec![0; len];
    exactly(reader, &mut buffer)?;
    Ok(buffer)
}

/// `*` stands for any number of characters, `?` for one. Linear but for one step back per star.
fn fits(mask: &[u8], name: &[u8]) -> bool {
    let (mut m, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match mask.get(m) {
            Some(b'*') => {
                star = Some((m, n));
                m += 1;
            }
            Some(&one) if one == b'?' || one == name[n] => {
                m += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (m, n) = (at + 1, from + 1);
            }
        }
    }
    mask[m..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_mask_fits_whole_names_only() {
        let cases = [
            ("*.xml", "feed.xml", true),
            ("*.xml", "feed.xml.bak", false),
            ("stock_*.csv", "stock_2026-03-02.csv", true),
            ("feed?.xml", "feed1.xml", true),
            ("feed?.xml", "feed.xml", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*", "", true),
            ("", "x", false),
        ];
        for (mask, name, expected) in cases {
            assert_eq!(fits(mask.as_bytes(), name.as_bytes()), expected, "{mask} on {name}");
        }
    }
}
