//! Fingerprints: 128-bit hashes that mean the same in every run, build and machine.
//!
//! They tell whether something changed, for one supplier's own rows; they are no proof of
//! authenticity. Changing the function means that every row counts as changed once.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;

/// A hash of 128 bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Fingerprint(pub u128);

/// Collects what a fingerprint is made of.
pub(crate) struct Fingerprinting(SipHasher13);

/// A hash of a path or a column's name, which a format extends name by name.
pub(crate) type PathHash = u64;

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
pub(crate) const PATH_EMPTY: PathHash = 0xcbf2_9ce4_8422_2325;

/// Extends a path's hash by more of its text (FNV-1a).
pub(crate) fn path_extend(hash: PathHash, text: &str) -> PathHash {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}

/// The hash of a whole path.
pub(crate) fn path_hash(path: &str) -> PathHash {
    path_extend(PATH_EMPTY, path)
}

impl Fingerprinting {
    pub(crate) fn new() -> Self {
        Self(SipHasher13::new())
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.write(&number.to_le_bytes());
    }

    /// The length goes before the text, so that two texts never run together.
    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.write(text.as_bytes());
    }

    pub(crate) fn finish(&self) -> Fingerprint {
        Fingerprint(self.0.finish128().as_u128())
    }
}

impl Fingerprint {
    /// The fingerprint of one text.
    pub fn of(text: &str) -> Self {
        let mut hashing = Fingerprinting::new();
        hashing.text(text);
        hashing.finish()
    }

    /// The sixteen bytes, most significant first, as they are stored.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Reads what `to_bytes` gave.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// This fingerprint followed by another: the digest of a sequence.
    pub(crate) fn then(self, next: Self) -> Self {
        let mut hashing = Fingerprinting::new();
        hashing.0.write(&self.to_bytes());
        hashing.0.write(&next.to_bytes());
        hashing.finish()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 32)
            .map(Self)
            .ok_or_else(|| de::Error::custom("expected 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_same_in_every_build() {
        assert_eq!(Fingerprint::of("VL-1001").to_string(), "21eda3c7f46f7fbbe14d144f14197ce8");
    }

    #[test]
    fn a_path_is_hashed_the_same_in_one_go_or_name_by_name() {
        let by_name = path_extend(path_extend(path_extend(PATH_EMPTY, "STOCK"), "/"), "AMOUNT");
        assert_eq!(by_name, path_hash("STOCK/AMOUNT"));
    }
}
