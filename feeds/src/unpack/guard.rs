//! Counting what goes in and what comes out, and stopping when the two do not fit each other.

use crate::error::FeedError;
use crate::limits::Limits;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Small archives may have any ratio: a kilobyte of blanks is no bomb.
const RATIO_SLACK_BYTES: u64 = 8 << 20;

/// Counts the bytes that were read off the wire.
pub(super) struct Counted<R> {
    reader: R,
    bytes: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(super) fn new(reader: R) -> (Self, Arc<AtomicU64>) {
        let bytes = Arc::new(AtomicU64::new(0));
        (Self { reader, bytes: bytes.clone() }, bytes)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Stops what grows too large, absolutely or against the packed bytes below.
pub(super) struct Guard {
    reader: Box<dyn Read + Send>,
    packed_bytes: Arc<AtomicU64>,
    bytes: u64,
    bytes_max: u64,
    ratio_max: u64,
}

impl Guard {
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        packed_bytes: Arc<AtomicU64>,
        limits: &Limits,
    ) -> Self {
        let (bytes_max, ratio_max) = (limits.body_bytes_max, limits.ratio_max);
        Self { reader, packed_bytes, bytes: 0, bytes_max, ratio_max }
    }

    fn judge(&self) -> Result<(), FeedError> {
        if self.bytes > self.bytes_max {
            return Err(FeedError::TooLarge { what: "the body in bytes", limit: self.bytes_max });
        }
        let packed = self.packed_bytes.load(Ordering::Relaxed);
        let fair = packed.saturating_mul(self.ratio_max).saturating_add(RATIO_SLACK_BYTES);
        if self.bytes > fair {
            let what = "the ratio of content to archive";
            return Err(FeedError::TooLarge { what, limit: self.ratio_max });
        }
        Ok(())
    }
}

impl Read for Guard {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes = self.bytes.saturating_add(count as u64);
        self.judge().map_err(FeedError::into_io)?;
        Ok(count)
    }
}

/// What the unpacked body was, known once it was read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyDigest {
    /// SHA-256 of the unpacked bytes, before any change of encoding. Equal digests mean that there
    /// is nothing to do, whatever the validators of the transport say.
    pub sha256: String,
    /// How many unpacked bytes.
    pub bytes: u64,
    /// How many bytes were read to get them.
    pub packed_bytes: u64,
}

/// The unpacked feed: bytes that are counted and hashed as they pass.
pub(crate) struct Body {
    guard: Guard,
    sha256: Sha256,
    digest: Option<BodyDigest>,
}

impl Body {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard, sha256: Sha256::new(), digest: None }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.guard.bytes
    }

    pub(crate) fn packed_bytes(&self) -> u64 {
        self.guard.packed_bytes.load(Ordering::Relaxed)
    }

    /// `None` until the end was reached.
    pub(crate) fn digest(&self) -> Option<&BodyDigest> {
        self.digest.as_ref()
    }

    /// Fills the buffer as far as the body reaches, so that pieces never depend on the transport's.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, FeedError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.guard.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FeedError::from_io(error)),
            }
        }
        self.sha256.update(&buffer[..filled]);
        if filled < buffer.len() && self.digest.is_none() {
            let sha256 = hex::encode(self.sha256.clone().finalize());
            let (bytes, packed_bytes) = (self.bytes(), self.packed_bytes());
            self.digest = Some(BodyDigest { sha256, bytes, packed_bytes });
        }
        Ok(filled)
    }
}
