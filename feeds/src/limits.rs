//! What a feed may cost at most. Every limit is checked while streaming.

use serde::{Deserialize, Serialize};

/// The limits of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the body after unpacking.
    pub body_bytes_max: u64,
    /// How many times larger an archive's content may be than the archive.
    pub ratio_max: u64,
    /// Bytes of one row, or of anything between two rows.
    pub row_bytes_max: u64,
    /// Values of one row.
    pub row_fields_max: u32,
    /// Different names of fields in one feed; further ones are dropped and counted.
    pub names_max: u32,
    /// Rows of one feed.
    pub rows_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 4 << 30,
            ratio_max: 100,
            row_bytes_max: 4 << 20,
            row_fields_max: 20_000,
            names_max: 4_096,
            rows_max: 20_000_000,
        }
    }
}
