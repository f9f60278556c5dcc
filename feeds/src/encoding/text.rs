//! The text of a feed as the formats read it: a buffered reader that knows its line and offset, and
//! stops a row that does not end.

use super::TextReport;
use super::decoder::Decoder;
use super::sniff::{self, Hints};
use crate::error::FeedError;
use crate::limits::Limits;
use crate::unpack::{Body, BodyDigest};
use std::io::{self, BufRead, Read};

/// How much text a format may look at before it begins.
const SAMPLE_BYTES: usize = 64 * 1024;

pub(crate) struct Text {
    decoder: Decoder,
    buffer: Vec<u8>,
    from: usize,
    ended: bool,
    line: u64,
    offset: u64,
    row_offset: u64,
    row_bytes_max: u64,
}

impl Text {
    pub(crate) fn new(body: Body, hints: &Hints, limits: &Limits) -> Result<Self, FeedError> {
        let mut text = Self {
            decoder: Decoder::new(body, hints)?,
            buffer: Vec::new(),
            from: 0,
            ended: false,
            line: 1,
            offset: 0,
            row_offset: 0,
            row_bytes_max: limits.row_bytes_max,
        };
        text.skip_blank()?;
        let sample = String::from_utf8_lossy(text.sample()?).into_owned();
        text.decoder.report.encoded_twice = sniff::encoded_twice(&sample);
        if sample.is_empty() {
            return Err(FeedError::Empty);
        }
        if is_html(&sample) {
            return Err(FeedError::Html);
        }
        Ok(text)
    }

    /// The beginning of the text, read ahead.
    pub(crate) fn sample(&mut self) -> Result<&[u8], FeedError> {
        while self.buffer.len() - self.from < SAMPLE_BYTES && !self.ended {
            self.ended = !self.decoder.decode(&mut self.buffer)?;
        }
        let to = self.buffer.len().min(self.from + SAMPLE_BYTES);
        Ok(&self.buffer[self.from..to])
    }

    /// The line that is read next, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of text before what is read next.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// A row is over: the next may be as long again.
    pub(crate) fn row_begins(&mut self) {
        self.row_offset = self.offset;
    }

    pub(crate) fn report(&self) -> &TextReport {
        &self.decoder.report
    }

    pub(crate) fn report_mut(&mut self) -> &mut TextReport {
        &mut self.decoder.report
    }

    pub(crate) fn digest(&self) -> Option<&BodyDigest> {
        self.decoder.body().digest()
    }

    pub(crate) fn body_bytes(&self) -> u64 {
        self.decoder.body().bytes()
    }

    pub(crate) fn packed_bytes(&self) -> u64 {
        self.decoder.body().packed_bytes()
    }

    /// Reads what is left, so that the digest is of the whole body.
    pub(crate) fn drain(&mut self) -> Result<(), FeedError> {
        loop {
            self.buffer.clear();
            self.from = 0;
            if !self.decoder.decode(&mut self.buffer)? {
                self.ended = true;
                return Ok(());
            }
        }
    }

    /// Blank lines before an XML declaration are fatal to parsers and common in feeds.
    fn skip_blank(&mut self) -> Result<(), FeedError> {
        loop {
            let buffer = self.fill_buf().map_err(FeedError::from_io)?;
            let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let over = blank < buffer.len() || buffer.is_empty();
            self.consume(blank);
            self.row_begins();
            if over {
                return Ok(());
            }
        }
    }
}

impl BufRead for Text {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from == self.buffer.len() && !self.ended {
            if self.offset - self.row_offset > self.row_bytes_max {
                let (what, limit) = ("a row in bytes", self.row_bytes_max);
                return Err(FeedError::TooLarge { what, limit }.into_io());
            }
            self.buffer.clear();
            self.from = 0;
            self.ended = !self.decoder.decode(&mut self.buffer).map_err(FeedError::into_io)?;
        }
        Ok(&self.buffer[self.from..])
    }

    fn consume(&mut self, count: usize) {
        let consumed = &self.buffer[self.from..self.from + count];
        self.line += memchr::memchr_iter(b'\n', consumed).count() as u64;
        self.offset += count as u64;
        self.from += count;
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let buffer = self.fill_buf()?;
        let count = buffer.len().min(into.len());
        into[..count].copy_from_slice(&buffer[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// Whether it is a page: its first element says so, whatever stands before that.
fn is_html(sample: &str) -> bool {
    let mut rest = sample.trim_start();
    loop {
        let behind = if rest.starts_with("<!--") {
            rest.split_once("-->")
        } else if rest.starts_with("<?") {
            rest.split_once("?>")
        } else {
            break;
        };
        match behind {
            Some((_, behind)) => rest = behind.trim_start(),
            None => return false,
        }
    }
    let head: String = rest.chars().take(16).collect::<String>().to_ascii_lowercase();
    const PAGES: [&str; 8] =
        ["<!doctype html", "<html", "<head>", "<head ", "<body", "<title", "<script", "<meta "];
    PAGES.iter().any(|page| head.starts_with(page))
}
