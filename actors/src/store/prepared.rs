//! What is done for a transaction before its turn has come.

use super::Batch;
use std::{any::Any, fmt, sync::Arc};

/// A batch as it is to be written. It was made ready while the one before it was still being
/// written, so it counts only if that one was.
pub struct Prepared {
    /// The rows.
    pub rows: Arc<Batch>,
    /// What the store remembers of it for as long as it may be written.
    _kept: Option<Box<dyn Any + Send + Sync>>,
}

impl Prepared {
    /// Rows that are written as they are.
    pub fn plain(rows: Arc<Batch>) -> Self {
        Self { rows, _kept: None }
    }

    /// Rows for which a store remembers something that goes with them.
    pub fn keeping(rows: Arc<Batch>, kept: impl Any + Send + Sync) -> Self {
        Self { rows, _kept: Some(Box::new(kept)) }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}
