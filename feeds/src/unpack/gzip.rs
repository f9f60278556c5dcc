//! Gzip, of one member or several, with whatever padding a server puts behind.

use crate::error::FeedError;
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, Read};

const MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(super) struct Gzip<R: BufRead> {
    /// `None` only while one member gives way to the next, and after the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { member: Some(GzDecoder::new(reader)) }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buffer).map_err(damage)?;
            if count > 0 {
                return Ok(count);
            }
            let Some(ended) = self.member.take() else { break };
            let mut rest = ended.into_inner();
            // The magic's second byte is checked by the decoder: it may be in the next piece.
            if rest.fill_buf()?.first() == Some(&MAGIC[0]) {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Errors of the layers below come through unchanged; what is left is the archive's own.
pub(super) fn damage(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            FeedError::Truncated { line: 0, reason: "the archive ends too early".to_owned() }
                .into_io()
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            FeedError::Archive { reason: error.to_string() }.into_io()
        }
        _ => error,
    }
}
